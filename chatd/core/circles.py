"""Encrypted groups: for each a log of entries that its members' devices have signed, in the server's order.

Rule: an entry that does not follow the newest one is refused, whoever comes later tries again. Who may append and read
is replayed from the log. Nothing here is a conversation: what is said there is mail, and other clients do not see it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from chatd import encryption as e
from chatd import messages as m
from chatd.core import doors
from chatd.core import signed as s
from chatd.core.belongings import Chain
from chatd.core.lists import account, listed
from chatd.core.signed import NOTHING, LogEntry, Signed, check, digest, opened, read
from chatd.core.turn import Refused, Turn
from chatd.core.users import Device, Session, User
from chatd.sealed import GroupForgotten, GroupSigned

if TYPE_CHECKING:
    from chatd.core.hub import Hub

PART_BYTES = 131_072  # of one answer


class Belonging(NamedTuple):
    """A member: by which user key, and whether an admin."""

    uik: bytes
    admin: bool


class Circle:
    """One encrypted group. `gone`: who is no member any more may read up to which entry; `removed`: whom others have
    put out, and only admins add again; `door`: where it is found, empty for nowhere.

    People are meant by name and user key: whoever has a name later, or another key, is somebody else.
    """

    __slots__ = ("creator", "door", "entries", "gid", "gone", "head", "members", "members_add", "removed", "size")

    def __init__(self, gid: bytes) -> None:
        self.gid = gid
        self.creator = ""
        self.head = NOTHING
        self.members: dict[str, Belonging] = {}
        self.gone: dict[str, tuple[bytes, int]] = {}
        self.removed: set[str] = set()
        self.members_add = False
        self.door = b""
        self.entries: list[bytes] = []
        self.size = 0

    def add(self, blob: bytes, signed: Signed, entry: LogEntry, arg: s.Arg) -> None:
        """The next entry, which has been checked."""
        self.entries.append(blob)
        self.size += len(blob)
        self.head = digest(signed.raw)
        if isinstance(arg, s.Create):
            self.creator, self.members_add, self.door = entry.user, arg.members_add, arg.door
            self.members[entry.user] = Belonging(arg.uik, True)
        elif isinstance(arg, s.Policy):
            self.members_add, self.door = arg.members_add, arg.door
        elif isinstance(arg, s.Add):
            self.members[arg.user] = Belonging(arg.uik, False)
            self.gone.pop(arg.user, None)
            self.removed.discard(arg.user)
        elif isinstance(arg, s.Leave) or (isinstance(arg, s.Whom) and entry.op == "remove"):
            name = entry.user if isinstance(arg, s.Leave) else arg.user
            self.gone[name] = self.members.pop(name).uik, entry.n
            if entry.op == "remove":
                self.removed.add(name)
        elif isinstance(arg, s.Whom) and arg.user in self.members:
            self.members[arg.user] = Belonging(self.members[arg.user].uik, entry.op == "admin")

    def has(self, user: User) -> bool:
        """Is this person, by this key, a member?"""
        return user.name in self.members and self.members[user.name].uik == _key_of(user)

    def readable(self, user: User) -> int:
        """How many entries somebody may read."""
        uik, upto = self.gone.get(user.name, (b"", 0))
        return len(self.entries) if self.has(user) else upto if uik == _key_of(user) else 0


def _key_of(user: User) -> bytes | None:
    return user.chains[-1].uik if user.chains else None


class Circles:
    """All of them, and who is in which."""

    def __init__(self) -> None:
        self.by_gid: dict[bytes, Circle] = {}
        self.doors: dict[bytes, Circle] = {}  # those that have one
        self.of: dict[str, dict[bytes, Circle]] = {}  # by a member's name
        self.made: dict[str, int] = {}  # how many there are by their creator

    def add(self, blob: bytes) -> tuple[Circle, list[str]]:
        """The next entry of one, which has been checked; the group, and whom it concerns besides its members."""
        signed, entry, arg = opened_entry(blob, len(blob))
        circle = self.by_gid.get(entry.gid)
        if circle is None:
            circle = self.by_gid[entry.gid] = Circle(entry.gid)
        before, door = set(circle.members), circle.door
        circle.add(blob, signed, entry, arg)
        self._lead(circle, door)
        if isinstance(arg, s.Create):
            self.made[circle.creator] = self.made.get(circle.creator, 0) + 1
        for name in before - circle.members.keys():
            self.of[name].pop(circle.gid)
        for name in circle.members.keys() - before:
            self.of.setdefault(name, {})[circle.gid] = circle
        return circle, sorted(before - circle.members.keys())

    def forget(self, circle: Circle) -> None:
        """Nobody is in it any more."""
        del self.by_gid[circle.gid]
        self.made[circle.creator] -= 1
        if self.doors.get(circle.door) is circle:
            del self.doors[circle.door]

    def _lead(self, circle: Circle, before: bytes) -> None:
        """Its door is another one. While logs are read back another group may have had it earlier, or will later."""
        if before != circle.door and self.doors.get(before) is circle:
            del self.doors[before]
        if circle.door:
            self.doors.setdefault(circle.door, circle)

    def load(self, entries: Iterable[GroupSigned]) -> None:
        """Take in what the store gives back: ascending by group and number."""
        for entry in entries:
            self.add(entry.blob)

    def named(self, word: str) -> Circle | None:
        """Which one is meant by `!` and the hexadecimal digits of its id."""
        try:
            return self.by_gid.get(bytes.fromhex(word[1:]))
        except ValueError:
            return None

    def companions(self, hub: Hub, user: User) -> set[User]:
        """With whom somebody shares an encrypted group."""
        return {other for circle in self.of.get(user.name, {}).values() for other in people(hub, circle)}


def people(hub: Hub, circle: Circle) -> list[User]:
    """A group's members, as far as there are accounts."""
    found = [hub.users.get(name) for name in circle.members]
    return [user for user in found if user is not None and circle.has(user)]


