"""Incoming mail: opened, checked, and only then handed on; one item is one transaction.

Rule: an item either changes everything it should (session, account, seen ids) or, refused, nothing but the quarantine
it goes to; so one bad item cannot jam the mailbox, and the next honest one still opens. What counts as seen is the id
inside the ciphertext, never the outer bytes and never the server's numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from clients.core.e2ee import own, pins, sessions
from clients.core.e2ee.batch import Batch, Storage
from clients.core.e2ee.bodies import OLM_KINDS, Body, Lists, read_body
from clients.core.e2ee.devices import Entry
from clients.core.e2ee.envelope import Inner, Opened, check, content_of, read
from clients.core.e2ee.franking import Evidence
from clients.core.e2ee.keys import Entropy
from clients.core.e2ee.refusals import SILENT, Behind, Note, Refused
from clients.core.e2ee.sending import note_trouble
from clients.core.e2ee.signed import Bytes16, Bytes32, Name, Number

TYPES: Final = {"olm0": 0, "olm1": 1}
MOST_MISSING: Final = 1_000
MUTED_AFTER: Final = 100
# Kept until a person has decided about the sender (and told so), or until one is introduced to the group.
HELD: Final = {"IDENTITY_CHANGED": True, "GROUP_UNKNOWN": False}
UNREADABLE: Final = frozenset({"CANNOT_DECRYPT", "NO_GROUP_KEY"})


class Arrived(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """An item as the server delivers it; `user`, `device`: who it says it is from; `tag`: its own, for reports."""

    mail_id: Bytes16
    send_id: Bytes16
    user: Name
    device: Name
    type: Name
    conv: Annotated[str, Meta(max_length=300)]
    commitment: Bytes32
    ciphertext: bytes
    sid: str = ""
    at: Number = 0
    tag: bytes = b""


class Delivered(msgspec.Struct, frozen=True):
    """What has passed every check. `receipt`: an answer is due, so that the ratchet turns; `trust`: of the sender."""

    sender: Entry
    conv: str
    kind: str
    msg_id: bytes
    seq: int
    sent_at: int
    body: Body
    evidence: Evidence
    notes: list[Note]
    receipt: bool
    trust: str
    missing: int = 0
    fresh: bool = False


class Dropped(msgspec.Struct, frozen=True):
    """What has not. `told`: a person reads a line of it; `reset`: a new session should be opened (`Outgoing.reset`);
    `held`: it is kept, and comes again from `Incoming.held`."""

    code: str
    check: str
    user: str
    told: bool
    reset: bool = False
    held: bool = False
    notes: list[Note] = []


class Quarantined(msgspec.Struct, array_like=True, frozen=True):
    """An item that was refused."""

    item: Arrived
    code: str
    check: str
    at: int


class Order(msgspec.Struct, array_like=True, frozen=True):
    """Which numbers of a device have come."""

    next: int = 1
    missing: list[int] = []


Hook = Callable[[Batch, Delivered, int], list[Note]]
Keep = Callable[[Batch, Delivered], None]
Opener = Callable[[Batch, Arrived, Entry, int, bool], Delivered]


class Incoming:
    """Everything that arrives. `hooks` have the kinds that others look after; `openers` the types besides Olm."""

    def __init__(self, storage: Storage, entropy: Entropy) -> None:
        self._storage = storage
        self._entropy = entropy
        self.hooks: dict[str, Hook] = {"devlist": self._learn}
        self.openers: dict[str, Opener] = dict.fromkeys(TYPES, self._open_olm)
        self.on_refused: dict[str, Callable[[Batch, Arrived], None]] = {"s-list-fork": _mark_fork}

    def receive(self, item: Arrived, now: int, fresh: bool = False, keep: Keep | None = None) -> Delivered | Dropped:
        """One item, whole: committed when this returns, and to be acknowledged after that.

        `keep` writes the caller's own rows into the same transaction. Raises Behind: ask the server, come again with
        `fresh`; and Refused where one's own store was tampered with. Then nothing has changed.
        """
        batch = Batch(self._storage)
        try:
            delivered = self.open(batch, item, now, fresh)
            if keep is not None:
                keep(batch, delivered)
        except Refused as refused:
            if refused.code == "STORE_TAMPERED":
                raise  # it is not the item that is wrong
            return self._refuse(item, refused, now)
        batch.commit()
        return delivered

    def open(self, batch: Batch, item: Arrived, now: int, fresh: bool = False) -> Delivered:
        """The same without a commit. Raises Refused and Behind: the batch must be dropped."""
        if batch.raw("mail", item.mail_id.hex()) is not None:
            raise Refused("DUPLICATE", "mail-id", item.user)
        entry = self._sender(batch, item, fresh)
        if item.type not in self.openers:
            raise Refused("MALFORMED", "item-type", item.user)
        delivered = self.openers[item.type](batch, item, entry, now, fresh)
        batch.put("seen", _seen(entry, delivered.msg_id), True)
        _done(batch, item, now)
        hook = self.hooks.get(delivered.kind)
        if hook is None:
            return delivered
        return msgspec.structs.replace(delivered, notes=[*delivered.notes, *hook(batch, delivered, now)])

    def held(self, batch: Batch, about: str) -> list[Arrived]:
        """What is held back of a person about whom a decision was made, or of a group (its conversation) that one was
        introduced to, as it came: to be received again, and only then it is no longer held."""
        held = [batch.get("held", row, Quarantined) for row in batch.rows("held", about + "/")]
        return [one.item for one in sorted((one for one in held if one), key=lambda one: one.at)]

    def forget(self, batch: Batch, before: int) -> None:
        """What is held and in quarantine, and the server's ids, of before a time; ids inside ciphertexts are kept for
        ever."""
        for table in ("quarantine", "held"):
            for row in list(batch.rows(table)):
                kept = batch.get(table, row, Quarantined)
                if kept is not None and kept.at < before:
                    batch.drop(table, row)
        for row in list(batch.rows("mail")):
            if (batch.get("mail", row, int) or 0) < before:
                batch.drop("mail", row)

    # ---- opening ----

    def _sender(self, batch: Batch, item: Arrived, fresh: bool) -> Entry:
        """The device that the server names, by the verified list; a changed key is held back."""
        pin = pins.find(batch, item.user)
        if pin is not None and pin.trust == pins.CHANGED:
            raise Refused("IDENTITY_CHANGED", "sender-changed", item.user)
        known = pin.known() if pin else None
        entry = known.devices.get(item.device) if known else None
        if entry is None and not fresh:
            raise Behind(item.user, since=known.version if known else 0)
        if entry is None:
            raise Refused("UNKNOWN_DEVICE", "sender-listed", item.user)
        return entry

    def _open_olm(self, batch: Batch, item: Arrived, entry: Entry, now: int, fresh: bool) -> Delivered:
        plain = sessions.unseal(batch, entry, TYPES[item.type], item.ciphertext, self._entropy)
        inner = read(plain)
        mine = own.myself(batch)
        theirs, ours = pins.find(batch, entry.user), pins.find(batch, mine.user)
        assert theirs is not None and ours is not None
        check(
            Opened(
                inner, entry, mine, item.conv, item.commitment,
                batch.raw("seen", _seen(entry, inner.msg_id)) is not None, theirs.hash_of, ours.hash_of,
            )
        )  # fmt: skip
        body = read_body(OLM_KINDS, inner.kind, inner.body)
        missing, grown = _arrange(batch, entry.device, inner.seq)
        notes = [*self._gossip(batch, inner, ours, fresh), *([Note("GAP", entry.user, missing)] if grown else [])]
        evidence = Evidence(content_of(inner), inner.kf, item.commitment, item.tag, item.at)
        return Delivered(
            entry, inner.conv, inner.kind, inner.msg_id, inner.seq, inner.sent_at, body, evidence, notes,
            item.type == "olm0" and inner.kind != "receipt", theirs.trust, missing, fresh,
        )  # fmt: skip

    def _gossip(self, batch: Batch, inner: Inner, ours: pins.Pin, fresh: bool) -> list[Note]:
        """What the sender's device says of both lists. Of its own person's it is believed; of ours it only counts as
        a reason to ask, or others could stop us from sending."""
        notes = pins.hear(batch, inner.s_user, inner.s_list.version, fresh)
        version = inner.r_list.version
        if version > ours.version:
            if not fresh:
                raise Behind(ours.user, since=ours.version)
            notes.append(Note("SERVER_HIDES_DEVLIST", ours.user, version))
        elif version < ours.version:
            notes.append(Note("PEER_HAS_OLD_LIST", inner.s_user, version))
        return notes

    def _learn(self, batch: Batch, delivered: Delivered, now: int) -> list[Note]:
        """A list that came past the server: only one's own can be told."""
        assert isinstance(delivered.body, Lists)
        user = delivered.sender.user
        return pins.learn(batch, user, delivered.body.chain, own=user == own.myself(batch).user)

    # ---- refusing ----

    def _refuse(self, item: Arrived, refused: Refused, now: int) -> Dropped:
        """The second transaction: what was refused is noted, and the mailbox goes on."""
        batch = Batch(self._storage)
        notes: list[Note] = []
        told, reset = refused.kind != SILENT, False
        if refused.code in HELD:
            about = item.user if HELD[refused.code] else item.conv
            at = max(now, 1 + (batch.get("heldlast", about, int) or 0))  # several of one moment keep their order
            batch.put("heldlast", about, at)
            batch.put("held", _held(about, item), Quarantined(item, refused.code, refused.check, at))
            batch.commit()
            return Dropped(refused.code, refused.check, item.user, HELD[refused.code], held=True)
        if refused.check != "mail-id":
            _done(batch, item, now)
        if told:
            batch.put("quarantine", item.mail_id.hex(), Quarantined(item, refused.code, refused.check, now))
            again = refused.code in UNREADABLE
            trouble = note_trouble(batch, item.device, now, [item.send_id] if again else [])
            told = trouble.count <= MUTED_AFTER
            notes = [Note("SENDER_MUTED", item.user)] if trouble.count == MUTED_AFTER + 1 else []
            reset = again and told
        else:
            batch.put("count", refused.code, (batch.get("count", refused.code, int) or 0) + 1)
        if refused.check in self.on_refused:
            self.on_refused[refused.check](batch, item)
        batch.commit()
        return Dropped(refused.code, refused.check, item.user, told, reset, notes=notes)


