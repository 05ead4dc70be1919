"""Tests of clients.core.windows.tables: what has columns, and where it goes on."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core.windows.tables import hang, is_table


class TableTests(SynchronousTestCase):
    """Rows of `/help` and the like."""

    def test_what_is_one(self) -> None:
        for text, found in (
            ("/who  who is here", True), ("  n  nobody speaks", True), ("    12345 67890", True), ("", False),
            ("one sentence. And another.", False), ("trailing  ", False),
            ("bob: one\n    two  three", False),
        ):  # fmt: skip
            self.assertEqual(is_table(text), found, text)

    def test_where_it_goes_on(self) -> None:
        for text, room, column in (
            ("/who  who is here", 40, 6),
            ("device  state        first seen", 60, 21),
            ("device  state        first seen", 24, 8),
            ("device  state        first seen", 8, 0),
            ("  /group hw3  write to it", 60, 14),
            ("  no columns here", 60, 2),
            ("a sentence", 60, 0),
        ):
            self.assertEqual(hang(text, room), column, text)

    def test_a_long_text_is_looked_at_quickly(self) -> None:
        self.assertEqual(hang("x " * 100_000, 80), 0)
        self.assertFalse(is_table("x " * 100_000 + " "))
