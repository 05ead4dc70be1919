"""One's own devices: which there are, which want to be listed, putting one on the list and striking one out.

Rule: only a device that has the user key signs a list, and only when its person has named the device. A list counts
here when the server has taken it; after a revocation everybody one has written to is told past the server.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatd import encryption as e
from chatd import messages as m
from clients.core import intents as i
from clients.core import notices as n
from clients.core.e2ee import own, pins, sessions
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.devices import MOST_DEVICES, Entry, verify_device
from clients.core.e2ee.refusals import Note, Refused
from clients.core.e2ee.signed import Signed, decode
from clients.core.secure.desk import Desk
from clients.core.secure.flows import Flow, ServerRefused, done, expect
from clients.core.secure.identity import Identity
from clients.core.secure.posting import Posted, Posting

MOST_TRIES: Final = 3
MOST_TOLD: Final = 5  # devices of which a person is told unasked, until the program ends
MOST_OFFERS: Final = 50
MOST_SHOWN: Final = 50
SEEN: Final = "device-seen"
Change = Callable[[Batch], tuple[bytes, list[Note]]]


class Devices:
    """What a person may do with them."""

    def __init__(self, desk: Desk, posting: Posting, identity: Identity) -> None:
        self._desk, self._posting, self._identity = desk, posting, identity
        self._told: set[str] = set()
        self.added: Callable[[str], None] = lambda user: None  # who tells a new device of its groups

    def offered(self, offers: list[bytes]) -> None:
        """Some want to be listed: told once, where that can be done, of the first few that are what they say."""
        if not self._is_primary():
            return
        for entry in self._true(offers):
            if entry.device not in (*self._told, *self._listed()) and len(self._told) < MOST_TOLD:
                self._told.add(entry.device)
                self._desk.show(n.Secure("DEVICE_OFFERED", self._desk.me, detail=entry.device))

    def _true(self, offers: list[bytes]) -> list[Entry]:
        """Those that have signed that they are this person's, as far as a person could ever list them."""
        mine, found = self._desk.pin(self._desk.me), list[Entry]()
        if mine is None:
            return []
        for blob in offers[:MOST_OFFERS]:
            try:
                found.append(verify_device(decode(blob, Signed), mine.user, mine.uik))
            except Refused:
                continue
        return found[:MOST_DEVICES]

    def show(self, intent: i.ListDevices) -> Flow[None]:
        """Those there are."""
        there = dict(expect((yield m.Devices(0)), m.DeviceList).devices[:MOST_SHOWN])
        offers = expect((yield e.AskOffers(0)), e.Offers)
        waiting = {entry.device for entry in self._true(offers.devices)}
        listed, this = self._listed(), self._desk.device.keys.device
        since = self._seen([*listed, *there, *waiting])
        found = [
            n.OwnDevice(
                device, device == this, device in listed, device == this and self._is_primary(), there.get(device, 0),
                device in waiting and device not in listed, since[device],
            )
            for device in dict.fromkeys([*listed, *there, *waiting])
        ]  # fmt: skip
        self._desk.show(n.OwnDevices(tuple(found), self._identity.code(), intent))

    def add(self, intent: i.AddDevice) -> Flow[None]:
        """Put one on the list, as it has signed itself."""
        self._need_key()
        offers = expect((yield e.AskOffers(0)), e.Offers)
        signed = next((blob for blob in offers.devices if _names(blob, intent.device)), None)
        if signed is None or intent.device in self._listed():
            raise Refused("NO_SUCH_DEVICE", "offer", self._desk.me)
        entry, mine = _entry(signed), self._desk.pin(self._desk.me)
        if entry is not None and mine is not None and entry.uik != mine.uik:
            raise Refused("LINK_OTHER_KEY", "offer-key", self._desk.me)
        yield from self._change(lambda batch: own.enlist(batch, decode(signed, Signed)))
        self._desk.show(n.Secure("DEVICE_ADDED", self._desk.me, detail=intent.device, intent=intent))
        if intent.device != self._desk.device.keys.device:
            self.added(self._desk.me)

    def revoke(self, intent: i.RevokeDevice) -> Flow[None]:
        """Strike one out, and take it off the account; all contacts are told."""
        desk, device = self._desk, intent.device
        if device == desk.device.keys.device:
            raise Refused("NO_SUCH_DEVICE", "this", desk.me)
        if device in self._listed():
            self._need_key()
            yield from self._change(lambda batch: own.revoke(batch, device))
            self._tell_contacts()
        try:
            done((yield e.RemoveDevice(0, device)))
        except ServerRefused as refused:
            if refused.failed.code == "no-such-device":
                raise Refused("NO_SUCH_DEVICE", "account", desk.me) from refused
            raise
        desk.show(n.Secure("DEVICE_REVOKED", desk.me, detail=device, intent=intent))

    def ask_offers(self) -> Flow[None]:
        """At the login: perhaps one has asked while nobody was there."""
        self._seen(self._listed())
        if self._is_primary():
            answer = yield e.AskOffers(0)
            if isinstance(answer, e.Offers):
                self.offered(answer.devices)

    # ---- inside ----

    def _seen(self, devices: list[str]) -> dict[str, int]:
        """When this device first saw these, in ms."""
        batch, at = self._desk.batch(), self._desk.wall()
        since = {device: batch.get(SEEN, device, int) or at for device in devices}
        for device, when in since.items():
            batch.put(SEEN, device, when)
        batch.commit()
        return since

    def _change(self, change: Change) -> Flow[None]:
        """Sign the next list; whoever was quicker is learned of first."""
        desk = self._desk
        for tried in range(MOST_TRIES):
            batch = desk.batch()
            blob, _ = change(batch)
            try:
                done((yield e.PutList(0, blob)))
            except ServerRefused as refused:
                if refused.failed.code != "conflict" or tried == MOST_TRIES - 1:
                    raise
                yield from desk.learn(desk.me)
            else:
                batch.commit()
                return

    def _tell_contacts(self) -> None:
        """The new list, past the server, to every device that one has a session with."""
        batch = self._desk.batch()
        mine = pins.find(batch, self._desk.me)
        for user in batch.rows(pins.TABLE):
            pin = pins.find(batch, user)
            known = pin.known() if pin is not None and user != self._desk.me else None
            for entry in known.devices.values() if known else ():
                if sessions.has(batch, entry.device) and mine is not None:
                    self._desk.flows.start("lists:" + entry.device, self._tell(entry, mine.version - 1))

    def _tell(self, entry: Entry, since: int) -> Flow[None]:
        yield from ()
        desk, batch = self._desk, self._desk.batch()
        sending = desk.outgoing.tell_list(batch, entry, since, desk.wall(), {})
        self._posting.note(batch, sending, Posted())
        batch.commit()
        self._posting.post(sending)

    def _is_primary(self) -> bool:
        return self._desk.batch().raw("uik", "") is not None

    def _need_key(self) -> None:
        if not self._is_primary():
            raise Refused("NOT_PRIMARY", "uik", self._desk.me)

    def _listed(self) -> list[str]:
        pin = self._desk.pin(self._desk.me)
        known = pin.known() if pin is not None else None
        return list(known.devices) if known is not None else []


def _entry(blob: bytes) -> Entry | None:
    """What a device says of itself, still to be checked; None for something else."""
    try:
        return decode(decode(blob, Signed).raw, Entry)
    except Refused:
        return None


def _names(blob: bytes, device: str) -> bool:
    entry = _entry(blob)
    return entry is not None and entry.device == device
