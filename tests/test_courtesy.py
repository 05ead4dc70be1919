"""Tests of chatd.courtesy: work that rests, gives way, and leaves the disk to others."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from chatd.courtesy import DISK_REST, PIECE, REST, SHARE, Pace, resting

SHOWN: Final = "from chatd.courtesy import give_way; give_way(); import os; print(os.nice(0), os.sched_getscheduler(0))"


class RestTests(SynchronousTestCase):
    """Rows, and the rests between them."""

    def test_a_rest_behind_each_few_rows(self) -> None:
        happened: list[float] = []
        for number in resting(range(7), 3, happened.append):
            happened.append(number)
        self.assertEqual(happened, [0, 1, 2, REST, 3, 4, 5, REST, 6])

    def test_no_rows(self) -> None:
        self.assertEqual(list(resting([], 1)), [])


class WayTests(SynchronousTestCase):
    """A process of its own."""

    def test_it_runs_when_nobody_else_wants_to(self) -> None:
        if not hasattr(os, "SCHED_IDLE"):
            raise SkipTest("this system has no such class of processes")
        done = subprocess.run([sys.executable, "-c", SHOWN], capture_output=True, text=True)
        self.assertEqual(done.stdout.split(), ["19", str(os.SCHED_IDLE)], done.stderr)


class PaceTests(SynchronousTestCase):
    """What is written, synced, rested."""

    def setUp(self) -> None:
        self.happened: list[tuple[str, float]] = []
        self.now = 0.0
        self.takes = 0.0
        self.pace = Pace(lambda seconds: self.happened.append(("rest", seconds)), self.sync, lambda: self.now)

    def sync(self, descriptor: int) -> None:
        """A disk that needs its time."""
        self.happened.append(("sync", descriptor))
        self.now += self.takes

    def test_a_piece_is_on_the_disk_before_the_next_one(self) -> None:
        self.pace.wrote(3, PIECE - 1)
        self.assertEqual(self.happened, [])
        self.pace.wrote(3, 1)
        self.assertEqual(self.happened, [("sync", 3), ("rest", DISK_REST)])
        self.pace.wrote(3, PIECE - 1)
        self.assertEqual(len(self.happened), 2)

    def test_a_slow_disk_has_longer_rests(self) -> None:
        self.takes = 0.5
        self.pace.wrote(3, PIECE)
        self.assertEqual(self.happened[-1], ("rest", SHARE * 0.5))

    def test_what_is_little_needs_a_short_one(self) -> None:
        self.pace.wrote(3, PIECE // 4)
        self.pace.settle(3)
        self.assertEqual(self.happened[-1], ("rest", DISK_REST / 4))
