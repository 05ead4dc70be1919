"""Writers and readers get their settings; where these cannot be had, it is said."""

from __future__ import annotations

import os
import sqlite3

from twisted.trial.unittest import SynchronousTestCase

from chatd.store.connection import LOG_BYTES, READER_PRAGMAS, WRITER_PRAGMAS, lengthen_log, open_connection, set_up
from chatd.store.interface import StoreError


class ConnectionTests(SynchronousTestCase):
    """How the file is opened."""

    def test_reader_neither_writes_nor_checkpoints(self) -> None:
        path = self.mktemp()
        writer, reader = open_connection(path), open_connection(path)
        self.addCleanup(writer.close)
        self.addCleanup(reader.close)
        set_up(writer, WRITER_PRAGMAS)
        writer.execute("CREATE TABLE a (b)")
        set_up(reader, READER_PRAGMAS)
        self.assertRaises(sqlite3.OperationalError, reader.execute, "INSERT INTO a VALUES (1)")
        self.assertEqual(reader.execute("PRAGMA wal_autocheckpoint").fetchall(), [(0,)])

    def test_no_write_ahead_log(self) -> None:
        connection = open_connection(":memory:")
        self.addCleanup(connection.close)
        error = self.assertRaises(StoreError, set_up, connection, WRITER_PRAGMAS)
        self.assertIn("local disk", str(error))


class LogTests(SynchronousTestCase):
    """The write-ahead log is as long from the start as it gets."""

    def setUp(self) -> None:
        self.path = self.mktemp()
        self.writer = open_connection(self.path)
        self.addCleanup(self.writer.close)
        set_up(self.writer, WRITER_PRAGMAS)
        self.writer.execute("CREATE TABLE a (b)")

    def size(self) -> int:
        """Of the log."""
        return os.path.getsize(self.path + "-wal")

    def lengthen(self) -> int:
        """All of it, with a row written after each step; how many steps there were."""
        steps = 0
        while lengthen_log(self.path, 0):
            steps += 1
            self.writer.execute("INSERT INTO a VALUES (?)", (steps,))
        return steps

    def found(self, path: str) -> list[int]:
        """The rows there are, for a process that knows nothing but the files."""
        reader = open_connection(path)
        self.addCleanup(reader.close)
        self.assertEqual(reader.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        return [row[0] for row in reader.execute("SELECT b FROM a ORDER BY b").fetchall()]

    def test_nothing_that_is_written_meanwhile_is_lost(self) -> None:
        steps = self.lengthen()
        self.assertGreater(steps, 10)
        self.assertEqual(self.size(), LOG_BYTES)
        copy = self.mktemp()
        for end in ("", "-wal"):  # as after a power cut: without what SQLite has in memory
            with open(self.path + end, "rb") as file, open(copy + end, "wb") as other:
                other.write(file.read())
        self.assertEqual(self.found(copy), list(range(1, steps + 1)))

    def test_it_stays_so_long_and_is_written_again_from_its_beginning(self) -> None:
        self.lengthen()
        self.writer.execute("PRAGMA wal_checkpoint(RESTART)")
        self.writer.execute("INSERT INTO a VALUES (1000)")
        self.assertEqual((self.size(), self.found(self.path)[-1]), (LOG_BYTES, 1000))

    def test_not_where_the_disk_is_nearly_full(self) -> None:
        before = self.size()
        self.assertFalse(lengthen_log(self.path, 1 << 62))
        self.assertEqual(self.size(), before)

    def test_where_there_is_no_log_nothing_is_made(self) -> None:
        path = self.mktemp()
        self.assertFalse(lengthen_log(path, 0))
        self.assertFalse(os.path.exists(path + "-wal"))
