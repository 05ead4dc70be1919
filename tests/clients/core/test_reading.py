"""Tests of clients.core.reading: each message once, no gap jumped, acknowledgements in time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from chatd.messages import Acknowledge
from clients.core.reading import ACK_COUNT, Reading
from tests.clients.kit import position


class CursorTests(SynchronousTestCase):
    """What is new."""

    def setUp(self) -> None:
        self.reading = Reading({"#g": 5})

    def test_at_or_below_the_cursor_is_old(self) -> None:
        self.assertEqual([self.reading.new("#g", seq) for seq in (4, 5, 6)], [False, False, True])

    def test_a_message_moves_the_cursor(self) -> None:
        self.reading.came("#g", 6, 0.0)
        self.assertFalse(self.reading.new("#g", 6))

    def test_an_own_message_next_in_line_moves_it(self) -> None:
        self.reading.own("#g", 6, 0.0)
        self.assertEqual(self.reading.cursors["#g"], 6)

    def test_an_own_message_further_on_does_not_jump_over_others(self) -> None:
        self.reading.own("#g", 8, 0.0)
        self.assertEqual(self.reading.cursors["#g"], 5)
        self.assertTrue(self.reading.new("#g", 6))
        self.assertFalse(self.reading.new("#g", 8))
        self.reading.came("#g", 6, 0.0)
        self.reading.came("#g", 7, 0.0)
        self.assertEqual(self.reading.cursors["#g"], 8)

    def test_own_messages_known_from_before_close_up_at_the_welcome(self) -> None:
        reading = Reading({"#g": 5}, {"#g": [6, 7]})
        self.assertTrue(reading.place(position("#g", 9, 5), 0.0))
        self.assertEqual(reading.acknowledge(0.0), [Acknowledge("#g", 7)])

    def test_a_purged_log_goes_on_after_its_floor(self) -> None:
        self.assertTrue(self.reading.new("#g", 100))
        self.reading.came("#g", 100, 0.0)
        self.assertEqual(self.reading.cursors["#g"], 100)

    def test_the_server_further_than_us_is_believed(self) -> None:
        self.assertTrue(self.reading.place(position("#g", 9, 9), 0.0))
        self.assertFalse(self.reading.new("#g", 9))

    def test_we_further_than_the_server_say_so_again(self) -> None:
        self.assertFalse(self.reading.place(position("#g", 9, 2), 0.0))
        self.assertEqual(self.reading.acknowledge(0.0), [Acknowledge("#g", 5)])

    def test_behind(self) -> None:
        self.assertTrue(self.reading.behind("#g", 6))
        self.assertFalse(self.reading.behind("#g", 5))
        self.assertFalse(self.reading.behind("#g", 9, floor=9))

    def test_reset_and_forget(self) -> None:
        self.reading.forget("#g")
        self.assertTrue(self.reading.new("#g", 1))
        self.reading.came("#h", 3, 0.0)
        self.reading.reset()
        self.assertEqual(self.reading.cursors, {})
        self.assertEqual(self.reading.acknowledge(0.0), [])

    @given(some.lists(some.tuples(some.booleans(), some.integers(1, 30)), max_size=60))
    def test_whatever_comes_again_each_is_new_once(self, tries: list[tuple[bool, int]]) -> None:
        """Others' messages come in order but may start again anywhere; own ones get any seq that is not taken."""
        reading = Reading()
        shown: list[int] = []
        own = {seq for mine, seq in tries if mine}
        for mine, seq in tries:
            if mine:
                reading.own("#g", seq, 0.0)
            for other in range(1, seq):
                if other not in own and reading.new("#g", other):
                    shown.append(other)
                    reading.came("#g", other, 0.0)
        self.assertEqual(len(shown), len(set(shown)))


class AcknowledgeTests(SynchronousTestCase):
    """When it is said."""

    def test_at_once_after_a_pause_then_once_a_second(self) -> None:
        reading = Reading()
        self.assertIsNone(reading.deadline())
        reading.came("#g", 1, 10.0)
        self.assertTrue(reading.due(10.0))
        self.assertEqual(reading.acknowledge(10.0), [Acknowledge("#g", 1)])
        self.assertIsNone(reading.deadline())
        reading.came("#g", 2, 10.1)
        reading.came("#g", 3, 10.5)
        self.assertEqual(reading.deadline(), 11.0)
        self.assertFalse(reading.due(10.9))
        self.assertTrue(reading.due(11.0))
        self.assertEqual(reading.acknowledge(11.0), [Acknowledge("#g", 3)])

    def test_every_hundred(self) -> None:
        reading = Reading()
        reading.came("#g", 1, 0.0)
        reading.acknowledge(0.0)
        for seq in range(2, ACK_COUNT + 2):
            self.assertFalse(reading.due(0.5))
            reading.came("#g", seq, 0.5)
        self.assertTrue(reading.due(0.5))

    def test_nothing_after_a_cut(self) -> None:
        reading = Reading()
        reading.came("#g", 1, 0.0)
        reading.cut()
        self.assertEqual(reading.acknowledge(0.0), [])
