"""Bytes with a signature, and the strict way from bytes to values.

Rule: what is signed is `raw`, a MessagePack array in fixed order, behind a label that says what it is. It is verified
as it came and decoded after that; nothing is encoded again to be verified, so there is no canonical form to get wrong.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from clients.core.e2ee.refusals import Refused

T = TypeVar("T")

LABELS: Final = frozenset({"device", "devlist", "otk", "group", "roster", "uik-rotate", "franking", "file"})
NOTHING: Final = bytes(32)  # where a chain begins

Bytes16 = Annotated[bytes, Meta(min_length=16, max_length=16)]
Bytes32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
Bytes64 = Annotated[bytes, Meta(min_length=64, max_length=64)]
Name = Annotated[str, Meta(min_length=1, max_length=128)]
DeviceId = Annotated[str, Meta(min_length=16, max_length=16)]
Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class Signed(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """Bytes and the signature over their label and them."""

    raw: Annotated[bytes, Meta(max_length=65_536)]
    signature: Bytes64


def labelled(label: str, raw: bytes) -> bytes:
    """What is really signed: the same bytes never mean two things."""
    assert label in LABELS, label
    return b"chatd/v1/" + label.encode() + b"\0" + raw


def encode(value: Any) -> bytes:
    """A value as MessagePack."""
    return msgspec.msgpack.encode(value)


def decode(raw: bytes, kind: type[T]) -> T:
    """Bytes as a value of this type and nothing else. Raises Refused."""
    try:
        return msgspec.msgpack.decode(raw, type=kind)
    except (ValueError, RecursionError) as error:  # msgspec's own are ValueErrors, and so is a UnicodeDecodeError
        raise Refused("MALFORMED", kind.__name__) from error


def digest(raw: bytes) -> bytes:
    """SHA-256: what the next link of a chain names, and what people gossip about."""
    return hashlib.sha256(raw).digest()
