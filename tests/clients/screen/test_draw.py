"""Tests of clients.screen.draw: never wider or higher than its part, days and the unread are marked."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from clients.core.view import OFFLINE, ONLINE, Talk, View
from clients.core.windows.windows import MENTION, TALK, Row, Window, Windows
from clients.screen import draw
from clients.screen.wrap import columns

DAY = 86_400_000
VIEW = View("alice", ONLINE, "#lobby", (), (), 0)


def texts(lines: list[draw.Fragments]) -> list[str]:
    """Lines without their styles."""
    return ["".join(text for _, text in line) for line in lines]


class RowsTests(SynchronousTestCase):
    """A conversation."""

    def window(self, *rows: Row) -> Window:
        """One with these rows."""
        window = Window("#g")
        for row in rows:
            window.add(row)
        return window

    def test_a_row(self) -> None:
        shown = texts(draw.row_lines(Row(0, "bob", "hello there world", "said"), 34))
        self.assertEqual([line[6:] for line in shown], ["         bob │ hello there", "             │ world"])

    def test_the_mark_of_ones_own_comes_last(self) -> None:
        (shown,) = texts(draw.row_lines(Row(0, "alice", "hello", "own", state="✓✓"), 60))
        self.assertTrue(shown.endswith("│ hello ✓✓"), shown)

    def test_ones_name_is_marked_not_only_by_colour(self) -> None:
        (shown,) = texts(draw.row_lines(Row(0, "bob", "alice?", "said", mention=True), 60))
        self.assertIn("bob » alice?", shown)

    def test_what_has_columns_goes_on_below_its_last_one(self) -> None:
        lines = draw.row_lines(Row(0, "", "/keys  how your keys stand, and get them back", "event"), 40)
        shown = ["".join(text for _, text in line).partition("│ ")[2] for line in lines]
        self.assertEqual(shown, ["/keys  how your keys stand, and", "       get them back"])

    def test_days_and_the_unread_are_marked(self) -> None:
        window = self.window(Row(DAY, "bob", "one"), Row(2 * DAY, "bob", "two"), Row(2 * DAY, "bob", "three"))
        window.line = 3
        shown = texts(draw.rows(window, 40, 10))
        self.assertEqual([line[:6] for line in shown][0::2], ["── Fri", "── Sat", "── new"])

    def test_from_the_row_one_scrolled_to(self) -> None:
        window = self.window(*(Row(0, "bob", str(number)) for number in range(50)))
        window.scroll_to(20)
        self.assertTrue(texts(draw.rows(window, 40, 5))[-1].endswith("│ 19"))
        self.assertEqual(len(draw.rows(window, 40, 5)), 5)

    def test_a_time_that_is_none(self) -> None:
        (shown,) = texts(draw.row_lines(Row(2**62, "bob", "hi"), 60))
        self.assertTrue(shown.startswith("??:??"))

    def test_only_what_is_in_sight_is_looked_at_however_long_the_conversation(self) -> None:
        looked = []

        class Counting(Window):
            """Notes which rows it gives."""

            def up(self, last: int) -> Iterator[Row]:
                for row in super().up(last):
                    looked.append(row)
                    yield row

        window = Counting("#g")
        for number in range(15_000):
            window.add(Row(0, "bob", str(number)))
        draw.rows(window, 80, 20)
        self.assertLessEqual(len(looked), 20)

    @given(
        st.lists(st.builds(Row, at=st.integers(0, 2**62), who=st.text("ab漢", max_size=30), text=st.text("ab 漢\n")),
                 max_size=20),
        st.integers(30, 100), st.integers(1, 10),
    )  # fmt: skip
    def test_never_wider_or_higher_than_there_is_room(self, rows: list[Row], width: int, height: int) -> None:
        shown = texts(draw.rows(self.window(*rows), width, height))
        self.assertLessEqual(len(shown), height)
        for line in shown:
            self.assertLessEqual(columns(line), width)


class AroundTests(SynchronousTestCase):
    """List, title, status, prompt."""

    def setUp(self) -> None:
        self.windows = Windows()

    def test_the_list_says_what_is_new(self) -> None:
        self.windows.add("#hw3", Row(0, "bob", "x"), TALK)
        self.windows.add("@bob", Row(0, "bob", "x"), MENTION)
        self.assertEqual(texts(draw.listed(self.windows, 12, 5)), ["1>#lobby    ", "2*#hw3     1", "3!@bob     1"])

    def test_the_current_one_is_in_sight(self) -> None:
        for number in range(20):
            self.windows.get(f"#group{number}")
        self.windows.look(self.windows.all[15])
        self.assertIn(" >#group14 ", "".join(texts(draw.listed(self.windows, 11, 4))))

    def test_the_title_has_the_topic(self) -> None:
        (title,) = texts([draw.title(Talk("#g", "#g", topic="due\nFriday"), "#g", 30)])
        self.assertEqual(title, " #g  due Friday               ")

    def test_the_status_says_what_is_wrong_and_what_waits(self) -> None:
        self.windows.add("@bob", Row(0, "bob", "x"), MENTION)
        view = View("alice", OFFLINE, "#lobby", (), (), 2)
        (status,) = texts([draw.status(self.windows, view, "host:1", 80, "note")])
        for word in ("offline", "alice@host:1", "2 to be sent", "new: 2:@bob!", "note"):
            self.assertIn(word, status)
        (status,) = texts([draw.status(self.windows, VIEW, "host:1", 20)])
        self.assertEqual(columns(status), 20)
