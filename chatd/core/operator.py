"""What an operator of the server may do, as commands like any other.

Rule: who is one has been proved by admission; everybody else is refused with `not-operator`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatd import messages as m
from chatd import moderation as o
from chatd.core.turn import Refused, Turn
from chatd.core.users import Session, User

if TYPE_CHECKING:
    from chatd.core.hub import Hub


def _operator(session: Session) -> User:
    user = session.user
    assert user is not None
    if not user.operator:
        raise Refused("not-operator", "Only operators of the server may do that.")
    return user


def kill(hub: Hub, session: Session, command: o.Kill, turn: Turn) -> None:
    """End all sessions of somebody."""
    by = _operator(session)
    victim = hub.users.find(command.name)
    if not victim.sessions:
        raise Refused("not-here", f"{victim.nick} is not here.")
    reason = f"Killed ({by.nick} ({command.reason or 'no reason'}))"
    turn.reply(session, m.Done(command.ref))
    for other in list(victim.sessions):
        hub.depart(other, False, turn, reason)
        turn.then(hub.outside.end, other, m.Bye("killed", reason))


def wallops(hub: Hub, session: Session, command: o.Wallops, turn: Turn) -> None:
    """Say something to everybody who listens to operators."""
    by = _operator(session)
    if not command.text or command.text.isspace():
        raise Refused("empty-text", "There is nothing to send.")
    if len(command.text.encode()) > hub.limits.text_bytes:
        raise Refused("text-too-long", f"A message has at most {hub.limits.text_bytes} bytes.")
    turn.then(_tell_listeners, hub, o.Walloped(by.name, command.text))
    turn.reply(session, m.Done(command.ref))


def _tell_listeners(hub: Hub, event: o.Walloped) -> None:
    listeners = [other for other in hub.everyone.sessions if other.user is not None and other.user.wallops]
    hub.outside.cast(listeners, event)
