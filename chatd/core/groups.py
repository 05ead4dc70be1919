"""Conversations: groups with their members, modes and topic, and the direct ones of two people.

Rule: every function checks everything, then changes memory, then says what to keep and whom to tell. Who belongs
to a group is `members`; who hears it now is its audience, which changes only when a turn leaves. Who comes in and
goes out is in `membership`, what the modes' letters mean in `modes`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Container, Iterable
from typing import TYPE_CHECKING, Final

import msgspec

from chatd import messages as m
from chatd import moderation as mod
from chatd.core import archive, doors
from chatd.core.names import BadName, fold_group, near
from chatd.core.turn import Refused, Turn
from chatd.core.users import Codec, Link, Session, User
from chatd.encryption import door_of
from chatd.entries import ConversationMade, ConversationRenamed, ConversationSet, MaskSet, MemberSet

if TYPE_CHECKING:
    from chatd.core.hub import Hub

ROLES: Final = {"q": "owner", "a": "admin", "o": "op", "h": "halfop", "v": "voice"}  # members' modes, the highest first
LETTERS: Final = {word: letter for letter, word in ROLES.items()}
RANKS: Final = {"": 0, "v": 1, "h": 2, "o": 3, "a": 4, "q": 5}
VOICE, HALFOP, OP, OWNER = RANKS["v"], RANKS["h"], RANKS["o"], RANKS["q"]
GUARDING: Final = frozenset("mMCU")
"""With one of these modes, not every member may say everything."""
_STORED = re.compile(r"([A-Za-z]*?)(?:f([0-9]+))?")


class Audience:
    """The sessions that hear a conversation now, sorted by the protocol they speak."""

    __slots__ = ("_by_codec", "sessions", "users")

    def __init__(self) -> None:
        self.sessions: dict[Session, None] = {}
        self.users: dict[User, int] = {}
        self._by_codec: list[tuple[Codec, list[Link]]] | None = None

    def add(self, session: Session) -> None:
        """From here on this session hears it."""
        if session not in self.sessions and session.user is not None:
            self.sessions[session] = None
            self.users[session.user] = self.users.get(session.user, 0) + 1
            self._by_codec = None

    def discard(self, session: Session) -> None:
        """From here on this session does not hear it."""
        if session in self.sessions and session.user is not None:
            del self.sessions[session]
            self._by_codec = None
            count = self.users.pop(session.user) - 1
            if count:
                self.users[session.user] = count

    def recode(self) -> None:
        """A session's codec is another one from here on."""
        self._by_codec = None

    def by_codec(self) -> list[tuple[Codec, list[Link]]]:
        """The links to write to, by the codec whose bytes they want; do not change the lists."""
        if self._by_codec is None:
            self._by_codec = _sorted(self.sessions)
        return self._by_codec


class Part(Audience):
    """Those of an audience who are among these people: who they are is settled now, who of them hears it later."""

    __slots__ = ("_of", "_people")

    def __init__(self, of: Audience, people: Container[User]) -> None:
        self._of = of
        self._people = people

    @property
    def sessions(self) -> dict[Session, None]:  # type: ignore[override]
        """Those who hear it now; do not change it."""
        return {session: None for session in self._of.sessions if session.user in self._people}

    def by_codec(self) -> list[tuple[Codec, list[Link]]]:
        """As of an audience."""
        return _sorted(self.sessions)


def _sorted(sessions: dict[Session, None]) -> list[tuple[Codec, list[Link]]]:
    links: dict[Codec, list[Link]] = {}
    for session in sessions:
        links.setdefault(session.link.codec, []).append(session.link)
    return list(links.items())


