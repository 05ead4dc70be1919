"""Tests of chatd.courtesy: work that rests."""

from __future__ import annotations

from threading import Thread

from twisted.trial.unittest import SynchronousTestCase

from chatd.courtesy import resting


class RestTests(SynchronousTestCase):
    """Rows, and what others can do meanwhile."""

    def test_the_same_rows(self) -> None:
        self.assertEqual(list(resting(range(7), 3)), list(range(7)))
        self.assertEqual(list(resting([], 1)), [])

    def test_others_have_their_turn(self) -> None:
        seen: list[int] = []
        other = Thread(target=seen.append, args=(1,))
        for number in resting(range(100), 1):
            if not number:
                other.start()
        other.join()
        self.assertEqual(seen, [1])
