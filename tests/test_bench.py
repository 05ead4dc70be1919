"""The pure parts of the bench: counting in a cut stream, statistics, the table. Nothing here measures time."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd.wire.pack import decode_command, encode_command, encode_event, frame
from tests.bench.counting import ACCEPTED, ID_BYTES, MESSAGE, NEWLINE, RANDOM_BYTES, Frames, Tally, last_seq
from tests.bench.people import END, IN_FLIGHT, SAID, names, overlapping, stock
from tests.bench.primitives import TEXT, Olm, measured, works
from tests.bench.report import Figure, Row, as_json, number, percentile, table

ID = bytes(range(ID_BYTES))
EVENTS: list[m.Event] = [
    m.Message("#bench10", 127, 1_700_000_000_000, "p00001", ID, SAID),
    m.Accepted(3, "#bench10", 128, 1_700_000_000_000, "sent"),
    m.Message("#bench10", 70_000, 1_700_000_000_001, "p00002", ID, SAID),
]
STREAM = b"".join(frame(encode_event(event)) for event in EVENTS)


def pieces(data: bytes, size: int) -> list[bytes]:
    """The same bytes as a network may bring them."""
    return [data[i : i + size] for i in range(0, len(data), size)]


class PrimitiveTests(SynchronousTestCase):
    """RSA beside the keys that are used: both sides really do what the row says."""

    def test_both_sides_work(self) -> None:
        for work in works(1024):
            ours, theirs = work.ours(), work.rsa()
            if work.what.startswith("decrypt"):
                self.assertEqual((ours, theirs), (TEXT, TEXT))
            if work.unit == "bytes":
                lengths = [len(found) for found in (ours, theirs) if isinstance(found, bytes)]
                self.assertEqual(measured(work, 0), tuple(map(float, lengths)))
        olm = Olm()
        self.assertEqual((olm.turn(), olm.turn()), (TEXT, TEXT))


class CountingTests(SynchronousTestCase):
    """What is counted does not depend on where the stream is cut."""

    def test_marks(self) -> None:
        """Every mark is counted once, in pieces of every size."""
        for mark, count in ((MESSAGE, 2), (ACCEPTED, 1), (END.encode(), 2), (b"nothing", 0)):
            for size in range(1, len(STREAM) + 1):
                tally = Tally(mark)
                self.assertEqual(sum(tally.feed(piece) for piece in pieces(STREAM, size)), count)

    def test_frames(self) -> None:
        """Frames come out whole, in order, and the rest is kept."""
        for size in range(1, len(STREAM) + 1):
            frames = Frames()
            found = [payload for piece in pieces(STREAM + b"\0\0\0\5half", size) for payload in frames.feed(piece)]
            self.assertEqual(found, [encode_event(event) for event in EVENTS])
            self.assertEqual(frames.rest, b"\0\0\0\5half")

    def test_last_seq(self) -> None:
        """The newest seq that shows whole; another conversation's does not count."""
        self.assertEqual(last_seq(STREAM, "#bench10"), 70_000)
        self.assertEqual(last_seq(STREAM, "#bench100"), 0)
        for seq in (1, 127, 128, 255, 256, 65_535, 65_536, 1 << 31):
            data = encode_event(m.Message("#g", seq, 1_700_000_000_000, "p", ID, SAID))
            self.assertEqual(last_seq(data, "#g"), seq)
        self.assertEqual(last_seq(STREAM[: STREAM.rfind(b"#bench10") + 9], "#bench10"), 0)

    def test_messages(self) -> None:
        """Messages that are put together without encoding are those that would have been encoded."""
        supply = stock("@p00002")
        supply.refill(b"a" * RANDOM_BYTES + b"b" * RANDOM_BYTES)
        supply.refill(b"c" * RANDOM_BYTES)
        now = b"123456"
        self.assertEqual(supply.left, 3)
        first, second = list(Frames().feed(supply.take(2, now)))
        self.assertEqual(decode_command(first), m.Send(3, "@p00002", now + b"a" * RANDOM_BYTES, SAID))
        self.assertEqual(decode_command(second), m.Send(3, "@p00002", now + b"b" * RANDOM_BYTES, SAID))
        last = m.Send(3, "@p00002", b"123457" + b"c" * RANDOM_BYTES, SAID)
        self.assertEqual(supply.take(1, b"123457"), frame(encode_command(last)))
        self.assertEqual(supply.left, 0)

    def test_text(self) -> None:
        """A hundred bytes whose end is a mark, and no other mark is in them or in a name."""
        self.assertEqual(len(SAID.encode()), 100)
        for mark in (NEWLINE, MESSAGE, ACCEPTED):
            self.assertNotIn(mark, SAID.encode())
        self.assertEqual(SAID.count(END), 1)
        self.assertEqual(len(set(names(1000))), 1000)

    def test_overlapping(self) -> None:
        """Every step for every number, in order, and none before its predecessor."""
        done: list[tuple[str, int]] = []
        overlapping(3 * IN_FLIGHT, lambda n: done.append(("hello", n)), lambda n: done.append(("welcome", n)))
        self.assertEqual([n for step, n in done if step == "hello"], list(range(3 * IN_FLIGHT)))
        self.assertEqual([n for step, n in done if step == "welcome"], list(range(3 * IN_FLIGHT)))
        self.assertLess(done.index(("hello", 7)), done.index(("welcome", 7)))
        self.assertLess(done.index(("hello", IN_FLIGHT - 1)), done.index(("welcome", 0)))


