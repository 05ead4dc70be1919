"""The power goes at any moment: nothing that was accepted is lost, and the harness would see it if it were."""

from __future__ import annotations

import os

from twisted.trial.unittest import SynchronousTestCase

from tests.simulation.powercut import Outcome, cut

CUTS = int(os.environ.get("CUTS", "300"))


class PowerCutTests(SynchronousTestCase):
    """Many lives, each ended by a cut."""

    def cuts(self, count: int, synchronous: str, checkpoint: int = 0) -> list[Outcome]:
        """What was left each time."""
        found = []
        for seed in range(count):
            folder = os.path.join(self.mktemp(), str(seed))
            os.makedirs(folder)
            found.append(cut(seed, folder, synchronous, checkpoint))
        return found

    def test_full_loses_nothing(self) -> None:
        found = self.cuts(CUTS, "FULL")
        self.assertEqual([(seed, one) for seed, one in enumerate(found) if one.lost or one.problems], [])
        self.assertGreater(sum(one.accepted for one in found), 30 * CUTS)

    def test_normal_loses_what_was_accepted(self) -> None:
        """The planted fault: without it the test above proves nothing."""
        found = self.cuts(40, "NORMAL", 1000)
        self.assertGreater(sum(one.lost > 0 for one in found), 0.8 * len(found))
        self.assertEqual([one.problems for one in found if one.problems], [])  # lost, but nothing half-way

    def test_off_breaks_the_file(self) -> None:
        """And this proves that sectors are lost and torn."""
        found = self.cuts(40, "OFF", 5)
        self.assertTrue(any("malformed" in " ".join(one.problems) for one in found))
