"""A few kills under load, and the proof that the harness sees what it looks for.

Rule: small enough for every run of the tests; `make crash N=200` is the long one.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.process.audit import Audit
from tests.process.crash import Crash


class CrashTests(SynchronousTestCase):
    """SIGKILL at random moments."""

    def crash(self, kills: int, bug: str = "") -> tuple[Crash, Audit]:
        """One run, whose folder goes away."""
        crash = Crash(kills, bug, say=lambda text: None)
        self.addCleanup(crash.forget)
        audit = crash.run()
        print(*crash.summary(audit), sep="\n")
        return crash, audit

    def test_kills_lose_nothing(self) -> None:
        crash, audit = self.crash(8)
        self.assertEqual(audit.examples, {})
        self.assertEqual(crash.troubles, [])
        self.assertEqual(crash.status, 0)
        self.assertGreater(len(audit.log), 100)
        self.assertLess(min(crash.firsts), 10)

    def planted(self, kills: int, bug: str, *breaches: str) -> Audit:
        """A server with a bug, until it has shown: whether a kill falls where it matters is chance."""
        audit, tries = self.crash(kills, bug)[1], 1
        while not all(audit.counts[breach] for breach in breaches) and tries < 5:
            audit, tries = self.crash(kills, bug)[1], tries + 1
        return audit

    def test_release_before_commit_is_seen(self) -> None:
        audit = self.planted(4, "early", "accepted and lost")
        self.assertGreater(audit.counts["accepted and lost"], 0)
        self.assertGreater(audit.lost, 0)

    def test_repeats_that_are_kept_twice_are_seen(self) -> None:
        audit = self.planted(8, "forgetful", "stored twice", "shown twice")
        self.assertGreater(audit.counts["stored twice"], 0)
        self.assertGreater(audit.counts["shown twice"], 0)
