"""Files as values: the tag of an offer, whatever comes in one; amounts."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core import offers as o
from clients.core.offers import Kept, Offer

OFFER = Offer(b"i" * 16, "hw1; é=.pdf", 1_234_567, b"h" * 32, "application/pdf")


class SentenceTests(SynchronousTestCase):
    """What everybody can read."""

    def test_the_sentence(self) -> None:
        self.assertEqual(o.sentence(OFFER), "File: hw1; é=.pdf (1.2 MB)")


class Rows(dict[str, bytes]):
    """A table of rows."""

    def read(self, table: str, row: str) -> bytes | None:
        """One."""
        return self.get(row)

    def rows(self, table: str, prefix: str = "") -> list[str]:
        """Their names."""
        return list(self)


class RowTests(SynchronousTestCase):
    """What is kept."""

    def test_there_and_back_the_oldest_first(self) -> None:
        young, old = Kept(OFFER, o.UP, o.SENT, ("@bob",), "alice", 2), Kept(OFFER, o.DOWN, o.OFFERED, ("#a",), "bob", 1)
        rows = Rows(a=o.pack(young), b=o.pack(old), c=b"of another version")
        self.assertEqual(o.stored(rows), [old, young])
        self.assertEqual(young.row, "69" * 16)


class AmountTests(SynchronousTestCase):
    """For people."""

    def test_amounts(self) -> None:
        for size, text in (
            (0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1.0 KB"), (99_400, "99.4 KB"),
            (99_600, "100 KB"), (999_600, "1.0 MB"), (1_073_741_824, "1.1 GB"), (1e15, "1000 TB"),
        ):  # fmt: skip
            self.assertEqual(o.amount(size), text)

    def test_spans(self) -> None:
        for seconds, text in ((0.4, "0 s"), (59, "59 s"), (60, "1 min 0 s"), (3700, "1 h 1 min"), (1e9, "days")):
            self.assertEqual(o.span(seconds), text)
