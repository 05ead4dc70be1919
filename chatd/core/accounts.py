"""An account made by a password, and a guest who becomes an account while being here.

Rule: who it is has been proved by admission. The session stays in its groups: what the guest was there the account is,
unless it is something there already. Others see one person with an account from then on; where the account is here
already under another nick, they see the guest go and the account come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from chatd import messages as m
from chatd import people as p
from chatd.core import archive, membership, metadata, people, sanctions
from chatd.core.groups import Conversation, tell_group
from chatd.core.names import Name
from chatd.core.turn import Turn
from chatd.core.users import Session, User
from chatd.entries import MetadataSet

if TYPE_CHECKING:
    from chatd.core.hub import Hub


def register(hub: Hub, name: str, verifier: str, scram: str, turn: Turn, guest: Session | None = None) -> User:
    """Make an account without a device; a guest who is in on this session becomes it. Raises Refused."""
    hub.check_space()
    holder = guest.user if guest is not None else None
    record = hub.users.reserve(name, "student", turn.now, but=holder)
    record = msgspec.structs.replace(record, verifier=verifier, scram=scram)
    account = User(record)
    hub.users.add(account)
    turn.keep(record)
    if guest is not None and holder is not None:
        become(hub, guest, account, turn)
    return account


def become(hub: Hub, session: Session, account: User, turn: Turn) -> None:
    """A guest has proved to be an account: from here on the session is the account's. Raises Refused."""
    guest = session.user
    assert guest is not None
    sanctions.check_in(account, turn.now)
    hub.check_sessions(account, session)
    first, seen = not account.sessions, account.seen
    known, shared = people.groups_of(account), people.groups_of(guest)
    heard = [audience for audience in hub.audiences(session) if session in audience.sessions]
    for audience in heard:
        audience.discard(session)
    guest.sessions.pop(session)
    membership.hand_over(hub, guest, account, turn)
    hub.users.remove(guest)
    session.known.clear()
    session.user = account
    account.sessions[session] = None
    session.device = hub.line_device(account, turn)
    if first:
        _put_on(hub, guest, account, turn, seen)
    for audience in heard:
        audience.add(session)
    _hand_over_metadata(guest, account, turn)
    archive.hand_over(hub, guest, account, turn)
    turn.then(_show_merged if seen else _show, hub, session, guest, account, shared, known)
    if first and seen:
        turn.then(hub.outside.announce, m.Presence(account.name, account.state, account.away), session)
    turn.then(hub.subscribe, session)
    heard_still = [group for group in (*session.live, *session.behind) if group is not hub.lobby]
    turn.then(_forget_left, session, [group for group in heard_still if group.member(account) is None])
    membership.after(hub, shared, turn)


def _put_on(hub: Hub, guest: User, account: User, turn: Turn, seen: bool) -> None:
    """Nobody was here as the account: it is set as the guest was, and called so, unless it is seen always."""
    account.since, account.active, account.away = guest.since, guest.active, guest.away
    for field in ("operator", "wallops", "invisible", "bot"):
        setattr(account, field, getattr(account, field) or getattr(guest, field))
    if account.invisible or account.operator:
        hub.users.marked[account] = None
    if not seen:
        hub.users.call(account, Name(guest.name, guest.key, guest.skeleton))


def _hand_over_metadata(guest: User, account: User, turn: Turn) -> None:
    for key, value in guest.metadata.items():
        if key not in account.metadata:
            account.metadata[key] = value
            turn.keep(MetadataSet(account.id, 0, key, value))


# ---- telling, when the turn leaves -------------------------------------------------------------------------------


def _show(
    hub: Hub, session: Session, guest: User, account: User, shared: list[Conversation], known: list[Conversation]
) -> None:
    """The same person, with an account."""
    host = f"{guest.ident}@{account.host}"
    for change, text, but in (("account", account.name, session), ("host", host, None)):
        near = hub.neighbours(account, shared)
        hub.outside.cast(near, p.PersonChanged(guest.nick, guest.nick, change, text), but)
        far = [other for other in hub.monitors.of(guest) if other not in near and other is not but]
        hub.outside.cast(far, p.PersonChanged(guest.nick, guest.nick, change, text, "*"))
    _forget(hub, guest)
    people.dress(account, guest.nick, guest.ident, guest.realname)
    if guest.nick != account.name:
        hub.outside.announce(m.Presence(guest.nick, "offline", account.name), session)
        hub.outside.announce(m.Presence(account.name, account.state, account.away), session)
    people.tell_here(hub, account, [group for group in known if group not in shared])
    _tell_groups(hub, [session], account, [group for group in known if group not in shared])


def _show_merged(
    hub: Hub, session: Session, guest: User, account: User, shared: list[Conversation], known: list[Conversation]
) -> None:
    """The account is here or seen, under its own nick: the guest goes, it comes into the groups that are new to it."""
    near = {other: None for group in shared for other in group.audience.sessions if other.line}
    near.update(hub.parlour.sessions)
    hub.outside.cast(near, p.PersonChanged(guest.nick, guest.nick, "gone", f"Logged in as {account.name}"), session)
    hub.monitors.tell(hub, guest, False)
    hub.say(session, p.PersonChanged(guest.nick, guest.nick, "nick", account.nick))
    _forget(hub, guest)
    hub.outside.announce(m.Presence(guest.nick, "offline", account.name), session)
    new = [group for group in shared if group not in known]
    for group in new:
        others = [other for other in group.audience.sessions if other.user is not account]
        hub.outside.cast(others, m.GroupChange(group.name, "joined", account.name))
        hub.subscribe_user(account, group)
        metadata.introduce(hub, account, group)
    _tell_groups(hub, [other for other in account.sessions if other is not session], account, new)
    _tell_groups(hub, [session], account, [group for group in known if group not in shared])


def _forget(hub: Hub, guest: User) -> None:
    if hub.users.shown.get(guest.nick) is guest:
        del hub.users.shown[guest.nick]


def _forget_left(session: Session, left: list[Conversation]) -> None:
    """What the guest left with the same breath is not heard by the account."""
    for group in left:
        group.audience.discard(session)
        session.live.pop(group, None)
        session.behind.pop(group, None)


def _tell_groups(hub: Hub, sessions: list[Session], account: User, groups: list[Conversation]) -> None:
    """How the groups stand that are new to these sessions."""
    for group in groups:
        if group.member(account) is not None:
            for session in sessions:
                tell_group(hub, session, group)
