"""What this device is to others: at each login its person's list, its place on it, its keys at the server.

Rule: nothing new is encrypted before the server has said which number of ours it had last: a higher one means that this
disk is an older copy, and then no ratchet of it is used again. A device that is not on the list writes to nobody. A
server that answers nonsense is asked again, ever more slowly; who wants to send is told that it cannot be done yet.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Final

from chatd import encryption as e
from clients.core import notices as n
from clients.core.e2ee import own, pins, rotating
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.devices import peek
from clients.core.e2ee.keys import check_library
from clients.core.e2ee.numbers import digits
from clients.core.e2ee.refusals import Note, Refused
from clients.core.e2ee.signed import encode
from clients.core.secure.desk import Desk
from clients.core.secure.flows import Flow, ServerRefused, Wait, done, expect

LINE: Final = "identity"
KEYS: Final = "keys"
ASKED: Final = "asked-to-be-listed"
ROLLED: Final = "rolled-back-told"
FEW: Final = 25
DAY: Final = 86_400_000
KEPT: Final = 30 * DAY
OFF, ABSENT, COMING, STUCK, UNLISTED, READY = "off", "absent", "coming", "stuck", "unlisted", "ready"
FIRST_WAIT: Final = 1.0  # seconds
MOST_WAIT: Final = 60.0
PATIENT: Final = 4  # tries until those who wait are told
_MINE: Final = ("me", "uik", "account", "upload")


class Identity:
    """The state of this device. `status`: `off` (not logged in), `absent` (the server or the library does not serve),
    `coming`, `stuck` (it answers nonsense, and is asked again), `unlisted` or `ready`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.status = OFF
        self.left = 0
        self._fresh = False
        self._state: e.KeysAre | None = None
        self.safe = _is_safe()
        self.after: Callable[[], Flow[None]] = _nothing  # what else is asked at each login

    def begin(self, fresh: bool = False) -> None:
        """After the welcome. `fresh`: the account was made just now, so there is no list."""
        self.status, self._fresh = COMING, fresh
        self._desk.flows.start(LINE, self._settle())

    def cut(self) -> None:
        """The connection is gone."""
        self.status = OFF

    @property
    def decided(self) -> bool:
        """Is it known whether this device can send?"""
        return self.status not in (OFF, COMING)

    @property
    def serves(self) -> bool:
        """Is one logged in where there is encryption? Before that, and to a guest, nobody speaks of it truly."""
        return self.status not in (OFF, ABSENT)

    def require_ready(self) -> None:
        """Raises Refused: this device cannot send."""
        if self.status == UNLISTED:
            raise Refused("DEVICE_NOT_LISTED", "listed", self._desk.me)
        if self.status == STUCK:
            raise Refused("NOT_READY", "answers")
        if self.status != READY:
            raise Refused("SERVER_WITHOUT_E2EE" if self.safe else "LIBRARY_UNSAFE", "server")

    @property
    def unfinished(self) -> bool:
        """Is this device still coming to be one that others can write to?"""
        if self.status not in (COMING, READY):
            return False
        batch = self._desk.batch()
        if batch.raw(own.ME, "") is None or batch.raw("upload", "") is not None:
            return True
        return own.me(batch).fallback_at is None

    def code(self) -> str:
        """The number of one's own user key: the same on all of one's devices."""
        pin = self._desk.pin(self._desk.me)
        return digits(pin.user, pin.uik) if pin is not None else ""

    def changed(self) -> None:
        """The server says that one's own list has changed."""
        self._desk.flows.once_more(LINE, self._audit())

    def few(self, state: e.KeysAre) -> None:
        """The server says that few keys are left."""
        if self.status == READY:
            self._desk.flows.once_more(LINE, self._refill(state))

    # ---- at the login ----

    def _settle(self) -> Flow[None]:
        """Until this device can send, or it is known why it cannot."""
        yield from self._insist(self._try)
        if self.status == READY:
            yield from self._insist(self._fill)
            yield from self.after()
            self._forget()

    def _insist(self, make: Callable[[], Flow[None]]) -> Flow[None]:
        """Until the server has given answers that mean something, or says that this device is not listed."""
        for tried in count(1):
            try:
                yield from make()
            except (Refused, ServerRefused) as refused:
                if isinstance(refused, ServerRefused) and refused.failed.code == "not-listed":
                    self.status = UNLISTED
                    return
                if tried == 1:
                    self._desk.stopped(refused)
                if tried == PATIENT and self.status == COMING:
                    self.status = STUCK
                yield Wait(min(MOST_WAIT, FIRST_WAIT * 2.0 ** min(tried - 1, 10)))
            else:
                return

    def _try(self) -> Flow[None]:
        """One's own list, and how this device's keys stand. Raises Refused and ServerRefused."""
        if self._desk.batch().raw(own.ME, "") is None:
            yield from self._first()
        else:
            yield from self._audit()
        if self.status != UNLISTED:
            self._state = expect((yield e.AskKeys(0)), e.KeysAre)
            self._check_counter(self._state)
            self.status = READY

    def _fill(self) -> Flow[None]:
        """Keys, where few are left. Raises ServerRefused."""
        state, self._state = self._state, None
        yield from self._refill(state if state is not None else expect((yield e.AskKeys(0)), e.KeysAre))

    def _first(self) -> Flow[None]:
        """This device has never said what it is: it is the first of its person, or asks to be one of theirs."""
        desk = self._desk
        lists = None if self._fresh else expect((yield e.AskLists(0, desk.me, 0)), e.Lists)
        if lists is None or not lists.chain:
            batch = desk.batch()
            blob = own.begin(batch, desk.me, desk.device, desk.entropy)
            batch.commit()
            desk.flows.start(KEYS, self._refill(e.KeysAre(0, 0, -1, False, 0)))  # at once: who is there is written to
            try:
                done((yield e.PutList(0, blob)))
                return
            except ServerRefused as refused:
                if refused.failed.code != "conflict":
                    raise
            self._undo()  # another device of the same person was quicker
            lists = expect((yield e.AskLists(0, desk.me, 0)), e.Lists)
        if not lists.chain:
            raise Refused("NO_E2EE_KEYS", "own-list", desk.me)
        batch = desk.batch()
        own.join(batch, desk.me, peek(lists.chain[-1])[1].uik, desk.device, desk.entropy)
        batch.commit()
        yield from self._audit()

    def _audit(self) -> Flow[None]:
        """One's own list as the server has it. What the server has lost it is given again."""
        desk = self._desk
        if rotating.is_prepared(desk.batch()):
            yield from self._begun_anew()
        yield from desk.learn(desk.me)
        pin = desk.pin(desk.me)
        if pin is not None and pin.chain:
            yield from self._give_again(pin)
        if desk.listed():
            self._tell_listed()
            if self.status == UNLISTED:
                self.status = COMING
                desk.flows.start(LINE, self._settle())
        elif self.status in (COMING, READY):
            yield from self._offer()

    def _begun_anew(self) -> Flow[None]:
        """Does the server show the chain under the new user key that was made here? Then this device is that person."""
        desk = self._desk
        chain = expect((yield e.AskLists(0, desk.me, 0)), e.Lists).chain
        batch = desk.batch()
        if rotating.begun(batch, chain):
            batch.commit()
            desk.show(n.Secure("KEY_IS_NEW", desk.me))

    def _give_again(self, pin: pins.Pin) -> Flow[None]:
        """A crash between signing and sending, or a server that came back from a backup."""
        last = expect((yield e.AskLists(0, pin.user, pin.version - 1)), e.Lists)
        if last.chain:
            return
        there = expect((yield e.AskLists(0, pin.user, 0)), e.Lists)
        for blob in pin.chain[len(there.chain) :]:
            done((yield e.PutList(0, blob)))

    def _tell_listed(self) -> None:
        """Said once to who was told that it is not: perhaps it happened while nobody was there."""
        desk, batch = self._desk, self._desk.batch()
        if batch.raw(ASKED, "") is not None:
            batch.drop(ASKED, "")
            batch.commit()
            desk.show(n.Secure("DEVICE_LISTED", desk.me, detail=desk.device.keys.device))

    def _offer(self) -> Flow[None]:
        """Ask one's other devices to list this one."""
        desk, batch = self._desk, self._desk.batch()
        self.status = UNLISTED
        batch.put(ASKED, "", True)
        batch.commit()
        mine = own.me(desk.batch())
        expect((yield e.OfferDevice(0, encode(mine.signed))), e.Offers)
        yield from self._refill(expect((yield e.AskKeys(0)), e.KeysAre))  # who lists it can write to it at once
        desk.show(n.Secure("DEVICE_NOT_LISTED", desk.me, detail=desk.device.keys.device))

    def _check_counter(self, state: e.KeysAre) -> None:
        batch = self._desk.batch()
        known = max(state.counter, self._desk.highest)  # the server may not say what it knows
        note: Note | None = self._desk.outgoing.login_state(batch, known)
        if note is not None and self._may_tell(batch):
            self._desk.notes([note])
        batch.commit()

    def _may_tell(self, batch: Batch) -> bool:
        """Once a day: a server may say at each login that this disk is an older copy. What is not told is counted."""
        at, last = self._desk.wall(), batch.get(ROLLED, "", int)
        if last is not None and 0 <= at - last < DAY:
            batch.put("count", "STATE_ROLLED_BACK", (batch.get("count", "STATE_ROLLED_BACK", int) or 0) + 1)
            return False
        batch.put(ROLLED, "", at)
        return True

    def _refill(self, state: e.KeysAre) -> Flow[None]:
        """Upload keys where few are left, the fallback key is old or was used, or an upload was not confirmed."""
        desk, at = self._desk, self._desk.wall()
        batch = desk.batch()
        made = own.me(batch).fallback_at
        waiting = batch.raw("upload", "") is not None
        self.left = state.count
        due = made is None or at - made >= own.FALLBACK_LIFE
        if state.count >= FEW and not state.used and not due and not waiting:
            return
        upload = own.prepare_keys(batch, at, desk.entropy, state.last, state.used)
        batch.commit()
        answer = expect((yield e.PutKeys(0, upload.keys, upload.fallback or b"")), e.KeysAre)
        batch = desk.batch()
        own.keys_published(batch, desk.entropy)
        batch.commit()
        self.left = answer.count

    def _undo(self) -> None:
        """What was begun was never anybody's."""
        batch = self._desk.batch()
        for table in _MINE:
            batch.drop(table, "")
        batch.drop(pins.TABLE, self._desk.me)
        batch.commit()

    def _forget(self) -> None:
        """Once a day: what is too old to be asked for."""
        desk, batch = self._desk, self._desk.batch()
        at, last = desk.wall(), batch.get("forgot", "", int) or 0
        if at - last < DAY:
            return
        desk.outgoing.forget(batch, at - KEPT)
        desk.incoming.forget(batch, at - KEPT)
        desk.groups.forget(batch, at)
        batch.put("forgot", "", at)
        batch.commit()


def _is_safe() -> bool:
    """Does the library refuse worthless keys?"""
    try:
        check_library()
    except Refused:
        return False
    return True


def _nothing() -> Flow[None]:
    yield from ()
