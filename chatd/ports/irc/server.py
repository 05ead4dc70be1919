"""What the server says of itself: MOTD, LUSERS, VERSION, TIME, INFO, ADMIN, LINKS, STATS, HELP.

Rule: nothing here changes anything. A target that is not this server is answered with 402.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from chatd import messages as m
from chatd import people
from chatd.ports.irc import isupport
from chatd.ports.irc.client import Asked, Client, Rendered
from chatd.ports.irc.help import HELP, INDEX
from chatd.ports.irc.out import Out
from chatd.ports.irc.registration import lusers, motd_lines
from chatd.wire import numerics as n
from chatd.wire.irc import Line, Text

INFO: Final = (
    "chatd: the chat service that a class runs for itself.",
    "What you say is on disk before anybody hears it; who is away finds it when they return.",
    "The same people, groups and mail for IRC clients and for the program `chat`.",
)


def _elsewhere(client: Client, line: Line, at: int = 0) -> bool:
    """Whether another server is asked for; that has been said then."""
    if len(line.params) <= at or not line.params[at]:
        return False
    target = line.params[at]
    if target.lower() in (client.facts.name.lower(), client.nick.lower(), "*") or client.lookup.user(target):
        return False
    client.reply(n.ERR_NOSUCHSERVER, target)
    return True


def motd(client: Client, line: Line) -> None:
    """MOTD."""
    if not _elsewhere(client, line):
        for out in motd_lines(client):
            client.say(out)


def users(client: Client, line: Line) -> None:
    """LUSERS."""
    client.ask(people.Count, then=lambda client, asked, event: lusers(client, event) if isinstance(
        event, people.Counts) else None)  # fmt: skip


def version(client: Client, line: Line) -> None:
    """VERSION, and what 005 says."""
    if not _elsewhere(client, line):
        client.reply(n.RPL_VERSION, client.facts.version, client.facts.name, text=Text("stored before it is heard"))
        for out in isupport.lines(client):
            client.say(out)


def time(client: Client, line: Line) -> None:
    """TIME, in UTC."""
    if not _elsewhere(client, line):
        now = client.lookup.now() // 1000
        words = datetime.fromtimestamp(now, UTC).strftime("%A, %d %B %Y, %H:%M:%S UTC")
        client.reply(n.RPL_TIME, client.facts.name, str(now), "0", text=words)


def info(client: Client, line: Line) -> None:
    """INFO."""
    if not _elsewhere(client, line):
        for text in (*INFO, f"This is {client.facts.version}, up since {client.facts.created}."):
            client.reply(n.RPL_INFO, text=text)
        client.reply(n.RPL_ENDOFINFO)


def admin(client: Client, line: Line) -> None:
    """ADMIN."""
    if not _elsewhere(client, line):
        client.reply(n.RPL_ADMINME, client.facts.name)
        client.reply(n.RPL_ADMINLOC1, text=client.facts.network)
        client.reply(n.RPL_ADMINLOC2, text=client.facts.version)
        client.reply(n.RPL_ADMINEMAIL, text=client.facts.admin or "Ask the staff of your class.")


def links(client: Client, line: Line) -> None:
    """LINKS: there is one server."""
    if not _elsewhere(client, line, 1):
        name = client.facts.name
        client.reply(n.RPL_LINKS, name, name, text=f"0 {client.facts.description}")
        client.reply(n.RPL_ENDOFLINKS, "*")


def stats(client: Client, line: Line) -> None:
    """STATS: `u` says since when; the rest is the staff console's."""
    if line.params[0][:1] == "u":
        client.reply(n.RPL_STATSUPTIME, text=n.RPL_STATSUPTIME.text.format("since " + client.facts.created))
    client.reply(n.RPL_ENDOFSTATS, line.params[0][:1] or "*")


def help_(client: Client, line: Line) -> None:
    """HELP, HELPOP: what commands there are, or one of them."""
    subject = line.params[0].upper() if line.params else "*"
    lines = INDEX if subject == "*" else HELP.get(subject)
    if lines is None:
        client.reply(n.ERR_HELPNOTFOUND, line.params[0][:64] or "*", text="There is no help for that; try HELP.")
        return
    first, *rest = lines
    client.reply(n.RPL_HELPSTART, subject, text=first)
    for text in rest:
        client.reply(n.RPL_HELPTXT, subject, text=text)
    client.reply(n.RPL_ENDOFHELP, subject)


def noticed(client: Client, asked: Asked | None, event: m.Notice) -> list[Out]:
    """The server says something; an invitation has a line of its own."""
    if event.code == "invited":
        return []
    return [Out(client.facts.name, "NOTICE", (client.nick, Text(event.text)))]


COMMANDS: dict[str, tuple[Callable[[Client, Line], None], int]] = {
    "ADMIN": (admin, 0),
    "HELP": (help_, 0),
    "HELPOP": (help_, 0),
    "INFO": (info, 0),
    "LINKS": (links, 0),
    "LUSERS": (users, 0),
    "MOTD": (motd, 0),
    "STATS": (stats, 1),
    "TIME": (time, 0),
    "VERSION": (version, 0),
}
REPLIES: dict[type, Rendered] = {m.Notice: noticed}
