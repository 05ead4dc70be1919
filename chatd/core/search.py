"""Looking people up: who is here, who fits a mask, who somebody is, who had a nick.

Rule: answers show what the asker may know. Who is invisible is found by an exact nick, by those who share a group, and
by operators; a group that is secret shows its members to members only. Nothing here changes anything.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from chatd import messages as m
from chatd import people as p
from chatd.core import lobby, masks
from chatd.core.groups import Conversation
from chatd.core.names import BadName, fold
from chatd.core.people import called, groups_of, idle, profile
from chatd.core.turn import Refused, Turn
from chatd.core.users import Session, User

if TYPE_CHECKING:
    from chatd.core.hub import Hub

LONGEST_MASK = 200


# ---- who is here -------------------------------------------------------------------------------------------------


def seen_people(hub: Hub) -> Iterator[User]:
    """Everybody who is here, or wants to be seen always."""
    yield from hub.everyone.users
    yield from (user for user in hub.users.lasting if not user.sessions)


def share(one: User, other: User) -> bool:
    """Whether two people are in one group; the lobby is one."""
    together = any(group.member(other) is not None for group in groups_of(one))
    return together or (lobby.is_in(one) and lobby.is_in(other))


def who(hub: Hub, session: Session, command: m.Who, turn: Turn) -> None:
    """Who is here now."""
    asker = session.user
    assert asker is not None
    seen = [user for user in hub.everyone.users if not user.invisible or user is asker or share(asker, user)]
    people = [m.Member(user.name, user.role, user.state) for user in seen]
    turn.reply(session, m.WhoList(command.ref, people[: hub.limits.list_length], len(people)))


def find(hub: Hub, session: Session, command: p.Find, turn: Turn) -> None:
    """Who fits when the answer leaves: the members of a group, the one with a nick, or everybody a mask fits."""
    turn.then(_tell_found, hub, session, command, turn.now)


def _tell_found(hub: Hub, session: Session, command: p.Find, now: int) -> None:
    asker = session.user
    assert asker is not None
    mask = command.mask.strip()
    if mask.startswith("#"):
        found = _in_group(hub, asker, mask, now)
    else:
        exact = hub.users.get(mask)
        people = [exact] if exact is not None and exact.seen else _fitting(hub, asker, mask)
        found = (profile(user, now) for user in people)
    most = hub.limits.list_length
    listed = []
    for person in found:
        if not command.operators or person.operator:
            listed.append(person)
            if len(listed) > most:
                break
    hub.say(session, p.ProfileList(command.ref, mask, listed[:most], len(listed) > most))


def _fitting(hub: Hub, asker: User, mask: str) -> Iterator[User]:
    pattern = "*" if mask in ("", "0") else mask[:LONGEST_MASK].casefold()
    for user in seen_people(hub):
        texts = (user.nick, user.name, user.ident, user.host, user.realname, user.source)
        if (pattern == "*" or any(masks.fits(pattern, text) for text in texts)) and (
            not user.invisible or user is asker or asker.operator or share(asker, user)
        ):
            yield user


def _in_group(hub: Hub, asker: User, name: str, now: int) -> Iterator[p.Profile]:
    try:
        group = hub.conversations.group(name, asker)
    except Refused:
        return
    inside = lobby.is_in(asker) if group is hub.lobby else group.member(asker) is not None
    for user, modes in _present(hub, group, asker):
        if inside or asker.operator or not user.invisible:
            yield msgspec.structs.replace(profile(user, now), group=group.name, modes=modes)


def _present(hub: Hub, group: Conversation, asker: User) -> Iterator[tuple[User, str]]:
    """Who is there, as far as the asker sees them."""
    if group is hub.lobby:
        for user in hub.everyone.users:
            member = group.member(user) if lobby.is_in(user) else None
            if member is not None:
                yield user, member.modes
        return
    for member in group.members.values():
        if not member.invited and member.user.seen and (asker.operator or group.sees(asker, member)):
            yield member.user, member.modes


def count(hub: Hub, session: Session, command: p.Count, turn: Turn) -> None:
    """How many people, groups and operators there are when the answer leaves."""
    turn.then(_tell_counts, hub, session, command.ref)


def _tell_counts(hub: Hub, session: Session, ref: int) -> None:
    hub.say(session, counts(hub, ref, hub.outside.strangers()))


def counts(hub: Hub, ref: int, strangers: int) -> p.Counts:
    """The same as of now; of the groups those in which somebody is. Everybody who comes is told them."""
    here = hub.everyone.users
    marked = [user for user in hub.users.marked if user in here]
    invisible = sum(user.invisible for user in marked)
    operators = sum(user.operator for user in marked)
    groups = sum(group.inhabited() for group in hub.conversations.groups.values())
    return p.Counts(ref, len(here), invisible, operators, strangers, groups, hub.most)


# ---- one person --------------------------------------------------------------------------------------------------


def whois(hub: Hub, session: Session, command: m.Whois, turn: Turn) -> None:
    """What may be known about somebody: the groups shown are those both are in, and open ones of the visible."""
    turn.then(_tell_person, hub, session, command.ref, hub.users.find(command.name), turn.now)


def _tell_person(hub: Hub, session: Session, ref: int, user: User, now: int) -> None:
    asker = session.user
    assert asker is not None
    shown = sorted(_shown_groups(hub, user, asker))
    first = next(iter(user.sessions), None) if user is asker or asker.operator else None
    hub.say(
        session,
        m.Person(
            ref, called(user), user.role, user.state, user.away, user.guest, [name for name, _ in shown],
            user.nick, user.ident, user.host, user.realname, [modes for _, modes in shown], idle(user, now),
            user.since if user.sessions else 0, user.operator, user.bot,
            bool(user.sessions) and all(other.secure for other in user.sessions),
            first.certificate if first is not None else "", first.address[0] if first is not None else "",
        ),
    )  # fmt: skip


def _shown_groups(hub: Hub, user: User, asker: User) -> Iterable[tuple[str, str]]:
    for group in groups_of(user):
        member = group.member(user)
        if member is None:
            continue
        both = user is asker or asker.operator or (group.member(asker) is not None and group.sees(asker, member))
        if both or not (group.hidden(asker) or user.invisible or not group.sees(asker, member)):
            yield group.name, member.modes


# ---- the past ----------------------------------------------------------------------------------------------------


class PastPeople:
    """Who left, or was called otherwise: the newest ones, only so many."""

    def __init__(self, most: int) -> None:
        self._people: deque[tuple[str, p.Profile]] = deque(maxlen=most)

    def add(self, person: p.Profile, now: int) -> None:
        """Somebody is called so no more."""
        self._people.append((_key(person.nick), msgspec.structs.replace(person, since=now, idle=0)))

    def find(self, nick: str, limit: int) -> list[p.Profile]:
        """Who had this nick, or one that fits a mask, newest first."""
        key, mask = _key(nick), nick[:LONGEST_MASK].casefold() if "*" in nick or "?" in nick else ""
        found = [
            person
            for theirs, person in reversed(self._people)
            if (masks.fits(mask, person.nick) if mask else theirs == key)
        ]
        return found[:limit] if limit > 0 else found


def _key(nick: str) -> str:
    try:
        return fold(nick).key
    except BadName:
        return nick.casefold()


def past(hub: Hub, session: Session, command: p.Past, turn: Turn) -> None:
    """Who had a nick."""
    turn.reply(session, p.PastList(command.ref, command.nick, hub.past.find(command.nick, command.limit)))
