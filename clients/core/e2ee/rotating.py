"""A person's new user key, signed by the old one: what is told to others before the new chain of lists begins.

Rule: it is a promise and nothing more. Whose key nobody compared goes on under the new one when the server shows a list
signed by it; whose key was compared, or vouched for, must be compared again. A promise signed by one of the two keys
only is nothing. It does not say which devices there are: the new chain does.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from clients.core.e2ee import own, pins
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.bodies import Rotating
from clients.core.e2ee.devices import Entry, enter, sign_list
from clients.core.e2ee.keys import KEY_BYTES, Entropy, UserKey, verified
from clients.core.e2ee.receiving import Delivered, Incoming
from clients.core.e2ee.refusals import Check, Note, Refused, require
from clients.core.e2ee.signed import Bytes32, Name, Signed, decode, encode

NEXT: Final = "uik-next"


class Rotation(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """From one key to the next (label `uik-rotate`)."""

    user: Name
    old: Bytes32
    new: Bytes32


class Anew(msgspec.Struct, array_like=True, frozen=True):
    """What this device does when the new chain has begun: the key's seed, its list, and itself as that list has it."""

    seed: bytes
    blob: bytes
    signed: Signed


class Promised(NamedTuple):
    """A promise that arrives, and from whom."""

    body: Rotating
    rotation: Rotation
    sender: Entry


ROTATION_CHECKS: Final = (
    Check[Promised]("rotate-user", "BINDING_MISMATCH", lambda it: it.rotation.user == it.sender.user),
    Check[Promised]("rotate-key", "BINDING_MISMATCH", lambda it: it.rotation.old == it.sender.uik),
    Check[Promised](
        "rotate-by-old",
        "BINDING_MISMATCH",
        lambda it: verified(it.rotation.old, "uik-rotate", Signed(it.body.raw, it.body.by_old)),
    ),
    Check[Promised](
        "rotate-by-new",
        "BINDING_MISMATCH",
        lambda it: verified(it.rotation.new, "uik-rotate", Signed(it.body.raw, it.body.by_new)),
    ),
)


def prepare(batch: Batch, entropy: Entropy) -> tuple[bytes, Rotating | None]:
    """A new user key, with this device alone on its first list: the list for the server, and what all contacts are to
    be told (`Outgoing.tell`, kind `uik_rotate`) as long as this device speaks under the old key.

    There is nothing to tell where the old key is not on this device: that is a beginning anew, and alarms everybody.
    Nothing changes here before `switch`.
    """
    mine, seed = own.myself(batch), entropy(KEY_BYTES)
    new = UserKey(seed)
    signed = enter(own.account(batch), mine.user, new.public)
    blob = sign_list(new, mine.user, None, [signed])
    batch.put(NEXT, "", Anew(seed, blob, signed))
    old = batch.get("uik", "", bytes)
    if old is None:
        return blob, None
    raw = encode(Rotation(mine.user, mine.uik, new.public))
    by_old, by_new = (key.sign("uik-rotate", raw).signature for key in (UserKey(old), new))
    return blob, Rotating(raw, by_old, by_new)


def is_prepared(batch: Batch) -> bool:
    """Does this device wait for a new chain of its own making?"""
    return batch.raw(NEXT, "") is not None


def begun(batch: Batch, chain: list[bytes]) -> bool:
    """What the server shows as one's own chain: if it is the one that was prepared here, this device switches."""
    anew = batch.get(NEXT, "", Anew)
    if anew is None or chain[:1] != [anew.blob]:
        return False
    switch(batch)
    pins.learn(batch, own.myself(batch).user, chain, own=True)
    return True


def switch(batch: Batch) -> bytes:
    """The server shows the new chain: from here on this device speaks under the new key. The list, again."""
    anew = batch.get(NEXT, "", Anew)
    if anew is None:
        raise Refused("KEY_NOT_CHANGED", "rotate-prepared")
    mine = own.me(batch)
    user = mine.entry.user
    batch.put("uik", "", anew.seed)
    batch.put(own.ME, "", msgspec.structs.replace(mine, signed=anew.signed))
    batch.put(pins.TABLE, user, pins.Pin(user, UserKey(anew.seed).public, pins.VERIFIED, pins.VERIFIED))
    pins.learn(batch, user, [anew.blob], own=True)
    batch.drop(NEXT, "")
    return anew.blob


def stop(batch: Batch) -> None:
    """The old key stays."""
    batch.drop(NEXT, "")


def install(incoming: Incoming) -> None:
    """Listen for promises."""
    incoming.hooks["uik_rotate"] = _arrived


def _arrived(batch: Batch, delivered: Delivered, now: int) -> list[Note]:
    body, sender = delivered.body, delivered.sender
    assert isinstance(body, Rotating)
    rotation = decode(body.raw, Rotation)
    require(ROTATION_CHECKS, Promised(body, rotation, sender), sender.user)
    if sender.user == own.myself(batch).user:
        return [Note("OWN_KEY_ROTATES", sender.user)]
    pins.promise(batch, sender.user, rotation.new)
    return [Note("KEY_ROTATES", sender.user)]
