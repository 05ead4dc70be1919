"""Tests of clients.tk.moves: a bar while a file moves, and a button that stops it."""

from __future__ import annotations

from clients.core.moving import MOVING, Moving
from clients.core.offers import Offer
from tests.clients.tk.desk import DeskCase

OFFER = Offer(b"f" * 16, "notes.pdf", 1000, b"h" * 32)


class MovesTests(DeskCase):
    """Files on their way."""

    def test_a_bar_while_it_moves(self) -> None:
        from clients.tk.moves import Moves

        said: list[str] = []
        moves = Moves(self.root, said.append)
        moves.show([Moving(OFFER, "up", MOVING, ("@bob",), 450, 1000.0, 1.0)])
        self.root.update()
        ((_, label, bar, stop),) = moves.bars.values()
        self.assertIn(
            "notes.pdf: 450 bytes of 1000 bytes (45 %) sent", label.cget("text").replace("1.0 KB", "1000 bytes")
        )
        self.assertEqual((float(bar.cget("value")), float(bar.cget("maximum"))), (450.0, 1000.0))
        stop.invoke()
        self.assertEqual(said, [f"/decline {OFFER.id.hex()}"])
        moves.show([])
        self.root.update()
        self.assertEqual(moves.bars, {})
