"""The half that every port shares: all writes of one connection go through its `Outlet`.

Rule: what is unsent is bounded. The transport holds at most its own buffer; what it will not take waits here, up to a
limit; beyond it the session lags: the node stops sending and feeds it from the store when there is room again. A
reader that takes nothing for `stall_seconds` is aborted (`loseConnection` would wait for it for ever). A reader that
does not read is not read from either.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from zope.interface import implementer

from chatd.messages import EXPORTER_LABEL, Bye, Message
from chatd.people import Profile
from chatd.straight import Send, direct, send_all
from chatd.wire.pack import Command, Event

NOTHING: frozenset[str] = frozenset()


class Encoder(Protocol):
    """Turns an event into bytes (`chatd.core.users.Codec`)."""

    def encode(self, event: Event) -> bytes:
        """The bytes of one event, ready to be written."""

    def encode_all(self, events: Sequence[Event]) -> bytes:
        """The bytes of several, one behind the other."""


class Server(Protocol):
    """What a port asks of the node. A session is opaque to the port."""

    def open(
        self, link: Outlet, address: tuple[str, int], binding: bytes, line: bool = False, certificate: str = "",
        patience: float = 0.0,
    ) -> Any:  # fmt: skip
        """A connection is there; returns its session.

        `line`: it speaks no frames; `certificate`: of the TLS client; `patience`: how many seconds more than others it
        may take to come in.
        """

    def receive(self, session: Any, command: Command) -> None:
        """A command came in."""

    def receive_all(self, session: Any, commands: Sequence[Command]) -> None:
        """Commands came in together."""

    def tell(self, session: Any, event: Any) -> None:
        """Say something of the port's own, behind the answers to what came before."""

    def person(self, name: str) -> Profile | None:
        """Who is meant by a name in an event."""

    def source(self, name: str) -> str:
        """`nick!ident@host` of who is meant by a name in an event."""

    def heard(self, session: Any) -> None:
        """The other end has said something, if no command."""

    def may(self, session: Any, lines: int = 1) -> int:
        """How many of so many lines may be dealt with now."""

    def refuse(self, session: Any, code: str, text: str) -> None:
        """What came in was no command."""

    def close(self, session: Any, lost: bool) -> None:
        """The connection is gone; `lost`: without a goodbye."""

    def end_later(self, session: Any, event: Bye) -> None:
        """Say this last, behind the answers to what came before, and close."""

    def lagging(self, session: Any) -> None:
        """The session's unsent bytes are over the limit."""

    def room(self, session: Any) -> None:
        """Everything sent to the session has been taken by the network."""


class Counter:
    """How many there are of something that all connections share."""

    now = 0

    def add(self, number: int) -> None:
        """So many more."""
        self.now += number


class Bounds(Protocol):
    """The limits a port keeps (`chatd.core.limits.Limits`)."""

    @property
    def unsent_bytes(self) -> int:
        """What may wait for a slow reader."""

    @property
    def stall_seconds(self) -> float:
        """How long a reader may take nothing."""

    @property
    def frame_bytes(self) -> int:
        """The longest frame."""

    @property
    def frame_bytes_before_login(self) -> int:
        """The longest frame of a stranger."""

    @property
    def malformed_frames(self) -> int:
        """How many frames may mean nothing."""


