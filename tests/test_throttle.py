"""Counting strangers' tries: by account and address, newcomers by address; this machine is exempt from the latter."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatd.core.limits import Limits
from chatd.core.turn import Refused
from chatd.core.users import Session
from chatd.throttle import Throttle

NOW = 1_800_000_000_000


def at(host: str) -> Session:
    """A connection from there."""
    link: Any = None
    return Session(link, (host, 40_000))


class Counting(SynchronousTestCase):
    """Few are allowed, so that tests see the end."""

    def setUp(self) -> None:
        limits = Limits(login_failures_per_account_and_prefix=2, login_failures_per_prefix=3, signups_burst=2)
        self.throttle = Throttle(limits, lambda host: host == "192.0.2.1")
        self.far, self.home = at("198.51.100.7"), at("192.0.2.1")

    def wait(self, name: str, session: Session, now: int = NOW) -> float:
        """How long somebody has to wait before they may try to be somebody."""
        try:
            self.throttle.check(name, session, now)
        except Refused as refusal:
            self.assertEqual(refusal.code, "throttled")
            return refusal.retry
        return 0.0

    def test_by_account_in_any_letters_and_address(self) -> None:
        for name in ("Alice", "alice"):
            self.assertEqual(self.wait(name, self.far), 0.0)
            self.throttle.guess(name, self.far, NOW)
        for name in ("alice", "ALICE", "\uff41lice"):
            self.assertAlmostEqual(self.wait(name, self.far), 30.0)
        self.assertEqual(self.wait("bob", self.far), 0.0)
        self.assertEqual(self.wait("alice", at("198.51.100.8")), 0.0)
        self.assertEqual(self.wait("alice", self.far, NOW + 30_000), 0.0)

    def test_accounts_have_an_end_on_this_machine_too(self) -> None:
        for _ in range(2):
            self.throttle.guess("alice", self.home, NOW)
        self.assertGreater(self.wait("alice", self.home), 0.0)

    def test_what_cannot_be_a_name_is_one_account(self) -> None:
        for name in ("", "two words"):
            self.throttle.guess(name, self.far, NOW)
        self.assertGreater(self.wait("\x00", self.far), 0.0)

    def test_the_right_one_takes_it_back(self) -> None:
        for _ in range(2):
            self.throttle.guess("alice", self.far, NOW)
        self.throttle.right("ALICE", self.far)
        self.assertEqual(self.wait("alice", self.far), 0.0)

    def test_wrong_ones_of_one_address_over_all_names(self) -> None:
        for session in (self.far, self.home):
            for _ in range(3):
                self.throttle.wrong(session, NOW)
        self.assertGreater(self.wait("anybody", self.far), 0.0)
        self.assertEqual(self.wait("anybody", self.home), 0.0)

    def test_newcomers(self) -> None:
        for session in (self.far, self.far, self.home, self.home, self.home):
            self.throttle.newcomer(session, NOW)
        self.assertRaises(Refused, self.throttle.newcomer, self.far, NOW)
        self.throttle.newcomer(at("198.51.100.8"), NOW)