class Member:
    """What a user is in a conversation; `invited` is not yet in. They see what is after `since`; `acked`: have read.

    `modes`: letters of `ROLES`, in its order.
    """

    __slots__ = ("acked", "invited", "modes", "since", "user", "waiting")

    def __init__(self, user: User, modes: str, since: int, invited: bool = False) -> None:
        self.user = user
        self.modes = modes
        self.invited = invited
        self.since = since
        self.acked = since
        self.waiting = 0

    @classmethod
    def stored(cls, user: User, role: str, since: int) -> Member:
        """As it was kept."""
        letters = "".join(LETTERS.get(word, "") for word in role.split("+"))
        return cls(user, letters, since, role == "invited")

    @property
    def rank(self) -> int:
        """How high they are, as a number of `RANKS`."""
        return RANKS[self.modes[:1]]

    @property
    def role(self) -> str:
        """The word for what they are: of their modes the highest."""
        if self.invited:
            return "invited"
        return ROLES[self.modes[0]] if self.modes else "member"

    def record(self, conversation: int) -> MemberSet:
        """The entry that keeps this."""
        words = "invited" if self.invited else "+".join(ROLES[letter] for letter in self.modes) or "member"
        return MemberSet(conversation, self.user.id, words, self.since)


class Conversation:
    """A group or a direct conversation. `head`: the newest message that has been let go.

    `guarded`: not every member may say everything; `spoke`: in slow mode, who spoke when.
    """

    __slots__ = ("at", "audience", "closed", "created", "direct", "floor", "guarded", "head", "id", "key", "limit",
                 "masks", "members", "metadata", "modes", "name", "noted", "notes", "others", "password", "pending",
                 "slow", "spoke", "topic", "topic_at", "topic_by")  # fmt: skip

    def __init__(self, record: ConversationMade, name: str) -> None:
        self.id = record.conversation
        self.name = name
        self.key = record.key
        self.direct = record.users is not None
        self.created = record.created
        self.modes, self.slow = _settings(record.modes)
        self.password = record.password
        self.limit = record.limit
        self.masks: dict[str, dict[str, MaskSet]] = {"b": {}, "e": {}, "I": {}}
        self.topic = record.topic
        self.topic_by = record.topic_by
        self.topic_at = record.topic_at
        self.head = self.at = self.floor = 0
        self.noted = self.notes = 0  # when something else happened last, and how often it has (`archive.note`)
        self.members: dict[int, Member] = {}
        self.others: dict[int, Member] = {}  # of a direct conversation: from a user's id to the other one
        self.audience = Audience()
        self.pending: deque[tuple[int, int, User]] = deque(maxlen=1000)  # sent (first, last), and no reader has it yet
        self.spoke: dict[int, int] = {}
        self.metadata: dict[str, str] = {}
        self.closed = False
        self.guard()

    def grow(self, first: int, last: int, sender: User) -> None:
        """These messages, all of one person's, have been let go."""
        self.head = last
        self.pending.append((first, last, sender))

    def guard(self) -> None:
        """Its modes or its bans are others now."""
        self.guarded = bool(self.slow or self.masks["b"] or not GUARDING.isdisjoint(self.modes))

    def member(self, user: User) -> Member | None:
        """This user's membership, if they are in (an invitation is not enough)."""
        member = self.members.get(user.id)
        return member if member is not None and not member.invited else None

    @property
    def private(self) -> bool:
        """Entered by invitation only, and not seen from outside."""
        return "i" in self.modes and "s" in self.modes

    @property
    def announce(self) -> bool:
        """Only those with a mode of their own speak."""
        return "m" in self.modes

    def hidden(self, user: User) -> bool:
        """Whether this user may not know of it."""
        return "s" in self.modes and user.id not in self.members

    def sees(self, viewer: User, member: Member) -> bool:
        """Whether somebody sees this member: in an auditorium (u), those without a mode see only those with one."""
        if "u" not in self.modes or member.modes or member.user is viewer:
            return True
        mine = self.member(viewer)
        return mine is not None and bool(mine.modes)

    def witnesses(self, member: Member) -> Audience:
        """Who hears that this member comes or goes."""
        if "u" not in self.modes or member.modes:
            return self.audience
        return self.part(VOICE, member.user)

    def onlookers(self, user: User) -> Iterable[Session]:
        """The sessions that hear it and see this user in it, as things are now."""
        member = self.members.get(user.id)
        return self.witnesses(member).sessions if member is not None else self.audience.sessions

    def part(self, least: int, *more: User) -> Audience:
        """Those in the audience who have at least this rank now, and these people."""
        people = {member.user for member in self.members.values() if member.rank >= least}
        return Part(self.audience, people.union(more))

    def record(self) -> ConversationSet:
        """The entry that keeps how it stands."""
        modes = self.modes + (f"f{self.slow}" if self.slow else "")
        return ConversationSet(self.id, modes, self.password, self.limit, self.topic, self.topic_by, self.topic_at)

    @property
    def marked(self) -> str:
        """By what somebody's marker for it is found, also while it is not there."""
        return self.key or self.name

    def peer(self, user: User) -> Member:
        """The other one of a direct conversation."""
        return self.others[user.id]

    def size(self) -> int:
        """How many belong to it."""
        return sum(not member.invited for member in self.members.values())

    def inhabited(self) -> bool:
        """Whether anybody belongs to it."""
        return any(not member.invited for member in self.members.values())

    def present(self) -> int:
        """How many of them are to be seen."""
        return sum(not member.invited and member.user.seen for member in self.members.values())

    def position(self, session: Session) -> m.Position:
        """Where it stands for this session."""
        user, device = session.user, session.device
        assert user is not None
        member = self.members.get(user.id)
        cursor = device.cursors.get(self.id, member.since if member else 0) if device else 0
        heard = self.peer(user).acked if self.direct else 0
        role = member.role if member else "member"
        return m.Position(
            self.name, self.head, cursor, self.floor, heard, role, self.topic, self.private, self.announce,
            self.topic_by, self.topic_at, self.created, user.markers.get(self.marked, 0),
        )  # fmt: skip


