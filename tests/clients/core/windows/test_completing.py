"""Tests of clients.core.windows.completing: what Tab offers where."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core.view import ONLINE, Talk, View
from clients.core.windows.completing import MOST, emoji, offers

VIEW = View(
    "alice", ONLINE, "#lobby",
    (Talk("#lobby", "#lobby"), Talk("#hw3", "#hw3"), Talk("#hw4", "#hw4"), Talk("dm:alice:carol", "@carol")),
    ("bob", "Bert", "alice"), 0,
)  # fmt: skip


class CompleteTests(SynchronousTestCase):
    """Texts before the cursor, and what they become."""

    def become(self, before: str, *shown: str) -> list[str]:
        """What the text would be with each completion."""
        return [before[: len(before) - one.typed] + one.text for one in offers(before, VIEW, shown)]

    def test_commands(self) -> None:
        self.assertEqual(self.become("/grou"), ["/group ", "/groups "])
        self.assertIn("/verify ", self.become("/v"))
        self.assertNotIn("/query ", self.become("/"))
        self.assertEqual(self.become("/que"), ["/query "])

    def test_people(self) -> None:
        self.assertEqual(self.become("@b"), ["@Bert ", "@bob "])
        self.assertEqual(self.become("@bob,@c"), ["@bob,@carol "])
        self.assertEqual(self.become("/whois c"), ["/whois carol "])

    def test_a_name_at_the_beginning_is_an_address(self) -> None:
        self.assertEqual(self.become("bo"), ["bob: "])
        self.assertEqual(self.become("hi bo"), ["hi bob "])
        self.assertEqual(self.become(""), [])

    def test_groups(self) -> None:
        self.assertEqual(self.become("see #hw"), ["see #hw3 ", "see #hw4 "])
        self.assertEqual(self.become("/members hw4"), ["/members #hw4 "])

    def test_ids_that_are_in_sight(self) -> None:
        shown = ("b.pdf  -  /get 77aa00ff", "a.pdf  -  /get 3fa9c2d1", "a.pdf  -  /get 77aa00ff", "/get 3fa9c2d1ee_x")
        self.assertEqual(self.become("/get ", *shown), ["/get 77aa00ff ", "/get 3fa9c2d1 "])
        self.assertEqual(self.become("/decline 3F", *shown), ["/decline 3fa9c2d1 "])
        self.assertEqual(offers("/get 7", VIEW, shown)[0].about, shown[0])
        self.assertEqual(self.become("/get 3fa9c2d1 b", *shown), ["/get 3fa9c2d1 Bert ", "/get 3fa9c2d1 bob "])
        self.assertEqual(self.become("/report @b", *shown), ["/report @Bert ", "/report @bob "])
        self.assertEqual(self.become("/get b"), [])

    def test_emoji_by_their_names(self) -> None:
        self.assertEqual(emoji()["rocket"], "\N{ROCKET}")
        self.assertIn("off :) \N{ROCKET} ", self.become("off :) :rocket"))
        self.assertLessEqual(len(self.become(":fa")), MOST)
        self.assertEqual(self.become("at 10:05"), [])
