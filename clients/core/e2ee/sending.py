"""Outgoing mail: one item for each device, in a batch that holds the ciphertext before the network sees it.

Rule: a person's devices are those of the verified list and no others, and either everybody gets it or nobody does. What
is tried again are the same bytes under the same `send_id`; something is encrypted again only where its device asks,
was meant from the first, and is still listed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from clients.core.e2ee import own, pins, sessions
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.bodies import Body, Lists, Resend, Reset, Said, check_length
from clients.core.e2ee.devices import Entry
from clients.core.e2ee.envelope import Inner, Place, content_of, direct_conv, pack
from clients.core.e2ee.franking import commit
from clients.core.e2ee.keys import KEY_BYTES, Entropy
from clients.core.e2ee.refusals import Check, Note, Refused, require
from clients.core.e2ee.sessions import Claims, Sealer
from clients.core.e2ee.signed import Bytes16, Bytes32, Name, Number, encode

ID_BYTES: Final = 16
HOUR: Final = 3_600_000
MOST_UNREAD: Final = 256
# A device without a fresh key is passed over while another device of the same person can be reached.
PASSED_OVER: Final = frozenset({"NO_ONE_TIME_KEY", "FALLBACK_TOO_OLD"})


class Item(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """What the server carries for one device. `type`: olm0, olm1 or megolm; `sid`: of the group session."""

    to_user: Name
    to_device: Name
    type: Name
    conv: Annotated[str, Meta(max_length=300)]
    commitment: Bytes32
    ciphertext: bytes
    sid: str = ""


class Sending(msgspec.Struct, array_like=True, frozen=True):
    """One transaction of mail: all or nothing. `lists` says which version of each person's list it is for."""

    send_id: Bytes16
    counter: Number
    lists: dict[str, int]
    items: list[Item]
    passed_over: list[str] = []


class Addressed(msgspec.Struct, array_like=True, frozen=True):
    """A device that something was meant for."""

    user: str
    device: str
    seq: int
    resent_at: int | None = None


class Sent(msgspec.Struct, array_like=True, frozen=True):
    """What was said, to say it again where it was not understood."""

    conv: str
    kind: str
    msg_id: bytes
    sent_at: int
    kf: bytes
    body: bytes
    to: list[Addressed]


class Trouble(msgspec.Struct, array_like=True, frozen=True):
    """What went wrong with a device lately."""

    since: int = 0
    count: int = 0
    reset_at: int | None = None
    unread: list[bytes] = []


class Asked(NamedTuple):
    """Somebody wants to have something again."""

    addressed: Addressed | None
    listed: bool
    now: int


RESEND_CHECKS: Final = (
    Check[Asked]("resend-addressee", "UNKNOWN_DEVICE", lambda it: it.addressed is not None),
    Check[Asked]("resend-listed", "UNKNOWN_DEVICE", lambda it: it.listed),
    Check[Asked](
        "resend-hourly",
        "DUPLICATE",
        lambda it: not it.addressed or it.addressed.resent_at is None or it.now - it.addressed.resent_at >= HOUR,
    ),
)


MOST_COUNTED: Final = 2**48  # no device sends so much: a server that says so would leave no number to count on with


