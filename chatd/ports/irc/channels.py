"""Groups as channels: JOIN, PART, NAMES, and what is heard of them.

Rule: an IRC channel is the group of that name; what may be is the core's to say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from chatd import messages as m
from chatd import moderation, people
from chatd.ports.irc import codec
from chatd.ports.irc.client import Asked, Client, Rendered
from chatd.ports.irc.codec import LineCodec
from chatd.ports.irc.out import Out
from chatd.wire import numerics as n
from chatd.wire.irc import LINE_BYTES, Line, Text

SIGNS: Final = dict(zip("qaohv", "~&@%+", strict=True))


class Joining:
    """A JOIN whose answer decides whether the names that follow are shown."""

    def __init__(self, group: str) -> None:
        self.group = group
        self.failed = False


def join(client: Client, line: Line) -> None:
    """JOIN #a,#b key,key, or `0`: leave all."""
    keys = line.params[1].split(",") if len(line.params) > 1 else []
    for number, group in enumerate(dict.fromkeys(line.params[0].split(","))):
        if group == "0":
            client.ask(people.LeaveAll, then=lambda client, asked, event: None)
        elif group:
            about = Joining(group)
            key = keys[number] if number < len(keys) else ""
            client.ask(m.Join, group, True, False, key, about=about, then=_joined)
            client.ask(m.Members, group, about=about, then=_names_of_joined)


def _joined(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if isinstance(event, m.Failed):
        asked.about.failed = True
        if event.code in ("bad-name", "no-such-group"):
            return [client.numeric(n.ERR_NOSUCHCHANNEL, asked.about.group[:64] or "*")]
        asked.about = asked.about.group
    return None


def _names_of_joined(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if asked.about.failed or isinstance(event, m.Failed):
        return []
    return None


def group_info(client: Client, asked: Asked | None, event: m.GroupInfo) -> list[Out]:
    """One is in a group: as a JOIN, its topic; the names follow."""
    position = event.position
    outs = codec.joining(client.codec, client.name, position.conversation)
    if position.topic:
        outs += topic_lines(client, position)
    if asked is None:
        client.begin(Line("NAMES", [position.conversation]))
        client.ask(m.Members, position.conversation)
    return outs


def topic_lines(client: Client, position: m.Position) -> list[Out]:
    """332 and 333."""
    setter = client.lookup.source(position.topic_by) if position.topic_by else client.facts.name
    return [
        client.numeric(n.RPL_TOPIC, position.conversation, text=position.topic),
        client.numeric(n.RPL_TOPICWHOTIME, position.conversation, setter, text=str(position.topic_at // 1000)),
    ]


def member_list(client: Client, asked: Asked | None, event: m.MemberList) -> list[Out]:
    """353 and 366."""
    several, hosts = "multi-prefix" in client.caps, "userhost-in-names" in client.caps
    names = []
    for member in event.members:
        signs = "".join(SIGNS[mode] for mode in member.modes)
        person = client.lookup.person(member.name)
        nick = person.nick if person is not None else member.name
        shown = client.lookup.source(member.name) if hosts else nick
        names.append((signs if several else signs[:1]) + shown)
    outs = []
    kind = "@" if event.secret else "="
    room = LINE_BYTES - 80 - len(client.facts.name.encode()) - len(event.group.encode())
    row: list[str] = []
    size = 0
    for name in names:
        if row and size + len(name.encode()) + 1 > room:
            outs.append(client.numeric(n.RPL_NAMREPLY, kind, event.group, text=" ".join(row)))
            row, size = [], 0
        row.append(name)
        size += len(name.encode()) + 1
    if row:
        outs.append(client.numeric(n.RPL_NAMREPLY, kind, event.group, text=" ".join(row)))
    return [*outs, client.numeric(n.RPL_ENDOFNAMES, event.group)]


def part(client: Client, line: Line) -> None:
    """PART #a,#b reason."""
    reason = line.params[1] if len(line.params) > 1 else ""
    for group in line.params[0].split(","):
        if group:
            client.ask(m.Leave, group, reason, about=group, then=_parted)


def _parted(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if isinstance(event, m.Done):
        reason = asked.line.params[1:2]
        return [Out(client.me(), "PART", (asked.about, *map(Text, reason)))]
    return None


def names(client: Client, line: Line) -> None:
    """NAMES #a."""
    group = line.params[0].split(",")[0] if line.params else "*"
    client.ask(m.Members, group, about=group, then=_names)


def _names(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if isinstance(event, m.Failed):
        return [client.numeric(n.RPL_ENDOFNAMES, asked.about)]
    return None


# ---- what many hear ----------------------------------------------------------------------------------------------


def changed(codec_: LineCodec, event: m.GroupChange) -> list[Out]:
    """Somebody changed a group."""
    source = codec_.lookup.source(event.by or event.name)
    reason = (Text(event.text),) if event.text else ()
    if event.change == "joined":
        return codec.joining(codec_, event.name, event.group)
    if event.change == "left":
        return [Out(source, "PART", (event.group, *reason))]
    return []


COMMANDS: dict[str, tuple[Callable[[Client, Line], None], int]] = {
    "JOIN": (join, 1),
    "NAMES": (names, 0),
    "PART": (part, 1),
}
REPLIES: dict[type, Rendered] = {m.GroupInfo: group_info, m.MemberList: member_list}
codec.RENDERERS[m.GroupChange] = changed
_ = (moderation, Any)
