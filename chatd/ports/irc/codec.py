"""What many hear, as lines: one codec for all connections with the same capabilities, so that they share its bytes.

Rule: a codec knows no connection. Each event becomes the lines that anybody with these capabilities may get; what a
capability would have said is left out for those without, or said as older clients know it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from chatd import messages as m
from chatd.ports.irc.out import Out, format_line, stamp
from chatd.wire.irc import LINE_BYTES, Text, parse_tags, pieces


class People(Protocol):
    """Who somebody is now."""

    def user(self, name: str) -> Any:
        """Whom an event means by this name, only to be read (`core.users.User`); None for nobody."""

    def source(self, name: str) -> str:
        """`nick!ident@host` of somebody; the name itself for nobody."""


class LineCodec:
    """Events as lines for connections with these capabilities."""

    def __init__(self, lookup: People, server: str, caps: frozenset[str]) -> None:
        self.lookup = lookup
        self.server = server
        self.caps = caps
        self._tagged = bool(caps & {"server-time", "message-tags", "account-tag"})

    def encode(self, event: Any) -> bytes:
        """The lines of an event, or nothing."""
        render = RENDERERS.get(type(event))
        if render is None:
            return b""
        return b"".join([format_line(out, self.caps) for out in render(self, event)])

    # ---- for renderers ----

    def tags(self, sender: str, at: int, id: bytes = b"", tags: str = "") -> Mapping[str, str]:
        """The tags of something that somebody did at a time."""
        if not self._tagged:
            return {}
        found: dict[str, str] = parse_tags(tags) if tags else {}
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
        """A message as lines that fit."""
        command = "NOTICE" if event.kind == "notice" else "PRIVMSG"
        to = event.conversation if event.conversation[0] == "#" else self.peer(event.conversation, event.sender)
        source = self.lookup.source(event.sender)
        tags = self.tags(event.sender, event.at, event.id, event.tags)
        if event.kind == "redacted":
            return []
        room = LINE_BYTES - len(f":{source} {command} {to} :\r\n".encode())
        texts = [event.text] if len(event.text) * 4 <= room and "\n" not in event.text else pieces(event.text, room)
        return [Out(source, command, (to, Text(text)), tags) for text in texts]


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
    return [Out(source, "JOIN", (group, "*" if user.guest else user.name, Text(user.realname)))]
