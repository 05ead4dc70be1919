"""At rest: how a row lies on the disk, and how the store's key is kept.

Rule: pure. Every row is a box of AES-256-GCM with a random nonce, closed over its table, its name and its version, so
that no row can be put in another's place. A pickle has a key of its own, fresh at each write, inside that box. The
store's key is 32 random bytes and lies on the disk only wrapped under another key; making that other one of a
passphrase or of the system's keyring is not done here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeVar

import msgspec

from clients.core.e2ee.batch import Place
from clients.core.e2ee.keys import KEY_BYTES, NONCE_BYTES, BoxKey, Entropy, derive, open_box, seal_box
from clients.core.e2ee.refusals import Refused
from clients.core.e2ee.signed import Bytes32, encode

T = TypeVar("T")

VERSION: Final = 1
PURPOSES: Final = frozenset({"state", "history", "files"})


class Sealing(Protocol):
    """A session or an account: what vodozemac can pickle."""

    def seal(self, key: bytes) -> str:
        """Everything, secrets too, under 32 bytes."""


class Pickled(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """A pickle with the key that was made for it alone."""

    key: Bytes32
    sealed: str


def pickled(thing: Sealing, entropy: Entropy) -> Pickled:
    """With a fresh key."""
    key = entropy(KEY_BYTES)
    return Pickled(key, thing.seal(key))


def unpickled(unseal: Callable[[str, bytes], T], row: Pickled) -> T:
    """The thing again. Raises Refused."""
    try:
        return unseal(row.sealed, row.key)
    except ValueError as error:
        raise Refused("STORE_TAMPERED", "pickle") from error


def subkey(store_key: bytes, purpose: str) -> bytes:
    """The key for one purpose."""
    assert purpose in PURPOSES, purpose
    return derive(store_key, "store/" + purpose)


class Seal:
    """The key of one purpose at work."""

    def __init__(self, store_key: bytes, purpose: str, entropy: Entropy) -> None:
        self._key = BoxKey(subkey(store_key, purpose))
        self._entropy = entropy

    def close(self, table: str, row: str, plain: bytes) -> bytes:
        """A row as it lies on the disk, under a fresh nonce."""
        return self._key.seal(self._entropy(NONCE_BYTES), plain, _about(table, row))

    def open(self, table: str, row: str, box: bytes) -> bytes:
        """What the row says. Raises Refused where the key, the table, the name, the version or a bit is another one."""
        return self._key.open(box, _about(table, row))


def wrap(store_key: bytes, wrapping: bytes, nonce: bytes) -> bytes:
    """The store's key under the one that a passphrase or the keyring gives."""
    return seal_box(wrapping, nonce, store_key, b"chatd/v1/store-key")


def unwrap(box: bytes, wrapping: bytes) -> bytes:
    """The store's key. Raises Refused: the passphrase is another one."""
    try:
        return open_box(wrapping, box, b"chatd/v1/store-key")
    except Refused as refused:
        raise Refused("STORE_LOCKED", "wrap") from refused


class Rows(Protocol):
    """Boxes on a disk. Names are seen there, contents are not."""

    def read(self, table: str, row: str) -> bytes | None:
        """One box, or None."""

    def rows(self, table: str, prefix: str = "") -> list[str]:
        """The names of the rows that open so, sorted."""

    def write(self, changes: Mapping[Place, bytes | None]) -> None:
        """All or nothing."""


class SealedStorage:
    """A Storage whose rows lie in boxes. `owner`: whose rows these are, where several share a disk and a key."""

    def __init__(self, inner: Rows, seal: Seal, owner: str = "") -> None:
        self._inner = inner
        self._seal = seal
        self._owner = owner

    def read(self, table: str, row: str) -> bytes | None:
        box = self._inner.read(table, row)
        return None if box is None else self._seal.open(self._owner + table, row, box)

    def rows(self, table: str, prefix: str = "") -> list[str]:
        return self._inner.rows(table, prefix)

    def write(self, changes: Mapping[Place, bytes | None]) -> None:
        self._inner.write(self.sealed(changes))

    def sealed(self, changes: Mapping[Place, bytes | None]) -> dict[Place, bytes | None]:
        """The same changes as they go to the disk."""
        return {place: None if value is None else self._closed(place, value) for place, value in changes.items()}

    def _closed(self, place: Place, value: bytes) -> bytes:
        table, row = place
        return self._seal.close(self._owner + table, row, value)


def _about(table: str, row: str) -> bytes:
    return encode(["row", table, row, VERSION])
