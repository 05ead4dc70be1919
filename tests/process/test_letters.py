"""Encrypted messages between clients that are killed: a little of what `python -m tests.process.letters` does."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.process.letters import Tally, run


class LetterTests(SynchronousTestCase):
    """Real programs, a real server, SIGKILL."""

    def test_nothing_is_lost_and_nothing_comes_twice(self) -> None:
        tally = run(messages=120, kills=4, seed=4)
        self.assertEqual(tally.breaches(), [])
        self.assertGreater(len(tally.arrived), 60)

    def test_the_count_would_notice(self) -> None:
        for tally in (
            Tally([], ["a"], [], 0, 0), Tally([], ["a"], ["a", "a"], 0, 0), Tally([], [], ["a"], 0, 0),
            Tally([3], ["a"], ["a"], 0, 0), Tally([], ["a"], ["a"], 1, 0),
        ):  # fmt: skip
            self.assertEqual(len(tally.breaches()) > 0, True)
