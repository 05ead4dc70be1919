"""Coming into groups and going out of them: joining, inviting, leaving, being put out, and the end of a group.

Rule: as in `groups`. A group that nobody is left in is closed: its name is free. The lobby never is, and nobody is
put into it or out. What is kept of members is kept of accounts only; guests are in for as long as they are here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatd import messages as m
from chatd import people as p
from chatd.core import archive, doors, lobby, metadata, modes
from chatd.core.groups import (
    HALFOP,
    OP,
    OWNER,
    ROLES,
    Conversation,
    Member,
    check_reason,
    not_the_lobby,
    other_member,
    own_group,
    tell_group,
    tell_position,
)
from chatd.core.names import BadName, fold_group
from chatd.core.turn import Refused, Turn
from chatd.core.users import Session, User
from chatd.entries import ConversationClosed, ConversationMade, Directory, Entry, MemberGone, MemberSet

if TYPE_CHECKING:
    from chatd.core.hub import Hub


# ---- in --------------------------------------------------------------------------------------------------------


def join(hub: Hub, session: Session, command: m.Join, turn: Turn) -> None:
    """Join a group, or make it. All sessions of a user are in: the others hear how the group stands with ref 0."""
    user = session.user
    assert user is not None
    group = hub.conversations.named(command.group)
    if not command.create:
        group = hub.conversations.group(command.group, user)
    if group is hub.lobby:
        lobby.join(hub, session, command.ref, turn)
        return
    created = group is None
    if group is None:
        group = _create(hub, user, command, turn)
        noted = archive.note(hub, group, turn, "joined", user.name)
    elif group.member(user) is None:
        noted = _enter(hub, group, user, command.key, turn)
    else:
        turn.then(hub.subscribe_user, user, group)
        turn.then(tell_position, hub, session, command.ref, group, group.name, False, True)
        return
    turn.then(hub.subscribe_user, user, group)
    turn.then(tell_position, hub, session, command.ref, group, group.name, created, False, noted)
    turn.then(_tell_others, hub, session, group, noted)
    turn.then(metadata.introduce, hub, user, group)


def _tell_others(hub: Hub, session: Session, group: Conversation, noted: tuple[int, bytes]) -> None:
    """The user's other sessions are in, too."""
    user = session.user
    if user is None or group.member(user) is None:
        return
    for other in user.sessions:
        if other is not session and other in hub.everyone.sessions:
            tell_group(hub, other, group, noted)


def _create(hub: Hub, user: User, command: m.Join, turn: Turn) -> Conversation:
    try:
        name = fold_group(command.group)
    except BadName as error:
        raise Refused("bad-name", str(error)) from None
    if name.skeleton in hub.group_skeletons:
        raise Refused("name-taken", f"There is a group that looks like {name.display!r}.")
    doors.check_free(hub, name)
    _count_groups(hub, user)
    hub.check_space()
    hub.spend("group", user, turn.now)
    letters = modes.PRIVATE if command.private else modes.USUAL
    record = ConversationMade(hub.conversations.next_id, name.display, name.key, None, turn.now, letters)
    group = hub.conversations.add(record)
    hub.group_skeletons[name.skeleton] = group
    turn.keep(record)
    _put_in(hub, group, user, "o" if user.guest else "q", turn)
    return group


def _count_groups(hub: Hub, user: User) -> None:
    if sum(not c.direct for c in user.conversations.values()) >= hub.limits.groups:
        raise Refused("too-many-groups", f"You are in {hub.limits.groups} groups; leave one first.")


def _enter(hub: Hub, group: Conversation, user: User, key: str, turn: Turn) -> tuple[int, bytes]:
    """Make a user a member; an account in a group without any operator owns it. Returns when, and its id."""
    modes.check_join(group, user, key)
    _count_groups(hub, user)
    hub.spend("join", user, turn.now)
    owns = not user.guest and not _operators(group)
    member = _put_in(hub, group, user, "", turn)
    noted = archive.note(hub, group, turn, "joined", user.name)
    turn.cast(group.witnesses(member), m.GroupChange(group.name, "joined", user.name, "", "", *noted))
    if owns:
        modes.promote(hub, group, member, turn)
    return noted


def _put_in(hub: Hub, group: Conversation, user: User, letters: str, turn: Turn) -> Member:
    group.members.pop(user.id, None)  # whoever was invited has not been in for so long
    member = group.members[user.id] = Member(user, letters, group.head)
    user.conversations[group.id] = group
    if user.guest:
        hub.conversations.asked.get(user, set()).discard(group)
    else:
        turn.keep(member.record(group.id))
        archive.remember(group, user, turn)
    return member


