"""Accounts from the console."""

from __future__ import annotations

from chatd import messages as m
from chatd.operations import accounts
from chatd.operations.service import Refused
from tests.operations.kit import StaffScene


class AccountTests(StaffScene):
    """From the first code to the end."""

    def test_a_life(self) -> None:
        made = self.done(accounts.add(self.service, "@carol", "miller", "ta"))
        self.assertEqual((made.name, made.uses), ("carol", 1))
        carol = self.house.greeted()
        carol.sign_up("carol", made.code)
        self.assertEqual(carol.last(m.Welcome).role, "ta")
        self.done(accounts.disable(self.service, "@carol", "miller", "rests"))
        self.assertEqual(carol.again().code(), "disabled")
        self.done(accounts.enable(self.service, "carol"))
        self.assertEqual(self.done(accounts.role(self.service, "carol", "staff")).role, "staff")
        self.assertEqual(self.done(accounts.rename(self.service, "carol", "@caroline", "miller")).name, "caroline")
        self.assertEqual(self.done(accounts.delete(self.service, "caroline", "miller")), "deleted-1")
        self.assertEqual(carol.again().code(), "login-refused")

    def test_what_cannot_be(self) -> None:
        self.house.guest("guest")
        self.house.person("alice")
        for waiting in (
            accounts.add(self.service, "alice", "m"), accounts.add(self.service, "x", "m", "king"),
            accounts.disable(self.service, "guest", "m"), accounts.disable(self.service, "nobody", "m"),
            accounts.enable(self.service, "alice"), accounts.rename(self.service, "alice", "guest", "m"),
            accounts.role(self.service, "alice", "king"), accounts.delete(self.service, "guest", "m"),
        ):  # fmt: skip
            with self.assertRaises(Refused):
                self.done(waiting)
