"""What was said, copied to a new device of one's own: an encrypted file whose keys come over Olm, from oneself only.

Rule: it is what the other device says that was said, and is shown as *imported*: it has no commitment and no tag, so
it proves nothing and cannot be reported. It is read piece by piece, bounded; a piece that is not well formed ends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from clients.core.e2ee import own
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.bodies import MOST_TEXT, Copied
from clients.core.e2ee.receiving import Delivered, Incoming
from clients.core.e2ee.refusals import Check, Note, Refused, require
from clients.core.e2ee.signed import Bytes16, Name, Number, decode, encode
from clients.core.e2ee.stream import Stream

VERSION: Final = 1
LENGTH_BYTES: Final = 4
MOST_RECORD: Final = 32_768
MIME: Final = "application/x-chatd-history"
NAME: Final = "history"


class Header(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """Whose it is, which device wrote it, and how many records follow."""

    version: int
    user: Name
    device: Name
    made_at: Number
    count: Number


class Copy(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """One message as it was kept: where, by whom, when, and what."""

    conv: Annotated[str, Meta(min_length=1, max_length=300)]
    msg_id: Bytes16
    sender: Name
    sent_at: Number
    text: Annotated[str, Meta(max_length=MOST_TEXT)]
    form: Annotated[str, Meta(max_length=16)] = "text"
    answers: Annotated[bytes, Meta(max_length=16)] = b""


class Offered(NamedTuple):
    """An announcement, who makes it, and to whom."""

    body: Copied
    sender: str
    me: str


OFFER_CHECKS: Final = (
    # somebody else could put words into anybody's mouth
    Check[Offered]("copied-own", "BINDING_MISMATCH", lambda it: it.sender == it.me),
    Check[Offered]("copied-type", "MALFORMED", lambda it: it.body.file.mime == MIME),
)


def written(user: str, device: str, now: int, copies: Iterable[Copy]) -> Iterator[bytes]:
    """The file, piece by piece, oldest first. What is longer than a record may be is left out."""
    records = [raw for copy in copies if len(raw := encode(copy)) <= MOST_RECORD]
    for raw in (encode(Header(VERSION, user, device, now, len(records))), *records):
        yield len(raw).to_bytes(LENGTH_BYTES, "big") + raw


class Reader:
    """The way back: fed with what the stream opens, in order. Raises Refused, and is not used after that."""

    def __init__(self, user: str) -> None:
        self._user = user
        self._rest = b""
        self.header: Header | None = None
        self.read = 0

    def feed(self, data: bytes) -> list[Copy]:
        """The records that are whole now."""
        self._rest += data
        found: list[Copy] = []
        while (raw := self._next()) is not None:
            if self.header is None:
                self.header = self._begun(decode(raw, Header))
            else:
                found.append(decode(raw, Copy))
                self.read += 1
        return found

    def end(self) -> None:
        """Was that all of it?"""
        if self._rest or self.header is None or self.read != self.header.count:
            raise Refused("MALFORMED", "copied-end", self._user)

    def _next(self) -> bytes | None:
        length = int.from_bytes(self._rest[:LENGTH_BYTES], "big")
        if length > MOST_RECORD:
            raise Refused("MALFORMED", "copied-length", self._user)
        end = LENGTH_BYTES + length
        if len(self._rest) < max(end, LENGTH_BYTES + 1):
            return None
        raw, self._rest = self._rest[LENGTH_BYTES:end], self._rest[end:]
        return raw

    def _begun(self, header: Header) -> Header:
        if (header.version, header.user) != (VERSION, self._user):
            raise Refused("MALFORMED", "copied-header", self._user)
        return header


def announced(stream: Stream, count: int, plain_hash: bytes, cipher_hash: bytes) -> Copied:
    """What the new device is told (`Outgoing.tell`, kind `history`)."""
    return Copied(stream.manifest(NAME, MIME, plain_hash, cipher_hash), count)


def install(incoming: Incoming) -> None:
    """Listen for it."""
    incoming.hooks["history"] = _arrived


def _arrived(batch: Batch, delivered: Delivered, now: int) -> list[Note]:
    body, sender, me = delivered.body, delivered.sender, own.myself(batch).user
    assert isinstance(body, Copied)
    require(OFFER_CHECKS, Offered(body, sender.user, me), sender.user)
    Stream.of(body.file)
    return [Note("HISTORY_OFFERED", me, body.count, sender.device)]
