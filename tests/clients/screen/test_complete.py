"""Tests of clients.screen.complete: the core's offers, as the toolkit takes them."""

from __future__ import annotations

from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from twisted.trial.unittest import SynchronousTestCase

from clients.core.windows.completing import Offer
from clients.screen.complete import ChatCompleter


class CompleteTests(SynchronousTestCase):
    """A text before the cursor, and what it becomes."""

    def test_what_the_core_offers(self) -> None:
        asked: list[str] = []

        def offers(before: str) -> list[Offer]:
            asked.append(before)
            return [Offer("bob ", 1, "bob", "here")]

        found = list(ChatCompleter(offers).get_completions(Document("hi @b, c", 5), CompleteEvent()))
        self.assertEqual(asked, ["hi @b"])
        self.assertEqual([(one.text, one.start_position) for one in found], [("bob ", -1)])
        self.assertEqual((found[0].display_text, found[0].display_meta_text), ("bob", "here"))
