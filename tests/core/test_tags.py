"""The server's tags: made of all that counts, by keys that come and go."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.core.tags import YEAR, Tags
from chatd.sealed import TagKeyGone, TagKeyMade

TOLD = st.tuples(st.binary(min_size=32, max_size=32), st.text(max_size=9), st.text(max_size=9), st.integers(0, 2**53))


class TagsTests(SynchronousTestCase):
    """One server's."""

    def setUp(self) -> None:
        self.tags = Tags()
        self.change(0)

    def change(self, now: int) -> list[TagKeyMade | TagKeyGone]:
        """What is due is done."""
        changes = self.tags.renewed(now, b"%d" % now * 32)
        self.tags.change(changes)
        return changes

    @given(TOLD, TOLD)
    def test_one_tag_one_meaning(self, one: tuple[bytes, str, str, int], other: tuple[bytes, str, str, int]) -> None:
        tag = self.tags.make(*one)
        self.assertEqual((len(tag), self.tags.genuine(tag, *one)), (33, True))
        self.assertEqual(self.tags.genuine(tag, *other), one == other)

    def test_without_a_key_nothing_is_genuine(self) -> None:
        tags = Tags()
        self.assertEqual(tags.make(bytes(32), "", "", 0), b"")
        self.assertFalse(tags.genuine(b"", bytes(32), "", "", 0))

    def test_off(self) -> None:
        tag = self.tags.make(bytes(32), "a", "b", 1)
        self.tags.on = False
        self.assertEqual((self.tags.make(bytes(32), "a", "b", 1), self.change(YEAR * 3)), (b"", []))
        self.assertTrue(self.tags.genuine(tag, bytes(32), "a", "b", 1))

    def test_years(self) -> None:
        self.assertEqual(self.change(YEAR - 1), [])
        first = self.tags.make(bytes(32), "a", "b", 1)
        self.assertEqual(self.change(YEAR), [TagKeyMade(2, b"%d" % YEAR * 32, YEAR)])
        second = self.tags.make(bytes(32), "a", "b", 1)
        self.assertNotEqual(first, second)
        self.assertTrue(all(self.tags.genuine(tag, bytes(32), "a", "b", 1) for tag in (first, second)))
        changes = self.change(2 * YEAR)
        self.assertEqual([type(change) for change in changes], [TagKeyMade, TagKeyGone])
        found = [self.tags.genuine(tag, bytes(32), "a", "b", 1) for tag in (first, second)]
        self.assertEqual(found, [False, True])

    def test_what_was_stored_comes_back(self) -> None:
        tag = self.tags.make(bytes(32), "a", "b", 1)
        other = Tags()
        other.load([TagKeyMade(1, b"0" * 32, 0)])
        self.assertTrue(other.genuine(tag, bytes(32), "a", "b", 1))
