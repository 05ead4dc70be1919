"""Files as values: the tag of an offer, whatever comes in one; amounts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from clients.core import offers as o
from clients.core.offers import Kept, Offer

OFFER = Offer(b"i" * 16, "hw1; é=.pdf", 1_234_567, b"h" * 32, "application/pdf")


class TagTests(SynchronousTestCase):
    """What a message says of a file."""

    def test_there_and_back(self) -> None:
        tags = o.tags(OFFER)
        self.assertRegex(tags, r"^\+chatd/file=[A-Za-z0-9_-]+$")
        self.assertEqual(o.offered(tags), OFFER)
        self.assertEqual(o.offered(f"+draft/reply=x;{tags};+typing"), OFFER)

    def test_the_longest(self) -> None:
        offer = Offer(b"i" * 16, "\U0001f600" * 63, 1 << 53, b"h" * 32, "t" * 100)
        self.assertEqual(o.offered(o.tags(offer)), offer)

    def test_none(self) -> None:
        for text in (
            "",
            "+chatd/file",
            "+chatd/file=",
            "+chatd/file=!!",
            "+chatd/files=x",
            "+chatd/file=" + "A" * 2000,
        ):
            self.assertIsNone(o.offered(text))

    def test_what_no_file_can_be(self) -> None:
        for wrong in (
            Offer(b"i" * 15, "a", 1, b"h" * 32), Offer(b"i" * 16, "a", -1, b"h" * 32), Offer(b"i" * 16, "a", 1, b"h"),
            Offer(b"i" * 16, "a" * 256, 1, b"h" * 32), Offer(b"i" * 16, "a", (1 << 53) + 1, b"h" * 32),
        ):  # fmt: skip
            self.assertIsNone(o.offered(o.tags(wrong)))

    @given(st.text(max_size=300))
    def test_whatever_comes(self, text: str) -> None:
        for tags in (text, f"+chatd/file={text}"):
            found = o.offered(tags)
            self.assertTrue(found is None or isinstance(found, Offer))

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
