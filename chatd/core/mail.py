"""Encrypted mail: kept once, for devices; each device's mail is one log in one order, until the device has it.

Rule: all items of a command or none. A device's mail gets its seqs here, and is told when it is on disk: to a session
that has been sent everything before it at once, to others from the store at their own speed (`chatd.mailroom`).
Nothing goes before it was acknowledged, or is too old. Whether an id was taken before is looked up there, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from chatd import encryption as e
from chatd.core import ledger, sanctions
from chatd.core.belongings import Feed, Unread
from chatd.core.lists import account, listed
from chatd.core.turn import Refused, Turn
from chatd.core.users import Device, Session, User
from chatd.sealed import Corresponded, Letter, MailAcknowledged, MailHeld, MailKept, MailRow

if TYPE_CHECKING:
    from chatd.core.hub import Hub

ID_BYTES: Final = 16
HASH_BYTES: Final = 32
GROUP_TYPE: Final = "megolm"
TYPES: Final = frozenset(("olm0", "olm1", GROUP_TYPE))
CONVERSATION_CHARS: Final = 300
SID_CHARS: Final = 64
MOST_COUNTER: Final = 2**63 - 1


def load(hub: Hub, held: Iterable[MailHeld]) -> None:
    """Take in what the store gives back."""
    for one in held:
        device = hub.users.devices.get(one.device)
        if device is None:
            continue
        box = device.box
        box.acknowledged, box.counter = one.acknowledged, one.counter
        box.seqs.extend(seq for seq, _ in one.waiting)
        box.sizes.extend(size for _, size in one.waiting)
        box.size = sum(box.sizes)
        box.head = box.told = max(one.acknowledged, box.seqs[-1] if box.seqs else 0)


# ---- sending -------------------------------------------------------------------------------------------------------


def put_mail(hub: Hub, session: Session, command: e.PutMail, turn: Turn) -> None:
    """Keep mail that has not been taken before, and let its readers know."""
    user, device, _ = listed(session)
    _check(hub, command)
    stale = [name for name, version in command.lists.items() if version != _version(hub, name)]
    if stale:
        turn.reply(session, e.Stale(command.ref, stale))
        return
    addressed = [_addressed(hub, item, command.lists) for item in command.items]
    people = {to.user: None for some in addressed for to in some}
    _check_people(user, people, turn.now)
    _check_room(hub, command, addressed)
    hub.check_space()
    user.active = turn.now
    device.box.counter = max(device.box.counter, command.counter)
    letters = [_letter(hub, user, device, command, place, addressed[place], turn) for place in range(len(addressed))]
    state = "sent" if any(to.session for some in addressed for to in some if to.user is not user) else "stored"
    turn.keep(MailKept(device.id, user.name, command.id, command.counter, turn.now, state, tuple(letters)))
    for other in people:
        _note_pair(hub, user, other, turn)
    turn.reply(session, e.MailTaken(command.ref, turn.now, state))
    _note_unread(user, device, command, letters, addressed)
    turn.then(_deliver, hub, user.name, device.id, command.id, letters, addressed, turn.now)


def _check(hub: Hub, command: e.PutMail) -> None:
    limits = hub.limits
    if len(command.id) != ID_BYTES:
        raise Refused("bad-id", f"The id of mail has {ID_BYTES} bytes.")
    if not 0 < command.counter <= MOST_COUNTER:
        raise Refused("bad-argument", "A counter is a number from 1.")
    count = sum(len(item.to) for item in command.items)
    if not 0 < count <= limits.mail_items or not all(item.to for item in command.items):
        raise Refused("bad-argument", f"Mail is for 1 to {limits.mail_items} devices, and each item for one at least.")
    for item in command.items:
        if item.type not in TYPES or len(item.commitment) != HASH_BYTES:
            raise Refused("bad-blob", f"An item is one of {', '.join(sorted(TYPES))}, with a commitment of 32 bytes.")
        if not 0 < len(item.ciphertext) <= limits.mail_item_bytes:
            raise Refused("text-too-long", f"An item has 1 to {limits.mail_item_bytes} bytes.")
        if len(item.conversation) > CONVERSATION_CHARS or len(item.sid) > SID_CHARS:
            raise Refused("bad-argument", "That is no conversation, or no session of a group.")
        if len(set(item.to)) < len(item.to):
            raise Refused("bad-argument", "An item is for the same device twice.")


def _version(hub: Hub, name: str) -> int:
    user = hub.users.get(name)
    return user.chains[-1].version if user is not None and user.chains else 0


def _addressed(hub: Hub, item: e.Item, lists: dict[str, int]) -> list[Device]:
    """Whom an item is for. Raises Refused."""
    found = []
    for name, device in item.to:
        owner = hub.users.get(name)
        if name not in lists:
            raise Refused("bad-argument", f"Of {name}'s list of devices no version is named.")
        if owner is None or not owner.chains or device not in owner.chains[-1].devices or device not in owner.devices:
            raise Refused("no-such-device", f"{name} has no device {device!r}.", near=[name])
        found.append(owner.devices[device])
    return found


def _check_people(user: User, people: Iterable[User], now: int) -> None:
    """Is there anybody who will read it? A group's mail goes on without those whose accounts are disabled."""
    others = [other for other in people if other is not user]
    if others and all(sanctions.holds(other.disabled, now) for other in others):
        sanctions.check_peer(others[0], now)


