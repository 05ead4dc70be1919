"""Tests of chatd.courtesy: work that rests."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd.courtesy import REST, resting


class RestTests(SynchronousTestCase):
    """Rows, and the rests between them."""

    def test_a_rest_behind_each_few_rows(self) -> None:
        happened: list[float] = []
        for number in resting(range(7), 3, happened.append):
            happened.append(number)
        self.assertEqual(happened, [0, 1, 2, REST, 3, 4, 5, REST, 6])

    def test_no_rows(self) -> None:
        self.assertEqual(list(resting([], 1)), [])
