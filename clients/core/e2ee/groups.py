"""Encrypted groups: whose state they have, who holds which key, and when a key is replaced.

Rule: a key goes to the listed devices of the members of one's own verified state, never to a list that the server
names; it comes only from its owner's own device, over Olm, once, and stays bound to group, person and device. No key is
forwarded, none is asked for. Sending stops where the log forks or a change is hidden.
"""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

import msgspec

from clients.core.e2ee import own, pins
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.bodies import MEGOLM_KINDS, Body, GroupHead, GroupKey, read_body
from clients.core.e2ee.devices import Entry, Known
from clients.core.e2ee.envelope import GroupInner, GroupOpened, Place, check, content_of, group_conv, pack, read_group
from clients.core.e2ee.franking import Evidence, commit
from clients.core.e2ee.keys import Entropy, GroupReader, GroupSender
from clients.core.e2ee.members import (
    Arg,
    Create,
    Named,
    State,
    apply,
    gid_of,
    introduced,
    name_digest,
    sign_entry,
    sign_snapshot,
)
from clients.core.e2ee.receiving import Arrived, Delivered, Incoming
from clients.core.e2ee.refusals import Behind, Check, Note, Refused, require
from clients.core.e2ee.sending import Addressed, Item, Outgoing, Sending, Sent, may_have_again
from clients.core.e2ee.sessions import Claims
from clients.core.e2ee.store import Pickled, pickled, unpickled

DAY: Final = 86_400_000
MOST_MESSAGES: Final = 100
LONGEST: Final = 7 * DAY
OVERLAP: Final = DAY
EXPIRY: Final = 8 * DAY
GROUP: Final = "group"
OUT: Final = "group-out"
IN: Final = "group-in"


class Naming(msgspec.Struct, array_like=True, frozen=True):
    """What a group is called; the log has only a digest of it, with the salt."""

    name: str = ""
    topic: str = ""
    salt: bytes = b""

    @property
    def digest(self) -> bytes:
        """What the log has of it."""
        return name_digest(self.name, self.topic, self.salt)


class GroupRow(msgspec.Struct, array_like=True, frozen=True):
    """One group: `promised` is the newest entry that any member spoke of, `wanted` what one would like it to be
    called, `called` the name by which one has found it."""

    state: State
    promised: int = 0
    forked: bool = False
    naming: Naming = Naming()
    wanted: Naming = Naming()
    called: str = ""


class Out(msgspec.Struct, array_like=True, frozen=True):
    """One's own session in a group, and the devices that have its key."""

    session: Pickled
    made_at: int
    shared: list[str] = []
    worn: bool = False


class In(msgspec.Struct, array_like=True, frozen=True):
    """A session of somebody's device: `low` is the first index that has not come, `ahead` has those after it."""

    gid: bytes
    user: str
    device: str
    session: Pickled
    since: int
    low: int
    ahead: dict[int, bytes] = {}
    replaced_at: int | None = None


class Handed(NamedTuple):
    """A group key as it came, and what it says of itself."""

    body: GroupKey
    reader: GroupReader
    conv: str


class Told(NamedTuple):
    """Where a log stands, as somebody says."""

    state: State
    sender: Entry
    n: int
    head: bytes


KEY_CHECKS: Final = (
    Check[Handed]("key-conv", "BINDING_MISMATCH", lambda it: it.conv == group_conv(it.body.gid)),
    Check[Handed]("key-session", "BINDING_MISMATCH", lambda it: it.body.session_id == it.reader.id),
    Check[Handed]("key-index", "BINDING_MISMATCH", lambda it: it.body.index == it.reader.first),
)
TOLD_CHECKS: Final = (
    Check[Told]("head-member", "NOT_A_MEMBER", lambda it: it.state.has(it.sender.user, it.sender.uik)),
    Check[Told]("head-fork", "GROUP_LOG_FORK", lambda it: it.state.head_of(it.n) in (None, it.head)),
)


class GroupCipher(Protocol):
    """What encrypts for a group; Megolm today. MLS can take its place where a maintained library allows it."""

    def unshared(self, batch: Batch, gid: bytes, now: int) -> list[Entry]:
        """The devices that will be given a key with the next message."""

    def say(
        self, batch: Batch, gid: bytes, body: Body, now: int, claims: Claims, msg_id: bytes = b""
    ) -> list[Sending]:  # fmt: skip
        """The key, to those who do not have it, and a message to everybody who has. Raises Refused."""