@implementer(IPushProducer)
class Outlet:
    """One connection's way out.

    `direct`: the socket's own way, while nothing waits and nothing has to be noted; it is what `write_all` takes.
    """

    unnoted = False  # the port wants to see what goes out next
    direct: Send | None = None

    def __init__(self, transport: Any, codec: Encoder, clock: IReactorTime, bounds: Bounds) -> None:
        self.codec = codec
        self.bounds = bounds
        self.session: Any = None
        self.server: Server | None = None
        self.closed = False
        self.paused = False  # the transport has enough for now
        self.asked_for = 0  # of the bytes that wait: answers to its own questions, of which no more are read then
        self.admitted: Callable[[], None] = _nobody  # the port may want to know that somebody logged in
        self._transport = transport
        self._send = transport.write
        self._clock = clock
        self._queue: deque[bytes] | None = None  # an empty one is a tenth of what an idle connection takes
        self._queued = 0
        self._ending = False
        self._timer: IDelayedCall | None = None
        self._held = NOTHING
        transport.registerProducer(self, True)

    def write(self, data: bytes) -> None:
        """Send bytes, or keep them until there is room."""
        if self.closed or self._ending:
            return
        if not self.paused:
            if not self._send(data):
                self.direct = None
            elif self.direct is None and not self.unnoted:
                self.direct = direct(self._send)
            return
        if self._queue is None:
            self._queue = deque()
        self._queue.append(data)
        self._queued += len(data)
        if self._queued > self.bounds.unsent_bytes:
            self.hold("backlog")
            if self._queued - self.asked_for > self.bounds.unsent_bytes and self.server is not None:
                self.server.lagging(self.session)

    @staticmethod
    def write_all(outlets: Sequence[Outlet], data: bytes) -> None:
        """Send the same bytes to each of these: where nothing is in the way, in one loop in C."""
        sends = [send for outlet in outlets if (send := outlet.direct) is not None]
        others: list[Outlet] = []
        if len(sends) < len(outlets):
            others = [outlet for outlet in outlets if outlet.direct is None]
            outlets = [outlet for outlet in outlets if outlet.direct is not None]
        taken, size = send_all(sends, data), len(data)
        if taken.count(size) < len(taken):
            for outlet, sent in zip(outlets, taken, strict=True):
                if sent < size:
                    outlet.direct = None
                    outlet._send.rest(data[sent:])
        for outlet in others:
            outlet.write(data)

    def write_parts(self, parts: Sequence[bytes]) -> None:
        """Send what these pieces are together."""
        if self.paused or self.unnoted or self.closed or self._ending:
            self.write(b"".join(parts))
        elif not self._transport.writeSequence(parts):
            self.direct = None

    @property
    def unsent(self) -> int:
        """Bytes that wait for the reader."""
        return self._queued

    def encode(self, event: Event) -> bytes:
        """One event that is for this connection alone."""
        return self.codec.encode(event)

    def encode_all(self, events: Sequence[Event]) -> bytes:
        """Several of them, one behind the other."""
        return self.codec.encode_all(events)

    def page(self, conversation: str, messages: Sequence[Message]) -> bytes:
        """Stored messages, as this connection wants them."""
        encode = self.codec.encode
        return b"".join([encode(message) for message in messages])

    def say(self, event: Event) -> None:
        """Send one event outside of a release (before login, and at the end)."""
        self.write(self.encode(event))

    # ---- the transport's side: IPushProducer ----

    def pauseProducing(self) -> None:
        """The transport's buffer is full: from here on it has `stall_seconds` to empty it."""
        self.paused = True
        self.direct = None
        if self._timer is None:
            self._timer = self._clock.callLater(self.bounds.stall_seconds, self._stalled)

    def resumeProducing(self) -> None:
        """The transport's buffer is empty: give it what waits, then tell the node."""
        self.paused = False
        self._stop_timer()
        while self._queue and not self.paused:
            data = self._queue.popleft()
            self._queued -= len(data)
            self._transport.write(data)
        if self.paused:
            return
        self.asked_for = 0
        if self._ending:
            self._transport.unregisterProducer()
            self._transport.loseConnection()
            return
        self.release("backlog")
        if self.server is not None:
            self.server.room(self.session)

    def stopProducing(self) -> None:
        """The transport has gone."""

    def _stalled(self) -> None:
        self._timer = None
        self.abort()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # ---- reading ----

    def hold(self, reason: str) -> None:
        """Read no more from this connection until the reason is released."""
        if not self._held and not self.closed:
            self._transport.pauseProducing()
        self._held |= {reason}

    def release(self, reason: str) -> None:
        """A reason for not reading is over."""
        if reason in self._held:
            self._held -= {reason}
            if not self._held and not self.closed:
                self._transport.resumeProducing()
            self.released()

    def released(self) -> None:
        """There is a reason less; the port may have something that waits for that."""

    def held(self, but: str = "") -> bool:
        """Whether there is a reason (`but` this one) for not reading."""
        return len(self._held) > (but in self._held)

    def nudge(self) -> bool:
        """It has been silent: ask for a sign of life, where the protocol has such a thing. Whether none is needed."""
        return bool(self._held)

    # ---- the end ----

    def end(self, event: Event) -> None:
        """Say this last and close when it has been sent, or when the reader stalls."""
        if self.closed or self._ending:
            return
        self.write(self.encode(event))
        self._ending = True
        self.direct = None
        if not self.paused:
            self._transport.unregisterProducer()
            self._transport.loseConnection()
        if self._timer is None:
            self._timer = self._clock.callLater(self.bounds.stall_seconds, self._stalled)

    def ending(self) -> bool:
        """Whether the last word has been said."""
        return self._ending

    def abort(self) -> None:
        """Cut the connection at once; what is unsent is lost here, and still stored."""
        self.direct = None
        if not self.closed:
            self._transport.abortConnection()

    def gone(self) -> None:
        """The connection is no more. From here on it holds neither its port nor its session, which hold it."""
        self.closed = True
        self.direct = self._queue = None
        self.admitted, self.session = _nobody, None
        self._stop_timer()


def _nobody() -> None:
    """Wants to know nothing."""


def channel_of(transport: Any) -> tuple[bytes, str]:
    """What TLS says when the handshake is over: the `tls-exporter` binding (RFC 9266), and which certificate the client
    has shown (SHA-256, hex). Both are empty without TLS, the second also where there was none."""
    handle = getattr(transport, "getHandle", lambda: None)()
    export = getattr(handle, "export_keying_material", None)
    if handle is None or export is None:
        return b"", ""
    certificate = handle.get_peer_certificate()
    digest = certificate.digest("sha256").decode().replace(":", "").lower() if certificate is not None else ""
    return export(EXPORTER_LABEL, 32, b""), digest
