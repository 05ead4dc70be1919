"""Encrypted groups: making them, who belongs to them, what is said in them.

Rule: a change is signed, then appended, and counts when the server has taken it and this device has read it back; after
that all members' devices are told of it past the server. Whoever was quicker is read first, and it is tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from chatd import encryption as e
from chatd import messages as m
from chatd import moderation as o
from chatd.encryption import door_of
from clients.core import intents as i
from clients.core import notices as n
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.bodies import MOST_TEXT, GroupHead
from clients.core.e2ee.devices import Entry
from clients.core.e2ee.envelope import group_conv
from clients.core.e2ee.members import Add, Arg, Leave, LogEntry, Policy, State, Whom
from clients.core.e2ee.receiving import Delivered
from clients.core.e2ee.refusals import Behind, Note, Refused
from clients.core.e2ee.signed import Signed, decode
from clients.core.outbox import Outgoing
from clients.core.secure.arriving import Arriving
from clients.core.secure.desk import Desk
from clients.core.secure.flows import Flow, Pause, ServerRefused, done, expect
from clients.core.secure.identity import Identity
from clients.core.secure.posting import Posted, Posting
from clients.core.secure.talks import BAD_NAME, Message, Talks, is_name
from clients.core.view import fold

MOST_TRIES: Final = 5
MOST_INTRODUCERS: Final = 3
QUICKER: Final = "op-sense"  # the check that an entry fails when somebody else was quicker
UNTOLD: Final = "group-untold"  # one's own changes of which no word has gone out: whether somebody is new
OWNERS: Final = "oq"  # the modes of a member that mean as much here
ROLES: Final = {"owner": "admin", "op": "admin", "admin": "admin", "member": "unadmin"}
HOUR: Final = 3_600.0
OPEN_ONLY: Final = (
    "An encrypted group has no bans, voices or modes but +i (by invitation only) and +o: its owners add and remove"
    " people."
)


class Circles:
    """All of this account's groups."""

    def __init__(
        self, desk: Desk, talks: Talks, posting: Posting, arriving: Arriving, identity: Identity
    ) -> None:  # fmt: skip
        self._desk, self._talks, self._posting = desk, talks, posting
        self._arriving, self._identity = arriving, identity
        self._topics: dict[str, str] = {}
        self._hinted: set[bytes] = set()  # groups whose log is to be looked at already
        self._followed: set[bytes] = set()  # groups whose log has been read on this connection
        self.unknown: Callable[[bytes], None] = lambda group: None  # one is in a group that is not known here
        self.entered: Callable[[bytes], bool] = lambda group: False  # one is in: whether one had asked for it
        self.enter: Callable[[str], Flow[bytes | None]] = _nowhere  # where one asks to be let in: perhaps one is
        self.is_open: Callable[[str], bool] = lambda group: False
        self.laid_down = False  # something was for an open group after all
        self._shown: dict[tuple[bytes, str], float] = {}
        arriving.follow = self.follow
        arriving.reacts["group_head"] = self._was_told
        desk.on_note = self._noted

    # ---- what is said ----

    def say(self, item: Outgoing) -> None:
        """One message; what comes before it in the same group goes first."""
        gid = self._talks.group(item.to)
        if self._posting.begins(item):
            line = group_conv(gid) if gid is not None else "to:" + fold(item.to)
            self._desk.flows.start(line, self._say(item, gid))

    def _say(self, item: Outgoing, gid: bytes | None) -> Flow[None]:
        if not self._identity.decided:
            yield Pause.READY
        try:
            if gid is None:
                gid = yield from self.enter(item.to)
            if gid is None and self.is_open(item.to):
                self._posting.lays_down(item)
                self.laid_down = True
                return
            if gid is None:
                raise ServerRefused(m.Failed(0, "no-such-group", "There is no such group, or you are not in it."))
            self._identity.require_ready()
            if len(item.text.encode()) > MOST_TEXT:
                raise Refused("TEXT_TOO_LONG", "text-length")
            yield from self._encrypt(item, gid)
        except (Refused, ServerRefused) as refused:
            self._posting.refuse(item, refused)

    def _encrypt(self, item: Outgoing, gid: bytes) -> Flow[None]:
        desk = self._desk
        yield from self.catch_up(gid)  # whom somebody has removed meanwhile it is not for
        yield from self._know_members(gid, item.to)
        claims = yield from desk.claim(lambda batch: desk.groups.unshared(batch, gid, desk.wall()))
        batch, at, conversation = desk.batch(), desk.wall(), group_conv(gid)
        said = self._posting.said(item, conversation)
        sendings = desk.groups.say(batch, gid, said, at, claims, item.id)
        seq = self._talks.number(batch, conversation, gid=gid)
        for sending in sendings:
            is_message = sending is sendings[-1]
            post = Posted([], conversation, item.to, conversation, seq) if is_message else Posted(line=conversation)
            self._posting.note(batch, sending, post)
        batch.commit()
        self._posting.encrypted(item)
        self._talks.keep(Message(conversation, seq, at, desk.me, item.id, item.text, True, edits=said.edits))
        for sending in sendings:
            self._posting.post(sending)

    def _know_members(self, gid: bytes, to: str) -> Flow[None]:
        """Everybody's lists; who gets nothing because of their keys is said."""
        desk, unknown, asked = self._desk, False, set[str]()
        while True:
            try:
                _, notes = desk.groups.targets(desk.batch(), gid, fresh=unknown)
            except Behind as behind:
                unknown = behind.user in asked  # the server tells of somebody who is called nearly so
                asked.add(behind.user)
                try:
                    yield from desk.learn(behind.user)
                except Refused as refused:
                    if refused.code != "NO_E2EE_KEYS":
                        raise
                    unknown = True  # they get nothing, and that is no reason to stop
            else:
                desk.notes(notes, to)
                return

    # ---- the log ----

    def follow(self, gid: bytes, until: int = 0) -> Flow[None]:
        """Read what is new in a group's log (up to this entry, if it is given), and tell what it changes."""
        desk = self._desk
        while True:
            row = self._talks.row(gid)
            since = row.state.n if row is not None else 0
            log = expect((yield e.AskGroup(0, gid, since)), e.GroupLog)
            if not until:
                self._followed.add(gid)
            entries = log.entries[: max(0, until - since)] if until else log.entries
            if not entries:
                return
            yield from self._apply(gid, entries, since)
            after = self._talks.row(gid)
            if after is None or after.state.n == since:
                return
            self._arriving.again(desk.incoming.held(desk.batch(), group_conv(gid)))

    def _apply(self, gid: bytes, answer: list[bytes], since: int) -> Flow[None]:
        """The entries, with the lists of those who made them; another flow may have read some of them by now."""
        desk, asked, fresh = self._desk, set[str](), False
        while True:
            batch, row = desk.batch(), self._talks.row(gid)
            entries = answer[row.state.n - since :] if row is not None else answer
            try:
                notes = desk.groups.follow(batch, gid, entries, fresh)
            except Behind as behind:
                fresh = behind.user in asked
                if not fresh:
                    asked.add(behind.user)
                    yield from desk.learn(behind.user)
            else:
                batch.commit()
                desk.notes(notes, self._talks.shown(group_conv(gid)))
                self._tell_changes(gid, entries)
                return

    def _change(self, gid: bytes, op: str, arg: Arg) -> Flow[None]:
        """An entry of one's own, and word of it to every member's devices."""
        yield from self._append(gid, lambda batch: self._desk.groups.propose(batch, gid, op, arg), op == "add")
        if op != "leave":
            yield from self._tell(gid, joiner=op == "add")

    def _append(self, gid: bytes, make: Callable[[Batch], bytes], joiner: bool = False) -> Flow[None]:
        desk, blob = self._desk, b""
        for tried in range(MOST_TRIES):
            batch = desk.batch()
            blob = make(batch)
            batch.put(UNTOLD, gid.hex(), joiner or batch.get(UNTOLD, gid.hex(), bool) is True)
            batch.commit()
            try:
                done((yield e.AppendGroup(0, gid, blob)))
                break
            except ServerRefused as refused:
                if refused.failed.code != "conflict" or tried == MOST_TRIES - 1:
                    raise
            yield from self.follow(gid)
        try:
            yield from self.follow(gid)
        except ServerRefused as refused:
            row = self._talks.row(gid)
            if refused.failed.code != "no-such-group" or row is None:
                raise
            yield from self._apply(gid, [blob], row.state.n)  # the last member has left, and so there is no log

    def _tell(self, gid: bytes, joiner: bool = False, only: str = "") -> Flow[None]:
        """Where the log stands, over Olm; `only`: to the devices of one person."""
        desk, conversation = self._desk, group_conv(gid)
        yield from self._know_members(gid, self._talks.shown(conversation))

        def targets(batch: Batch) -> list[Entry]:
            entries = desk.groups.targets(batch, gid, fresh=True)[0]
            return [entry for entry in entries if not only or entry.user == only]

        claims = yield from desk.claim(targets)
        batch = desk.batch()
        body = desk.groups.head(batch, gid, joiner)
        sending = desk.outgoing.spread(
            batch, targets(batch), "group_head", body, desk.wall(), claims, conversation
        )  # fmt: skip
        self._posting.note(batch, sending, Posted(line=conversation))
        if not only:
            batch.drop(UNTOLD, gid.hex())
        batch.commit()
        self._posting.post(sending)

    def add(self, gid: bytes, user: str) -> Flow[None]:
        """Let somebody in whose keys are in order, and see that it is told as of anybody who comes. Raises Refused
        where the log, as it is by then, does not let them in."""
        pin = self._desk.pin(user)
        assert pin is not None

        def let_in(batch: Batch) -> bytes:
            state = self._desk.groups.row(batch, gid).state
            if not state.door or user in state.removed:
                raise Refused("GROUP_OP_FORBIDDEN", QUICKER, user)
            return self._desk.groups.propose(batch, gid, "add", Add(user, pin.uik))

        yield from self._append(gid, let_in, True)
        yield from self._tell(gid, joiner=True)
        self._desk.show(n.Changed(m.GroupChange(self._label(gid), "joined", user, self._desk.me)))

    def catch_up(self, gid: bytes) -> Flow[None]:
        """Read what is new, if that has not been done on this connection, or the server has hinted at more."""
        if gid not in self._followed or gid in self._hinted:
            yield from self.follow(gid)

    def cut(self) -> None:
        """The connection is gone."""
        self._hinted.clear()  # their flows are gone with it
        self._followed.clear()

    def show_to(self, gid: bytes, user: str) -> Flow[None]:
        """A member's device has no log: it is shown where it stands, once an hour at most."""
        if self._desk.now - self._shown.get((gid, user), -HOUR) >= HOUR:
            self._shown[gid, user] = self._desk.now
            yield from self._tell(gid, True, user)

    def go(self, gid: bytes) -> Flow[None]:
        """Out of a group, without a word."""
        yield from self._change(gid, "leave", Leave())
        self._talks.refresh()

    def _finish(self, gid: bytes) -> Flow[None]:
        """What a broken connection cut short: the name of a new group, and word of one's own changes."""
        desk, row = self._desk, self._talks.row(gid)
        wanted = row.wanted if row is not None and not row.naming.name else None
        if wanted is not None and wanted.name:
            yield from self._append(gid, lambda batch: desk.groups.rename(batch, gid, wanted.name, wanted.topic))
        joiner = desk.batch().get(UNTOLD, gid.hex(), bool)
        if joiner is not None:
            yield from self._tell(gid, joiner)

    # ---- what comes ----

    def grew(self, event: e.GroupGrew) -> None:
        """The server says that there is more of a log."""
        row = self._talks.row(event.group)
        if row is not None and event.count > row.state.n and event.group not in self._hinted:
            self._hinted.add(event.group)
            self._desk.flows.start(group_conv(event.group), self._grown(event.group))

    def _grown(self, gid: bytes) -> Flow[None]:
        self._hinted.discard(gid)  # what is said from here on is another hint
        yield from self.follow(gid)

    def ask_all(self) -> Flow[None]:
        """At the login: what has changed in one's groups meanwhile, after what was said there meanwhile: who has left
        since then was a member when they said it."""
        for conversation in self._talks.labels:
            row = self._talks.row(bytes.fromhex(conversation.removeprefix("gid:")))
            self._topics[conversation] = row.naming.topic if row is not None else ""
        self._arriving.afterwards(self._follow_all)
        yield from ()

    def _follow_all(self) -> None:
        for conversation in list(self._talks.labels):
            self._desk.flows.start(conversation, self._caught_up(bytes.fromhex(conversation.removeprefix("gid:"))))

    def _caught_up(self, gid: bytes) -> Flow[None]:
        try:
            yield from self.catch_up(gid)
            yield from self._finish(gid)
        except ServerRefused:
            return  # not a member any more, or the group is gone there

    def _was_told(self, delivered: Delivered) -> None:
        """Somebody said where a log stands: to a newcomer, all of it."""
        body, desk = delivered.body, self._desk
        if not isinstance(body, GroupHead):
            return
        conversation, by = group_conv(body.gid), delivered.sender.user
        if self._talks.row(body.gid) is None:
            self.unknown(body.gid)
            return
        before = self._talks.shown(conversation)
        is_new = conversation not in self._talks.all()
        if is_new:
            batch = desk.batch()
            self._talks.begin(batch, conversation, gid=body.gid)
            batch.commit()
        self._talks.refresh()
        label, row = self._talks.shown(conversation), self._talks.row(body.gid)
        topic, self._topics[conversation] = self._topics.get(conversation, ""), row.naming.topic if row else ""
        if self.entered(body.gid):
            pass
        elif is_new:
            desk.show(n.Secure("GROUP_ADDED" if by != desk.me else "GROUP_HERE", by, label))
        elif before != label and before == self._talks.nameless(body.gid):
            desk.show(n.Told("renamed", f"{before} is called {label}.", before, label))
        elif fold(label) != fold(before):
            desk.show(n.Told("renamed", f"{by} has renamed {before} to {label}.", before, label))
        elif topic != self._topics[conversation]:
            desk.show(n.Changed(m.GroupChange(label, "topic", by, by, self._topics[conversation])))
        if body.snapshot is not None:
            self._arriving.again(desk.incoming.held(desk.batch(), delivered.conv))

    def _noted(self, note: Note) -> None:
        """A new device of a member is introduced by those who may."""
        if note.code in ("CONTACT_NEW_DEVICE", "OWN_NEW_DEVICE"):
            self.introduce(note.user)

    def introduce(self, user: str) -> None:
        """Somebody's devices are told of the groups that they are in: by who runs these, and one's own by oneself."""
        for conversation in self._talks.labels:
            gid = bytes.fromhex(conversation.removeprefix("gid:"))
            row = self._talks.row(gid)
            if row is not None and self._desk.me in _introducers(row.state, user):
                admin = row.state.members[self._desk.me].admin
                self._desk.flows.start(conversation, self._tell(gid, admin, user))

    def _tell_changes(self, gid: bytes, entries: Iterable[bytes]) -> None:
        """As faces hear of changes in any group."""
        self._talks.refresh()
        label = self._talks.shown(group_conv(gid))
        for blob in entries:
            entry = decode(decode(blob, Signed).raw, LogEntry)
            event = _event(label, entry)
            if event is not None and entry.user != self._desk.me:
                self._desk.show(n.Changed(event, fold(event.name) == fold(self._desk.me)))

    # ---- what is wanted ----

    def make(self, intent: i.JoinGroup, door: bytes = b"") -> Flow[None]:
        """A new group, with oneself in it; without a door it is by invitation. Raises Refused and ServerRefused."""
        desk, name = self._desk, intent.group.removeprefix("#")
        if not is_name(name):
            raise ServerRefused(m.Failed(0, "bad-name", BAD_NAME))
        batch = desk.batch()
        gid, blob = desk.groups.create(batch, door)
        batch.commit()
        done((yield e.AppendGroup(0, gid, blob)))
        batch = desk.batch()
        self._talks.begin(batch, group_conv(gid), gid=gid)
        batch.commit()
        yield from self.follow(gid)
        yield from self._append(gid, lambda batch: desk.groups.rename(batch, gid, name, ""))
        self._talks.refresh()
        made = n.Secure("GROUP_NAMED" if door else "GROUP_MADE", to=self._label(gid))
        desk.show(n.Answered(intent, self.info(gid, created=True)), made)

    def answer(self, intent: i.Intent) -> Flow[None]:
        """A wish about a group that is there."""
        gid = self._talks.group(self.named(intent))
        if gid is None:
            raise Refused("GROUP_UNKNOWN", "group-known")
        act = _WISHES.get(type(intent))
        if type(intent) in _FOR_OWNERS and not (isinstance(intent, i.Topic) and intent.topic is None):
            self._need_owner(gid)
        if act is None:
            self._desk.show(n.Refused("not-available", OPEN_ONLY, intent=intent))
            yield from ()
        else:
            yield from act(self, gid, intent)

    def named(self, intent: i.Intent) -> str:
        """The encrypted group that a wish is about; empty for another one, or none."""
        if type(intent) not in _ABOUT_GROUPS:
            return ""
        group = getattr(intent, "group", "") or self._desk.host.state.focus
        return group if self._talks.group(group) is not None else ""

    def _join(self, gid: bytes, intent: i.JoinGroup) -> Flow[None]:
        yield from ()
        self._desk.show(n.Answered(intent, self.info(gid), known=True))

    def _invite(self, gid: bytes, intent: i.InviteTo) -> Flow[None]:
        user = yield from self._desk.learn(intent.name)
        pin, row = self._desk.pin(user), self._talks.row(gid)
        if pin is None or row is None:
            raise Refused("NO_E2EE_KEYS", "chain", user)
        if not row.state.may_add(self._desk.me, user):
            self._need_owner(gid)
        if user in row.state.members:
            raise ServerRefused(m.Failed(0, "already-member", f"{user} is a member of {self._label(gid)} already."))
        yield from self._change(gid, "add", Add(user, pin.uik))
        self._desk.show(n.Answered(intent, m.Done(0)))

    def _kick(self, gid: bytes, intent: i.KickFrom) -> Flow[None]:
        yield from self._change(gid, "remove", Whom(self._member(gid, intent.name)))
        self._desk.show(n.Answered(intent, m.Done(0)))

    def _leave(self, gid: bytes, intent: i.LeaveGroup) -> Flow[None]:
        label, tried = self._label(gid), 0
        while (heir := self._heir(gid)) and tried < MOST_TRIES:
            tried += 1
            try:
                yield from self._change(gid, "admin", Whom(heir))
            except Refused as refused:
                if refused.check != QUICKER:
                    raise
        yield from self._change(gid, "leave", Leave())
        self._desk.host.state.leave(label)
        self._desk.show(n.Answered(intent, m.Done(0)))

    def _heir(self, gid: bytes) -> str:
        """Who runs it when the only owner goes: whoever is in longest. As in open groups, nobody is left without."""
        state, me = self._desk.groups.row(self._desk.batch(), gid).state, self._desk.me
        others = [member for user, member in state.members.items() if user != me]
        if me not in state.members or not state.members[me].admin or any(member.admin for member in others):
            return ""
        return others[0].user if others else ""

    def _role(self, gid: bytes, intent: i.GiveRole) -> Flow[None]:
        op = ROLES.get(intent.role)
        if op is None:
            self._desk.show(n.Refused("not-available", OPEN_ONLY, intent=intent))
            return
        yield from self._change(gid, op, Whom(self._member(gid, intent.name)))
        self._desk.show(n.Answered(intent, m.Done(0)))

    def _modes(self, gid: bytes, intent: i.ChangeModes) -> Flow[None]:
        """Of all modes an encrypted group has two: who runs it, and (i) whether one comes in by invitation only."""
        if any((change.mode not in OWNERS or not change.argument) and change.mode != "i" for change in intent.changes):
            raise ServerRefused(m.Failed(0, "not-available", OPEN_ONLY))
        for change in intent.changes:
            if change.mode == "i":
                yield from self._lead(gid, "" if change.on else self._called(gid))
                continue
            op = "admin" if change.on else "unadmin"
            yield from self._change(gid, op, Whom(self._member(gid, change.argument)))
        event = o.ModesChanged(0, self._label(gid), self._desk.me, list(intent.changes))
        self._desk.show(n.Answered(intent, event))

    def _topic(self, gid: bytes, intent: i.Topic) -> Flow[None]:
        if intent.topic is not None:
            row = self._desk.groups.row(self._desk.batch(), gid)
            yield from self._rename(gid, row.naming.name, intent.topic)
        self._desk.show(n.Answered(intent, self.info(gid)))

    def _call(self, gid: bytes, intent: i.RenameGroup) -> Flow[None]:
        row, name = self._desk.groups.row(self._desk.batch(), gid), intent.name.removeprefix("#")
        if not is_name(name):
            raise ServerRefused(m.Failed(0, "bad-name", BAD_NAME))
        if row.state.door:
            yield from self._lead(gid, name)
        yield from self._rename(gid, name, row.naming.topic)
        self._desk.show(n.Answered(intent, m.Done(0)))

    def _lead(self, gid: bytes, name: str) -> Flow[None]:
        """Who knows this name finds it; no name: nobody does. Raises ServerRefused where another one is found there."""
        door = door_of(name) if name else b""
        if door != self._desk.groups.row(self._desk.batch(), gid).state.door:
            yield from self._change(gid, "policy", Policy(bool(door), door))

    def _called(self, gid: bytes) -> str:
        row = self._desk.groups.row(self._desk.batch(), gid)
        return row.naming.name or row.called

    def _rename(self, gid: bytes, name: str, topic: str) -> Flow[None]:
        yield from self._append(gid, lambda batch: self._desk.groups.rename(batch, gid, name, topic))
        yield from self._tell(gid)

    def _members(self, gid: bytes, intent: i.ListMembers) -> Flow[None]:
        yield from ()
        state, row = self._desk.host.state, self._desk.groups.row(self._desk.batch(), gid)
        members = [
            m.Member(
                member.user, "owner" if member.admin else "member",
                "online" if self._desk.is_me(member.user) else state.present.get(member.user, "offline"),
            )
            for member in row.state.members.values()
        ]  # fmt: skip
        self._desk.show(n.Answered(intent, m.MemberList(0, self._label(gid), members, True)))

    def _member(self, gid: bytes, name: str) -> str:
        """A member as they write themselves. Raises ServerRefused, in the server's words."""
        row = self._desk.groups.row(self._desk.batch(), gid)
        found = next((user for user in row.state.members if fold(user) == fold(name)), None)
        if found is None:
            raise ServerRefused(m.Failed(0, "no-such-user", f"{name} is not a member of {self._label(gid)}."))
        return found

    def _label(self, gid: bytes) -> str:
        return self._talks.shown(group_conv(gid))

    def info(self, gid: bytes, created: bool = False) -> m.GroupInfo:
        """A group that one is in, as the server tells of open ones."""
        row = self._desk.groups.row(self._desk.batch(), gid)
        label = self._label(gid)
        position = self._desk.host.state.positions.get(label, m.Position(label, 0, 0, topic=row.naming.topic))
        return m.GroupInfo(0, position, len(row.state.members), created)

    def summaries(self) -> list[m.GroupSummary]:
        """One's own groups, for the list of groups."""
        found = []
        for conversation, label in self._talks.labels.items():
            row = self._talks.row(bytes.fromhex(conversation.removeprefix("gid:")))
            if row is not None:
                found.append(m.GroupSummary(label, len(row.state.members), True, True, False, row.naming.topic))
        return found

    def _need_owner(self, gid: bytes) -> None:
        """Raises ServerRefused: others would not believe it."""
        row = self._desk.groups.row(self._desk.batch(), gid)
        member = row.state.members.get(self._desk.me)
        if member is None or not member.admin:
            raise ServerRefused(m.Failed(0, "not-allowed", f"Only an owner of {self._label(gid)} may do that."))


