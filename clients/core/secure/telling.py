"""What programs say to each other on their own: one device, one thing, in order.

Rule: of what a device is told, each goes after what it was told before, so that a step of a comparison never overtakes
another one.
"""

from __future__ import annotations

from clients.core.e2ee import pins, sessions
from clients.core.e2ee.bodies import Body
from clients.core.e2ee.devices import Entry
from clients.core.secure.desk import Desk
from clients.core.secure.flows import Flow
from clients.core.secure.posting import Posted, Posting


class Telling:
    """To other devices, past their people."""

    def __init__(self, desk: Desk, posting: Posting) -> None:
        self._desk, self._posting = desk, posting

    def tell(self, entry: Entry, kind: str, body: Body) -> None:
        """Over Olm, with a key that is claimed where there is no session. What is refused is told as a stop."""
        self._desk.flows.start("tell:" + entry.device, self._tell(entry, kind, body))

    def tell_contacts(self, kind: str, body: Body) -> None:
        """Every device that one has talked to, one's own others among them."""
        batch = self._desk.batch()
        for user in batch.rows(pins.TABLE):
            pin = pins.find(batch, user)
            known = pin.known() if pin is not None and pin.trust != pins.CHANGED else None
            for entry in known.devices.values() if known else ():
                if sessions.has(batch, entry.device):
                    self.tell(entry, kind, body)

    def _tell(self, entry: Entry, kind: str, body: Body) -> Flow[None]:
        desk = self._desk
        claims = yield from desk.claim(lambda batch: [entry])
        batch = desk.batch()
        sending = desk.outgoing.tell(batch, entry, kind, body, desk.wall(), claims)
        self._posting.note(batch, sending, Posted())
        batch.commit()
        self._posting.post(sending)
