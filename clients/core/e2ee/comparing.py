"""Comparing short strings, step by step: who begins, who answers, what each may say when, and what it ends with.

Rule: start, accept with the commitment, key, key, then what the two people say, then a MAC; nothing in another order,
nothing from another device, and nothing is verified before one's own person and the other side's MAC have both said
yes. Kept in memory only: who restarts begins again. Values in, values out: the caller sends what `Tell` says over Olm
(`Outgoing.tell`), commits the batch, and asks `expire` when `until` has come.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from clients.core.e2ee import own, pins, sas
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.bodies import Comparing
from clients.core.e2ee.devices import Entry
from clients.core.e2ee.keys import Entropy, Ritual
from clients.core.e2ee.receiving import Delivered
from clients.core.e2ee.refusals import Check, Refused, require
from clients.core.e2ee.sas import Short, Side, Start

MINUTE: Final = 60_000
LONGEST: Final = 10 * MINUTE
MOST: Final = 16  # at a time; more from strangers are not answered
ID_BYTES: Final = 16
# What a comparison waits for, seen from this side.
STARTED: Final = "started"  # we asked: for their accept
WANTED: Final = "wanted"  # they asked: for our person
ACCEPTED: Final = "accepted"  # we accepted: for their key
KEYED: Final = "keyed"  # we sent our key: for theirs
SHOWN: Final = "shown"  # both see the strings: for both people
EXPECTED: Final = {STARTED: "sas_accept", WANTED: "", ACCEPTED: "sas_key", KEYED: "sas_key", SHOWN: "sas_mac"}
SAID: Final = frozenset({"SAS_CANCELLED", "SAS_ELSEWHERE", "SAS_TIMED_OUT", "SAS_FAILED", "SAS_MISMATCH"})


class Tell(NamedTuple):
    """To be sent to this device."""

    to: Entry
    kind: str
    body: Comparing


class Wanted(NamedTuple):
    """Somebody wants to compare: their person waits for ours (`start` accepts)."""

    user: str


class Strings(NamedTuple):
    """What to compare with somebody, by voice or eye: `confirm` or `deny`."""

    user: str
    short: Short


class Ended(NamedTuple):
    """It is over; `code` says how."""

    user: str
    code: str


Outcome = Tell | Wanted | Strings | Ended


class Comparison:
    """One, with one person."""

    def __init__(self, user: str, transaction: bytes, phase: str, now: int, asked: list[Entry]) -> None:
        self.user = user
        self.transaction = transaction
        self.phase = phase
        self.until = now + LONGEST
        self.asked = asked  # the devices that may take part, until one does
        self.ritual = Ritual()
        self.commitment = b""
        self.sides: tuple[Side, Side] | None = None  # ours and theirs, from the pins, once
        self.about = ""
        self.shown: list[Outcome] = []
        self.confirmed = False  # our person said yes
        self.heard = False  # their MAC was right


class Step(NamedTuple):
    """A message of the other side, and what it is held against: the kind that is due, and whether it has come."""

    kind: str
    body: Comparing
    sender: Entry
    due: str
    heard: bool


STEP_CHECKS: Final = (
    Check[Step]("sas-device", "BINDING_MISMATCH", lambda it: it.body.device == it.sender.device),
    Check[Step]("sas-order", "SAS_FAILED", lambda it: it.kind == it.due),
    Check[Step]("sas-once", "SAS_FAILED", lambda it: not it.heard),
)


class Comparisons:
    """All that go on, at most one with each person."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._running: dict[str, Comparison] = {}
        self._steps: dict[str, Callable[[Batch, Comparison, Delivered, Comparing], list[Outcome]]] = {
            "sas_accept": self._accepted,
            "sas_key": self._key,
            "sas_mac": self._mac,
        }

    @property
    def until(self) -> int | None:
        """When the next one has taken too long."""
        return min((one.until for one in self._running.values()), default=None)

    def phase(self, user: str) -> str | None:
        """What the one with somebody waits for; None: there is none."""
        running = self._running.get(user)
        return running.phase if running else None

    # ---- what our person does ----

    def start(self, batch: Batch, user: str, now: int) -> list[Outcome]:
        """Ask all of somebody's devices; or say yes to what they asked; or see again what is shown. Raises Refused."""
        running = self._running.get(user)
        if running is not None:
            return self._accept(batch, running) if running.phase == WANTED else running.shown
        mine = own.myself(batch)
        if user == mine.user:
            raise Refused("SAS_NOTHING", "sas-self", user)
        entries = list(pins.usable(batch, user).devices.values())
        asking = Comparison(user, self._entropy(ID_BYTES), STARTED, now, entries)
        self._running[user] = asking
        return self._tell(asking, mine, "sas_start")

    def confirm(self, batch: Batch, user: str) -> list[Outcome]:
        """Our person says that the strings are the same. Raises Refused where none are shown."""
        running = self._shown(user)
        assert running.sides is not None
        running.confirmed = True
        tag = sas.tag(running.ritual, running.sides[0], running.about)
        return [*self._tell(running, own.myself(batch), "sas_mac", tag), *self._verified(batch, running)]

    def deny(self, batch: Batch, user: str) -> list[Outcome]:
        """Our person says that they are not. Raises Refused where none are shown."""
        return self._over(batch, self._shown(user), "SAS_MISMATCH")

    def cancel(self, batch: Batch, user: str) -> list[Outcome]:
        """Our person does not want to, or no longer. Raises Refused where there is none."""
        running = self._running.get(user)
        if running is None:
            raise Refused("SAS_NOTHING", "sas-running", user)
        return self._over(batch, running, "SAS_CANCELLED")

    def expire(self, batch: Batch, now: int) -> list[Outcome]:
        """Those that took too long are over."""
        late = [one for one in self._running.values() if one.until <= now]
        return [outcome for one in late for outcome in self._over(batch, one, "SAS_TIMED_OUT")]

    # ---- what the other side does ----

    def arrived(self, batch: Batch, delivered: Delivered, now: int) -> list[Outcome]:
        """A message of a comparison, after it has passed every check of the envelope and was committed."""
        sender = delivered.sender
        if sender.user == own.myself(batch).user:
            return []
        try:
            return self._take(batch, delivered, now)
        except Refused as refused:
            running = self._running.get(sender.user)
            code = "SAS_MISMATCH" if refused.check == "sas-mac" else "SAS_FAILED"
            return self._over(batch, running, code) if running else []

    def _take(self, batch: Batch, delivered: Delivered, now: int) -> list[Outcome]:
        body, sender = delivered.body, delivered.sender
        assert isinstance(body, Comparing)
        if delivered.kind == "sas_start":
            require(STEP_CHECKS, Step(delivered.kind, body, sender, "sas_start", False), sender.user)
            return self._started(batch, delivered, body, now)
        running = self._running.get(sender.user)
        if running is None or running.transaction != body.transaction:
            return self._unknown(batch, delivered, body)
        if all(entry.device != sender.device for entry in running.asked):
            return []  # the other person's other devices have no part in it
        if delivered.kind == "sas_cancel":
            code = body.value.decode("ascii", "replace")
            return self._end(running, code if code in SAID else "SAS_CANCELLED")
        step = Step(delivered.kind, body, sender, EXPECTED[running.phase], running.heard)
        require(STEP_CHECKS, step, sender.user)
        return self._steps[delivered.kind](batch, running, delivered, body)

    def _started(self, batch: Batch, delivered: Delivered, body: Comparing, now: int) -> list[Outcome]:
        """They ask. Where both asked at once, the start of the one whose name comes first counts, on both sides."""
        sender, mine = delivered.sender, own.myself(batch)
        running = self._running.get(sender.user)
        both = running is not None and running.phase == STARTED
        if both and mine.user < sender.user:
            return []
        if (running is not None and running.phase not in (STARTED, WANTED)) or len(self._running) >= MOST:
            return [_cancel(sender, body.transaction, mine, "SAS_CANCELLED")]
        others = [one for one in running.asked if one.device != sender.device] if running else []
        told = [_cancel(one, running.transaction, mine, "SAS_ELSEWHERE") for one in others] if running else []
        asked = Comparison(sender.user, body.transaction, WANTED, now, [sender])
        self._running[sender.user] = asked
        return [*told, *(self._accept(batch, asked) if both else [Wanted(sender.user)])]

    def _accept(self, batch: Batch, running: Comparison) -> list[Outcome]:
        """Our key, as a commitment only: it is shown when theirs is here."""
        mine, peer = own.myself(batch), running.asked[0]
        running.sides = _sides(batch, mine, peer)
        running.phase = ACCEPTED
        start = Start(running.transaction, peer.user, peer.device)
        return self._tell(running, mine, "sas_accept", sas.commitment(running.ritual.public, start))

    def _accepted(self, batch: Batch, running: Comparison, delivered: Delivered, body: Comparing) -> list[Outcome]:
        """The first of their devices that accepts is the one; the others are told."""
        mine, peer = own.myself(batch), delivered.sender
        others = [entry for entry in running.asked if entry.device != peer.device]
        running.asked = [peer]
        running.sides = _sides(batch, mine, peer)
        running.commitment = body.value
        running.phase = KEYED
        told = [_cancel(entry, running.transaction, mine, "SAS_ELSEWHERE") for entry in others]
        return [*told, *self._tell(running, mine, "sas_key", running.ritual.public)]

    def _key(self, batch: Batch, running: Comparison, delivered: Delivered, body: Comparing) -> list[Outcome]:
        """Their key. Who asked holds it against the commitment; who accepted shows theirs now."""
        assert running.sides is not None
        mine, (ours, theirs) = own.myself(batch), running.sides
        key, told = running.ritual.public, list[Outcome]()
        if running.phase == KEYED:
            start = Start(running.transaction, ours.user, ours.device)
            sas.check_key(body.value, running.commitment, start, theirs.user)
            running.about = sas.info(ours, theirs, key, body.value, running.transaction)
        else:
            told = self._tell(running, mine, "sas_key", key)
            running.about = sas.info(theirs, ours, body.value, key, running.transaction)
        running.ritual.meet(body.value)
        running.phase = SHOWN
        running.shown = [Strings(running.user, sas.short(running.ritual, running.about))]
        return [*told, *running.shown]

    def _mac(self, batch: Batch, running: Comparison, delivered: Delivered, body: Comparing) -> list[Outcome]:
        """The other side's word, which is about what the pin had."""
        assert running.sides is not None
        sas.check_tag(running.ritual, body.value, running.sides[1], running.about)
        running.heard = True
        return self._verified(batch, running)

    def _unknown(self, batch: Batch, delivered: Delivered, body: Comparing) -> list[Outcome]:
        """Of one that is over, or that this program has forgotten: the other side need not wait."""
        if delivered.kind == "sas_cancel":
            return []
        return [_cancel(delivered.sender, body.transaction, own.myself(batch), "SAS_CANCELLED")]

    # ---- how it ends ----

    def _verified(self, batch: Batch, running: Comparison) -> list[Outcome]:
        if not (running.confirmed and running.heard):
            return []
        assert running.sides is not None
        try:
            pins.compared(batch, running.user, running.sides[1].uik)
        except Refused:
            return self._over(batch, running, "SAS_FAILED")
        return self._end(running, "SAS_DONE")

    def _over(self, batch: Batch, running: Comparison, code: str) -> list[Outcome]:
        mine = own.myself(batch)
        told = [_cancel(entry, running.transaction, mine, code) for entry in running.asked]
        return [*told, *self._end(running, code)]

    def _end(self, running: Comparison, code: str) -> list[Outcome]:
        del self._running[running.user]
        return [Ended(running.user, code)]

    # ---- small parts ----

    def _shown(self, user: str) -> Comparison:
        running = self._running.get(user)
        if running is None or running.phase != SHOWN or running.confirmed:
            raise Refused("SAS_NOTHING", "sas-shown", user)
        return running

    def _tell(self, running: Comparison, mine: Entry, kind: str, value: bytes = b"") -> list[Outcome]:
        return [Tell(entry, kind, Comparing(running.transaction, mine.device, value)) for entry in running.asked]


def _cancel(to: Entry, transaction: bytes, mine: Entry, code: str) -> Tell:
    return Tell(to, "sas_cancel", Comparing(transaction, mine.device, code.encode()))


def _sides(batch: Batch, mine: Entry, peer: Entry) -> tuple[Side, Side]:
    """Both as the pins have them now. Raises Refused where one may not write to them."""
    theirs, ours = pins.usable(batch, peer.user), pins.current(batch, mine.user)
    return (
        Side(mine.user, mine.device, mine.uik, ours.hash),
        Side(peer.user, peer.device, theirs.uik, theirs.hash),
    )
