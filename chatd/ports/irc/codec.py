"""What many hear, as lines: one codec for all connections with the same capabilities, so that they share its bytes.

Rule: a codec knows no connection. Each event becomes the lines that anybody with these capabilities may get; what a
capability would have said is left out for those without, or said as older clients know it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from chatd import messages as m
from chatd import people
from chatd.ports.irc import quick
from chatd.ports.irc.out import Out, format_line, stamp
from chatd.wire.irc import LINE_BYTES, Text, cut, parse_tags

if TYPE_CHECKING:
    from chatd.ports.irc.client import Client

COMMANDS: Final = {"text": "PRIVMSG", "notice": "NOTICE", "tags": "TAGMSG"}
CONCAT: Final = "draft/multiline-concat"
TAGGED: Final = frozenset({m.Message, people.Passing})  # their lines have the tags that they are to have
CUTS: Final = "chatd/cuts"  # kept with a message: where its lines were cut, in characters; never shown


class People(Protocol):
    """Who somebody is now."""

    def user(self, name: str) -> Any:
        """Whom an event means by this name, only to be read (`core.users.User`); None for nobody."""

    def now(self) -> int:
        """The time in ms."""

    def modes(self, group: str, name: str) -> str:
        """The letters of somebody's modes in a group."""

    def source(self, name: str) -> str:
        """`nick!ident@host` of somebody; the name itself for nobody."""

    def link(self, tags: str) -> str:
        """Where a browser finds the file that a message offers, with a space in front; or nothing."""


class LineCodec:
    """Events as lines for connections with these capabilities."""

    def __init__(self, lookup: People, server: str, caps: frozenset[str]) -> None:
        self.lookup = lookup
        self.server = server
        self.caps = caps
        self._at, self._stamp = 0, stamp(0)
        self.tagged = bool(caps & {"server-time", "message-tags", "account-tag"})

    def encode(self, event: Any) -> bytes:
        """The lines of an event, or nothing."""
        if type(event) is m.Message and (data := quick.encode(self, (event,))):
            return data
        render = RENDERERS.get(type(event))
        if render is None:
            return b""
        return b"".join([format_line(out, self.caps) for out in self.dress(event, render(self, event))])

    def encode_all(self, events: Sequence[Any]) -> bytes:
        """Several of them, one behind the other."""
        if {m.Message}.issuperset(map(type, events)) and (data := quick.encode(self, events)):
            return data
        return b"".join(map(self.encode, events))

    def dress(self, event: Any, outs: list[Out]) -> list[Out]:
        """Lines with the time, the id and the account of what a person did, where they have no tags yet."""
        if not self.tagged or type(event) in TAGGED or all(out.tags or "!" not in out.source for out in outs):
            return outs
        who = getattr(event, "by", "") or getattr(event, "name", "") or outs[0].source.partition("!")[0]
        at = getattr(event, "at", 0) or self.lookup.now()
        tags = self.tags(who, at, getattr(event, "id", b""))
        return [out if out.tags or "!" not in out.source else out._replace(tags=tags) for out in outs]

    def stamp(self, at: int) -> str:
        """A time as the tag has it; that of the last message is known."""
        if at != self._at:
            self._at, self._stamp = at, stamp(at)
        return self._stamp

    # ---- for renderers ----

    def tags(self, sender: str, at: int, id: bytes = b"", tags: str = "") -> Mapping[str, str]:
        """The tags of something that somebody did at a time."""
        if not self.tagged:
            return {}
        found: dict[str, str] = parse_tags(tags) if tags else {}
        found.pop(CUTS, None)
        if at:
            found["time"] = stamp(at)
        if id:
            found["msgid"] = id.hex()
        user = self.lookup.user(sender)
        if user is not None:
            if not user.guest:
                found["account"] = user.name
            if user.bot:
                found["bot"] = ""
        return found

    def nick(self, name: str) -> str:
        """What somebody is called."""
        user = self.lookup.user(name)
        return user.nick if user is not None else name

    def peer(self, conversation: str, sender: str) -> str:
        """The nick of the other one of a direct conversation, `dm:` and two keys."""
        _, first, second = conversation.split(":", 2)
        user = self.lookup.user(second)
        return self.nick(first if user is not None and user.name == sender else second)

    def message(self, event: m.Message) -> list[Out]:
        """A message of a conversation."""
        name = event.conversation
        return self.said(event, name if name[0] == "#" else self.peer(name, event.sender))

    def said(self, event: m.Message, to: str) -> list[Out]:
        """A message as lines that fit, in one batch where that is understood."""
        if event.kind == "redacted":
            return []
        source = self.lookup.source(event.sender)
        command = COMMANDS.get(event.kind, "PRIVMSG")
        tags = self.tags(event.sender, event.at, event.id, event.tags)
        if command == "TAGMSG":
            return [Out(source, command, (to,), tags)]
        # What a client could send in one line goes out in one, though with the source it may be longer than 512 bytes:
        # every client of this century reads it, and cut in two it would be two messages.
        room = LINE_BYTES - len(f"{command} {to} \r\n".encode())
        text, cuts = event.text, ""
        if event.tags:
            text, cuts = text + self.lookup.link(event.tags), parse_tags(event.tags).get(CUTS, "")
        if not cuts and "\n" not in text and (len(text) * 4 <= room or len(text.encode()) <= room):
            return [Out(source, command, (to, Text(text)), tags)]
        several = {"draft/multiline", "batch"} <= self.caps
        lines = [[part for piece in line for part in cut(piece, room, several)] for line in _lines(text, cuts)]
        if several:
            return self._batch(event.id.hex()[-12:] or "m", Out(source, command, (to,), tags), lines)
        rest = {key: value for key, value in tags.items() if key != "msgid"}
        texts = [part for line in lines for part in line if part]
        return [Out(source, command, (to, Text(part)), rest if number else tags) for number, part in enumerate(texts)]

    def _batch(self, name: str, out: Out, lines: list[list[str]]) -> list[Out]:
        """Several lines as one message (IRCv3 draft/multiline)."""
        outs = [Out(out.source, "BATCH", ("+" + name, "draft/multiline", *out.params), out.tags)]
        for line in lines:
            for number, part in enumerate(line):
                inner = {"batch": name, CONCAT: ""} if number else {"batch": name}
                outs.append(Out(out.source, out.command, (*out.params, Text(part)), inner))
        return [*outs, Out(self.server, "BATCH", ("-" + name,))]