class Outgoing:
    """Everything that leaves. All of it works on a batch that the caller commits before the network is used."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy

    def targets(self, batch: Batch, users: Iterable[str]) -> list[Entry]:
        """Every listed device of these people and of oneself, but this one. Raises Refused."""
        mine = own.myself(batch)
        people = dict.fromkeys([*users, mine.user])
        found = [entry for user in people for entry in pins.usable(batch, user).devices.values()]
        return [entry for entry in found if entry.device != mine.device]

    def unopened(self, batch: Batch, entries: Iterable[Entry]) -> list[Entry]:
        """Those for which a one-time key must be claimed."""
        return [entry for entry in entries if not sessions.has(batch, entry.device)]

    def send(
        self, batch: Batch, users: list[str], conv: str, kind: str, body: Body, now: int, claims: Claims,
        msg_id: bytes = b"",
    ) -> Sending:  # fmt: skip
        """Say something to all devices of these people, with copies to one's own. `msg_id`: where the caller has made
        it; it never serves twice. Raises Refused: nothing is sent."""
        said = self._said(batch, conv, kind, body, now, msg_id)
        return self._fan_out(batch, said, self.targets(batch, users), users, Sealer(batch, now, claims, self._entropy))

    def tell(
        self, batch: Batch, entry: Entry, kind: str, body: Body, now: int, claims: Claims, conv: str = ""
    ) -> Sending:  # fmt: skip
        """Something between programs: a receipt, a list, a step of a comparison."""
        conv = conv or direct_conv(own.myself(batch).user, entry.user)
        said = self._said(batch, conv, kind, body, now)
        return self._fan_out(batch, said, [entry], [entry.user], Sealer(batch, now, claims, self._entropy))

    def spread(
        self, batch: Batch, entries: list[Entry], kind: str, body: Body, now: int, claims: Claims, conv: str
    ) -> Sending:  # fmt: skip
        """The same to many devices; those without a fresh key are passed over."""
        said = self._said(batch, conv, kind, body, now)
        return self._fan_out(batch, said, entries, [], Sealer(batch, now, claims, self._entropy))

    def tell_list(self, batch: Batch, entry: Entry, since: int, now: int, claims: Claims) -> Sending:
        """One's own lists after a version, past the server."""
        return self.tell(batch, entry, "devlist", Lists(own.lists_since(batch, since)), now, claims)

    # ---- the server's answers ----

    def accepted(self, batch: Batch, send_id: bytes) -> None:
        """The server has it: it need not be tried again. A group's key is not kept to be said again: who lacks it is
        given the one of that time (`Groups.resend`)."""
        batch.drop("outbox", send_id.hex())
        said = batch.get("sent", send_id.hex(), Sent)
        if said is not None and said.kind == "group_key":
            batch.drop("sent", send_id.hex())

    def unsent(self, batch: Batch) -> list[Sending]:
        """What is to be tried again, byte by byte, in order."""
        found = [batch.get("outbox", row, Sending) for row in batch.rows("outbox")]
        return sorted((one for one in found if one), key=lambda one: one.counter)

    def renew(self, batch: Batch, send_id: bytes, users: list[str], now: int, claims: Claims) -> Sending:
        """The server says that a list moved, and the new one was learned: nothing for devices that are gone, and for
        new ones of these people the same message; without people only for the devices it was for (`tell`, `spread`).
        Group messages are `Groups.renew`'s. Raises Refused."""
        waiting = batch.get("outbox", send_id.hex(), Sending)
        said = batch.get("sent", send_id.hex(), Sent)
        assert waiting is not None and said is not None, "not in the outbox"
        targets = self.targets(batch, users) if users else _still_listed(batch, said)
        listed = {entry.device for entry in targets}
        kept = [item for item in waiting.items if item.to_device in listed]
        have = {item.to_device for item in kept}
        fresh = [entry for entry in targets if entry.device not in have]
        addressed = [one for one in said.to if one.device in listed]
        said = msgspec.structs.replace(said, to=addressed)
        sealer = Sealer(batch, now, claims, self._entropy)
        items, said, passed = self._sealed(batch, said, fresh, sealer)
        self._reachable(users, [*kept, *items], passed, targets)
        return self._queued(batch, send_id, waiting.counter, [*kept, *items], said, list(passed))

    def login_state(self, batch: Batch, counter: int) -> Note | None:
        """The highest counter the server has from this device. Higher than ours: our state is an old copy, and not one
        ratchet of it may be used again."""
        if counter <= own.me(batch).counter:
            return None
        for table in (sessions.TABLE, "group-out"):
            for row in list(batch.rows(table)):
                batch.drop(table, row)
        own.count_up(batch, counter if counter <= MOST_COUNTED else 0)
        return Note("STATE_ROLLED_BACK")

    # ---- again ----

    def reset(self, batch: Batch, entry: Entry, now: int, claims: Claims) -> list[Sending]:
        """Open a new session to a device that could not be understood, and ask for what was missed; hourly at most."""
        trouble = batch.get("trouble", entry.device, Trouble) or Trouble()
        if not trouble.unread or (trouble.reset_at is not None and now - trouble.reset_at < HOUR):
            return []
        conv = direct_conv(own.myself(batch).user, entry.user)
        sealer = Sealer(batch, now, claims, self._entropy)
        first = self._said(batch, conv, "session_reset", Reset(), now)
        second = self._said(batch, conv, "resend", Resend(trouble.unread), now)
        sent = [
            self._fan_out(batch, first, [entry], [entry.user], sealer, anew=True),
            self._fan_out(batch, second, [entry], [entry.user], sealer),
        ]
        batch.put("trouble", entry.device, msgspec.structs.replace(trouble, reset_at=now, unread=[]))
        return sent

    def resend(self, batch: Batch, entry: Entry, send_ids: list[bytes], now: int, claims: Claims) -> list[Sending]:
        """Say again what a device could not read: the same message, encrypted anew; not what it may not have.
        Group messages are `Groups.resend`'s."""
        sent = []
        for send_id in dict.fromkeys(send_ids):
            said = batch.get("sent", send_id.hex(), Sent)
            if said is None or said.kind == "gmsg" or not may_have_again(batch, send_id, entry, now):
                continue
            again = msgspec.structs.replace(said, to=[one for one in said.to if one.device == entry.device])
            sealer = Sealer(batch, now, claims, self._entropy)
            sent.append(self._fan_out(batch, again, [entry], [entry.user], sealer))
        return sent

    def forget(self, batch: Batch, before: int) -> None:
        """What was said before a time is not said again."""
        for row in list(batch.rows("sent")):
            said = batch.get("sent", row, Sent)
            if said is not None and said.sent_at < before and batch.raw("outbox", row) is None:
                batch.drop("sent", row)

    # ---- making items ----

    def queue(self, batch: Batch, items: list[Item], said: Sent, passed: list[str]) -> Sending:
        """Put items made elsewhere (a group's) on their way."""
        return self._queued(batch, self._entropy(ID_BYTES), own.count_up(batch), items, said, passed)

    def said(self, batch: Batch, conv: str, kind: str, body: Body, now: int, msg_id: bytes = b"") -> Sent:
        """A new message, not yet for anybody."""
        return self._said(batch, conv, kind, body, now, msg_id)

    def _said(self, batch: Batch, conv: str, kind: str, body: Body, now: int, msg_id: bytes = b"") -> Sent:
        if isinstance(body, Said):
            check_length(body)
        return Sent(conv, kind, msg_id or self._entropy(ID_BYTES), now, self._entropy(KEY_BYTES), encode(body), [])

    def _fan_out(
        self, batch: Batch, said: Sent, targets: list[Entry], users: list[str], sealer: Sealer, anew: bool = False
    ) -> Sending:  # fmt: skip
        items, said, passed = self._sealed(batch, said, targets, sealer, anew)
        self._reachable(users, items, passed, targets)
        return self.queue(batch, items, said, list(passed))

    def _queued(
        self, batch: Batch, send_id: bytes, counter: int, items: list[Item], said: Sent, passed: list[str]
    ) -> Sending:  # fmt: skip
        lists = {user: pins.current(batch, user).version for user in dict.fromkeys(item.to_user for item in items)}
        sending = Sending(send_id, counter, lists, items, passed)
        batch.put("outbox", send_id.hex(), sending)
        batch.put("sent", send_id.hex(), said)
        return sending

    def _sealed(
        self, batch: Batch, said: Sent, targets: list[Entry], sealer: Sealer, anew: bool = False
    ) -> tuple[list[Item], Sent, dict[str, Refused]]:
        items: list[Item] = []
        passed: dict[str, Refused] = {}
        before = {one.device: one for one in said.to}
        to = dict(before)
        for entry in targets:
            addressed = before.get(entry.device) or Addressed(entry.user, entry.device, _next_seq(batch, entry.device))
            inner = self._inner(batch, said, entry, addressed.seq)
            try:
                kind, ciphertext = sealer.seal(entry, pack(inner), anew)
            except Refused as refused:
                if refused.code not in PASSED_OVER:
                    raise
                passed[entry.device] = refused
                continue
            batch.put("seq-out", entry.device, max(addressed.seq, batch.get("seq-out", entry.device, int) or 0))
            to[entry.device] = addressed
            commitment = commit(said.kf, content_of(inner))
            items.append(Item(entry.user, entry.device, kind, said.conv, commitment, ciphertext))
        return items, msgspec.structs.replace(said, to=list(to.values())), passed

    def _reachable(
        self, users: list[str], items: list[Item], passed: dict[str, Refused], targets: list[Entry]
    ) -> None:  # fmt: skip
        reached = {item.to_user for item in items}
        for entry in targets:
            if entry.user in users and entry.user not in reached and entry.device in passed:
                raise passed[entry.device]
        for user in users:
            if user not in reached and all(entry.user != user for entry in targets):
                raise Refused("NO_E2EE_KEYS", "devices", user)

    def _inner(self, batch: Batch, said: Sent, to: Entry, seq: int) -> Inner:
        mine = own.myself(batch)
        kind = "sync" if said.kind == "msg" and to.user == mine.user else said.kind
        return Inner(
            1, kind, said.msg_id, mine.user, mine.device, mine.ed25519, mine.uik,
            to.user, to.device, to.ed25519, said.conv, _place(batch, mine.user), _place(batch, to.user),
            seq, said.sent_at, said.kf, said.body,
        )  # fmt: skip


