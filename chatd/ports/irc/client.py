"""One IRC connection: who it is, what it can, what it has asked, and how answers become its lines.

Rule: no policy; the core decides. A line that came in is answered in order: what the port itself says goes through
the node's turn like everything else, so that a PONG is behind all that was caused before it. Each command asked of
the core has a ref; the one final event with that ref ends it, and with it, where the line had one, its label.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import msgspec

from chatd.messages import Accepted, Failed, Ping, Send
from chatd.ports.irc.codec import LineCodec
from chatd.ports.irc.out import FORMATS, Out, format_line, format_lines
from chatd.ports.irc.quick import accepted
from chatd.wire.irc import Line
from chatd.wire.numerics import Numeric

REFS: Final = 1 << 31


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the port tells of the server; all of it is the configuration's."""

    name: str
    network: str = "chatd"
    description: str = "chatd"
    version: str = "chatd"
    created: str = ""
    motd: tuple[str, ...] = ()
    admin: str = ""  # whom to ask
    guests: bool = True
    early: bool = True  # REGISTER before one is in
    nick_chars: int = 32
    group_chars: int = 33
    topic_chars: int = 390
    away_chars: int = 200
    text_bytes: int = 16_384
    lines: int = 100  # of one message
    groups: int = 500
    masks: int = 100
    monitored: int = 100
    page: int = 200
    sts_port: int = 0  # of the TLS listener, for those who come without
    sts_seconds: int = 0
    keys: int = 20  # metadata
    followed: int = 20
    value_bytes: int = 300
    uploads: str = ""  # where files are sent to by HTTP; empty: nowhere


class Response:
    """What one line that came in is answered with: `waiting` commands are still to be answered by the core.

    `nick`: what the client was called when the line came; when the answer leaves it may be another.
    """

    __slots__ = ("label", "nick", "outs", "waiting")

    def __init__(self, label: str = "", nick: str = "*") -> None:
        self.label = label
        self.nick = nick
        self.waiting = 0
        self.outs: list[Out] = []


class Asked:
    """A command that the core has to answer: the line that caused it, and what its answer's renderer wants to know."""

    __slots__ = ("about", "line", "response", "then")

    def __init__(self, line: Line, response: Response, about: Any, then: Rendered | None) -> None:
        self.line = line
        self.response = response
        self.about = about
        self.then = then


class Node(Protocol):
    """What the port gives to the node."""

    def receive(self, session: Any, command: Any) -> None:
        """A command came in."""

    def tell(self, session: Any, event: Any) -> None:
        """Say something of the port's own, behind the answers to what came before."""


class Lookup(Protocol):
    """What the port may look up (`chatd.lookup`)."""

    def person(self, name: str) -> Any:
        """The `people.Profile` of somebody; None for nobody."""

    def link(self, tags: str) -> str:
        """Where a browser finds the file that a message offers, with a space in front; or nothing."""

    def source(self, name: str) -> str:
        """`nick!ident@host` of somebody; the name itself for nobody."""

    def nick(self, session: Any) -> str:
        """What this session's user is called now; empty for strangers."""

    def name(self, session: Any) -> str:
        """The name of this session's user; empty for strangers."""

    def recode(self, session: Any) -> None:
        """The session's codec is another one from here on."""

    def told(self, session: Any) -> list[tuple[str, int]]:
        """Conversations with the newest seq this session was sent and has not acknowledged."""

    def user(self, name: str) -> Any:
        """Whom an event means by this name, only to be read (`core.users.User`); None for nobody."""

    def check_metadata(self, key: str, value: str) -> tuple[str, str]:
        """Whether somebody may carry this: empty, or the code of the refusal and its text."""

    def joined(self, session: Any) -> list[str]:
        """The groups this session's user is in."""

    def groups(self, session: Any) -> list[str]:
        """The groups this session's user may see."""

    def invitations(self, session: Any) -> list[str]:
        """The groups this session's user is invited to."""

    def hides(self, group: str) -> bool:
        """Whether those without a mode are not to be seen in a group, not even by themselves."""

    def modes(self, group: str, name: str) -> str:
        """The letters of somebody's modes in a group."""

    def watched(self, session: Any) -> list[str]:
        """The names that this session monitors."""

    def check_nick(self, session: Any, nick: str) -> str:
        """Whether a connection may be called so: empty, or the code of the refusal."""

    def counts(self) -> Any:
        """`people.Counts` as of now."""

    def id(self) -> bytes:
        """A new message id: a UUIDv7 (RFC 9562)."""

    def now(self) -> int:
        """The time in ms."""


