"""Operators of the server: OPER, KILL, WALLOPS.

Rule: who is one is the core's to say.
"""

from __future__ import annotations

from collections.abc import Callable

from chatd import messages as m
from chatd import moderation, people
from chatd.ports.irc import codec
from chatd.ports.irc.client import Asked, Client, Rendered
from chatd.ports.irc.codec import LineCodec
from chatd.ports.irc.out import Out
from chatd.wire import numerics as n
from chatd.wire.irc import Line, Text


def oper(client: Client, line: Line) -> None:
    """OPER name password."""
    secret = line.params[1] if len(line.params) > 1 else ""
    client.ask(people.BecomeOperator, line.params[0], secret, then=_oper)


def _oper(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if isinstance(event, m.Failed):
        if event.code in ("throttled", "busy"):
            return [client.numeric(n.RPL_TRYAGAIN, "OPER", text=event.text)]
        return [client.numeric(n.ERR_NOOPERHOST, text=event.text)]
    return [client.numeric(n.RPL_YOUREOPER), Out(client.me(), "MODE", (client.nick, "+o"))]


def kill(client: Client, line: Line) -> None:
    """KILL nick :why."""
    client.ask(moderation.Kill, line.params[0], line.params[1] if len(line.params) > 1 else "", then=_kill)


def _kill(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    return None if isinstance(event, m.Failed) else []


def wallops(client: Client, line: Line) -> None:
    """WALLOPS :text."""
    client.ask(moderation.Wallops, line.params[0], then=_wallops)


def _wallops(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    return None if isinstance(event, m.Failed) else []


def walloped(heard: LineCodec, event: moderation.Walloped) -> list[Out]:
    """An operator says something."""
    return [Out(heard.lookup.source(event.by), "WALLOPS", (Text(event.text),))]


COMMANDS: dict[str, tuple[Callable[[Client, Line], None], int]] = {
    "KILL": (kill, 1),
    "OPER": (oper, 1),
    "WALLOPS": (wallops, 1),
}
REPLIES: dict[type, Rendered] = {}
codec.RENDERERS[moderation.Walloped] = walloped
