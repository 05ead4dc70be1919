"""The directory's statements: every entry has one, each finds its rows by an index."""

from __future__ import annotations

import os
import sqlite3

from twisted.trial.unittest import SynchronousTestCase

from chatd import entries
from chatd.entries import Append, ConversationMade, CursorMoved, Entry, MemberSet, Redaction, UserGone
from chatd.store.directory import WRITES, fields_of
from chatd.store.sqlite import SqliteStore

ELSEWHERE = {Entry, Append, CursorMoved, Redaction}  # what has a way of its own


class DirectoryTests(SynchronousTestCase):
    """Beside what every store promises."""

    def test_every_entry_is_known(self) -> None:
        kinds = {kind for kind in vars(entries).values() if isinstance(kind, type) and issubclass(kind, Entry)}
        self.assertEqual(set(WRITES), kinds - ELSEWHERE)

    def test_fields(self) -> None:
        self.assertEqual(fields_of(MemberSet(1, 2, "op", 3)), (1, 2, "op", 3))
        rest = 5, "nt", "key", 6, "topic", "bob", 7
        group = ConversationMade(1, "#A", "#a", None, *rest)
        self.assertEqual(fields_of(group), (1, "#A", "#a", None, None, *rest))
        self.assertEqual(fields_of(ConversationMade(1, "", "", (8, 9), 5))[3:6], (8, 9, 5))

    def test_nothing_is_looked_for_in_a_whole_table(self) -> None:
        """However many people and groups there are: who closes a group does not look at everybody's cursors."""
        path = os.path.abspath(self.mktemp())
        SqliteStore(path).close()
        connection = sqlite3.connect(path)
        self.addCleanup(connection.close)
        connection.execute("PRAGMA foreign_keys = ON")
        for kind, statements in WRITES.items():
            for sql in statements if kind is not UserGone else ():  # which happens a few times a year
                count = max(number for number in range(1, 13) if f"?{number}" in sql)
                plan = [line[-1] for line in connection.execute("EXPLAIN QUERY PLAN " + sql, [None] * count)]
                scans = [line for line in plan if line.startswith("SCAN") and "CONSTANT ROW" not in line]
                self.assertEqual(scans, [], sql)
        for table in ("member", "cursor", "mask", "marker", "metadata"):  # those who would keep a group from closing
            found = f"EXPLAIN QUERY PLAN SELECT 1 FROM {table} WHERE conversation = 1"
            plan = [line[-1] for line in connection.execute(found)]
            self.assertTrue(all(line.startswith("SEARCH") for line in plan), (table, plan))
