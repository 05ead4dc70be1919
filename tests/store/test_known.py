"""Messages without a row for their id are found by it, in little time, and not taken for new."""

from __future__ import annotations

import os
import sqlite3
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatd.entries import Append, ConversationClosed, Redaction, Stored
from chatd.store import known
from chatd.store.known import FIND_FIRSTS, FIND_ROWS, FIND_RUNS, RUNS_BY_TIME, SCAN
from chatd.store.repeats import EARLY, LATE, LENGTH
from chatd.store.sqlite import SqliteStore
from chatd.store.verify import verify
from tests.store.contract import PEOPLE
from tests.store.test_repeats import NOW, id_at


def said(number: int, conversation: int = 10, at: int = -1, sender: str = "alice") -> Append:
    """A message a second."""
    made = NOW + 1000 * number
    return Append(conversation, made if at < 0 else at, sender, id_at(made, number), b"body %d" % number)


class KnownTests(SynchronousTestCase):
    """Beside what every store promises."""

    def setUp(self) -> None:
        self.path = os.path.abspath(self.mktemp())
        self.store = SqliteStore(self.path)
        self.addCleanup(lambda: self.store.close())
        self.store.commit(PEOPLE)

    def outside(self, sql: str, *parameters: Any) -> list[Any]:
        """Run a statement past the store."""
        connection = sqlite3.connect(self.path, isolation_level=None)
        found = connection.execute(sql, parameters).fetchall()
        connection.close()
        return found

    def reopen(self) -> None:
        """As after a crash."""
        self.store.close()
        self.store = SqliteStore(self.path)

    def rows(self) -> int:
        """How many ids have rows."""
        return int(self.outside("SELECT count(*) FROM message")[0][0])

    def test_repeats_without_rows(self) -> None:
        for number in range(30):
            self.store.commit([said(number), said(number, sender="bob"), said(1000 + number, at=NOW + number)])
        self.assertEqual(self.rows(), 30)  # of those from the future
        for _ in range(2):
            late = NOW + 900_000
            again = [said(number, 10 + number % 2, late, sender) for number in range(30) for sender in ("alice", "bob")]
            expected = [Stored(seq, NOW + 1000 * number, True) for number in range(30)
                        for seq in (3 * number + 1, 3 * number + 2)]  # fmt: skip
            self.assertEqual([(one.seq, one.repeat) for one in self.store.commit(again)],
                             [(one.seq, True) for one in expected])  # fmt: skip
            self.assertEqual([one.at for one in self.store.commit(again)][-1], NOW + 29_000)
            self.reopen()
        self.assertEqual(verify(self.path).problems, [])

    def test_its_time_comes(self) -> None:
        """A client whose clock was ahead sends again when it no longer is."""
        self.assertFalse(self.store.commit([said(500, at=NOW)])[0].repeat)
        self.store.commit([said(200, 11, sender="bob")])
        self.assertEqual([one.repeat for one in self.store.commit([said(500), said(501)])], [True, False])

    def test_its_time_comes_after_a_restart(self) -> None:
        self.store.commit([said(500, at=NOW)])
        self.store.commit([said(200, 11, sender="bob")])
        self.reopen()
        self.assertEqual([one.repeat for one in self.store.commit([said(500), said(501)])], [True, False])

    def test_the_clock_of_the_server_goes_back(self) -> None:
        self.store.commit([said(9000)])
        self.store.commit([said(1)])
        self.reopen()
        self.store.commit([said(2), said(3)])
        again = self.store.commit([said(number, at=NOW + 5000) for number in (9000, 1, 2, 3, 4)])
        self.assertEqual([(one.seq, one.repeat) for one in again],
                         [(1, True), (2, True), (3, True), (4, True), (5, False)])  # fmt: skip
        self.assertEqual(verify(self.path).problems, [])

    def test_twice_at_once(self) -> None:
        again = self.store.commit([said(1), said(2), said(1, 11), said(1)])
        self.assertEqual([(one.seq, one.repeat) for one in again], [(1, False), (2, False), (1, True), (1, True)])

    def test_repeats_within_a_commit_in_order(self) -> None:
        stored = self.store.commit([said(1), Redaction(10, 1, "", "x"), said(1), said(2), said(3, 12),
                                    ConversationClosed(12), said(3)])  # fmt: skip
        self.assertEqual([(one.seq, one.repeat) for one in stored],
                         [(1, False), (1, True), (2, False), (1, False), (1, True)])  # fmt: skip
        self.reopen()
        self.assertEqual(self.store.commit([said(1)]), [Stored(1, NOW + 1000, True)])

    def test_damaged(self) -> None:
        """Nothing is known of what cannot be read: it is kept anew, and nobody stops."""
        self.store.commit([said(1), said(2, 11)])
        self.outside("UPDATE segment SET data = x'00' WHERE conversation = 10")
        self.assertEqual([(one.seq, one.repeat) for one in self.store.commit([said(1), said(2, 11)])],
                         [(2, False), (1, True)])  # fmt: skip
        self.assertEqual(self.store.find(10, said(1).id), [2])

    def test_found_and_located(self) -> None:
        for number in range(60):
            self.store.commit([said(number, 10 + number % 2)])
        self.store.commit([said(3, 10, sender="bob"), said(4, 10, sender="carol"), said(999, 12, at=NOW + 60_000)])
        self.assertEqual(self.store.find(10, said(4).id), [3, 32])
        self.assertEqual(self.store.find(11, said(4).id), [])
        self.assertEqual(self.store.find(10, said(4).id[:15]), [])
        self.assertEqual(self.store.locate(said(3).id, 9), [(10, 31), (11, 2)])
        self.assertEqual(self.store.locate(said(7).id[:6], 9), [(11, 4)])
        self.assertEqual(self.store.locate(b"\x01", 3), [(10, 1), (11, 1), (10, 2)])
        self.assertEqual(self.store.locate(said(0).id[:2], 100)[-1], (12, 1))
        self.assertEqual(len(self.store.locate(said(0).id[:2], 100)), 63)
        self.assertEqual(self.store.locate(said(4).id, 0), [])

    def test_the_beginning_is_found_without_reading_all(self) -> None:
        for number in range(0, 300, 3):
            self.store.commit([said(number)])
        asked = []

        def ask(sql: str, parameters: tuple[Any, ...]) -> list[Any]:
            asked.append(sql)
            return self.outside(sql, *parameters)

        self.assertEqual([seq for _, _, seq in known.beginning(ask, b"\x01", 5)], [1, 2, 3, 4, 5])
        self.assertLess(asked.count(SCAN), 9)

    def test_a_busy_time_is_looked_through_in_pieces(self) -> None:
        """As many segments as many commits make, and long ones."""
        for number in range(1300):
            made = NOW + number // 400
            self.store.commit([Append(10, made, "alice", id_at(made, number), b"x" * (number % 7 // 6 * 50_000))])
        for number in (0, 1, 700, 1298, 1299):
            again = Append(11, NOW + 50, "alice", id_at(NOW + number // 400, number), b"")
            self.assertEqual(self.store.commit([again])[0].seq, number + 1)

    def test_purged(self) -> None:
        for number in range(20):
            self.store.commit([said(number)])
        self.assertEqual(self.outside("SELECT count(*) FROM run"), [(20,)])
        self.store.purge(NOW + 11_000, 99)
        self.assertEqual(self.outside("SELECT count(*), min(place) FROM run"), [(9, 12)])
        self.assertEqual([one.repeat for one in self.store.commit([said(10), said(11), said(19)])],
                         [False, True, True])  # fmt: skip
        self.store.purge(NOW + 99_000, 99)
        self.assertEqual(self.outside("SELECT count(*) FROM run"), [(1,)])
        self.reopen()
        self.assertEqual([one.repeat for one in self.store.commit([said(19), said(20), said(20)])],
                         [False, False, True])  # fmt: skip
        self.reopen()
        self.assertTrue(self.store.commit([said(20)])[0].repeat)
        behind = "SELECT count(*) FROM run WHERE place > (SELECT max(place) FROM segment)"
        self.assertEqual(self.outside(behind), [(0,)])
        self.assertEqual(verify(self.path).problems, [])

    def test_many_commits_are_one_run(self) -> None:
        for number in range(9):
            self.store.commit([Append(10, NOW + number, "alice", id_at(NOW + number, number), b"")])
            self.store.commit([Redaction(10, 1, "", ""), Append(11, NOW, "bob", id_at(NOW, number), b"")])
        self.assertEqual(self.outside("SELECT * FROM run"), [(1, NOW - EARLY, NOW + LENGTH + LATE)])

    def test_what_the_reader_sees(self) -> None:
        self.store.commit([said(1), said(2)])
        self.store.commit([said(500, at=NOW + 1)])
        self.assertEqual(verify(self.path).problems, [])
        self.outside("UPDATE run SET high = low")
        self.assertEqual(len(verify(self.path).problems), 2)
        self.outside("UPDATE run SET high = low + 8000")
        self.store.close()
        self.outside("DELETE FROM run")
        self.store = SqliteStore(self.path)
        self.store.commit([said(1), said(2)])  # it cannot know
        self.outside("INSERT INTO run VALUES (1, ?, ?)", NOW - 3000, NOW + 5000)
        self.assertEqual(len([one for one in verify(self.path).problems if "more than once" in one]), 2)

    def test_everything_is_found_by_an_index(self) -> None:
        """However many messages there are."""
        for sql in (FIND_ROWS, FIND_FIRSTS, FIND_RUNS, RUNS_BY_TIME, SCAN):
            count = max(number for number in range(1, 7) if f"?{number}" in sql)
            plan = [line[-1] for line in self.outside("EXPLAIN QUERY PLAN " + sql, *[1] * count)]
            scans = [line for line in plan if line.startswith(("SCAN segment", "SCAN message", "SCAN run"))]
            self.assertEqual(scans, [], (sql, plan))
