"""All live state of one node, and the one table from command type to function.

Rule: pure and synchronous. `apply` checks everything, then changes memory and writes into the turn what to keep
and whom to tell; a command that may not be is answered with `failed` and has changed nothing. Admission (who one is)
has been proved before `admit` is called; time and random numbers come from outside.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any, Protocol

from chatd import archive as a
from chatd import blobs as b
from chatd import messages as m
from chatd import moderation as o
from chatd import people as p
from chatd.core import (
    accounts,
    archive,
    blobs,
    groups,
    invitations,
    ledger,
    lobby,
    mail,
    mailbox,
    membership,
    metadata,
    modes,
    monitors,
    operator,
    passing,
    people,
    reports,
    roster,
    sanctions,
    sealed,
    search,
    talks,
)
from chatd.core.groups import Audience, Conversation, Conversations
from chatd.core.limits import Buckets, Limits, prefix
from chatd.core.names import fold_group
from chatd.core.signed import Verify
from chatd.core.turn import Command, Event, Refused, Turn
from chatd.core.users import Device, Session, User, Users
from chatd.entries import ConversationMade, CursorMoved, DeviceMade, Directory, Entry, ReportSet
from chatd.sealed import Sealed


class Outside(Protocol):
    """What the hub asks of the node when a turn leaves."""

    def say(self, session: Session, event: Event) -> None:
        """Tell a session at this point of the release."""

    def cast(self, to: Audience | Iterable[Session], event: Event, but: Session | None = None) -> None:
        """Tell an audience, or some sessions, at this point of the release."""

    def arrived(self, session: Session) -> None:
        """A session is in, and that has been said."""

    def departed(self, session: Session, lost: bool) -> None:
        """A session is out, and that has been said."""

    def hungry(self, session: Session) -> None:
        """There are stored messages for a session."""

    def announce(self, event: m.Presence, but: Session | None) -> None:
        """Somebody came or went: tell everybody but one session."""

    def end(self, session: Session, event: m.Bye) -> None:
        """Say this last, and close."""

    def strangers(self) -> int:
        """How many connections have not logged in."""


class Hub:
    """One node's users, conversations and sessions."""

    def __init__(
        self, directory: Directory, limits: Limits, outside: Outside, secret: bytes = b"", kept: Sealed | None = None,
        verify: Verify = lambda key, text, signature: False,
    ) -> None:  # fmt: skip
        self.limits = limits
        self.epoch = directory.epoch
        self.users = Users()
        self.conversations = Conversations()
        self.group_skeletons: dict[str, Conversation] = {}
        self.everyone = Audience()
        self.parlour = Audience()  # the line sessions that are in the lobby: they see who comes into it and leaves
        self.monitors = monitors.Monitors()
        self.sanctions = sanctions.Sanctions()
        self.reports: dict[int, ReportSet] = {}
        self.roster: dict[int, frozenset[int]] = {}  # the class's list: accounts, and the groups it has put each into
        self.trail = ledger.Trail()
        self.talks = talks.Talks()
        self.past = search.PastPeople(limits.past_people)
        self.blobs = blobs.Blobs()
        self.most = 0  # how many people have been here at once
        self._cloak = hashlib.blake2b(secret, digest_size=32, person=b"cloak").digest()
        self.invitations = invitations.Invitations(directory)
        self.refusals: dict[str, int] = {}  # how many there were since the start, by code
        self.full = False  # the disk is nearly full: keep nothing that may be refused
        self.outside = outside
        self.say = outside.say
        self._buckets = {
            "group": Buckets(limits.groups_made_per_hour / 3600, limits.groups_made_burst),
            "invite": Buckets(limits.invitations_per_hour / 3600, limits.invitations_burst),
            "report": Buckets(limits.reports_per_hour / 3600, limits.reports_burst),
            "join": Buckets(limits.joins_per_minute / 60, limits.joins_burst),
        }
        self.sealed = sealed.Sealing(verify, secret, limits)
        self._load(directory)
        self.sealed.load(self, kept or Sealed())
        self.lobby = self.conversations.groups[m.LOBBY]

    def _load(self, directory: Directory) -> None:
        for user in directory.users:
            self.users.add(User(user))
        for name in directory.names:
            self.users.keep(name)
        for device in directory.devices:
            self.users.add_device(device)
        for record in directory.conversations:
            if record.users is None:
                self.group_skeletons[fold_group(record.name).skeleton] = self.conversations.add(record)
            else:
                pair = (self.users.by_id[record.users[0]], self.users.by_id[record.users[1]])
                self.conversations.begin(self.conversations.planned(record, pair), pair)
        self.conversations.next_id = max(self.conversations.next_id, directory.newest + 1)  # no closed one's again
        for mask in directory.masks:
            group = self.conversations.by_id[mask.conversation]
            group.masks[mask.mode][mask.mask] = mask
            group.guard()
        for log in directory.logs:
            conversation = self.conversations.by_id[log.conversation]
            conversation.head, conversation.at, conversation.floor = log.head, log.at, log.floor
        self._load_members(directory)
        archive.load(self, directory)
        people.load(self, directory)
        metadata.load(self, directory)
        sanctions.load(self, directory)
        roster.load(self, directory)
        reports.load(self, directory)
        blobs.load(self, directory)

    def _load_members(self, directory: Directory) -> None:
        for record in sorted(directory.members, key=lambda record: record.since):  # who is in longest comes first
            conversation = self.conversations.by_id[record.conversation]
            user = self.users.by_id[record.user]
            conversation.members[user.id] = groups.Member.stored(user, record.role, record.since)
            if record.role != "invited":
                user.conversations[conversation.id] = conversation
        for cursor in directory.cursors:
            device = self.users.devices[cursor.device]
            device.cursors[cursor.conversation] = cursor.seq
            member = self.conversations.by_id[cursor.conversation].members.get(device.user.id)
            if member is not None:
                member.acked = max(member.acked, cursor.seq)
        for conversation in self.conversations.direct.values():
            for member in conversation.members.values():
                member.waiting = conversation.head - member.acked
                member.user.waiting += member.waiting
                if member.waiting:  # who of the two sent them is not known here: either may hear that they are read
                    head, sender = conversation.head, conversation.peer(member.user).user
                    conversation.pending.append((head, head, sender))

    @staticmethod
    def first_entries(directory: Directory, now: int) -> list[Entry]:
        """What a store needs before the first hub: the lobby, and an end of groups that are left alone."""
        if directory.conversations:
            return membership.left_alone(directory) + membership.heirs(directory)
        return [ConversationMade(1, m.LOBBY, m.LOBBY, None, now, modes.USUAL)]

    # ---- commands ----

    def apply(self, session: Session, command: Command, turn: Turn) -> Any:
        """Carry out one command of a session that is in; returns what its function returns."""
        function = COMMANDS.get(type(command))
        try:
            if function is None:
                raise Refused("already-logged-in", "This connection has logged in.")
            return function(self, session, command, turn)
        except Refused as refusal:
            self._refused(session, command, refusal, turn)
            return None

    def apply_all(self, session: Session, commands: Sequence[Command], turn: Turn) -> None:
        """Several of them, in order; each is one of COMMANDS."""
        place = 0
        while place < len(commands):
            command = commands[place]
            if type(command) is m.Send and (after := mailbox.send_all(self, session, commands, place, turn)) > place:
                place = after
                continue
            place += 1
            try:
                COMMANDS[type(command)](self, session, command, turn)
            except Refused as refusal:
                self._refused(session, command, refusal, turn)

    def _refused(self, session: Session, command: Command, refusal: Refused, turn: Turn) -> None:
        self.trail.refuse(session.user, command, refusal.code, turn.now)
        self.refuse(session, getattr(command, "ref", 0), refusal, turn)

    def refuse(self, session: Session, ref: int, refusal: Refused, turn: Turn) -> None:
        """Answer that a command did nothing, and why."""
        self.refusals[refusal.code] = self.refusals.get(refusal.code, 0) + 1
        turn.reply(session, m.Failed(ref, refusal.code, refusal.text, refusal.near, refusal.retry))

    def spend(self, what: str, user: User, now: int) -> None:
        """Count one of what a user may do so often, who is not on this machine. Raises Refused `rate-limited`."""
        if not any(session.metered for session in user.sessions):
            return
        wait = self._buckets[what].take(str(user.id), now / 1000)
        if wait:
            raise Refused("rate-limited", f"That was too often; try again in {wait:.0f} s.", retry=wait)

    def check_space(self) -> None:
        """Raises Refused `storage-full` when the disk is nearly full."""
        if self.full:
            raise Refused("storage-full", "The server's disk is full; nothing was kept. Tell your admin.", retry=30.0)

    # ---- coming and going ----

    def claim(self, name: str, keys: m.DeviceKeys, turn: Turn, role: str = "student") -> Device:
        """Make an account with its first device. Raises Refused."""
        self.check_space()
        record = self.users.reserve(name, role, turn.now)
        if keys.device in self.users.devices:
            raise Refused("name-taken", "This device belongs to another account already.")
        self.users.add(User(record))
        turn.keep(record)
        return self._add_device(record.user, keys, turn)

    def link(self, user: User, keys: m.DeviceKeys, turn: Turn) -> Device:
        """Add a device to an account; it gets what no other device has acknowledged. Raises Refused."""
        if keys.device in user.devices:
            return user.devices[keys.device]
        if keys.device in self.users.devices:
            raise Refused("login-refused", "This device belongs to another account already.")
        if len(user.devices) - (line_name(user) in user.devices) >= self.limits.devices:
            raise Refused("too-many-devices", f"An account has at most {self.limits.devices} devices.")
        sanctions.check_in(user, turn.now)
        self.check_sessions(user, None)
        self.check_space()
        return self._add_reader(user, keys, turn)

    def line_device(self, user: User, turn: Turn) -> Device:
        """What all line sessions of an account share: its place in the mail. Made when the first one comes."""
        name = line_name(user)
        device = user.devices.get(name)
        return device or self._add_reader(user, m.DeviceKeys(name, b"", b""), turn)

    def _add_reader(self, user: User, keys: m.DeviceKeys, turn: Turn) -> Device:
        device = self._add_device(user.id, keys, turn)
        for conversation in user.conversations.values():
            device.cursors[conversation.id] = conversation.members[user.id].acked
            turn.keep(CursorMoved(device.id, conversation.id, device.cursors[conversation.id]))
        return device

    def _add_device(self, user: int, keys: m.DeviceKeys, turn: Turn) -> Device:
        record = DeviceMade(keys.device, user, keys.ed25519, keys.curve25519, turn.now)
        turn.keep(record)
        return self.users.add_device(record)

    def register(self, name: str, verifier: str, scram: str, turn: Turn, guest: Session | None = None) -> User:
        """Make an account without a device; a guest who is in on this session becomes it. Raises Refused."""
        return accounts.register(self, name, verifier, scram, turn, guest)

    def become(self, session: Session, user: User, turn: Turn) -> None:
        """A guest has proved to be an account. Raises Refused."""
        accounts.become(self, session, user, turn)

    def cloak(self, address: str) -> str:
        """The host by which others know who came from one address, without knowing the address."""
        return hashlib.blake2b(prefix(address).encode(), digest_size=5, key=self._cloak).hexdigest() + ".guest"

    def guest(self, name: str, turn: Turn, address: str = "") -> User:
        """Make a guest. Raises Refused."""
        record = self.users.reserve(name, "guest", turn.now, guest=True)
        user = User(record, guest=True, host=self.cloak(address))
        self.users.next_guest -= 1
        self.users.add(user)
        return user

    def admit(self, session: Session, user: User, device: Device | None, ref: int, resume: bool, turn: Turn,
              token: bytes = b"") -> Session | None:  # fmt: skip
        """Let a session in as a user; returns the older session of the same device, which has to end."""
        older = device.session if device is not None else None
        sanctions.check_in(user, turn.now)
        self.check_sessions(user, session, older)
        first = self._let_in(session, user, turn)
        session.device = device
        if device is not None:
            device.session = session
            self.trail.came(device.id, turn.now)
            if not resume or self.lobby.id not in device.cursors:
                self._begin_lobby(device, turn)
        here = self.everyone.users
        present = [other.name for other in islice(here, self.limits.presence_audience) if other is not user]
        positions = [c.position(session) for c in (self.lobby, *user.conversations.values())]
        turn.reply(
            session,
            m.Welcome(
                ref,
                user.name,
                token,
                positions,
                present,
                len(here) - (user in here),
                user.role,
                user.guest,
                mail.position(device),
            ),
        )
        turn.then(self.subscribe, session)
        if first:
            people.come(self, session, user, turn)
        lobby.enter(self, session, turn)
        turn.then(self.outside.arrived, session)
        return older

    def arrive(self, session: Session, user: User, ref: int, turn: Turn, nick: str = "", ident: str = "",
               realname: str = "") -> None:  # fmt: skip
        """Let a line session in as a user, who may be called otherwise than the account unless they are here already.

        Raises Refused. The answer is one `arrived`; a `group` (with ref 0) follows for each group the account is in.
        """
        sanctions.check_in(user, turn.now)
        self.check_sessions(user, session)
        called = self.users.checked(nick or user.name, user, owned=True) if not user.sessions else None
        first = self._let_in(session, user, turn)
        session.device = None if user.guest else self.line_device(user, turn)
        if session.device is not None:
            self.trail.came(session.device.id, turn.now)
        if called is not None:
            self.users.call(user, called)
            turn.then(people.call_out, self, user, called.display, session)
            turn.then(people.dress, user, called.display, ident, realname)
        turn.then(self.subscribe, session)
        turn.then(people.tell_arrived, self, session, ref, people.groups_of(user))
        if first:
            people.come(self, session, user, turn)
        turn.then(self.outside.arrived, session)

    def _let_in(self, session: Session, user: User, turn: Turn) -> bool:
        """Make it a session of this user; whether it is the first one."""
        first = not user.sessions
        session.user = user
        sanctions.enter(self, session, user, turn.now)
        user.sessions[session] = None
        if first:
            user.since = user.active = turn.now
            user.away = ""
        return first

    def check_sessions(self, user: User, new: Session | None, older: Session | None = None) -> None:
        """Raises Refused where somebody can have no more sessions, or (by the line port) wants only one."""
        lines = [other for other in user.sessions if other.line and not other.over]
        if new is not None and new.line and user.alone and lines:
            raise Refused("name-taken", f"{user.name} takes one connection at a time.")
        if len(user.sessions) - (older is not None) >= self.limits.sessions:
            raise Refused("too-many-sessions", f"{user.name} has {len(user.sessions)} sessions open; close one.")

    def _begin_lobby(self, device: Device, turn: Turn) -> None:
        """The lobby keeps no mail: a fresh login starts at its head, and a later resume there or beyond."""
        if device.cursors.get(self.lobby.id, -1) < self.lobby.head:
            device.cursors[self.lobby.id] = self.lobby.head
            turn.keep(CursorMoved(device.id, self.lobby.id, self.lobby.head))

    def depart(self, session: Session, lost: bool, turn: Turn, reason: str = "") -> None:
        """A session has ended, by goodbye or by being cut off."""
        user = session.user
        if user is None or session not in user.sessions:
            return
        reason = reason or ("Connection lost" if lost else "")
        session.over = True
        if session.device is not None:
            self.trail.went(session.device.id, turn.now)
        user.sessions.pop(session, None)
        if session.device is not None and session.device.session is session:
            session.device.session = None
        self._silence(session)
        self.monitors.clear(session)
        if user.sessions:
            lobby.leave(self, session, reason, turn)
        else:
            people.go(self, session, user, lost, reason, turn)
        turn.then(self.outside.departed, session, lost)

    # ---- who hears what: called when a turn leaves ----

    def neighbours(self, user: User, shared: Iterable[Conversation]) -> dict[Session, None]:
        """The sessions of everybody who shares one of these groups with somebody, and that person's own."""
        found = {session: None for session in user.sessions if session in self.everyone.sessions}
        for group in shared:
            found.update(dict.fromkeys(group.onlookers(user)))
        if any(self.lobby in session.live or self.lobby in session.behind for session in user.sessions):
            found.update(self.parlour.sessions)
        return found

    def audiences(self, session: Session) -> list[Audience]:
        """All that this session is in, and some that it may be in."""
        return [self.everyone, self.parlour, *(conversation.audience for conversation in session.live)]

    def subscribe(self, session: Session) -> None:
        """From here on a session hears its conversations, or first what is stored for it."""
        if session.over or session.user is None:
            return
        self.everyone.add(session)
        self.most = max(self.most, len(self.everyone.users))
        if session.user.guest:
            self.users.shown[session.user.nick] = session.user
        if session.lobby:
            self._hear(session, self.lobby)
        for conversation in session.user.conversations.values():
            self._hear(session, conversation)
        if session.behind:
            self.outside.hungry(session)
        self.sealed.hear(self, session)

    def _hear(self, session: Session, conversation: Conversation) -> None:
        if session.over or conversation in session.live or conversation in session.behind:
            return
        position = conversation.head if session.device is None else conversation.position(session).cursor
        if position >= conversation.head:
            self.caught_up(session, conversation)
        else:
            session.behind[conversation] = max(position, conversation.floor)

    def caught_up(self, session: Session, conversation: Conversation) -> None:
        """A session has been sent everything up to the head: from here on it hears the conversation live."""
        session.behind.pop(conversation, None)
        session.live[conversation] = None
        conversation.audience.add(session)

    def lag(self, session: Session) -> None:
        """A session reads too slowly: from here on it is fed from the store, at its own speed."""
        for conversation in session.live:
            conversation.audience.discard(session)
            session.behind[conversation] = conversation.head
        session.live.clear()
        if session.feed is not None:
            session.feed.live = False

    def _silence(self, session: Session) -> None:
        for conversation in session.live:
            conversation.audience.discard(session)
        self.everyone.discard(session)
        self.parlour.discard(session)
        session.live.clear()
        session.behind.clear()

    def subscribe_user(self, user: User, conversation: Conversation) -> None:
        """From here on all sessions of a user hear a conversation, if the user still belongs to it."""
        if conversation.member(user) is None:
            return
        for session in user.sessions:
            if session not in self.everyone.sessions:
                continue  # not yet welcomed: nothing may overtake that, and `subscribe` comes with it
            self._hear(session, conversation)
            if conversation in session.behind:
                self.outside.hungry(session)

    def unsubscribe_user(self, user: User, conversation: Conversation) -> None:
        """From here on no session of a user hears a conversation; who has come back since hears it again later."""
        for session in user.sessions:
            conversation.audience.discard(session)
            session.live.pop(conversation, None)
            session.behind.pop(conversation, None)


