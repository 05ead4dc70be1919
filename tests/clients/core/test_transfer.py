"""What files that go up and files that come down have in common."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from clients.core import offers as o
from clients.core.moving import Moving
from clients.core.offers import Kept, Offer
from clients.core.transfer import RETRY_SECONDS, TELL_SECONDS, Desk, Moves, Transfer, keep


def cut(data: bytes, size: int) -> tuple[bytes, ...]:
    """Pieces of this size; the last one may be shorter."""
    return tuple(data[start : start + size] for start in range(0, len(data), size))


def desk() -> Desk:
    """Numbers from one on."""
    numbers = iter(range(1, 1000))
    return Desk(lambda id: next(numbers), lambda size: bytes(size), "downloads", "sending")


KEPT = Kept(Offer(b"i" * 16, "a", 100, bytes(32)), o.DOWN, o.WANTED, ("#a",), "bob", 1, blob_size=200)


class TransferTests(SynchronousTestCase):
    """One."""

    def setUp(self) -> None:
        self.transfer = Transfer(KEPT, desk())

    def test_told_now_and_then(self) -> None:
        told = []
        for tenth in range(20):
            self.transfer.done = tenth * 10
            told += [
                (tenth, notice.done)
                for notice in self.transfer._moved(tenth / 10).notices
                if isinstance(notice, Moving)
            ]
        every = int(TELL_SECONDS * 10)
        self.assertEqual(told, [(n, n * 5) for n in range(0, 20, every)])  # of the file, not of the blob

    def test_only_what_was_asked_on_this_line_is_heard(self) -> None:
        ref = self.transfer._ref(0.0, 10)
        self.assertEqual(self.transfer._flying(), 10)
        self.transfer.rest()
        self.assertEqual(self.transfer._flying(), 0)
        self.assertFalse(self.transfer.hears(ref, 1.0, None))
        another = self.transfer._ref(0.0)
        self.assertTrue(self.transfer.hears(another, 1.0, m.Failed(another, "busy", "")))
        self.assertFalse(self.transfer.hears(another, 1.0, None))

    def test_later_is_not_at_once(self) -> None:
        self.transfer.moving = True
        self.transfer._later(100.0, 0.0)
        self.assertEqual((self.transfer.retry_at, self.transfer.moving), (100.0 + RETRY_SECONDS, False))
        self.transfer._later(100.0, 60.0)
        self.assertEqual(self.transfer.retry_at, 160.0)

    def test_failed_is_kept(self) -> None:
        moves = self.transfer._fail("no-such-blob", "gone")
        self.assertEqual(moves.records, [keep(self.transfer.kept)])
        self.assertEqual(
            (self.transfer.kept.state, self.transfer.kept.why, self.transfer.over), (o.FAILED, "gone", True)
        )

    def test_moves_add_up(self) -> None:
        one, two = Moves(commands=[m.Ping(1)]), Moves(commands=[m.Ping(2)])
        self.assertEqual((one + two).commands, [m.Ping(1), m.Ping(2)])
        self.assertEqual(one.commands, [m.Ping(1)])
