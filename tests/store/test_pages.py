"""Reading pages: many readers beside the writer, and errors that name what to do."""

from __future__ import annotations

import os
import sqlite3
import threading
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatd.messages import Row
from chatd.store.connection import open_connection
from chatd.store.interface import StoreError
from chatd.store.pages import Pages
from chatd.store.sqlite import SqliteStore
from tests.store.contract import PEOPLE, message


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
        connection.execute("UPDATE message SET body = CAST('body 05' AS BLOB) WHERE seq = 50")
        connection.close()
        self.assertEqual(len(self.pages.after(10, 0, 49, 99)), 49)
        self.assertEqual(len(self.pages.after(10, 50, 99, 99)), 49)
        self.assertIn("message 50 ", str(self.assertRaises(StoreError, self.pages.after, 10, 40, 60, 99)))
        self.assertIn("message 50 ", str(self.assertRaises(StoreError, self.pages.before, 10, 60, 99)))
