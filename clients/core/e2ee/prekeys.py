"""One-time and fallback keys: signed by the device they belong to, dated, and checked when they are claimed.

Rule: a key that the server hands out is used only if the device itself says whose it is, which one, and since when.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from clients.core.e2ee.devices import Entry
from clients.core.e2ee.keys import Account, verified
from clients.core.e2ee.refusals import Check, Refused, require
from clients.core.e2ee.signed import Bytes32, DeviceId, Name, Number, Signed, decode, encode

DAY: Final = 86_400_000  # times are milliseconds
OLDEST_FALLBACK: Final = 35 * DAY


class OneTimeKey(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """A key for one first message, or, as the fallback, for those that come when there is no other (label `otk`)."""

    user: Name
    device: DeviceId
    key_id: Number
    key: Bytes32
    is_fallback: bool
    made_at: Number


class Claimed(NamedTuple):
    """What the server handed out, and the device it was claimed for."""

    signed: Signed
    key: OneTimeKey
    entry: Entry
    now: int


CLAIM_CHECKS: Final = (
    Check[Claimed]("otk-signature", "OTK_BAD_SIGNATURE", lambda it: verified(it.entry.ed25519, "otk", it.signed)),
    Check[Claimed]("otk-user", "OTK_WRONG_DEVICE", lambda it: it.key.user == it.entry.user),
    Check[Claimed]("otk-device", "OTK_WRONG_DEVICE", lambda it: it.key.device == it.entry.device),
    Check[Claimed](
        "otk-age", "FALLBACK_TOO_OLD", lambda it: not it.key.is_fallback or it.now - it.key.made_at <= OLDEST_FALLBACK
    ),
)


def sign_keys(account: Account, user: str, now: int, after: int = -1) -> tuple[list[bytes], bytes | None]:
    """All unpublished keys with an id above `after`, oldest first, and the fallback key if it is new."""

    def signed(key_id: int, key: bytes, is_fallback: bool) -> bytes:
        value = OneTimeKey(user, account.keys.device, key_id, key, is_fallback, now)
        return encode(account.signed("otk", encode(value)))

    single = [signed(number, key, False) for number, key in sorted(account.one_time_keys().items()) if number > after]
    fallback = [signed(number, key, True) for number, key in account.fallback_key().items()]
    return single, fallback[0] if fallback else None


def verify_claim(blob: bytes | None, entry: Entry, now: int) -> OneTimeKey:
    """The key to open a session with. Raises Refused."""
    if blob is None:
        raise Refused("NO_ONE_TIME_KEY", "otk-there", entry.user)
    signed = decode(blob, Signed)
    claimed = Claimed(signed, decode(signed.raw, OneTimeKey), entry, now)
    require(CLAIM_CHECKS, claimed, entry.user)
    return claimed.key
