"""Operators of the server: OPER, KILL, KLINE, UNKLINE, WALLOPS.

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


def kline(client: Client, line: Line) -> None:
    """KLINE minutes nick|address :why; 0 minutes: for ever. An address, or a network, is for guests from there."""
    minutes, whom, *why = line.params
    if not (minutes.isascii() and minutes.isdigit() and len(minutes) <= 7):
        client.fail("KLINE", "BAD_ARGUMENT", minutes, text="KLINE minutes nick|address :why; 0 minutes: for ever.")
        return
    client.ask(moderation.Sanction, "ban", whom, int(minutes) * 60, why[0] if why else "", about=whom, then=_banned)


def _banned(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    return None if isinstance(event, m.Failed) else [_told(client, f"{asked.about} is banned.")]


def unkline(client: Client, line: Line) -> None:
    """UNKLINE nick|address."""
    client.ask(moderation.Lift, "ban", line.params[0], about=line.params[0], then=_unbanned)


def _unbanned(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    return None if isinstance(event, m.Failed) else [_told(client, f"{asked.about} may come in again.")]


def _told(client: Client, text: str) -> Out:
    return Out(client.facts.name, "NOTICE", (client.nick, Text(text)))


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
    "KLINE": (kline, 2),
    "OPER": (oper, 1),
    "UNKLINE": (unkline, 1),
    "WALLOPS": (wallops, 1),
}
REPLIES: dict[type, Rendered] = {}
codec.RENDERERS[moderation.Walloped] = walloped
