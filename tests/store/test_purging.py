"""A purge takes what is damaged too, leaves nothing behind, and looks at no more than it takes."""

from __future__ import annotations

import os
import sqlite3
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatd.entries import Append, ConversationClosed, Stored
from chatd.store.purging import DELETE_HAPPENINGS, FORGET_CLOSED, FORGET_IDS, MOST_BYTES, OLD_HAPPENINGS
from chatd.store.sqlite import SqliteStore
from chatd.store.verify import verify
from tests.store.contract import PEOPLE, happened, message


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

    def test_a_purge_looks_only_at_the_oldest_happenings(self) -> None:
        """However many there are, and however long nobody purged."""
        self.store.commit([happened(number, 10 + number % 3, at=number) for number in range(500)])
        purged = 0
        while changed := self.store.purge(400, 60):
            self.assertEqual([state.conversation for state in changed], [10, 11, 12])
            ((left,),) = self.outside("SELECT count(*) FROM happening")
            self.assertEqual(500 - left - purged, 40 if purged == 360 else 60)
            purged = 500 - left
        self.assertEqual(purged, 400)
        for sql in (OLD_HAPPENINGS, DELETE_HAPPENINGS, *FORGET_CLOSED):
            plan = [line[-1] for line in self.outside("EXPLAIN QUERY PLAN " + sql, *("[]", 9)[: 1 + sql.count("?2")])]
            scans = [line for line in plan if line.startswith("SCAN") and "SCAN happening" not in line]
            self.assertEqual([line for line in scans if "json_each" not in line and "oldest" not in line], [], sql)

    def test_nothing_is_left_of_a_closed_group(self) -> None:
        self.store.commit([message(1, 12, at=1), message(2, 12, at=2), happened(1, 12, at=3)])
        self.store.purge(2, 1)
        self.store.commit([ConversationClosed(12)])
        self.assertEqual(self.outside("SELECT * FROM closed"), [(12, "#staff")])
        self.store.purge(4, 9)
        for table in ("closed", "segment", "message", "happening", "log"):
            self.assertEqual(self.outside(f"SELECT count(*) FROM {table}"), [(0,)], table)

    def test_ids_are_found_by_their_index(self) -> None:
        """However many messages there are."""
        plan = self.outside("EXPLAIN QUERY PLAN " + FORGET_IDS, "[]", b"")
        self.assertTrue(any("SEARCH message USING PRIMARY KEY (id=? AND sender=?)" in line[-1] for line in plan), plan)
