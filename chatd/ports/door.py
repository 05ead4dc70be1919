"""One listener for every protocol: looks at the first byte and hands the connection over.

Rule: 0x00 can only be the length of a frame, anything else is a line. Where people are asked, the first line decides
whether it is theirs or a program's, and who says nothing for a moment is asked for a name: a program that was only
slow is let in all the same. Who has not logged in by the deadline is closed (with a word by the node, once it is
known what they speak), and there are only so many of them, in all and from one address.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure

from chatd.poller import put_behind, put_first
from chatd.straight import let_go, straighten

FIRST_BYTES: Final = 4_608  # in which the first line ends, or it is a program's
BROWSING: Final = frozenset(
    word[:size] for word in (b"GET /", b"HEAD ", b"POST ", b"OPTIO") for size in range(1, 6)
)  # how HTTP opens
MOST_PROMPTS: Final = 20  # of one connection; nobody reads more


class Asking(NamedTuple):
    """How people are asked who they are."""

    person: Callable[[bool], Protocol]  # for a person; whether the prompt is on the screen
    is_program: Callable[[bytes, bool], bool]  # whether this first line is a program's; whether the prompt was sent
    prompt: Callable[[], bytes]
    later: Callable[..., Any]  # a clock's callLater
    seconds: float  # of silence
    crowd: int  # so many that have said nothing are programs
    patience: float  # seconds that a person has more than a program


class Door(Protocol):
    """A connection of which nothing is known yet."""

    factory: DoorFactory
    since = 0.0
    origin = ""

    def __init__(self) -> None:
        """All that it will ever have: who gets more later takes half a KiB for that."""
        self._inner: Protocol | None = None
        self._said = b""
        self._asked = 0
        self._timer: Any = None
        self.dataReceived = self._first  # type: ignore[method-assign]

    @property
    def known(self) -> bool:
        """Whether the node has a session for it."""
        return getattr(self._inner, "session", None) is not None

    def connectionMade(self) -> None:
        factory, asking = self.factory, self.factory.asking
        factory.waits(self)
        straighten(self.transport)
        put_behind(self.transport)
        for set_option, value in (("setTcpNoDelay", True), ("setTcpKeepAlive", True)):
            getattr(self.transport, set_option, lambda _: None)(value)
        if asking is not None and not self.origin:
            factory.silent[self] = None
            if len(factory.silent) <= asking.crowd:
                self._timer = asking.later(asking.seconds, self._still_silent)

    def _first(self, data: bytes) -> None:
        """What comes before it is known who comes."""
        self._speaks()
        factory = self.factory
        data = self._said + data
        if data[:1] == b"\0":
            self._hand_over(factory.frames(), data)
        elif factory.web is not None and data[:5] in BROWSING:
            if len(data) < 5:
                self._said = data  # a line of IRC may begin so, too
            else:
                self._hand_over(factory.web(), data)
        elif factory.asking is None:
            self._hand_over(factory.lines(), data)
        else:
            self._listen(data, factory.asking)

    def _listen(self, data: bytes, asking: Asking) -> None:
        """See from the first line whether a person is there."""
        lines = data.lstrip()
        if lines != data and b"\n" in data[: len(data) - len(lines)]:
            self._ask()  # the Enter key
        line, end, rest = lines.partition(b"\n")
        if not end and len(line) <= FIRST_BYTES:
            self._said = line
        elif not end or asking.is_program(line, bool(self._asked)):
            if self._asked and self.transport is not None:
                self.transport.write(b"\r\n")  # so that the prompt is a line, which no program knows
            self._hand_over(self.factory.lines(), line + end + rest)
        else:
            self._hand_over(asking.person(bool(self._asked)), line + end + rest)

    def _hand_over(self, inner: Protocol, data: bytes) -> None:
        self._said = b""
        self._inner = inner
        inner.let_in = self._let_in  # type: ignore[attr-defined]
        self.dataReceived = inner.dataReceived  # type: ignore[method-assign]
        assert self.transport is not None
        inner.makeConnection(self.transport)
        inner.dataReceived(data)

    def _let_in(self) -> None:
        """Somebody has logged in; the port says so."""
        self.factory.waits_no_more(self)
        put_first(self.transport)

    # ---- people ----

    def _still_silent(self) -> None:
        asking = self.factory.asking
        assert asking is not None
        self._timer = None
        if len(self.factory.silent) <= asking.crowd:
            self._timer = asking.later(0, self._ask)  # not before what may have come has been read

    def _ask(self) -> None:
        asking = self.factory.asking
        assert asking is not None and self.transport is not None
        self._timer = None
        if not self._asked:
            self.since += asking.patience
        self._asked += 1
        if self._asked > MOST_PROMPTS:
            self.transport.abortConnection()  # type: ignore[attr-defined]
        else:
            self.transport.write(asking.prompt())

    def _speaks(self) -> None:
        """It is silent no more."""
        self.factory.silent.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def connectionLost(self, reason: Failure | None = None) -> None:
        self._speaks()
        self.factory.waits_no_more(self)
        if self._inner is not None:
            self._inner.connectionLost(reason)  # type: ignore[arg-type]
            self._inner.let_in = _nobody  # type: ignore[attr-defined]  # or the two would hold each other
        let_go(self.transport)


def _nobody() -> None:
    """Logs in any more."""


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
        asking: Asking | None = None,
        web: Callable[[], Protocol] | None = None,
    ) -> None:
        """`most` doors may wait in all, and `most_alike` of those whose addresses `alike` makes equal and not empty.

        `asking`: how people are asked, where they may come; only those whose address `alike` makes empty are prompted.
        `web`: for browsers, where they may come.
        """
        self.frames = frames
        self.lines = lines
        self.asking = asking
        self.web = web
        self.waiting: dict[Door, None] = {}
        self.silent: dict[Door, None] = {}  # of those, who has said nothing and may be a person
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
        """Close the doors that have waited since before this time and of which nothing is known."""
        for door in [door for door in self.waiting if door.since < before and not door.known]:
            assert door.transport is not None
            door.transport.abortConnection()  # type: ignore[attr-defined]
