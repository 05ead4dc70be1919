"""How late the reactor comes to what is due: the measure of everything that holds it up.

Rule: ten calls a second; a minute of delays and the worst few are kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import msgspec
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall

EVERY = 0.1  # seconds
KEPT = 600  # samples: a minute
WORST = 20
NOTABLE = 0.02  # seconds; a smaller delay is none


class Delay(msgspec.Struct, frozen=True):
    """The reactor came so late (seconds) to what was due then (ms)."""

    seconds: float
    at: int


class Meter:
    """Measures how late the reactor comes to what is due."""

    def __init__(self, clock: IReactorTime, wall: Callable[[], float]) -> None:
        self.delays: deque[float] = deque(maxlen=KEPT)
        self.worst: list[Delay] = []
        self._clock, self._wall = clock, wall
        self._due = 0.0
        self._calls = LoopingCall(self._look)
        self._calls.clock = clock

    def start(self) -> None:
        """Begin."""
        self._due = self._clock.seconds() + EVERY
        self._calls.start(EVERY, now=False)

    def stop(self) -> None:
        """End."""
        if self._calls.running:
            self._calls.stop()

    def _look(self) -> None:
        now = self._clock.seconds()
        late = max(0.0, now - self._due)
        self._due += EVERY * (1 + late // EVERY)  # as LoopingCall: what was missed is not made up for
        self.delays.append(late)
        if late >= NOTABLE and (len(self.worst) < WORST or late > self.worst[-1].seconds):
            self.worst.append(Delay(late, int(self._wall() * 1000)))
            self.worst.sort(key=lambda delay: -delay.seconds)
            del self.worst[WORST:]

    def quantile(self, part: float) -> float:
        """Of the last minute's delays (seconds): the one that this part of them is below."""
        ordered = sorted(self.delays)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0
