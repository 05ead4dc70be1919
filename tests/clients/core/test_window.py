"""How many bytes may be unanswered, and how fast it is."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core.window import ENOUGH, LEAST, MOST, PIECE, SLACK, Pace, Window


class WindowTests(SynchronousTestCase):
    """One window."""

    def test_grows_while_answers_come_fast(self) -> None:
        window = Window()
        for _ in range(100):
            window.answered(0.2)  # however far away
        self.assertEqual((window.size, window.piece), (MOST, PIECE))

    def test_large_steps_where_it_is_large_and_never_more_than_there_is(self) -> None:
        window = Window()
        self.assertEqual(window.enough, window.size)
        for _ in range(100):
            window.answered(0.2)
        self.assertEqual(window.enough, ENOUGH)
        for _ in range(100):
            window.answered(0.01)
            window.answered(1.0)
            self.assertTrue(window.piece <= window.enough <= window.size)

    def test_shrinks_when_something_queues(self) -> None:
        window = Window()
        for _ in range(100):
            window.answered(0.01)
        window.answered(0.01 + SLACK + 0.001)
        self.assertLess(window.size, MOST)
        once = window.size
        for _ in range(MOST // PIECE):  # which were on their way then
            window.answered(0.01 + SLACK + 0.001)
        self.assertEqual(window.size, once)
        for _ in range(100):
            window.answered(1.0)
        self.assertEqual((window.size, window.piece), (LEAST, LEAST))
        for _ in range(100):
            window.answered(0.012)
        self.assertEqual(window.size, MOST)


class PaceTests(SynchronousTestCase):
    """Bytes a second."""

    def test_of_the_last_seconds_only(self) -> None:
        pace = Pace(0.0, 0)
        self.assertEqual(pace.rate(0.0, 0), 0.0)
        for tenth in range(1, 201):
            done = tenth * 1000 if tenth <= 100 else 100_000
            pace.note(tenth / 10, done)
        self.assertEqual(pace.rate(20.0, 100_000), 0.0)
        pace.note(21.0, 110_000)
        self.assertEqual(round(pace.rate(21.0, 110_000)), 1_923)