class ReportTests(SynchronousTestCase):
    """Medians, ratios, goals."""

    def row(self, ours: list[float], theirs: list[float], least: float | None) -> Row:
        """A row of these runs."""
        return Row("direct", "messages/s", [Figure(v, 0.25) for v in ours], [Figure(v, 0.75) for v in theirs], least)

    def test_percentile(self) -> None:
        """The smallest value that so many do not exceed."""
        values = [float(value) for value in range(100, 0, -1)]
        self.assertEqual([percentile(values, share) for share in (0.0, 0.5, 0.99, 1.0)], [1, 50, 99, 100])
        self.assertEqual(percentile([7.0], 0.99), 7)

    def test_number(self) -> None:
        """Three figures count."""
        given = [1_234_567, 4321.0, 42.26, 1, 0.01234, 0, 999.9]
        self.assertEqual(
            [number(value) for value in given], ["1,230,000", "4,320", "42.3", "1.00", "0.0123", "0", "1,000"]
        )

    def test_ratio(self) -> None:
        """The median of the pairs' ratios, not the ratio of the medians."""
        self.assertEqual(self.row([10, 30, 20], [10, 10, 40], None).ratio, 1.0)
        self.assertIsNone(self.row([10], [], None).ratio)

    def test_missed(self) -> None:
        """A goal is missed below it, and where there is nothing to compare with."""
        self.assertFalse(self.row([3], [10], 0.3).missed)
        self.assertTrue(self.row([2.9], [10], 0.3).missed)
        self.assertTrue(self.row([2.9], [], 0.3).missed)
        self.assertFalse(self.row([2.9], [], None).missed)

    def test_table(self) -> None:
        """Aligned, with medians, the goal, the generator's share, and a line of what is missed."""
        rows = [
            self.row([1000, 3000, 2000], [10_000, 10_000, 10_000], 0.3),
            Row("the first of them", "ms", [Figure(4.321)]),
        ]
        lines = table(rows).splitlines()
        self.assertEqual(
            lines[1].split(),
            ["direct", "messages/s", "2,000", "10,000", "0.20", ">=", "0.3", "x", "MISSED", "25%", "/", "75%"],
        )
        self.assertEqual(lines[2].split(), ["the", "first", "of", "them", "ms", "4.32"])
        self.assertEqual(lines[0].index("unit"), lines[2].index("ms "))
        self.assertEqual(lines[-1], "Missed: direct (0.20 x, goal >= 0.3 x).")
        self.assertTrue(table([self.row([5], [10], 0.3)]).endswith("All 1 goals reached."))
        self.assertTrue(table([rows[1]]).endswith("No goals among these rows."))

    def test_a_figure_that_is_not_to_be_exceeded(self) -> None:
        """A goal of its own, without anything beside it."""
        rows = [
            Row("sent", "ms", [Figure(1.5), Figure(9), Figure(1)], most=2),
            Row("keys", "ms", [Figure(50)], most=50),
        ]
        self.assertEqual([row.missed for row in rows], [False, True])
        lines = table(rows).splitlines()
        self.assertEqual(lines[1].split(), ["sent", "ms", "1.50", "<", "2.00"])
        self.assertEqual(lines[-1], "Missed: keys (50.0 ms, goal < 50.0).")

    def test_a_share_that_is_not_to_be_exceeded_and_a_figure_to_be_reached(self) -> None:
        """Goals of the other two kinds."""
        rows = [
            Row("cpu", "us", [Figure(2)], [Figure(10)], share=0.2),
            Row("cpu", "us", [Figure(3)], [Figure(10)], share=0.2),
            Row("cpu", "us", [Figure(3)], share=0.2), Row("in", "per s", [Figure(10)], floor=10),
            Row("in", "per s", [Figure(9.9)], floor=10),
        ]  # fmt: skip
        self.assertEqual([row.missed for row in rows], [False, True, True, False, True])
        self.assertEqual([row.goal for row in rows[2:4]], ["<= 0.20 x", ">= 10.0"])
        self.assertTrue(table(rows[3:]).endswith("Missed: in (9.90 per s, goal >= 10.0)."))

    def test_json(self) -> None:
        """Every run, the ratio, and what there is to know of the machine."""
        told = json.loads(as_json([self.row([5], [10], 0.3)], {"disk": "fast"}))
        self.assertEqual(told["about"], {"disk": "fast"})
        self.assertEqual(told["rows"][0]["ratio"], 0.5)
        self.assertEqual(told["rows"][0]["chatd"], [{"value": 5, "busy": 0.25}])