def line_name(user: User) -> str:
    """The name of the device that is no device: no keys make such a name."""
    return f"irc{user.id}"


# ---- the small commands ----


def devices(hub: Hub, session: Session, command: m.Devices, turn: Turn) -> None:
    """The devices of one's account."""
    assert session.user is not None
    sessions = session.user.sessions
    listed = [(d.id, sum(other.device is d for other in sessions)) for d in session.user.devices.values()]
    turn.reply(session, m.DeviceList(command.ref, listed))


def ping(hub: Hub, session: Session, command: m.Ping, turn: Turn) -> None:
    """Answer in order."""
    turn.reply(session, m.Pong(command.ref, turn.now))


COMMANDS: dict[type, Callable[[Hub, Session, Any, Turn], Any]] = {
    m.Send: mailbox.send,
    m.Acknowledge: mailbox.acknowledge,
    m.Inbox: mailbox.inbox,
    m.History: archive.history,
    a.Browse: archive.browse,
    a.Explain: ledger.explain,
    a.Targets: archive.targets,
    a.Mark: archive.mark,
    o.Redact: archive.redact,
    m.Join: membership.join,
    m.Leave: membership.leave,
    p.LeaveAll: membership.leave_all,
    m.Invite: membership.invite,
    m.Kick: membership.kick,
    m.SetRole: modes.set_role,
    m.SetPolicy: modes.set_policy,
    o.SetModes: modes.set_modes,
    o.AskModes: modes.ask_modes,
    o.AskMasks: modes.ask_masks,
    o.Rename: groups.rename,
    m.SetTopic: groups.set_topic,
    m.Members: groups.members,
    m.Groups: groups.groups,
    m.Who: search.who,
    m.Whois: search.whois,
    m.Away: people.away,
    p.SetNick: people.set_nick,
    p.SetProfile: people.set_profile,
    p.Trust: people.trust,
    p.SetAlwaysOn: people.set_always_on,
    p.Find: search.find,
    p.Past: search.past,
    p.Count: search.count,
    p.Monitor: monitors.monitor,
    p.Pass: passing.pass_on,
    p.SetMetadata: metadata.set_metadata,
    p.AskMetadata: metadata.ask_metadata,
    p.FollowMetadata: metadata.follow_metadata,
    o.Kill: operator.kill,
    o.Sanction: operator.sanction,
    o.Lift: operator.lift,
    o.AskSanctions: operator.ask_sanctions,
    o.Report: reports.report,
    o.Wallops: operator.wallops,
    b.CreateBlob: blobs.create,
    b.PutBlob: blobs.put,
    b.CommitBlob: blobs.commit,
    b.GetBlob: blobs.get,
    b.DeleteBlob: blobs.delete,
    **sealed.COMMANDS,
    m.Devices: devices,
    m.Ping: ping,
}
