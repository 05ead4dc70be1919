"""One listener for every protocol: looks at the first byte and hands the connection over.

Rule: 0x00 can only be the length of a frame, anything else is a line. Who has not logged in by the deadline is
closed (whoever speaks frames, with a word, by the node), and there are only so many of them, in all and from one
address.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure

from chatd.ports.straight import straighten


class Door(Protocol):
    """A connection of which nothing is known yet."""

    factory: DoorFactory
    since = 0.0
    origin = ""
    frames = False
    _inner: Protocol | None = None

    def connectionMade(self) -> None:
        self.factory.waits(self)
        straighten(self.transport)
        for set_option, value in (("setTcpNoDelay", True), ("setTcpKeepAlive", True)):
            getattr(self.transport, set_option, lambda _: None)(value)

    def dataReceived(self, data: bytes) -> None:
        self.frames = data[:1] == b"\0"
        self._inner = self.factory.frames() if self.frames else self.factory.lines()
        self._inner.let_in = self._let_in  # type: ignore[attr-defined]
        self.dataReceived = self._inner.dataReceived  # type: ignore[method-assign]
        assert self.transport is not None
        self._inner.makeConnection(self.transport)
        self._inner.dataReceived(data)

    def _let_in(self) -> None:
        """Somebody has logged in; the port says so."""
        self.factory.waits_no_more(self)

    def connectionLost(self, reason: Failure | None = None) -> None:
        self.factory.waits_no_more(self)
        if self._inner is not None:
            self._inner.connectionLost(reason)  # type: ignore[arg-type]


class DoorFactory(Factory):
    """Makes doors, and knows those behind which nobody has logged in yet."""

    noisy = False

    def __init__(
        self,
        frames: Callable[[], Protocol],
        lines: Callable[[], Protocol],
        now: Callable[[], float],
        most: int,
        most_alike: int,
        alike: Callable[[str], str] = str,
    ) -> None:
        """`most` doors may wait in all, and `most_alike` of those whose addresses `alike` makes equal and not empty."""
        self.frames = frames
        self.lines = lines
        self.waiting: dict[Door, None] = {}
        self._now = now
        self._most = most
        self._most_alike = most_alike
        self._alike = alike
        self._counts: dict[str, int] = {}

    def buildProtocol(self, addr: IAddress | None) -> Door | None:  # type: ignore[override]
        origin = self._alike(getattr(addr, "host", ""))
        if len(self.waiting) >= self._most or (origin and self._counts.get(origin, 0) >= self._most_alike):
            return None
        door = Door()
        door.factory = self
        door.origin = origin
        door.since = self._now()
        return door

    def waits(self, door: Door) -> None:
        """A connection is there, and nobody has logged in on it."""
        self.waiting[door] = None
        self._counts[door.origin] = self._counts.get(door.origin, 0) + 1

    def waits_no_more(self, door: Door) -> None:
        """Somebody has logged in, or it is gone."""
        if self.waiting.pop(door, door) is None:
            left = self._counts.pop(door.origin) - 1
            if left:
                self._counts[door.origin] = left

    def sweep(self, before: float) -> None:
        """Close the doors that have waited since before this time, but for frames: the node says why it closes them."""
        for door in list(self.waiting):
            if door.since >= before:
                break
            assert door.transport is not None
            if not door.frames:
                door.transport.abortConnection()  # type: ignore[attr-defined]
