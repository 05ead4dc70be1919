"""Tests of clients.core.retention: days back from now."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core.retention import CHOICES, DAY_MS, oldest


class RetentionTests(SynchronousTestCase):
    """Every choice."""

    def test_days(self) -> None:
        self.assertEqual(CHOICES[0], "forever")
        for choice in ("forever", "", "1d", "x"):
            self.assertIsNone(oldest(choice, 0))
        now = 1_000 * DAY_MS
        found = [oldest(choice, now) for choice in CHOICES[1:]]
        self.assertEqual(found, [993 * DAY_MS, 970 * DAY_MS, 910 * DAY_MS, 820 * DAY_MS, 635 * DAY_MS])
