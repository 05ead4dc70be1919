"""Who belongs to a group: a chain of entries signed by the devices of those who may change it.

Rule: a change that is not signed by somebody who may make it does not exist. The server orders the entries and can do
nothing else: it cannot add, swap, or split. A joiner takes the state as the one who added them signed it. Pure: a state
and bytes give the next state, or a refusal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta

from clients.core.e2ee.devices import Entry, Known
from clients.core.e2ee.keys import Account, same, verified
from clients.core.e2ee.refusals import Behind, Check, Refused, require
from clients.core.e2ee.signed import (
    NOTHING,
    Bytes16,
    Bytes32,
    DeviceId,
    Name,
    Number,
    Signed,
    decode,
    digest,
    encode,
)

GID_BYTES: Final = 16
MOST_MEMBERS: Final = 1_000
Door = Annotated[bytes, Meta(max_length=16)]
Lookup = Callable[[str], Known | None]


class Strict(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """Arrays in fixed order, nothing unknown."""


class LogEntry(Strict, frozen=True):
    """One change (label `group`)."""

    gid: Bytes16
    n: Number
    prev: Bytes32
    user: Name
    device: DeviceId
    op: Name
    arg: Annotated[bytes, Meta(max_length=1_024)]


class Create(Strict, frozen=True):
    """`create`: the nonce makes the group's id, with the creator; an encrypted group is one for ever.

    `door`: where it is found, and who asks there may be let in by whoever may add; empty: by invitation only.
    """

    nonce: Bytes16
    uik: Bytes32
    members_add: bool = False
    door: Door = b""


class Add(Strict, frozen=True):
    """`add`: a person, by the user key, so that nobody can be swapped for them."""

    user: Name
    uik: Bytes32


class Whom(Strict, frozen=True):
    """`remove`, `admin`, `unadmin`."""

    user: Name


class Leave(Strict, frozen=True):
    """`leave`: oneself."""


class Named(Strict, frozen=True):
    """`name`: a digest; the name itself goes to the members only."""

    digest: Bytes32


class Policy(Strict, frozen=True):
    """`policy`: may members add others, and where is it found?"""

    members_add: bool
    door: Door = b""


Arg = Create | Add | Whom | Leave | Named | Policy
ARGS: Final[dict[str, type[Arg]]] = {
    "create": Create,
    "add": Add,
    "remove": Whom,
    "leave": Leave,
    "admin": Whom,
    "unadmin": Whom,
    "name": Named,
    "policy": Policy,
}


class Member(Strict, frozen=True):
    """One person in a group."""

    user: Name
    uik: Bytes32
    admin: bool


class Snapshot(Strict, frozen=True):
    """The state as a joiner gets it from the one who added them, signed by that device (label `group`)."""

    gid: Bytes16
    n: Number
    head: Bytes32
    members: Annotated[list[Member], Meta(max_length=MOST_MEMBERS)]
    members_add: bool
    name_digest: Bytes32
    door: Door = b""
    removed: Annotated[list[Name], Meta(max_length=MOST_MEMBERS)] = []


class State(msgspec.Struct, array_like=True, frozen=True):
    """What the chain says so far.

    `heads` has the hashes of the entries that this device has seen; whom somebody has `removed` only an admin adds.
    """

    gid: bytes
    n: int
    head: bytes
    members: dict[str, Member]
    members_add: bool = False
    name_digest: bytes = NOTHING
    heads: dict[int, bytes] = {}
    door: bytes = b""
    removed: list[str] = []

    def head_of(self, n: int) -> bytes | None:
        """What entry n hashes to, if it is known."""
        return self.heads.get(n)

    def has(self, user: str, uik: bytes) -> bool:
        """Is this person, by this key, a member?"""
        member = self.members.get(user)
        return member is not None and same(member.uik, uik)

    def may_add(self, user: str, other: str = "") -> bool:
        """May this member add others; and this one?"""
        member = self.members.get(user)
        return member is not None and (member.admin or (self.members_add and other not in self.removed))


class Step(NamedTuple):
    """An entry, and what it is held against. `actor`: the device by the verified list."""

    signed: Signed
    entry: LogEntry
    arg: Arg
    gid: bytes
    state: State | None
    actor: Entry | None


class Introduction(NamedTuple):
    """A snapshot, who shows it, to whom, and what was known before."""

    signed: Signed
    snapshot: Snapshot
    gid: bytes
    sender: Entry
    me: Entry
    state: State | None


def gid_of(creator: str, nonce: bytes) -> bytes:
    """The id of a group: it cannot belong to another one."""
    return digest(encode([creator, nonce]))[:GID_BYTES]


def name_digest(name: str, topic: str, salt: bytes) -> bytes:
    """What stands in the log for a name and topic that the server may not read."""
    return digest(encode([name, topic, salt]))


def _is_member(step: Step) -> bool:
    return step.state is None or (step.actor is not None and step.state.has(step.entry.user, step.actor.uik))


def _may(step: Step) -> bool:
    if step.state is None or step.entry.op == "leave":
        return True
    member = step.state.members.get(step.entry.user)
    return (member is not None and member.admin) or (step.entry.op == "add" and step.state.members_add)


def _may_be_added(step: Step) -> bool:
    """Whom somebody has removed comes back by an admin's hand only."""
    return step.state is None or not isinstance(step.arg, Add) or step.state.may_add(step.entry.user, step.arg.user)


