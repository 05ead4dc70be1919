"""Tests of clients.core.e2ee.stream: case A19, and that a file goes through whole, in any order of its chunks."""

from __future__ import annotations

import hashlib
import random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee import stream
from clients.core.e2ee.bodies import CHUNK, Manifest, Said
from clients.core.e2ee.keys import derive, encrypt
from clients.core.e2ee.refusals import Refused
from clients.core.e2ee.signed import encode
from clients.core.e2ee.stream import SEALED_CHUNK, SMALL, TAG_BYTES, Stream
from tests.clients.core.e2ee.kit import people, refused, talked

RANDOM = random.Random(19)
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, SMALL - 1, SMALL, SMALL + 1)


def sent(content: bytes, name: str = "hw1.pdf") -> tuple[Manifest, list[bytes]]:
    """What a sender makes of a file."""
    file = Stream.begin(len(content), RANDOM.randbytes)
    sealed = [file.seal(index, content[index * CHUNK :][:CHUNK]) for index in range(file.count)]
    hashes = hashlib.sha256(content).digest(), hashlib.sha256(b"".join(sealed)).digest()
    return file.manifest(name, "application/pdf", *hashes), sealed


def received(manifest: Manifest, blob: bytes) -> bytes:
    """What a receiver makes of it. Raises Refused."""
    file = Stream.of(manifest)
    content = b""
    for index in range(file.count):
        at, length = file.place(index)
        content += file.open(index, blob[at : at + length])
    stream.finish(manifest, hashlib.sha256(content).digest(), hashlib.sha256(blob).digest())
    return content


def corrupt_at(manifest: Manifest, blob: bytes) -> int | None:
    """The first chunk that is refused."""
    file = Stream.of(manifest)
    for index in range(file.count):
        at, length = file.place(index)
        try:
            file.open(index, blob[at : at + length])
        except Refused as found:
            assert found.code == "FILE_CORRUPT"
            return index
    return None


class WholeTests(SynchronousTestCase):
    """Nobody tampers."""

    def test_a19_sizes(self) -> None:
        for size in SIZES:
            content = RANDOM.randbytes(size)
            manifest, sealed = sent(content)
            self.assertEqual(received(manifest, b"".join(sealed)), content)
            self.assertEqual(sum(map(len, sealed)), Stream.of(manifest).sealed_size)

    def test_what_the_server_sees_of_the_size(self) -> None:
        whole = {size: len(b"".join(sent(bytes(size))[1])) for size in SIZES}
        self.assertEqual({whole[0], whole[1], whole[CHUNK]}, {SEALED_CHUNK})
        self.assertEqual(
            (whole[CHUNK + 1], whole[SMALL - 1], whole[SMALL]), (2 * SEALED_CHUNK, *[16 * SEALED_CHUNK] * 2)
        )
        self.assertEqual(whole[SMALL + 1], 16 * SEALED_CHUNK + 1 + TAG_BYTES)

    def test_any_order(self) -> None:
        content = RANDOM.randbytes(5 * CHUNK + 7)
        manifest, sealed = sent(content)
        order = [3, 0, 5, 4, 1, 2]
        file = Stream.of(manifest)
        opened = {index: file.open(index, sealed[index]) for index in order}
        self.assertEqual(b"".join(opened[index] for index in sorted(opened)), content)

    @settings(max_examples=20)
    @given(st.integers(0, 3 * CHUNK), st.integers(0, 3))
    def test_a19_interrupted_and_resumed(self, size: int, stop: int) -> None:
        """A new program goes on at the chunk where the old one was killed, on both sides: the same bytes."""
        content = RANDOM.randbytes(size)
        manifest, sealed = sent(content)
        again = Stream(manifest.fid, manifest.file_key, manifest.size)
        self.assertEqual([again.seal(index, content[index * CHUNK :][:CHUNK]) for index in range(again.count)], sealed)
        before, after = Stream.of(manifest), Stream.of(manifest)
        chunks = [(before if index < stop else after).open(index, sealed[index]) for index in range(before.count)]
        self.assertEqual(b"".join(chunks), content)

    def test_inside_a_message(self) -> None:
        _, (alice, bob) = people("alice", "bob")
        talked(alice, bob)
        manifest, sealed = sent(b"homework")
        alice.say("bob", "", body=Said("here", files=[manifest]))
        bob.fetch()
        body = bob.delivered[-1].body
        assert isinstance(body, Said)
        self.assertEqual(received(body.files[0], b"".join(sealed)), b"homework")

    def test_a_key_and_an_id_for_each_sending(self) -> None:
        (one, first), (other, second) = sent(b"same"), sent(b"same")
        self.assertNotEqual(one.fid, other.fid)
        self.assertNotEqual(one.file_key, other.file_key)
        self.assertNotEqual(first, second)

    def test_wrong_use(self) -> None:
        file = Stream.begin(CHUNK + 1, RANDOM.randbytes)
        for index, plain in ((0, b"x"), (1, b""), (1, b"xx"), (2, b""), (-1, b"x")):
            self.assertRaises(ValueError, file.seal, index, plain)


class FormatTests(SynchronousTestCase):
    """As the specification has it, computed another way."""

    def test_nonce_key_and_description(self) -> None:
        file = Stream(b"f" * 16, b"k" * 32, SMALL + 5)
        key, about = derive(b"k" * 32, "file", b"f" * 16), encode([1, b"f" * 16, SMALL + 5, 65_536])
        first = encrypt(key, bytes(7) + b"\0\0\0\0" + b"\0", bytes(CHUNK), about)
        last = encrypt(key, bytes(7) + b"\0\0\0\x10" + b"\1", b"12345", about)
        self.assertEqual((file.seal(0, bytes(CHUNK)), file.seal(16, b"12345")), (first, last))


