"""No two segments share a checksum's input."""

from __future__ import annotations

import zlib

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from chatd.store.checksum import former_checksum, is_intact, segment_checksum

NUMBERS = some.integers(-(2**63), 2**63 - 1)
FIELDS = some.tuples(some.integers(0, 1), some.integers(0, 1), some.binary(max_size=2))


class ChecksumTests(SynchronousTestCase):
    """Eight bytes for a segment."""

    def test_it_stays_what_it_is(self) -> None:
        """Stored segments are compared with it: it may never change."""
        self.assertEqual(segment_checksum(1, 2, b"data").hex(), "2b123e0a9b010004")
        self.assertEqual(former_checksum(1, 2, b"data").hex(), "51e309c968740ec7")
        for made in (segment_checksum, former_checksum):
            self.assertTrue(is_intact(1, 2, b"data", made(1, 2, b"data")))
            for other in ((1, 3, b"data"), (2, 2, b"data"), (1, 2, b"dat"), (1, 2, b"datb"), (1, 2, b"")):
                self.assertFalse(is_intact(*other, made(1, 2, b"data")))

    @given(FIELDS, FIELDS)
    def test_different_segments_differ(self, one: tuple[int, int, bytes], other: object) -> None:
        assert isinstance(other, tuple)
        self.assertEqual(segment_checksum(*one) == segment_checksum(*other), one == other)

    @given(NUMBERS, NUMBERS, some.integers(0, 9), some.binary())
    def test_any_segment_has_one(self, conversation: int, first: int, many: int, data: bytes) -> None:
        """And it is the same however the data is taken."""
        whole = data + bytes(4096 * many)
        place = b"".join(number.to_bytes(8, "little", signed=True) for number in (conversation, first))
        wanted = zlib.crc32(place + whole).to_bytes(4, "little") + zlib.adler32(whole).to_bytes(4, "little")
        self.assertEqual(segment_checksum(conversation, first, whole), wanted)
