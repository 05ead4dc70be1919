"""Tests of clients.core.collecting: off while a program starts, and on again for what comes."""

from __future__ import annotations

import gc
import weakref

from twisted.trial.unittest import SynchronousTestCase

from clients.core import collecting


class Knot:
    """Something that only the collector can take away."""

    def __init__(self) -> None:
        self.me = self


class CollectingTests(SynchronousTestCase):
    """The collector of this very process; it is left as it was."""

    def setUp(self) -> None:
        self.addCleanup(gc.enable)
        self.addCleanup(gc.unfreeze)

    def test_off_and_on_again(self) -> None:
        collecting.off()
        self.assertFalse(gc.isenabled())
        early = weakref.ref(Knot())
        collecting.settled()
        self.assertTrue(gc.isenabled())
        late = weakref.ref(Knot())
        gc.collect()
        self.assertIsNotNone(early(), "what was there when it was up is looked at again")
        self.assertIsNone(late(), "what came later is not taken away")
