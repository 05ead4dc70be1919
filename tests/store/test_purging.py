"""A purge takes what is damaged too, leaves nothing behind, and looks at no more than it takes."""

from __future__ import annotations

import os
import sqlite3
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatd.entries import Append, Stored
from chatd.store.purging import FORGET_IDS, MOST_BYTES
from chatd.store.sqlite import SqliteStore
from chatd.store.verify import verify
from tests.store.contract import PEOPLE, message


class PurgingTests(SynchronousTestCase):
    """Beside what every store promises."""

    def setUp(self) -> None:
        self.path = os.path.abspath(self.mktemp())
        self.store = SqliteStore(self.path)
        self.addCleanup(self.store.close)
        self.store.commit(PEOPLE)

    def outside(self, sql: str, *parameters: Any) -> list[Any]:
        """Run a statement past the store."""
        connection = sqlite3.connect(self.path, isolation_level=None)
        found = connection.execute(sql, parameters).fetchall()
        connection.close()
        return found

    def test_damaged_segments_go_with_their_ids(self) -> None:
        self.store.commit([message(1, at=1000), message(2, at=1001), message(3, 11, at=1002)])
        self.store.commit([message(4)])
        self.outside("UPDATE segment SET data = x'00' WHERE place = 1")
        found = [(log.conversation, log.floor) for log in self.store.purge(1500, 10)]
        self.assertEqual(found, [(10, 2), (11, 1)])
        self.assertEqual(self.outside("SELECT place FROM message"), [(4,)])
        self.assertEqual(self.store.commit([message(1), message(3)]), [Stored(4, 2000), Stored(5, 2000)])
        self.assertEqual(verify(self.path).problems, [])

    def test_long_messages_go_in_several_turns(self) -> None:
        """What is read for it is bounded."""
        size = MOST_BYTES // 20
        for number in range(50):
            self.store.commit([Append(10, 2000, "alice", bytes([number]), b"x" * size)])
        floors = []
        while changed := self.store.purge(9999, 1000):
            floors.append(changed[0].floor)
        self.assertEqual(floors, [20, 40, 50])

    def test_ids_are_found_by_their_index(self) -> None:
        """However many messages there are."""
        plan = self.outside("EXPLAIN QUERY PLAN " + FORGET_IDS, "[]", b"")
        self.assertTrue(any("SEARCH message USING PRIMARY KEY (id=? AND sender=?)" in line[-1] for line in plan), plan)
