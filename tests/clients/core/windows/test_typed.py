"""Tests of clients.core.windows.typed: what one had begun is never lost."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core.windows import typed
from clients.core.windows.typed import Past, clean_paste, is_large


class PastTests(SynchronousTestCase):
    """Back and forth."""

    def test_back_and_forth_to_what_was_begun(self) -> None:
        past = Past()
        past.add("one")
        past.add("two")
        self.assertEqual([past.back("begun"), past.back("two"), past.back("one")], ["two", "one", None])
        self.assertEqual([past.forward(), past.forward(), past.forward()], ["two", "begun", None])

    def test_first_the_message_to_be_edited(self) -> None:
        past = Past()
        self.assertEqual([past.back("", "/edit b"), past.back("/edit b"), past.forward()], ["/edit b", None, ""])
        past.add("a")
        self.assertEqual([past.back("", "/edit b"), past.back("/edit b"), past.back("a")], ["/edit b", "a", None])
        self.assertEqual([past.forward(), past.forward(), past.forward()], ["/edit b", "", None])
        self.assertEqual([past.back("begun"), past.forward()], ["a", "begun"])

    def test_nothing_was_sent(self) -> None:
        self.assertIsNone(Past().back("begun"))
        self.assertIsNone(Past().forward())

    def test_the_same_again_is_kept_once_and_the_oldest_go(self) -> None:
        self.patch(typed, "MOST_KEPT", 2)
        past = Past()
        for line in ("one", "two", "two", "", "three"):
            past.add(line)
        self.assertEqual(past.lines, ["two", "three"])


class PasteTests(SynchronousTestCase):
    """What is pasted."""

    def test_newlines(self) -> None:
        self.assertEqual(clean_paste("a\r\nb\rc\n\n"), "a\nb\nc")

    def test_above_three_lines_one_is_asked(self) -> None:
        self.assertEqual([is_large(text) for text in ("a", "a\nb\nc", "a\nb\nc\nd")], [False, False, True])