def _settings(modes: str) -> tuple[str, int]:
    """A group's modes as they are kept: the letters, and slow mode's seconds."""
    found = _STORED.fullmatch(modes)
    assert found is not None, modes
    return found[1], int(found[2] or 0)


class Lobby(Conversation):
    """The group where everybody is, without being put in; staff keep order in it. It keeps no mail."""

    def member(self, user: User) -> Member | None:
        """Everybody is a member, but who came by the line port only and has not joined."""
        if user.sessions and not any(session.lobby for session in user.sessions):
            return None
        return Member(user, "o" if user.role in ("staff", "admin") else "", self.head)

    def part(self, least: int, *more: User) -> Audience:
        """As of any group; here all who are in are in the audience."""
        staff = {user for user in self.audience.users if user.role in ("staff", "admin") and least <= OP}
        return Part(self.audience, staff.union(more))

    def size(self) -> int:
        """Those who are here."""
        return len(self.audience.users)

    def inhabited(self) -> bool:
        """Whether anybody is here."""
        return bool(self.audience.users)

    def present(self) -> int:
        """Those who are here."""
        return self.size()


class Conversations:
    """All conversations of a node."""

    def __init__(self) -> None:
        self.by_id: dict[int, Conversation] = {}
        self.groups: dict[str, Conversation] = {}
        self.doors: dict[bytes, Conversation] = {}  # groups by `door_of` their names
        self.direct: dict[tuple[int, int], Conversation] = {}
        self.asked: dict[User, set[Conversation]] = {}  # guests who are invited somewhere, for when they go
        self.next_id = 1

    def add(self, record: ConversationMade) -> Conversation:
        """Put a group in."""
        kind = Lobby if record.key == m.LOBBY else Conversation
        group = self.groups[record.key] = kind(record, record.name)
        self.doors.update(dict.fromkeys(doors_of(record.name, record.key), group))
        self._number(group)
        return group

    def remove(self, group: Conversation) -> None:
        """Take a group out: it is closed."""
        group.closed = True
        for member in group.members.values():
            self.asked.get(member.user, set()).discard(group)
        group.members.clear()
        group.pending.clear()
        del self.by_id[group.id], self.groups[group.key]
        for door in doors_of(group.name, group.key):
            del self.doors[door]

    def rename(self, group: Conversation, name: str, key: str) -> None:
        """A group has another name, which is nobody's."""
        del self.groups[group.key]
        for door in doors_of(group.name, group.key):
            del self.doors[door]
        group.name, group.key = name, key
        self.groups[key] = group
        self.doors.update(dict.fromkeys(doors_of(name, key), group))

    def planned(self, record: ConversationMade, users: tuple[User, User]) -> Conversation:
        """A direct conversation that may yet be refused its first message: not in the directory."""
        conversation = Conversation(record, "dm:" + ":".join(sorted(user.key for user in users)))
        for user, other in (users, users[::-1]):
            conversation.members[user.id] = conversation.others[other.id] = Member(user, "", 0)
        return conversation

    def begin(self, conversation: Conversation, users: tuple[User, User]) -> None:
        """Put a planned direct conversation in."""
        self.direct[users[0].id, users[1].id] = conversation
        for user in users:
            user.conversations[conversation.id] = conversation
        self._number(conversation)

    def _number(self, conversation: Conversation) -> None:
        self.by_id[conversation.id] = conversation
        self.next_id = max(self.next_id, conversation.id + 1)

    def named(self, name: str) -> Conversation | None:
        """The group of this name in whatever letters, whoever asks."""
        group = self.groups.get(name)
        if group is None:
            try:
                group = self.groups.get(fold_group(name).key)
            except BadName:
                return None
        return group

    def group(self, name: str, user: User) -> Conversation:
        """The group of this name, if this user may know of it. Raises Refused `no-such-group`."""
        group = self.named(name)
        if group is None or group.hidden(user):
            visible = [g.name for g in self.groups.values() if not g.hidden(user)]
            bare = name.lstrip("#")
            raise Refused("no-such-group", f"Group {bare!r} does not exist.", near=near("#" + bare, visible))
        return group


