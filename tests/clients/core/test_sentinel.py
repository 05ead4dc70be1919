"""Tests of clients.core.sentinel: a counter that only goes up, and a keyring that may say anything or nothing."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core.ring import SystemRing
from clients.core.sentinel import Sentinel
from tests.clients.core import rings


class SentinelTests(SynchronousTestCase):
    """One profile's."""

    def setUp(self) -> None:
        self.ring = rings.MemoryRing()

    def test_remembered_for_each_account_and_never_less(self) -> None:
        one = Sentinel(self.ring, "a")
        self.assertEqual(one.highest(1), 0)
        one.note(1, 5)
        one.note(2, 7)
        one.note(1, 4)
        other = Sentinel(self.ring, "a")
        self.assertEqual((other.highest(1), other.highest(2), Sentinel(self.ring, "b").highest(1)), (5, 7, 0))
        other.note(1, 3)
        self.assertEqual(Sentinel(self.ring, "a").highest(1), 5)

    def test_a_keyring_that_says_something_else(self) -> None:
        for junk in ("", "x", "-1", "1e9", "9" * 19, "9" * 30, "\u0663"):
            self.ring.kept["a-1"] = junk
            self.assertEqual(Sentinel(self.ring, "a").highest(1), 0, junk)

    def test_no_keyring_or_a_broken_one(self) -> None:
        for ring in (None, SystemRing(rings.LockedBackend()), SystemRing(rings.SilentBackend(), 0.01)):
            sentinel = Sentinel(ring, "a")
            self.assertEqual(sentinel.highest(1), 0)
            sentinel.note(1, 5)
            self.assertEqual(sentinel.highest(1), 0)
        sentinel = Sentinel(SystemRing(rings.LockedBackend()), "a")
        sentinel.note(1, 5)
