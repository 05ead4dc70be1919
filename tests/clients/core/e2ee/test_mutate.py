"""Tests of tests.clients.core.e2ee.mutate: every check is on its list once, and an interrupted run goes on."""

from __future__ import annotations

import tempfile
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.clients.core.e2ee import mutate
from tests.clients.core.e2ee.test_refusals import TABLES


class MutateTests(SynchronousTestCase):
    """The list, and the notes of a run."""

    def test_every_check_is_on_the_list_once(self) -> None:
        names = [mutant.name for mutant in (*mutate.tables(), *mutate.places())]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual({check.name for table in TABLES for check in table} - set(names), set())
        for mutant in mutate.places():
            self.assertTrue(hasattr(mutant.owner, mutant.attribute), mutant.name)

    def test_goes_on_where_it_was(self) -> None:
        folder = tempfile.TemporaryDirectory()  # not trial's: `mutate` runs these in whatever folder it was called
        self.addCleanup(folder.cleanup)
        state = Path(folder.name) / "state"
        self.assertEqual(mutate.noticed_before(state, "print"), set())
        state.write_text("print\n", "utf-8")
        outcomes = [("one", False), ("two", True), ("three", False)]
        with redirect_stdout(StringIO()) as said:
            self.assertEqual(list(mutate.told(outcomes, state)), outcomes)
        self.assertEqual(said.getvalue().count("NOT NOTICED"), 1)
        self.assertEqual(mutate.noticed_before(state, "print"), {"one", "three"})
        self.assertEqual(mutate.noticed_before(state, "another print"), set())
        self.assertEqual(mutate.noticed_before(None, "print"), set())
        self.assertEqual(len(mutate.fingerprint()), 64)

    def test_one_by_one(self) -> None:
        found = list(mutate.each(mutate.suite("sas")))
        self.assertGreater(len(found), 200)
        self.assertIn("test_sas", found[0].id())
