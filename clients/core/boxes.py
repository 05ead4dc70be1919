"""What of the local database is closed, and over what: a text, a token and a key open in their own place only.

Rule: pure. A message's box is closed over its account, place, time, id and people, so that no text can be put under
another's name; its conversation is not in it, because groups get other names. Nothing here raises but Refused.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from clients.core.device import Device
from clients.core.e2ee.keys import Account, Entropy
from clients.core.e2ee.refusals import Refused
from clients.core.e2ee.signed import decode, encode
from clients.core.e2ee.store import Pickled, Seal, pickled, unpickled
from clients.core.outbox import Outgoing


class Place(NamedTuple):
    """Which message of an account it is, in the order of `schema.FIND_MESSAGE`."""

    seq: int
    at: int
    sender: str
    id: bytes
    own: int
    peer: str


class Body(msgspec.Struct, array_like=True, frozen=True):
    """What a message's box holds. New fields go to the end, with a default. `edits`: of one on its way."""

    text: str
    edits: bytes = b""


class Boxes:
    """The seals of an open profile."""

    def __init__(self, key: bytes, entropy: Entropy) -> None:
        self.state = Seal(key, "state", entropy)
        self._texts = Seal(key, "history", entropy)

    def close_message(self, account: int, place: Place, text: str) -> bytes:
        """A message that is kept."""
        return self._texts.close("message", _message(account, place), encode(Body(text)))

    def open_message(self, account: int, place: Place, box: bytes) -> str:
        """Its text."""
        return decode(self._texts.open("message", _message(account, place), box), Body).text

    def close_outgoing(self, account: int, item: Outgoing) -> bytes:
        """A message on its way."""
        body = Body(item.text, item.edits)
        return self._texts.close("outbox", _outgoing(account, item.id, item.to, item.at), encode(body))

    def open_outgoing(self, account: int, id: bytes, to: str, box: bytes, at: int) -> Outgoing:
        """The message."""
        body = decode(self._texts.open("outbox", _outgoing(account, id, to, at), box), Body)
        return Outgoing(id, to, body.text, at, body.edits)

    def close_token(self, account: int, token: bytes) -> bytes:
        """What resumes a session; nothing where there is none."""
        return self.state.close("token", str(account), token) if token else b""

    def open_token(self, account: int, box: bytes) -> bytes:
        """The token."""
        return self.state.open("token", str(account), box) if box else b""

    def close_device(self, account: int, server: str, device: str) -> bytes:
        """The keys that a name on a server belongs to."""
        return self.state.close("account", f"{account} {server}", device.encode())

    def open_device(self, account: int, server: str, box: bytes) -> str:
        """Those keys."""
        return self.state.open("account", f"{account} {server}", box).decode()


def device_text(device: Device, entropy: Entropy) -> str:
    """A device's keys as an account keeps them."""
    return msgspec.json.encode(pickled(device, entropy)).decode()


def device_of(text: str) -> Account:
    """The device again, with all that encryption asks of it. Raises Refused."""
    try:
        return unpickled(Account.unseal, msgspec.json.decode(text, type=Pickled))
    except msgspec.MsgspecError as error:
        raise Refused("STORE_TAMPERED", "device") from error


def owner(account: int) -> str:
    """Whose rows of encryption these are, for `e2ee.store.SealedStorage`."""
    return f"{account}/"


def _message(account: int, place: Place) -> str:
    """One text for one place: names have no spaces."""
    return f"{account} {place.seq} {place.at} {place.id.hex()} {int(place.own)} {place.sender} {place.peer}"


def _outgoing(account: int, id: bytes, to: str, at: int) -> str:
    return f"{account} {at} {id.hex()} {to}"
