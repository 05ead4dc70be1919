"""What others hear of one: AWAY, SETNAME, MONITOR, and every change of a person that a client may want to know.

Rule: a change is said in the words of the capability for it; who has not asked for it hears what older clients know
(QUIT and JOIN), or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from chatd import messages as m
from chatd import people
from chatd.ports.irc import codec
from chatd.ports.irc.channels import rows_of
from chatd.ports.irc.client import Asked, Client, Rendered
from chatd.ports.irc.codec import LineCodec, absence, joining
from chatd.ports.irc.out import Out
from chatd.wire import numerics as n
from chatd.wire.irc import Line, Text

MOST_ACCEPTED = 20  # in one line

# ---- commands ------------------------------------------------------------------------------------------------------


def away(client: Client, line: Line) -> None:
    """AWAY :why, or AWAY."""
    text = line.params[0][: client.facts.away_chars] if line.params else ""
    client.ask(m.Away, text, about=text, then=_away)


def _away(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if isinstance(event, m.Failed):
        return None
    return [client.numeric(n.RPL_NOWAWAY if asked.about else n.RPL_UNAWAY)]


def setname(client: Client, line: Line) -> None:
    """SETNAME :real name."""
    client.ask(people.SetProfile, line.params[-1], then=_setname)


def _setname(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if isinstance(event, m.Failed):
        return [client.failure("SETNAME", "INVALID_REALNAME", text=event.text)]
    return []


def monitor(client: Client, line: Line) -> None:
    """MONITOR + - C L S."""
    verb = line.params[0].upper()
    names = [name for name in line.params[1].split(",") if name] if len(line.params) > 1 else []
    if verb == "+" and names:
        client.ask(people.Monitor, names, about=names, then=_monitored)
    elif verb == "-" and names:
        client.ask(people.Monitor, [], names, then=_silent)
    elif verb == "C":
        client.ask(people.Monitor, [], [], True, then=_silent)
    elif verb == "L":
        for row in rows_of(client, [name.replace(" ", "") for name in client.lookup.watched(client.session)]):
            client.reply(n.RPL_MONLIST, text=Text(row.replace(" ", ",")))
        client.reply(n.RPL_ENDOFMONLIST)
    elif verb == "S":
        client.ask(people.Monitor, then=None)


def _silent(client: Client, asked: Asked, event: m.Event) -> list[Out]:
    return []


def _monitored(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if isinstance(event, m.Failed):
        if event.code != "list-full":
            return None
        names = Text(",".join(asked.about))
        return [client.numeric(n.ERR_MONLISTFULL, str(client.facts.monitored), names)]
    return None


def statuses(client: Client, asked: Asked | None, event: people.Monitored) -> list[Out]:
    """730 and 731."""
    online = [f"{person.nick}!{person.ident}@{person.host}" for person in event.online]
    return [
        *(client.numeric(n.RPL_MONONLINE, text=Text(row)) for row in _by_commas(client, online)),
        *(client.numeric(n.RPL_MONOFFLINE, text=Text(row)) for row in _by_commas(client, event.offline)),
    ]


def _by_commas(client: Client, words: Sequence[str]) -> Iterator[str]:
    return (row.replace(" ", ",") for row in rows_of(client, [word.replace(" ", "") for word in words]))


def accept(client: Client, line: Line) -> None:
    """ACCEPT nick,-nick,*: who may write to one who takes private words of accounts only (R), no longer, who does."""
    for name in [name for name in line.params[0].split(",") if name][:MOST_ACCEPTED]:
        if name == "*":
            me = client.lookup.user(client.name)
            for row in rows_of(client, [user.nick for user in me.trusted]):
                client.reply(n.RPL_ACCEPTLIST, *row.split(" "))
            client.reply(n.RPL_ENDOFACCEPT)
        else:
            bare = name.removeprefix("-")
            client.ask(people.Trust, bare, bare == name, about=bare, then=_accepted)


def _accepted(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    return None if isinstance(event, m.Failed) else []


# ---- what many hear ------------------------------------------------------------------------------------------------


def changed(heard: LineCodec, event: people.PersonChanged) -> list[Out]:
    """Somebody changed: told to those who share a group (or, with the group `*`, who monitor them)."""
    render = CHANGES.get(event.change)
    if render is None or (event.group == "*" and "extended-monitor" not in heard.caps):
        return []
    return render(heard, event, heard.lookup.source(event.name))


def _nick(heard: LineCodec, event: people.PersonChanged, source: str) -> list[Out]:
    return [Out(source, "NICK", (Text(event.text),))]


def _gone(heard: LineCodec, event: people.PersonChanged, source: str) -> list[Out]:
    return [Out(source, "QUIT", (Text(event.text or "Quit"),))]


def _here(heard: LineCodec, event: people.PersonChanged, source: str) -> list[Out]:
    outs = joining(heard, event.name, event.group)
    user = heard.lookup.user(event.name)
    if user is not None:
        member = heard.lookup.modes(event.group, event.name)
        if member:
            outs.append(Out(heard.server, "MODE", (event.group, "+" + member, *[user.nick] * len(member))))
    return [*outs, *absence(heard, event.name)]


def _capable(cap: str, command: str) -> Callable[[LineCodec, people.PersonChanged, str], list[Out]]:
    """A change that only those with a capability hear."""

    def render(heard: LineCodec, event: people.PersonChanged, source: str) -> list[Out]:
        if cap not in heard.caps:
            return []
        if command == "AWAY":
            return [Out(source, command, (Text(event.text),) if event.text else ())]
        if command == "ACCOUNT":
            return [Out(source, command, (event.text or "*",))]
        if command == "CHGHOST":
            return [Out(source, command, tuple(event.text.split("@", 1)))]
        return [Out(source, command, (Text(event.text),))]

    return render


CHANGES = {
    "nick": _nick,
    "gone": _gone,
    "here": _here,
    "away": _capable("away-notify", "AWAY"),
    "account": _capable("account-notify", "ACCOUNT"),
    "realname": _capable("setname", "SETNAME"),
    "host": _capable("chghost", "CHGHOST"),
}


COMMANDS: dict[str, tuple[Callable[[Client, Line], None], int]] = {
    "ACCEPT": (accept, 1),
    "AWAY": (away, 0),
    "MONITOR": (monitor, 1),
    "SETNAME": (setname, 1),
}
REPLIES: dict[type, Rendered] = {
    people.Monitored: statuses,
    people.PersonChanged: lambda client, asked, event: changed(client.codec, event),
}
codec.RENDERERS[people.PersonChanged] = changed
