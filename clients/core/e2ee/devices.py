"""Lists of devices: signed by the user key, chained by hashes, each device signed by itself.

Rule: the user key says which devices are the person's, and each device says whose it is; both must agree, so nobody
can list a device that is not theirs. A device's id is made of its keys. Checks only; what is remembered is in
`pins.py`.
"""

from __future__ import annotations

from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from clients.core.device import device_id
from clients.core.e2ee.keys import Account, UserKey, verified
from clients.core.e2ee.refusals import Check, Refused, require
from clients.core.e2ee.signed import (
    NOTHING,
    Bytes32,
    DeviceId,
    Name,
    Number,
    Signed,
    decode,
    digest,
    encode,
)

MOST_DEVICES: Final = 10


class Entry(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """A device as it says itself whose it is (label `device`)."""

    user: Name
    uik: Bytes32
    device: DeviceId
    ed25519: Bytes32
    curve25519: Bytes32


class DeviceList(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """All devices of a person (label `devlist`); each as it signed itself."""

    user: Name
    uik: Bytes32
    version: Number
    prev: Bytes32
    devices: Annotated[list[Signed], Meta(max_length=MOST_DEVICES)]


class Known(msgspec.Struct, frozen=True):
    """A list that has passed every check."""

    user: str
    uik: bytes
    version: int
    hash: bytes
    devices: dict[str, Entry]


class Offered(NamedTuple):
    """A list that somebody shows, and what it is held against."""

    signed: Signed
    list: DeviceList
    user: str
    uik: bytes
    before: Known | None


class OfferedDevice(NamedTuple):
    """One device of such a list."""

    signed: Signed
    entry: Entry
    list: DeviceList
    others: tuple[Entry, ...]


def _follows(offered: Offered) -> bool:
    return offered.list.version == (offered.before.version if offered.before else 0) + 1


def _another_of_the_same(offered: Offered) -> bool:
    before = offered.before
    return before is not None and before.version == offered.list.version and before.hash != digest(offered.signed.raw)


LIST_CHECKS: Final = (
    Check[Offered]("list-signature", "DEVLIST_BAD_SIGNATURE", lambda it: verified(it.list.uik, "devlist", it.signed)),
    Check[Offered]("list-user", "DEVLIST_WRONG_USER", lambda it: it.list.user == it.user),
    Check[Offered]("list-key", "IDENTITY_CHANGED", lambda it: it.list.uik == it.uik),
    Check[Offered]("list-fork", "DEVLIST_FORK", lambda it: not _another_of_the_same(it)),
    Check[Offered]("list-version", "DEVLIST_CHAIN_BROKEN", _follows),
    Check[Offered](
        "list-prev", "DEVLIST_CHAIN_BROKEN", lambda it: it.list.prev == (it.before.hash if it.before else NOTHING)
    ),
)
DEVICE_CHECKS: Final = (
    Check[OfferedDevice](
        "device-owner",
        "DEVICE_NOT_SELF_SIGNED",
        lambda it: (it.entry.user, it.entry.uik) == (it.list.user, it.list.uik),
    ),
    Check[OfferedDevice](
        "device-signature", "DEVICE_NOT_SELF_SIGNED", lambda it: verified(it.entry.ed25519, "device", it.signed)
    ),
    Check[OfferedDevice](
        "device-id",
        "DEVICE_ID_MISMATCH",
        lambda it: it.entry.device == device_id(it.entry.ed25519, it.entry.curve25519),
    ),
    Check[OfferedDevice](
        "device-once", "DEVICE_DUPLICATE", lambda it: all(it.entry.device != other.device for other in it.others)
    ),
)


def enter(account: Account, user: str, uik: bytes) -> Signed:
    """A device says whose it is."""
    keys = account.keys
    return account.signed("device", encode(Entry(user, uik, keys.device, keys.ed25519, keys.curve25519)))


def sign_list(key: UserKey, user: str, before: Known | None, devices: list[Signed]) -> bytes:
    """The next list of a person, as it travels."""
    version, prev = (before.version + 1, before.hash) if before else (1, NOTHING)
    return encode(key.sign("devlist", encode(DeviceList(user, key.public, version, prev, devices))))


def verify_list(blob: bytes, user: str, uik: bytes | None, before: Known | None) -> Known:
    """A list that comes after `before`, under the pinned user key (None: at first contact). Raises Refused."""
    signed, offered = peek(blob)
    require(LIST_CHECKS, Offered(signed, offered, user, offered.uik if uik is None else uik, before), user)
    entries: dict[str, Entry] = {}
    for one in offered.devices:
        entry = decode(one.raw, Entry)
        require(DEVICE_CHECKS, OfferedDevice(one, entry, offered, tuple(entries.values())), user)
        entries[entry.device] = entry
    return Known(offered.user, offered.uik, offered.version, digest(signed.raw), entries)


def verify_device(signed: Signed, user: str, uik: bytes) -> Entry:
    """A new device of one's own that asks to be listed. Raises Refused."""
    entry = decode(signed.raw, Entry)
    require(DEVICE_CHECKS, OfferedDevice(signed, entry, DeviceList(user, uik, 0, NOTHING, []), ()), user)
    return entry


def peek(blob: bytes) -> tuple[Signed, DeviceList]:
    """A list without any check but its form: for what was checked before, and for what is about to be."""
    signed = decode(blob, Signed)
    return signed, decode(signed.raw, DeviceList)


def difference(before: Known, after: Known) -> tuple[list[str], list[str]]:
    """Which devices are new, and which are revoked."""
    new = [device for device in after.devices if device not in before.devices]
    gone = [device for device in before.devices if device not in after.devices]
    return new, gone


def require_entry(known: Known, device: str) -> Entry:
    """The device of this id. Raises Refused where it is not listed, or not any more."""
    entry = known.devices.get(device)
    if entry is None:
        raise Refused("UNKNOWN_DEVICE", "listed", known.user)
    return entry
