"""Tests of clients.core.windows.windows: what is new, where one looks, how far one has scrolled."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core.windows import windows as w
from clients.core.windows.windows import EVENT, MENTION, QUIET, TALK, Row, Window, Windows


def row(text: str = "hi", **more: object) -> Row:
    """Something that bob said."""
    return Row(1000, "bob", text, **more)  # type: ignore[arg-type]


class WindowTests(SynchronousTestCase):
    """One conversation."""

    def window(self, count: int) -> Window:
        """One with so many rows, numbered from 1."""
        window = Window("#g")
        for number in range(count):
            window.add(row(str(number)))
        return window

    def test_rows_upwards_from_the_bottom(self) -> None:
        window = self.window(5)
        self.assertEqual([one.text for one in window.up(3)], ["2", "1", "0"])

    def test_older_rows_go_before_and_keep_the_numbers_of_the_others(self) -> None:
        window = self.window(2)
        window.add_before([row("x"), row("y")])
        self.assertEqual([(one.number, one.text) for one in window.rows], [(-1, "x"), (0, "y"), (1, "0"), (2, "1")])
        empty = Window("#g")
        empty.add_before([row("x")])
        empty.add(row("z"))
        self.assertEqual([one.number for one in empty.rows], [0, 1])

    def test_who_scrolled_up_stays_there_whatever_comes(self) -> None:
        window = self.window(9)
        window.scroll_to(4)
        window.add(row())
        self.assertEqual(window.bottom, 4)
        window.scroll_to(99)
        self.assertIsNone(window.bottom)
        window.scroll_to(-99)
        self.assertEqual(window.bottom, 1)

    def test_where_ones_name_is(self) -> None:
        window = self.window(3)
        window.add(row(mention=True))
        window.add(row())
        window.add(row(mention=True))
        self.assertEqual(window.found(down=False), 6)
        window.scroll_to(6 - 1)
        self.assertEqual((window.found(down=False), window.found(down=True)), (4, 6))
        self.assertIsNone(Window("#h").found(down=False))

    def test_no_more_than_so_many(self) -> None:
        self.patch(w, "MOST_ROWS", 3)
        window = self.window(5)
        window.add_before([row("x")])
        self.assertEqual([one.text for one in window.rows], ["2", "3", "4"])

    def test_a_message_of_ones_own_is_found_again(self) -> None:
        window = Window("#g")
        window.add(row(kind="own", id=b"1"))
        found = window.own(b"1")
        assert found is not None
        self.assertIsNone(window.own(b"2"))


class WindowsTests(SynchronousTestCase):
    """All of them."""

    def setUp(self) -> None:
        self.windows = Windows()

    def test_groups_before_people(self) -> None:
        for to in ("@bob", "#one", "@carol", "#two"):
            self.windows.get(to)
        self.assertEqual([window.to for window in self.windows.all], ["#lobby", "#one", "#two", "@bob", "@carol"])
        self.assertIs(self.windows.get("#ONE"), self.windows.all[1])

    def test_what_comes_where_one_does_not_look_is_new_until_one_does(self) -> None:
        self.windows.add("#g", row(), TALK)
        group = self.windows.add("#g", row(), MENTION)
        self.assertEqual((group.unread, group.level, group.line), (2, MENTION, 1))
        self.windows.look(group)
        self.assertEqual((group.unread, group.level, group.line), (0, QUIET, 1))
        self.windows.look(self.windows.all[0])
        self.assertIsNone(group.line)

    def test_events_are_not_counted(self) -> None:
        group = self.windows.add("#g", row(), EVENT)
        self.assertEqual((group.unread, group.level, group.line), (0, EVENT, None))
        self.windows.add("#lobby", row(), TALK)
        self.assertEqual(self.windows.current.unread, 0)

    def test_the_most_urgent_first(self) -> None:
        self.assertIsNone(self.windows.busiest())
        self.windows.add("#g", row(), TALK)
        self.windows.add("@bob", row(), MENTION)
        busiest = self.windows.busiest()
        assert busiest is not None
        self.assertEqual(busiest.to, "@bob")

    def test_round_and_round(self) -> None:
        self.windows.get("#g")
        self.assertEqual(self.windows.step(-1).to, "#g")
        self.assertEqual(self.windows.step(2).to, "#lobby")

    def test_who_leaves_a_group_is_where_they_were_before(self) -> None:
        one, two = self.windows.get("#one"), self.windows.get("#two")
        self.windows.look(one)
        self.windows.look(two)
        self.windows.drop("#two")
        self.assertIs(self.windows.current, one)
        self.windows.drop("#lobby")
        self.windows.drop("#nowhere")
        self.assertEqual([window.to for window in self.windows.all], ["#lobby", "#one"])

    def test_another_name(self) -> None:
        group = self.windows.get("#one")
        self.windows.rename("#one", "#two")
        self.assertIs(self.windows.find("#two"), group)
