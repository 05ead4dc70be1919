"""Conversations: groups with their members, roles and policy, and the direct ones of two people.

Rule: every function checks everything, then changes memory, then says what to keep and whom to tell. Who belongs
to a group is `members`; who hears it now is its audience, which changes only when a turn leaves.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

from chatd import messages as m
from chatd.core.names import BadName, fold_group, near
from chatd.core.turn import Refused, Turn
from chatd.core.users import Codec, Link, Session, User
from chatd.entries import ConversationMade, ConversationSet, MaskSet, MemberGone, MemberSet

if TYPE_CHECKING:
    from chatd.core.hub import Hub

STAFF = ("op", "owner")
ROLES = ("member", "op", "owner")
RANKS = {"q": "owner", "a": "admin", "o": "op", "h": "halfop", "v": "voice"}  # members' modes, the highest first
LETTERS = {word: letter for letter, word in RANKS.items()}
STORED = re.compile(r"([A-Za-z]*?)(?:f([0-9]+))?")


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

    def by_codec(self) -> list[tuple[Codec, list[Link]]]:
        """The links to write to, by the codec whose bytes they want; do not change the lists."""
        if self._by_codec is None:
            links: dict[Codec, list[Link]] = {}
            for session in self.sessions:
                links.setdefault(session.link.codec, []).append(session.link)
            self._by_codec = list(links.items())
        return self._by_codec


class Member:
    """What a user is in a conversation; `invited` is not yet in. They see what is after `since`; `acked`: have read.

    `modes`: letters of `RANKS`, in its order.
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
    def role(self) -> str:
        """The word for what they are: of their modes the highest."""
        if self.invited:
            return "invited"
        return RANKS[self.modes[0]] if self.modes else "member"

    def record(self, conversation: int) -> MemberSet:
        """The entry that keeps this."""
        words = "invited" if self.invited else "+".join(RANKS[letter] for letter in self.modes) or "member"
        return MemberSet(conversation, self.user.id, words, self.since)


class Conversation:
    """A group or a direct conversation. `head`: the newest message that has been let go."""

    __slots__ = ("at", "audience", "created", "direct", "floor", "head", "id", "key", "limit", "masks", "members",
                 "modes", "name", "noted", "notes", "others", "password", "pending", "slow", "topic", "topic_at",
                 "topic_by")  # fmt: skip

    def __init__(self, record: ConversationMade, name: str) -> None:
        self.id = record.conversation
        self.name = name
        self.key = record.key
        self.direct = record.users is not None
        self.created = record.created
        self.modes, self.slow = _settings(record.modes)
        self.password = record.password
        self.limit = record.limit
        self.masks: dict[str, dict[str, MaskSet]] = {}
        self.topic = record.topic
        self.topic_by = record.topic_by
        self.topic_at = record.topic_at
        self.head = self.at = self.floor = 0
        self.noted = self.notes = 0  # when something else happened last, and how often it has (`archive.note`)
        self.members: dict[int, Member] = {}
        self.others: dict[int, Member] = {}  # of a direct conversation: from a user's id to the other one
        self.audience = Audience()
        self.pending: deque[tuple[int, User]] = deque(maxlen=1000)  # sent, and no reader has acknowledged it yet

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
    found = STORED.fullmatch(modes)
    assert found is not None, modes
    return found[1], int(found[2] or 0)


class Lobby(Conversation):
    """The group where everybody is, without being put in; staff keep order in it. It keeps no mail."""

    def member(self, user: User) -> Member | None:
        """Everybody is a member."""
        return Member(user, "o" if user.role in ("staff", "admin") else "", self.head)

    def size(self) -> int:
        """Those who are here."""
        return len(self.audience.users)


