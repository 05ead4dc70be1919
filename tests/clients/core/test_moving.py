"""What a face is told of files has words and fields."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core import offers as o
from clients.core.moving import MOVING, WAITING, Files, Moving
from clients.core.offers import Offer
from clients.core.show import lines
from clients.core.style import Style
from clients.line import objects


class MovingTests(SynchronousTestCase):
    """Every state."""

    def test_every_state_is_shown_as_a_line_and_as_an_object(self) -> None:
        offer = Offer(bytes(16), "a", 5, bytes(32))
        for state in (MOVING, WAITING, o.PREPARING, o.SENT, o.RECEIVED, o.DECLINED, o.FAILED):
            for way in (o.UP, o.DOWN):
                notice = Moving(offer, way, state, ("bob",), 2, 1.0, 3.0)
                self.assertEqual(len(lines(notice, Style())), 1)
                self.assertEqual(len(objects.lines(notice, "alice")), 1)
        self.assertEqual(lines(Files(()), Style()), ["No files."])
