"""An encrypted file leaves this device step by step, and no step of it is ever sealed in two ways.

Rule: it blocks, and runs on a thread of its own, as `disk.py`, which opens the files. One hash of a step's ciphertext
and of all before it is on this disk before a byte of the step is given away. Whoever seals it again, after a cut or a
kill, must come to the same hash: a file that has changed meanwhile is refused. So no nonce ever serves two texts, and
no sealed copy of the file has to be made for that, which would cost its size on the disk, and writing and reading it.
"""

from __future__ import annotations

import os
from typing import Final

from clients.core.e2ee.bodies import CHUNK
from clients.core.e2ee.stream import Stream
from clients.core.jobs import Running

CHUNKS: Final = 24  # in a step; each waits for the disk once
STEP: Final = CHUNKS * CHUNK  # bytes of the file; a few of these are in memory
HASH: Final = 32


class Changed(Exception):
    """The file is not what it was when it was sealed first, or nobody knows any more what it was."""


class Steps:
    """The steps of one file, and what is written down of them behind a descriptor."""

    def __init__(self, stream: Stream, descriptor: int) -> None:
        self._stream = stream
        self._descriptor = descriptor
        self.count = -(-stream.count // CHUNKS)

    def make_room(self) -> bool:
        """Have a place for each hash on the disk, where there is none yet: then a sync is short, as the file does not
        grow. Whether there was none."""
        if os.fstat(self._descriptor).st_size:
            return False
        os.pwrite(self._descriptor, bytes(self.count * HASH), 0)
        os.fsync(self._descriptor)
        return True

    def length(self, number: int) -> int:
        """How many bytes of the file a step has; it begins at `number * STEP`."""
        return max(0, min(STEP, self._stream.size - number * STEP))

    def seal(self, plain: bytes, running: Running, start: int) -> bytes | None:
        """Seal the step that `running` is at. Of the sealed file everything before `start` has been sent already: what
        there is from there on, or None where that begins in a later step. Raises Changed."""
        number = running.added
        begin, _ = self._stream.place(number * CHUNKS)
        sealed = self._sealed(number * CHUNKS, plain)
        running.add(plain, sealed)
        self._agree(number, running.digests()[1], begin < start)
        if begin + len(sealed) > start or number + 1 == self.count:
            return sealed[start - begin :]
        return None

    def _sealed(self, first: int, plain: bytes) -> bytes:
        view, places = memoryview(plain), range(0, max(1, len(plain)), CHUNK)
        return b"".join([self._stream.seal(first + at // CHUNK, view[at : at + CHUNK]) for at in places])

    def _agree(self, number: int, digest: bytes, sent: bool) -> None:
        """This is what a step has come to, and some of it may have been sent: once and for all."""
        known = os.pread(self._descriptor, HASH, number * HASH)
        if any(known) or sent:
            if known != digest:
                raise Changed
            return
        os.pwrite(self._descriptor, digest, number * HASH)
        os.fdatasync(self._descriptor)
