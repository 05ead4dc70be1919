"""Tests of clients.core.backoff: never too soon, never too late, spread out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from clients.core.backoff import LEAST, MOST, delay


class DelayTests(SynchronousTestCase):
    """The wait before a try."""

    @given(some.integers(1, 10**9), some.floats(0, 1))
    def test_within_the_limits(self, attempt: int, chance: float) -> None:
        self.assertTrue(LEAST <= delay(attempt, chance) <= MOST)

    def test_grows_and_is_spread(self) -> None:
        self.assertEqual([delay(attempt, 1.0) for attempt in (1, 2, 3, 4, 99)], [1.0, 2.0, 4.0, 8.0, 60.0])
        self.assertEqual(delay(99, 0.0), LEAST)
