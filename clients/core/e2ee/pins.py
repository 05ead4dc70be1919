"""What is known of people: the user key that was pinned, its chain of lists, and how much it is trusted.

Rule: the first user key of a person is pinned; another one stops everything until a person decides. A list that a
message speaks of and the server does not show stops sending; a list can only be newer, never another. Whether somebody
is vouched for is not remembered but seen anew each time: it holds as long as one trusts the instructor who says so.
"""

from __future__ import annotations

from typing import Final

import msgspec

from clients.core.e2ee.batch import Batch
from clients.core.e2ee.devices import Entry, Known, difference, peek, verify_list
from clients.core.e2ee.refusals import Behind, Note, Refused
from clients.core.e2ee.signed import decode, digest

SEEN: Final = "seen"
VOUCHED: Final = "vouched"
VERIFIED: Final = "verified"
CHANGED: Final = "changed"
TABLE: Final = "pin"
VOUCH: Final = "vouch"
INSTRUCTOR: Final = "instructor"


class Pin(msgspec.Struct, array_like=True, frozen=True):
    """One person: `was` is the trust before it changed, `offered` the key that was not accepted, `promised` the newest
    version that anybody spoke of, `next` the key that the person has signed with this one."""

    user: str
    uik: bytes
    trust: str = SEEN
    was: str = SEEN
    offered: bytes = b""
    chain: list[bytes] = []
    promised: int = 0
    forked: bool = False
    next: bytes = b""

    @property
    def version(self) -> int:
        """That of the newest list."""
        return len(self.chain)

    def hash_of(self, version: int) -> bytes | None:
        """What a version of the list hashes to, if it is known."""
        return digest(peek(self.chain[version - 1])[0].raw) if 1 <= version <= self.version else None

    def known(self) -> Known | None:
        """The newest list; it was checked when it came."""
        if not self.chain:
            return None
        signed, found = peek(self.chain[-1])
        entries = [decode(one.raw, Entry) for one in found.devices]
        devices = {entry.device: entry for entry in entries}
        return Known(found.user, found.uik, found.version, digest(signed.raw), devices)


class Vouch(msgspec.Struct, array_like=True, frozen=True):
    """Somebody is on the roster of an instructor, with this key; the device signed it (`rosters.py` writes these)."""

    by: str
    roster: str
    device: str
    uik: bytes


def find(batch: Batch, user: str) -> Pin | None:
    """What is known of somebody; None: they were never seen to have keys."""
    pin = batch.get(TABLE, user, Pin)
    if pin is None or VERIFIED in (pin.trust, pin.was):
        return pin
    vouched = any(vouch.uik == pin.uik for vouch in vouches(batch, user))
    if pin.trust == CHANGED:
        return msgspec.structs.replace(pin, was=VOUCHED if vouched else pin.was)
    trust = VOUCHED if vouched else SEEN
    return msgspec.structs.replace(pin, trust=trust, was=trust)


def vouches(batch: Batch, user: str) -> list[Vouch]:
    """Who says now what somebody's key is: instructors whom this person trusts, has verified, and whose device that
    signed is still listed."""
    return [vouch for vouch in batch.get(VOUCH, user, list[Vouch]) or [] if _stands(batch, vouch)]


def _stands(batch: Batch, vouch: Vouch) -> bool:
    pin = batch.get(TABLE, vouch.by, Pin)
    known = pin.known() if pin and pin.trust == VERIFIED else None
    trusted = known is not None and batch.get(INSTRUCTOR, vouch.by, bytes) == known.uik
    return trusted and known is not None and vouch.device in known.devices


def current(batch: Batch, user: str) -> Known:
    """The newest list of somebody. Raises Refused."""
    pin = find(batch, user)
    known = pin.known() if pin else None
    if known is None:
        raise Refused("NO_E2EE_KEYS", "pinned", user)
    return known


def ever(batch: Batch, user: str) -> Known | None:
    """The newest list of somebody, with every device that any list of theirs under this key had."""
    pin = find(batch, user)
    known = pin.known() if pin else None
    if pin is None or known is None:
        return None
    entries = (decode(one.raw, Entry) for blob in pin.chain for one in peek(blob)[1].devices)
    return msgspec.structs.replace(known, devices={entry.device: entry for entry in entries})


def usable(batch: Batch, user: str) -> Known:
    """The list to send to. Raises Refused: a key changed, or a list is hidden or forked."""
    pin = find(batch, user)
    if pin is not None and pin.trust == CHANGED:
        raise Refused("IDENTITY_CHANGED", "pin-changed", user)
    known = current(batch, user)
    assert pin is not None
    if pin.forked:
        raise Refused("DEVLIST_FORK", "pin-forked", user)
    if pin.promised > pin.version:
        raise Refused("SERVER_HIDES_DEVLIST", "pin-promised", user)
    return known


