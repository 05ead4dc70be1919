"""What staff do with accounts: their names, their roles, and their end.

Rule: as everywhere in the core. An account keeps the names it had before, so that nobody can pass for it; what it has
said stays with those it was said to, under the name of then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatd import messages as m
from chatd.core import membership
from chatd.core.names import Name, fold
from chatd.core.sanctions import put_out
from chatd.core.turn import Refused, Turn
from chatd.core.users import User
from chatd.entries import AccountSet, MemberGone, NameKept, SanctionSet, UserGone, UserMade

if TYPE_CHECKING:
    from chatd.core.hub import Hub

ROLES: Final = ("student", "ta", "staff", "admin")


def account(hub: Hub, whom: str) -> User:
    """The account of this name (with or without `@`). Raises Refused."""
    user = hub.users.find(whom.removeprefix("@"))
    if user.guest:
        raise Refused("guest", f"{user.name} is a guest, who has no account.")
    return user


def add(hub: Hub, turn: Turn, name: str, role: str = "student") -> User:
    """Make an account that waits for somebody with a code for it (`invitations.offer`). Raises Refused."""
    _check_role(role)
    hub.check_space()
    record = hub.users.reserve(name, role, turn.now)
    return _made(hub, turn, record)


def _made(hub: Hub, turn: Turn, record: UserMade) -> User:
    user = User(record)
    hub.users.add(user)
    turn.keep(record)
    return user


def set_role(hub: Hub, turn: Turn, whom: str, role: str) -> User:
    """Make somebody a student, ta, staff or admin. Raises Refused."""
    user = account(hub, whom)
    _check_role(role)
    if user.role != role:
        user.role = role
        if role not in ("staff", "admin"):
            user.operator = False
        _keep(user, turn)
    return user


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise Refused("bad-argument", f"A role is one of {', '.join(ROLES)}.")


def _keep(user: User, turn: Turn) -> None:
    turn.keep(AccountSet(user.id, user.name, user.key, user.skeleton, user.role))


def rename(hub: Hub, turn: Turn, whom: str, new: str, by: str) -> User:
    """Give an account another name. Its sessions end and come back under it; the old one stays its own. Raises Refused.

    A message that was on its way and is sent again under the new name may come twice.
    """
    user = account(hub, whom)
    name = hub.users.checked(new, user)
    if name.display == user.name:
        raise Refused("name-taken", f"That is {user.name}'s name already.")
    if user.chains:
        text = f"{user.name} has keys, and they are signed for this name: another name needs another account."
        raise Refused("not-allowed", text)
    hub.check_space()
    text = f"{by} has given you another name: you are {name.display} from now on."
    put_out(hub, turn, user, m.Bye("renamed", text), f"Renamed by {by}")
    old = Name(user.name, user.key, user.skeleton)
    if name.key != old.key:
        turn.keep(NameKept(user.id, old.display, old.key, old.skeleton))
    hub.users.rename_account(user, name)
    turn.then(user.dwell)
    _keep(user, turn)
    for conversation in user.conversations.values():
        if conversation.direct:
            conversation.name = "dm:" + ":".join(sorted(member.user.key for member in conversation.members.values()))
    for session in hub.everyone.sessions:
        session.known.clear()
    return user


def delete(hub: Hub, turn: Turn, whom: str, by: str) -> str:
    """Delete an account: its devices, groups, names and settings. What it has said to others stays theirs.

    Nobody writes to it, or comes in as it, from here on; its name is free. Returns what stands for it. Raises Refused.
    """
    user = account(hub, whom)
    text = f"{by} has deleted your account."
    put_out(hub, turn, user, m.Bye("deleted", text), f"Deleted by {by}")
    for group in [group for group in user.conversations.values() if not group.direct]:
        membership.expel(hub, turn, group, user, by, "account deleted")
    for group in [group for group in hub.conversations.groups.values() if user.id in group.members]:
        del group.members[user.id]  # an invitation
        turn.keep(MemberGone(group.id, user.id))
    hub.users.forget(user, fold(f"deleted-{user.id}"))
    turn.then(user.dwell)
    hub.invitations.forget(user.id)
    hub.sealed.forget(user)
    hub.roster.pop(user.id, None)
    for kind in ("ban", "mute"):
        hub.sanctions.by_key.pop((kind, user.id, ""), None)
    user.banned = user.muted = None
    _keep(user, turn)
    turn.keep(UserGone(user.id))
    record = SanctionSet("disabled", user.id, "", 0, "deleted", by, turn.now)
    hub.sanctions.put(record, user)
    turn.keep(record)
    for session in hub.everyone.sessions:
        session.known.clear()
    return user.name
