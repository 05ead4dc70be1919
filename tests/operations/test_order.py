"""Bans and mutes from the console."""

from __future__ import annotations

from chatd import messages as m
from chatd.operations import order
from chatd.operations.service import Refused
from tests.operations.kit import StaffScene


class OrderTests(StaffScene):
    """Somebody is kept out, and let in again."""

    def test_ban_and_mute(self) -> None:
        alice, bob = self.house.people("alice", "bob")
        found = self.done(order.ban(self.service, "@alice", "miller", 600, "spam"))
        self.assertEqual((found.kind, found.name, found.reason, found.by), ("ban", "alice", "spam", "miller"))
        self.assertEqual(alice.last(m.Bye).code, "banned")
        self.house.advance(1)
        self.done(order.mute(self.service, "bob", "miller"))
        self.assertEqual(bob.last(m.Notice).code, "muted")
        self.assertEqual(
            [(one.kind, one.name) for one in order.bans(self.service)], [("mute", "bob"), ("ban", "alice")]
        )
        self.assertEqual(self.done(order.unban(self.service, "alice")).name, "alice")
        self.done(order.unmute(self.service, "@bob"))
        self.assertEqual(order.bans(self.service), [])

    def test_what_cannot_be(self) -> None:
        for waiting in (order.ban(self.service, "nobody", "m"), order.unban(self.service, "192.0.2.7")):
            with self.assertRaises(Refused):
                self.done(waiting)
