"""The vocabulary of files: opaque bytes that one uploads, and that those they were sent to fetch.

Rule: as in `messages`. A blob's bytes mean nothing to the server, and its id is chosen by the client at random; an
offer of a blob travels as a message (open conversations) or inside mail (encrypted ones).
"""

from __future__ import annotations

from chatd.messages import Value


class CreateBlob(Value, frozen=True, tag="createblob"):
    """Begin, or go on with, an upload. `id`: 16 random bytes; `to`: who may fetch it (`@name`, `#group`, or `!` and
    the hex of an encrypted group). Answered by how far it is.

    `name` and `type` (of media): only of a file that is sent in clear, for those who fetch it with a browser.
    """

    ref: int
    id: bytes
    size: int
    to: list[str]
    name: str = ""
    type: str = ""


class PutBlob(Value, frozen=True, tag="putblob"):
    """Bytes of an upload at an offset. Answered when they are written; a client keeps a window of these unanswered."""

    ref: int
    id: bytes
    offset: int
    data: bytes


class CommitBlob(Value, frozen=True, tag="commitblob"):
    """The upload is whole: keep it, if its SHA-256 is this one. Answered when it is durable."""

    ref: int
    id: bytes
    sha256: bytes


class GetBlob(Value, frozen=True, tag="getblob"):
    """Bytes of a blob."""

    ref: int
    id: bytes
    offset: int
    length: int


class DeleteBlob(Value, frozen=True, tag="deleteblob"):
    """One's own blob, whole or not, is no longer needed."""

    ref: int
    id: bytes


class BlobIs(Value, frozen=True, tag="blobis"):
    """How a blob stands: bytes written, and whether it is whole. `until`: it goes then (ms)."""

    ref: int
    id: bytes
    size: int
    written: int
    committed: bool
    until: int = 0


class BlobData(Value, frozen=True, tag="blobdata"):
    """Bytes of a blob; fewer than asked for only at its end, or where that was more than one answer holds."""

    ref: int
    id: bytes
    offset: int
    data: bytes


Command = CreateBlob | PutBlob | CommitBlob | GetBlob | DeleteBlob

Event = BlobIs | BlobData
