"""Doors of encrypted groups: how who knows a group's name finds it, and asks its members to be let in.

Rule: the server opens no door. It says which group is where, keeps who asks, and tells the members' devices; a member's
device adds who asks by a signed entry, or does not. A door leads to one group at a time, open groups' names included.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from chatd import encryption as e
from chatd import messages as m
from chatd.core import circles, groups
from chatd.core import signed as s
from chatd.core.lists import account, listed
from chatd.core.names import Name
from chatd.core.turn import Refused, Turn
from chatd.core.users import Session, User
from chatd.sealed import Knocked, KnockGone

if TYPE_CHECKING:
    from chatd.core.hub import Hub

DOOR_BYTES = 16


class Knocks:
    """Who asks to be let in where."""

    def __init__(self) -> None:
        self.at: dict[bytes, dict[User, None]] = {}  # by group, in order
        self._of: dict[User, set[bytes]] = {}

    def add(self, gid: bytes, user: User) -> None:
        """Somebody asks."""
        self.at.setdefault(gid, {})[user] = None
        self._of.setdefault(user, set()).add(gid)

    def drop(self, gid: bytes, user: User) -> bool:
        """Somebody does not ask any more; whether they did."""
        if gid not in self._of.get(user, ()):
            return False
        self._of[user].discard(gid)
        del self.at[gid][user]
        if not self.at[gid]:
            del self.at[gid]
        return True

    def count(self, user: User) -> int:
        """Where somebody waits."""
        return len(self._of.get(user, ()))

    def forget(self, user: User) -> None:
        """An account is deleted."""
        for gid in list(self._of.get(user, ())):
            self.drop(gid, user)
        self._of.pop(user, None)


def load(hub: Hub, knocks: Iterable[Knocked]) -> None:
    """Take in what the store gives back."""
    for knock in knocks:
        user = hub.users.by_id.get(knock.user)
        if user is not None and knock.group in hub.sealed.circles.by_gid:
            hub.sealed.knocks.add(knock.group, user)


# ---- names ---------------------------------------------------------------------------------------------------------


def check_free(hub: Hub, name: Name) -> None:
    """No encrypted group is found by this name of an open one. Raises Refused `encrypted-group`."""
    if is_encrypted(hub, name):
        text = f"There is an encrypted group {name.display}, and in it are people with our own programs only (`chat`)."
        raise Refused("encrypted-group", text)


def is_encrypted(hub: Hub, name: Name) -> bool:
    """Whether an encrypted group is found by this name."""
    return not groups.doors_of(name.display, name.key).isdisjoint(hub.sealed.circles.doors)


def check_door(hub: Hub, circle: circles.Circle | None, door: bytes) -> None:
    """A group (None: a new one) may be found here. Raises Refused; `near` names the group that is there."""
    if not door:
        return
    if len(door) != DOOR_BYTES:
        raise Refused("bad-blob", f"A door has {DOOR_BYTES} bytes.")
    other, named = hub.sealed.circles.doors.get(door), hub.conversations.doors.get(door)
    if other is not None and other is not circle:
        raise Refused("group-exists", "There is an encrypted group of this name.", near=["!" + other.gid.hex()])
    if named is not None:
        raise Refused("group-exists", f"There is an open group {named.name}.", near=[named.name])


def ask_door(hub: Hub, session: Session, command: e.AskDoor, turn: Turn) -> None:
    """Which group is there. A name that is known can be tried by joining, too: this says no more."""
    user, _ = account(session)
    hub.sealed.spend("door", user, turn.now)
    circle, named = hub.sealed.circles.doors.get(command.door), hub.conversations.doors.get(command.door)
    turn.reply(session, e.DoorIs(command.ref, circle.gid if circle else b"", named.name if named else ""))


# ---- knocking ------------------------------------------------------------------------------------------------------


def knock(hub: Hub, session: Session, command: e.Knock, turn: Turn) -> None:
    """Ask to be let in, again perhaps; or no longer."""
    user, _, _ = listed(session)
    circle = hub.sealed.circles.by_gid.get(command.group)
    if not command.on:
        if hub.sealed.knocks.drop(command.group, user):
            turn.keep(KnockGone(command.group, user.id))
        turn.reply(session, m.Done(command.ref))
        return
    if circle is None or not circle.door:
        raise Refused("no-such-group", "There is no such group, or one comes in by invitation only.")
    hub.sealed.spend("door", user, turn.now)
    if not circle.has(user) and user not in hub.sealed.knocks.at.get(circle.gid, ()):
        _check_room(hub, circle, user)
        hub.check_space()
        hub.sealed.knocks.add(circle.gid, user)
        turn.keep(Knocked(circle.gid, user.id, turn.now))
    turn.reply(session, m.Done(command.ref))
    turn.then(_tell, hub, circle, user, session)


def _check_room(hub: Hub, circle: circles.Circle, user: User) -> None:
    if hub.sealed.knocks.count(user) >= hub.limits.knocks:
        raise Refused("too-many-knocks", f"You wait to be let into {hub.limits.knocks} groups; /part one first.")
    if len(hub.sealed.knocks.at.get(circle.gid, ())) >= hub.limits.circle_knocks:
        raise Refused("too-many-knocks", "Too many people wait to be let into this group; try again later.")
    circles.check_memberships(hub, user)


def _tell(hub: Hub, circle: circles.Circle, user: User, but: Session) -> None:
    """Some members who are here, admins first; whoever comes later asks."""
    here = [member for member in circles.people(hub, circle) if hub.sealed.sessions(member)]
    here.sort(key=lambda member: not circle.members[member.name].admin)
    told = [one for member in here[: hub.limits.knocks_told] for one in hub.sealed.sessions(member)]
    event = e.Knocks(0, [(circle.gid, user.name)])
    hub.outside.cast([session for session in told if session is not but], event)


def ask_knocks(hub: Hub, session: Session, command: e.AskKnocks, turn: Turn) -> None:
    """Who asks at the groups that somebody is in."""
    user, _ = account(session)
    mine = [circle for circle in hub.sealed.circles.of.get(user.name, {}).values() if circle.has(user)]
    who = [(circle.gid, other.name) for circle in mine for other in hub.sealed.knocks.at.get(circle.gid, ())]
    found = who[: hub.limits.list_length]
    hub.sealed.spend_bytes(user, [gid for gid, _ in found], turn.now)
    turn.reply(session, e.Knocks(command.ref, found))


def answered(hub: Hub, circle: circles.Circle, arg: s.Arg, turn: Turn) -> None:
    """An entry has let somebody in, or the door is gone: nobody waits there for nothing."""
    gone: list[User] = []
    if not circle.door or not circle.members:
        gone = list(hub.sealed.knocks.at.get(circle.gid, ()))
    elif isinstance(arg, s.Add):
        added = hub.users.get(arg.user)
        gone = [added] if added is not None else []
    for user in gone:
        if hub.sealed.knocks.drop(circle.gid, user):
            turn.keep(KnockGone(circle.gid, user.id))