class Groups:
    """The groups of this device. It is a GroupCipher, and takes what arrives for groups from Incoming."""

    def __init__(self, outgoing: Outgoing, incoming: Incoming, entropy: Entropy) -> None:
        self._outgoing = outgoing
        self._entropy = entropy
        incoming.hooks["group_head"] = self._head_arrived
        incoming.hooks["group_key"] = self._key_arrived
        incoming.openers["megolm"] = self._open
        incoming.on_refused["g-head-fork"] = self._forked
        incoming.on_refused["head-fork"] = self._forked

    # ---- the log ----

    def create(self, batch: Batch, door: bytes = b"") -> tuple[bytes, bytes]:
        """A new group: its id, and the first entry to append. Where it has a door any member lets people in."""
        mine = own.myself(batch)
        nonce = self._entropy(16)
        gid = gid_of(mine.user, nonce)
        arg = Create(nonce, mine.uik, bool(door), door)
        return gid, sign_entry(own.account(batch), mine.user, gid, None, "create", arg)

    def propose(self, batch: Batch, gid: bytes, op: str, arg: Arg) -> bytes:
        """An entry to append; the state changes when the server has taken it (`follow`). Raises Refused."""
        row = self.row(batch, gid)
        mine = own.myself(batch)
        blob = sign_entry(own.account(batch), mine.user, gid, row.state, op, arg)
        apply(row.state, blob, gid, lambda user: _known(batch, user), fresh=True)
        return blob

    def rename(self, batch: Batch, gid: bytes, name: str, topic: str) -> bytes:
        """The entry that calls it so; the members are told by the next `head`. Raises Refused."""
        naming = Naming(name, topic, self._entropy(16))
        blob = self.propose(batch, gid, "name", Named(naming.digest))
        batch.put(GROUP, gid.hex(), msgspec.structs.replace(self.row(batch, gid), wanted=naming))
        return blob

    def follow(self, batch: Batch, gid: bytes, chain: list[bytes], fresh: bool = False) -> list[Note]:
        """Entries as the server shows them, in order. Raises Refused (forged: nothing changes) and Behind.

        A fork is remembered instead: sending stops.
        """
        row = batch.get(GROUP, gid.hex(), GroupRow)
        state = before = row.state if row else None
        for blob in chain:
            try:
                state = apply(state, blob, gid, lambda user: _known(batch, user), fresh)
            except Refused as refused:
                if refused.code != "GROUP_LOG_FORK" or row is None:
                    raise
                batch.put(GROUP, gid.hex(), msgspec.structs.replace(row, forked=True))
                return [Note("GROUP_LOG_FORK", refused.user)]
            if own.myself(batch).user not in state.members:
                batch.drop(OUT, gid.hex())  # the others have forgotten it: who comes back begins anew
        if state is not None and state != before:
            row = msgspec.structs.replace(row, state=state) if row else GroupRow(state)
            if row.wanted.digest == state.name_digest:
                row = msgspec.structs.replace(row, naming=row.wanted)
            batch.put(GROUP, gid.hex(), row)
            self._forget_strangers(batch, row)
        return []

    def head(self, batch: Batch, gid: bytes, joiner: bool = False) -> GroupHead:
        """Where the log stands, to be told to every member's devices after a change; with all of it to a joiner."""
        row = self.row(batch, gid)
        snapshot = sign_snapshot(own.account(batch), row.state) if joiner else None
        named = row.naming
        return GroupHead(gid, row.state.n, row.state.head, snapshot, named.name, named.topic, named.salt)

    def row(self, batch: Batch, gid: bytes) -> GroupRow:
        """What is known of a group. Raises Refused."""
        row = batch.get(GROUP, gid.hex(), GroupRow)
        if row is None:
            raise Refused("GROUP_UNKNOWN", "group-known")
        return row

    # ---- sending ----

    def targets(self, batch: Batch, gid: bytes, fresh: bool = False) -> tuple[list[Entry], list[Note]]:
        """The devices of the members, but this one; and the members who get nothing, because of their keys.

        Raises Refused where the log is forked or hidden, and Behind for somebody who was never looked up.
        """
        row = self._sendable(batch, gid)
        mine = own.myself(batch)
        found: list[Entry] = []
        notes: list[Note] = []
        for member in row.state.members.values():
            if not fresh and pins.find(batch, member.user) is None:
                raise Behind(member.user)
            try:
                known = pins.usable(batch, member.user)
                if known.uik != member.uik:
                    raise Refused("IDENTITY_CHANGED", "member-key", member.user)
            except Refused as refused:
                notes.append(Note(refused.code, member.user))
                continue
            found += [entry for entry in known.devices.values() if entry.device != mine.device]
        return found, notes

    def unshared(self, batch: Batch, gid: bytes, now: int) -> list[Entry]:
        targets, _ = self.targets(batch, gid, fresh=True)
        out = self._current(batch, gid, targets, now)
        return [entry for entry in targets if entry.device not in out.shared]

    def say(
        self, batch: Batch, gid: bytes, body: Body, now: int, claims: Claims, msg_id: bytes = b""
    ) -> list[Sending]:  # fmt: skip
        entries = self.unshared(batch, gid, now)
        sent = [self._hand_out(batch, gid, entries, now, claims)] if entries else []
        said = self._outgoing.said(batch, group_conv(gid), "gmsg", body, now, msg_id)
        return [*sent, self._encrypted(batch, gid, said, self._having(batch, gid))]

    def renew(self, batch: Batch, send_id: bytes, now: int, claims: Claims) -> list[Sending]:
        """The server says that a list moved, and the new one was learned: the same message, encrypted anew, for who may
        read it now. Raises Refused."""
        said = batch.get("sent", send_id.hex(), Sent)
        assert said is not None, "not in the outbox"
        gid = _gid(said.conv)
        batch.drop("outbox", send_id.hex())
        batch.drop("sent", send_id.hex())
        entries = self.unshared(batch, gid, now)
        sent = [self._hand_out(batch, gid, entries, now, claims)] if entries else []
        return [*sent, self._encrypted(batch, gid, said, self._having(batch, gid))]

    def rotate(self, batch: Batch, gid: bytes) -> None:
        """A new key before the next message, because a person wants one."""
        out = batch.get(OUT, gid.hex(), Out)
        if out is not None:
            batch.put(OUT, gid.hex(), msgspec.structs.replace(out, worn=True))

    def resend(self, batch: Batch, entry: Entry, send_ids: list[bytes], now: int, claims: Claims) -> list[Sending]:
        """Say group messages again to a device that has no key for them, with a key: only what was meant for it, and
        only while it is a member's."""
        sent: list[Sending] = []
        for send_id in dict.fromkeys(send_ids):
            said = batch.get("sent", send_id.hex(), Sent)
            if said is None or said.kind != "gmsg" or not may_have_again(batch, send_id, entry, now):
                continue
            gid = _gid(said.conv)
            targets, _ = self.targets(batch, gid, fresh=True)
            if entry not in targets:
                continue
            self._current(batch, gid, targets, now)
            sent.append(self._hand_out(batch, gid, [entry], now, claims))
            sent.append(self._encrypted(batch, gid, msgspec.structs.replace(said, to=[]), [entry]))
        return sent

    def resume(self, batch: Batch, gid: bytes) -> None:
        """A person decides to go on with the log there is, though it forked or a newer entry was spoken of: otherwise
        one member could silence all others for ever."""
        row = msgspec.structs.replace(self.row(batch, gid), promised=0, forked=False)
        batch.put(GROUP, gid.hex(), row)

    def abandon(self, batch: Batch, gid: bytes) -> None:
        """A person wants to know nothing more of a group: an honest introduction may follow a false one."""
        batch.drop(GROUP, gid.hex())
        batch.drop(OUT, gid.hex())
        for name in list(batch.rows(IN)):
            kept = batch.get(IN, name, In)
            if kept is not None and kept.gid == gid:
                batch.drop(IN, name)

    def forget(self, batch: Batch, now: int) -> None:
        """Sessions of others that are too old to be used."""
        for name in list(batch.rows(IN)):
            row = batch.get(IN, name, In)
            if row is not None and (now - row.since > EXPIRY or _is_outdated(row, now)):
                batch.drop(IN, name)

    def _sendable(self, batch: Batch, gid: bytes) -> GroupRow:
        row = self.row(batch, gid)
        mine = own.myself(batch)
        if row.forked:
            raise Refused("GROUP_LOG_FORK", "group-forked")
        if row.promised > row.state.n:
            raise Refused("SERVER_HIDES_GROUP_CHANGE", "group-promised")
        if not row.state.has(mine.user, mine.uik):
            raise Refused("NOT_A_MEMBER", "group-member")
        return row

    def _current(self, batch: Batch, gid: bytes, targets: list[Entry], now: int) -> Out:
        """The session to send on: a new one if anybody who has the old one may not read on, or it is worn out."""
        out = batch.get(OUT, gid.hex(), Out)
        allowed = {entry.device for entry in targets}
        if out is not None and not out.worn and set(out.shared) <= allowed and now - out.made_at < LONGEST:
            session = unpickled(GroupSender.unseal, out.session)
            if session.index < MOST_MESSAGES:
                return out
        out = Out(pickled(GroupSender(), self._entropy), now)
        batch.put(OUT, gid.hex(), out)
        return out

    def _having(self, batch: Batch, gid: bytes) -> list[Entry]:
        """The devices that have the key and may have the message."""
        out = batch.get(OUT, gid.hex(), Out)
        assert out is not None
        return [entry for entry in self.targets(batch, gid, fresh=True)[0] if entry.device in out.shared]

    def _hand_out(self, batch: Batch, gid: bytes, entries: list[Entry], now: int, claims: Claims) -> Sending:
        out = batch.get(OUT, gid.hex(), Out)
        assert out is not None
        session = unpickled(GroupSender.unseal, out.session)
        state = self.row(batch, gid).state
        body = GroupKey(gid, session.id, session.key, session.index, state.n, state.head)
        sending = self._outgoing.spread(batch, entries, "group_key", body, now, claims, group_conv(gid))
        reached = [item.to_device for item in sending.items]
        shared = list(dict.fromkeys([*out.shared, *reached]))
        batch.put(OUT, gid.hex(), msgspec.structs.replace(out, shared=shared))
        return sending

    def _encrypted(self, batch: Batch, gid: bytes, said: Sent, entries: list[Entry]) -> Sending:
        out = batch.get(OUT, gid.hex(), Out)
        assert out is not None
        state = self.row(batch, gid).state
        mine = own.myself(batch)
        session = unpickled(GroupSender.unseal, out.session)
        inner = GroupInner(
            1, "gmsg", said.msg_id, mine.user, mine.device, mine.ed25519, said.conv, Place(state.n, state.head),
            session.id, session.index, said.sent_at, said.kf, said.body,
        )  # fmt: skip
        ciphertext = session.encrypt(pack(inner))
        batch.put(OUT, gid.hex(), msgspec.structs.replace(out, session=pickled(session, self._entropy)))
        commitment = commit(said.kf, content_of(inner))
        items = [
            Item(entry.user, entry.device, "megolm", said.conv, commitment, ciphertext, session.id) for entry in entries
        ]
        to = [Addressed(entry.user, entry.device, 0) for entry in entries]
        return self._outgoing.queue(batch, items, msgspec.structs.replace(said, to=to), [])

    # ---- receiving ----

    def _head_arrived(self, batch: Batch, delivered: Delivered, now: int) -> list[Note]:
        body, sender = delivered.body, delivered.sender
        assert isinstance(body, GroupHead)
        if delivered.conv != group_conv(body.gid):
            raise Refused("BINDING_MISMATCH", "head-conv", sender.user)
        row = batch.get(GROUP, body.gid.hex(), GroupRow)
        if body.snapshot is not None and (row is None or (delivered.fresh and body.n > row.state.n)):
            # a member follows the log; only where the server does not show it, what an admin shows takes its place
            state = introduced(body.snapshot, body.gid, sender, own.myself(batch), row.state if row else None)
            row = msgspec.structs.replace(row, state=state) if row else GroupRow(state)
            batch.put(GROUP, body.gid.hex(), row)
            self._forget_strangers(batch, row)
        if row is None:
            raise Refused("GROUP_UNKNOWN", "head-group", sender.user)
        if row.state.head_of(body.n) == body.head and not row.state.has(sender.user, sender.uik):
            return []  # said before they left, and known
        notes = self._heard(batch, body.gid, body.n, body.head, sender, delivered.fresh)
        row = self.row(batch, body.gid)
        naming = Naming(body.name, body.topic, body.salt)
        if naming.digest == row.state.name_digest:
            batch.put(GROUP, body.gid.hex(), msgspec.structs.replace(row, naming=naming))
        return notes

    def _key_arrived(self, batch: Batch, delivered: Delivered, now: int) -> list[Note]:
        body, sender = delivered.body, delivered.sender
        assert isinstance(body, GroupKey)
        if batch.raw(GROUP, body.gid.hex()) is None:
            raise Refused("GROUP_UNKNOWN", "key-group", sender.user)
        notes = self._heard(batch, body.gid, body.n, body.head, sender, delivered.fresh)
        reader = GroupReader.of_key(body.key)
        require(KEY_CHECKS, Handed(body, reader, delivered.conv), sender.user)
        name = f"{sender.device}/{reader.id}"
        if batch.raw(IN, name) is not None:
            return notes  # a second key for a known session: the first one stays
        for other in list(batch.rows(IN, sender.device + "/")):
            old = batch.get(IN, other, In)
            if old is not None and old.gid == body.gid and old.replaced_at is None:
                batch.put(IN, other, msgspec.structs.replace(old, replaced_at=now))
        session = pickled(reader, self._entropy)
        batch.put(IN, name, In(body.gid, sender.user, sender.device, session, now, reader.first))
        return notes

    def _heard(self, batch: Batch, gid: bytes, n: int, head: bytes, sender: Entry, fresh: bool) -> list[Note]:
        """Where a member's log stands: the same entry must be the same, and a newer one must be there."""
        row = self.row(batch, gid)
        if n > row.state.n and not fresh:
            raise Behind(group=gid, since=row.state.n, until=n)
        require(TOLD_CHECKS, Told(row.state, sender, n, head), sender.user)
        if n <= row.state.n:
            return []
        batch.put(GROUP, gid.hex(), msgspec.structs.replace(row, promised=max(row.promised, n)))
        return [Note("SERVER_HIDES_GROUP_CHANGE", gid.hex(), n)]

    def _open(self, batch: Batch, item: Arrived, entry: Entry, now: int, fresh: bool) -> Delivered:
        gid = _gid(item.conv)
        state = self.row(batch, gid).state
        name = f"{entry.device}/{item.sid}"
        row = batch.get(IN, name, In)
        if row is None:
            raise Refused("NO_GROUP_KEY", "group-key", entry.user)
        reader = unpickled(GroupReader.unseal, row.session)
        plain, index = reader.decrypt(item.ciphertext)
        inner = read_group(plain)
        check(
            GroupOpened(
                inner, entry, item.conv, item.commitment, group_conv(row.gid), reader.id, index, now - row.since,
                _is_outdated(row, now), state.has(entry.user, entry.uik),
                batch.raw("seen", f"{entry.device}/{inner.msg_id.hex()}") is not None, row.ahead.get(index),
                state.head_of,
            )
        )  # fmt: skip
        body = read_body(MEGOLM_KINDS, inner.kind, inner.body)
        notes = self._heard(batch, gid, inner.head.version, inner.head.hash, entry, fresh)
        batch.put(IN, name, self._advanced(row, reader, index, inner.msg_id))
        pin = pins.find(batch, entry.user)
        evidence = Evidence(content_of(inner), inner.kf, item.commitment, item.tag, item.at)
        return Delivered(
            entry, inner.conv, inner.kind, inner.msg_id, index, inner.sent_at, body, evidence, notes, False,
            pin.trust if pin else "", fresh=fresh,
        )  # fmt: skip

    def _advanced(self, row: In, reader: GroupReader, index: int, msg_id: bytes) -> In:
        """This index is taken; what lies before the first one that has not come can no longer be read from here."""
        ahead, low = {**row.ahead, index: msg_id}, row.low
        while low in ahead:
            del ahead[low]
            low += 1
        session = pickled(reader.forward(low), self._entropy) if low != row.low else row.session
        return msgspec.structs.replace(row, session=session, low=low, ahead=ahead)

    def _forget_strangers(self, batch: Batch, row: GroupRow) -> None:
        """Who is not a member (any more) has no session here."""
        for name in list(batch.rows(IN)):
            kept = batch.get(IN, name, In)
            if kept is not None and kept.gid == row.state.gid and kept.user not in row.state.members:
                batch.drop(IN, name)

    def _forked(self, batch: Batch, item: Arrived) -> None:
        gid = _gid(item.conv)
        batch.put(GROUP, gid.hex(), msgspec.structs.replace(self.row(batch, gid), forked=True))


def _known(batch: Batch, user: str) -> Known | None:
    pin = pins.find(batch, user)
    return pin.known() if pin else None


def _is_outdated(row: In, now: int) -> bool:
    return row.replaced_at is not None and now - row.replaced_at > OVERLAP


def _gid(conv: str) -> bytes:
    try:
        return bytes.fromhex(conv.removeprefix("gid:"))
    except ValueError as error:
        raise Refused("MALFORMED", "group-id") from error
