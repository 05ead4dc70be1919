"""What is said inside: one struct for each kind of message, and which kinds each channel carries.

Rule: values only; strict, so that what is not known is refused and not guessed. A file's keys are data here.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from clients.core.e2ee.franking import Evidence
from clients.core.e2ee.refusals import Refused
from clients.core.e2ee.signed import Bytes16, Bytes32, Bytes64, Name, Number, Signed, decode

EDIT: Final = "edit"
MOST_TEXT: Final = 4_096  # bytes; more goes as a file
MOST_REASON: Final = 500
MOST_LISTED: Final = 256
CHUNK: Final = 65_536
SessionId = Annotated[str, Meta(min_length=1, max_length=64)]


class Body(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """What every body has in common: arrays in fixed order, nothing unknown."""


class Manifest(Body, frozen=True):
    """A file: its keys, and the hashes that give it one meaning. `name` is hostile until it was made harmless."""

    fid: Bytes16
    file_key: Bytes32
    size: Number
    chunk: Annotated[int, Meta(ge=1, le=CHUNK)]
    name: Annotated[str, Meta(max_length=255)]
    mime: Annotated[str, Meta(max_length=127)]
    plain_hash: Bytes32
    cipher_hash: Bytes32


class Said(Body, frozen=True):
    """A message: `msg` to a person, `sync` to one's own devices, `gmsg` in a group. `form`: `text`, `notice`, or
    `edit`: it is the new text of what it answers. Another one is read as `text`."""

    text: Annotated[str, Meta(max_length=MOST_TEXT)]
    form: Annotated[str, Meta(max_length=16)] = "text"
    files: Annotated[list[Manifest], Meta(max_length=32)] = []
    answers: Annotated[bytes, Meta(max_length=16)] = b""

    @property
    def edits(self) -> bytes:
        """The id of the message whose new text it says it is; empty for none."""
        return self.answers if self.form == EDIT and not self.files else b""


class Receipt(Body, frozen=True):
    """These were read; it also keeps the ratchet turning."""

    ids: Annotated[list[Bytes16], Meta(max_length=MOST_LISTED)]


class Lists(Body, frozen=True):
    """One's own signed lists, past the server."""

    chain: Annotated[list[bytes], Meta(max_length=MOST_LISTED)]


class Reset(Body, frozen=True):
    """A new session was opened, because an old one no longer works."""


class Resend(Body, frozen=True):
    """These batches could not be read."""

    send_ids: Annotated[list[Bytes16], Meta(max_length=MOST_LISTED)]


class GroupKey(Body, frozen=True):
    """A group session, from `index` on, and the member list its owner had."""

    gid: Bytes16
    session_id: SessionId
    key: Annotated[bytes, Meta(max_length=512)]
    index: Number
    n: Number
    head: Bytes32


class GroupHead(Body, frozen=True):
    """Where a group's log stands; to a joiner with all of it; with the name and topic where they are new."""

    gid: Bytes16
    n: Number
    head: Bytes32
    snapshot: Signed | None = None
    name: Annotated[str, Meta(max_length=128)] = ""
    topic: Annotated[str, Meta(max_length=512)] = ""
    salt: Annotated[bytes, Meta(max_length=16)] = b""


class Comparing(Body, frozen=True):
    """A step of comparing short strings."""

    transaction: Bytes16
    device: Name
    value: Annotated[bytes, Meta(max_length=512)] = b""


class Vouching(Body, frozen=True):
    """A version of a roster, as its signer's device signed it."""

    signed: Signed


class Rotating(Body, frozen=True):
    """The next user key, signed by the old one and by itself."""

    raw: Annotated[bytes, Meta(max_length=512)]
    by_old: Bytes64
    by_new: Bytes64


class Reported(Body, frozen=True):
    """A message that somebody was sent, with the proof, to a moderator."""

    evidence: Evidence
    reason: Annotated[str, Meta(max_length=MOST_REASON)]


OLM_KINDS: Final[dict[str, type[Body]]] = {
    "msg": Said,
    "sync": Said,
    "receipt": Receipt,
    "devlist": Lists,
    "session_reset": Reset,
    "resend": Resend,
    "group_key": GroupKey,
    "group_head": GroupHead,
    "roster": Vouching,
    "uik_rotate": Rotating,
    "report": Reported,
    "sas_start": Comparing,
    "sas_accept": Comparing,
    "sas_key": Comparing,
    "sas_mac": Comparing,
    "sas_cancel": Comparing,
}
MEGOLM_KINDS: Final[dict[str, type[Body]]] = {"gmsg": Said}


def read_body(kinds: dict[str, type[Body]], kind: str, raw: bytes) -> Body:
    """The value of a body. Raises Refused."""
    if kind not in kinds:
        raise Refused("UNKNOWN_KIND", "body")
    body = decode(raw, kinds[kind])
    if isinstance(body, Said):
        check_length(body)
    return body


def check_length(said: Said) -> None:
    """Longer texts go as files. Raises Refused, on both sides."""
    if len(said.text.encode()) > MOST_TEXT:
        raise Refused("MALFORMED", "text-length")
