"""Jobs and outcomes are values, and every job is done by somebody."""

from __future__ import annotations

from typing import get_args

from twisted.trial.unittest import SynchronousTestCase

from clients.core import disk
from clients.core import jobs as j


class JobTests(SynchronousTestCase):
    """All of them."""

    def test_every_job_has_somebody_who_does_it(self) -> None:
        kinds = {kind for kind in vars(j).values() if isinstance(kind, type) and issubclass(kind, j.Job)}
        self.assertEqual(set(disk._WORK), kinds - {j.Job})

    def test_nothing_can_be_changed(self) -> None:
        for outcome in (j.Written(5), j.Trouble("disk", "x"), j.Opened("x", 5)):
            self.assertIn(type(outcome), get_args(j.Outcome))
            with self.assertRaises(AttributeError):
                setattr(outcome, outcome.__struct_fields__[0], 6)
