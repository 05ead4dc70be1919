"""The counting of trial's last line, and what failed said once more."""

from twisted.trial.unittest import SynchronousTestCase

from tests.run import Failed, counts


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


class FailedTests(SynchronousTestCase):
    """Which tests failed, and why."""

    def test_failed_and_broken_ones(self) -> None:
        failed, why = Failed(), "twisted.trial.unittest.FailTest: 1 != 2"
        for line in (
            "tests.core.test_x", "  Some", "    test_a ... [OK]",
            "[FAIL]", "Traceback (most recent call last):", "ValueError: of a cause", why, "",
            "tests.core.test_x.Some.test_a", "tests.core.test_x.Some.test_b",
            "[ERROR]", "builtins.OSError: no", "", "tests.test_y.Other.test_c",
            "[SKIPPED]", "man is not installed", "", "tests.test_papers.PapersTests.test_d",
        ):  # fmt: skip
            failed.read(line + "\n")
        self.assertEqual(failed.tests, {
            "tests.core.test_x.Some.test_a": why, "tests.core.test_x.Some.test_b": why,
            "tests.test_y.Other.test_c": "builtins.OSError: no",
        })  # fmt: skip
