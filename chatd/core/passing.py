"""What is said and kept nowhere: typing, tags, a guest's private words, a word to a group's operators.

Rule: it reaches who is here now and nobody else; what may be said to a group is what may be sent to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatd import people as p
from chatd.core import mailbox, modes
from chatd.core.groups import HALFOP, RANKS, ROLES
from chatd.core.turn import Refused, Turn
from chatd.core.users import Session

if TYPE_CHECKING:
    from chatd.core.hub import Hub

KINDS = ("text", "notice", "tags")
LETTERS = "".join(ROLES)


def pass_on(hub: Hub, session: Session, command: p.Pass, turn: Turn) -> None:
    """Say something to who is here."""
    user = session.user
    assert user is not None
    _check(hub, command)
    if command.kind != "tags":
        user.active = turn.now
    if command.to.startswith("@"):
        _to_person(hub, session, command, turn)
    else:
        _to_group(hub, session, command, turn)


def _check(hub: Hub, command: p.Pass) -> None:
    if command.kind not in KINDS:
        raise Refused("bad-argument", f"A kind is one of {', '.join(KINDS)}.")
    mailbox.check_parts(hub, command.text, command.id, command.tags)
    if command.kind != "tags" and (not command.text or command.text.isspace()):
        raise Refused("empty-text", "There is nothing to send.")
    if command.least and (len(command.least) > 1 or command.least not in LETTERS):
        raise Refused("bad-argument", f"A mode of a member is one of {', '.join(LETTERS)}.")


def _to_person(hub: Hub, session: Session, command: p.Pass, turn: Turn) -> None:
    user, peer = session.user, hub.users.find(command.to[1:])
    assert user is not None
    if not peer.sessions:
        raise Refused("not-here", f"{peer.nick} is not here.")
    event = p.Passing(user.name, peer.name, command.id, turn.now, command.text, command.kind, command.tags)
    for other in (*peer.sessions, *(user.sessions if peer is not user else ())):
        if other is not session or peer is user:
            turn.reply(other, event)
    turn.reply(session, p.Passed(command.ref, turn.now, peer.away))


def _to_group(hub: Hub, session: Session, command: p.Pass, turn: Turn) -> None:
    user = session.user
    assert user is not None
    group = hub.conversations.group(command.to, user)
    modes.check_talk(group, user, command.text, 0 if command.kind == "tags" else turn.now)
    event = p.Passing(
        user.name, group.name, command.id, turn.now, command.text, command.kind, command.tags, command.least
    )
    least = max(RANKS[command.least], HALFOP if modes.for_operators(group, user) else 0)
    turn.cast(group.part(least, user) if least else group.audience, event, session)
    turn.reply(session, p.Passed(command.ref, turn.now))
