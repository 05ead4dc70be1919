"""What transfers want of the disk, and what comes of it: values only.

Rule: a job names everything it needs; who does it (`disk.py`) knows nothing of transfers. `stream`: the file travels
encrypted, so what is on this disk and what the server has differ; offsets and sizes named `blob` are of the latter.
"""

from __future__ import annotations

import hashlib

import msgspec

from chatd.early import Early
from clients.core.e2ee.stream import Stream


class Running:
    """The SHA-256 of a file, and of what travels of it, as far as that has gone by here: then it need not be read again
    at the end. `early`: of a file that comes, most of it is on the disk by then.

    Only the disk looks inside; who gives it to one job gives it to none before that one is done.
    """

    def __init__(self) -> None:
        self._plain, self._blob = hashlib.sha256(), hashlib.sha256()
        self.length = self.added = 0  # bytes of the file; pieces
        self.early = Early()

    def add(self, plain: bytes | memoryview, blob: bytes | memoryview) -> None:
        """A piece, as it is and as it travels."""
        self.added += 1
        self._plain.update(plain)
        if blob is not plain:
            self._blob.update(blob)
        self.length += len(plain)

    def digests(self) -> tuple[bytes, bytes]:
        """Of the file, and (if it was encrypted) of what travelled."""
        return self._plain.digest(), self._blob.digest()


class Job(msgspec.Struct, frozen=True):
    """What every job has in common: the file's id."""

    id: bytes


class Prepare(Job, frozen=True):
    """Look at a file that is to be sent: its size, and with `hashes` its hash."""

    path: str
    hashes: bool = True


class Read(Job, frozen=True):
    """Bytes of what is being sent."""

    path: str
    offset: int
    length: int
    running: Running | None = None


class Seal(Job, frozen=True):
    """The same of a file that is sent encrypted: what there is from `offset` on in the next step (`steps.py`), sealed.
    `steps`: where it is written down what was sealed. `running` says which step is the next; all before `offset` has
    been sent, so of what lies before it nothing comes, but it is looked at."""

    path: str
    steps: str
    offset: int
    stream: Stream
    running: Running


class Open(Job, frozen=True):
    """Begin to write a file that comes, or go on. `output`: the folder or the file that was wanted; where nothing was,
    it is `name` in `folder`. `path`: where it was begun earlier."""

    folder: str
    name: str
    output: str
    path: str
    blob_size: int
    stream: Stream | None = None


class Write(Job, frozen=True):
    """The next bytes of a file that comes, in pieces as they came."""

    path: str
    offset: int
    data: tuple[bytes, ...]
    stream: Stream | None = None
    running: Running | None = None

    @property
    def size(self) -> int:
        """How many bytes that are."""
        return sum(map(len, self.data))


class Finish(Job, frozen=True):
    """All bytes are there: look whether they are right, and give the file its name, or one beside it."""

    path: str
    name: str
    output: str
    size: int
    sha256: bytes
    stream: Stream | None = None
    blob_hash: bytes = b""
    running: Running | None = None


class Remove(Job, frozen=True):
    """What is there is no longer needed."""

    path: str


class Prepared(msgspec.Struct, frozen=True):
    """What a file is. `path`: what is to be read for sending."""

    name: str
    size: int
    sha256: bytes
    type: str
    path: str


class Ready(msgspec.Struct, frozen=True):
    """Bytes that may be sent now."""

    offset: int
    data: bytes


class Opened(msgspec.Struct, frozen=True):
    """Where a file grows, and how much of the blob it has."""

    path: str
    offset: int


class Written(msgspec.Struct, frozen=True):
    """How much of the blob is there now."""

    offset: int


class Finished(msgspec.Struct, frozen=True):
    """Where the file lies."""

    path: str


class Removed(msgspec.Struct, frozen=True):
    """It is gone."""


class Trouble(msgspec.Struct, frozen=True):
    """The disk could not; `code` is for scripts: `no-such-file`, `not-a-file`, `disk-full`, `disk`, `changed`,
    `FILE_CORRUPT`."""

    code: str
    text: str


Outcome = Prepared | Ready | Opened | Written | Finished | Removed | Trouble
