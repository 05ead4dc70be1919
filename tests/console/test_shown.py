"""Answers on a terminal: harmless, in the window, with and without colours; and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.console import shown
from chatd.console.verbs import Answer, Value


class TableTests(SynchronousTestCase):
    """Rows under a heading."""

    def test_words_to_the_left_and_numbers_to_the_right(self) -> None:
        lines = shown.table([{"name": "alice", "unread": 3}, {"name": "bo", "unread": 12}], 80, False)
        self.assertEqual(lines, ["name   unread", "alice       3", "bo         12"])

    def test_the_widest_gives_way(self) -> None:
        rows: list[dict[str, Value]] = [{"name": "alice", "topic": "x" * 200, "on": True}]
        for width in (20, 40, 80):
            lines = shown.table(rows, width, False)
            self.assertEqual([shown.cells(line) <= width for line in lines], [True, True], lines)
            self.assertIn("alice", lines[1])
            self.assertIn("…", lines[1])

    def test_wide_letters_take_two_cells(self) -> None:
        lines = shown.table([{"name": "日本語", "n": 1}, {"name": "ab", "n": 2}], 80, False)
        self.assertEqual({shown.cells(line) for line in lines}, {9})
        self.assertEqual((shown.fitted("日本語", 5), shown.cells(shown.fitted("日本語", 4))), ("日本…", 4))
        self.assertEqual(shown.cells("e\u0301"), 1)

    def test_nothing_leaves_the_window_or_controls_it(self) -> None:
        @given(st.lists(st.fixed_dictionaries({"a": st.text(), "b": st.integers(), "c": st.text()}), min_size=1),
               st.integers(30, 120))  # fmt: skip
        def any_rows(rows: list[dict[str, str | int]], width: int) -> None:
            for line in shown.table(rows, width, False):
                assert shown.cells(line) <= width, line
                assert line.isprintable() or not any(c < " " or "\x7f" <= c < "\xa0" for c in line), line

        any_rows()

    def test_others_go_on_between_rows(self) -> None:
        passed: list[object] = []

        def paced(rows: Iterable[Any]) -> Iterable[Any]:
            for row in rows:
                passed.append(row)
                yield row

        rows: list[dict[str, Value]] = [{"name": "alice"}, {"name": "bob"}]
        self.assertEqual(shown.answer(Answer(rows), 80, False, paced), shown.table(rows, 80, False))
        self.assertEqual(passed, [*rows, ["alice"], ["bob"]])

    def test_colours_may_be_off(self) -> None:
        rows: list[dict[str, Value]] = [{"name": "alice", "state": "online"}]
        self.assertIn("\x1b[32monline", shown.table(rows, 80, True)[1])
        self.assertNotIn("\x1b", "".join(shown.answer(Answer(rows, "note"), 80, False)))
        self.assertEqual(shown.painted("x", shown.RED, False), "x")


class OtherTests(SynchronousTestCase):
    """Details, notes, times, JSON."""

    def test_details_below_each_other(self) -> None:
        lines = shown.answer(Answer([{"name": "alice", "password": True, "away": None}], details=True), 80, False)
        self.assertEqual(lines, ["name      alice", "password  yes", "away      -"])

    def test_a_note_is_wrapped_into_the_window(self) -> None:
        lines = shown.answer(Answer(note="one two three four\nfive \x1b[31msix"), 12, False)
        self.assertEqual(lines, ["one two", "three four", "five", "\\x1b[31msix"])

    def test_times_and_spans(self) -> None:
        self.assertEqual((shown.moment(0), shown.moment(1_800_000_000_000)), ("", "2027-01-15T08:00:00Z"))
        self.assertEqual([shown.span(s) for s in (5, 119, 120, 7200, 172_800)],
                         ["5 s", "119 s", "2 min", "2 h", "2 d"])  # fmt: skip

    def test_what_goes_on_is_one_line(self) -> None:
        self.assertEqual(shown.live({"kind": "came", "who": "al\nice", "to": "", "n": None}, 80), "came  al ice")
        self.assertEqual(len(shown.live({"who": "x" * 500}, 80)), 80)

    def test_scripts_get_one_object_a_line(self) -> None:
        text = shown.as_json("who", {"name": "a\n\x1b", "n": 1})
        self.assertNotIn("\n", text)
        self.assertEqual(json.loads(text), {"v": 1, "verb": "who", "name": "a\n\x1b", "n": 1})