def _introducers(state: State, user: str) -> set[str]:
    """Who tells somebody's new device of a group: they themselves, and its owners; without any, a few others."""
    if user not in state.members:
        return set()
    others = sorted(state.members.keys() - {user})
    owners = [other for other in others if state.members[other].admin]
    return {user, *(owners or others[:MOST_INTRODUCERS])}


def _nowhere(group: str) -> Flow[bytes | None]:
    yield from ()
    return None


def _event(label: str, entry: LogEntry) -> m.GroupChange | None:
    """An entry, as faces hear of changes."""
    if entry.op == "add":
        return m.GroupChange(label, "joined", decode(entry.arg, Add).user, entry.user)
    if entry.op == "remove":
        return m.GroupChange(label, "kicked", decode(entry.arg, Whom).user, entry.user)
    if entry.op == "leave":
        return m.GroupChange(label, "left", entry.user, entry.user)
    if entry.op in ("admin", "unadmin"):
        role = "owner" if entry.op == "admin" else "member"
        return m.GroupChange(label, "role", decode(entry.arg, Whom).user, entry.user, role)
    return None


Wish = Callable[[Circles, bytes, Any], Flow[None]]
_WISHES: Final[dict[type[i.Intent], Wish]] = {
    i.JoinGroup: Circles._join,
    i.InviteTo: Circles._invite,
    i.KickFrom: Circles._kick,
    i.LeaveGroup: Circles._leave,
    i.GiveRole: Circles._role,
    i.ChangeModes: Circles._modes,
    i.Topic: Circles._topic,
    i.RenameGroup: Circles._call,
    i.ListMembers: Circles._members,
}
_FOR_OWNERS: Final = frozenset({i.KickFrom, i.GiveRole, i.ChangeModes, i.Topic, i.RenameGroup})
_ABOUT_GROUPS: Final = frozenset({*_WISHES, i.Announce, i.AskModes, i.ListMasks})
