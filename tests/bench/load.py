"""The load: mouths that say messages, ears that count what comes, and the loop around them.

Rule: the hot loop decodes nothing. A mouth has a window of messages without an answer (closed loop), or speaks by the
clock (open loop). Every run ends by waiting until everything has arrived everywhere; what is missing is an error.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from tests.bench.counting import RANDOM_BYTES, TIME_BYTES, Tally
from tests.bench.links import Link

clock = time.perf_counter
IDS = 4096
EPOLL = select.epoll()  # made before there are many files: select takes only those below 1,024
PATIENCE = 120.0  # Prosody keeps some hundreds a second, and fewer on a disk that has much to do


class Lost(Exception):
    """Not everything arrived."""


class Supply(Protocol):
    """Where a mouth has its messages from."""

    @property
    def left(self) -> int:
        """How many messages it has."""

    def refill(self, more: bytes) -> None:
        """More random bytes for ids."""

    def take(self, count: int, now: bytes) -> bytes:
        """The next messages as bytes; `now` opens their ids."""


class Mouth:
    """Says messages; in a closed loop one for each answer."""

    def __init__(self, link: Link, supply: Supply) -> None:
        self.sent = 0
        self.answered = 0
        self.open = False
        self._send = link.send
        self._supply = supply
        supply.refill(os.urandom(IDS * RANDOM_BYTES))  # now, because it takes a millisecond

    def say(self, count: int) -> None:
        """Send messages in one go."""
        if self._supply.left < count:
            self._supply.refill(os.urandom(max(IDS, count) * RANDOM_BYTES))
        self.sent += count
        self._send(self._supply.take(count, (time.time_ns() // 1_000_000).to_bytes(TIME_BYTES, "big")))

    def answer(self, count: int) -> None:
        """So many were answered; say as many again."""
        self.answered += count
        if self.open:
            self.say(count)


class Ear:
    """Reads one connection. Without marks to listen for it only counts bytes, which costs least.

    Who is told how many of a mark have come: the given function, or where there is none the ear itself counts.
    `curious`: wants to see the next bytes, and says whether it has seen enough.
    """

    def __init__(self, link: Link, *listen: tuple[bytes, Callable[[int], None] | None]) -> None:
        self.link = link
        self.got = 0
        self.heard = 0
        self.curious: Callable[[bytes], bool] | None = None
        self._skip, self._look = link.skip, link.look
        self._listen = [(Tally(mark).feed, told or self._count) for mark, told in listen]
        self.ready = self._ready_to_count if listen else self._ready

    def _count(self, count: int) -> None:
        self.heard += count

    def _ready(self) -> None:
        if self.curious is None:
            self.got += self._skip()
            return
        data = self._look()
        self.got += len(data)
        if self.curious(data):
            self.curious = None

    def _ready_to_count(self) -> None:
        data = self._look()
        self.got += len(data)
        if self.curious is not None and self.curious(data):
            self.curious = None
        for feed, told in self._listen:
            count = feed(data)
            if count:
                told(count)


class Acks:
    """Lets every ear acknowledge once a second what it last saw, spread over the second, as clients do."""

    def __init__(self, ears: Sequence[Ear], acknowledge: Callable[[Ear, bytes], bool], period: float = 1.0) -> None:
        self._ears = ears
        self._acknowledge = acknowledge
        self._rate = len(ears) / period
        self._started = clock()
        self._done = 0

    def tick(self) -> None:
        """Make those curious whose time has come."""
        due = int((clock() - self._started) * self._rate)
        for number in range(self._done, min(due, self._done + len(self._ears))):
            ear = self._ears[number % len(self._ears)]
            ear.curious = lambda data, ear=ear: self._acknowledge(ear, data)
        self._done = due


class Loop:
    """epoll over ears."""

    def __init__(self, ears: Sequence[Ear]) -> None:
        self._ready = {}
        for ear in ears:
            EPOLL.register(ear.link.fd, select.EPOLLIN)
            self._ready[ear.link.fd] = ear.ready

    def turn(self, timeout: float) -> None:
        """Wait for something and read it. epoll counts in milliseconds; select waits more exactly."""
        if timeout < 0.02:
            select.select([EPOLL], [], [], max(0.0, timeout))
            timeout = 0
        ready = self._ready
        for fd, _ in EPOLL.poll(timeout, 4096):
            ready[fd]()

    def until(self, finished: Callable[[], bool]) -> None:
        """Read until everything is there. Raises Lost."""
        late = clock() + PATIENCE
        while not finished():
            if clock() > late:
                raise Lost("not every message arrived")
            self.turn(0.02)

    def close(self) -> None:
        """End the watching, not the connections."""
        for fd in self._ready:
            EPOLL.unregister(fd)


def flood(loop: Loop, mouths: Sequence[Mouth], window: int, seconds: float, tick: Callable[[], None]) -> None:
    """Keep every mouth's window full for so long."""
    end = clock() + seconds
    for mouth in mouths:
        mouth.open = True
        mouth.say(window)
    while clock() < end:
        loop.turn(0.02)
        tick()
    for mouth in mouths:
        mouth.open = False


def by_the_clock(loop: Loop, rate: float, seconds: float, say: Callable[[int], None]) -> None:
    """Say one message after the other at a fixed rate, whatever comes back."""
    start = clock()
    for number in range(int(rate * seconds)):
        due = start + number / rate
        while (left := due - clock()) > 0:
            loop.turn(left)
        say(number)


class Spent:
    """The CPU and the time that pass in a `with`: `cpu` tells the server's, `busy` is the generator's share."""

    seconds = busy = server = 0.0

    def __init__(self, cpu: Callable[[], float]) -> None:
        self._cpu = cpu

    def __enter__(self) -> Spent:
        self._server, self._own, self._start = self._cpu(), time.process_time(), clock()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = clock() - self._start
        self.busy = (time.process_time() - self._own) / self.seconds
        self.server = self._cpu() - self._server


class Arrivals:
    """When each message of a stream was said, and how long it took to the last of its readers."""

    def __init__(self, readers: int) -> None:
        self.took: list[float] = []
        self.said_at: list[float] = []
        self._missing: list[int] = []
        self._readers = readers

    def said(self) -> None:
        """A message leaves now."""
        self._missing.append(self._readers)
        self.said_at.append(clock())

    def reader(self) -> Callable[[int], None]:
        """What one reader calls with how many messages have come, in order."""
        place = 0

        def told(count: int) -> None:
            nonlocal place
            now = clock()
            for number in range(place, place + count):
                self._missing[number] -= 1
                if not self._missing[number]:
                    self.took.append(now - self.said_at[number])
            place += count

        return told
