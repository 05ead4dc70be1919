"""Groups as channels: JOIN, PART, NAMES, TOPIC, KICK, INVITE, LIST, RENAME, and what is heard of them.

Rule: an IRC channel is the group of that name; what may be is the core's to say. Modes are in `modes.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from chatd import messages as m
from chatd import moderation, people
from chatd.ports.irc import codec
from chatd.ports.irc.client import Asked, Client, Rendered
from chatd.ports.irc.codec import LineCodec, absence, joining, marker
from chatd.ports.irc.listing import Wanted
from chatd.ports.irc.out import Out
from chatd.wire import numerics as n
from chatd.wire.irc import LINE_BYTES, Line, Text

SIGNS: Final = dict(zip("qaohv", "~&@%+", strict=True))
OLDER: Final = {"q": "@", "a": "@", "o": "@", "h": "%", "v": "+"}
MOST_NAMES: Final = 50  # groups that NAMES without a name shows
TARGETS: Final = 10  # and that it can be asked for


# ---- coming and going --------------------------------------------------------------------------------------------


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
            client.ask(people.LeaveAll, then=_nothing)
        elif group[:1] != "#":
            client.reply(n.ERR_NOSUCHCHANNEL, group[:64] or "*")
        else:
            about = Joining(group)
            key = keys[number] if number < len(keys) else ""
            client.ask(m.Join, group, True, False, key, about=about, then=_joined)
            client.ask(m.Members, group, about=about, then=_names_of_joined)


def _nothing(client: Client, asked: Asked, event: m.Event) -> list[Out]:
    return []


def _joined(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if isinstance(event, m.Failed):
        asked.about.failed = True
        if event.code in ("bad-name", "no-such-group"):
            return [client.numeric(n.ERR_NOSUCHCHANNEL, asked.about.group[:64])]
        asked.about = asked.about.group
    elif isinstance(event, m.GroupInfo) and event.already:
        asked.about.failed = True
        return []
    return None


def _names_of_joined(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    return [] if asked.about.failed or isinstance(event, m.Failed) else None


def group_info(client: Client, asked: Asked | None, event: m.GroupInfo) -> list[Out]:
    """One is in a group: a JOIN, its topic; the names follow."""
    position = event.position
    outs = joining(client.codec, client.name, position.conversation)
    if position.topic:
        outs += topic_lines(client, position)
    if "draft/read-marker" in client.caps:
        outs.append(marker(client, position.conversation, position.marker))
    return outs


def part(client: Client, line: Line) -> None:
    """PART #a,#b reason."""
    reason = line.params[1] if len(line.params) > 1 else ""
    for group in line.params[0].split(","):
        if group:
            client.ask(m.Leave, group, reason, about=group, then=_parted)