def _still_listed(batch: Batch, said: Sent) -> list[Entry]:
    known = {one.user: pins.current(batch, one.user).devices for one in said.to}
    return [known[one.user][one.device] for one in said.to if one.device in known[one.user]]


def _next_seq(batch: Batch, device: str) -> int:
    return (batch.get("seq-out", device, int) or 0) + 1


def _place(batch: Batch, user: str) -> Place:
    known = pins.current(batch, user)
    return Place(known.version, known.hash)


def may_have_again(batch: Batch, send_id: bytes, entry: Entry, now: int) -> bool:
    """Was this meant for this device, is it still listed, and did it not have it again just now? Then it is noted."""
    said = batch.get("sent", send_id.hex(), Sent)
    if said is None:
        return False
    addressed = next((one for one in said.to if one.device == entry.device), None)
    known = pins.current(batch, entry.user)
    try:
        require(RESEND_CHECKS, Asked(addressed, known.devices.get(entry.device) == entry, now), entry.user)
    except Refused:
        return False
    marked = [msgspec.structs.replace(one, resent_at=now) if one is addressed else one for one in said.to]
    batch.put("sent", send_id.hex(), msgspec.structs.replace(said, to=marked))
    return True


def note_trouble(batch: Batch, device: str, now: int, unread: list[bytes]) -> Trouble:
    """Something of a device was refused; `unread` is to be asked for again."""
    old = batch.get("trouble", device, Trouble) or Trouble()
    since, count = (old.since, old.count) if now - old.since < HOUR else (now, 0)
    unread = list(dict.fromkeys([*old.unread, *unread]))[-MOST_UNREAD:]
    trouble = Trouble(since, count + 1, old.reset_at, unread)
    batch.put("trouble", device, trouble)
    return trouble
