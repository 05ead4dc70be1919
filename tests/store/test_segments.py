"""Messages become segments and come back; what is not whole is seen."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from chatd.entries import Append, Row
from chatd.store.checksum import segment_checksum
from chatd.store.interface import StoreError
from chatd.store.repeats import window_at
from chatd.store.segments import MOST_BYTES, MOST_ROWS, Batch, Ends, damaged, rows_of, without_text, write_down

APPENDS = some.builds(
    Append, some.integers(1, 3), some.integers(0, 2**42), some.text(some.characters(codec="utf-8"), min_size=1),
    some.binary(min_size=16, max_size=16), some.binary(max_size=300), some.sampled_from(["text", "key"]),
    some.text("+a;=", max_size=4),
)  # fmt: skip


class SegmentTests(SynchronousTestCase):
    """There and back."""

    def back(self, batch: Batch) -> dict[int, tuple[int, Row]]:
        """What a batch would leave in the file: conversation and row by number."""
        found = {}
        for place, conversation, first, last, at, offset, length in json.loads(batch.segments):
            checksum, data = batch.data[offset - 1 :][:8], batch.data[offset + 7 :][:length]
            rows = rows_of(conversation, first, last, data, checksum)
            assert rows is not None
            self.assertEqual(rows[-1].at, at)
            self.assertTrue(len(rows) <= MOST_ROWS and (length <= MOST_BYTES or len(rows) == 1))
            found.update({number: (conversation, row) for number, row in enumerate(rows, place)})
        return found

    def check(self, appends: list[Append]) -> None:
        """Everything is there, under its number, in its order."""
        tried = Ends({2: 70}, 500)
        batch = write_down(appends, Ends({1: 5, 2: 9, 3: 0}, 500), tried)
        heads = {1: 5, 2: 70, 3: 0}
        expected = []
        for append in appends:
            heads[append.conversation] += 1
            fields = append.at, append.sender, append.id, append.body, append.content, append.tags
            expected.append((append.conversation, Row(heads[append.conversation], *fields)))
        found = self.back(batch)
        self.assertEqual([(one.seq, one.at) for one in batch.stored], [(row.seq, row.at) for _, row in expected])
        self.assertCountEqual(found.values(), expected)
        self.assertEqual(sorted(found), list(range(500, 500 + len(appends))))
        self.assertEqual((batch.place, tried.place), (500, 500 + len(appends)))
        self.assertEqual({**heads, **tried.heads}, heads)
        self.assertEqual((json.loads(batch.strays), batch.ids), ([], b""))

    @given(some.lists(APPENDS, min_size=1, max_size=20))
    def test_any_messages(self, appends: list[Append]) -> None:
        self.check(appends)

    def test_many_and_long_ones(self) -> None:
        self.check([Append(1 + number % 2, number, "a", bytes(16), b"x") for number in range(3000)])
        self.check([Append(1 + number % 9 // 8, number, "a", bytes(16), b"x" * 9000) for number in range(60)])
        self.check([Append(1, 1, "a", bytes(16), b"x" * 200_000)] * 3)

    def test_ids_that_need_rows(self) -> None:
        ids = [b"a", b"bb" * 8, b"", b"ccc", b"a"]
        appends = [Append(1 + number % 2, 1, f"s{number}", id, b"") for number, id in enumerate(ids)]
        batch = write_down(appends, Ends({1: 0, 2: 0}, 7), Ends({}, 7), frozenset((b"a", b"", b"ccc")))
        found = [(sender, number, batch.ids[at - 1 : at - 1 + size]) for sender, number, at, size in
                 json.loads(batch.strays)]  # fmt: skip
        self.assertEqual(found, [("s0", 7, b"a"), ("s2", 8, b""), ("s4", 9, b"a"), ("s3", 11, b"ccc")])

    def test_unknown_conversation(self) -> None:
        self.assertRaises(StoreError, write_down, [Append(7, 1, "a", b"i", b"")], Ends({1: 0}, 1), Ends({}, 1))

    def test_what_is_not_whole(self) -> None:
        rows = [Row(seq, 1, "a", b"i", b"") for seq in (4, 5, 6)]
        data = msgspec.msgpack.encode(rows)
        right = segment_checksum(1, 4, data)
        self.assertEqual(rows_of(1, 4, 6, data, right), rows)
        for wrong in ((2, 4, 6), (1, 3, 6), (1, 4, 7), (1, 4, 5)):
            self.assertIsNone(rows_of(*wrong, data, right))
        for other in (data[:-1], b"", msgspec.msgpack.encode([rows[0], rows[2]]), msgspec.msgpack.encode([[4, "x"]])):
            self.assertIsNone(rows_of(1, 4, 6, other, right))
            self.assertIsNone(rows_of(1, 4, 6, other, segment_checksum(1, 4, other)))

    def test_a_field_of_a_later_version_is_ignored(self) -> None:
        data = msgspec.msgpack.encode([[1, 2, "a", b"i", b"body", "text", "tags", "new"]])
        self.assertEqual(
            rows_of(1, 1, 1, data, segment_checksum(1, 1, data)), [Row(1, 2, "a", b"i", b"body", "text", "tags")]
        )

    def test_a_row_without_tags(self) -> None:
        data = msgspec.msgpack.encode([[1, 2, "a", b"i", b"body", "redacted"]])
        self.assertEqual(
            rows_of(1, 1, 1, data, segment_checksum(1, 1, data)), [Row(1, 2, "a", b"i", b"body", "redacted")]
        )

    def test_a_text_is_taken_out(self) -> None:
        rows: list[Any] = [Row(seq, 1, "a", b"i", b"body", "text", "tags") for seq in (4, 5, 6)]
        data = msgspec.msgpack.encode([rows[0], rows[1], [6, 1, "a", b"i", b"body", "text", "tags", "new"]])
        found = without_text(data, 1, "räson")
        rows[1] = Row(5, 1, "a", b"i", "räson".encode(), "redacted")
        self.assertEqual(rows_of(1, 4, 6, found, segment_checksum(1, 4, found)), rows)
        self.assertEqual(msgspec.msgpack.decode(found)[2][-1], "new")

    def test_logs_begin_and_end(self) -> None:
        kept, tried = Ends({1: 5, 2: 6}, 9), Ends({}, 9)
        tried.begin(3)
        for conversation in (1, 2, 3):
            tried.close(conversation)
        tried.begin(2)
        self.assertEqual(tried.closed, (1, 3))
        tried.window = window_at(2**41)
        kept.add(tried)
        self.assertEqual((kept.heads, kept.window), ({2: 0}, tried.window))

    def test_what_is_said(self) -> None:
        self.assertIn("message 3 of conversation 1 is damaged", str(damaged("path", 1, 3, 3)))
        self.assertIn("messages 3 to 9 of conversation 1 are damaged", str(damaged("path", 1, 3, 9)))
