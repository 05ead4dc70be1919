"""Tests of clients.chat: which face a run gets."""

from __future__ import annotations

import gc
import sys

from twisted.trial.unittest import SynchronousTestCase

from clients import chat
from clients.line import __main__ as line
from clients.line import options as o


class ChoiceTests(SynchronousTestCase):
    """The line face wherever nobody sits at a terminal that can do more."""

    def played(self, *words: str, terminal: bool = True) -> bool:
        """Whether the line face got it."""
        played: list[o.Options] = []

        def play(options: o.Options) -> int:
            played.append(options)
            return 0

        def full(*rest: object) -> int:
            raise LookupError("the full screen")

        self.addCleanup(gc.enable)
        self.patch(sys, "argv", ["chat", *words])
        self.patch(line, "fine", lambda options: terminal and not options.json)
        self.patch(line, "play", play)
        self.patch(chat, "full_screen", full)
        try:
            chat.main()
        except LookupError:
            return False
        return bool(played)

    def test_a_person_at_a_terminal_gets_the_full_screen(self) -> None:
        self.assertFalse(self.played("localhost"))
        self.assertFalse(self.played())

    def test_everybody_else_the_line_face(self) -> None:
        self.assertTrue(self.played("--plain", "localhost"))
        self.assertTrue(self.played("--json", "localhost"))
        self.assertTrue(self.played("send", "@bob", "hi"))
        self.assertTrue(self.played("localhost", terminal=False))
