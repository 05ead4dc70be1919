"""Writers and readers get their settings; where these cannot be had, it is said."""

from __future__ import annotations

import sqlite3

from twisted.trial.unittest import SynchronousTestCase

from chatd.store.connection import READER_PRAGMAS, WRITER_PRAGMAS, open_connection, set_up
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
