"""A file on its way: cut into chunks, each encrypted so that it opens alone, in its own place, and in no other.

Rule: STREAM (Hoang et al. 2015) with AES-256-GCM. A chunk's nonce is its number and whether it is the last, and all are
closed over the file's id and size: reordered, swapped, cut, extended or spliced, the file is refused at that chunk.
A key and an id serve one file, once: a sender makes the ciphertext once and keeps it until it is committed. The hashes
in the manifest give it one meaning, since GCM alone does not.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from clients.core.e2ee.bodies import CHUNK, Manifest
from clients.core.e2ee.keys import KEY_BYTES, Entropy, decrypt, derive, encrypt, same
from clients.core.e2ee.refusals import Check, Refused, require
from clients.core.e2ee.signed import encode

VERSION: Final = 1
ID_BYTES: Final = 16
TAG_BYTES: Final = 16
SEALED_CHUNK: Final = CHUNK + TAG_BYTES
SMALL: Final = 1 << 20  # below, a file is padded to whole chunks, so that its size says little
MOST_CHUNKS: Final = 1 << 32


class Opened(NamedTuple):
    """A chunk that decrypted, with its padding, and how much of it the file has."""

    plain: bytes
    length: int
    padded: int


class Whole(NamedTuple):
    """A file that came to its end, and what was computed of it."""

    manifest: Manifest
    plain_hash: bytes
    cipher_hash: bytes


MANIFEST_CHECKS: Final = (
    Check[Manifest]("file-chunk", "FILE_CORRUPT", lambda it: it.chunk == CHUNK),
    Check[Manifest]("file-size", "FILE_CORRUPT", lambda it: chunks(it.size) <= MOST_CHUNKS),
)
CHUNK_CHECKS: Final = (
    Check[Opened]("chunk-length", "FILE_CORRUPT", lambda it: len(it.plain) == it.padded),
    Check[Opened]("chunk-padding", "FILE_CORRUPT", lambda it: not any(it.plain[it.length :])),
)
WHOLE_CHECKS: Final = (
    Check[Whole]("file-plain", "FILE_CORRUPT", lambda it: same(it.plain_hash, it.manifest.plain_hash)),
    Check[Whole]("file-cipher", "FILE_CORRUPT", lambda it: same(it.cipher_hash, it.manifest.cipher_hash)),
)


class Stream:
    """The chunks of one file. They are sealed and opened in any order; `sealed_size` bytes lie one after the other."""

    def __init__(self, fid: bytes, file_key: bytes, size: int) -> None:
        self.fid = fid
        self.file_key = file_key
        self.size = size
        self.count = chunks(size)
        self.sealed_size = padded(size) + TAG_BYTES * self.count
        self._key = derive(file_key, "file", salt=fid)
        self._about = encode([VERSION, fid, size, CHUNK])

    @classmethod
    def begin(cls, size: int, entropy: Entropy) -> Stream:
        """For sending a file of this many bytes: a key and an id that nothing else has. The id names the blob, too."""
        return cls(entropy(ID_BYTES), entropy(KEY_BYTES), size)

    @classmethod
    def of(cls, manifest: Manifest) -> Stream:
        """For receiving what a message speaks of. Raises Refused."""
        require(MANIFEST_CHECKS, manifest)
        return cls(manifest.fid, manifest.file_key, manifest.size)

    def manifest(self, name: str, mime: str, plain_hash: bytes, cipher_hash: bytes) -> Manifest:
        """What goes into the message, once all is sealed. SHA-256 of the file, and of all sealed chunks in order."""
        return Manifest(self.fid, self.file_key, self.size, CHUNK, name, mime, plain_hash, cipher_hash)

    def place(self, index: int) -> tuple[int, int]:
        """Where a sealed chunk begins, and how many bytes it has."""
        return index * SEALED_CHUNK, self._padded(index) + TAG_BYTES

    def length(self, index: int) -> int:
        """How many bytes of the file are in a chunk; it begins at `index * CHUNK`."""
        return max(0, min(CHUNK, self.size - index * CHUNK))

    def seal(self, index: int, plain: bytes | memoryview) -> bytes:
        """A chunk as it travels. `plain` is exactly what the file has there: a ValueError otherwise."""
        if not 0 <= index < self.count or len(plain) != self.length(index):
            raise ValueError(f"chunk {index} of {self.count} does not have {len(plain)} bytes")
        if len(plain) < self._padded(index):
            plain = bytes(plain).ljust(self._padded(index), b"\0")
        return encrypt(self._key, self._nonce(index), plain, self._about)

    def open(self, index: int, sealed: bytes | memoryview) -> bytes:
        """What the file has in a chunk. Raises Refused (FILE_CORRUPT): it is not this chunk, whole and untouched."""
        if not 0 <= index < self.count:
            raise Refused("FILE_CORRUPT", "chunk-number")
        plain = decrypt(self._key, self._nonce(index), sealed, self._about)
        if plain is None:
            raise Refused("FILE_CORRUPT", "chunk")
        length = self.length(index)
        require(CHUNK_CHECKS, Opened(plain, length, self._padded(index)))
        return plain[:length]

    def _padded(self, index: int) -> int:
        return min(CHUNK, padded(self.size) - index * CHUNK)

    def _nonce(self, index: int) -> bytes:
        last = index == self.count - 1
        return bytes(7) + index.to_bytes(4, "big") + bytes([last])


def chunks(size: int) -> int:
    """How many a file of this size has; an empty one has one."""
    return max(1, -(-size // CHUNK))


def padded(size: int) -> int:
    """How many bytes are encrypted for a file of this size."""
    return chunks(size) * CHUNK if size < SMALL else size


def finish(manifest: Manifest, plain_hash: bytes, cipher_hash: bytes) -> None:
    """May what was received get its name? Only if it is the one file that the manifest means. Raises Refused."""
    require(WHOLE_CHECKS, Whole(manifest, plain_hash, cipher_hash))
