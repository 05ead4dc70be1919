"""Tests of clients.core.e2ee.copying: what was said comes to a new device whole, and from nobody but oneself."""

from __future__ import annotations

import hashlib
import random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee import copying
from clients.core.e2ee.bodies import CHUNK, Copied
from clients.core.e2ee.copying import MOST_RECORD, Copy, Header, Reader, announced, written
from clients.core.e2ee.refusals import Note, Refused
from clients.core.e2ee.signed import encode
from clients.core.e2ee.stream import Stream
from tests.clients.core.e2ee.kit import Phone, people, refused, talked

RANDOM = random.Random(6)
COPIES = [Copy("dm:alice:bob", bytes([n]) * 16, "alice" if n % 2 else "bob", n, f"text {n} é") for n in range(200)]


def file(copies: list[Copy], user: str = "bob") -> bytes:
    """All of it."""
    return b"".join(written(user, "device", 5, copies))


def read(data: bytes, size: int) -> list[Copy]:
    """In pieces of this size. Raises Refused."""
    reader, found = Reader("bob"), list[Copy]()
    for at in range(0, len(data), size):
        found += reader.feed(data[at : at + size])
    reader.end()
    return found


class FormTests(SynchronousTestCase):
    """The file's inside."""

    def setUp(self) -> None:
        self.data = file(COPIES)

    def test_there_and_back(self) -> None:
        for size in (1, 7, CHUNK, len(self.data)):
            self.assertEqual(read(self.data, size), COPIES)

    def test_not_whole(self) -> None:
        for data in (self.data[:-1], self.data + b"\0", b"", self.data[:-60]):
            self.assertEqual(refused(lambda it=data: read(it, CHUNK)), "MALFORMED")  # type: ignore[misc]

    def test_not_ones_own_or_of_another_time(self) -> None:
        header = encode(Header(2, "bob", "device", 5, 0))
        for data in (file(COPIES, "eve"), len(header).to_bytes(4, "big") + header):
            self.assertEqual(refused(lambda it=data: read(it, CHUNK)), "MALFORMED")  # type: ignore[misc]

    def test_a_record_that_says_it_is_huge(self) -> None:
        """It is refused before it is waited for."""
        reader = Reader("bob")
        self.assertEqual(refused(lambda: reader.feed((MOST_RECORD + 1).to_bytes(4, "big"))), "MALFORMED")

    def test_what_is_too_long_is_left_out(self) -> None:
        long = Copy("c" * 300, b"i" * 16, "bob", 1, "x" * 40_000)
        self.assertEqual(read(file([*COPIES, long]), CHUNK), COPIES)

    @settings(max_examples=50)
    @given(st.binary(max_size=500), st.integers(0, 400), st.integers(1, 64))
    def test_any_bytes(self, raw: bytes, at: int, size: int) -> None:
        data = self.data[:at] + raw + self.data[at + len(raw) :]
        try:
            read(data[:3_000], size)
        except Refused as found:
            self.assertEqual(found.code, "MALFORMED")


class TravelTests(SynchronousTestCase):
    """From bob's phone to bob's new tablet."""

    def setUp(self) -> None:
        self.server, (self.alice, self.bob) = people("alice", "bob")
        talked(self.alice, self.bob)
        self.tablet = Phone(self.server, "bob", self.bob)
        self.data = file(COPIES)
        self.stream = Stream.begin(len(self.data), RANDOM.randbytes)
        self.blob = [
            self.stream.seal(index, self.data[index * CHUNK :][:CHUNK]) for index in range(self.stream.count)
        ]  # fmt: skip
        hashes = hashlib.sha256(self.data).digest(), hashlib.sha256(b"".join(self.blob)).digest()
        self.body = announced(self.stream, len(COPIES), *hashes)

    def test_to_ones_own_device(self) -> None:
        self.bob.tell(self.tablet, "history", self.body)
        self.tablet.fetch()
        self.assertEqual(self.tablet.notes[-1], Note("HISTORY_OFFERED", "bob", len(COPIES), self.bob.device))
        body = self.tablet.delivered[-1].body
        assert isinstance(body, Copied)
        there, reader, found = Stream.of(body.file), Reader("bob"), list[Copy]()
        for index, sealed in enumerate(self.blob):
            found += reader.feed(there.open(index, sealed))
        reader.end()
        self.assertEqual(found, COPIES)

    def test_from_nobody_else(self) -> None:
        self.alice.tell(self.bob, "history", self.body)
        self.bob.fetch()
        self.assertEqual(self.bob.dropped[-1].check, "copied-own")

    def test_another_kind_of_file(self) -> None:
        for lie, code in (({"mime": "text/plain"}, "MALFORMED"), ({"chunk": 1}, "FILE_CORRUPT")):
            file = msgspec.structs.replace(self.body.file, **lie)
            self.bob.tell(self.tablet, "history", Copied(file, 1))
            self.tablet.fetch()
            self.assertEqual(self.tablet.dropped[-1].code, code)

    def test_nothing_proves_it(self) -> None:
        """A copy has no key and no tag: it cannot be shown to a moderator as said."""
        self.assertEqual(set(Copy.__struct_fields__) & {"kf", "tag", "commitment"}, set())
        self.assertEqual(self.body.file.name, copying.NAME)
