"""Reading pages: many readers beside the writer, and errors that name what to do."""

from __future__ import annotations

import os
import sqlite3
import threading
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatd.entries import Append, Row
from chatd.store.connection import open_connection
from chatd.store.interface import StoreError
from chatd.store.pages import FIND, FIND_TIME, HAPPENED, HAPPENED_LAST, READ_AFTER, READ_BEFORE, Pages
from chatd.store.segments import MOST_BYTES, MOST_ROWS
from chatd.store.sqlite import SqliteStore
from tests.store.contract import PEOPLE, happened, message


class PagesTests(SynchronousTestCase):
    """Each thread has its own connection."""

    def setUp(self) -> None:
        self.path = os.path.abspath(self.mktemp())
        self.store = SqliteStore(self.path)
        self.addCleanup(self.store.close)
        self.store.commit([*PEOPLE, *(message(number) for number in range(1, 101))])
        self.opened: list[Any] = []

        def connect(path: str) -> Any:
            self.opened.append(open_connection(path))
            return self.opened[-1]

        self.pages = Pages(self.path, connect)
        self.addCleanup(self.pages.close)

    def test_one_connection_for_each_thread(self) -> None:
        found: list[list[Row]] = []

        def read() -> None:
            found.append(self.pages.after(10, 0, 50, 99))
            found.append(self.pages.before(10, 51, 99))

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(found), 8)
        self.assertTrue(all(rows == found[0] for rows in found))
        self.assertEqual(len(self.opened), 4)
        self.pages.close()
        for connection in self.opened:
            self.assertRaises(sqlite3.ProgrammingError, connection.execute, "SELECT 1")

    def test_sees_what_was_committed_meanwhile(self) -> None:
        self.assertEqual(len(self.pages.after(10, 100, 999, 99)), 0)
        self.store.commit([message(101)])
        self.assertEqual(len(self.pages.after(10, 100, 999, 99)), 1)

    def test_no_table(self) -> None:
        pages = Pages(os.path.abspath(self.mktemp()), open_connection)
        self.addCleanup(pages.close)
        error = self.assertRaises(StoreError, pages.after, 10, 0, 9, 9)
        self.assertIn("no such table", str(error))
        self.assertIn("chatd-admin verify", str(error))

    def test_only_the_damaged_page_is_refused(self) -> None:
        connection = open_connection(self.path)
        for number in range(101, 301):
            self.store.commit([message(number), message(1000 + number)])
        connection.execute("UPDATE segment SET data = CAST(data || 'x' AS BLOB) WHERE first = 201")
        connection.close()
        self.assertEqual(len(self.pages.after(10, 100, 200, 999)), 100)
        self.assertEqual(len(self.pages.after(10, 190, 999, 10)), 10)
        self.assertEqual(len(self.pages.after(10, 202, 299, 99)), 97)
        self.assertEqual(len(self.pages.before(10, 201, 300)), 200)
        text = "messages 201 to 202 of conversation 10 are damaged"
        self.assertIn(text, str(self.assertRaises(StoreError, self.pages.after, 10, 190, 999, 11)))
        self.assertIn(text, str(self.assertRaises(StoreError, self.pages.before, 10, 210, 99)))

    def test_a_long_commit_is_read_in_pieces(self) -> None:
        """What is read from the file for a page is not much more than the page."""
        self.store.commit([message(1000 + number, 11) for number in range(3000)])
        self.store.commit([Append(12, 1, "alice", bytes([number]), b"x" * 30_000) for number in range(99)])
        connection = open_connection(self.path)
        self.addCleanup(connection.close)
        longest = "SELECT max(last - first + 1), max(length(data)), count(*) FROM segment WHERE conversation = ?"
        ((rows, _, count),) = connection.execute(longest, (11,)).fetchall()
        self.assertTrue(rows <= MOST_ROWS and count <= 2 * 3000 / MOST_ROWS, (rows, count))
        ((_, size, count),) = connection.execute(longest, (12,)).fetchall()
        self.assertTrue(size <= MOST_BYTES and count < 99, (size, count))
        self.assertEqual(len(self.pages.after(11, 700, 9999, 500)), 500)
        self.assertEqual(self.pages.before(11, 2001, 500), self.pages.after(11, 1500, 2000, 500))

    def test_where_a_time_is_in_a_damaged_log(self) -> None:
        """It ends, and gives nothing out of what is damaged."""
        for number in range(200):
            self.store.commit([message(1000 + number, 12, at=number)])
        self.assertEqual(self.pages.seq_at(12, 150), 150)
        connection = open_connection(self.path)
        self.addCleanup(connection.close)
        connection.execute("UPDATE segment SET data = x'00' WHERE conversation = 12 AND first = 151")
        text = "message 151 of conversation 12 is damaged"
        self.assertIn(text, str(self.assertRaises(StoreError, self.pages.seq_at, 12, 150)))
        self.assertEqual(self.pages.seq_at(12, 149), 149)
        connection.execute("DELETE FROM segment WHERE conversation = 12 AND (first < 30 OR first BETWEEN 90 AND 180)")
        for at in (0, 10, 29, 30, 89, 120, 180, 199, 999):
            self.pages.seq_at(12, at)

    def test_damaged_happenings(self) -> None:
        self.store.commit([happened(1), happened(2, 11)])
        connection = open_connection(self.path)
        self.addCleanup(connection.close)
        connection.execute("UPDATE happening SET kind = x'00' WHERE conversation = 10")
        error = self.assertRaises(StoreError, self.pages.happenings, 10, 0, 9**9, 9, False)
        self.assertIn("chatd-admin verify", str(error))
        self.assertEqual(self.pages.happenings(11, 0, 9**9, 9, False), [happened(2, 11)])

    def test_everything_is_found_by_an_index(self) -> None:
        """However long the logs are."""
        connection = open_connection(self.path)
        self.addCleanup(connection.close)
        for sql in (READ_AFTER, READ_BEFORE, FIND, FIND_TIME, HAPPENED, HAPPENED_LAST):
            count = max(number for number in range(1, 6) if f"?{number}" in sql)
            plan = [line[-1] for line in connection.execute("EXPLAIN QUERY PLAN " + sql, [1] * count).fetchall()]
            scans = [line for line in plan if line.startswith(("SCAN segment", "SCAN message", "SCAN happening"))]
            self.assertEqual(
                (scans, [line for line in plan if "TEMP B-TREE" in line and sql != FIND_TIME]), ([], []), sql
            )
