"""What a message says of a file."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.wire.offer import Offer, in_a_path, offered, path_of, tags

OFFER = Offer(b"i" * 16, "hw1; é=.pdf", 1_234_567, b"h" * 32, "application/pdf")


class TagTests(SynchronousTestCase):
    """The tag."""

    def test_there_and_back(self) -> None:
        self.assertRegex(tags(OFFER), r"^\+chatd/file=[A-Za-z0-9_-]+$")
        self.assertEqual(offered(tags(OFFER)), OFFER)
        self.assertEqual(offered(f"+draft/reply=x;{tags(OFFER)};+typing"), OFFER)

    def test_the_longest(self) -> None:
        offer = Offer(b"i" * 16, "\U0001f600" * 63, 1 << 53, b"h" * 32, "t" * 100)
        self.assertEqual(offered(tags(offer)), offer)

    def test_none(self) -> None:
        for text in (
            "",
            "+chatd/file",
            "+chatd/file=",
            "+chatd/file=!!",
            "+chatd/files=x",
            "+chatd/file=" + "A" * 2000,
        ):
            self.assertIsNone(offered(text))

    def test_what_no_file_can_be(self) -> None:
        for wrong in (
            Offer(b"i" * 15, "a", 1, b"h" * 32), Offer(b"i" * 16, "a", -1, b"h" * 32), Offer(b"i" * 16, "a", 1, b"h"),
            Offer(b"i" * 16, "a" * 256, 1, b"h" * 32), Offer(b"i" * 16, "a", (1 << 53) + 1, b"h" * 32),
        ):  # fmt: skip
            self.assertIsNone(offered(tags(wrong)))

    @given(st.text(max_size=300))
    def test_whatever_comes(self, text: str) -> None:
        for given_tags in (text, f"+chatd/file={text}"):
            found = offered(given_tags)
            self.assertTrue(found is None or isinstance(found, Offer))


class PathTests(SynchronousTestCase):
    """The link."""

    def test_a_path(self) -> None:
        self.assertEqual(path_of(OFFER), f"/files/{'69' * 16}/hw1%3B%20%C3%A9%3D.pdf")

    @given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=100))
    def test_whatever_a_name_has(self, name: str) -> None:
        self.assertRegex(in_a_path(name), r"^[A-Za-z0-9_.~%-]*$")
