"""One-time keys and fallback keys: uploaded by a device, claimed by those who want to open a session with it.

Rule: the oldest key goes first, by the number inside it, and never twice: it has gone on disk before anybody hears it.
A key under a used number is never replaced. When there is none left, or somebody has had too many, the fallback key
goes, as often as it must.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from chatd import encryption as e
from chatd.core.lists import account, listed
from chatd.core.signed import OneTimeKey, opened
from chatd.core.turn import Refused, Turn
from chatd.core.users import Device, Session, User
from chatd.sealed import DeviceKeysHeld, KeysGone, KeysMade

if TYPE_CHECKING:
    from chatd.core.hub import Hub

KEY_BYTES = 1_024  # of one, signed; ours have 140
FEW = 25


def load(hub: Hub, held: Iterable[DeviceKeysHeld]) -> None:
    """Take in what the store gives back."""
    for one in held:
        device = hub.users.devices.get(one.device)
        if device is not None:
            device.prekeys.keys = dict(one.keys)
            device.prekeys.last, device.prekeys.fallback, device.prekeys.used = one.last, one.fallback, one.used


# ---- upload --------------------------------------------------------------------------------------------------------


def put_keys(hub: Hub, session: Session, command: e.PutKeys, turn: Turn) -> None:
    """Keep new keys of this device; those that are here, or have gone, are passed over."""
    user, device = account(session)
    most = hub.limits.one_time_keys
    if len(command.keys) > most:
        raise Refused("too-many-keys", f"At most {most} one-time keys are kept; upload the first ones.")
    hub.check_space()
    hub.sealed.spend("keys", user, turn.now)
    fresh = _fresh(user, device, command.keys)
    fallback = _fallback(user, device, command.fallback)
    mine = device.prekeys
    if len(mine.keys) + len(fresh) > most:
        raise Refused("too-many-keys", f"{len(mine.keys)} one-time keys are here, and at most {most} are kept.")
    if fresh or fallback:
        mine.keys = dict(sorted((mine.keys | fresh).items()))
        if fallback:
            mine.fallback, mine.used = fallback, False
        turn.keep(KeysMade(device.id, tuple(sorted(fresh.items())), fallback))
    _tell(session, command.ref, device, turn)


def _fresh(user: User, device: Device, blobs: list[bytes]) -> dict[int, bytes]:
    """What is new of these, by number. Raises Refused."""
    mine, fresh = device.prekeys, dict[int, bytes]()
    for blob in blobs:
        key = _checked(user, device, blob, False)
        known = mine.keys.get(key.key_id) or fresh.get(key.key_id)
        if known is not None:
            _same(known, key)
        elif key.key_id > mine.last:
            fresh[key.key_id] = blob
    return fresh


def _fallback(user: User, device: Device, blob: bytes) -> bytes:
    """A fallback key, if it is newer than the one there is. Raises Refused."""
    if not blob:
        return b""
    key = _checked(user, device, blob, True)
    if device.prekeys.fallback:
        known = _inside(device.prekeys.fallback)
        if known.key_id == key.key_id:
            _same(device.prekeys.fallback, key)
            return b""
        if key.made_at < known.made_at:
            return b""
    return blob


def _checked(user: User, device: Device, blob: bytes, fallback: bool) -> OneTimeKey:
    _, key = opened(blob, OneTimeKey, KEY_BYTES)
    if (key.user, key.device, key.is_fallback) != (user.name, device.id, fallback):
        raise Refused("bad-blob", "That is a key of another device, or of the other kind.")
    return key


def _inside(blob: bytes) -> OneTimeKey:
    return opened(blob, OneTimeKey, len(blob))[1]


def _same(known: bytes, key: OneTimeKey) -> None:
    if _inside(known).key != key.key:
        raise Refused("key-changed", f"There is another key with the number {key.key_id}; make new ones.")


def ask_keys(hub: Hub, session: Session, command: e.AskKeys, turn: Turn) -> None:
    """How this device's keys stand."""
    _, device = account(session)
    _tell(session, command.ref, device, turn)


def _tell(session: Session, ref: int, device: Device, turn: Turn) -> None:
    mine = device.prekeys
    turn.reply(session, e.KeysAre(ref, len(mine.keys), mine.last, mine.used, device.box.counter))


# ---- claim ---------------------------------------------------------------------------------------------------------


def claim_keys(hub: Hub, session: Session, command: e.ClaimKeys, turn: Turn) -> None:
    """Give out one key of each of some devices."""
    user, _, _ = listed(session)
    if not 0 < len(command.devices) <= hub.limits.claimed_devices:
        raise Refused("bad-argument", f"Name 1 to {hub.limits.claimed_devices} devices.")
    devices = [_listed_device(hub, name, device) for name, device in command.devices]
    hub.sealed.spend("claim", user, turn.now, len(devices))
    turn.reply(session, e.Claimed(command.ref, [_take(hub, user, device, turn) for device in devices]))


def _listed_device(hub: Hub, name: str, device: str) -> Device:
    owner = hub.users.find(name)
    if not owner.chains or device not in owner.chains[-1].devices or device not in owner.devices:
        raise Refused("no-such-device", f"{owner.name} has no device {device!r}.", near=[owner.name])
    return owner.devices[device]


def _take(hub: Hub, user: User, device: Device, turn: Turn) -> bytes:
    mine = device.prekeys
    if mine.keys and hub.sealed.may("key", f"{user.id} {device.id}", turn.now):
        mine.last = next(iter(mine.keys))
        blob = mine.keys.pop(mine.last)
        turn.keep(KeysGone(device.id, mine.last))
        if len(mine.keys) in (FEW - 1, 0):
            turn.then(_hint, hub, device)
        return blob
    if mine.fallback and not mine.used:
        mine.used = True
        turn.keep(KeysGone(device.id, -1, True))
        turn.then(_hint, hub, device)
    return mine.fallback


def _hint(hub: Hub, device: Device) -> None:
    """Few keys are left: the device's session should make more."""
    session, mine = device.session, device.prekeys
    if session is not None and session in hub.sealed.sessions(device.user):
        hub.say(session, e.KeysAre(0, len(mine.keys), mine.last, mine.used, device.box.counter))
