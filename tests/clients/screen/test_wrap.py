"""Tests of clients.screen.wrap: nothing is lost, nothing is wider than its line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from clients.screen.wrap import clip, columns, wrap

TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp", "Mn", "Me", "Mc")), max_size=200)


class WrapTests(SynchronousTestCase):
    """Texts as lines."""

    def test_words_stay_whole(self) -> None:
        self.assertEqual(wrap("one two three", 8, 8), ["one two", "three"])
        self.assertEqual(wrap("one two three", 4, 20), ["one", "two three"])

    def test_a_long_word_is_cut(self) -> None:
        self.assertEqual(wrap("abcdefghij", 4, 4), ["abcd", "efgh", "ij"])

    def test_newlines_begin_lines(self) -> None:
        self.assertEqual(wrap("a\n    b", 10, 10), ["a", "    b"])
        self.assertEqual(wrap("", 10, 10), [""])

    def test_wide_characters_count_twice(self) -> None:
        self.assertEqual(wrap("漢字漢字", 5, 5), ["漢字", "漢字"])

    @given(TEXTS, st.integers(2, 40), st.integers(2, 40))
    def test_nothing_is_lost_and_nothing_too_wide(self, text: str, first: int, rest: int) -> None:
        lines = wrap(text, first, rest)
        self.assertEqual("".join(lines).replace(" ", ""), text.replace(" ", "").replace("\n", ""))
        for line, room in zip(lines, [first, *[rest] * len(lines)], strict=False):
            self.assertLessEqual(columns(line), max(room, 2))


class ClipTests(SynchronousTestCase):
    """What does not fit ends with an ellipsis."""

    def test_clip(self) -> None:
        self.assertEqual(clip("short", 5), "short")
        self.assertEqual(clip("longer", 5), "long…")
        self.assertEqual(clip("漢字漢", 5), "漢字…")
        self.assertEqual(clip("longer", 1), "…")
        self.assertEqual(clip("漢字", 2), "…")
        self.assertEqual(clip("longer", 0), "")

    @given(TEXTS, st.integers(0, 20))
    def test_never_wider(self, text: str, room: int) -> None:
        self.assertLessEqual(columns(clip(text, room)), room)