def _is_created_right(step: Step) -> bool:
    """Creation names the group and the creator's own key."""
    if not isinstance(step.arg, Create):
        return True
    own = step.actor is not None and same(step.arg.uik, step.actor.uik)
    return own and step.entry.gid == gid_of(step.entry.user, step.arg.nonce)


def _makes_sense(step: Step) -> bool:
    if step.state is None:
        return True
    if isinstance(step.arg, Add):
        return step.arg.user not in step.state.members and len(step.state.members) < MOST_MEMBERS
    return not isinstance(step.arg, Whom) or step.arg.user in step.state.members


def _is_no_fork(step: Step) -> bool:
    known = step.state.head_of(step.entry.n) if step.state else None
    return known is None or same(known, digest(step.signed.raw))


ENTRY_CHECKS: Final = (
    Check[Step]("op-group", "GROUP_OP_WRONG_GROUP", lambda it: it.entry.gid == it.gid),
    Check[Step](
        "op-signature",
        "GROUP_OP_BAD_SIGNATURE",
        lambda it: it.actor is not None and verified(it.actor.ed25519, "group", it.signed),
    ),
    Check[Step]("op-fork", "GROUP_LOG_FORK", _is_no_fork),
    Check[Step]("op-number", "GROUP_OP_CHAIN_BROKEN", lambda it: it.entry.n == (it.state.n if it.state else 0) + 1),
    Check[Step](
        "op-prev", "GROUP_OP_CHAIN_BROKEN", lambda it: same(it.entry.prev, it.state.head if it.state else NOTHING)
    ),
    Check[Step]("op-create", "GROUP_OP_FORBIDDEN", lambda it: (it.entry.op == "create") == (it.state is None)),
    Check[Step]("op-creator", "GROUP_OP_WRONG_GROUP", _is_created_right),
    Check[Step]("op-member", "GROUP_OP_FORBIDDEN", _is_member),
    Check[Step]("op-admin", "GROUP_OP_FORBIDDEN", _may),
    Check[Step]("op-removed", "GROUP_OP_FORBIDDEN", _may_be_added),
    Check[Step]("op-sense", "GROUP_OP_FORBIDDEN", _makes_sense),
)


def _may_introduce(it: Introduction) -> bool:
    """By what the snapshot says of them, and, where there was a state before, by that: only an admin, and forward."""
    member = next((one for one in it.snapshot.members if one.user == it.sender.user), None)
    if member is None or not same(member.uik, it.sender.uik) or not (member.admin or it.snapshot.members_add):
        return False
    if it.state is None:
        return True
    known = it.state.members.get(it.sender.user)
    return known is not None and known.admin and same(known.uik, it.sender.uik)


