"""Tests of clients.core.places: what a name means, what is new, who hears that they were read."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from clients.core import notices as n
from clients.core import records as r
from clients.core.conversations import Conversations
from clients.core.places import MOST_TOLD, Places
from clients.core.reading import KEEP, WATCH, Reading
from clients.core.view import State
from tests.clients.kit import position

DAY = 1_795_341_600_000  # 2026-11-22


def message(seq: int, group: str = "#g") -> m.Message:
    """Bob has said something."""
    return m.Message(group, seq, DAY, "bob", bytes(16), "hi")


def outcome(seq: int, state: str = "stored", group: str = "#g") -> n.Outcome:
    """What has become of one's own."""
    return n.Outcome(seq.to_bytes(16, "big"), group, "hi", state, group, seq, DAY)


class PlaceCase(SynchronousTestCase):
    """One account."""

    receive = KEEP

    def setUp(self) -> None:
        self.state = State()
        self.conversations = Conversations({"#g": 5})
        self.reading = Reading({"#g": 3})
        self.places = Places(self.state, self.conversations, self.reading, self.receive)


class KeptTests(PlaceCase):
    """Messages are kept here."""

    def test_what_is_new_moves_the_cursor(self) -> None:
        self.assertEqual([self.places.is_new(message(seq)) for seq in (3, 4)], [False, True])
        self.assertEqual(self.places.came(0.0, message(4)), [r.KeepCursor("#g", 4)])
        self.assertFalse(self.places.is_new(message(4)))

    def test_a_place_that_is_known_and_one_that_is_further(self) -> None:
        self.assertEqual(self.places.take(0.0, position("#g", 9, 3, created=5)).records, [])
        self.assertEqual(self.places.take(0.0, position("#g", 9, 7, created=5)).records, [r.KeepCursor("#g", 7)])

    def test_another_group_of_that_name(self) -> None:
        self.state.unread["#g"] = 2
        self.places.said(0.0, outcome(4))
        step = self.places.take(0.0, position("#g", 2, 1, created=DAY))
        apart = "#g (until 2026-11-22)"
        kept = [r.SetApart("#g", apart, 5), r.KeepCreated("#g", DAY), r.KeepCursor("#g", 1)]
        self.assertEqual(step.records, kept)
        self.assertIn(apart, step.notices[0].lines[0] if isinstance(step.notices[0], n.Local) else "")
        self.assertNotIn("#g", self.state.unread)
        self.assertEqual(self.places.delivered("#g", 99), [])

    def test_another_name_takes_along_what_waits(self) -> None:
        self.places.said(0.0, outcome(4))
        self.assertEqual(self.places.rename("#g", "#h", DAY).records, [r.Rename("#g", "#h")])
        self.assertEqual(self.reading.cursors, {"#h": 4})
        self.assertEqual(self.conversations.created, {"#h": 5})
        self.assertEqual(len(self.places.delivered("#h", 4)), 1)

    def test_a_name_that_meant_another_one_is_set_apart_first(self) -> None:
        self.conversations.created["#h"] = 4
        records = self.places.rename("#g", "#h", DAY).records
        self.assertEqual(records, [r.SetApart("#h", "#h (until 2026-11-22)", 4), r.Rename("#g", "#h")])

    def test_who_leaves_reads_from_there(self) -> None:
        self.assertEqual(self.places.leave("#g"), [r.KeepCursor("#g", 0)])
        self.assertNotIn("#g", self.reading.cursors)


class DeliveredTests(PlaceCase):
    """Readers have it."""

    def test_once_and_up_to_there(self) -> None:
        for seq in (4, 5, 6):
            self.places.said(0.0, outcome(seq))
        told = [n.Outcome(seq.to_bytes(16, "big"), "#g", "hi", "delivered", "#g", seq, DAY, "stored") for seq in (4, 5)]
        self.assertEqual(self.places.delivered("#g", 5), told)
        self.assertEqual(self.places.delivered("#g", 5), [])
        self.assertEqual(self.places.delivered("#other", 9), [])

    def test_not_what_was_delivered_at_once(self) -> None:
        self.assertEqual(self.places.said(0.0, outcome(4, "delivered")), r.KeepCursor("#g", 4))
        self.assertEqual(self.places.delivered("#g", 4), [])

    def test_bounded(self) -> None:
        for seq in range(4, MOST_TOLD + 6):
            self.places.said(0.0, outcome(seq))
        waited = self.places.delivered("#g", 2**31)
        self.assertEqual([told.seq for told in waited if isinstance(told, n.Outcome)], [*range(6, MOST_TOLD + 6)])


class WatchedTests(PlaceCase):
    """Messages are only looked at: nothing of it is kept."""

    receive = WATCH

    def test_what_came_is_old_and_the_cursor_stays(self) -> None:
        self.places.take(0.0, position("#g", 9, 3, created=5))
        self.assertEqual([self.places.is_new(message(seq)) for seq in (3, 4)], [False, True])
        self.assertEqual(self.places.came(0.0, message(4)), [])
        self.assertFalse(self.places.is_new(message(4)))
        self.assertEqual(self.reading.cursors, {"#g": 3})