Rendered = Callable[["Client", Any, Any], list[Out] | None]
"""Renders an event: the client, the Asked (None: nobody asked), the event; None: leave it to the table."""


class Client:
    """One connection that speaks IRC."""

    def __init__(self, node: Node, lookup: Lookup, facts: Facts, replies: Mapping[type, Rendered]) -> None:
        self.node = node
        self.lookup = lookup
        self.facts = facts
        self.session: Any = None
        self.codec: LineCodec  # what broadcasts look like to it
        self.caps: frozenset[str] = frozenset()
        self.cap_version = 0
        self.negotiating = False  # CAP LS or REQ was said, CAP END was not
        self.arriving = False  # the core has been asked to let this in
        self.inside = False
        self.closing = False
        self.account = ""  # whose it is, as soon as that is proved
        self.wanted: dict[str, str] = {}  # nick, ident, realname, password until then
        self.refused_nick = ""  # the last one that another has
        self.when_logged_in: Callable[[], None] | None = None  # what waits for an account, where guests are refused
        self.sasl: Any = None  # where an authentication stands
        self.monitored: dict[str, str] = {}
        self.following: frozenset[str] = frozenset()  # keys of metadata
        self.early_following: list[str] = []  # what was said of metadata before it was in
        self.early_metadata: dict[str, str] = {}
        self.batches: dict[str, Any] = {}  # open ones of the client's (multiline)
        self.slowly: Callable[[Send, Response], Asked]  # what the long way would have asked
        self.recoded: Callable[[], None] = lambda: None  # the connection takes another codec
        self.ponged: Callable[[str], None] = lambda token: None  # the connection may have waited for it
        self._replies = replies
        self.asked: dict[int, Any] = {}  # Asked, or what `quick` sent
        self._ref = 0
        self._batch = 0
        self._line = Line("", [])
        self._response = Response()

    # ---- a line comes in ----

    def begin(self, line: Line) -> None:
        """Everything said and asked from here to `finish` answers this line."""
        self._line = line
        label = line.tags.get("label", "") if line.tags and "labeled-response" in self.caps else ""
        self._response = Response(label[:64], self.nick)

    def finish(self) -> None:
        """The line has been dealt with: what can be said already is said, in order."""
        response = self._response
        if response.waiting and response.label:
            return  # said when the core has answered
        if response.outs or response.label:
            said = Response(response.label, response.nick)
            said.outs, response.outs = response.outs, []
            self.node.tell(self.session, said)

    def ask(self, make: Callable[..., Any], *fields: Any, about: Any = None, then: Rendered | None = None) -> None:
        """Give the core a command made of a ref and these fields; `then` renders the answer instead of the table."""
        ref = self.ref(Asked(self._line, self._response, about, then))
        self._response.waiting += 1
        self.node.receive(self.session, make(ref, *fields))

    def ref(self, asked: Any) -> int:
        """The number under which the core's answer to this comes back."""
        ref = self.next_ref()
        self.asked[ref] = asked
        return ref

    def next_ref(self) -> int:
        """A number for what is to be asked next."""
        self._ref = self._ref % REFS + 1
        return self._ref

    def later(self, outs: Callable[[Client], list[Out]]) -> None:
        """Answer with what is so when everything asked before has been answered."""
        self.ask(Ping, then=lambda client, asked, event: outs(client))

    def unanswered(self) -> int:
        """How many commands the core has not answered yet."""
        return len(self.asked)

    def put_off(self) -> None:
        """This line is answered with one that comes later (the end of a batch that it opens)."""
        self._response = Response()

    def answer(self, line: Line) -> None:
        """What is said from here on answers an earlier line."""
        self.begin(line)

    # ---- saying ----

    def say(self, out: Out) -> None:
        """Say one line as (part of) the answer to the line that came in."""
        self._response.outs.append(out)

    def reply(self, numeric: Numeric, *params: str, text: str | None = None) -> None:
        """Say a numeric; `text` instead of its own."""
        self.say(self.numeric(numeric, *params, text=text))

    def numeric(self, numeric: Numeric, *params: str, text: str | None = None) -> Out:
        """A numeric addressed to this client; an empty `text` is a last parameter, too."""
        last = numeric.text if text is None else text
        shown = (self.nick, *params) if text is None and not last else (self.nick, *params, last)
        return Out(self.facts.name, numeric.number, shown)

    def fail(self, command: str, code: str, *context: str, text: str) -> None:
        """Say a standard reply (IRCv3)."""
        self.say(self.failure(command, code, *context, text=text))

    def failure(self, command: str, code: str, *context: str, text: str, kind: str = "FAIL") -> Out:
        """A standard reply: FAIL, WARN or NOTE."""
        return Out(self.facts.name, kind, (command, code, *context, text))

    @property
    def nick(self) -> str:
        """What numerics are addressed to."""
        return self.lookup.nick(self.session) or "*"

    @property
    def name(self) -> str:
        """The name of the account or the guest; empty before one is in."""
        return self.lookup.name(self.session)

    def me(self) -> str:
        """One's own `nick!ident@host`."""
        return self.lookup.source(self.name)

    # ---- the core answers ----

    def encode(self, event: Any) -> bytes:
        """The lines of an event that is for this connection alone; bytes are lines already."""
        if type(event) is bytes:
            return event
        if type(event) is Response:
            return self._closed(event)
        ref = getattr(event, "ref", 0)
        asked = self.asked.get(ref) if ref else None
        if type(asked) is Send:
            if type(event) is Accepted:
                del self.asked[ref]
                return accepted(self, asked, event)
            asked = self.asked[ref] = self.slowly(asked, Response("", self.nick))
        renderer = self._replies.get(type(event))
        outs = asked.then(self, asked, event) if asked is not None and asked.then is not None else None
        if outs is None:
            outs = renderer(self, asked, event) if renderer is not None else []
        outs = self.codec.dress(event, outs or [])
        if asked is None:
            return format_lines(outs, self.caps)
        response = asked.response
        if not getattr(renderer, "goes_on", False):
            del self.asked[ref]
            response.waiting -= 1
        response.outs += outs
        if response.label and response.waiting:
            return b""
        data = self._closed(response)
        response.outs = []
        return data

    def _closed(self, response: Response) -> bytes:
        """What a line is answered with, under its label if it has one (IRCv3 labeled-response)."""
        outs, label = self._addressed(response), response.label
        if not label:
            return format_lines(outs, self.caps)
        if not outs:
            return format_line(Out(self.facts.name, "ACK", (), {"label": label}), self.caps)
        if len(outs) == 1:
            return format_line(outs[0]._replace(tags={**outs[0].tags, "label": label}), self.caps)
        first, last = outs[0], outs[-1]
        if first.command == "BATCH" and last.command == "BATCH" and last.params[0] == "-" + first.params[0][1:]:
            return format_lines([first._replace(tags={**first.tags, "label": label}), *outs[1:]], self.caps)
        name = self.batch_name()
        inner = [out if "batch" in out.tags else out._replace(tags={**out.tags, "batch": name}) for out in outs]
        begin = Out(self.facts.name, "BATCH", ("+" + name, "labeled-response"), {"label": label})
        return format_lines([begin, *inner, Out(self.facts.name, "BATCH", ("-" + name,))], self.caps)

    def _addressed(self, response: Response) -> list[Out]:
        """What was said to a nick that is another one by now is said to that one."""
        before, nick = response.nick, self.nick
        if before in (nick, "*"):
            return response.outs
        return [
            out._replace(params=(nick, *out.params[1:]))
            if out.params[:1] == (before,) and (out.command.isdigit() or out.command in ADDRESSED)
            else out
            for out in response.outs
        ]

    def batch_name(self) -> str:
        """A reference for a batch, new in this connection."""
        self._batch += 1
        return f"b{self._batch}"

    # ---- capabilities ----

    def set_caps(self, caps: frozenset[str]) -> None:
        """Take these capabilities; the connection's shared codec is the one for them."""
        self.caps = caps
        self.recoded()

    def formats(self) -> frozenset[str]:
        """Those capabilities that change what broadcast lines look like."""
        return self.caps & BROADCAST


ADDRESSED: Final = frozenset({"CAP", "NOTICE"})  # and every numeric
BROADCAST: Final = FORMATS | {
    "away-notify", "account-notify", "chghost", "draft/channel-rename", "draft/message-redaction", "draft/multiline",
    "extended-join", "extended-monitor", "invite-notify", "setname",
}  # fmt: skip


def refused(asked: Asked | None, event: Failed) -> str:
    """The command that was refused, for replies that name it."""
    return asked.line.command if asked is not None else "*"
