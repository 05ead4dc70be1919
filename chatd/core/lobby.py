"""Who is in the lobby: the frames always, a line session when it has joined.

Rule: the frames see coming and going by `presence`, line sessions in the lobby (the hub's parlour) by `change`:
somebody is in it while one of their sessions is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatd import messages as m
from chatd.core import groups
from chatd.core.turn import Refused, Turn
from chatd.core.users import Session, User

if TYPE_CHECKING:
    from chatd.core.hub import Hub


def is_in(user: User) -> bool:
    """Whether one of somebody's sessions is in the lobby."""
    return any(session.lobby for session in user.sessions)


def enter(hub: Hub, session: Session, turn: Turn) -> None:
    """A session is in the lobby: line sessions that are see it come, if it is their person's first one."""
    user = session.user
    assert user is not None
    if session.lobby and not any(other.lobby for other in user.sessions if other is not session):
        turn.cast(hub.parlour, m.GroupChange(hub.lobby.name, "joined", user.name), session)


def leave(hub: Hub, session: Session, reason: str, turn: Turn) -> None:
    """A session is no longer in the lobby: line sessions see its person leave, if no other one is."""
    user = session.user
    assert user is not None
    if session.lobby and not any(other.lobby for other in user.sessions if other is not session):
        turn.cast(hub.parlour, m.GroupChange(hub.lobby.name, "left", user.name, text=reason), session)


def join(hub: Hub, session: Session, ref: int, turn: Turn) -> None:
    """A line session wants to hear the lobby, from here on."""
    if not session.lobby:
        session.lobby = True
        enter(hub, session, turn)
    turn.then(_hear, hub, session)
    turn.then(groups.tell_position, hub, session, ref, hub.lobby, hub.lobby.name)


def _hear(hub: Hub, session: Session) -> None:
    if session.lobby and not session.over and session in hub.everyone.sessions and hub.lobby not in session.behind:
        hub.caught_up(session, hub.lobby)
        if session.line:
            hub.parlour.add(session)


def part(hub: Hub, session: Session, command: m.Leave, turn: Turn) -> None:
    """A line session does not want to hear the lobby any more."""
    if not session.line:
        raise Refused("not-allowed", "The lobby is everybody's.")
    if not session.lobby:
        raise Refused("not-a-member", "You are not in the lobby.")
    groups.check_reason(hub, command.reason)
    step_out(hub, session, command.reason, turn)
    turn.reply(session, m.Done(command.ref))


def step_out(hub: Hub, session: Session, reason: str, turn: Turn) -> None:
    """From here on this line session is not in the lobby."""
    leave(hub, session, reason, turn)
    session.lobby = False
    turn.then(_unhear, hub, session)


def _unhear(hub: Hub, session: Session) -> None:
    if not session.lobby:
        hub.lobby.audience.discard(session)
        hub.parlour.discard(session)
        session.live.pop(hub.lobby, None)
        session.behind.pop(hub.lobby, None)
