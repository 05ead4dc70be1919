"""What an operator of the server may do, as commands like any other.

Rule: who is one has been proved by admission; everybody else is refused with `not-operator`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatd import messages as m
from chatd import moderation as o
from chatd.core import sanctions
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
    turn.reply(session, m.Done(command.ref))
    sanctions.kick(hub, turn, victim.name, by.nick, command.reason)


def sanction(hub: Hub, session: Session, command: o.Sanction, turn: Turn) -> None:
    """Ban or mute somebody."""
    by = _operator(session)
    if command.kind == "disabled":
        raise Refused("not-allowed", "Accounts are disabled at the console.")
    sanctions.impose(hub, turn, command.kind, command.whom, by.name, command.seconds, command.reason)
    turn.reply(session, m.Done(command.ref))


def lift(hub: Hub, session: Session, command: o.Lift, turn: Turn) -> None:
    """End a ban or a mute."""
    _operator(session)
    if command.kind == "disabled":
        raise Refused("not-allowed", "Accounts are enabled at the console.")
    sanctions.lift(hub, turn, command.kind, command.whom)
    turn.reply(session, m.Done(command.ref))


def ask_sanctions(hub: Hub, session: Session, command: o.AskSanctions, turn: Turn) -> None:
    """Which there are, the newest first."""
    _operator(session)
    turn.reply(session, o.SanctionList(command.ref, sanctions.listed(hub, turn.now)[: hub.limits.list_length]))


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
