"""What is redacted is nowhere in the file any more, and what lies beside it is untouched."""

from __future__ import annotations

import os
import sqlite3

from twisted.trial.unittest import SynchronousTestCase

from chatd.entries import Append, Redaction, Stored
from chatd.store.redacting import SEGMENT_OF
from chatd.store.sqlite import SqliteStore
from chatd.store.verify import verify
from tests.store.contract import PEOPLE, message, row


class RedactingTests(SynchronousTestCase):
    """Beside what every store promises."""

    def setUp(self) -> None:
        self.path = os.path.abspath(self.mktemp())
        self.store = SqliteStore(self.path)
        self.addCleanup(self.store.close)
        self.store.commit(PEOPLE)

    def test_nothing_is_left_in_the_file(self) -> None:
        """Short ones lie in one page, long ones in many; where a text was there are zeros."""
        secrets = [b"a secret %d " % number * size for number, size in enumerate((1, 3, 30, 3000, 1, 900))]
        for number, secret in enumerate(secrets):
            beside = [message(100 + 2 * number), message(101 + 2 * number)]
            self.store.commit([beside[0], Append(10, 2000, "alice", bytes([number]) * 16, secret), beside[1]])
        self.store.commit([Redaction(10, 3 * number + 2, "alice", "") for number in range(len(secrets))])
        self.assertEqual(verify(self.path).problems, [])
        self.store.close()
        with open(self.path, "rb") as file:
            content = file.read()
        self.assertEqual([content.count(b"a secret %d" % number) for number in range(len(secrets))], [0] * len(secrets))
        self.store = SqliteStore(self.path)
        left = [one for one in self.store.read(10, 0, 99, 99) if one.content == "text"]
        self.assertEqual(left, [row(one.seq, message(100 + place)) for place, one in enumerate(left)])
        self.assertEqual(len(left), 2 * len(secrets))

    def test_damage_is_left_alone(self) -> None:
        """It gets no new checksum, and does not stop the server."""
        self.store.commit([message(1), message(2)])
        with sqlite3.connect(self.path) as connection:
            connection.execute("UPDATE segment SET data = CAST(data || 'x' AS BLOB)")
        connection.close()
        self.assertEqual(self.store.commit([Redaction(10, 1, "alice", ""), message(3)]), [Stored(3, 2000)])
        self.assertIn("messages 1 to 2 of conversation 10 are damaged", verify(self.path).problems)

    def test_its_segment_is_found_by_the_index(self) -> None:
        """However long the log is."""
        with sqlite3.connect(self.path) as connection:
            plan = connection.execute("EXPLAIN QUERY PLAN " + SEGMENT_OF, (10, 1)).fetchall()
        connection.close()
        self.assertEqual([line[-1] for line in plan if "SCAN" in line[-1]], [])
