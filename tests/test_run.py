"""The counting of trial's last line."""

from twisted.trial.unittest import SynchronousTestCase

from tests.run import counts


class CountTests(SynchronousTestCase):
    """What the last line of `make test` says."""

    def test_passed(self) -> None:
        self.assertEqual(counts("PASSED (successes=12)\n"), (12, 0, 0))

    def test_everything(self) -> None:
        line = "FAILED (skips=1, expectedFailures=2, failures=3, errors=4, unexpectedSuccesses=5, successes=6)"
        self.assertEqual(counts(line), (6, 12, 3))

    def test_nothing_ran(self) -> None:
        self.assertEqual(counts("PASSED"), (0, 0, 0))

    def test_another_line(self) -> None:
        self.assertIsNone(counts("tests.test_run ... [OK]"))
