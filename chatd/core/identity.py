"""One's own devices and user key: devices that want to be listed, those that are removed, a new beginning, a backup.

Rule: whatever weakens an account is told to all of its devices. A device that is not listed can ask, and nothing more;
a new beginning takes a day, in which any of the devices stops it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

import msgspec

from chatd import encryption as e
from chatd import messages as m
from chatd.core import lists
from chatd.core.signed import ListedDevice, Signed, check, digest, opened
from chatd.core.turn import Refused, Turn
from chatd.core.users import Device, Session, User
from chatd.sealed import BackupSet, DeviceGone, ResetSet

if TYPE_CHECKING:
    from chatd.core.hub import Hub

OFFER_BYTES: Final = 1_024
REMOVED = m.Bye("device-removed", "This device has been removed from the account.")


class Reset(msgspec.Struct, frozen=True):
    """A new chain's first list, and when it takes effect (ms)."""

    blob: bytes
    at: int


def load(hub: Hub, resets: Iterable[ResetSet], backups: Iterable[BackupSet]) -> None:
    """Take in what the store gives back."""
    for reset in resets:
        hub.sealed.resets[hub.users.by_id[reset.user]] = Reset(reset.blob, reset.at)
    for backup in backups:
        hub.sealed.backups[hub.users.by_id[backup.user]] = backup.blob


def hear(hub: Hub, session: Session) -> None:
    """What a session has to know of its account from its welcome on."""
    user = session.user
    if session.feed is None or user is None:
        return
    if user in hub.sealed.resets:
        hub.say(session, e.ResetIs(0, hub.sealed.resets[user].at))
    if hub.sealed.offers.get(user):
        hub.say(session, e.Offers(0, list(hub.sealed.offers[user].values())))


def _tell(hub: Hub, user: User, event: e.Offers | e.ResetIs, but: Session | None) -> None:
    """Somebody's other sessions hear this."""
    hub.outside.cast([session for session in hub.sealed.sessions(user) if session is not but], event)


# ---- devices that want to be listed --------------------------------------------------------------------------------


def offer_device(hub: Hub, session: Session, command: e.OfferDevice, turn: Turn) -> None:
    """This device wants to be on the list, or no longer."""
    user, device = lists.account(session)
    offers = hub.sealed.offers.setdefault(user, {})
    if command.signed:
        hub.sealed.spend("keys", user, turn.now)
        _check_offer(hub, user, device, command.signed)
        offers[device.id] = command.signed
    else:
        offers.pop(device.id, None)
    known = list(offers.values())
    turn.reply(session, e.Offers(command.ref, known))
    turn.then(_tell, hub, user, e.Offers(0, known), session)


def _check_offer(hub: Hub, user: User, device: Device, blob: bytes) -> None:
    signed, entry = opened(blob, ListedDevice, OFFER_BYTES)
    keys = entry.device, entry.ed25519, entry.curve25519
    if entry.user != user.name or keys != (device.id, device.ed25519, device.curve25519):
        raise Refused("bad-blob", "A device offers itself, under the name of its account.")
    if user.chains and device.id in user.chains[-1].devices:
        raise Refused("still-listed", "This device is on your list.")
    check(hub.sealed.verify, entry.ed25519, "device", Signed(signed.raw, signed.signature))


def ask_offers(hub: Hub, session: Session, command: e.AskOffers, turn: Turn) -> None:
    """Which of one's devices want to be listed."""
    user, _ = lists.account(session)
    turn.reply(session, e.Offers(command.ref, list(hub.sealed.offers.get(user, {}).values())))


