"""Tests of clients.screen.complete: what Tab offers where."""

from __future__ import annotations

from pathlib import Path

from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from twisted.trial.unittest import SynchronousTestCase

from clients.core.view import ONLINE, Talk, View
from clients.screen.complete import MOST, ChatCompleter, emoji

VIEW = View(
    "alice", ONLINE, "#lobby",
    (Talk("#lobby", "#lobby"), Talk("#hw3", "#hw3"), Talk("#hw4", "#hw4"), Talk("dm:alice:carol", "@carol")),
    ("bob", "Bert", "alice"), 0,
)  # fmt: skip


class CompleteTests(SynchronousTestCase):
    """Texts before the cursor, and what they become."""

    def become(self, before: str) -> list[str]:
        """What the text would be with each completion."""
        found = ChatCompleter(lambda: VIEW).get_completions(Document(before, len(before)), CompleteEvent())
        return [before[: len(before) + one.start_position] + one.text for one in found]

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

    def test_emoji_by_their_names(self) -> None:
        self.assertEqual(emoji()["rocket"], "\N{ROCKET}")
        self.assertIn("off :) \N{ROCKET} ", self.become("off :) :rocket"))
        self.assertLessEqual(len(self.become(":fa")), MOST)
        self.assertEqual(self.become("at 10:05"), [])

    def test_paths_with_spaces(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "my home work.pdf").touch()
        self.assertEqual(self.become(f"/file @bob {folder}/my h"), [f"/file @bob {folder}/my home work.pdf"])