def opened_entry(blob: bytes, most: int) -> tuple[Signed, LogEntry, s.Arg]:
    """What an entry says; nothing is verified. Raises Refused `bad-blob`."""
    signed, entry = opened(blob, LogEntry, most)
    if entry.op not in s.ARGS:
        raise Refused("bad-blob", f"There is no change {entry.op!r} of a group.")
    arg: s.Arg = read(entry.arg, s.ARGS[entry.op])
    return signed, entry, arg


# ---- append --------------------------------------------------------------------------------------------------------


def append_group(hub: Hub, session: Session, command: e.AppendGroup, turn: Turn) -> None:
    """Take the next entry of a group's log."""
    user, device, chain = listed(session)
    signed, entry, arg = opened_entry(command.entry, hub.limits.circle_entry_bytes)
    if (entry.gid, entry.user, entry.device) != (command.group, user.name, device.id):
        raise Refused("bad-blob", "That is an entry of another group, or of another device.")
    circle = hub.sealed.circles.by_gid.get(entry.gid)
    if circle is not None and entry.n == len(circle.entries) and digest(signed.raw) == circle.head:
        turn.reply(session, m.Done(command.ref))  # the answer was lost
        return
    hub.check_space()
    hub.sealed.spend("entry", user, turn.now)
    _check(hub, user, device, chain, circle, signed, entry, arg)
    if isinstance(arg, s.Create):
        hub.spend("group", user, turn.now)
    circle, gone = hub.sealed.circles.add(command.entry)
    turn.keep(GroupSigned(circle.gid, entry.n, command.entry))
    doors.answered(hub, circle, arg, turn)
    turn.reply(session, m.Done(command.ref))
    turn.then(_tell_grew, hub, circle, gone, session)
    if not circle.members:
        hub.sealed.circles.forget(circle)
        turn.keep(GroupForgotten(circle.gid))


def _check(
    hub: Hub, user: User, device: Device, chain: Chain, circle: Circle | None, signed: Signed, entry: LogEntry,
    arg: s.Arg,
) -> None:  # fmt: skip
    if isinstance(arg, s.Create) and circle is None:
        _check_new(hub, user, chain, entry, arg)
    elif circle is None or not circle.readable(user):
        raise Refused("no-such-group", "There is no such group, or you were never in it.")
    after, head = (len(circle.entries), circle.head) if circle is not None else (0, NOTHING)
    if (entry.n, entry.prev) != (after + 1, head) or (isinstance(arg, s.Create) and circle is not None):
        raise Refused("conflict", f"The next entry is number {after + 1}; ask for what came meanwhile.")
    check(hub.sealed.verify, device.ed25519, "group", signed)
    if isinstance(arg, s.Create | s.Policy):
        doors.check_door(hub, circle, arg.door)
    if circle is not None:
        _check_right(circle, user, entry, arg)
        _check_sense(hub, circle, arg)
        if circle.size + len(signed.raw) > hub.limits.circle_bytes:
            raise Refused("list-full", "This group has changed too often; make a new one.")


