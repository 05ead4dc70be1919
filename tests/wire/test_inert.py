"""Tests of chatd.wire.inert: no byte from the network acts on a terminal."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from chatd.wire import inert

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
NASTY = some.text(some.one_of(some.characters(), some.sampled_from("\x1b\r\n\x07\x7f\x9b\x85\u2028" + BIDI)))


def controls(text: str) -> str:
    """What would act on a terminal or turn the writing."""
    return "".join(c for c in text if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") or c in BIDI)


class PropertyTests(SynchronousTestCase):
    """Whatever comes."""

    @given(NASTY)
    def test_T10_a_text_has_no_control_but_newline(self, value: str) -> None:
        self.assertEqual(controls(inert.text(value)).strip("\n"), "")

    @given(NASTY)
    def test_a_continuation_is_indented(self, value: str) -> None:
        for row in inert.text(value).split("\n")[1:]:
            self.assertTrue(row.startswith(inert.INDENT))

    @given(NASTY)
    def test_a_line_is_one_line(self, value: str) -> None:
        self.assertEqual(controls(inert.line(value)), "")

    @given(NASTY)
    def test_T09_a_name_is_visible_through_and_through(self, value: str) -> None:
        shown = inert.name(value)
        self.assertEqual(controls(shown), "")
        self.assertEqual([c for c in shown if unicodedata.category(c) == "Cf"], [])

    @given(some.text(some.characters(categories=["L", "N", "P", "S", "Zs", "Mn", "Mc"])))
    def test_T21_ordinary_text_is_as_it_was(self, value: str) -> None:
        if not any(inert._hidden(char) for char in value):
            self.assertEqual(inert.text(value), value)


class ExampleTests(SynchronousTestCase):
    """The cases of the seed's programs."""

    def test_escapes_are_visible(self) -> None:
        self.assertEqual(inert.text("\x1b[2J\r prof: exam is cancelled"), "\\x1b[2J\\x0d prof: exam is cancelled")
        self.assertEqual(inert.text("a\u202eb\x9b\x7f"), "a\\u202eb\\x9b\\x7f")
        self.assertEqual(inert.name("a\u200bb\U000e0041"), "a\\u200bb\\U000e0041")

    def test_a_forged_line_is_seen_as_part_of_the_message(self) -> None:
        self.assertEqual(inert.text("x\nboss joined the conversation"), "x\n    boss joined the conversation")

    def test_T31_scripts_and_emoji_stay(self) -> None:
        for value in ("Zoë", "日本語", "می\u200cخواهم", "👩\u200d👩\u200d👧", "❤\ufe0f"):
            self.assertEqual(inert.text(value), value)