SNAPSHOT_CHECKS: Final = (
    Check[Introduction](
        "snapshot-signature", "GROUP_OP_BAD_SIGNATURE", lambda it: verified(it.sender.ed25519, "group", it.signed)
    ),
    Check[Introduction]("snapshot-group", "GROUP_OP_WRONG_GROUP", lambda it: it.snapshot.gid == it.gid),
    Check[Introduction]("snapshot-sender", "GROUP_OP_FORBIDDEN", _may_introduce),
    Check[Introduction](
        "snapshot-me",
        "GROUP_OP_FORBIDDEN",
        lambda it: any(one.user == it.me.user and same(one.uik, it.me.uik) for one in it.snapshot.members),
    ),
    Check[Introduction](
        "snapshot-forward", "GROUP_LOG_FORK", lambda it: it.state is None or it.snapshot.n > it.state.n
    ),
)


def sign_entry(account: Account, user: str, gid: bytes, state: State | None, op: str, arg: Arg) -> bytes:
    """The next entry, as it travels."""
    n, prev = (state.n + 1, state.head) if state else (1, NOTHING)
    entry = LogEntry(gid, n, prev, user, account.keys.device, op, encode(arg))
    return encode(account.signed("group", encode(entry)))


def apply(state: State | None, blob: bytes, gid: bytes, lookup: Lookup, fresh: bool = False) -> State:
    """The state after an entry. Raises Refused; and Behind where the actor's device is not known yet."""
    signed = decode(blob, Signed)
    entry = decode(signed.raw, LogEntry)
    if entry.op not in ARGS:
        raise Refused("GROUP_OP_FORBIDDEN", "op-known", entry.user)
    arg: Arg = decode(entry.arg, ARGS[entry.op])
    known = lookup(entry.user)
    actor = known.devices.get(entry.device) if known else None
    if actor is None and not fresh:
        raise Behind(entry.user, since=known.version if known else 0)
    require(ENTRY_CHECKS, Step(signed, entry, arg, gid, state, actor), entry.user)
    head = digest(signed.raw)
    if isinstance(arg, Create):
        members = {entry.user: Member(entry.user, arg.uik, True)}
        return State(gid, entry.n, head, members, arg.members_add, heads={entry.n: head}, door=arg.door)
    assert state is not None
    changes = _changed(state, entry, arg)
    return msgspec.structs.replace(state, n=entry.n, head=head, heads={**state.heads, entry.n: head}, **changes)


def _changed(state: State, entry: LogEntry, arg: Arg) -> dict[str, Any]:
    members = dict(state.members)
    match arg:
        case Add(user, uik):
            members[user] = Member(user, uik, False)
            return {"members": members, "removed": [name for name in state.removed if name != user]}
        case Leave():
            del members[entry.user]
        case Whom(user) if entry.op == "remove":
            del members[user]
            return {"members": members, "removed": [*state.removed, user][-MOST_MEMBERS:]}
        case Whom(user):
            members[user] = Member(user, members[user].uik, entry.op == "admin")
        case Named(hashed):
            return {"name_digest": hashed}
        case Policy(members_add, door):
            return {"members_add": members_add, "door": door}
    return {"members": members}


def sign_snapshot(account: Account, state: State) -> Signed:
    """The state for a joiner."""
    members = list(state.members.values())
    value = Snapshot(
        state.gid, state.n, state.head, members, state.members_add, state.name_digest, state.door, state.removed
    )  # fmt: skip
    return account.signed("group", encode(value))


def introduced(signed: Signed, gid: bytes, sender: Entry, me: Entry, state: State | None) -> State:
    """The state that somebody shows to a joiner, or to a member who could not follow. Raises Refused."""
    it = decode(signed.raw, Snapshot)
    require(SNAPSHOT_CHECKS, Introduction(signed, it, gid, sender, me, state), sender.user)
    members = {member.user: member for member in it.members}
    heads = {**(state.heads if state else {}), it.n: it.head}
    return State(gid, it.n, it.head, members, it.members_add, it.name_digest, heads, it.door, it.removed)
