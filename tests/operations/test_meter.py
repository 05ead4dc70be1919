"""How late the reactor comes: measured, a minute kept, the worst remembered."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatd.operations.meter import EVERY, KEPT, WORST, Meter


class MeterTests(SynchronousTestCase):
    """A clock that is late when it is told to."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.meter = Meter(self.clock, lambda: 1000 + self.clock.seconds())
        self.meter.start()
        self.addCleanup(self.meter.stop)

    def test_in_time_is_no_delay(self) -> None:
        for _ in range(20):
            self.clock.advance(EVERY)
        self.assertLess(max(self.meter.delays), 0.001)
        self.assertEqual((self.meter.worst, len(self.meter.delays)), ([], 20))

    def test_a_late_pass_is_as_late_as_it_was(self) -> None:
        self.clock.advance(EVERY)
        self.clock.advance(EVERY + 0.25)
        self.assertAlmostEqual(self.meter.delays[-1], 0.25)
        self.clock.advance(EVERY / 2)
        self.assertAlmostEqual(self.meter.worst[0].seconds, 0.25)
        self.assertEqual(self.meter.worst[0].at, int((1000 + 2 * EVERY + 0.25) * 1000))
        self.assertAlmostEqual(self.meter.quantile(1.0), 0.25)

    def test_what_is_kept_is_bounded(self) -> None:
        for number in range(KEPT + 50):
            self.clock.advance(EVERY + 0.03 + number / 10_000)
        self.assertEqual((len(self.meter.delays), len(self.meter.worst)), (KEPT, WORST))
        seconds = [delay.seconds for delay in self.meter.worst]
        self.assertEqual(seconds, sorted(seconds, reverse=True))
        self.assertEqual(Meter(self.clock, lambda: 0).quantile(0.5), 0.0)
