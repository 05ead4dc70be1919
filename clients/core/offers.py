"""Files as values: what a message says of one, what is kept of one on its way, and amounts for people.

Rule: pure. In an open conversation a file is a message whose text says so to everybody, with a tag that says the rest
(`chatd/wire/offer.py`); in an encrypted one the manifest does.
"""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

from chatd.wire.offer import Offer as Offer
from chatd.wire.offer import offered as offered
from chatd.wire.offer import tags as tags

UNITS: Final = ("bytes", "KB", "MB", "GB", "TB")
TABLE: Final = "file"  # where rows of files lie in the local database

UP: Final = "up"
DOWN: Final = "down"
# what becomes of a file: of those that go up, and of those that come down
PREPARING, SENDING, OFFERING, SENT = "preparing", "sending", "offering", "sent"
OFFERED, WANTED, RECEIVED, DECLINED = "offered", "wanted", "received", "declined"
FAILED: Final = "failed"
UNDER_WAY: Final = frozenset({PREPARING, SENDING, OFFERING, WANTED})


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """A file on its way, up or down. `to`: for whom (up), or in which conversation it came (down).

    `path`: what is read (up), or where it grows and then lies (down); `output`: where it is wanted. `blob_size` and
    `blob_hash`: of what the server has. `manifest`: of an encrypted one. `messages`: the ids of those that offer it.
    `readers`: whom the server knows it is for, where that is not as one writes it.
    """

    offer: Offer
    way: str
    state: str
    to: tuple[str, ...]
    sender: str
    at: int
    path: str = ""
    output: str = ""
    blob_size: int = 0
    blob_hash: bytes = b""
    manifest: bytes = b""
    messages: tuple[bytes, ...] = ()
    why: str = ""
    readers: tuple[str, ...] = ()

    @property
    def row(self) -> str:
        """Its row's name."""
        return self.offer.id.hex()


_encode = msgspec.msgpack.Encoder().encode
_kept = msgspec.msgpack.Decoder(Kept).decode


def sentence(offer: Offer) -> str:
    """The text of the message that offers a file: what everybody sees whose program knows no files."""
    return f"File: {offer.name} ({amount(offer.size)})"


def amount(size: float) -> str:
    """So many bytes, as people say it: 1 byte, 999 bytes, 1.2 MB."""
    if size == 1:
        return "1 byte"
    unit = 0
    while size >= 999.5 and unit < len(UNITS) - 1:
        size /= 1000
        unit += 1
    return f"{size:.0f} {UNITS[unit]}" if unit == 0 or size >= 99.5 else f"{size:.1f} {UNITS[unit]}"


def span(seconds: float) -> str:
    """So long, as people say it: 5 s, 2 min 3 s, 3 h 20 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min" if whole < 360_000 else "days"


def pack(kept: Kept) -> bytes:
    """The row of a file."""
    return _encode(kept)


class Storage(Protocol):
    """Where rows lie."""

    def read(self, table: str, row: str) -> bytes | None:
        """One row."""

    def rows(self, table: str, prefix: str = "") -> list[str]:
        """The names of a table's rows."""


def stored(storage: Storage) -> list[Kept]:
    """All files that are kept, the oldest first; what another version wrote and this one cannot read is left alone."""
    found = []
    for name in storage.rows(TABLE):
        try:
            found.append(_kept(storage.read(TABLE, name) or b""))
        except (msgspec.DecodeError, ValueError):
            continue
    return sorted(found, key=lambda kept: kept.at)
