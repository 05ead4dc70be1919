"""What is said and is no mail: typing, tags, a guest's private words, a word to a group's operators.

Rule: it reaches who is here now and nobody else; what may be said to a group is what may be sent to it. A guest's
private words can be read back while they are remembered (`talks`), and so can tags that ask for it (`+draft/persist`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatd import people as p
from chatd.core import archive, mailbox, modes, people
from chatd.core.groups import HALFOP, RANKS, ROLES
from chatd.core.talks import is_kept
from chatd.core.turn import Refused, Turn
from chatd.core.users import Session

if TYPE_CHECKING:
    from chatd.core.hub import Hub

KINDS = ("text", "notice", "tags")
LETTERS = "".join(ROLES)
PERSIST = "+draft/persist"


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
    people.check_private(user, peer, command.text)
    if command.text and peer is not user and user.chains and peer.chains:
        raise mailbox.encrypted_only(peer)
    at = turn.now
    if is_kept(user, peer) and _persists(hub, command):
        conversation = mailbox.direct(hub, user, peer)
        if conversation.id not in hub.conversations.by_id:
            mailbox.begin(hub, conversation, turn)
        at, _ = archive.note(hub, conversation, turn, "passed", user.name, command.tags, command.id)
    event = p.Passing(user.name, peer.name, command.id, at, command.text, command.kind, command.tags)
    if command.text and not is_kept(user, peer):
        hub.talks.keep(user, peer, event, hub.limits.talks_bytes)
    for other in (*peer.sessions, *(user.sessions if peer is not user else ())):
        if other is not session or peer is user:
            turn.reply(other, event)
    turn.reply(session, p.Passed(command.ref, at, peer.away))


def _persists(hub: Hub, command: p.Pass) -> bool:
    """Whether it is to be found in the past, too."""
    wanted = command.kind == "tags" and not command.least and not hub.full
    return wanted and any(tag.partition("=")[0] == PERSIST for tag in command.tags.split(";"))


def _to_group(hub: Hub, session: Session, command: p.Pass, turn: Turn) -> None:
    user = session.user
    assert user is not None
    group = hub.conversations.group(command.to, user)
    modes.check_talk(group, user, command.text, 0 if command.kind == "tags" else turn.now)
    least = max(RANKS[command.least], HALFOP if modes.for_operators(group, user) else 0)
    at = turn.now
    if not least and _persists(hub, command):
        at, _ = archive.note(hub, group, turn, "passed", user.name, command.tags, command.id)
    event = p.Passing(user.name, group.name, command.id, at, command.text, command.kind, command.tags, command.least)
    turn.cast(group.part(least, user) if least else group.audience, event, session)
    turn.reply(session, p.Passed(command.ref, at))