def learn(batch: Batch, user: str, chain: list[bytes], own: bool = False) -> list[Note]:
    """Lists as the server or the person themselves shows them, oldest first, from any version on.

    Forged ones are refused. Another user key and a fork are not: they are remembered, so that `usable` stops. Another
    user key than an instructor vouches for is one, too, at the first contact already.
    """
    pin = find(batch, user) or _vouched(batch, user)
    before = known = pin.known() if pin else None
    if not chain and known is None:
        raise Refused("NO_E2EE_KEYS", "chain", user)
    for blob in chain:
        if pin is not None and _is_old(pin, blob):
            continue
        try:
            known = verify_list(blob, user, pin.uik if pin else None, known)
        except Refused as refused:
            if pin is None or refused.code not in ("IDENTITY_CHANGED", "DEVLIST_FORK"):
                raise
            if refused.code == "IDENTITY_CHANGED" and pin.trust == SEEN and peek(blob)[1].uik == pin.next:
                batch.put(TABLE, user, Pin(user, pin.next))
                return [Note("KEY_ROTATED", user), *learn(batch, user, chain[chain.index(blob) :], own)]
            return _stopped(batch, pin, refused.code, blob, own)
        pin = pin or Pin(user, known.uik)
        pin = msgspec.structs.replace(pin, chain=[*pin.chain, blob])
    if known is None or known == before:
        return []
    batch.put(TABLE, user, pin)
    return _changes(before, known, own) if before else []


def hear(batch: Batch, user: str, version: int, fresh: bool) -> list[Note]:
    """Somebody of `user`'s own devices spoke of this version of `user`'s list.

    Raises Behind if it is newer and the server was not asked; if it was asked and hides it, sending stops.
    """
    pin = find(batch, user)
    if pin is None or version <= pin.version:
        return []
    if not fresh:
        raise Behind(user, since=pin.version)
    batch.put(TABLE, user, msgspec.structs.replace(pin, promised=max(pin.promised, version)))
    return [Note("SERVER_HIDES_DEVLIST", user, version)]


def accept(batch: Batch, user: str) -> None:
    """A person takes the new key as it is; not for those who were compared or vouched for. Raises Refused."""
    pin = find(batch, user)
    if pin is None or pin.trust != CHANGED or pin.was != SEEN:
        raise Refused("IDENTITY_CHANGED", "pin-accept", user)
    batch.put(TABLE, user, Pin(user, pin.offered))


def compared(batch: Batch, user: str, uik: bytes) -> None:
    """A person compared numbers, and this is the key they belong to. Raises Refused if it is neither."""
    pin = find(batch, user)
    if pin is None or uik not in (pin.uik, pin.offered):
        raise Refused("IDENTITY_CHANGED", "pin-compared", user)
    if uik == pin.uik:
        pin = msgspec.structs.replace(pin, trust=VERIFIED, was=VERIFIED, offered=b"")
    else:
        pin = Pin(user, uik, VERIFIED, VERIFIED)
    batch.put(TABLE, user, pin)


def resume(batch: Batch, user: str) -> None:
    """A person decides to go on with the list there is, though it forked or a newer one was spoken of."""
    pin = find(batch, user)
    if pin is not None:
        batch.put(TABLE, user, msgspec.structs.replace(pin, promised=0, forked=False))


def promise(batch: Batch, user: str, uik: bytes) -> None:
    """Somebody has signed their next key with this one."""
    pin = find(batch, user)
    if pin is not None:
        batch.put(TABLE, user, msgspec.structs.replace(pin, next=uik))


def contradicted(batch: Batch, user: str, uik: bytes) -> None:
    """An instructor says that the key is this one, and no person has compared: it stops until one does."""
    pin = find(batch, user)
    if pin is not None and pin.trust in (SEEN, VOUCHED) and pin.uik != uik:
        batch.put(TABLE, user, msgspec.structs.replace(pin, trust=CHANGED, offered=uik))


def settled(batch: Batch, user: str, uik: bytes) -> bool:
    """An instructor says that the new key is the right one: it is taken, and that is all that is known of it."""
    pin = find(batch, user)
    if pin is None or pin.trust != CHANGED or pin.offered != uik:
        return False
    batch.put(TABLE, user, Pin(user, uik))
    return True


def _vouched(batch: Batch, user: str) -> Pin | None:
    """The pin of somebody whom one never saw, by what an instructor says."""
    vouch = next(iter(vouches(batch, user)), None)
    return Pin(user, vouch.uik, VOUCHED, VOUCHED) if vouch else None


def _is_old(pin: Pin, blob: bytes) -> bool:
    """Exactly what is known already."""
    signed, found = peek(blob)
    return pin.hash_of(found.version) == digest(signed.raw)


def _stopped(batch: Batch, pin: Pin, code: str, blob: bytes, own: bool) -> list[Note]:
    """Remembered; it is news once, not at every look at the same lists. Of oneself it is told in other words, for there
    is nobody to compare with."""
    if code == "DEVLIST_FORK":
        after = msgspec.structs.replace(pin, forked=True)
    else:
        after = msgspec.structs.replace(pin, trust=CHANGED, offered=peek(blob)[1].uik)
    batch.put(TABLE, pin.user, after)
    code = "OWN_KEY_CHANGED" if own and code == "IDENTITY_CHANGED" else code
    return [Note(code, pin.user)] if after != pin else []


def _changes(before: Known, after: Known, own: bool) -> list[Note]:
    new, gone = difference(before, after)
    if own:  # each by its id: the person must be able to say which one is not theirs
        added = [Note("OWN_NEW_DEVICE", after.user, 1, device) for device in new]
        return added + [Note("OWN_LOST_DEVICE", after.user, 1, device) for device in gone]
    notes = [Note("CONTACT_NEW_DEVICE", after.user, len(new))] if new else []
    return [*notes, Note("CONTACT_LOST_DEVICE", after.user, len(gone))] if gone else notes
