"""Groups and who is in them, from outside.

Rule: as of the package; staff need no rank in a group, its members are told as of any change.
"""

from __future__ import annotations

import msgspec
from twisted.internet.defer import Deferred

from chatd.core import membership
from chatd.core.groups import LETTERS, ROLES, Conversation, Member, not_the_lobby
from chatd.core.hub import Hub
from chatd.core.modes import Changes
from chatd.core.names import near
from chatd.core.turn import Refused, Turn
from chatd.operations.service import Service

MOST = 1000
WORDS = ("member", *ROLES.values())


class GroupIs(msgspec.Struct, frozen=True):
    """A group. Times are in ms."""

    name: str
    members: int
    present: int
    messages: int
    last: int
    private: bool
    announce: bool
    modes: str
    slow: int
    created: int
    topic: str


class MemberIs(msgspec.Struct, frozen=True):
    """Somebody in a group. `unread`: messages of it that none of their devices has acknowledged."""

    name: str
    role: str
    state: str
    unread: int


def _group(hub: Hub, name: str) -> Conversation:
    group = hub.conversations.named(name if name.startswith("#") else f"#{name}")
    if group is None:
        names = [g.name for g in hub.conversations.groups.values()]
        raise Refused("no-such-group", f"There is no group {name!r}.", near=near(name, names))
    return group


def groups(service: Service, wanted: str = "", most: int = MOST) -> tuple[list[GroupIs], int]:
    """Groups whose name has this in it, by name; at most so many, and how many there are."""
    wanted = wanted.casefold()
    found = [group for group in service.hub.conversations.groups.values() if wanted in group.name.casefold()]
    found.sort(key=lambda group: group.name)
    return [group_of(group) for group in found[:most]], len(found)


def group_of(group: Conversation) -> GroupIs:
    """What there is to say of a group."""
    return GroupIs(
        group.name, group.size(), group.present(), group.head, group.at, group.private, group.announce, group.modes,
        group.slow, group.created, group.topic,
    )  # fmt: skip


def group(service: Service, name: str, most: int = MOST) -> tuple[GroupIs, list[MemberIs]]:
    """One group and its members, those with a role first; at most so many. Raises Refused."""
    found = _group(service.hub, name)
    if found is service.hub.lobby:
        return group_of(found), []
    listed = sorted(found.members.values(), key=lambda member: (-member.rank, member.user.key))
    return group_of(found), [_member(found, member) for member in listed[:most]]


def _member(group: Conversation, member: Member) -> MemberIs:
    unread = 0 if member.invited else max(0, group.head - member.acked)
    return MemberIs(member.user.name, member.role, member.user.state, unread)


# ---- changing --------------------------------------------------------------------------------------------------


def add(service: Service, name: str, who: str) -> Deferred[None]:
    """Put somebody into a group; they are told. Fails with Refused."""
    return service.act(_add, name, service.user(who).name)


def _add(hub: Hub, turn: Turn, name: str, who: str) -> None:
    group, user = _group(hub, name), hub.users.find(who)
    not_the_lobby(hub, group)
    if group.member(user) is not None:
        raise Refused("already-in-group", f"{user.name} is in {group.name} already.")
    if user.guest:
        raise Refused("not-allowed", f"{user.name} is a guest; only accounts are put into groups.")
    membership.enrol(hub, turn, group, user)


def remove(service: Service, name: str, who: str, by: str, reason: str) -> Deferred[None]:
    """Take somebody out of a group; it is told. Fails with Refused."""
    return service.act(_remove, name, service.user(who).name, by, reason)


def _remove(hub: Hub, turn: Turn, name: str, who: str, by: str, reason: str) -> None:
    group, user = _group(hub, name), hub.users.find(who)
    not_the_lobby(hub, group)
    if group.member(user) is None:
        raise Refused("user-not-in-group", f"{user.name} is not in {group.name}.")
    membership.expel(hub, turn, group, user, by, reason)


def set_role(service: Service, name: str, who: str, role: str, by: str) -> Deferred[None]:
    """Make a member just this: owner, admin, op, halfop, voice or member. Fails with Refused."""
    return service.act(_set_role, name, service.user(who).name, role, by)


def _set_role(hub: Hub, turn: Turn, name: str, who: str, role: str, by: str) -> None:
    group, user = _group(hub, name), hub.users.find(who)
    not_the_lobby(hub, group)
    member = group.member(user)
    if member is None:
        raise Refused("user-not-in-group", f"{user.name} is not in {group.name}.")
    letter = LETTERS.get(role, "")
    owners = [other for other in group.members.values() if "q" in other.modes and not other.user.guest]
    if letter != "q" and owners == [member]:
        raise Refused("not-allowed", f"{user.name} is the only owner of {group.name}; make another one first.")
    changes = Changes(hub, group, member, turn)
    for one in [one for one in member.modes if one != letter]:
        changes.turn_over(member, False, one)
    if letter and letter not in member.modes:
        changes.turn_over(member, True, letter)
    changes.finish(by)
