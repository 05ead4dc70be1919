"""The statements of encryption: every entry has one, each finds its rows by an index."""

from __future__ import annotations

import os
import sqlite3

from twisted.trial.unittest import SynchronousTestCase

from chatd import sealed as kept
from chatd.entries import Entry, UserSet
from chatd.store import memory_sealed
from chatd.store.sealed import KINDS, PLAIN, keep
from chatd.store.sqlite import SqliteStore


class SealedTests(SynchronousTestCase):
    """Beside what every store promises."""

    def test_every_entry_is_known(self) -> None:
        kinds = {kind for kind in vars(kept).values() if isinstance(kind, type) and issubclass(kind, Entry)}
        self.assertEqual((KINDS, set(memory_sealed.WRITES)), (kinds - {Entry}, kinds - {Entry}))

    def test_others_are_left_alone(self) -> None:
        connection = sqlite3.connect(":memory:")
        self.addCleanup(connection.close)
        self.assertFalse(keep(connection, UserSet(1, True, "")))

    def test_nothing_is_looked_for_in_a_whole_table(self) -> None:
        path = os.path.abspath(self.mktemp())
        SqliteStore(path).close()
        connection = sqlite3.connect(path)
        self.addCleanup(connection.close)
        connection.execute("PRAGMA foreign_keys = ON")
        for statements in PLAIN.values():
            for sql in statements:
                count = max(number for number in range(1, 5) if f"?{number}" in sql)
                plan = [line[-1] for line in connection.execute("EXPLAIN QUERY PLAN " + sql, [None] * count)]
                self.assertEqual([line for line in plan if line.startswith("SCAN")], [], sql)
