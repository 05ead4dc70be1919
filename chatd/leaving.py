"""Whose connections have ended: few are dealt with at once, many bit by bit.

Rule: a thousand connections that break together are a thousand people whose going is worked out and told. Their
sessions are over at once; of that work a little is done every millisecond, so that who stays is served in between, and
the thread that writes their messages has Python. Who went first is told of first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from twisted.internet.interfaces import IReactorTime

from chatd.core.users import Session

AT_ONCE: Final = 8  # a quarter of a millisecond
REST: Final = 0.001  # seconds until the next are dealt with

Depart = Callable[[Session, bool], None]


class Leaving:
    """Sessions whose connections have ended; `depart(session, lost)` does the rest."""

    def __init__(self, depart: Depart, clock: IReactorTime) -> None:
        self._depart = depart
        self._clock = clock
        self._waiting: deque[tuple[Session, bool]] = deque()
        self._done = 0  # in this pass

    def __bool__(self) -> bool:
        """Whether somebody's going is still to be dealt with."""
        return bool(self._waiting)

    def add(self, session: Session, lost: bool) -> None:
        """This one's connection has ended; `lost`: without a goodbye."""
        if not self._done:
            self._clock.callLater(0, self._next)
        if self._done < AT_ONCE:
            self._done += 1
            self._depart(session, lost)
        else:
            self._waiting.append((session, lost))

    def _next(self) -> None:
        """A pass is over: some of those who wait, and who comes now waits behind them."""
        self._done = min(AT_ONCE, len(self._waiting))
        if self._waiting:
            self._clock.callLater(REST, self._next)
        for _ in range(self._done):
            self._depart(*self._waiting.popleft())
        if self._waiting:
            self._done = AT_ONCE
