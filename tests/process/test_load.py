"""What one person's load does to the others, in small: the full figures come from `python -m tests.process.load`.

Rule: a busy machine must not fail these, so the others' p99 may be `WORTH` times what it was or below `NOTICED`;
memory, the log and what the loads themselves see are exact.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from tests.process.load import WORTH, Load, Row, p99

NOTICED = 200.0  # milliseconds that a person does not feel
GROWTH = 80.0  # MiB: the database's cache may have 64


class LoadTests(SynchronousTestCase):
    """Each load on a server of its own."""

    def row(self, run: Callable[[Load], Row]) -> Row:
        """Run a row and look at what must be so for every row."""
        load = Load()
        try:
            row = run(load)
        finally:
            troubles = load.close()
        print(row)
        self.assertEqual(troubles, [])
        if row.before:
            self.assertLess(p99(row.during), max(NOTICED, WORTH * p99(row.before)))
        self.assertLess(row.growth, GROWTH)
        return row

    def test_many_clients_killed_at_once(self) -> None:
        self.row(lambda load: load.killed(200, rounds=1, seconds=2))

    def test_a_reader_that_never_reads(self) -> None:
        row = self.row(lambda load: load.deaf(rounds=1, seconds=2))
        self.assertFalse([note for note in row.notes if "#loud" in note], row.notes)

    def test_clients_that_send_a_byte_a_second(self) -> None:
        self.row(lambda load: load.slow(100, rounds=1, seconds=2))

    def test_a_class_signs_up_from_one_address(self) -> None:
        row = self.row(lambda load: load.sign_ups(90, seconds=3))
        self.assertIn("90 in, 0 refused", row.notes)

    def test_idle_sessions_cost_nothing(self) -> None:
        row = self.row(lambda load: load.idle(300, seconds=2))
        self.assertIn("300 still in", row.notes)
        self.assertLess(row.cpu, 0.2)