def found(hub: Hub, turn: Turn, called: str) -> Conversation:
    """Make a private group that nobody is in yet: in the same turn somebody has to be enrolled. Raises Refused."""
    try:
        name = fold_group(called)
    except BadName as error:
        raise Refused("bad-name", str(error)) from None
    if name.skeleton in hub.group_skeletons:
        raise Refused("name-taken", f"There is a group that looks like {name.display!r}.")
    doors.check_free(hub, name)
    record = ConversationMade(hub.conversations.next_id, name.display, name.key, None, turn.now, modes.PRIVATE)
    group = hub.group_skeletons[name.skeleton] = hub.conversations.add(record)
    turn.keep(record)
    return group


def enrol(hub: Hub, turn: Turn, group: Conversation, user: User, letters: str = "") -> None:
    """Staff put somebody into a group, or make a member what `letters` (of `ROLES`) say."""
    member = group.member(user)
    if member is not None:
        member.modes = letters
        turn.keep(member.record(group.id))
        return
    member = _put_in(hub, group, user, letters, turn)
    noted = archive.note(hub, group, turn, "joined", user.name)
    turn.cast(group.witnesses(member), m.GroupChange(group.name, "joined", user.name, "", "", *noted))
    turn.then(hub.subscribe_user, user, group)
    turn.then(_tell_enrolled, hub, user, group, noted)


def _tell_enrolled(hub: Hub, user: User, group: Conversation, noted: tuple[int, bytes]) -> None:
    """All of somebody's sessions: how it stands."""
    for session in user.sessions if group.member(user) is not None else ():
        if session in hub.everyone.sessions:
            tell_group(hub, session, group, noted)


def expel(hub: Hub, turn: Turn, group: Conversation, user: User, by: str, reason: str) -> None:
    """Staff take somebody out of a group."""
    member = group.members[user.id]
    noted = archive.note(hub, group, turn, "kicked", by, f"{user.name} {reason}")
    turn.cast(group.witnesses(member), m.GroupChange(group.name, "kicked", user.name, by, reason, *noted))
    _put_out(hub, group, member, turn)
    _settle(hub, group, turn, member)


def invite(hub: Hub, session: Session, command: m.Invite, turn: Turn) -> None:
    """Let somebody into a group; they decide whether to come. Where an invitation is needed (i), operators give it."""
    group, mine = own_group(hub, session, command.group)
    not_the_lobby(hub, group)
    user = hub.users.find(command.name)
    if "i" in group.modes and mine.rank < OP:
        raise Refused("not-operator", f"Only operators of {group.name} may invite.")
    if group.member(user) is not None:
        raise Refused("already-in-group", f"{user.name} is a member of {group.name} already.")
    hub.spend("invite", mine.user, turn.now)
    if user.id not in group.members:
        member = group.members[user.id] = Member(user, "", group.head, invited=True)
        if user.guest:
            hub.conversations.asked.setdefault(user, set()).add(group)
        else:
            turn.keep(member.record(group.id))
    by = mine.user.name
    told = m.GroupChange(group.name, "invited", user.name, by)
    for other in user.sessions:
        turn.reply(other, m.Notice("invited", f"{by} invites you to {group.name}: /join {group.name}"))
        turn.reply(other, told)
    turn.cast(group.part(HALFOP), told, session)
    turn.reply(session, m.Done(command.ref))


# ---- out -------------------------------------------------------------------------------------------------------


def leave(hub: Hub, session: Session, command: m.Leave, turn: Turn) -> None:
    """Stop being a member. When the last owner goes, whoever is highest of those who are in longest owns the group."""
    if hub.conversations.named(command.group) is hub.lobby:
        lobby.part(hub, session, command, turn)
        return
    group, mine = own_group(hub, session, command.group)
    check_reason(hub, command.reason)
    told = _go(hub, session, group, mine, command.reason, turn)
    turn.reply(session, m.Done(command.ref, told.at, told.id))


def leave_all(hub: Hub, session: Session, command: p.LeaveAll, turn: Turn) -> None:
    """Leave every group; this session hears of each."""
    user = session.user
    assert user is not None
    for group in list(user.conversations.values()):
        if not group.direct:
            turn.reply(session, _go(hub, session, group, group.members[user.id], "", turn))
    if session.line and session.lobby:
        lobby.step_out(hub, session, "", turn)
        turn.reply(session, m.GroupChange(hub.lobby.name, "left", user.name))
    turn.reply(session, m.Done(command.ref))


def _go(hub: Hub, session: Session, group: Conversation, mine: Member, reason: str, turn: Turn) -> m.GroupChange:
    noted = archive.note(hub, group, turn, "left", mine.user.name, reason)
    told = m.GroupChange(group.name, "left", mine.user.name, "", reason, *noted)
    turn.cast(group.witnesses(mine), told, session)
    _put_out(hub, group, mine, turn)
    _settle(hub, group, turn, mine)
    return told


