"""The user key of this account: how it stands on this device, its copy under the recovery code, and beginning anew.

Rule: what a code opens is used only if it is the key that this account has. Nothing that was made is shown before the
server has what belongs to it, and nothing of a new beginning counts here before the server has begun it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from chatd import encryption as e
from clients.core import intents as i
from clients.core import notices as n
from clients.core import recovery
from clients.core.e2ee import pins, rotating
from clients.core.e2ee.bodies import Rotating
from clients.core.e2ee.keys import UserKey
from clients.core.e2ee.receiving import Quarantined
from clients.core.e2ee.refusals import Refused
from clients.core.secure.backup import BOX_BYTES, MADE, Backup
from clients.core.secure.desk import SHOWN, Desk
from clients.core.secure.devices import Devices
from clients.core.secure.flows import Flow, ServerRefused, expect
from clients.core.secure.identity import Identity

PLAIN: Final = "plain"  # with whom one talks openly
COUNTS: Final = "count"  # how often something was refused without a word, by code


class Recovering:
    """What a person may do with their own key."""

    def __init__(self, desk: Desk, identity: Identity, devices: Devices, backup: Backup) -> None:
        self._desk, self._identity, self._devices, self._backup = desk, identity, devices, backup
        self.recovered: Callable[[], None] = lambda: None  # one's groups may have names now
        self.promise: Callable[[Rotating], None] = lambda body: None  # tells one's contacts of the next key

    def status(self, intent: i.AskKeys | i.AskEncryption) -> Flow[None]:
        """How keys stand, how far everybody is trusted, what was refused."""
        desk = self._desk
        left = yield from self._left()
        batch = desk.batch()
        known = [pins.find(batch, user) for user in batch.rows(pins.TABLE) if user != desk.me]
        people = [(pin.user, SHOWN[pin.trust]) for pin in known if pin is not None]
        plain = [(name, "plain") for name in batch.rows(PLAIN)]
        rows = [batch.get("quarantine", row, Quarantined) for row in batch.rows("quarantine")]
        counts = Counter(row.code for row in rows if row is not None)
        counts.update({code: batch.get(COUNTS, code, int) or 0 for code in batch.rows(COUNTS)})
        desk.show(
            n.KeysStatus(
                desk.device.keys.device, desk.listed(), batch.raw("uik", "") is not None, left,
                self._identity.code(), tuple(people + plain), tuple(sorted(counts.items())),
                batch.raw(MADE, "") is not None, intent,
            )
        )  # fmt: skip

    def _left(self) -> Flow[int]:
        """How many one-time keys the server has; none of a device that is not listed."""
        try:
            return expect((yield e.AskKeys(0)), e.KeysAre).count
        except ServerRefused:
            return 0

    def make(self, intent: i.MakeRecovery) -> Flow[None]:
        """A code; the one before opens nothing any more."""
        desk = self._desk
        seed = desk.batch().get("uik", "", bytes)
        if seed is None:
            raise Refused("NOT_PRIMARY", "uik", desk.me)
        code = recovery.make(desk.entropy)
        yield from self._backup.put(recovery.close(code, seed, desk.entropy))
        self._note_made()
        desk.show(n.RecoveryCode(code, intent))

    def recover(self, intent: i.Recover) -> Flow[None]:
        """The right to sign one's list, on this device again; it is put on the list, if it is not there."""
        desk = self._desk
        blob = yield from self._backup.ask()
        mine = desk.pin(desk.me)
        if not blob or mine is None:
            raise Refused("NO_RECOVERY", "backup", desk.me)
        try:
            seed = recovery.open(intent.code, blob[:BOX_BYTES])
        except recovery.WrongCode as wrong:
            desk.show(n.Secure("BAD_RECOVERY_CODE", detail=str(wrong), intent=intent))
            return
        if UserKey(seed).public != mine.uik:
            raise Refused("RECOVERY_OUTDATED", "recovered-key", desk.me)
        batch = desk.batch()
        batch.put("uik", "", seed)
        batch.commit()
        self._note_made()
        self._backup.opened(seed, blob)
        if not desk.listed():
            yield from self._devices.add(i.AddDevice(desk.device.keys.device))
            self._identity.changed()
        self.recovered()
        desk.show(n.Secure("RECOVERED", desk.me, intent=intent))

    def reset(self, intent: i.ResetKeys) -> Flow[None]:
        """Another user key, a day from now; or not, after all."""
        desk = self._desk
        if intent.stop:
            expect((yield e.ResetIdentity(0, b"")), e.ResetIs)
            self._forget_next()
            desk.show(n.Secure("RESET_STOPPED", desk.me, intent=intent))
            return
        batch = desk.batch()
        blob, promise = rotating.prepare(batch, desk.entropy)
        batch.commit()
        try:
            begun = expect((yield e.ResetIdentity(0, blob, intent.password or "")), e.ResetIs)
        except ServerRefused:
            self._forget_next()
            raise
        if promise is not None:
            self.promise(promise)
        desk.show(n.Secure("RESET_BEGUN", desk.me, at=begun.at, intent=intent))

    def announced(self, event: e.ResetIs) -> None:
        """The server says that one's keys begin anew, or do not: an alarm on all of one's devices."""
        code = "RESET_BEGUN" if event.at else "RESET_STOPPED"
        self._desk.show(n.Secure(code, self._desk.me, at=event.at))

    def _note_made(self) -> None:
        batch = self._desk.batch()
        batch.put(MADE, "", True)
        batch.commit()

    def _forget_next(self) -> None:
        batch = self._desk.batch()
        rotating.stop(batch)
        batch.commit()
