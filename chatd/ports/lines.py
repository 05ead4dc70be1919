"""The line port: IRC for everybody's own client, on the same door as the frames.

Rule: bytes to lines, lines to the table of `ports/irc`, nothing more. A line that is too long, is no UTF-8 or holds a
NUL is answered and dropped, and the session goes on. What was delivered from the mailbox is acknowledged by the client
itself, without knowing: behind it goes a PING, and the PONG says that everything before has been read.
`dataReceived` is overridden because Twisted's cuts its buffer anew for each line; limit and callbacks stay its.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure

from chatd.messages import Acknowledge, Bye, Message
from chatd.ports.irc.client import Client, Facts, Lookup, Node
from chatd.ports.irc.codec import LineCodec
from chatd.ports.irc.table import REPLIES, dispatch
from chatd.ports.session import Bounds, Outlet, channel_of
from chatd.wire.irc import CLIENT_TAG_BYTES, LINE_BYTES, BadLine, parse, write
from chatd.wire.numerics import ERR_INPUTTOOLONG

LONGEST: Final = CLIENT_TAG_BYTES + LINE_BYTES
MOST_SKIPPED: Final = 2 * LONGEST  # of one line; who sends more sends no lines
ACK_SECONDS: Final = 1.0  # so that one PING serves many messages
FAILS: Final = {
    "not-utf8": ("INVALID_UTF8", "Your message was not UTF-8 and was not taken; set your client to UTF-8."),
    "malformed": ("INVALID_MESSAGE", "That line cannot be read."),
}


class Codecs:
    """One codec for each set of capabilities that changes what is broadcast."""

    def __init__(self, node: Node, lookup: Lookup, facts: Facts) -> None:
        self.node = node
        self.lookup = lookup
        self.facts = facts
        self._codecs: dict[frozenset[str], LineCodec] = {}

    def get(self, caps: frozenset[str]) -> LineCodec:
        """The codec for these; there are only so many sets."""
        codec = self._codecs.get(caps)
        if codec is None:
            codec = self._codecs[caps] = LineCodec(self.lookup, self.facts.name, caps)
        return codec


class LineLink(Outlet):
    """The way out of one IRC connection."""

    client: Client

    def encode(self, event: Any) -> bytes:
        """The lines of an event for this connection alone."""
        return self.client.encode(event)

    def page(self, conversation: str, messages: Sequence[Message]) -> bytes:
        """Stored mail."""
        return b"".join([self.codec.encode(message) for message in messages])

    def write(self, data: bytes) -> None:
        if data:
            super().write(data)
            self.wrote()

    def wrote(self) -> None:
        """Something went out; it may have to be acknowledged."""


class Lines(LineReceiver):
    """One connection that sends lines."""

    MAX_LENGTH = LONGEST
    delimiter = b"\n"  # a person's `nc` sends no CR

    def __init__(self, codecs: Codecs, bounds: Bounds, clock: IReactorTime) -> None:
        self._node: Any = codecs.node
        self._codecs = codecs
        self._bounds = bounds
        self._clock = clock
        self._rest = b""
        self._skipping = False  # a line that is too long, until it ends
        self._skipped = 0  # bytes of it
        self._timer: IDelayedCall | None = None
        self._pinged = 0
        self._told: dict[str, list[tuple[str, int]]] = {}  # what a PONG with this token says has been read
        self.let_in: Callable[[], None] = lambda: None  # the door may want to know that somebody logged in

    def connectionMade(self) -> None:
        codecs = self._codecs
        self.client = client = Client(self._node, codecs.lookup, codecs.facts, REPLIES)
        client.codec = self._codecs.get(frozenset())
        client.recoded = self._recode
        client.ponged = self._ponged
        self.outlet = LineLink(self.transport, client.codec, self._clock, self._bounds)
        self.outlet.client = client
        self.outlet.wrote = self._wrote  # type: ignore[method-assign]
        peer = self.transport.getPeer()  # type: ignore[union-attr]
        address = (getattr(peer, "host", "local"), getattr(peer, "port", 0))
        binding, certificate = channel_of(self.transport)
        client.session = self._node.open(self.outlet, address, binding, line=True, certificate=certificate)
        self.outlet.admitted = self._admitted
        self.outlet.session, self.outlet.server = client.session, self._node

    def _admitted(self) -> None:
        self.let_in()

    def _recode(self) -> None:
        self.client.codec = self.outlet.codec = self._codecs.get(self.client.formats())
        self._codecs.lookup.recode(self.client.session)

    # ---- in ----

    def dataReceived(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        lines = data.split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            if self._over():
                return
            if self._skipping:
                self._skipping, self._skipped = False, 0
                continue
            self.lineReceived(line)
        if len(self._rest) > LONGEST:
            if not self._skipping and not self._over():
                self.lineLengthExceeded(self._rest)
            self._skipping = True
            self._skipped += len(self._rest)
            self._rest = b""
            if self._skipped > MOST_SKIPPED and not self._over():
                self._give_up()

    def _over(self) -> bool:
        return self.client.closing or self.outlet.ending() or self.outlet.closed

    def lineReceived(self, line: bytes) -> None:
        if len(line) > MOST_SKIPPED:
            self._give_up()
            return
        line = line.rstrip(b"\r")
        if b"\r" in line:
            line = line.replace(b"\r", b" ")
        try:
            parsed = parse(line)
        except BadLine as error:
            self._bad(error.code)
            return
        if parsed is not None:
            dispatch(self.client, parsed)

    def _give_up(self) -> None:
        self.client.closing = True
        self._node.end_later(self.client.session, Bye("too-long", "A line without end"))

    def lineLengthExceeded(self, line: bytes) -> None:
        self._bad("too-long")

    def _bad(self, code: str) -> None:
        client = self.client
        fail = FAILS.get(code)
        data = client.failure("*", fail[0], text=fail[1]) if fail else client.numeric(ERR_INPUTTOOLONG)
        self._node.tell(client.session, write(data.source, data.command, data.params))

    # ---- acknowledging ----

    def _wrote(self) -> None:
        if self._timer is None and self.client.account and self.client.inside:
            self._timer = self._clock.callLater(ACK_SECONDS, self._probe)

    def _probe(self) -> None:
        """Ask for a PONG behind what was delivered, if something was."""
        self._timer = None
        if self._over() or self._told:
            return
        told = self._codecs.lookup.told(self.client.session)
        if told:
            self._pinged += 1
            token = f"chatd-{self._pinged}"
            self._told[token] = told
            Outlet.write(self.outlet, write("", "PING", (token,)))

    def _ponged(self, token: str) -> None:
        for conversation, seq in self._told.pop(token, ()):
            self._node.receive(self.client.session, Acknowledge(conversation, seq))
        self._wrote()

    def connectionLost(self, reason: Failure | None = None) -> None:  # type: ignore[override]
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.outlet.gone()
        self._node.close(self.client.session, lost=not self.client.closing)
