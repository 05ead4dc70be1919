"""Every command, typed at the real full screen in a terminal and at the real windows on a display.

Rule: one server and one afternoon for each face; bob has the real line client, carol one that knows no keys. What is
waited for is the screen. `commands.py` has the table.
"""

from __future__ import annotations

import shutil
import time
from typing import Protocol

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from clients.core.commands import COMMANDS
from tests.clients.tk.desk import end_display, start_display
from tests.process import commands as c
from tests.process.desktop import Windows
from tests.process.terminal import Terminal
from tests.process.test_screen import ScreenCase

DEADLINE = 20.0
WIDE = (150, 50)  # columns and rows in which no answer is wrapped


class Seen(Protocol):
    """A face that can be typed at and looked at."""

    def enter(self, text: str) -> None:
        """Type a line and Enter."""

    def lines(self) -> list[str]:
        """What it shows."""

    def read(self, seconds: float) -> bool:
        """Let it go on for a moment; false when it has ended."""


class TableTests(SynchronousTestCase):
    """The table is whole."""

    def test_every_command_is_in_a_row(self) -> None:
        typed = [row.typed for row in c.AFTERNOON] + list(c.LEAVING)
        words = {line[1:].split()[0] for line in typed if line[:1] == "/" and line[1:2] != "/"}
        self.assertEqual(set(c.WORDS.split()) - words, set())
        tried = {COMMANDS[word] for word in words if word in COMMANDS}
        self.assertEqual([word for word, form in COMMANDS.items() if form not in tried], [])
        for form in ("@bob ", "@bob,@carol ", "//", "/group lab a ", "tata", "hello"):
            self.assertTrue(any(line.startswith(form) for line in typed), form)


class Afternoon(ScreenCase):
    """Alice, whose face is looked at, and two others."""

    def others(self) -> None:
        """They come."""
        self.friends, _ = self.swarm("carol")
        self.bob = self.join("bob")
        for name in ("notes", "one", "two"):
            (self.server.folder / f"{name}.txt").write_text("wire\n" * 120)
        (self.server.folder / "got").mkdir()

    def until(self, face: Seen, text: str, there: bool = True) -> None:
        """Wait until a face shows a text."""
        end = time.monotonic() + DEADLINE
        while (text in c.plain("\n".join(face.lines()))) != there:
            if not face.read(0.02) or time.monotonic() > end:
                self.fail(f"{text!r} is {'not ' * there}shown but:\n" + "\n".join(face.lines()))

    def play(self, face: Seen, rows: tuple[c.Row, ...]) -> None:
        """Type all of it, and see what comes of each line."""
        for row in rows:
            typed, shown, heard, bob, sees = (part.format(folder=self.server.folder) for part in row)
            if bob:
                self.bob.enter(bob)
                self.until(face, sees or bob)
            self.assertNotIn(shown, c.plain("\n".join(face.lines())), f"before {typed!r}")
            face.enter(typed)
            self.until(face, shown)
            self.friends.run(0.0)
            if heard:
                self.bob.wait(heard)
            if typed == c.SECRET:
                self.assertNotIn(typed, "\n".join(face.lines()))


class ScreenTests(Afternoon):
    """The full screen, in a real (pseudo) terminal."""

    def terminal(self, title: str, command: list[str], **env: str) -> Terminal:
        """A terminal wide enough."""
        window = Terminal(title, command, WIDE[0], WIDE[1], **env)
        self.addCleanup(window.close)
        return window

    def test_every_command(self) -> None:
        self.others()
        for rows, word in zip((c.AFTERNOON, ()), c.LEAVING, strict=True):
            alice = self.sit("alice")
            self.play(alice, rows)
            alice.enter(word)
            self.left(alice, 0, "DISCONNECTED!!")


class WindowsTests(Afternoon):
    """The windows, on a real display, by real keys."""

    def setUp(self) -> None:
        if shutil.which("xdotool") is None:
            raise SkipTest("xdotool is not installed")
        end_display(start_display()[1])
        super().setUp()

    def windows(self) -> Windows:
        """Alice's."""
        alice = Windows(self.server.folder / "alice", self.address("alice"))
        self.addCleanup(alice.close)
        self.until(alice, "Welcome to chat room.")
        return alice

    def test_every_command(self) -> None:
        self.others()
        for rows, word in zip((c.AFTERNOON, ()), c.LEAVING, strict=True):
            alice = self.windows()
            self.play(alice, rows)
            alice.enter(word)
            self.assertEqual(alice.process.wait(DEADLINE), 0)
