"""Tests of clients.core.keeping: every record has its statements, and what is closed opens in its place only."""

from __future__ import annotations

import random

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from clients.core import records as r
from clients.core.boxes import Boxes
from clients.core.e2ee.batch import MemoryStorage, Place, Storage
from clients.core.history import History
from clients.core.keeping import Keeping, statements
from tests.clients.core.e2ee.kit import refused

BOXES = Boxes(b"k" * 32, random.Random(1).randbytes)
SEALS = Keeping(BOXES, lambda query, values: None)

NAMES = st.text(st.sampled_from("a/\0é\ud7ff\ue000\U0010ffff"), max_size=3)
CHANGES = st.dictionaries(st.tuples(st.sampled_from("tu"), NAMES), st.none() | st.binary(max_size=4))


class RecordTests(SynchronousTestCase):
    """What they become."""

    def test_rows_are_closed_for_their_account(self) -> None:
        ((_, values), (_, gone)) = statements(SEALS, 7, r.KeepRows({("t", "a"): b"CANARY", ("t", "b"): None}))
        self.assertEqual((values[:3], gone), ((7, "t", "a"), (7, "t", "b")))
        self.assertNotIn(b"CANARY", values[3])
        self.assertEqual(BOXES.state.open("7/t", "a", values[3]), b"CANARY")
        self.assertEqual(refused(lambda: BOXES.state.open("8/t", "a", values[3])), "STORE_TAMPERED")


class RowsTests(SynchronousTestCase):
    """The rows of encryption in the real database, beside rows in memory."""

    @given(st.lists(CHANGES, max_size=6), NAMES)
    def test_as_in_memory(self, batches: list[dict[Place, bytes | None]], prefix: str) -> None:
        history = History(":memory:")
        mine, other = (history.add_account("h:1", name, "sealed").id for name in ("alice", "bob"))
        model, storage = MemoryStorage(), history.rows(mine)
        history.rows(other).write({("t", "a"): b"of somebody else"})
        for number, changes in enumerate(batches):
            model.write(changes)
            if number % 2:
                storage.write(changes)
            else:
                history.keep(mine, [r.KeepRows(changes)])
        self.assertEqual(everything(storage), model.kept)
        for table in "tu":
            self.assertEqual(storage.rows(table, prefix), model.rows(table, prefix))
        self.assertEqual(everything(history.rows(other)), {("t", "a"): b"of somebody else"})
        history.close()

    def test_with_messages_all_or_nothing(self) -> None:
        history = History(":memory:")
        account = history.add_account("h:1", "alice", "sealed").id
        rows = r.KeepRows({("t", "a"): b"x"})
        bad = msgspec.structs.replace(r.KeepCursor("#g", 1), conversation=None)
        self.assertRaises(Exception, history.keep, account, [rows, bad])
        self.assertIsNone(history.rows(account).read("t", "a"))
        history.keep(account, [rows, r.KeepCursor("#g", 1)])
        self.assertEqual((history.rows(account).read("t", "a"), history.cursors(account)), (b"x", {"#g": 1}))

    def test_an_account_that_gives_way_leaves_no_keys(self) -> None:
        history = History(":memory:")
        old = history.add_account("h:1", "alice", "sealed").id
        new = history.add_account("h:1", "", "sealed").id
        for account in (old, new):
            history.keep(account, [r.KeepRows({("t", "a"): b"x"})])
        history.keep(new, [r.Claim("alice", b"", True)])
        self.assertEqual([history.rows(account).read("t", "a") for account in (old, new)], [None, b"x"])


def everything(storage: Storage) -> dict[Place, bytes | None]:
    """Every row."""
    return {(table, row): storage.read(table, row) for table in "tu" for row in storage.rows(table)}
