"""What comes in as lines, from programs and from people: cut, bounded, dealt with one by one.

Rule: a line is dealt with when the lines before it have been, and only while there is room for what it causes: not
while the session is held, not with too many questions unanswered, and from elsewhere no faster than the limits say.
What is not dealt with waits, at most one read of it, and the connection is not read from meanwhile: a client that
floods is slowed down, and nothing of what it says is lost.
`dataReceived` is overridden because Twisted's cuts its buffer anew for each line; limit and callbacks stay its.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure

from chatd.messages import Bye
from chatd.ports.session import Bounds, Outlet, channel_of

UNANSWERED: Final = 500  # questions of one connection; their answers have to be kept while it does not read
LATER: Final = 0.1  # seconds until it is looked at again whether it may go on, who is too fast


class TypedLink(Outlet):
    """The way out of a connection that sends lines. What answers it is told apart from what it only hears."""

    free: Callable[[], None] = staticmethod(lambda: None)  # lines may wait for an answer, or for a reason less

    def render(self, event: Any) -> bytes:
        """An event that is for this connection alone."""
        raise NotImplementedError

    def released(self) -> None:
        """There is a reason less for not reading."""
        self.free()

    def encode(self, event: Any) -> bytes:
        """The same, counted."""
        data = self.render(event)
        if self.paused:
            self.asked_for += len(data)
        self.free()
        return data

    def encode_all(self, events: Sequence[Any]) -> bytes:
        """Each as it asks for it."""
        return b"".join(map(self.encode, events))


class Typed(LineReceiver):
    """One connection that sends lines."""

    delimiter = b"\n"  # a person's `nc` sends no CR
    MOST_SKIPPED = 65_536  # bytes of a line that is too long; who sends more sends no lines

    def __init__(self, node: Any, bounds: Bounds, clock: IReactorTime) -> None:
        self.node = node
        self.bounds = bounds
        self.clock = clock
        self.session: Any = None
        self.outlet: TypedLink
        self.deaf = False  # nothing of what comes is heard any more
        self.let_in: Callable[[], None] = lambda: None  # the door may want to know that somebody logged in
        self._rest = b""
        self._skipping = False  # a line that is too long, until it ends
        self._skipped = 0  # bytes of it
        self._later: list[bytes | None] = []  # lines; None: one that was too long
        self._again: IDelayedCall | None = None

    def open(self, outlet: TypedLink, patience: float = 0.0) -> None:
        """This is the way out: have a session."""
        peer = self.transport.getPeer()  # type: ignore[union-attr]
        address = (getattr(peer, "host", "local"), getattr(peer, "port", 0))
        binding, certificate = channel_of(self.transport)
        self.outlet = outlet
        self.session = self.node.open(
            outlet, address, binding, line=True, certificate=certificate, patience=patience
        )  # fmt: skip
        outlet.admitted = self._admitted
        outlet.free = self._free
        outlet.session, outlet.server = self.session, self.node

    def _admitted(self) -> None:
        self.let_in()

    # ---- in ----

    def dataReceived(self, data: bytes) -> None:
        self.alive()
        if self._rest:
            data = self._rest + data
        lines: list[bytes | None] = list(data.split(b"\n"))
        rest = lines.pop()
        assert rest is not None
        if self._skipping and lines:
            self._skip(len(lines.pop(0) or b""))
            self._skipping, self._skipped = False, 0
        too_long = len(rest) > self.MAX_LENGTH
        if too_long and not self._skipping:
            lines.append(None)
        self._rest = b"" if too_long else rest
        self.take(lines)
        if too_long:
            self._skip(len(rest))

    def alive(self) -> None:
        """Something came."""
        self.node.heard(self.session)

    def may(self) -> bool:
        """Whether one more line, or what costs as much, may come now."""
        return bool(self.node.may(self.session))

    def message(self, line: bytes | None) -> None:
        """One line came, cut by others; None: it was too long."""
        self.alive()
        self.take([line])

    def _skip(self, size: int) -> None:
        self._skipping = True
        self._skipped += size
        if self._skipped > self.MOST_SKIPPED and not self.over():
            self.give_up()

    def give_up(self) -> None:
        """These are no lines: hear nothing more, and close."""
        self.deaf = True
        self.node.end_later(self.session, Bye("too-long", "These are no lines"))

    def take(self, lines: list[bytes | None]) -> None:
        """Deal with these lines, when those before them have been dealt with."""
        if self._later:
            self._later += lines
        else:
            self._deal(lines)

    def _deal(self, lines: list[bytes | None]) -> None:
        node, session = self.node, self.session
        first, count = 0, len(lines)
        while first < count and not self.over():
            if self.busy(UNANSWERED):
                self._keep(lines[first:])
                return
            granted = node.may(session, min(count - first, UNANSWERED - self.unanswered()))
            if not granted:
                self._keep(lines[first:])
                self._again = self.clock.callLater(LATER, self._go_on)
                return
            first += self.together(lines, first, first + granted) or self._one(lines[first])

    def _one(self, line: bytes | None) -> int:
        if line is None:
            self.lineLengthExceeded(b"")
        else:
            self.lineReceived(line)
        return 1

    def together(self, lines: list[bytes | None], first: int, last: int) -> int:
        """Deal with these lines in one go, as far as that can be done; returns how many that were."""
        return 0

    def _keep(self, lines: list[bytes | None]) -> None:
        self._later = lines
        self.outlet.hold("lines")

    def _free(self) -> None:
        """Something has changed: go on, if lines wait for that."""
        if self._later and self._again is None and not self.busy(UNANSWERED // 2):
            self._again = self.clock.callLater(0, self._go_on)

    def _go_on(self) -> None:
        self._again = None
        lines, self._later = self._later, []
        self._deal(lines)
        if not self._later:
            self.outlet.release("lines")

    def over(self) -> bool:
        """Whether nothing more is heard."""
        return self.deaf or self.outlet.ending() or self.outlet.closed

    def busy(self, most: int) -> bool:
        """Whether the next line has to wait; `most`: for how many answers none has to."""
        return self.outlet.held("lines") or self.unanswered() >= most

    def unanswered(self) -> int:
        """How many questions the core has not answered yet."""
        raise NotImplementedError

    def connectionLost(self, reason: Failure | None = None) -> None:
        if self._again is not None:
            self._again.cancel()
            self._again = None
        self.outlet.gone()
        self.node.close(self.session, lost=not self.deaf)