def _parted(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if isinstance(event, m.Done):
        return [Out(client.me(), "PART", (asked.about, *map(Text, asked.line.params[1:2])))]
    return None


def kick(client: Client, line: Line) -> None:
    """KICK #a nick,nick reason; or as many groups as nicks."""
    groups, nicks = line.params[0].split(","), line.params[1].split(",")
    if len(groups) == 1:
        groups *= len(nicks)
    if len(groups) != len(nicks):
        client.reply(n.ERR_NEEDMOREPARAMS, "KICK")
        return
    reason = line.params[2] if len(line.params) > 2 else ""
    for group, nick in zip(groups, nicks, strict=True):
        client.ask(m.Kick, group, nick, reason, about=(group, nick), then=_kicked)


def _kicked(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if isinstance(event, m.Failed):
        group, nick = asked.about
        if event.code in ("user-not-in-group", "no-such-user"):
            person = client.lookup.user(nick)
            numeric = n.ERR_NOSUCHNICK if person is None else n.ERR_USERNOTINCHANNEL
            return [client.numeric(numeric, nick, *([group] if person is not None else []))]
        asked.about = group
        return None
    return []


# ---- names and topics --------------------------------------------------------------------------------------------


def names(client: Client, line: Line) -> None:
    """NAMES #a,#b; without a name: of every group one can see."""
    wanted = list(dict.fromkeys(line.params[0].split(",")))[:TARGETS] if line.params else []
    if len(wanted) == 1:
        client.ask(m.Members, wanted[0], about=wanted[0], then=_names)
        return
    for group in wanted or client.lookup.groups(client.session)[:MOST_NAMES]:
        client.ask(m.Members, group, then=_names_among_others)
    client.ask(m.Ping, about=line.params[0] if wanted else "*", then=_end_of_names)


def _names(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    return [client.numeric(n.RPL_ENDOFNAMES, asked.about)] if isinstance(event, m.Failed) else None


def _names_among_others(client: Client, asked: Asked, event: m.Event) -> list[Out]:
    return member_list(client, asked, event)[:-1] if isinstance(event, m.MemberList) else []


def _end_of_names(client: Client, asked: Asked, event: m.Event) -> list[Out]:
    return [client.numeric(n.RPL_ENDOFNAMES, asked.about)]


def member_list(client: Client, asked: Asked | None, event: m.MemberList) -> list[Out]:
    """353 and 366."""
    hosts = "userhost-in-names" in client.caps
    shown = []
    for member in event.members:
        user = client.lookup.user(member.name)
        oneself = user is not None and user.name == client.name
        if user is None or not (user.seen or oneself):
            continue
        if oneself and not member.modes and client.lookup.hides(event.group):
            continue
        shown.append(signs_of(client, member.modes) + (user.source if hosts else user.nick))
    kind = "@" if event.secret else "="
    rows = rows_of(client, shown, event.group)
    return [
        *(client.numeric(n.RPL_NAMREPLY, kind, event.group, text=Text(row)) for row in rows),
        client.numeric(n.RPL_ENDOFNAMES, event.group),
    ]


def signs_of(client: Client, modes: str) -> str:
    """The signs of a member's modes; who has not asked for all of them (multi-prefix) gets one that every client knows:
    an owner or an admin may do all that an operator may."""
    if "multi-prefix" in client.caps:
        return "".join(SIGNS[mode] for mode in modes)
    return OLDER.get(modes[:1], "")


def rows_of(client: Client, words: Iterable[str], *params: str) -> Iterator[str]:
    """Words joined by spaces to rows that fit into one numeric with these parameters."""
    room = LINE_BYTES - 20 - len(" ".join((client.facts.name, client.nick, *params)).encode())
    row: list[str] = []
    size = 0
    for word in words:
        if row and size + len(word.encode()) + 1 > room:
            yield " ".join(row)
            row, size = [], 0
        row.append(word)
        size += len(word.encode()) + 1
    if row:
        yield " ".join(row)


def topic(client: Client, line: Line) -> None:
    """TOPIC #a: ask; TOPIC #a text: set."""
    wanted = line.params[1][: client.facts.topic_chars] if len(line.params) > 1 else None
    client.ask(m.SetTopic, line.params[0], wanted, about=line.params[0], then=_topic)


def _topic(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if not isinstance(event, m.GroupInfo):
        return None
    position = event.position
    if len(asked.line.params) > 1:
        return [Out(client.me(), "TOPIC", (position.conversation, Text(position.topic)))]
    if not position.topic:
        return [client.numeric(n.RPL_NOTOPIC, position.conversation)]
    return topic_lines(client, position)


def topic_lines(client: Client, position: m.Position) -> list[Out]:
    """332 and 333."""
    setter = client.lookup.source(position.topic_by) if position.topic_by else client.facts.name
    return [
        client.numeric(n.RPL_TOPIC, position.conversation, text=Text(position.topic)),
        client.numeric(n.RPL_TOPICWHOTIME, position.conversation, setter, text=str(position.topic_at // 1000)),
    ]


# ---- invitations, lists, names of groups -------------------------------------------------------------------------


def invite(client: Client, line: Line) -> None:
    """INVITE nick #a; without parameters: which groups one is invited to."""
    if not line.params:
        client.later(_invitations)
    elif len(line.params) < 2:
        client.reply(n.ERR_NEEDMOREPARAMS, "INVITE")
    else:
        client.ask(m.Invite, line.params[1], line.params[0], then=_invited)


def _invitations(client: Client) -> list[Out]:
    groups = client.lookup.invitations(client.session)
    return [*(client.numeric(n.RPL_INVITELIST, group) for group in groups), client.numeric(n.RPL_ENDOFINVITELIST)]


def _invited(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    nick, group = asked.line.params[:2]
    if isinstance(event, m.Failed):
        if event.code == "already-in-group":
            return [client.numeric(n.ERR_USERONCHANNEL, nick, group)]
        asked.about = nick if event.code in ("no-such-user", "guest") else group
        return None
    person = client.lookup.user(nick)
    outs = [client.numeric(n.RPL_INVITING, nick, text=group)]
    if person is not None and person.away:
        outs.append(client.numeric(n.RPL_AWAY, person.nick, text=Text(person.away)))
    return outs


def list_(client: Client, line: Line) -> None:
    """LIST with the filters of ELIST."""
    client.ask(m.Groups, about=Wanted(line.params[0] if line.params else ""), then=_listed)


def _listed(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if not isinstance(event, m.GroupList):
        return None
    now = client.lookup.now()
    found = [group for group in event.groups if group.members and asked.about.fits(group, now)]
    return [
        client.numeric(n.RPL_LISTSTART, "Channel"),
        *(client.numeric(n.RPL_LIST, group.group, str(group.present), text=Text(group.topic)) for group in found),
        client.numeric(n.RPL_LISTEND),
    ]


def rename(client: Client, line: Line) -> None:
    """RENAME #old #new reason (draft/channel-rename)."""
    old, new = line.params[:2]
    if new[:1] != "#":
        client.fail("RENAME", "CANNOT_RENAME", old, new, text="The name of a group begins with #.")
        return
    client.ask(moderation.Rename, old, new, line.params[2] if len(line.params) > 2 else "", then=_renamed)


def _renamed(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if not isinstance(event, m.Failed):
        return None
    old, new = asked.line.params[:2]
    fails = {
        "name-taken": "CHANNEL_NAME_IN_USE",
        "bad-name": "CANNOT_RENAME",
        "not-allowed": "",
        "not-operator": "",
        "not-a-member": "",
        "no-such-group": "",
    }
    code = fails.get(event.code, "CANNOT_RENAME")
    if not code:
        asked.about = old
        return None
    return [client.failure("RENAME", code, old, new, text=event.text)]


# ---- what many hear ----------------------------------------------------------------------------------------------


def changed(heard: LineCodec, event: m.GroupChange) -> list[Out]:
    """Somebody changed a group."""
    source = heard.lookup.source(event.by or event.name)
    reason = (Text(event.text),) if event.text else ()
    if event.change == "joined":
        return [*joining(heard, event.name, event.group), *absence(heard, event.name)]
    if event.change == "left":
        return [Out(source, "PART", (event.group, *reason))]
    if event.change == "kicked":
        return [Out(source, "KICK", (event.group, heard.nick(event.name), Text(event.text or event.by)))]
    if event.change == "topic":
        return [Out(source, "TOPIC", (event.group, Text(event.text)))]
    if event.change == "invited" and "invite-notify" in heard.caps:
        return [Out(source, "INVITE", (heard.nick(event.name), event.group))]
    return []


def told(client: Client, asked: Asked | None, event: m.GroupChange) -> list[Out]:
    """The same for this connection alone: an invitation is shown to whom it is meant for."""
    if event.change == "invited":
        return [Out(client.lookup.source(event.by), "INVITE", (client.codec.nick(event.name), event.group))]
    return changed(client.codec, event)


def renamed(client: Client, asked: Asked | None, event: moderation.Renamed) -> list[Out]:
    """A group has another name; for those who do not know such a thing one has left the old and joined the new one."""
    if "draft/channel-rename" in client.caps:
        return [Out(client.lookup.source(event.by), "RENAME", (event.group, event.name, Text(event.reason)))]
    client.begin(Line("NAMES", [event.name]))
    client.ask(m.Members, event.name)
    why = f": {event.reason}" if event.reason else "."
    left = Out(client.me(), "PART", (event.group, Text(f"The group is now {event.name}{why}")))
    return [left, *joining(client.codec, client.name, event.name)]


Row = tuple[Callable[[Client, Line], None], int]
COMMANDS: dict[str, Row] = {
    "INVITE": (invite, 0),
    "JOIN": (join, 1),
    "KICK": (kick, 2),
    "LIST": (list_, 0),
    "NAMES": (names, 0),
    "PART": (part, 1),
    "RENAME": (rename, 2),
    "TOPIC": (topic, 1),
}
REPLIES: dict[type, Rendered] = {
    m.GroupInfo: group_info,
    m.MemberList: member_list,
    m.GroupChange: told,
    moderation.Renamed: renamed,
}
codec.RENDERERS[m.GroupChange] = changed
