"""One listener for every protocol: looks at the first byte and hands the connection over.

Rule: 0x00 can only be the length of a frame, anything else is a line. Who has not logged in by the deadline is
closed, and there are only so many of them, in all and from one address.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure


class Door(Protocol):
    """A connection of which nothing is known yet."""

    factory: DoorFactory
    since = 0.0
    _inner: Protocol | None = None

    def connectionMade(self) -> None:
        self.factory.waiting[self] = None
        for set_option, value in (("setTcpNoDelay", True), ("setTcpKeepAlive", True)):
            getattr(self.transport, set_option, lambda _: None)(value)

    def dataReceived(self, data: bytes) -> None:
        make = self.factory.frames if data[:1] == b"\0" else self.factory.lines
        self.factory.waiting.pop(self, None)
        self._inner = make()
        self.dataReceived = self._inner.dataReceived  # type: ignore[method-assign]
        assert self.transport is not None
        self._inner.makeConnection(self.transport)
        self._inner.dataReceived(data)

    def connectionLost(self, reason: Failure | None = None) -> None:
        self.factory.waiting.pop(self, None)
        if self._inner is not None:
            self._inner.connectionLost(reason)  # type: ignore[arg-type]


class DoorFactory(Factory):
    """Makes doors, and knows those behind which nobody has spoken yet."""

    noisy = False

    def __init__(
        self, frames: Callable[[], Protocol], lines: Callable[[], Protocol], most: int, now: Callable[[], float]
    ) -> None:
        self.frames = frames
        self.lines = lines
        self.waiting: dict[Door, None] = {}
        self._most = most
        self._now = now

    def buildProtocol(self, addr: IAddress | None) -> Door | None:  # type: ignore[override]
        if len(self.waiting) >= self._most:
            return None
        door = Door()
        door.factory = self
        door.since = self._now()
        return door

    def sweep(self, before: float) -> None:
        """Close the doors that have been silent since before this time."""
        for door in list(self.waiting):
            if door.since >= before:
                break
            assert door.transport is not None
            door.transport.abortConnection()  # type: ignore[attr-defined]
