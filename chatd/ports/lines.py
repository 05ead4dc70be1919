"""The line port: IRC for everybody's own client, on the same door as the frames.

Rule: bytes to lines, lines to the table of `ports/irc`, nothing more. A line that is too long, is no UTF-8 or holds a
NUL is answered and dropped, and the session goes on. What was delivered from the mailbox is acknowledged by the client
itself, without knowing: behind it goes a PING, and the PONG says that everything before has been read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from chatd.messages import Acknowledge, Message
from chatd.ports.irc import quick
from chatd.ports.irc.client import Client, Facts, Lookup, Node
from chatd.ports.irc.codec import LineCodec
from chatd.ports.irc.history import batched
from chatd.ports.irc.messaging import slowly
from chatd.ports.irc.out import format_lines
from chatd.ports.irc.table import REPLIES, dispatch
from chatd.ports.session import Bounds, Outlet
from chatd.ports.typed import Typed, TypedLink
from chatd.wire.irc import CLIENT_TAG_BYTES, LINE_BYTES, BadLine, Line, parse, write
from chatd.wire.numerics import ERR_INPUTTOOLONG

LONGEST: Final = CLIENT_TAG_BYTES + LINE_BYTES
ACK_SECONDS: Final = 1.0  # so that one PING serves many messages
BATCHED: Final = frozenset({"draft/chathistory", "batch"})
HTTP: Final = re.compile(rb"[A-Z]+ \S+ HTTP/\d")  # a web page that makes a browser say what it wants said
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


class LineLink(TypedLink):
    """The way out of one IRC connection."""

    lines: Lines
    unnoted = True  # what goes out next may be the first that has to be acknowledged: is somebody in, is it their mail

    def render(self, event: Any) -> bytes:
        """The lines of an event for this connection alone."""
        self.note()  # it may have been let in
        return self.lines.client.encode(event)

    def encode_all(self, events: Sequence[Any]) -> bytes:
        if quick.all_accepted(self.lines.client, events):
            self.free()
            return b""
        return super().encode_all(events)

    def page(self, conversation: str, messages: Sequence[Message]) -> bytes:
        """Stored mail: one batch for those who know what that is."""
        client = self.lines.client
        if not client.caps >= BATCHED:
            return b"".join([self.codec.encode(message) for message in messages])
        outs = [out for message in messages for out in client.codec.message(message)]
        if not outs:
            return b""
        target = conversation if conversation[:1] == "#" else client.codec.peer(conversation, client.name)
        return format_lines(batched(client, target, outs), client.caps)

    def write(self, data: bytes) -> None:
        if data:
            noted, self.unnoted = not self.unnoted, False
            Outlet.write(self, data)
            if not noted:
                self.lines.wrote()

    def note(self) -> None:
        """From here on let what goes out next be noted."""
        self.unnoted, self.direct = True, None

    def nudge(self) -> bool:
        """Send a PING, once in a silence."""
        return super().nudge() or self.lines.nudge()


class Lines(Typed):
    """One connection that speaks IRC."""

    outlet: LineLink
    MAX_LENGTH = LONGEST
    MOST_SKIPPED = 2 * LONGEST

    def __init__(self, codecs: Codecs, bounds: Bounds, clock: IReactorTime) -> None:
        super().__init__(codecs.node, bounds, clock)
        self._codecs = codecs
        self._timer: IDelayedCall | None = None
        self._spoken = False
        self._nudged = False
        self._pinged = 0
        self._told: dict[str, list[tuple[str, int]]] = {}  # what a PONG with this token says has been read

    def connectionMade(self) -> None:
        codecs = self._codecs
        self.client = client = Client(self.node, codecs.lookup, codecs.facts, REPLIES)
        client.codec = codecs.get(frozenset())
        client.recoded = self._recode
        client.slowly = slowly
        client.ponged = self._ponged
        outlet = LineLink(self.transport, client.codec, self.clock, self.bounds)
        outlet.lines = self
        self.open(outlet)
        client.session = self.session

    def _recode(self) -> None:
        self.client.codec = self.outlet.codec = self._codecs.get(self.client.formats())
        self._codecs.lookup.recode(self.session)

    # ---- in ----

    def alive(self) -> None:
        """Something came."""
        self._nudged = False
        super().alive()

    def over(self) -> bool:
        """Whether nothing more is heard."""
        return self.client.closing or super().over()

    def unanswered(self) -> int:
        """How many questions the core has not answered yet."""
        return self.client.unanswered()

    def together(self, lines: list[bytes | None], first: int, last: int) -> int:
        """Those that say something to a group, up to the first that does not."""
        commands = quick.commands(self.client, lines, first, last)
        if commands:
            self._spoken = True
            self.node.receive_all(self.session, commands)
        return len(commands)

    def lineReceived(self, line: bytes) -> None:
        if len(line) > self.MOST_SKIPPED:
            self.lineLengthExceeded(line)
            self.give_up()
            return
        if not self._spoken and HTTP.match(line):
            self.give_up()
            return
        self._spoken = True
        line = line.rstrip(b"\r")
        if b"\r" in line:
            line = line.replace(b"\r", b" ")
        try:
            parsed = parse(line)
        except BadLine as error:
            self._bad(error.code, error.line)
            return
        if parsed is not None:
            dispatch(self.client, parsed)

    def lineLengthExceeded(self, line: bytes) -> None:
        self._bad("too-long")

    def _bad(self, code: str, line: Line | None = None) -> None:
        """Say that a line was not taken; `line`: what it seems to have been."""
        client = self.client
        client.begin(line or Line("*", []))
        fail = FAILS.get(code)
        if fail is None:
            client.reply(ERR_INPUTTOOLONG)
        else:
            client.fail(line.command[:32] if line is not None else "*", fail[0], text=fail[1])
        client.finish()

    # ---- alive, and how far it has read ----

    def nudge(self) -> bool:
        """Ask for a sign of life, once in a silence. Whether none is needed: never."""
        if not self._nudged and not self.over():
            self._nudged = True
            Outlet.write(self.outlet, write("", "PING", (self._codecs.facts.name,)))
        return False

    def wrote(self) -> None:
        """Something went out; it may have to be acknowledged."""
        if self._timer is None and self.client.account and self.client.inside:
            self._timer = self.clock.callLater(ACK_SECONDS, self._probe)

    def _probe(self) -> None:
        """Ask for a PONG behind what was delivered, if something was."""
        self._timer = None
        self.outlet.note()
        if self.over() or self._told:
            return
        told = self._codecs.lookup.told(self.session)
        if told:
            self._pinged += 1
            token = f"chatd-{self._pinged}"
            self._told[token] = told
            Outlet.write(self.outlet, write("", "PING", (token,)))

    def _ponged(self, token: str) -> None:
        for conversation, seq in self._told.pop(token, ()):
            self.node.receive(self.session, Acknowledge(conversation, seq))
        self.wrote()

    def connectionLost(self, reason: Failure | None = None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.deaf = self.deaf or self.client.closing
        super().connectionLost(reason)