class Conversations:
    """All conversations of a node."""

    def __init__(self) -> None:
        self.by_id: dict[int, Conversation] = {}
        self.groups: dict[str, Conversation] = {}
        self.direct: dict[tuple[int, int], Conversation] = {}
        self.next_id = 1

    def add(self, record: ConversationMade) -> Conversation:
        """Put a group in."""
        kind = Lobby if record.key == m.LOBBY else Conversation
        group = self.groups[record.key] = kind(record, record.name)
        self._number(group)
        return group

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

    def group(self, name: str, user: User) -> Conversation:
        """The group of this name, if this user may know of it. Raises Refused `no-such-group`."""
        group = self.groups.get(name)
        if group is None:
            try:
                group = self.groups.get(fold_group(name).key)
            except BadName:
                group = None
        if group is None or (group.private and user.id not in group.members):
            visible = [g.name for g in self.groups.values() if not g.private or user.id in g.members]
            bare = name.lstrip("#")
            raise Refused("no-such-group", f"Group {bare!r} does not exist.", near=near("#" + bare, visible))
        return group


def _own_group(hub: Hub, session: Session, name: str, roles: tuple[str, ...] = ROLES) -> tuple[Conversation, Member]:
    """The group and this user's membership in one of these roles."""
    assert session.user is not None
    group = hub.conversations.group(name, session.user)
    member = group.member(session.user)
    if member is None:
        raise Refused("not-a-member", f"You are not a member of group {group.name[1:]!r}.")
    if member.role not in roles:
        raise Refused("not-allowed", f"Only {' and '.join(r + 's' for r in roles)} of {group.name} may do that.")
    return group, member


def _other(hub: Hub, group: Conversation, name: str) -> Member:
    """The membership of somebody else in a group, invited ones included."""
    user = hub.users.find(name)
    member = group.members.get(user.id)
    if member is None:
        raise Refused("no-such-user", f"{user.name} is not a member of {group.name}.")
    return member


def join(hub: Hub, session: Session, command: m.Join, turn: Turn) -> None:
    """Join a group, or make it."""
    user = session.user
    assert user is not None
    try:
        group = hub.conversations.group(command.group, user)
    except Refused:
        if not command.create:
            raise
        group = _create(hub, session, command, turn)
        created = True
    else:
        created = False
        _enter(hub, group, user, turn)
    turn.then(hub.subscribe_user, user, group)
    turn.then(_tell_position, hub, session, command.ref, group, created)


def _tell_position(hub: Hub, session: Session, ref: int, group: Conversation, created: bool) -> None:
    """Answer with how the group stands when the answer leaves."""
    hub.say(session, m.GroupInfo(ref, group.position(session), group.size(), created))


def _create(hub: Hub, session: Session, command: m.Join, turn: Turn) -> Conversation:
    user = session.user
    assert user is not None
    try:
        name = fold_group(command.group)
    except BadName as error:
        raise Refused("bad-name", str(error)) from None
    if user.guest:
        raise Refused("guest", "Guests cannot make groups.")
    if name.key in hub.conversations.groups or name.skeleton in hub.group_skeletons:
        raise Refused("name-taken", f"There is a group that looks like {name.display!r}.")
    _count_groups(hub, user)
    hub.check_space()
    hub.spend("group", user, turn.now)
    number = hub.conversations.next_id
    modes = "inst" if command.private else "nt"
    record = ConversationMade(number, name.display, name.key, None, turn.now, modes)
    group = hub.conversations.add(record)
    hub.group_skeletons[name.skeleton] = group
    turn.keep(record)
    _put_in(group, user, "o" if user.guest else "q", turn)
    return group


def _count_groups(hub: Hub, user: User) -> None:
    if sum(not c.direct for c in user.conversations.values()) >= hub.limits.groups:
        raise Refused("too-many-groups", f"You are in {hub.limits.groups} groups; leave one first.")


def _enter(hub: Hub, group: Conversation, user: User, turn: Turn) -> None:
    """Make a user a member, unless they are; the first account in a group that has none left owns it."""
    member = group.members.get(user.id)
    if group.id == hub.lobby.id or (member is not None and not member.invited):
        return
    _count_groups(hub, user)
    hub.spend("join", user, turn.now)
    _put_in(group, user, "" if user.guest or _accounts(group) else "q", turn)
    turn.cast(group.audience, m.GroupChange(group.name, "joined", user.name))


