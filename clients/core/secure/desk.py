"""What all of encryption shares on this device: the rows, the pure half's parts, the Step that is being made.

Rule: it decides nothing. A flow that needs something of somebody's lists or keys gets it from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from chatd import encryption as e
from chatd.wire.pack import Command
from clients.core import edits
from clients.core import notices as n
from clients.core import records as r
from clients.core.e2ee import own, pins
from clients.core.e2ee.batch import Batch, Storage
from clients.core.e2ee.devices import Entry, peek
from clients.core.e2ee.groups import Groups
from clients.core.e2ee.keys import Account, Entropy
from clients.core.e2ee.receiving import Incoming
from clients.core.e2ee.refusals import Note, Refused
from clients.core.e2ee.sending import Outgoing
from clients.core.e2ee.sessions import Claims
from clients.core.outbox import Outbox
from clients.core.secure.flows import Flow, Flows, ServerRefused, expect
from clients.core.secure.overlay import Overlay
from clients.core.step import Step
from clients.core.transfers import Transfers
from clients.core.view import State, fold

PART = 16_384  # bytes
MOST_ROUNDS = 4  # lists may move while keys are claimed; not for ever
SHOWN = {pins.SEEN: "first-seen", pins.VOUCHED: "vouched", pins.VERIFIED: "verified", pins.CHANGED: "changed"}


class Strongbox(NamedTuple):
    """What a profile gives: its rows, the keys of this device, random bytes, the time in ms, and how far this device
    had counted its mail as the system's keyring knows it (`Profile.highest`)."""

    storage: Storage
    account: Account
    entropy: Entropy
    wall: Callable[[], int]
    highest: int = 0


class Host(Protocol):
    """The session, as far as encryption needs it."""

    state: State
    outbox: Outbox
    receive: str
    ignored: set[str]
    files: Transfers | None
    wrote: Callable[[str, bytes, str], bool]

    def next_ref(self) -> int:
        """The number of the next question."""

    def joins(self, group: str) -> bool:
        """Is one asking for an open group of this name?"""


