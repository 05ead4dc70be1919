"""Announcements: heard by who is there, in a group by who is in it."""

from __future__ import annotations

from chatd import messages as m
from chatd.operations import notices
from chatd.operations.service import Refused
from tests.operations.kit import StaffScene


class NoticeTests(StaffScene):
    """Two people, one group."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")
        self.alice.ask(m.Join, "hw3")

    def test_to_everybody(self) -> None:
        self.assertEqual(self.done(notices.announce(self.service, "the room is A12")), 2)
        for peer in (self.alice, self.bob):
            self.assertEqual(peer.last(m.Notice), m.Notice("announcement", "the room is A12"))

    def test_to_a_group(self) -> None:
        self.assertEqual(self.done(notices.announce(self.service, "only you", "hw3")), 1)
        self.assertEqual(self.bob.of(m.Notice), [])
        self.assertEqual(self.alice.last(m.Notice).text, "only you")

    def test_what_may_not_be(self) -> None:
        for text, group in ((" ", ""), ("x" * 20_000, ""), ("x", "#nowhere")):
            with self.assertRaises(Refused):
                self.done(notices.announce(self.service, text, group))
        self.assertEqual(self.bob.of(m.Notice), [])

    def test_message_of_the_day(self) -> None:
        self.assertIn("#lobby", notices.message_of_the_day(self.service)[0])