def _put_in(group: Conversation, user: User, modes: str, turn: Turn) -> None:
    member = group.members[user.id] = Member(user, modes, group.head)
    user.conversations[group.id] = group
    if not user.guest:
        turn.keep(member.record(group.id))


def _put_out(hub: Hub, group: Conversation, user: User, turn: Turn) -> None:
    del group.members[user.id]
    user.conversations.pop(group.id, None)
    for device in user.devices.values():
        device.cursors.pop(group.id, None)
    if not user.guest:
        turn.keep(MemberGone(group.id, user.id))
    turn.then(hub.unsubscribe_user, user, group)


def leave(hub: Hub, session: Session, command: m.Leave, turn: Turn) -> None:
    """Stop being a member. When the last owner goes, the longest-serving operator or member owns the group."""
    group, _ = _own_group(hub, session, command.group)
    _not_the_lobby(hub, group)
    user = session.user
    assert user is not None
    turn.cast(group.audience, m.GroupChange(group.name, "left", user.name), session)
    _put_out(hub, group, user, turn)
    _inherit(group, turn)
    turn.reply(session, m.Done(command.ref))


def _accounts(group: Conversation) -> list[Member]:
    """The members who may have a role."""
    return [member for member in group.members.values() if not member.invited and not member.user.guest]


def _inherit(group: Conversation, turn: Turn) -> None:
    inside = _accounts(group)
    if inside and not any(member.role == "owner" for member in inside):
        heir = next((member for member in inside if member.role == "op"), inside[0])
        _set_role(group, heir, "owner", "", turn)


def invite(hub: Hub, session: Session, command: m.Invite, turn: Turn) -> None:
    """Let somebody into a group; they decide whether to come."""
    group, mine = _own_group(hub, session, command.group)
    if group.private and mine.role not in STAFF:
        raise Refused("not-allowed", f"Only operators and owners of {group.name} may invite.")
    user = hub.users.find(command.name)
    assert session.user is not None
    if user.guest:
        raise Refused("guest", f"{user.name} is a guest; guests come into open groups by themselves.")
    if group.member(user) is not None:
        raise Refused("not-allowed", f"{user.name} is a member of {group.name} already.")
    hub.spend("invite", session.user, turn.now)
    if user.id not in group.members:
        member = group.members[user.id] = Member(user, "", group.head, invited=True)
        turn.keep(member.record(group.id))
    text = f"{session.user.name} invites you to {group.name}: /join {group.name}"
    for other in user.sessions:
        turn.reply(other, m.Notice("invited", text))
    turn.reply(session, m.Done(command.ref))


def kick(hub: Hub, session: Session, command: m.Kick, turn: Turn) -> None:
    """Remove a member, or take back an invitation. Operators cannot remove owners."""
    group, mine = _own_group(hub, session, command.group, STAFF)
    other = _other(hub, group, command.name)
    if other.role == "owner" and mine.role != "owner":
        raise Refused("not-allowed", f"{other.user.name} owns {group.name}.")
    if other is mine:
        raise Refused("not-allowed", f"To leave {group.name} yourself use /part {group.name}.")
    assert session.user is not None
    turn.cast(group.audience, m.GroupChange(group.name, "kicked", other.user.name, session.user.name))
    _put_out(hub, group, other.user, turn)
    turn.reply(session, m.Done(command.ref))


