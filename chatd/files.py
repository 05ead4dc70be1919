"""The folder of blobs: opaque bytes on disk, under names that are made of digits only.

Rule: every function blocks and is called off the reactor. An upload is `HEX.part` and grows at its end only; when it is
whole and has the hash that its owner says, it is synced and renamed to `HEX`, which never changes again. The id of a
blob comes from outside, but what becomes of it is 32 hexadecimal digits. No link is ever followed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Final

from chatd.early import Early

PIECE: Final = 1 << 20  # bytes at once, where a whole file is read
OPEN: Final = os.O_NOFOLLOW | os.O_CLOEXEC
NAME: Final = re.compile(r"([0-9a-f]{32})(\.part)?")
FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
LOCKS: Final = 64
MOST_RUNNING: Final = 1_000  # hashes that are kept up with; of other uploads the file is read when it is whole


class BadBlob(Exception):
    """The disk says no; `code` is one of docs/protocol.md."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Running:
    """The SHA-256 of what has come so far, so that nothing has to be read again at the end."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.length = 0

    def add(self, data: bytes) -> None:
        """So much more."""
        self._hash.update(data)
        self.length += len(data)

    def digest(self) -> bytes:
        """Of all of it."""
        return self._hash.digest()


class Folder:
    """The blobs of one server."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self._locks = [Lock() for _ in range(LOCKS)]
        self._running: dict[bytes, Running] = {}  # of uploads that began here
        self._early: dict[bytes, Early] = {}  # of uploads of which something came here

    def whole(self, blob: bytes) -> Path:
        """Where it lies when it is whole."""
        return self.path / blob.hex()

    def part(self, blob: bytes) -> Path:
        """Where it grows."""
        return self.path / (blob.hex() + ".part")

    def _lock(self, blob: bytes) -> Lock:
        return self._locks[blob[0] % LOCKS]

    # ---- uploads ----

    def begin(self, blob: bytes, size: int) -> int:
        """Begin an upload or go on with it; how many bytes there are."""
        with self._lock(blob):
            if self.whole(blob).exists():  # whoever renamed it did not come to say so
                return size
            descriptor = os.open(self.part(blob), os.O_WRONLY | os.O_CREAT | OPEN, 0o600)
            try:
                written = os.fstat(descriptor).st_size
                if written > size:
                    os.ftruncate(descriptor, 0)
                    written = 0
                if not written and len(self._running) < MOST_RUNNING:
                    self._running[blob] = Running()
                return written
            finally:
                os.close(descriptor)

    def put(self, blob: bytes, offset: int, data: bytes) -> int:
        """Put bytes at the end of an upload; how many there are then. Raises BadBlob `bad-offset`."""
        with self._lock(blob):
            descriptor = self._open(self.part(blob), os.O_WRONLY)
            try:
                if os.fstat(descriptor).st_size != offset:
                    raise BadBlob("bad-offset", "This file does not go on there; ask how far it is.")
                end = offset + len(data)
                running = self._running.pop(blob, None)
                view = memoryview(data)
                while offset < end:
                    offset += os.pwrite(descriptor, view[len(data) - (end - offset) :], offset)
                if running is not None:
                    running.add(data)
                    self._running[blob] = running
                self._early.setdefault(blob, Early()).written(descriptor, len(data))
                return end
            finally:
                os.close(descriptor)

    def commit(self, blob: bytes, size: int, sha256: bytes) -> None:
        """An upload is whole. Raises BadBlob `blob-incomplete`, or `blob-damaged`: then it has to begin again."""
        with self._lock(blob):
            running = self._running.pop(blob, None)
            if (early := self._early.pop(blob, None)) is not None:
                early.wait()
            part, whole = self.part(blob), self.whole(blob)
            path = whole if whole.exists() else part
            descriptor = self._open(path, os.O_RDONLY)
            try:
                written = os.fstat(descriptor).st_size
                if written < size:
                    raise BadBlob("blob-incomplete", f"Of this file {written} of {size} bytes are here.")
                known = running is not None and running.length == written
                if written > size or (running.digest() if running and known else digest(descriptor)) != sha256:
                    os.unlink(path)
                    raise BadBlob("blob-damaged", "What came is not what was sent; begin again.")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if path is part:
                os.rename(part, whole)
            sync_folder(self.path)

    def remove(self, blob: bytes) -> None:
        """Take a blob away, whole or not, if it is there."""
        with self._lock(blob):
            self._running.pop(blob, None)
            self._early.pop(blob, None)
            self.whole(blob).unlink(missing_ok=True)
            self.part(blob).unlink(missing_ok=True)

    # ---- reading ----

    def get(self, blob: bytes, offset: int, length: int) -> bytes:
        """Bytes of a whole blob."""
        descriptor = self._open(self.whole(blob), os.O_RDONLY)
        try:
            return os.pread(descriptor, length, offset)
        finally:
            os.close(descriptor)

    @staticmethod
    def _open(path: Path, flags: int) -> int:
        try:
            return os.open(path, flags | OPEN)
        except FileNotFoundError:
            raise BadBlob("no-such-blob", "There is no such file, or not any more.") from None

    # ---- the whole folder ----

    def collect(self, kept: Mapping[bytes, bool]) -> list[str]:
        """Take away what nobody knows of (`kept`: the blobs there are, and whether they are whole); what that was."""
        gone = []
        for entry in os.scandir(self.path):
            found = NAME.fullmatch(entry.name)
            if found is None:
                continue  # somebody else's
            blob = bytes.fromhex(found[1])
            if blob not in kept or (kept[blob] and found[2]):
                os.unlink(entry.path)
                gone.append(entry.name)
        return gone


def refused(error: OSError) -> BadBlob:
    """What to say to somebody about an error of the disk."""
    if error.errno in FULL:
        return BadBlob("storage-full", "The server's disk is full; nothing more was kept. Tell your admin.")
    return BadBlob("storage-failed", "The server's disk has failed; tell your admin.")


def digest(descriptor: int) -> bytes:
    """The SHA-256 of an open file."""
    found, offset = hashlib.sha256(), 0
    while piece := os.pread(descriptor, PIECE, offset):
        found.update(piece)
        offset += len(piece)
    return found.digest()


def sync_folder(path: Path) -> None:
    """Have the names in a folder on the disk."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
