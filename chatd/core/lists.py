"""Who somebody's devices are: signed lists, each naming the hash of the one before, kept for ever.

Rule: a list follows the newest one, is signed by the same user key, and names devices of the account that say so
themselves. A device that is not on it any more loses its mail and its keys. Mail and keys look at the newest list.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from chatd import encryption as e
from chatd import messages as m
from chatd.core.belongings import Chain
from chatd.core.signed import NOTHING, DeviceList, ListedDevice, Signed, check, opened, read
from chatd.core.turn import Refused, Turn
from chatd.core.users import Device, Session, User
from chatd.sealed import DeviceEmptied, ListMade, MailAcknowledged

if TYPE_CHECKING:
    from chatd.core.hub import Hub


def load(hub: Hub, lists: Iterable[ListMade]) -> None:
    """Take in what the store gives back: ascending by user, chain and version."""
    for made in lists:
        user = hub.users.by_id.get(made.user)
        if user is not None:
            _take(user, made.chain, made.blob)


def _take(user: User, number: int, blob: bytes) -> Chain:
    signed, listed = opened(blob, DeviceList, len(blob))
    if len(user.chains) < number:
        user.chains.append(Chain(number, listed.uik))
    user.chains[-1].add(blob, signed, listed)
    return user.chains[-1]


def account(session: Session) -> tuple[User, Device]:
    """Whose session this is, and on which device. Raises Refused where there is no device with keys."""
    user, device = session.user, session.device
    assert user is not None
    if user.guest or device is None or not device.ed25519:
        raise Refused("guest", "That is for accounts, on a device with keys.")
    return user, device


def listed(session: Session) -> tuple[User, Device, Chain]:
    """The same of a device that is on its owner's newest list. Raises Refused `not-listed`."""
    user, device = account(session)
    if not user.chains or device.id not in user.chains[-1].devices:
        raise Refused("not-listed", "This device is not on your list of devices; confirm it on one that is.")
    return user, device, user.chains[-1]


# ---- the next list -------------------------------------------------------------------------------------------------


def put_list(hub: Hub, session: Session, command: e.PutList, turn: Turn) -> None:
    """Take the next list."""
    user, _ = account(session)
    before = user.chains[-1] if user.chains else None
    hub.check_space()
    hub.sealed.spend("list", user, turn.now)  # before signatures are verified: that costs more than to forge them
    checked(hub, user, command.blob, before)
    if sum(len(blob) for chain in user.chains for blob in chain.blobs) + len(command.blob) > hub.limits.lists_bytes:
        raise Refused("list-full", "You have changed your list of devices too often.")
    take(hub, user, before.number if before else 1, command.blob, turn)
    turn.reply(session, m.Done(command.ref))
    turn.then(tell_changed, hub, user, session)


def checked(hub: Hub, user: User, blob: bytes, before: Chain | None) -> DeviceList:
    """A list that may follow `before` (None: the first of a chain). Raises Refused."""
    signed, listed = opened(blob, DeviceList, hub.limits.list_bytes)
    if listed.user != user.name:
        raise Refused("bad-blob", "That is somebody else's list of devices.")
    if before is not None and listed.uik != before.uik:
        raise Refused("bad-signature", "Your lists are signed by another user key; `resetidentity` begins anew.")
    version, prev = (before.version + 1, before.hash) if before is not None else (1, NOTHING)
    if (listed.version, listed.prev) != (version, prev):
        raise Refused("conflict", f"The next list has version {version}, and the hash of the one before.")
    if not listed.devices or len(listed.devices) > hub.limits.devices:
        raise Refused("bad-blob", f"A list has 1 to {hub.limits.devices} devices.")
    check(hub.sealed.verify, listed.uik, "devlist", signed)
    found = [_check_device(hub, user, listed.uik, one) for one in listed.devices]
    if len(set(found)) < len(found):
        raise Refused("bad-blob", "A device is on the list twice.")
    return listed


def _check_device(hub: Hub, user: User, uik: bytes, signed: Signed) -> str:
    entry = read(signed.raw, ListedDevice)
    device = user.devices.get(entry.device)
    if device is None:
        raise Refused("no-such-device", f"There is no device {entry.device!r} on your account.")
    if (entry.user, entry.uik) != (user.name, uik) or (
        (entry.ed25519, entry.curve25519) != (device.ed25519, device.curve25519)
    ):
        raise Refused("bad-blob", f"The device {entry.device} says that it is somebody else's, or has other keys.")
    check(hub.sealed.verify, entry.ed25519, "device", signed)
    return entry.device


def take(hub: Hub, user: User, number: int, blob: bytes, turn: Turn) -> None:
    """Make a list that has been checked the newest one; who is not on it any more is emptied."""
    before = user.chains[-1].devices if user.chains else frozenset()
    chain = _take(user, number, blob)
    turn.keep(ListMade(user.id, number, chain.version, blob))
    for gone in sorted(before - chain.devices):
        if gone in user.devices:
            empty(user.devices[gone], turn)
    for offered in chain.devices:
        hub.sealed.offers.get(user, {}).pop(offered, None)


def empty(device: Device, turn: Turn) -> None:
    """A device gets nothing any more: its mail and its keys go. Its numbers go on, should it come back."""
    device.prekeys.clear()
    device.box.drop(device.box.head)
    turn.keep(MailAcknowledged(device.id, device.box.head))
    turn.keep(DeviceEmptied(device.id))


# ---- who asks, and who hears ---------------------------------------------------------------------------------------


def ask_lists(hub: Hub, session: Session, command: e.AskLists, turn: Turn) -> None:
    """Somebody's lists after a version. After a reset that is the whole new chain: who asks may know an earlier one."""
    user, _ = account(session)
    asked = hub.users.find(command.name)
    number = command.chain or len(asked.chains)
    chain: list[bytes] = []
    if 0 < number <= len(asked.chains):
        begun_anew = number > 1 and not command.chain
        chain = asked.chains[number - 1].blobs[0 if begun_anew else max(0, command.since) :]
    hub.sealed.spend_bytes(user, chain, turn.now)
    turn.reply(session, e.Lists(command.ref, asked.name, command.since, chain))


def tell_changed(hub: Hub, user: User, but: Session | None) -> None:
    """Those who write to somebody are told that their list is another one."""
    people = {user, *hub.sealed.corresponding(user)}
    people.update(c.peer(user).user for c in user.conversations.values() if c.direct)
    people.update(hub.sealed.circles.companions(hub, user))
    event = e.ListChanged(user.name, user.chains[-1].version)
    hub.outside.cast([s for who in people for s in hub.sealed.sessions(who) if s is not but], event)