def set_role(hub: Hub, session: Session, command: m.SetRole, turn: Turn) -> None:
    """Make somebody owner, operator or plain member; the last owner stays one."""
    group, _ = _own_group(hub, session, command.group, ("owner",))
    other = _other(hub, group, command.name)
    if command.role not in ROLES:
        raise Refused("not-allowed", f"A role is one of {', '.join(ROLES)}.")
    if other.invited or other.user.guest:
        raise Refused("not-allowed", f"{other.user.name} has no role to change in {group.name}.")
    owners = sum(member.role == "owner" for member in group.members.values())
    if other.role == "owner" and command.role != "owner" and owners == 1:
        raise Refused("not-allowed", f"{other.user.name} is the only owner of {group.name}; make another one first.")
    assert session.user is not None
    _set_role(group, other, command.role, session.user.name, turn)
    turn.reply(session, m.Done(command.ref))


def _set_role(group: Conversation, member: Member, role: str, by: str, turn: Turn) -> None:
    member.modes = LETTERS.get(role, "")
    turn.keep(member.record(group.id))
    turn.cast(group.audience, m.GroupChange(group.name, "role", member.user.name, by, role))


def set_policy(hub: Hub, session: Session, command: m.SetPolicy, turn: Turn) -> None:
    """Make a group private or open, announce-only or for everybody's talk."""
    group, _ = _own_group(hub, session, command.group, STAFF)
    _not_the_lobby(hub, group)
    by = session.user.name if session.user else ""
    for wanted, had, words in (
        (command.private, group.private, ("open", "private")),
        (command.announce, group.announce, ("talk", "announce")),
    ):
        if wanted is not None and wanted != had:
            turn.cast(group.audience, m.GroupChange(group.name, words[wanted], by, by))
    letters = set(group.modes)
    for wanted, letter in ((command.private, "is"), (command.announce, "m")):
        if wanted is not None:
            letters = letters | set(letter) if wanted else letters - set(letter)
    group.modes = "".join(sorted(letters))
    turn.keep(group.record())
    turn.reply(session, m.Done(command.ref))


def _not_the_lobby(hub: Hub, group: Conversation) -> None:
    if group is hub.lobby:
        raise Refused("not-allowed", "The lobby is everybody's.")


def set_topic(hub: Hub, session: Session, command: m.SetTopic, turn: Turn) -> None:
    """Set a group's topic, or ask for it. In an announce-only group only operators and owners set it."""
    group, mine = _own_group(hub, session, command.group)
    if command.topic is not None:
        if mine.role not in STAFF and "t" in group.modes:
            raise Refused("not-allowed", f"Only operators and owners of {group.name} may set its topic.")
        if len(command.topic) > hub.limits.topic_chars:
            raise Refused("text-too-long", f"A topic has at most {hub.limits.topic_chars} characters.")
        by = session.user.name if session.user else ""
        group.topic, group.topic_by, group.topic_at = command.topic, by, turn.now
        turn.keep(group.record())
        turn.cast(group.audience, m.GroupChange(group.name, "topic", by, by, command.topic), session)
    turn.then(_tell_position, hub, session, command.ref, group, False)


def members(hub: Hub, session: Session, command: m.Members, turn: Turn) -> None:
    """Who belongs to a group. A private group shows itself to members only."""
    assert session.user is not None
    group = hub.conversations.group(command.group, session.user)
    if group is hub.lobby:
        people = [m.Member(u.name, "member", u.state) for u in hub.users.by_id.values() if u.sessions]
    else:
        people = [m.Member(x.user.name, x.role, x.user.state) for x in group.members.values()]
    turn.reply(session, m.MemberList(command.ref, group.name, people[: hub.limits.list_length]))


def groups(hub: Hub, session: Session, command: m.Groups, turn: Turn) -> None:
    """One's own groups and the open ones."""
    user = session.user
    assert user is not None
    listed = []
    for group in hub.conversations.groups.values():
        joined = group is hub.lobby or group.member(user) is not None
        if joined or not group.private or user.id in group.members:
            listed.append(m.GroupSummary(group.name, group.size(), joined, group.private, group.announce, group.topic))
    listed.sort(key=lambda g: (not g.joined, g.group))
    turn.reply(session, m.GroupList(command.ref, listed[: hub.limits.list_length]))