def remove_device(hub: Hub, session: Session, command: e.RemoveDevice, turn: Turn) -> None:
    """Take a device off the account."""
    user, mine = lists.account(session)
    if user.chains:
        lists.listed(session)
    device = user.devices.get(command.device)
    if device is None or not device.ed25519:
        raise Refused("no-such-device", f"There is no device {command.device!r} on your account.")
    if device is mine:
        raise Refused("not-allowed", "That is this device; remove it from another one.")
    if user.chains and device.id in user.chains[-1].devices:
        raise Refused("still-listed", "Take that device off your list first.")
    hub.users.remove_device(device)
    hub.sealed.offers.get(user, {}).pop(device.id, None)
    turn.keep(DeviceGone(device.id))
    turn.reply(session, m.Done(command.ref))
    if device.session is not None:
        ended = device.session
        hub.depart(ended, False, turn)
        turn.then(hub.outside.end, ended, REMOVED)


# ---- a new beginning -----------------------------------------------------------------------------------------------


def check_reset(hub: Hub, session: Session, blob: bytes, now: int) -> User:
    """Could a new chain begin with this list? The password has not been asked yet. Raises Refused."""
    user, _ = lists.account(session)
    if not user.chains:
        raise Refused("not-allowed", "You have no lists of devices yet: begin with one.")
    hub.check_space()
    hub.sealed.spend("list", user, now)
    if lists.checked(hub, user, blob, None).uik == user.chains[-1].uik:
        raise Refused("bad-blob", "A new chain has a new user key.")
    return user


def begin_reset(hub: Hub, session: Session, command: e.ResetIdentity, turn: Turn) -> None:
    """A new chain takes effect in a day; who is asking has proved to be the account."""
    user = check_reset(hub, session, command.blob, turn.now)
    at = turn.now + int(hub.limits.reset_seconds * 1000)
    hub.sealed.resets[user] = Reset(command.blob, at)
    turn.keep(ResetSet(user.id, command.blob, at))
    turn.reply(session, e.ResetIs(command.ref, at))
    turn.then(_tell, hub, user, e.ResetIs(0, at), session)


def stop_reset(hub: Hub, session: Session, command: e.ResetIdentity, turn: Turn) -> None:
    """There will be no new chain."""
    user, _ = lists.account(session)
    turn.reply(session, e.ResetIs(command.ref, 0))
    if hub.sealed.resets.pop(user, None) is not None:
        turn.keep(ResetSet(user.id, b"", 0))
        turn.then(_tell, hub, user, e.ResetIs(0, 0), session)


def finish_resets(hub: Hub, now: int, turn: Callable[[], Turn]) -> None:
    """The new chains whose time has come take effect; one whose devices have gone meanwhile does not."""
    for user, reset in [(user, reset) for user, reset in hub.sealed.resets.items() if reset.at <= now]:
        del hub.sealed.resets[user]
        this = turn()
        this.keep(ResetSet(user.id, b"", 0))
        this.then(_tell, hub, user, e.ResetIs(0, 0), None)
        try:
            lists.checked(hub, user, reset.blob, None)
        except Refused:
            continue
        lists.take(hub, user, len(user.chains) + 1, reset.blob, this)
        this.then(lists.tell_changed, hub, user, None)


# ---- the backup ----------------------------------------------------------------------------------------------------


def put_backup(hub: Hub, session: Session, command: e.PutBackup, turn: Turn) -> None:
    """Keep something that only the recovery code opens."""
    user, _, _ = lists.listed(session)
    if len(command.blob) > hub.limits.backup_bytes:
        raise Refused("bad-blob", f"A backup has at most {hub.limits.backup_bytes} bytes.")
    if command.before and command.before != digest(hub.sealed.backups.get(user, b"")):
        raise Refused("conflict", "Something else is kept by now; ask for it.")
    hub.check_space()
    hub.sealed.spend("book", user, turn.now)
    if command.blob:
        hub.sealed.backups[user] = command.blob
    else:
        hub.sealed.backups.pop(user, None)
    turn.keep(BackupSet(user.id, command.blob))
    turn.reply(session, m.Done(command.ref))


def ask_backup(hub: Hub, session: Session, command: e.AskBackup, turn: Turn) -> None:
    """What one has kept; empty where there is nothing."""
    user, _ = lists.account(session)
    hub.sealed.spend("backup", user, turn.now)
    turn.reply(session, e.Backup(command.ref, hub.sealed.backups.get(user, b"")))
