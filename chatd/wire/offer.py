"""What a message says of a file that it offers: a client-only tag beside a text that everybody can read.

Rule: pure; no state. Whatever a tag holds, the answer is an Offer or None. Only open conversations have such tags; in
encrypted ones the message itself says it. A name comes from others: whoever shows or writes it makes it harmless first.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Final, Protocol
from urllib.parse import quote

import msgspec
from msgspec import Meta

TAG: Final = "+chatd/file"
MOST_TAG: Final = 1024


class Offer(msgspec.Struct, frozen=True, array_like=True):
    """A file that somebody may fetch. `sha256` is of the file."""

    id: Annotated[bytes, Meta(min_length=16, max_length=16)]
    name: Annotated[str, Meta(max_length=255)]
    size: Annotated[int, Meta(ge=0, le=1 << 53)]
    sha256: Annotated[bytes, Meta(min_length=32, max_length=32)]
    type: Annotated[str, Meta(max_length=127)] = ""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Offer).decode


def tags(offer: Offer) -> str:
    """The tag of the message that offers a file."""
    return f"{TAG}={base64.urlsafe_b64encode(_encode(offer)).decode().rstrip('=')}"


def offered(text: str) -> Offer | None:
    """The file that a message's tags offer; None where they offer none, or make no sense."""
    for tag in text.split(";"):
        key, _, value = tag.partition("=")
        if key == TAG and len(value) <= MOST_TAG:
            try:
                return _decode(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))
            except (msgspec.DecodeError, binascii.Error, ValueError):
                return None
    return None


class Named(Protocol):
    """A file that has a link."""

    @property
    def id(self) -> bytes:
        """Its id."""

    @property
    def name(self) -> str:
        """What it is called."""


def path_of(file: Named) -> str:
    """Where browsers find a file, on its server."""
    return f"/files/{file.id.hex()}/{in_a_path(file.name)}"


def in_a_path(name: str) -> str:
    """A name as one part of a path, or as a parameter of a header (RFC 8187)."""
    return quote(name.replace("/", "_"), safe="")