def kick(hub: Hub, session: Session, command: m.Kick, turn: Turn) -> None:
    """Remove a member, or take back an invitation (of which nobody is told)."""
    group, mine = own_group(hub, session, command.group, HALFOP)
    not_the_lobby(hub, group)
    check_reason(hub, command.reason)
    other = other_member(hub, group, command.name)
    if other is mine:
        raise Refused("not-allowed", f"To leave {group.name} yourself use /part {group.name}.")
    if not modes.over(mine.rank, other.rank):
        raise Refused("not-operator", f"{other.user.name} is {other.role} of {group.name}.")
    if not other.invited:
        name, by = other.user.name, mine.user.name
        noted = archive.note(hub, group, turn, "kicked", by, f"{name} {command.reason}")
        told = m.GroupChange(group.name, "kicked", name, by, command.reason, *noted)
        turn.cast(group.witnesses(other), told)
    _put_out(hub, group, other, turn)
    _settle(hub, group, turn, other)
    turn.reply(session, m.Done(command.ref))


def _put_out(hub: Hub, group: Conversation, member: Member, turn: Turn) -> None:
    user = member.user
    del group.members[user.id]
    user.conversations.pop(group.id, None)
    for device in user.devices.values():
        device.cursors.pop(group.id, None)
    if user.guest:
        hub.conversations.asked.get(user, set()).discard(group)
    else:
        turn.keep(MemberGone(group.id, user.id))
    turn.then(hub.unsubscribe_user, user, group)


def forget_guest(hub: Hub, guest: User, turn: Turn, reason: str = "") -> None:
    """A guest's last session has ended: they are nowhere any more, and a group that was theirs alone is closed."""
    for group in list(guest.conversations.values()):
        del group.members[guest.id]
        archive.note(hub, group, turn, "quit", guest.name, reason)
        _settle(hub, group, turn)
    guest.conversations.clear()
    for group in hub.conversations.asked.pop(guest, set()):
        group.members.pop(guest.id, None)


def hand_over(hub: Hub, guest: User, account: User, turn: Turn) -> None:
    """A guest is an account from here on: it is in the groups, and what the guest was in them, if it is not already.

    When that has been told, somebody has to see `after` the groups.
    """
    for group in guest.conversations.values():
        member = group.members.pop(guest.id)
        if group.member(account) is None:
            _put_in(hub, group, account, member.modes, turn)
    guest.conversations.clear()
    for group in hub.conversations.asked.pop(guest, set()):
        group.members.pop(guest.id, None)


def after(hub: Hub, groups: list[Conversation], turn: Turn) -> None:
    """Each of these groups has the owner that it needs."""
    for group in groups:
        _settle(hub, group, turn)


def _accounts(group: Conversation) -> list[Member]:
    """The members who may own it."""
    return [member for member in group.members.values() if not member.invited and not member.user.guest]


def _operators(group: Conversation) -> list[Member]:
    """Who runs it, guests too."""
    return [member for member in group.members.values() if not member.invited and member.rank >= OP]


def _settle(hub: Hub, group: Conversation, turn: Turn, gone: Member | None = None) -> None:
    """Somebody has gone: a group without members is closed, one of accounts without an owner has another one.

    Where a guest runs it, it stays so: nobody is handed the group of somebody who is there. But a guest does not get
    it by putting its owner out.
    """
    inside = _accounts(group)
    if not inside:
        if not group.size():
            _close(hub, group, turn)
        return
    if any(member.rank == OWNER for member in inside):
        return
    owner_went = gone is not None and gone.rank == OWNER and not gone.user.guest
    if owner_went or not any(member.user.guest for member in _operators(group)):
        modes.promote(hub, group, max(inside, key=lambda member: member.rank), turn)


def _close(hub: Hub, group: Conversation, turn: Turn) -> None:
    hub.conversations.remove(group)
    del hub.group_skeletons[fold_group(group.name).skeleton]
    turn.keep(ConversationClosed(group.id))


def left_alone(directory: Directory) -> list[Entry]:
    """What closes the groups in which nobody is whom the store knows: their last guests went with the server."""
    inside = {record.conversation for record in directory.members if record.role != "invited"}
    groups = (record for record in directory.conversations if record.users is None and record.key != m.LOBBY)
    return [ConversationClosed(record.conversation) for record in groups if record.conversation not in inside]


def heirs(directory: Directory) -> list[Entry]:
    """Who owns the groups that have accounts and no owner: those who ran them were guests, and went with the server."""
    groups = {record.conversation for record in directory.conversations if record.users is None}
    best: dict[int, MemberSet] = {}
    order = [*ROLES.values(), "member"]
    for record in sorted(directory.members, key=lambda record: record.since):
        if record.conversation in groups and record.role != "invited":
            rival = best.setdefault(record.conversation, record)
            if order.index(record.role.split("+")[0]) < order.index(rival.role.split("+")[0]):
                best[record.conversation] = record
    return [
        MemberSet(record.conversation, record.user, "+".join(["owner", *_but_member(record.role)]), record.since)
        for record in best.values()
        if not record.role.startswith("owner")
    ]


def _but_member(role: str) -> list[str]:
    return [] if role == "member" else role.split("+")
