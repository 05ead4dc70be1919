"""The statements about mail: each finds its rows by an index; damage is told."""

from __future__ import annotations

import os
import sqlite3

from twisted.trial.unittest import SynchronousTestCase

from chatd.sealed import MailAcknowledged
from chatd.store import letters
from chatd.store.interface import StoreError
from chatd.store.sqlite import SqliteStore
from tests.store.contract import PEOPLE
from tests.store.mail import letter, mail

QUICK = (
    letters.ACKNOWLEDGE, letters.FORGET_LETTERS, letters.FORGET_DELIVERIES, letters.READ, letters.FIND_SENT,
    letters.FORGET_OLD, letters.FORGET_OLD_DELIVERIES, letters.FORGET_SENT, letters.COUNT_UP, letters.KEEP_SENT,
)  # fmt: skip


class LettersTests(SynchronousTestCase):
    """Beside what every store promises."""

    def setUp(self) -> None:
        self.path = os.path.abspath(self.mktemp())
        self.store = SqliteStore(self.path)
        self.addCleanup(self.store.close)
        self.store.commit(PEOPLE)

    def test_nothing_is_looked_for_in_a_whole_table(self) -> None:
        connection = sqlite3.connect(self.path)
        self.addCleanup(connection.close)
        for sql in QUICK:
            count = max(number for number in range(1, 13) if f"?{number}" in sql)
            plan = [line[-1] for line in connection.execute("EXPLAIN QUERY PLAN " + sql, [None] * count)]
            scans = [line for line in plan if line.startswith("SCAN") and "CONSTANT ROW" not in line]
            self.assertEqual([line for line in scans if "page" not in line and "subquery" not in line], [], plan)

    def test_damaged_mail_is_not_given_out(self) -> None:
        self.store.commit([mail(1, letter(1, ("phone", 1)))])
        for column in ("ciphertext", "id"):
            connection = sqlite3.connect(self.path, isolation_level=None)
            connection.execute(f"UPDATE letter SET {column} = 'text'")
            connection.close()
            self.assertRaises(StoreError, self.store.read_mail, "phone", 0, 9, 9)

    def test_a_letter_is_kept_once(self) -> None:
        self.store.commit([mail(1, letter(1, ("phone", 1), ("laptop", 1)))])
        connection = sqlite3.connect(self.path)
        self.addCleanup(connection.close)
        self.assertEqual(connection.execute("SELECT count(*) FROM letter").fetchall(), [(1,)])
        self.store.commit([MailAcknowledged("phone", 1)])
        self.assertEqual(connection.execute("SELECT count(*) FROM letter").fetchall(), [(1,)])
        self.store.commit([MailAcknowledged("laptop", 1)])
        self.assertEqual(connection.execute("SELECT count(*) FROM letter").fetchall(), [(0,)])
