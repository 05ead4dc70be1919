"""No two messages share a checksum's input."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from chatd.store.checksum import row_checksum

NUMBERS = some.integers(-(2**63), 2**63 - 1)
SHORT = some.text("ab", max_size=2)
FIELDS = some.tuples(
    some.integers(0, 1), some.integers(0, 1), some.integers(0, 1), SHORT, some.binary(max_size=2), SHORT,
    some.binary(max_size=2),
)  # fmt: skip


class ChecksumTests(SynchronousTestCase):
    """Eight bytes for a row."""

    def test_it_stays_what_it_is(self) -> None:
        """Stored rows are compared with it: it may never change."""
        self.assertEqual(row_checksum(1, 2, 3, "alice", b"i" * 16, "text", b"hi").hex(), "6bdcdad795c98bf0")

    @given(FIELDS, FIELDS)
    def test_different_rows_differ(self, one: tuple[int, int, int, str, bytes, str, bytes], other: object) -> None:
        assert isinstance(other, tuple)
        self.assertEqual(row_checksum(*one) == row_checksum(*other), one == other)

    @given(NUMBERS, NUMBERS, NUMBERS, some.text(some.characters(codec="utf-8")), some.binary(), some.binary())
    def test_any_row_has_one(self, conversation: int, seq: int, at: int, sender: str, id: bytes, body: bytes) -> None:
        self.assertEqual(len(row_checksum(conversation, seq, at, sender, id, "text", body)), 8)