class TamperedTests(SynchronousTestCase):
    """A19: refused at that chunk, and nothing gets its name."""

    def setUp(self) -> None:
        self.content = RANDOM.randbytes(SMALL + 2 * CHUNK + 9)
        self.manifest, self.sealed = sent(self.content)
        self.last = len(self.sealed) - 1

    def at(self, chunks: list[bytes]) -> int | None:
        """Where it is refused."""
        blob = b"".join(chunks)
        self.assertEqual(refused(lambda: received(self.manifest, blob)), "FILE_CORRUPT")
        return corrupt_at(self.manifest, blob)

    def test_a19_last_chunk_dropped(self) -> None:
        self.assertEqual(self.at(self.sealed[:-1]), self.last)

    def test_a19_chunks_swapped(self) -> None:
        chunks = [*self.sealed]
        chunks[3], chunks[7] = chunks[7], chunks[3]
        self.assertEqual(self.at(chunks), 3)

    def test_a19_chunk_of_another_file(self) -> None:
        _, other = sent(self.content)
        self.assertEqual(self.at([*self.sealed[:5], other[5], *self.sealed[6:]]), 5)
        key = self.manifest.file_key
        for file in (
            Stream(b"x" * 16, key, self.manifest.size),
            Stream(self.manifest.fid, key, self.manifest.size + 1),
        ):
            spliced = file.seal(5, self.content[5 * CHUNK :][:CHUNK])
            self.assertEqual(self.at([*self.sealed[:5], spliced, *self.sealed[6:]]), 5)

    def test_a19_chunk_cut_and_extended(self) -> None:
        self.assertEqual(self.at([*self.sealed[:4], self.sealed[4][:-1], *self.sealed[5:]]), 4)
        self.assertEqual(self.at([*self.sealed[:4], self.sealed[4] + b"x", *self.sealed[5:]]), 5)
        self.assertEqual(self.at([*self.sealed[:-1], self.sealed[-1][:-1]]), self.last)

    def test_a19_bit_flipped(self) -> None:
        for index, byte in ((0, 0), (8, 40_000), (self.last, 2), (self.last, 24)):
            chunks = [bytearray(one) for one in self.sealed]
            chunks[index][byte] ^= 1
            self.assertEqual(self.at([bytes(one) for one in chunks]), index)

    def test_a19_extended_behind_the_end(self) -> None:
        blob = b"".join(self.sealed) + b"more"
        self.assertIsNone(corrupt_at(self.manifest, blob))
        self.assertEqual(refused(lambda: received(self.manifest, blob)), "FILE_CORRUPT")

    def test_a19_manifest_shortened(self) -> None:
        """Another size is another file: its first chunk is refused."""
        for size in (0, CHUNK, 5 * CHUNK, self.manifest.size - 1, self.manifest.size + 1):
            manifest = msgspec.structs.replace(self.manifest, size=size)
            self.assertEqual(corrupt_at(manifest, b"".join(self.sealed)), 0)

    def test_a19_manifest_with_another_chunk(self) -> None:
        for chunk in (1, CHUNK // 2, CHUNK - 1):
            manifest = msgspec.structs.replace(self.manifest, chunk=chunk)
            self.assertEqual(refused(lambda it=manifest: Stream.of(it)), "FILE_CORRUPT")  # type: ignore[misc]
        huge = msgspec.structs.replace(self.manifest, size=CHUNK << 32)
        Stream.of(huge)
        self.assertEqual(
            refused(lambda: Stream.of(msgspec.structs.replace(huge, size=huge.size + 1))), "FILE_CORRUPT"
        )  # fmt: skip

    def test_numbers_that_no_chunk_has(self) -> None:
        file = Stream.of(self.manifest)
        for index in (-1, file.count, 1 << 32):
            self.assertEqual(refused(lambda at=index: file.open(at, self.sealed[0])), "FILE_CORRUPT")  # type: ignore[misc]

    def test_one_meaning(self) -> None:
        """Whoever has the key can make another file under the same name and size: the hashes are of one only."""
        other = bytes(self.manifest.size)
        file = Stream.of(self.manifest)
        sealed = b"".join(file.seal(index, other[index * CHUNK :][:CHUNK]) for index in range(file.count))
        self.assertIsNone(corrupt_at(self.manifest, sealed))
        self.assertEqual(refused(lambda: received(self.manifest, sealed)), "FILE_CORRUPT")
        plain, cipher = self.manifest.plain_hash, self.manifest.cipher_hash
        stream.finish(self.manifest, plain, cipher)
        for hashes in ((plain, b"x" * 32), (b"x" * 32, cipher)):
            self.assertEqual(refused(lambda it=hashes: stream.finish(self.manifest, *it)), "FILE_CORRUPT")  # type: ignore[misc]

    def test_a_sender_who_hides_something_in_the_padding(self) -> None:
        """With the key one may close anything over the right description: the form is checked after that."""
        key, about = derive(b"k" * 32, "file", b"f" * 16), encode([1, b"f" * 16, 5, CHUNK])
        file, nonce = Stream(b"f" * 16, b"k" * 32, 5), bytes(11) + b"\1"
        honest = b"12345".ljust(CHUNK, b"\0")
        self.assertEqual(file.open(0, encrypt(key, nonce, honest, about)), b"12345")
        for plain in (honest[:-1] + b"x", b"123456".ljust(CHUNK, b"\0"), honest[:-1], honest + b"\0", b"12345"):
            sealed = encrypt(key, nonce, plain, about)
            self.assertEqual(refused(lambda it=sealed: file.open(0, it)), "FILE_CORRUPT")  # type: ignore[misc]
