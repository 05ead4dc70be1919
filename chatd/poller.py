"""Which connections a pass of the reactor serves: who talks comes first, who comes or goes has what time is left.

Rule: with `straight.py` the only file that reaches past what Twisted makes public. Its epoll reactor serves all that is
ready, in the order in which it became so: a thousand connections that break together, or come with a handshake each,
are a queue in which everybody's next word stands. Here they have an epoll object of their own. A pass serves those who
are in (at most so many), then of the others one after the other until a quarter of a millisecond is over. While
somebody's message is being written to the disk they wait: its thread needs Python, too, and a reactor that is busy
lends it out every five milliseconds only. Nobody waits for ever: after two milliseconds there is a slice for them.

Measured with `python -m tests.process.load killed signups`; docs/performance.md has the figures.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from select import EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP, epoll
from typing import Any, Final

MOST: Final = 128  # of those who are in, in one pass; fewer cost where a hundred talk to each other without a pause
SLICE: Final = 0.00025  # seconds for the others, at the end of a pass
PATIENCE: Final = 0.002  # and how long they wait at most
GONE: Final = EPOLLHUP | EPOLLERR | EPOLLRDHUP

Events = Iterable[tuple[int, int]]


class Poller:
    """Takes the place of an epoll object: its `poll` gives the events of one pass."""

    def __init__(self, reactor: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._reactor = reactor  # knows what each descriptor waits for
        self._clock = clock
        self._first: epoll = reactor._poller
        self._last = epoll()
        self._gate = self._last.fileno()
        self._behind: set[int] = set()  # the descriptors of those who come or go
        self._shut = False  # the first does not tell of the last
        self._writing = 0
        self._since: float | None = None  # when those behind began to wait
        self._first.register(self._gate, EPOLLIN)
        self.fileno = self._first.fileno

    def close(self) -> None:
        """Close both."""
        self._last.close()
        self._first.close()

    # ---- who is waited for ----

    def register(self, descriptor: int, events: int) -> None:
        """Tell of this one from here on, among the first."""
        self._first.register(descriptor, _with_end(events))

    def modify(self, descriptor: int, events: int) -> None:
        """Tell of something else."""
        (self._last if descriptor in self._behind else self._first).modify(descriptor, _with_end(events))

    def unregister(self, descriptor: int) -> None:
        """Tell of it no more."""
        if descriptor in self._behind:
            self._behind.remove(descriptor)
            self._last.unregister(descriptor)
        else:
            self._first.unregister(descriptor)

    def put_behind(self, descriptor: int) -> None:
        """This one has time: it is about to come in, or has gone."""
        self._move(descriptor, self._first, self._last)
        self._behind.add(descriptor)

    def put_first(self, descriptor: int) -> None:
        """This one is in."""
        if descriptor in self._behind:
            self._behind.remove(descriptor)
            self._move(descriptor, self._last, self._first)

    def _move(self, descriptor: int, here: epoll, there: epoll) -> None:
        here.unregister(descriptor)
        reads, writes = descriptor in self._reactor._reads, descriptor in self._reactor._writes
        there.register(descriptor, _with_end(reads * EPOLLIN | writes * EPOLLOUT))

    # ---- a pass ----

    def writing(self, change: int) -> None:
        """So many more messages' writes are under way than before: 1 or -1."""
        self._writing += change

    def poll(self, timeout: float = -1, maxevents: int = -1) -> Events:
        """What is ready, after at most `timeout` seconds (negative: for ever); the argument of size is not needed."""
        late = self._is_late()
        held = self._writing > 0 and not late
        if self._shut and held:
            timeout = PATIENCE if timeout < 0 else min(timeout, PATIENCE)
        elif self._shut:
            self._set_gate(EPOLLIN)
        found = self._first.poll(timeout, MOST)
        if not self._take_out(found):
            return found
        if late or not (held or found):
            return self._with_slice(found)
        if self._since is None:
            self._since = self._clock()
        if held and not self._shut:
            self._set_gate(0)
        return found

    def _is_late(self) -> bool:
        """Whether those behind have waited for long enough."""
        return self._since is not None and self._clock() - self._since >= PATIENCE

    def _take_out(self, found: list[tuple[int, int]]) -> bool:
        """Leave only those who talk; whether there are others."""
        others = [fd for fd, event in found if event & GONE or fd == self._gate]
        if others:
            found[:] = [(fd, event) for fd, event in found if not event & GONE and fd != self._gate]
            for descriptor in others:
                if descriptor != self._gate:
                    self.put_behind(descriptor)
        return bool(others)

    def _with_slice(self, found: Events) -> Iterator[tuple[int, int]]:
        """Those, then the others while there is time: at least one."""
        yield from found
        self._since = None
        end = self._clock() + SLICE
        while event := self._last.poll(0, 1):
            yield event[0]
            if self._clock() >= end:
                return

    def _set_gate(self, events: int) -> None:
        self._shut = not events
        self._first.modify(self._gate, events)


def _with_end(events: int) -> int:
    """A good end is told as such where it would be read anyway (without reading it would be told again and again)."""
    return events | EPOLLRDHUP if events & EPOLLIN else events


def serve_in_turn(reactor: Any) -> Poller | None:
    """Have a reactor serve who talks first, where it is an epoll reactor."""
    if type(getattr(reactor, "_poller", None)) is epoll:
        reactor._poller = Poller(reactor)
    found = getattr(reactor, "_poller", None)
    return found if type(found) is Poller else None


def put_behind(transport: Any) -> None:
    """This connection, or listener, has time."""
    poller, descriptor = _place(transport)
    if poller is not None:
        poller.put_behind(descriptor)


def put_first(transport: Any) -> None:
    """Somebody is in on this connection."""
    poller, descriptor = _place(transport)
    if poller is not None:
        poller.put_first(descriptor)


def _place(transport: Any) -> tuple[Poller | None, int]:
    """Who waits for this one, if it is waited for by a poller of ours."""
    low = getattr(transport, "transport", transport)  # under TLS
    poller = getattr(getattr(low, "reactor", None), "_poller", None)
    if type(poller) is not Poller:
        return None, -1
    descriptor = low.fileno()
    return (poller if descriptor in low.reactor._selectables else None), descriptor
