"""How many connections one pass of the reactor serves.

Rule: with `straight.py` the only file that reaches past what Twisted makes public. Its epoll reactor takes all that is
ready at once: when thousands come back after a break, or go together, one pass is a second long, and whoever says
something waits for three passes. Here a pass takes some, and the kernel gives those next who have waited longest.

Measured with `python -m tests.bench.returning`, 10,000 sessions: the longest pass that read was 770 ms without this.
"""

from __future__ import annotations

from select import epoll
from typing import Any, Final

MOST: Final = 128  # a login is a tenth of a millisecond; fewer cost where a hundred talk to each other without a pause


class Few:
    """Takes the place of an epoll object: its `poll` gives at most so many events."""

    __slots__ = ("_most", "_poll", "close", "closed", "fileno", "modify", "register", "unregister")

    def __init__(self, poller: epoll, most: int = MOST) -> None:
        self._poll = poller.poll
        self._most = most
        self.register, self.modify, self.unregister = poller.register, poller.modify, poller.unregister
        self.close, self.fileno = poller.close, poller.fileno

    def poll(self, timeout: float | None = -1, maxevents: int = -1) -> list[tuple[int, int]]:
        """What is ready, after at most so many seconds; at most `maxevents` of it."""
        return self._poll(timeout, self._most if maxevents < 0 else min(maxevents, self._most))


def serve_few(reactor: Any) -> bool:
    """Have a reactor serve few connections in a pass, where it is an epoll reactor; whether it is."""
    found = getattr(reactor, "_poller", None)
    if type(found) is epoll:
        reactor._poller = Few(found)
    return type(getattr(reactor, "_poller", None)) is Few
