"""What this device is: its account, whose it is, the lists it signs where it is the primary, the keys it uploads.

Rule: the account is in the batch before anything made of it leaves the machine, and what is uploaded is kept until the
server has it: after a crash the same bytes go out again, never another key under the same id.
"""

from __future__ import annotations

from typing import Final

import msgspec

from clients.core.e2ee import pins
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.devices import Entry, Known, enter, peek, sign_list, verify_device
from clients.core.e2ee.keys import Account, Entropy, UserKey
from clients.core.e2ee.prekeys import DAY, sign_keys
from clients.core.e2ee.refusals import Note, Refused
from clients.core.e2ee.signed import Signed, decode
from clients.core.e2ee.store import Pickled, pickled, unpickled

ME: Final = "me"
BATCH_OF_KEYS: Final = 50
FALLBACK_LIFE: Final = 7 * DAY
MOST_SKIPPED: Final = 1_000


class Upload(msgspec.Struct, array_like=True, frozen=True):
    """Keys on their way to the server: one-time keys, and a fallback key where it is new."""

    keys: list[bytes]
    fallback: bytes | None


class Me(msgspec.Struct, array_like=True, frozen=True):
    """This device's own row: what it is, the outgoing counter, and when the fallback key was made."""

    signed: Signed
    counter: int = 0
    fallback_at: int | None = None

    @property
    def entry(self) -> Entry:
        """As it stands in lists."""
        return decode(self.signed.raw, Entry)


def me(batch: Batch) -> Me:
    """This device's own row."""
    found = batch.get(ME, "", Me)
    assert found is not None, "begin or join comes first"
    return found


def myself(batch: Batch) -> Entry:
    """This device, as it stands in lists."""
    return me(batch).entry


def account(batch: Batch) -> Account:
    """This device's keys."""
    row = batch.get("account", "", Pickled)
    assert row is not None, "begin or join comes first"
    return unpickled(Account.unseal, row)


def keep_account(batch: Batch, keys: Account, entropy: Entropy) -> None:
    """The account has changed."""
    batch.put("account", "", pickled(keys, entropy))


def count_up(batch: Batch, at_least: int = 0) -> int:
    """The number of the next outgoing batch."""
    mine = me(batch)
    counter = max(mine.counter + 1, at_least)
    batch.put(ME, "", msgspec.structs.replace(mine, counter=counter))
    return counter


# ---- lists -------------------------------------------------------------------------------------------------------


def begin(batch: Batch, user: str, keys: Account, entropy: Entropy) -> bytes:
    """The first device of a person: makes the user key, and the first list."""
    seed = entropy(32)
    batch.put("uik", "", seed)
    uik = UserKey(seed)
    signed = _settle(batch, user, uik.public, keys, entropy)
    blob = sign_list(uik, user, None, [signed])
    pins.learn(batch, user, [blob], own=True)
    pins.compared(batch, user, uik.public)
    return blob


def join(batch: Batch, user: str, uik: bytes, keys: Account, entropy: Entropy) -> Signed:
    """Another device of a person: what the primary is asked to list. It can do nothing until it is listed.

    `uik` is the person's key as they read it from the primary: no list under another one is believed.
    """
    batch.put(pins.TABLE, user, pins.Pin(user, uik, pins.VERIFIED, pins.VERIFIED))
    return _settle(batch, user, uik, keys, entropy)


def enlist(batch: Batch, signed: Signed) -> tuple[bytes, list[Note]]:
    """The primary lists a new device: the list to upload."""
    mine = myself(batch)
    verify_device(signed, mine.user, mine.uik)
    return _next_list(batch, [*_listed(batch, mine.user), signed])


def revoke(batch: Batch, device: str) -> tuple[bytes, list[Note]]:
    """The primary strikes a device out."""
    listed = _listed(batch, myself(batch).user)
    return _next_list(batch, [one for one in listed if decode(one.raw, Entry).device != device])


def lists_since(batch: Batch, version: int) -> list[bytes]:
    """One's own lists after a version, for somebody from whom the server hides them."""
    pin = pins.find(batch, myself(batch).user)
    return pin.chain[version:] if pin else []


def _settle(batch: Batch, user: str, uik: bytes, keys: Account, entropy: Entropy) -> Signed:
    signed = enter(keys, user, uik)
    keep_account(batch, keys, entropy)
    batch.put(ME, "", Me(signed))
    return signed


def _listed(batch: Batch, user: str) -> list[Signed]:
    pin = pins.find(batch, user)
    return peek(pin.chain[-1])[1].devices if pin and pin.chain else []


def _next_list(batch: Batch, devices: list[Signed]) -> tuple[bytes, list[Note]]:
    seed = batch.get("uik", "", bytes)
    user = myself(batch).user
    if seed is None:
        raise Refused("DEVLIST_BAD_SIGNATURE", "primary", user)
    before: Known = pins.current(batch, user)
    blob = sign_list(UserKey(seed), user, before, devices)
    return blob, pins.learn(batch, user, [blob], own=True)


# ---- one-time keys -----------------------------------------------------------------------------------------------


def prepare_keys(
    batch: Batch, now: int, entropy: Entropy, last_issued: int = -1, used: bool = False
) -> Upload:  # fmt: skip
    """What to upload now. `last_issued`: the server gave out ids up to here; `used`: the fallback key was given out.

    An upload that the server has not confirmed comes again as it was.
    """
    waiting = batch.get("upload", "", Upload)
    if waiting is not None:
        return waiting
    mine, keys = me(batch), account(batch)
    for _ in range(MOST_SKIPPED // BATCH_OF_KEYS):
        keys.make_one_time_keys(BATCH_OF_KEYS)
        if max(keys.one_time_keys()) >= last_issued + BATCH_OF_KEYS:
            break
    if used or mine.fallback_at is None or now - mine.fallback_at >= FALLBACK_LIFE:
        keys.make_fallback_key()
        mine = msgspec.structs.replace(mine, fallback_at=now)
    upload = Upload(*sign_keys(keys, mine.entry.user, now, last_issued))
    batch.put(ME, "", mine)
    batch.put("upload", "", upload)
    keep_account(batch, keys, entropy)
    return upload


def keys_published(batch: Batch, entropy: Entropy) -> None:
    """The server has them."""
    keys = account(batch)
    keys.published()
    keep_account(batch, keys, entropy)
    batch.drop("upload", "")