def _lines(text: str, cuts: str) -> list[list[str]]:
    """The lines of a text, each in the pieces in which it was typed (`cuts`: where they begin)."""
    typed = [int(at) for at in cuts.split(",") if at.isdecimal()]
    lines, at = [], 0
    for line in (text if cuts else text.replace("\r\n", "\n").replace("\r", "\n")).split("\n"):
        end = at + len(line)
        places = [at, *(cut for cut in typed if at < cut < end), end]
        lines.append([text[one:two] for one, two in itertools.pairwise(places)] if cuts else [line])
        at = end + 1
    return lines


# ---- renderers -------------------------------------------------------------------------------------------------


def message(codec: LineCodec, event: m.Message) -> list[Out]:
    """Something was said."""
    return codec.message(event)


Renderer = Callable[[LineCodec, Any], list[Out]]
RENDERERS: dict[type, Renderer] = {m.Message: message}


def joining(codec: LineCodec, name: str, group: str) -> list[Out]:
    """Somebody is in a group from here on."""
    source, user = codec.lookup.source(name), codec.lookup.user(name)
    if "extended-join" not in codec.caps or user is None:
        return [Out(source, "JOIN", (group,))]
    return [Out(source, "JOIN", (group, "*" if user.guest else user.name, Text(user.realname or user.nick)))]


def absence(codec: LineCodec, name: str) -> list[Out]:
    """That somebody who has just come is away, for those who asked to know."""
    user = codec.lookup.user(name)
    if user is None or not user.away or "away-notify" not in codec.caps:
        return []
    return [Out(user.source, "AWAY", (Text(user.away),))]


def marker(client: Client, target: str, at: int) -> Out:
    """Up to when one has read (draft/read-marker)."""
    return Out(client.facts.name, "MARKREAD", (target, f"timestamp={stamp(at)}" if at else "*"))
