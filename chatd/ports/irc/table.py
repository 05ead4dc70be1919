"""The one table from command to function, and the one from event to renderer, joined from the areas' own.

Rule: what a command needs (parameters, to be in) stands beside it; a function is called only when that holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from chatd.ports.irc import (
    accounts,
    caps,
    channels,
    history,
    messaging,
    metadata,
    modes,
    operators,
    presence,
    registration,
    server,
    services,
    who,
)
from chatd.ports.irc.client import Client, Rendered
from chatd.wire.irc import Line
from chatd.wire.numerics import ERR_NEEDMOREPARAMS, ERR_NOTREGISTERED, ERR_UNKNOWNCOMMAND


class Command(NamedTuple):
    """What to call, how many parameters it needs at least, and whether strangers may say it."""

    function: Callable[[Client, Line], None]
    params: int = 0
    before: bool = False


AREAS: Final = (
    registration,
    accounts,
    services,
    channels,
    modes,
    messaging,
    history,
    metadata,
    presence,
    who,
    operators,
    server,
)
COMMANDS: dict[str, Command] = {
    "CAP": Command(caps.cap, 1, before=True),
    **{name: Command(*row) for area in AREAS for name, row in area.COMMANDS.items()},
}

REPLIES: dict[type, Rendered] = {event: rendered for area in AREAS for event, rendered in area.REPLIES.items()}


def dispatch(client: Client, line: Line) -> None:
    """Carry out one line."""
    client.begin(line)
    command = COMMANDS.get(line.command)
    if command is None:
        if client.inside or client.arriving:
            client.reply(ERR_UNKNOWNCOMMAND, line.command[:64])
        else:
            client.reply(ERR_NOTREGISTERED)
    elif not (command.before or client.inside or client.arriving):
        client.reply(ERR_NOTREGISTERED)
    elif len(line.params) < command.params:
        client.reply(ERR_NEEDMOREPARAMS, line.command)
    else:
        command.function(client, line)
    client.finish()
    if client.wanted and not client.negotiating and not client.inside:
        client.begin(line._replace(tags={}))
        registration.arrive(client)
        client.finish()
