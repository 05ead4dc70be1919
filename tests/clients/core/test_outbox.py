"""Tests of clients.core.outbox: order, one id for ever, and what leaves when."""

from __future__ import annotations

from uuid import RFC_4122, UUID

from twisted.trial.unittest import SynchronousTestCase

from clients.core.outbox import Outbox, Outgoing, message_id
from clients.core.replies import LATE


def item(number: int) -> Outgoing:
    """A message."""
    return Outgoing(bytes([number]) * 16, "#lobby", f"text {number}", number)


class OutboxTests(SynchronousTestCase):
    """What was said and is not yet accepted."""

    def setUp(self) -> None:
        self.outbox = Outbox([item(1)])
        self.outbox.add(item(2))

    def test_everything_is_unsent_in_order(self) -> None:
        self.assertEqual(self.outbox.unsent(), [item(1), item(2)])

    def test_what_is_under_way_is_not_sent_twice(self) -> None:
        self.outbox.sent(item(1), 7)
        self.assertEqual(self.outbox.unsent(), [item(2)])
        self.assertEqual(self.outbox.find(7), item(1))

    def test_after_a_cut_everything_is_sent_again(self) -> None:
        self.outbox.sent(item(1), 7)
        self.outbox.sent(item(2), 8)
        self.outbox.cut()
        self.assertEqual(self.outbox.unsent(), [item(1), item(2)])
        self.assertIsNone(self.outbox.accepted(7))

    def test_accepted_leaves(self) -> None:
        self.outbox.sent(item(1), 7)
        self.assertEqual(self.outbox.accepted(7), item(1))
        self.assertIsNone(self.outbox.accepted(7))
        self.assertEqual(len(self.outbox), 1)
        self.assertNotIn(item(1).id, self.outbox)

    def test_a_final_refusal_leaves(self) -> None:
        self.outbox.sent(item(1), 7)
        self.assertEqual(self.outbox.refused(7, "no-such-user", 0.0, 10.0), (item(1), True))
        self.assertNotIn(item(1).id, self.outbox)

    def test_a_passing_refusal_waits_as_long_as_the_server_says(self) -> None:
        self.outbox.sent(item(1), 7)
        self.assertEqual(self.outbox.refused(7, "busy", 3.0, 10.0), (item(1), False))
        self.assertEqual(self.outbox.unsent(), [item(2)])
        self.assertEqual(self.outbox.deadline(), 13.0)
        self.assertEqual(self.outbox.due(12.9), [])
        self.assertEqual(self.outbox.due(13.0), [item(1)])
        self.assertIsNone(self.outbox.deadline())

    def test_another_way_has_another_ref(self) -> None:
        self.outbox.sent(item(1), 7)
        self.assertEqual(self.outbox.once_more(7, 8), item(1))
        self.assertIsNone(self.outbox.find(7))
        self.assertEqual(self.outbox.unsent(), [item(2)])
        self.assertEqual(self.outbox.accepted(8), item(1))
        self.assertIsNone(self.outbox.once_more(99, 100))

    def test_nonsense_is_no_answer(self) -> None:
        self.outbox.sent(item(1), 7, 10.0)
        self.outbox.nonsense(7, 15.0)
        self.assertEqual((self.outbox.unsent(), self.outbox.deadline()), ([item(2)], 15.0))
        self.assertEqual((self.outbox.due(14.9), self.outbox.due(15.0)), ([], [item(1)]))
        self.assertIsNone(self.outbox.accepted(7))

    def test_what_nothing_comes_of_is_said_again(self) -> None:
        for number in (1, 2):
            self.outbox.sent(item(number), 6 + number, 10.0 * number)
        self.assertEqual(self.outbox.deadline(), 10.0 + LATE)
        self.assertEqual(self.outbox.once_more(7, 9), item(1))
        self.assertEqual(self.outbox.due(9.0 + LATE), [])
        self.assertEqual(self.outbox.due(10.0 + LATE), [item(1)])
        self.assertIsNone(self.outbox.find(9))
        self.assertEqual(self.outbox.accepted(8), item(2))
        self.assertIsNone(self.outbox.deadline())

    def test_a_stranger_changes_nothing(self) -> None:
        self.outbox.nonsense(99, 0.0)
        self.assertEqual(self.outbox.due(0.0), [])
        self.assertEqual(self.outbox.refused(99, "busy", 0.0, 0.0), (None, False))


class IdTests(SynchronousTestCase):
    """A message's id."""

    def test_is_a_uuid_of_its_time(self) -> None:
        made = UUID(bytes=message_id(0x0123456789AB, b"\xff" * 10))
        self.assertEqual((made.version, made.variant, made.int >> 80), (7, RFC_4122, 0x0123456789AB))
