"""Rosters: an instructor compares with each student once, signs who is who, and all who trust the instructor know it.

Rule: a roster counts for who has verified its signer and has said that they take the signer's word; both may end, and
with them everything it vouched for. It counts as long as the device that signed it is listed. It never outranks what a
person compared themselves: where it says otherwise than a pin, that is told, and what nobody compared stops.
It travels over Olm, from the signer's own device to the devices of everybody on it, and is forwarded by nobody.
"""

from __future__ import annotations

from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from clients.core.e2ee import own, pins
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.bodies import Vouching
from clients.core.e2ee.devices import Entry
from clients.core.e2ee.keys import verified
from clients.core.e2ee.pins import INSTRUCTOR, VERIFIED, VOUCH, Vouch
from clients.core.e2ee.receiving import Delivered, Incoming
from clients.core.e2ee.refusals import Check, Note, Refused, require
from clients.core.e2ee.signed import NOTHING, Bytes32, Name, Number, Signed, decode, digest, encode

TABLE: Final = "roster"
MOST_PEOPLE: Final = 1_000
MOST_ROSTERS: Final = 8  # of one signer
MOST_BYTES: Final = 48_000  # what is signed must still fit into one item of mail


class Person(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """Who is who."""

    user: Name
    uik: Bytes32


class Roster(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """One version of it (label `roster`); `name`: of the class."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    version: Number
    prev: Bytes32
    people: Annotated[list[Person], Meta(max_length=MOST_PEOPLE)]

    @property
    def keys(self) -> dict[str, bytes]:
        """Everybody's key."""
        return {person.user: person.uik for person in self.people}


class Kept(msgspec.Struct, array_like=True, frozen=True):
    """The newest version that came, and the device it came from."""

    signed: Signed
    device: str

    @property
    def roster(self) -> Roster:
        """What it says."""
        return decode(self.signed.raw, Roster)


class Heard(NamedTuple):
    """One roster, for a person to look at. `counts`: what it says is believed now."""

    by: str
    roster: Roster
    counts: bool


class Offered(NamedTuple):
    """A version that arrives, from whom, and the one before."""

    signed: Signed
    roster: Roster
    sender: Entry
    before: Kept | None
    others: int


def _follows(it: Offered) -> bool:
    before = it.before.roster if it.before else None
    if before is None or it.roster.version != before.version + 1:
        return True  # the first that one hears of, or one after some that were missed
    return it.before is not None and it.roster.prev == digest(it.before.signed.raw)


def _is_no_fork(it: Offered) -> bool:
    return it.before is None or it.roster.version != it.before.roster.version or it.signed.raw == it.before.signed.raw


ROSTER_CHECKS: Final = (
    Check[Offered]("roster-signature", "ROSTER_REFUSED", lambda it: verified(it.sender.ed25519, "roster", it.signed)),
    Check[Offered]("roster-fork", "ROSTER_REFUSED", _is_no_fork),
    Check[Offered](
        "roster-forward", "DUPLICATE", lambda it: it.before is None or it.roster.version > it.before.roster.version
    ),
    Check[Offered]("roster-prev", "ROSTER_REFUSED", _follows),
    Check[Offered]("roster-once", "ROSTER_REFUSED", lambda it: len(it.roster.keys) == len(it.roster.people)),
    Check[Offered]("roster-many", "ROSTER_REFUSED", lambda it: it.before is not None or it.others < MOST_ROSTERS),
)


class Rosters:
    """Those one signs, and those that come."""

    def __init__(self, incoming: Incoming) -> None:
        incoming.hooks["roster"] = self._arrived

    # ---- the instructor ----

    def sign(self, batch: Batch, name: str, add: list[str], remove: list[str]) -> Vouching:
        """The next version of one's own roster, with and without these people: to be told to `audience`.

        Raises Refused: of somebody new, one has not compared the key oneself.
        """
        mine = own.myself(batch)
        before = batch.get(TABLE, _row(mine.user, name), Kept)
        people = before.roster.keys if before else {}
        for user in add:
            people[user] = _compared(batch, user)
        people = {user: uik for user, uik in people.items() if user not in remove}
        version, prev = (before.roster.version + 1, digest(before.signed.raw)) if before else (1, NOTHING)
        roster = Roster(name, version, prev, [Person(user, uik) for user, uik in people.items()])
        raw = encode(roster)
        if len(people) > MOST_PEOPLE or len(raw) > MOST_BYTES:
            raise Refused("ROSTER_TOO_LONG", "roster-length")
        signed = own.account(batch).signed("roster", raw)
        batch.put(TABLE, _row(mine.user, name), Kept(signed, mine.device))
        return Vouching(signed)

    def audience(self, batch: Batch, name: str) -> list[Entry]:
        """The devices of everybody on one's own roster, and one's own others: each is told (`Outgoing.tell`)."""
        mine = own.myself(batch)
        kept = batch.get(TABLE, _row(mine.user, name), Kept)
        if kept is None:
            raise Refused("ROSTER_UNKNOWN", "roster-own")
        found: list[Entry] = []
        for user in dict.fromkeys([*kept.roster.keys, mine.user]):
            pin = pins.find(batch, user)
            known = pin.known() if pin and pin.trust != pins.CHANGED else None
            found += known.devices.values() if known else []
        return [entry for entry in found if entry.device != mine.device]

    # ---- everybody else ----

    def trust(self, batch: Batch, user: str) -> list[Note]:
        """This person takes somebody's word for who is who. Raises Refused: they have not compared with them."""
        _forget(batch, user)
        batch.put(INSTRUCTOR, user, _compared(batch, user))
        return [note for kept in self._of(batch, user) for note in self._count(batch, user, None, kept)]

    def distrust(self, batch: Batch, user: str) -> None:
        """And no longer."""
        _forget(batch, user)
        batch.drop(INSTRUCTOR, user)

    def all(self, batch: Batch) -> list[Heard]:
        """Every roster there is, one's own among them."""
        mine = own.myself(batch).user
        found = []
        for row in batch.rows(TABLE):
            by = row.rpartition("/")[0]
            kept = batch.get(TABLE, row, Kept)
            if kept is not None:
                found.append(Heard(by, kept.roster, by == mine or self._is_trusted(batch, by)))
        return found

    # ---- inside ----

    def _arrived(self, batch: Batch, delivered: Delivered, now: int) -> list[Note]:
        body, sender = delivered.body, delivered.sender
        assert isinstance(body, Vouching)
        roster = decode(body.signed.raw, Roster)
        row = _row(sender.user, roster.name)
        before = batch.get(TABLE, row, Kept)
        others = len(self._of(batch, sender.user))
        require(ROSTER_CHECKS, Offered(body.signed, roster, sender, before, others), sender.user)
        kept = Kept(body.signed, sender.device)
        batch.put(TABLE, row, kept)
        if sender.user == own.myself(batch).user:
            batch.put(INSTRUCTOR, sender.user, sender.uik)  # one's own word, from another of one's devices
        people = len(roster.people)
        if not self._is_trusted(batch, sender.user):
            return [Note("ROSTER_HEARD", sender.user, people, roster.name)] if delivered.trust == VERIFIED else []
        return [Note("ROSTER_COUNTS", sender.user, people, roster.name), *self._count(batch, sender.user, before, kept)]

    def _count(self, batch: Batch, by: str, before: Kept | None, kept: Kept) -> list[Note]:
        """From now on this version is what the signer says; nothing of the one before is."""
        roster, mine = kept.roster, own.myself(batch)
        old = before.roster.keys if before else {}
        notes: list[Note] = []
        for user in {**old, **roster.keys}:
            rows = [
                one for one in batch.get(VOUCH, user, list[Vouch]) or [] if (one.by, one.roster) != (by, roster.name)
            ]
            uik = roster.keys.get(user)
            if uik is not None and user != by:
                rows.append(Vouch(by, roster.name, kept.device, uik))
            _write(batch, user, rows)
            if uik is not None and user not in (by, mine.user):
                notes += self._held_against_the_pin(batch, roster.name, user, uik, news=old.get(user) != uik)
            if user == mine.user and uik not in (None, mine.uik):
                notes.append(Note("ROSTER_CONTRADICTS", user, 0, roster.name))
        return notes

    def _held_against_the_pin(self, batch: Batch, name: str, user: str, uik: bytes, news: bool) -> list[Note]:
        pin = pins.find(batch, user)
        if pin is None or pin.uik == uik:
            return []
        if news and pins.settled(batch, user, uik):
            return [Note("ROSTER_SETTLED", user, 0, name)]
        pins.contradicted(batch, user, uik)
        return [Note("ROSTER_CONTRADICTS", user, 0, name)] if news else []

    def _of(self, batch: Batch, user: str) -> list[Kept]:
        rows = [row for row in batch.rows(TABLE, user + "/") if row.rpartition("/")[0] == user]
        return [kept for row in rows if (kept := batch.get(TABLE, row, Kept)) is not None]

    def _is_trusted(self, batch: Batch, user: str) -> bool:
        pin = batch.get(pins.TABLE, user, pins.Pin)
        return pin is not None and pin.trust == VERIFIED and batch.get(INSTRUCTOR, user, bytes) == pin.uik


def _compared(batch: Batch, user: str) -> bytes:
    """The key of somebody with whom this person has compared. Raises Refused."""
    pin = pins.find(batch, user)
    if pin is None or pin.trust != VERIFIED:
        raise Refused("NOT_VERIFIED", "roster-verified", user)
    return pin.uik


def _forget(batch: Batch, by: str) -> None:
    """Nothing of what somebody said is left."""
    for user in list(batch.rows(VOUCH)):
        before = batch.get(VOUCH, user, list[Vouch]) or []
        _write(batch, user, [one for one in before if one.by != by])


def _write(batch: Batch, user: str, vouches: list[Vouch]) -> None:
    if vouches:
        batch.put(VOUCH, user, vouches)
    else:
        batch.drop(VOUCH, user)


def _row(user: str, name: str) -> str:
    return f"{user}/{name.encode().hex()}"  # a name may have anything in it
