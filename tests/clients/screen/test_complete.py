"""Tests of clients.screen.complete: the core's offers and paths, as the toolkit takes them."""

from __future__ import annotations

from pathlib import Path

from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from twisted.trial.unittest import SynchronousTestCase

from clients.core.view import ONLINE, View
from clients.screen.complete import ChatCompleter

VIEW = View("alice", ONLINE, "#lobby", (), ("bob",), 0)


class CompleteTests(SynchronousTestCase):
    """Texts before the cursor, and what they become."""

    def become(self, before: str) -> list[str]:
        """What the text would be with each completion."""
        found = ChatCompleter(lambda: VIEW).get_completions(Document(before, len(before)), CompleteEvent())
        return [before[: len(before) + one.start_position] + one.text for one in found]

    def test_what_the_core_offers(self) -> None:
        self.assertEqual(self.become("hi @b"), ["hi @bob "])

    def test_paths_with_spaces(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "my home work.pdf").touch()
        self.assertEqual(self.become(f"/file @bob {folder}/my h"), [f"/file @bob {folder}/my home work.pdf"])
