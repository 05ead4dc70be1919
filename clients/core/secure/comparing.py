"""Being sure of somebody: the number to compare, what a person says of it, and going on after a key has changed.

Rule: what counts as compared is the number that was shown, not the one there is by now. What was held back of somebody
comes in after a decision, in order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from clients.core import intents as i
from clients.core import notices as n
from clients.core.e2ee import pins
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.numbers import safety_number
from clients.core.e2ee.receiving import Arrived
from clients.core.e2ee.refusals import Refused
from clients.core.secure.desk import SHOWN, Desk
from clients.core.secure.flows import Flow

TABLE: Final = "compared"  # the key whose number was shown last, of each person
NEW: Final = "new"  # of a changed key: it is another than the one whose number was shown


class Comparing:
    """What a person may decide about another one's key. `again`: takes in what was held back."""

    def __init__(self, desk: Desk, again: Callable[[list[Arrived]], None]) -> None:
        self._desk, self._again = desk, again

    def verify(self, intent: i.Verify) -> Flow[None]:
        """The number, or what was said of it."""
        desk = self._desk
        if desk.is_me(intent.name):
            raise Refused("VERIFY_SELF", "self", desk.me)
        user = yield from desk.learn(intent.name)
        pin = desk.pin(user)
        assert pin is not None, "learn has refused somebody without keys"
        decide = _ANSWERS.get(intent.answer)
        if decide is None or (intent.answer == "yes" and desk.batch().raw(TABLE, user) is None):
            self._show(pin, intent)
            return
        batch = desk.batch()
        code = decide(batch, pin)
        batch.commit()
        if intent.answer != "resume" and pin.trust == pins.CHANGED:
            yield from desk.learn(user)  # the lists under the new key
        desk.show(n.Secure(code, user, desk.to(user), intent=intent))
        self._again(desk.incoming.held(desk.batch(), user))

    def _show(self, pin: pins.Pin, intent: i.Verify) -> None:
        """The number of the key there is, or of the one that was not accepted."""
        desk = self._desk
        mine, changed = desk.pin(desk.me), pin.trust == pins.CHANGED
        if mine is None:
            raise Refused("NOT_READY", "own-key", desk.me)
        uik = pin.offered if changed else pin.uik
        batch = desk.batch()
        batch.put(TABLE, pin.user, uik)
        batch.commit()
        number = safety_number((desk.me, mine.uik), (pin.user, uik))
        desk.show(n.Compare(pin.user, number, SHOWN[pin.trust], changed, intent))


def _same(batch: Batch, pin: pins.Pin) -> str:
    """The numbers were the same."""
    shown = batch.get(TABLE, pin.user, bytes) or b""
    if shown != (pin.offered if pin.trust == pins.CHANGED else pin.uik):
        raise Refused("IDENTITY_CHANGED", NEW, pin.user)
    pins.compared(batch, pin.user, shown)
    return "VERIFIED"


def _accept(batch: Batch, pin: pins.Pin) -> str:
    """Take the new key as it is."""
    if pin.trust != pins.CHANGED:
        raise Refused("KEY_NOT_CHANGED", "pin-accept", pin.user)
    if pin.was != pins.SEEN:
        raise Refused("COMPARE_AGAIN", "pin-accept", pin.user)
    pins.accept(batch, pin.user)
    return "KEY_ACCEPTED"


def _resume(batch: Batch, pin: pins.Pin) -> str:
    """Go on with the devices that are known."""
    if not pin.forked and pin.promised <= pin.version:
        raise Refused("NOTHING_PAUSED", "pin-resume", pin.user)
    pins.resume(batch, pin.user)
    return "RESUMED"


_ANSWERS: Final[dict[str, Callable[[Batch, pins.Pin], str]]] = {"yes": _same, "accept": _accept, "resume": _resume}