def doors_of(name: str, key: str) -> set[bytes]:
    """Where programs look for a group of this name: how it is written, and in small letters."""
    return {door_of(name), door_of(key)}


# ---- what the commands have in common --------------------------------------------------------------------------


def own_group(hub: Hub, session: Session, name: str, least: int = 0) -> tuple[Conversation, Member]:
    """The group and this user's membership, of at least this rank. Raises Refused."""
    assert session.user is not None
    group = hub.conversations.group(name, session.user)
    member = group.member(session.user)
    if member is None:
        raise Refused("not-a-member", f"You are not a member of group {group.name[1:]!r}.")
    if member.rank < least:
        raise Refused("not-operator", f"Only operators of {group.name} may do that.")
    return group, member


def other_member(hub: Hub, group: Conversation, name: str) -> Member:
    """The membership of somebody in a group, invited ones included. Raises Refused."""
    user = hub.users.find(name)
    member = group.members.get(user.id)
    if member is None:
        raise Refused("user-not-in-group", f"{user.name} is not a member of {group.name}.")
    return member


def not_the_lobby(hub: Hub, group: Conversation) -> None:
    """Raises Refused where the lobby is not a group like others."""
    if group is hub.lobby:
        raise Refused("not-allowed", "The lobby is everybody's.")


def check_reason(hub: Hub, reason: str) -> None:
    """Raises Refused where somebody gives their reasons at length."""
    if len(reason) > hub.limits.topic_chars:
        raise Refused("text-too-long", f"A reason has at most {hub.limits.topic_chars} characters.")


def tell_position(
    hub: Hub, session: Session, ref: int, group: Conversation, name: str, created: bool = False,
    already: bool = False, noted: tuple[int, bytes] = (0, b""),
) -> None:  # fmt: skip
    """Answer with how the group stands when the answer leaves, by the name that it had when it was asked for."""
    position = msgspec.structs.replace(group.position(session), conversation=name)
    hub.say(session, m.GroupInfo(ref, position, group.size(), created, already, *noted))


def tell_group(hub: Hub, session: Session, group: Conversation, noted: tuple[int, bytes] = (0, b"")) -> None:
    """A session is in a group without having asked: how it stands, and, where IRC would have asked, who is in it."""
    tell_position(hub, session, 0, group, group.name, noted=noted)
    if session.line and session.user is not None:
        hub.say(session, _list(hub, session.user, group, 0))


# ---- topic, name, and the lists --------------------------------------------------------------------------------