def _seen(entry: Entry, msg_id: bytes) -> str:
    return f"{entry.device}/{msg_id.hex()}"


def _held(about: str, item: Arrived) -> str:
    return f"{about}/{item.mail_id.hex()}"


def _done(batch: Batch, item: Arrived, now: int) -> None:
    """This item needs not come again."""
    batch.put("mail", item.mail_id.hex(), now)
    for about in (item.user, item.conv):
        if batch.raw("held", _held(about, item)) is not None:
            batch.drop("held", _held(about, item))


def _mark_fork(batch: Batch, item: Arrived) -> None:
    pin = pins.find(batch, item.user)
    assert pin is not None
    batch.put(pins.TABLE, item.user, msgspec.structs.replace(pin, forked=True))


def _arrange(batch: Batch, device: str, seq: int) -> tuple[int, bool]:
    """How many of a device's messages are missing now, and whether this one has shown it."""
    order = batch.get("seq-in", device, Order) or Order()
    missing, grown = [number for number in order.missing if number != seq], False
    if seq >= order.next:
        skipped = range(max(order.next, seq - MOST_MISSING), seq)
        grown = bool(skipped)
        order = Order(seq + 1, [*missing, *skipped][-MOST_MISSING:])
    else:
        order = Order(order.next, missing)
    batch.put("seq-in", device, order)
    return len(order.missing), grown
