"""Tests of clients.screen.layout: what is in sight, on large and small terminals and long conversations."""

from __future__ import annotations

from prompt_toolkit.data_structures import Size
from twisted.trial.unittest import SynchronousTestCase

from clients.screen.draw import LIST_FROM
from tests.clients.screen.seat import Seat, seated
from tests.kit import House


class LayoutTests(SynchronousTestCase):
    """The whole terminal."""

    def test_a_narrow_terminal_has_no_list(self) -> None:
        async def story(alice: Seat) -> None:
            self.assertNotIn("1>#lobby", "".join(alice.rows()))

        seated(story, columns=LIST_FROM - 1)

    def test_another_size_is_drawn_anew_and_nothing_typed_is_lost(self) -> None:
        async def story(alice: Seat) -> None:
            await alice.press("typed text")
            alice.size = Size(12, 40)
            alice.terminal.screen.resize(12, 40)
            alice.application._on_resize()
            await alice.pump()
            self.assertEqual(alice.input(), "You: typed text")
            self.assertEqual(len(alice.rows()), 12)

        seated(story)

    def test_a_tiny_terminal_breaks_nothing(self) -> None:
        async def story(alice: Seat) -> None:
            await alice.press("hello", "\r", "/help", "\r")

        for columns, rows in ((1, 1), (5, 2), (20, 3)):
            seated(story, House(), columns=columns, rows=rows)
