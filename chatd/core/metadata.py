"""Metadata: keys and values that people and groups carry, by the rules of IRCv3's draft/metadata.

Rule: a person sets their own, operators of a group the group's. A change is told to the sessions that follow the key
and share a group with the person (or are in the group, or monitor the person); who begins to share one is told what is
set. What accounts and groups carry is kept; what a guest carries goes with the guest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from chatd import people as p
from chatd.core import lobby, people
from chatd.core.groups import OP, Conversation
from chatd.core.turn import Refused, Turn
from chatd.core.users import Session, User
from chatd.entries import Directory, MetadataSet

if TYPE_CHECKING:
    from chatd.core.hub import Hub

KEY = re.compile(r"[a-z0-9_./-]{1,64}")
Target = User | Conversation


def load(hub: Hub, directory: Directory) -> None:
    """What is kept."""
    for entry in directory.metadata:
        groups, users = hub.conversations.by_id, hub.users.by_id
        target: Target = groups[entry.conversation] if entry.conversation else users[entry.user]
        target.metadata[entry.key] = entry.value


def _called(target: Target) -> User | str:
    """Whom an answer means: a group by its name of now, for another one is told of behind it; somebody as they are
    called when it leaves."""
    return target.name if isinstance(target, Conversation) else target


def _named(target: Target | str) -> str:
    if isinstance(target, str):
        return target
    return target.name if isinstance(target, Conversation) else people.called(target)


# ---- commands ----------------------------------------------------------------------------------------------------


def set_metadata(hub: Hub, session: Session, command: p.SetMetadata, turn: Turn) -> None:
    """Set a key, or take it away."""
    user = session.user
    assert user is not None
    target = _target(hub, session, command.to)
    if isinstance(target, Conversation):
        member = target.member(user)
        allowed = member is not None and member.rank >= OP
    else:
        allowed = target is user
    if not allowed:
        raise Refused("no-permission", "Only they themselves, or operators of a group, may set that.")
    if command.key == "*" and not command.value:
        _clear(hub, session, target, command.ref, turn)
        return
    value = command.value or ""
    key = checked(hub, command.key, value)
    had = target.metadata.get(key)
    if not value:
        if had is None:
            raise Refused("key-not-set", f"{key} is not set.")
        del target.metadata[key]
    elif had is None and len(target.metadata) >= hub.limits.metadata_keys:
        raise Refused("limit-reached", f"There are at most {hub.limits.metadata_keys} keys.")
    else:
        if not isinstance(target, User) or not target.guest:
            hub.check_space()
        target.metadata[key] = value
    _keep(target, key, value, turn)
    if had != value:
        turn.then(_tell_followers, hub, target, _called(target), key, value or None, user, session)
    turn.then(_answer, hub, session, command.ref, _called(target), [(key, value or None)])


def _clear(hub: Hub, session: Session, target: Target, ref: int, turn: Turn) -> None:
    keys = sorted(target.metadata)
    target.metadata.clear()
    for key in keys:
        _keep(target, key, "", turn)
        turn.then(_tell_followers, hub, target, _called(target), key, None, session.user, session)
    turn.then(_answer, hub, session, ref, _called(target), [(key, None) for key in keys])


def _keep(target: Target, key: str, value: str, turn: Turn) -> None:
    if isinstance(target, Conversation):
        turn.keep(MetadataSet(0, target.id, key, value))
    elif not target.guest:
        turn.keep(MetadataSet(target.id, 0, key, value))


def ask_metadata(hub: Hub, session: Session, command: p.AskMetadata, turn: Turn) -> None:
    """What is set: these keys in their order, or all of them."""
    target = _target(hub, session, command.to)
    _check_readable(session, target)
    keys = [checked(hub, key) for key in command.keys[: hub.limits.metadata_followed]] or sorted(target.metadata)
    values = [(key, target.metadata.get(key)) for key in keys]
    turn.then(_answer, hub, session, command.ref, _called(target), values)


def _check_readable(session: Session, target: Target) -> None:
    """A group that one may not simply join shows what it carries to its members only."""
    user = session.user
    assert user is not None
    if isinstance(target, Conversation) and not set("is").isdisjoint(target.modes) and target.member(user) is None:
        raise Refused("no-permission", f"Only members of {target.name} may see that.")


def follow_metadata(hub: Hub, session: Session, command: p.FollowMetadata, turn: Turn) -> None:
    """Hear of changes of these keys, or no longer; the answer has all keys that one follows."""
    keys = [checked(hub, key) for key in command.keys]
    if command.on:
        if len(session.following.union(keys)) > hub.limits.metadata_followed:
            raise Refused("limit-reached", f"You can follow at most {hub.limits.metadata_followed} keys.")
        session.following = session.following.union(keys)
    else:
        session.following = session.following.difference(keys)
    turn.reply(session, p.Followed(command.ref, sorted(session.following)))


def _target(hub: Hub, session: Session, to: str) -> Target:
    """Oneself, a person who is known, a group one may know of. Raises Refused `invalid-target`."""
    user = session.user
    assert user is not None
    if to in ("", "*"):
        return user
    try:
        return hub.conversations.group(to, user) if to.startswith("#") else hub.users.find(to.removeprefix("@"))
    except Refused as refusal:
        raise Refused("invalid-target", refusal.text, refusal.near) from None


def checked(hub: Hub, key: str, value: str = "") -> str:
    """A key as it is kept. Raises Refused where it cannot be one, or the value cannot be a value."""
    folded = key.lower()
    if KEY.fullmatch(folded) is None:
        raise Refused("key-invalid", "A key has letters, digits and any of _ . / - and at most 64 of them.")
    if len(value.encode()) > hub.limits.metadata_value_bytes:
        raise Refused("value-invalid", f"A value has at most {hub.limits.metadata_value_bytes} bytes.")
    return folded


# ---- telling, when a turn leaves ---------------------------------------------------------------------------------


def _answer(hub: Hub, session: Session, ref: int, to: User | str, values: list[tuple[str, str | None]]) -> None:
    hub.say(session, p.Metadata(ref, _named(to), values))


def _tell_followers(
    hub: Hub, target: Target, to: User | str, key: str, value: str | None, by: User, but: Session
) -> None:  # fmt: skip
    if isinstance(target, Conversation):
        near: Iterable[Session] = target.audience.sessions
    else:
        near = {**hub.neighbours(target, people.groups_of(target)), **dict.fromkeys(hub.monitors.of(target))}
    followers = [session for session in near if key in session.following and session is not but]
    for session in followers:
        hub.say(session, p.Metadata(0, _named(to), [(key, value)], people.called(by)))


def introduce(hub: Hub, user: User, group: Conversation) -> None:
    """Somebody is in a group from here on: they are told what is set there, and the others what they carry."""
    if group.member(user) is None:
        return  # no longer
    mine = [session for session in user.sessions if session.following and group in session.live]
    if mine:
        told: list[Target] = [group, *(other for other in _there(group) if other is not user and other.metadata)]
        for target in told:
            for session in mine:
                _tell_set(hub, session, target)
    if user.metadata:
        for session in group.audience.sessions:
            if session.user is not user and session.following:
                _tell_set(hub, session, user)


def _there(group: Conversation) -> list[User]:
    members = [member.user for member in group.members.values() if not member.invited and member.user.seen]
    return members or [user for user in group.audience.users if lobby.is_in(user)]


def _tell_set(hub: Hub, session: Session, target: Target) -> None:
    values = [(key, value) for key, value in sorted(target.metadata.items()) if key in session.following]
    if values:
        hub.say(session, p.Metadata(0, _named(target), list(values)))
