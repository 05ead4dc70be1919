"""Tests of clients.core.windows.ahead: which lines wait for which group."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core.windows.ahead import MOST, Ahead


class AheadTests(SynchronousTestCase):
    """Lines behind joins."""

    def setUp(self) -> None:
        self.ahead = Ahead()

    def test_nothing_waits_where_nothing_was_asked(self) -> None:
        self.assertFalse(self.ahead.waits)
        self.assertEqual((self.ahead.answered("#a"), self.ahead.all()), ([], []))

    def test_in_order_and_for_the_group_asked_for_last(self) -> None:
        self.ahead.asked("#a")
        self.ahead.hold("one")
        self.ahead.hold("two")
        self.ahead.asked("#b")
        self.ahead.hold("three")
        self.assertEqual(self.ahead.all(), [("#a", ["one", "two"]), ("#b", ["three"])])
        self.assertEqual(self.ahead.answered("#B"), ["three"])
        self.assertTrue(self.ahead.waits)
        self.assertEqual(self.ahead.answered("#a"), ["one", "two"])
        self.assertFalse(self.ahead.waits)

    def test_who_looks_elsewhere_means_that(self) -> None:
        self.ahead.asked("#a")
        self.ahead.hold("one")
        self.ahead.elsewhere()
        self.assertFalse(self.ahead.waits)
        self.assertEqual(self.ahead.answered("#a"), ["one"])

    def test_no_more_than_so_many(self) -> None:
        self.ahead.asked("#a")
        self.assertEqual([self.ahead.hold("x") for _ in range(MOST)], [True] * MOST)
        self.ahead.asked("#b")
        self.assertFalse(self.ahead.hold("x"))
