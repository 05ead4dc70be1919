"""The real windows on a real display (Xvfb), driven by real X events (xdotool).

Rule: what a person does with keyboard and mouse goes through the X server; what comes of it is seen by other people.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest

from chatd import messages as m
from tests.clients.tk.desk import end_display, start_display
from tests.process.chat import ChatCase
from tests.process.desktop import DEADLINE, Windows

# Every key of the help but the one that ends it: what is pressed or (`> `) typed, and what is then in sight or (`-`)
# not. At first one is in the lobby, where much was said; there are news in #hw3.
LOBBY = "everybody here and the server read this"
KEYS = {
    "PgUp, PgDn": ((("Prior", "Prior"), "-line 59"), (("Next", "Next"), "line 59")),
    "Enter": ((("> hello", "Return"), "alice  hello"), (("> one", "shift+Return", "> two"), "one\ntwo"),
              (("Return",), "one\n    two  ✓")),
    "Tab": ((("> /memb", "Tab"), "/members "), (("ctrl+a", "ctrl+k", "BackSpace"), "-/members")),
    "Up, Down": (
        (("> begun", "Up"), "-begun"), (("Down",), "begun"), (("ctrl+a", "ctrl+k", "BackSpace"), "-begun"),
        (("Up",), "/edit one"), (("Down",), "-/edit one"),
    ),
    "Alt-A": ((("alt+a",), "bob  news"),),
    "Alt-1 to Alt-9": ((("alt+3",), "You [g4]:"), (("alt+1",), LOBBY)),
    "Ctrl-N, Ctrl-P": (
        (("ctrl+n",), "You [hw3]:"), (("ctrl+p",), LOBBY), (("alt+Right",), "You [hw3]:"), (("alt+Left",), LOBBY),
    ),
    "Ctrl-,": (
        (("ctrl+comma",), "Fetch files unasked, up to"), (("Escape",), "-Fetch files"),
        (("ctrl+comma",), "Fetch files unasked, up to"), (("Down",), "light"),
        (("Down", "Return"), "-dark"),
        (("Return",), "theme = light"), (("> still here",), "still here"),
        (("ctrl+a", "ctrl+k", "BackSpace"), "-still here"),
    ),
    "F1": ((("F1",), "this; /help for the commands"),),
}  # fmt: skip


class WindowsTests(ChatCase):
    """One person at the windows, others by frames."""

    def setUp(self) -> None:
        if shutil.which("xdotool") is None:
            raise SkipTest("xdotool is not installed")
        end_display(start_display()[1])
        super().setUp()

    def windows(self, name: str, *arguments: str, tls: bool = False) -> Windows:
        """Somebody's windows."""
        windows = Windows(self.server.folder / name, *arguments, tls=tls)
        self.addCleanup(windows.close)
        return windows

    def meet(self) -> tuple[Windows, list[str], Any]:
        """Alice at the windows, bob by frames; what bob hears."""
        swarm, (bob,) = self.swarm("bob")
        heard = self.hear(bob)
        alice = self.windows("alice", self.address("alice"))
        self.in_server_window("Client (127.0.0.1, 0) connected  [ alice ]")
        return alice, heard, (swarm, bob)

    def test_one_types_and_is_heard_and_hears(self) -> None:
        alice, heard, (swarm, bob) = self.meet()
        alice.type("hello from the windows")
        swarm.until(lambda: heard == ["alice: hello from the windows"])
        joined: list[str] = []
        places: dict[str, str] = {}

        def told(client: Any, event: Any) -> None:
            if isinstance(event, m.GroupChange) and event.change == "joined":
                joined.append(event.name)
            if isinstance(event, m.Message):
                places[event.text] = event.conversation

        bob.heard = told
        bob.tell(m.Join(1, "#hw3"))
        alice.type("/group --open hw3")
        swarm.until(lambda: "alice" in joined)
        alice.type("who is here")
        swarm.until(lambda: "who is here" in places)
        alice.key("alt+1")
        alice.type("back in the lobby")
        swarm.until(lambda: "back in the lobby" in places)
        self.assertEqual((places["who is here"], places["back in the lobby"]), ("#hw3", "#lobby"))

    def until(self, windows: Windows, text: str) -> None:
        """Wait until the windows show a text; with a minus in front, until they do not."""
        gone, text = text.startswith("-"), text.removeprefix("-")
        self.wait(lambda: (text in "\n".join(windows.lines())) != gone, f"{text!r}, gone: {gone}")

    def test_every_key_of_the_help(self) -> None:
        from clients.tk.window import HELP

        alice, _, (swarm, bob) = self.meet()
        for group in ("#hw3", "#g4"):
            alice.type(f"/group --open {group}")
            self.until(alice, f"You [{group[1:]}]:")
        bob.tell(m.Join(1, "#hw3"))
        alice.key("alt+1")
        for number in range(60):
            bob.send("#lobby", f"line {number}")
        bob.send("#hw3", "news")
        swarm.until(lambda: not bob.outbox)
        self.until(alice, "line 59")
        for keys, shown in [step for steps in KEYS.values() for step in steps]:
            for key in keys:
                if key.startswith("> "):
                    alice.write(key[2:])
                else:
                    alice.press(key)
            self.until(alice, shown)
        self.assertEqual({name for name, _ in HELP}, {*KEYS, "Ctrl-Q"})

    def test_closing_the_window_says_goodbye(self) -> None:
        alice, _, _ = self.meet()
        alice.key("ctrl+q")
        self.assertEqual(alice.process.wait(DEADLINE), 0)
        self.in_server_window("Client (127.0.0.1, 0) is offline  [ alice ]")

    def test_the_login_section_by_the_keyboard_alone(self) -> None:
        alice = self.windows("alice")
        alice.write(self.address())
        alice.key("Tab")
        alice.type("alice")
        self.in_server_window("Client (127.0.0.1, 0) connected  [ alice ]")
        self.assertTrue(Path(alice.folder, "chat.db").exists())

    def test_a_new_certificate_is_shown_and_asked_about(self) -> None:
        (line,) = [line for line in self.server.window() if line.startswith("Certificate fingerprint: ")]
        alice = self.windows("alice", self.address("alice", tls=True), tls=True)
        self.until(alice, line.removeprefix("Certificate fingerprint: "))
        self.assertFalse([line for line in self.unnumbered() if "alice" in line], "it went on without an answer")
        alice.type("yes")
        self.in_server_window("Client (127.0.0.1, 0) connected  [ alice ]")

    def test_a_profile_with_a_passphrase_in_a_file(self) -> None:
        done = self.chat("alice", "passphrase", stdin="open sesame\n", CHAT_PASSPHRASE_FILE="")
        self.assertEqual(done.out, "This profile is opened by a passphrase.\n")
        words = self.server.folder / "words"
        words.write_text("open sesame\n")
        self.windows("alice", "--passphrase-file", str(words), self.address("alice"))
        self.in_server_window("Client (127.0.0.1, 0) connected  [ alice ]")

    def test_without_a_display_it_says_what_to_do(self) -> None:
        done = self.run_program([sys.executable, "-m", "clients.tk", "--profile", str(self.server.folder / "x")])
        self.assertEqual(done.status, 1)
        self.assertIn("no window can be opened", done.err)
        self.assertIn("In a terminal: chat", done.err)
