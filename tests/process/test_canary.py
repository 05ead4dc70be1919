"""What a seized server gives: its files, its log and its memory, searched for what was said while it goes on running.

Rule: the texts are said by real clients; what is said openly is found by the same search, so that it cannot be blind.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

from twisted.trial.unittest import SkipTest

from tests.process.chat import DEADLINE, ChatCase
from tests.process.eavesdropper import Eavesdropper
from tests.process.terminal import Terminal

SECRET, OPEN = "marmot", "heron-over-the-lobby"


class CanaryTests(ChatCase):
    """Alice and bob, one of whom is away for a while."""

    def test_nothing_readable_on_the_wire_on_the_servers_disk_or_in_its_memory(self) -> None:
        wire = Eavesdropper(self.server.ports["plain"])
        self.addCleanup(wire.close)
        self.server.ports["plain"] = wire.port
        alice, bob = self.join("alice"), self.join("bob")
        self.told(alice, bob, f"@bob {SECRET} one", f"{SECRET} one")
        self.told(bob, alice, f"@alice {SECRET} two", f"{SECRET} two")
        self.in_a_group_and_in_a_file(alice, bob)
        bob.enter("tata")
        bob.ended()
        alice.wait("bob left the conversation")
        alice.enter(f"@bob {SECRET} three")
        alice.wait("bob is currently inactive.")
        alice.enter(OPEN)
        self.until_on_disk(OPEN)
        self.assertEqual(self.holding(SECRET), [])
        again = self.window("bob", user="bob")
        again.wait(f"{SECRET} three")
        alice.wait("bob has your message now.")
        self.assertEqual(self.holding(SECRET), [])
        self.assertIn("memory", self.holding(OPEN))
        heard = wire.heard()
        self.assertNotIn(SECRET.encode(), heard)
        self.assertIn(OPEN.encode(), heard)

    def in_a_group_and_in_a_file(self, alice: Terminal, bob: Terminal) -> None:
        """Names are secrets, too."""
        alice.enter(f"/join {SECRET}-lab private")
        alice.wait("is encrypted, and by invitation")
        alice.enter(f"/invite {SECRET}-lab bob")
        bob.wait("alice has taken you into the encrypted group")
        alice.enter(f"/group {SECRET}-lab in the group")
        bob.wait(f"[{SECRET}-lab] alice: in the group")
        bob.enter(f"/group {SECRET}-den before it is there")
        bob.wait("does not exist")
        alice.enter(f"/group {SECRET}-den")
        alice.wait("Who knows its name asks to come in")
        bob.enter(f"/group {SECRET}-den")
        bob.enter(f"/group {SECRET}-den found by its name")
        alice.wait(f"[{SECRET}-den] bob: found by its name")
        path = self.server.folder / f"{SECRET}.txt"
        path.write_text(f"{SECRET} " * 9_000, "utf-8")
        alice.enter(f"/file @bob {path}")
        alice.wait(f"{SECRET}.txt: sent to @bob")
        bob.wait(f"File: {SECRET}.txt")

    def told(self, sender: Terminal, reader: Terminal, typed: str, shown: str) -> None:
        """Say it until it is there: who came a moment ago may not have put up their keys."""
        end = time.monotonic() + DEADLINE
        sender.enter(typed)
        refusals = 0
        while not any(shown in line for line in reader.lines()):
            self.assertLess(time.monotonic(), end, sender.lines())
            reader.read(0.05)
            sender.read(0.05)
            found = sum("Your message was not sent" in line for line in sender.lines())
            if found > refusals:
                refusals = found
                sender.enter(typed)

    def until_on_disk(self, text: str) -> None:
        """Something that was said openly is found."""
        end = time.monotonic() + DEADLINE
        while not self.on_disk(text):
            self.assertLess(time.monotonic(), end, "the search finds nothing")
            time.sleep(0.05)

    def holding(self, text: str) -> list[str]:
        """Where a text lies on the server, and `memory` if it is there."""
        return [*self.on_disk(text), *(["memory"] if text.encode() in self.memory() else [])]

    def on_disk(self, text: str) -> list[str]:
        """The server's files, its log among them."""
        files = [path for path in self.server.data.rglob("*") if path.is_file()]
        return [path.name for path in [*files, self.server.log] if text.encode() in path.read_bytes()]

    def memory(self) -> bytes:
        """All that a core dump of the server would have: what it can write to."""
        assert self.server.process is not None
        folder = Path(f"/proc/{self.server.process.pid}")
        found = []
        try:
            with (folder / "mem").open("rb", buffering=0) as memory:
                for line in (folder / "maps").read_text("utf-8").splitlines():
                    area = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
                    if area:
                        start, end = (int(number, 16) for number in area.groups())
                        memory.seek(start)
                        found.append(memory.read(end - start) or b"")
        except (FileNotFoundError, PermissionError) as error:
            raise SkipTest(f"the memory of another process cannot be read here: {error}") from None
        return b"".join(found)
