"""This installation's keys: a vodozemac account, its id, and how it proves to be itself.

Rule: pure but for the random numbers vodozemac draws; the secret leaves only sealed, under the profile's key.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Self

from vodozemac import Account

from chatd.messages import DEVICE_LABEL, DeviceKeys

KEY_BYTES = 32


class Device:
    """One installation: made once, kept in the profile."""

    def __init__(self, account: Account) -> None:
        self._account = account
        ed25519 = _raw(account.ed25519_key.to_base64())
        curve25519 = _raw(account.curve25519_key.to_base64())
        self.keys = DeviceKeys(device_id(ed25519, curve25519), ed25519, curve25519)

    @classmethod
    def make(cls) -> Self:
        """A new installation."""
        return cls(Account())

    @classmethod
    def unseal(cls, sealed: str, key: bytes) -> Self:
        """The installation that `seal` wrote. Raises ValueError for a wrong key."""
        return cls(Account.from_pickle(sealed, key))

    def seal(self, key: bytes) -> str:
        """Everything, secrets too, encrypted under 32 bytes."""
        return self._account.pickle(key)

    def sign(self, label: bytes, challenge: bytes, binding: bytes, name: str) -> bytes:
        """The proof of `docs/protocol.md`: good for this challenge, this channel and this name only."""
        device = self.keys.device.encode()
        signed = label + challenge + binding + device + b"\0" + name.encode()
        return _raw(self._account.sign(signed).to_base64())


def device_id(ed25519: bytes, curve25519: bytes) -> str:
    """The id that belongs to these keys and to no others."""
    digest = hashlib.sha256(DEVICE_LABEL + ed25519 + curve25519).digest()
    return base64.b32encode(digest[:10]).decode().lower()


def _raw(unpadded: str) -> bytes:
    return base64.b64decode(unpadded + "=" * (-len(unpadded) % 4))
