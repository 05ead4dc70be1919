"""Long work beside a service that answers in milliseconds: how not to be in its way.

Rule: it gives way in what it takes. Python's lock: the reactor gives it up at each system call, and whoever computes on
another thread keeps it for 5 ms then, so rows are gone through with rests (`resting`; a shorter switch interval was
tried and did not help). The processor: what computes for seconds is a process of its own, that runs when nobody else
wants to (`give_way`). The disk: what is not on it yet is in the way of every commit, so much is written piece by piece
(`Pace`). Measured with 194 MiB of a database, copied beside 200 messages a second, p99 of which is 3.5 ms: 50 to 90 ms
with one write and one sync at the end, 18 with pieces of 1 MiB and rests of 10 ms, 6 with pieces of 256 KiB.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

REST: Final = 0.002  # seconds
PIECE: Final = 256 * 1024  # bytes
DISK_REST: Final = 0.010  # seconds behind a whole piece, at the least
SHARE: Final = 3  # it rests for so many times as long as the disk took
T = TypeVar("T")


def resting(rows: Iterable[T], every: int, rest: Callable[[float], object] = time.sleep) -> Iterator[T]:
    """The same rows; behind each `every` of them there is a rest."""
    for number, row in enumerate(rows, 1):
        yield row
        if not number % every:
            rest(REST)


def give_way() -> None:
    """This process (on Linux: this thread) runs when no other wants to."""
    os.nice(19)
    if hasattr(os, "SCHED_IDLE"):  # Linux: who wakes up need not wait until it has had its turn
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


class Pace:
    """Of one who writes much: each piece is on the disk before the next one is written, and there are rests."""

    def __init__(
        self, rest: Callable[[float], object] = time.sleep, sync: Callable[[int], object] = os.fsync,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._rest, self._sync, self._clock = rest, sync, clock
        self._unsynced = 0

    def wrote(self, descriptor: int, size: int) -> None:
        """So many bytes more are in this file; it may be time for a rest."""
        self._unsynced += size
        if self._unsynced >= PIECE:
            self.settle(descriptor)

    def settle(self, descriptor: int) -> None:
        """Have a file, or a folder, on the disk, and rest."""
        least = DISK_REST * min(1.0, self._unsynced / PIECE)
        began = self._clock()
        self._sync(descriptor)
        self._unsynced = 0
        self._rest(max(least, SHARE * (self._clock() - began)))
