"""A class with real programs: pictures compared, a roster signed and believed, an ugly message shown to the staff.

Rule: everything is typed as people type it; what the server keeps is not looked at here (see test_canary).
"""

from __future__ import annotations

import re
import sys
import time

from tests.process.chat import DEADLINE, ChatCase
from tests.process.terminal import Terminal

ADMIN = (sys.executable, "-c", "import sys; from chatd.admin import main; sys.exit(main())")
CSV = "name,role,groups,full_name\nlee,staff,,Lee\nalice,student,,Alice\nbob,student,,Bob\n"


class ClassTests(ChatCase):
    """Lee, alice and bob."""

    def setUp(self) -> None:
        super().setUp()
        self.lee, self.alice, self.bob = (self.join(name) for name in ("lee", "alice", "bob"))
        self.alice.wait("bob joined the conversation")

    def compare(self, one: Terminal, other: Terminal) -> None:
        """Two people look at the pictures, and say yes."""
        self.ask(one, other.title, "/compare @", f"Waiting for {other.title}")
        other.wait(f"{one.title} wants to compare keys with you")
        other.enter(f"/compare {one.title}")
        seen = []
        for window, who in ((one, other.title), (other, one.title)):
            window.wait(f"If so: /compare {who} yes")
            seen.append([line for line in window.lines() if " - " in line][-1])
        self.assertEqual(seen[0], seen[1])
        self.assertEqual(seen[0].count(" - "), 6)
        one.enter(f"/compare {other.title} yes")
        other.enter(f"/compare {one.title} yes")
        for window, who in ((one, other.title), (other, one.title)):
            window.wait(f"The same on both sides: {who} is verified.")

    def ask(self, window: Terminal, name: str, verb: str, answer: str) -> None:
        """Until it is taken: who came a moment ago may not have put up their keys."""
        end, refusals = time.monotonic() + DEADLINE, 0
        window.enter(verb + name)
        while not any(answer in line for line in window.lines()):
            self.assertLess(time.monotonic(), end, window.lines())
            window.read(0.05)
            found = sum("cannot receive encrypted messages" in line for line in window.lines())
            if found > refusals:
                refusals = found
                window.enter(verb + name)

    def test_compared_vouched_and_reported(self) -> None:
        self.compare(self.lee, self.alice)
        self.compare(self.lee, self.bob)
        self.lee.enter("/roster cs101 add @alice,@bob")
        self.lee.wait("Roster cs101 is signed and given to everybody on it: 2 people.")
        self.alice.wait("lee vouches for 2 people (roster cs101).")
        self.alice.enter("/roster @lee trust")
        self.alice.wait("You take lee's word for who is who, from now on.")
        self.bob.enter("@alice something ugly")
        self.alice.wait("bob: something ugly")
        self.alice.enter("/verify bob")
        self.alice.wait("vouched for by an instructor whom you verified")

        staff = self.server.folder / "class.csv"
        staff.write_text(CSV, "utf-8")
        done = self.run_program([*ADMIN, "roster", "--data", str(self.server.data), "--adopt", str(staff)])
        self.assertEqual(done.status, 0, done)
        self.alice.enter("/report")
        self.alice.wait("something ugly   (bob")
        (shown,) = [line for line in self.alice.lines() if line.startswith("/report ")]
        (message,) = re.findall(r"^/report (\w+)", shown)
        self.alice.enter(f"/report {message} rude")
        self.alice.wait("The message was shown to the moderators (lee) and to nobody else.")
        self.lee.wait("alice reports a message: bob said: 'something ugly'. Why: rude")
