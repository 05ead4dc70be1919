"""Who somebody is: WHO with WHOX, WHOIS, WHOWAS, USERHOST, ISON.

Rule: what may be known is the core's to say; this is only its shape.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from chatd import messages as m
from chatd import people
from chatd.ports.irc import metadata
from chatd.ports.irc.channels import rows_of, signs_of
from chatd.ports.irc.client import Asked, Client, Rendered
from chatd.ports.irc.out import Out
from chatd.wire import numerics as n
from chatd.wire.irc import Line, Text

FIELDS: Final = "tcuihsnfdlaor"  # the order in which WHOX answers, whatever the order asked for
MOST_NICKS: Final = 10


class Fields:
    """What a WHOX asks for: the fields, and the token it wants back."""

    def __init__(self, text: str) -> None:
        fields, _, token = text.partition(",")
        self.wanted = [field for field in FIELDS if field in fields]
        self.token = token[:3] or "0"


def who(client: Client, line: Line) -> None:
    """WHO mask [o] [%fields,token]."""
    mask = line.params[0] if line.params else "*"
    options = line.params[1] if len(line.params) > 1 else ""
    operators = options.partition("%")[0] == "o"
    fields = Fields(options.partition("%")[2]) if "%" in options else None
    client.ask(people.Find, mask, operators, about=(mask, fields), then=_found)


def _found(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if not isinstance(event, people.ProfileList):
        return None
    mask, fields = asked.about
    outs = [_whox(client, person, fields) if fields else _who(client, person) for person in event.people]
    if event.more:
        outs.append(client.numeric(n.RPL_TRYAGAIN, "WHO", text="There are more; ask for fewer."))
    return [*outs, client.numeric(n.RPL_ENDOFWHO, mask or "*")]


def _flags(client: Client, person: people.Profile) -> str:
    here = "H" if person.state == "online" else "G"
    return here + ("*" if person.operator else "") + signs_of(client, person.modes) + ("B" if person.bot else "")


def _who(client: Client, person: people.Profile) -> Out:
    who_ = (person.group or "*", person.ident, person.host, client.facts.name, person.nick, _flags(client, person))
    return client.numeric(n.RPL_WHOREPLY, *who_, text=Text(f"0 {person.realname or person.nick}"))


def _whox(client: Client, person: people.Profile, fields: Fields) -> Out:
    values = {
        "t": fields.token,
        "c": person.group or "*",
        "u": person.ident,
        "i": "255.255.255.255",
        "h": person.host,
        "s": client.facts.name,
        "n": person.nick,
        "f": _flags(client, person),
        "d": "0",
        "l": str(person.idle),
        "a": person.account or "0",
        "o": "n/a",
        "r": person.realname or person.nick,
    }
    shown = [values[field] for field in fields.wanted]
    last = Text(shown[-1]) if fields.wanted[-1:] == ["r"] else (shown[-1] if shown else None)
    return client.numeric(n.RPL_WHOSPCRPL, *shown[:-1], text=last)


# ---- WHOIS and WHOWAS ----------------------------------------------------------------------------------------------


def whois(client: Client, line: Line) -> None:
    """WHOIS [server] nick."""
    if not line.params or not line.params[-1]:
        client.reply(n.ERR_NONICKNAMEGIVEN)
        return
    nick = (line.params[1] if len(line.params) > 1 else line.params[0]).split(",")[0]
    if len(line.params) > 1:
        target = line.params[0]
        if target.lower() != client.facts.name.lower() and client.lookup.user(target) is None:
            client.reply(n.ERR_NOSUCHSERVER, target)
            return
    client.ask(m.Whois, nick, about=nick, then=_person)


def _person(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    nick = asked.about
    end = client.numeric(n.RPL_ENDOFWHOIS, nick)
    if isinstance(event, m.Failed):
        return [client.numeric(n.ERR_NOSUCHNICK, nick), end] if event.code == "no-such-user" else None
    if not isinstance(event, m.Person):
        return None
    nick = event.nick
    end = client.numeric(n.RPL_ENDOFWHOIS, nick)
    if event.state == "offline":
        outs = [client.numeric(n.ERR_NOSUCHNICK, nick)]
        if not event.guest:
            outs = [
                client.numeric(n.RPL_WHOISUSER, nick, event.ident, event.host, "*", text=Text(event.realname or nick)),
                client.numeric(n.RPL_AWAY, nick, text="is not here; messages are kept until they return"),
            ]
        return [*outs, end]
    return [*_whois_lines(client, nick, event), end]


def _whois_lines(client: Client, nick: str, person: m.Person) -> list[Out]:
    outs = [client.numeric(n.RPL_WHOISUSER, nick, person.ident, person.host, "*", text=Text(person.realname or nick))]
    groups = [signs_of(client, modes) + group for group, modes in zip(person.groups, person.modes, strict=True)]
    outs += [client.numeric(n.RPL_WHOISCHANNELS, nick, text=Text(row)) for row in rows_of(client, groups, nick)]
    outs.append(client.numeric(n.RPL_WHOISSERVER, nick, client.facts.name, text=Text(client.facts.description)))
    if person.text:
        outs.append(client.numeric(n.RPL_AWAY, nick, text=Text(person.text)))
    if person.operator:
        outs.append(client.numeric(n.RPL_WHOISOPERATOR, nick))
    if person.bot:
        outs.append(client.numeric(n.RPL_WHOISBOT, nick))
    if not person.guest:
        outs.append(client.numeric(n.RPL_WHOISACCOUNT, nick, person.name))
    if person.address:
        outs.append(client.numeric(n.RPL_WHOISACTUALLY, nick, f"{person.ident}@{person.address}", person.address))
    if person.certificate:
        text = n.RPL_WHOISCERTFP.text.format(person.certificate)
        outs.append(client.numeric(n.RPL_WHOISCERTFP, nick, text=text))
    if person.secure:
        outs.append(client.numeric(n.RPL_WHOISSECURE, nick))
    outs.append(client.numeric(n.RPL_WHOISIDLE, nick, str(person.idle), str(person.since // 1000)))
    user = client.lookup.user(person.name)
    if user is not None and metadata.speaks(client):
        for key, value in sorted(user.metadata.items()):
            outs.append(client.numeric(n.RPL_WHOISKEYVALUE, nick, key, "*", text=Text(value)))
    return outs


def whowas(client: Client, line: Line) -> None:
    """WHOWAS nick [count]."""
    if not line.params or not line.params[0]:
        client.reply(n.ERR_NONICKNAMEGIVEN)
        return
    count = line.params[1] if len(line.params) > 1 else ""
    limit = int(count) if count.lstrip("-").isdecimal() and len(count) < 9 else 0
    nick = line.params[0].split(",")[0]
    client.ask(people.Past, nick, limit, about=line.params[0], then=_past)


def _past(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if not isinstance(event, people.PastList):
        return None
    outs = []
    for person in event.people:
        left = datetime.fromtimestamp(person.since // 1000, UTC).strftime("%a %b %d %H:%M:%S %Y")
        shown = (person.nick, person.ident, person.host, "*")
        outs.append(client.numeric(n.RPL_WHOWASUSER, *shown, text=Text(person.realname or person.nick)))
        outs.append(client.numeric(n.RPL_WHOISSERVER, person.nick, client.facts.name, text=left))
        if person.account:
            text = f"was logged in as {person.account}"
            outs.append(client.numeric(n.RPL_WHOISACCOUNT, person.nick, person.account, text=text))
    if not event.people:
        outs.append(client.numeric(n.ERR_WASNOSUCHNICK, event.nick))
    return [*outs, client.numeric(n.RPL_ENDOFWHOWAS, asked.about)]


# ---- USERHOST and ISON ---------------------------------------------------------------------------------------------


def userhost(client: Client, line: Line) -> None:
    """USERHOST nick ..."""
    client.later(lambda client: [_userhost(client, line.params[:MOST_NICKS])])


def _userhost(client: Client, nicks: list[str]) -> Out:
    found = []
    for user in map(client.lookup.user, nicks):
        if user is not None and user.seen:
            star, sign = "*" if user.operator else "", "-" if user.away else "+"
            found.append(f"{user.nick}{star}={sign}{user.ident}@{user.host}")
    return client.numeric(n.RPL_USERHOST, text=Text(" ".join(found)))


def ison(client: Client, line: Line) -> None:
    """ISON nick ..."""
    client.later(lambda client: [_ison(client, " ".join(line.params).split()[:100])])


def _ison(client: Client, nicks: list[str]) -> Out:
    users = map(client.lookup.user, nicks)
    found = [user.nick for user in users if user is not None and user.seen]
    return client.numeric(n.RPL_ISON, text=Text(" ".join(found)))


COMMANDS: dict[str, tuple[Callable[[Client, Line], None], int]] = {
    "ISON": (ison, 1),
    "USERHOST": (userhost, 1),
    "WHO": (who, 0),
    "WHOIS": (whois, 0),
    "WHOWAS": (whowas, 0),
}
REPLIES: dict[type, Rendered] = {}
