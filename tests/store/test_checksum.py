"""No two segments share a checksum's input."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from chatd.store.checksum import segment_checksum

NUMBERS = some.integers(-(2**63), 2**63 - 1)
FIELDS = some.tuples(some.integers(0, 1), some.integers(0, 1), some.binary(max_size=2))


class ChecksumTests(SynchronousTestCase):
    """Eight bytes for a segment."""

    def test_it_stays_what_it_is(self) -> None:
        """Stored segments are compared with it: it may never change."""
        self.assertEqual(segment_checksum(1, 2, b"data").hex(), "51e309c968740ec7")

    @given(FIELDS, FIELDS)
    def test_different_segments_differ(self, one: tuple[int, int, bytes], other: object) -> None:
        assert isinstance(other, tuple)
        self.assertEqual(segment_checksum(*one) == segment_checksum(*other), one == other)

    @given(NUMBERS, NUMBERS, some.integers(0, 9), some.binary())
    def test_any_segment_has_one(self, conversation: int, first: int, many: int, data: bytes) -> None:
        """And it is the same however the data is taken."""
        whole = data + bytes(1920 * many)
        place = b"".join(number.to_bytes(8, "little", signed=True) for number in (conversation, first))
        wanted = hashlib.blake2b(place + whole, digest_size=8).digest()
        self.assertEqual(segment_checksum(conversation, first, whole), wanted)