def set_topic(hub: Hub, session: Session, command: m.SetTopic, turn: Turn) -> None:
    """Set a group's topic, or ask for it. Where the topic is protected (t), operators of whatever kind set it."""
    group, mine = own_group(hub, session, command.group)
    noted = (0, b"")
    if command.topic is not None:
        if mine.rank < HALFOP and "t" in group.modes:
            raise Refused("not-operator", f"Only operators of {group.name} may set its topic.")
        if len(command.topic) > hub.limits.topic_chars:
            raise Refused("text-too-long", f"A topic has at most {hub.limits.topic_chars} characters.")
        by = mine.user.name
        group.topic, group.topic_by, group.topic_at = command.topic, by, turn.now
        turn.keep(group.record())
        noted = archive.note(hub, group, turn, "topic", by, command.topic)
        turn.cast(group.audience, m.GroupChange(group.name, "topic", by, by, command.topic, *noted), session)
    turn.then(tell_position, hub, session, command.ref, group, group.name, False, False, noted)


def rename(hub: Hub, session: Session, command: mod.Rename, turn: Turn) -> None:
    """Give a group another name. What is on its way under the old one arrives under it."""
    group, mine = own_group(hub, session, command.group, OP)
    not_the_lobby(hub, group)
    check_reason(hub, command.reason)
    try:
        name, old = fold_group(command.name), fold_group(group.name)
    except BadName as error:
        raise Refused("bad-name", str(error)) from None
    alike = {hub.conversations.groups.get(name.key), hub.group_skeletons.get(name.skeleton)}
    if name.display == group.name or alike - {None, group}:
        raise Refused("name-taken", f"There is a group that looks like {name.display!r}.")
    doors.check_free(hub, name)
    hub.spend("group", mine.user, turn.now)
    by, key = mine.user.name, group.key
    noted = archive.note(hub, group, turn, "renamed", by, f"{name.display} {command.reason}")
    told = mod.Renamed(group.name, name.display, by, command.reason, *noted)
    hub.conversations.rename(group, name.display, name.key)
    archive.renamed(hub, group, key)
    del hub.group_skeletons[old.skeleton]
    hub.group_skeletons[name.skeleton] = group
    for other in hub.everyone.sessions:
        other.known.clear()
    turn.keep(ConversationRenamed(group.id, name.display, name.key))
    turn.then(_tell_renamed, hub, group, told)
    turn.reply(session, m.Done(command.ref))


def _tell_renamed(hub: Hub, group: Conversation, told: mod.Renamed) -> None:
    """Each session apart: who knows no renaming is told that they left and came."""
    for session in group.audience.sessions:
        hub.say(session, told)


def members(hub: Hub, session: Session, command: m.Members, turn: Turn) -> None:
    """Who belongs to a group."""
    assert session.user is not None
    group = hub.conversations.group(command.group, session.user)
    turn.reply(session, _list(hub, session.user, group, command.ref))


def _list(hub: Hub, user: User, group: Conversation, ref: int) -> m.MemberList:
    """As this user sees it: who is no member sees neither who is invited nor who wants not to be seen."""
    if group is hub.lobby:
        here = [group.member(other) for other in hub.everyone.users if any(s.lobby for s in other.sessions)]
        listed = [member for member in here if member is not None]
    elif group.member(user) is not None:
        listed = [member for member in group.members.values() if group.sees(user, member)]
    else:
        shown = (member for member in group.members.values() if not (member.invited or member.user.invisible))
        listed = [member for member in shown if group.sees(user, member)]
    people = [m.Member(x.user.name, x.role, x.user.state, x.modes) for x in listed[: hub.limits.list_length]]
    return m.MemberList(ref, group.name, people, "s" in group.modes)


def groups(hub: Hub, session: Session, command: m.Groups, turn: Turn) -> None:
    """One's own groups and those one may see, as they are when the answer leaves."""
    turn.then(_tell_groups, hub, session, command.ref)


def _tell_groups(hub: Hub, session: Session, ref: int) -> None:
    user = session.user
    if user is None:
        return
    listed = []
    for group in hub.conversations.groups.values():
        if not group.hidden(user):
            joined = group.member(user) is not None
            listed.append((not joined, group.name, group))
    listed.sort(key=lambda item: item[:2])
    told = [
        m.GroupSummary(
            name, group.size(), not stranger, group.private, group.announce, group.topic, group.created,
            group.topic_at, group.present(),
        )
        for stranger, name, group in listed[: hub.limits.list_length]
    ]  # fmt: skip
    hub.say(session, m.GroupList(ref, told))