def _check_room(hub: Hub, command: e.PutMail, addressed: list[list[Device]]) -> None:
    added: dict[Device, list[int]] = {}
    for item, some in zip(command.items, addressed, strict=True):
        for to in some:
            counted = added.setdefault(to, [0, 0])
            counted[0] += 1
            counted[1] += len(item.ciphertext)
    full = {
        to.user.name: None
        for to, (count, size) in added.items()
        if len(to.box.seqs) + count > hub.limits.mailbox_items or to.box.size + size > hub.limits.mailbox_bytes
    }
    if full:
        text = f"The mailbox of a device of {', '.join(full)} is full; try again when they have been on."
        raise Refused("mailbox-full", text, near=list(full))


def _letter(
    hub: Hub, user: User, device: Device, command: e.PutMail, place: int, to: list[Device], turn: Turn
) -> Letter:  # fmt: skip
    item = command.items[place]
    seqs = tuple((one.id, one.box.add(len(item.ciphertext))) for one in to)
    told = command.id + device.id.encode() + place.to_bytes(4, "big")
    identity = hashlib.blake2b(told, digest_size=ID_BYTES, key=hub.sealed.secret).digest()
    tag = hub.sealed.tags.make(item.commitment, user.name, item.conversation, turn.now)
    return Letter(
        identity, item.type, item.conversation, item.commitment, item.ciphertext, item.sid, tag, seqs
    )  # fmt: skip


def _note_pair(hub: Hub, user: User, other: User, turn: Turn) -> None:
    if other is user or not hub.sealed.correspond(user, other):
        return
    turn.keep(Corresponded(min(user.id, other.id), max(user.id, other.id)))


def _note_unread(
    user: User, device: Device, command: e.PutMail, letters: list[Letter], addressed: list[list[Device]]
) -> None:  # fmt: skip
    """What is said to a group has no receipts of its readers: the first one that has it is the server's to tell."""
    for letter, some in zip(letters, addressed, strict=True):
        if letter.type == GROUP_TYPE:
            unread = Unread(device, command.id)
            for to, (_, seq) in zip(some, letter.to, strict=True):
                if to.user is not user:
                    to.box.unread.append((seq, unread))


# ---- delivering ----------------------------------------------------------------------------------------------------


def _deliver(
    hub: Hub, sender: str, device: str, sending: bytes, letters: list[Letter], addressed: list[list[Device]], at: int
) -> None:  # fmt: skip
    """Mail is on disk: those who have everything before it hear it now."""
    hub.trail.mailed(at, sender, sending, (place for letter in letters for place in letter.to))
    for letter, some in zip(letters, addressed, strict=True):
        for to, (_, seq) in zip(some, letter.to, strict=True):
            to.box.told = seq
            session = to.session
            if session is None or session.feed is None or session.over:
                continue
            if session.feed.live:
                session.feed.sent = seq
                hub.say(session, event(MailRow(
                    seq, letter.id, sending, sender, device, letter.type, letter.conversation, letter.commitment,
                    letter.ciphertext, letter.sid, at, letter.tag,
                )))  # fmt: skip
            else:
                hub.outside.hungry(session)


def event(row: MailRow) -> e.Mail:
    """An item as it is told."""
    return e.Mail(
        row.seq, row.id, row.sending, row.sender, row.device, row.type, row.conversation, row.commitment,
        row.ciphertext, row.sid, row.at, row.tag,
    )  # fmt: skip


def position(device: Device | None) -> tuple[int, int]:
    """Up to where a device has acknowledged its mail, and the newest there is."""
    return (device.box.acknowledged, device.box.told) if device is not None else (0, 0)


def hear(hub: Hub, session: Session) -> None:
    """From here on a session is sent its device's mail, if it wants any."""
    if not session.encrypted or session.device is None or session.over:
        return
    session.feed = Feed(session.device.box.acknowledged)
    wants(hub, session)


def wants(hub: Hub, session: Session) -> bool:
    """Whether there is stored mail for a session; where there is none, it is live from here on."""
    feed, device = session.feed, session.device
    assert feed is not None and device is not None
    feed.live = feed.sent >= device.box.told
    if not feed.live:
        hub.outside.hungry(session)
    return not feed.live


def acknowledge(hub: Hub, session: Session, command: e.AcknowledgeMail, turn: Turn) -> None:
    """A device has its mail up to there."""
    device = session.device
    if device is None or session.feed is None:
        return
    seq = min(command.seq, session.feed.sent)
    if seq > device.box.acknowledged:
        for unread in device.box.heard(seq):
            turn.then(_tell_read, hub, unread)
        device.box.drop(seq)
        turn.keep(MailAcknowledged(device.id, seq))
        hub.trail.acknowledged.append((turn.now, device.id, ledger.MAILBOX, seq))


def _tell_read(hub: Hub, unread: Unread) -> None:
    session = unread.device.session
    if session is not None and session.feed is not None and not session.over:
        hub.say(session, e.MailRead(unread.sending))


def ask_repeat(hub: Hub, session: Session, command: e.PutMail) -> bool:
    """Whether this mail may have been taken before: every new one has a higher counter than all before it."""
    _, device = account(session)
    return command.counter <= device.box.counter
