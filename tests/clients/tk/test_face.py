"""Tests of clients.tk.face: a number to compare goes to a window of its own, everything else to rows."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from clients.core import notices as n
from clients.tk.face import TkFace


class RecordingSurface:
    """Notes nothing but that it was there."""

    def redraw(self) -> None:
        """Something has changed."""

    def notify(self, who: str, text: str) -> None:
        """Somebody wants this person."""

    def put(self, text: str) -> None:
        """Have this in the input line."""

    def typed(self) -> str:
        """Nothing."""
        return ""

    def taken(self, recall: bool) -> None:
        """Empty it."""


class FaceTests(SynchronousTestCase):
    """Notices."""

    def test_a_number_and_a_line(self) -> None:
        compared: list[Any] = []
        face = TkFace(RecordingSurface(), compared.append, lambda code, text: None, lambda: 0)
        face.notice(n.Local(("hello",)))
        self.assertEqual(compared, [])
        face.notice(n.Compare("bob", "12345", "first-seen"))
        self.assertEqual([notice.user for notice in compared], ["bob"])
        self.assertIn("hello", [row.text for row in face.windows.current.rows])