def _check_new(hub: Hub, user: User, chain: Chain, entry: LogEntry, arg: s.Create) -> None:
    if entry.gid != s.gid_of(user.name, arg.nonce) or arg.uik != chain.uik:
        raise Refused("bad-blob", "A group's id is made of its creator and the nonce, and names the creator's key.")
    if hub.sealed.circles.made.get(user.name, 0) >= hub.limits.circles_made:
        raise Refused("too-many-groups", f"You have made {hub.limits.circles_made} encrypted groups; end some.")
    check_memberships(hub, user)


def check_memberships(hub: Hub, user: User) -> None:
    """Somebody may be in one group more. Raises Refused `too-many-groups`."""
    if len(hub.sealed.circles.of.get(user.name, {})) >= hub.limits.groups:
        raise Refused("too-many-groups", f"{user.name} is in {hub.limits.groups} groups.", near=[user.name])


def _check_right(circle: Circle, user: User, entry: LogEntry, arg: s.Arg) -> None:
    if not circle.has(user):
        raise Refused("not-a-member", "You are no member of this group any more.")
    admin = circle.members[user.name].admin
    adds = isinstance(arg, s.Add) and circle.members_add and arg.user not in circle.removed
    if not (admin or entry.op == "leave" or adds):
        raise Refused("not-allowed", "Only admins of the group may do that.")


def _check_sense(hub: Hub, circle: Circle, arg: s.Arg) -> None:
    if isinstance(arg, s.Whom) and arg.user not in circle.members:
        raise Refused("user-not-in-group", f"{arg.user} is not in this group.")
    if not isinstance(arg, s.Add):
        return
    if arg.user in circle.members:
        raise Refused("already-in-group", f"{arg.user} is in this group.")
    if len(circle.members) >= hub.limits.circle_members:
        raise Refused("group-full", f"A group has at most {hub.limits.circle_members} members.")
    added = hub.users.find(arg.user)
    if added.name != arg.user or not added.chains or added.chains[-1].uik != arg.uik:
        raise Refused("conflict", f"{added.name} has another user key, or none; ask for their lists.")
    check_memberships(hub, added)


def _tell_grew(hub: Hub, circle: Circle, gone: list[str], but: Session) -> None:
    """The members, and whom the entry has put out, are told that there is more to read."""
    event = e.GroupGrew(circle.gid, len(circle.entries))
    out = [user for name in gone if (user := hub.users.get(name)) is not None and circle.readable(user)]
    heard = [one for user in (*people(hub, circle), *out) for one in hub.sealed.sessions(user)]
    hub.outside.cast([session for session in heard if session is not but], event)


# ---- read ----------------------------------------------------------------------------------------------------------


def ask_own_groups(hub: Hub, session: Session, command: e.AskOwnGroups, turn: Turn) -> None:
    """Which groups one belongs to."""
    user, _ = account(session)
    found = [gid for gid, circle in hub.sealed.circles.of.get(user.name, {}).items() if circle.has(user)]
    hub.sealed.spend_bytes(user, found, turn.now)
    turn.reply(session, e.OwnGroups(command.ref, found))


def ask_group(hub: Hub, session: Session, command: e.AskGroup, turn: Turn) -> None:
    """Entries of a group's log, for those who may read them."""
    user, _ = account(session)
    circle = hub.sealed.circles.by_gid.get(command.group)
    if circle is None or not circle.readable(user):
        raise Refused("no-such-group", "There is no such group, or you were never in it.")
    found: list[bytes] = []
    size = 0
    for blob in circle.entries[max(0, command.since) : circle.readable(user)]:
        size += len(blob)
        if found and size > PART_BYTES:
            break
        found.append(blob)
    hub.sealed.spend_bytes(user, found, turn.now)
    turn.reply(session, e.GroupLog(command.ref, command.group, command.since, found))