class Desk:
    """One account's encryption on this device. `now`: seconds, of the input that is being dealt with."""

    def __init__(self, box: Strongbox, host: Host) -> None:
        self.host, self.entropy, self.wall, self.device = host, box.entropy, box.wall, box.account
        self.highest = box.highest
        self.rows = Overlay(box.storage)
        self.outgoing = Outgoing(box.entropy)
        self.incoming = Incoming(self.rows, box.entropy)
        self.groups = Groups(self.outgoing, self.incoming, box.entropy)
        self.flows = Flows(host.next_ref, self.send, self.stopped, lambda: self.now)
        self.now = 0.0
        self.on_note: Callable[[Note], None] = _nothing
        self._step = Step()

    # ---- the step ----

    def send(self, command: Command) -> None:
        """Say this to the server, after all is kept."""
        self._step.commands.append(command)

    def show(self, *notices: n.Notice) -> None:
        """Tell the person."""
        self._step.notices += notices

    def keep(self, *records: r.Record) -> None:
        """In the same transaction as what was written to the rows."""
        self._step.records += records

    def wrote(self, conversation: str, id: bytes, sender: str) -> bool:
        """Did they say this there? What is about to be kept counts."""
        kept = edits.among(self._step.records, conversation, id, sender)
        return bool(id) and (kept or self.host.wrote(conversation, id, sender))

    def take(self) -> Step:
        """Everything that follows from this input."""
        step, self._step = self._step, Step()
        step.records += self.rows.take()
        return step

    def stopped(self, refused: Refused | ServerRefused) -> None:
        """A flow ended with this, and nobody else has said so."""
        if isinstance(refused, ServerRefused):
            failed = refused.failed
            self.show(n.Refused(failed.code, failed.text, tuple(failed.near), failed.retry))
        else:
            self.show(n.Secure(refused.code, refused.user, detail=refused.check))

    def notes(self, notes: Iterable[Note], to: str = "") -> None:
        """What the pure half remarks."""
        for note in notes:
            if note.detail != self.device.keys.device:  # that this device was listed is told otherwise
                where = to or self.to(note.user)
                self.show(n.Secure(note.code, note.user, where, note.number, detail=note.detail))
                self.on_note(note)

    def watching(self) -> Incoming:
        """Somebody who opens what comes as this device would, and changes nothing."""
        incoming = Incoming(Overlay(self.rows), self.entropy)
        Groups(self.outgoing, incoming, self.entropy)
        return incoming

    # ---- people ----

    @property
    def me(self) -> str:
        """One's own name."""
        return self.host.state.me

    def is_me(self, name: str) -> bool:
        """Oneself?"""
        return fold(name) == fold(self.me)

    def batch(self) -> Batch:
        """Changes to come."""
        return Batch(self.rows)

    def to(self, user: str) -> str:
        """How one writes to somebody."""
        return "@" + user if user and user != self.me else ""

    def pin(self, name: str) -> pins.Pin | None:
        """What is known of somebody, however their name was typed."""
        batch = self.batch()
        found = pins.find(batch, name)
        if found is not None:
            return found
        user = next((user for user in batch.rows(pins.TABLE) if fold(user) == fold(name)), None)
        return pins.find(batch, user) if user else None

    def trust(self, name: str) -> str:
        """How much somebody's key is trusted, in the words of a notice; `plain` where there is none."""
        pin = self.pin(name)
        return SHOWN[pin.trust] if pin is not None and pin.chain else "plain"

    # ---- asking the server ----

    def learn(self, name: str) -> Flow[str]:
        """Ask for newer lists of somebody: their name as they write it. Raises Refused and ServerRefused.

        Refused with NO_E2EE_KEYS: they never had any.
        """
        pin = self.pin(name)
        user = pin.user if pin else name
        while True:
            since = pin.version if pin else 0
            lists = expect((yield e.AskLists(0, user, since)), e.Lists)
            user = user if pin else named(lists.chain, name)
            batch = self.batch()
            notes = pins.learn(batch, user, lists.chain, own=user == self.me)
            batch.commit()
            self.notes(notes)
            pin = self.pin(user)
            whole = sum(map(len, lists.chain)) < PART  # a long chain comes in parts
            if whole or pin is None or pin.version == since:
                return user

    def claim(self, entries: Callable[[Batch], list[Entry]]) -> Flow[Claims]:
        """One-time keys for those of these devices that one has no session with. Raises Refused and ServerRefused."""
        claims: dict[tuple[str, str], bytes | None] = {}
        for _ in range(MOST_ROUNDS):
            batch = self.batch()
            wanted = [(entry.user, entry.device) for entry in self.outgoing.unopened(batch, entries(batch))]
            missing = [one for one in wanted if one not in claims]
            if not missing:
                break
            claimed = expect((yield e.ClaimKeys(0, missing)), e.Claimed)
            claims.update((device, key or None) for device, key in zip(missing, claimed.keys, strict=False))
            for device in missing:
                claims.setdefault(device, None)
        return claims

    def listed(self) -> bool:
        """Is this device on one's own list?"""
        batch = self.batch()
        if batch.raw(own.ME, "") is None:
            return False
        pin = pins.find(batch, own.myself(batch).user)
        known = pin.known() if pin else None
        return known is not None and self.device.keys.device in known.devices


def _nothing(note: Note) -> None:
    """Nobody wants to know."""


def named(chain: list[bytes], name: str) -> str:
    """Whose lists these are, if it is who was asked for. Raises Refused."""
    if not chain:
        raise Refused("NO_E2EE_KEYS", "chain", name)
    user = peek(chain[0])[1].user
    if fold(user) != fold(name):
        raise Refused("DEVLIST_WRONG_USER", "list-user", name)
    return user
