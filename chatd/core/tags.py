"""The server's tag on mail, by which it knows later that somebody sent just this, without having read it.

Rule: HMAC-SHA256 over commitment, sender, conversation and time; the first byte says by which key. A key is good for
a year after its successor was made. Without a key there is no tag, and no report is genuine.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Final

import msgspec

from chatd.core.limits import DAY
from chatd.sealed import TagKeyGone, TagKeyMade

YEAR: Final = 365 * DAY * 1000  # ms
KEY_BYTES: Final = 32


class Tags:
    """The keys, newest last. `on`: new mail is tagged."""

    def __init__(self) -> None:
        self.on = True
        self._keys: dict[int, TagKeyMade] = {}

    def load(self, keys: Iterable[TagKeyMade]) -> None:
        """Take in what the store gives back: ascending by number."""
        self._keys = {key.number: key for key in keys}

    def make(self, commitment: bytes, sender: str, conversation: str, at: int) -> bytes:
        """The tag of an item; empty where there is none."""
        if not self.on or not self._keys:
            return b""
        newest = next(reversed(self._keys.values()))
        return bytes([newest.number % 256]) + _mac(newest.key, commitment, sender, conversation, at)

    def genuine(self, tag: bytes, commitment: bytes, sender: str, conversation: str, at: int) -> bool:
        """Whether this server has tagged this."""
        return any(
            hmac.compare_digest(tag, bytes([key.number % 256]) + _mac(key.key, commitment, sender, conversation, at))
            for key in self._keys.values()
        )

    def renewed(self, now: int, key: bytes) -> list[TagKeyMade | TagKeyGone]:
        """What to keep where a new key (`key`) is due, and where an old one is too old; nothing else changes."""
        newest = next(reversed(self._keys.values()), None)
        changes: list[TagKeyMade | TagKeyGone] = []
        if self.on and (newest is None or now - newest.made >= YEAR):
            changes.append(TagKeyMade(newest.number + 1 if newest is not None else 1, key, now))
        for old, successor in zip(self._keys.values(), list(self._keys.values())[1:], strict=False):
            if now - successor.made >= YEAR:
                changes.append(TagKeyGone(old.number))
        return changes

    def change(self, changes: Iterable[TagKeyMade | TagKeyGone]) -> None:
        """What was kept is so from here on."""
        for change in changes:
            if isinstance(change, TagKeyMade):
                self._keys[change.number] = change
            else:
                self._keys.pop(change.number, None)


def _mac(key: bytes, commitment: bytes, sender: str, conversation: str, at: int) -> bytes:
    told = msgspec.msgpack.encode([commitment, sender, conversation, at])
    return hmac.digest(key, told, "sha256")
