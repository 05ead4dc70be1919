"""The independent reader sees every damage that is planted, and nothing where there is none."""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from chatd.entries import (
    Append,
    CertificateSet,
    ConversationClosed,
    ConversationMade,
    CursorMoved,
    Entry,
    MarkerMoved,
    MaskSet,
    MemberSet,
    MetadataSet,
    Redaction,
    UserSet,
)
from chatd.sealed import BackupSet, GroupSigned, KeysGone, KeysMade, Knocked, ListMade, MailAcknowledged
from chatd.store.checksum import segment_checksum
from chatd.store.interface import StoreError
from chatd.store.sqlite import SqliteStore
from chatd.store.verify import Verified, verify
from tests.store.contract import PEOPLE, happened, message
from tests.store.mail import letter, mail


class VerifyTests(SynchronousTestCase):
    """Damage is planted past the store."""

    def setUp(self) -> None:
        self.path = os.path.join(self.mktemp(), "chat db?.db")  # a name that a URL has to quote
        os.makedirs(os.path.dirname(self.path))
        store = SqliteStore(self.path)
        store.commit([*PEOPLE, MemberSet(10, 1, "op", 0)])
        for number in range(1, 37):
            store.commit([message(number, 10 + number % 2, at=number)])
        store.commit([message(number, 10 + number % 2, at=number) for number in range(37, 41)])
        store.commit([CursorMoved("phone", 10, 20), CursorMoved("phone", 11, 3)])
        store.close()

    def more(self) -> None:
        """Something of everything else."""
        store = SqliteStore(self.path)
        store.commit([
            UserSet(1, True, "A"), CertificateSet("aa", 1), MaskSet(10, "b", "*", "", 1), MarkerMoved(1, 10, 1),
            MetadataSet(1, 0, "k", "v"), happened(1), ConversationMade(13, "#n", "#n", None, 1), message(900, 13),
            Append(10, 2000, "alice", b"t" * 16, b"x", "text", "+tag"), Redaction(10, 3, "", "x"),
            Redaction(10, 21, "", "y"), ConversationClosed(13), *self.sealed(),
        ])  # fmt: skip
        store.close()

    def sealed(self) -> list[Entry]:
        """Something of encryption."""
        return [
            ListMade(1, 1, 1, b"l"), ListMade(1, 1, 2, b"l"), ListMade(1, 2, 1, b"l"), BackupSet(1, b"b"),
            GroupSigned(b"g" * 16, 1, b"e"), GroupSigned(b"g" * 16, 2, b"e"),
            Knocked(b"g" * 16, 2, 5),
            KeysMade("phone", ((5, b"k"), (6, b"k")), b"f"), KeysGone("phone", 5),
            mail(1, letter(1, ("phone", 1), ("laptop", 1)), letter(2, ("phone", 2))), MailAcknowledged("laptop", 1),
        ]  # fmt: skip

    def plant(self, sql: str, *parameters: Any) -> None:
        """Change the file past the store."""
        connection = sqlite3.connect(self.path, isolation_level=None)
        connection.executescript("PRAGMA writable_schema = ON")
        connection.execute(sql, parameters)
        connection.close()

    def problems(self, *words: str) -> Verified:
        """There is exactly one problem for each of these words."""
        found = verify(self.path)
        self.assertEqual(len(found.problems), len(words), found.problems)
        for problem, word in zip(found.problems, words, strict=True):
            self.assertIn(word, problem)
        return found

    def test_all_is_well(self) -> None:
        self.more()
        found = self.problems()
        self.assertEqual({table: count for table, count in found.counts.items() if count}, {
            "user": 2, "device": 3, "conversation": 3, "member": 1, "segment": 40, "message": 42, "cursor": 2,
            "certificate": 1, "mask": 1, "marker": 1, "happening": 1, "setting": 1, "metadata key": 1,
            "closed conversation": 1, "signed list": 3, "one-time key": 1, "letter": 2, "delivery": 2,
            "signed group entry": 2, "identity backup": 1,
        })  # fmt: skip
        self.assertEqual(found.schema, 4)
        self.assertRegex(found.epoch, "^[0-9a-f]{32}$")

    def test_all_is_well_after_a_purge(self) -> None:
        store = SqliteStore(self.path)
        self.addCleanup(store.close)
        for before in (11, 999):
            store.purge(before, 100)
            self.problems()
        store.commit([message(99)])
        self.problems()

    def test_beside_an_open_store(self) -> None:
        store = SqliteStore(self.path)
        self.addCleanup(store.close)
        store.commit([message(99)])
        self.assertEqual(self.problems().counts["message"], 41)
        wal = self.path + "-wal"
        size = os.path.getsize(wal)
        self.assertGreater(size, 0)  # it has not been taken into the file by the reader
        store.commit([message(100)])
        self.assertGreater(os.path.getsize(wal), size)

    def test_what_is_wrong_with_encryption(self) -> None:
        self.more()
        with open(self.path, "rb") as file:
            whole = file.read()
        for sql, *words in (
            ("DELETE FROM letter WHERE letter = 1", "1 letters are missing in the mail of the device phone"),
            ("DELETE FROM delivery WHERE seq = 1", "1 letters are in nobody's mail"),
            ("UPDATE delivery SET letter = 3 - letter", "the mail of the device phone is out of order"),
            ("UPDATE letter SET ciphertext = 'text' WHERE letter = 2", "letter 2 in the mail of the device phone is"),
            ("UPDATE letter SET id = 'text' WHERE letter = 1", "letter 1 in the mail of the device phone is damaged"),
            ("INSERT INTO mailbox VALUES ('phone', 2, 0)", "2 letters are in the mail of the device phone, which has"),
            ("UPDATE key_state SET last = 6", "1 one-time keys of the device phone have been given out, and are here"),
            ("DELETE FROM list WHERE chain = 1 AND version = 1", "signed lists of user 1 are missing"),
            ("UPDATE list SET blob = 'text'", "signed lists of user 1 are missing or damaged"),
            ("UPDATE signed_group SET n = 3 WHERE n = 2", "signed entries of the group 6767"),
            ("UPDATE signed_group SET blob = 'text'", "signed entries of the group 6767"),
        ):  # fmt: skip
            self.plant(sql)
            self.problems(*words)
            with open(self.path, "wb") as file:
                file.write(whole)

    def test_damaged_segments(self) -> None:
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            ((data, at),) = connection.execute("SELECT data, at FROM segment WHERE place = 8").fetchall()
        self.assertIn(b"body 8", data)
        for bad in (data.replace(b"body 8", b"bodx 8"), data.replace(b"alice", b"blice"), data + b"x", b"", b"\x90"):
            self.plant("UPDATE segment SET data = ? WHERE place = 8", bad)
            self.problems("message 4 of conversation 10 is damaged")
        self.plant("UPDATE segment SET data = ? WHERE place = 8", data)
        for wrong in (at + 1, "x"):
            self.plant("UPDATE segment SET at = ? WHERE place = 8", wrong)
            self.problems("message 4 of conversation 10 is damaged")
        self.plant("UPDATE segment SET at = ?, checksum = x'00' WHERE place >= 37", at)
        self.problems("message 4 of", "messages 19 to 20 of conversation 11 are damaged",
                      "messages 19 to 20 of conversation 10 are damaged")  # fmt: skip

    def test_right_checksum_of_wrong_data(self) -> None:
        """What was wrong before it was written is seen too."""
        for data in (
            b"",
            msgspec.msgpack.encode([[4, 8, "alice", b"x"]]),
            msgspec.msgpack.encode([4]),
            msgspec.msgpack.encode([[4, 8, "alice", b"x", b"body", "text", b"tags"]]),
        ):
            right = segment_checksum(10, 4, data)
            self.plant("UPDATE segment SET data = ?, checksum = ? WHERE place = 8", data, right)
            self.problems("message 4 of conversation 10 is damaged")

    def test_missing_segments(self) -> None:
        self.plant("DELETE FROM message WHERE place IN (2, 10, 12, 14, 18)")
        self.plant("DELETE FROM segment WHERE conversation = 10 AND first IN (1, 5, 6, 7, 9)")
        self.problems("10: message 1 is missing", "10: messages 5 to 7 are missing", "10: message 9 is missing")

    def test_ids(self) -> None:
        self.plant("DELETE FROM message WHERE place = 8")
        self.problems("message 4 of conversation 10 may come twice")
        self.plant("INSERT INTO message VALUES (x'00', 'alice', 8)")
        self.plant("INSERT INTO message VALUES (x'01', 'alice', 8)")
        self.problems("message 4 of conversation 10 may come twice", "2 ids belong to no message")

    def test_missing_tail_is_seen_by_its_cursor(self) -> None:
        self.plant("DELETE FROM message WHERE place >= 39")
        self.plant("DELETE FROM segment WHERE conversation = 10 AND first > 18")
        self.problems("device phone has acknowledged message 20 of conversation 10, which ends at 18")

    def test_repeated_messages(self) -> None:
        self.plant("DELETE FROM message WHERE place = 8")
        store = SqliteStore(self.path)
        store.commit([message(8, 10, at=8)])
        store.close()
        self.problems("of alice is there more than once or miscounted, one as 4 of conversation 10")
        self.plant("UPDATE segment SET place = 40 WHERE place = 41")
        self.assertIn("message 21 of conversation 10 is counted twice", verify(self.path).problems)

    def test_strays(self) -> None:
        self.plant("DELETE FROM conversation WHERE conversation = 11")
        self.plant("DELETE FROM user WHERE user = 2")
        found = verify(self.path).problems
        self.assertIn("20 messages belong to conversation 11, which is not there", found)
        self.assertTrue(any(problem.startswith("device: row") and "user" in problem for problem in found), found)
        self.assertTrue(any(problem.startswith("cursor: row") for problem in found), found)

    def test_strays_of_what_was_closed(self) -> None:
        """Once there is a conversation, or what is left of a closed one; never neither, and never both."""
        self.more()
        self.plant("DELETE FROM closed")
        self.problems("1 messages belong to conversation 13, which is not there")
        self.plant("UPDATE happening SET conversation = 13")
        self.plant("INSERT INTO log VALUES (14, 0, 0)")
        self.problems("1 messages", "1 happenings belong to conversation 13", "purged of conversation 14, which is not")
        self.plant("INSERT INTO closed VALUES (13, '#n'), (14, '#m'), (10, '#x')")
        self.problems("conversation 10 is open and closed")

    def test_strays_of_accounts(self) -> None:
        self.more()
        self.plant("DELETE FROM user WHERE user = 1")
        found = verify(self.path).problems
        for table in ("certificate", "setting", "marker", "metadata"):
            self.assertTrue(any(problem.startswith(f"{table}: row") for problem in found), (table, found))

    def test_damaged_index(self) -> None:
        self.plant(
            """UPDATE sqlite_schema SET rootpage = (SELECT sum(rootpage) FROM sqlite_schema
            WHERE name IN ('device_user', 'segment_first')) - rootpage WHERE name IN ('device_user', 'segment_first')"""
        )
        self.assertIn("SQLite says", verify(self.path).problems[0])

    def test_no_database(self) -> None:
        other = self.mktemp()
        self.assertIn("no such file", verify(other).problems[0])
        with open(other, "wb") as file:
            file.write(b"something else" * 999)
        self.assertIn("not a database", verify(other).problems[0])

    def test_long_lists_are_cut(self) -> None:
        store = SqliteStore(self.path)
        for number in range(200):
            store.commit([message(1000 + number)])
        store.close()
        self.plant("UPDATE segment SET data = x'00'")
        found = verify(self.path).problems
        self.assertEqual((len(found), found[-1]), (101, "and 138 more"))

    def test_flipped_bits_are_found_and_never_given_out(self) -> None:
        """Any one bit of any body, wherever it lies in the file: both the reader and the store see it."""
        with open(self.path, "rb") as file:
            whole = file.read()
        right = {f"body {number}".encode() for number in range(1, 41)}
        places = [at for at in range(len(whole)) if whole.startswith(b"body ", at)]
        self.assertEqual(len(places), 40)
        chance = random.Random(1)
        for place in places:
            bit = chance.randrange(8 * len(b"body "))
            flipped = bytearray(whole)
            flipped[place + bit // 8] ^= 1 << bit % 8
            with open(self.path, "wb") as file:
                file.write(flipped)
            self.problems("damaged")
            store = SqliteStore(self.path)
            given = []
            for conversation in (10, 11):
                for seq in range(20):
                    try:
                        given += [found.body for found in store.read(conversation, seq, seq + 1, 1)]
                    except StoreError as error:
                        self.assertIn("damaged", str(error))
            store.close()
            self.assertEqual(set(given) - right, set())
            self.assertIn(len(given), (38, 39))

    def test_damaged_pages_raise_nothing(self) -> None:
        with open(self.path, "rb") as file:
            whole = file.read()
        chance = random.Random(2)
        for _ in range(60):
            torn = bytearray(whole)
            for _ in range(chance.randrange(1, 40)):
                torn[chance.randrange(len(torn))] = chance.randrange(256)
            with open(self.path, "wb") as file:
                file.write(torn[: chance.choice((len(torn), chance.randrange(len(torn))))])
            verify(self.path)
            try:
                store = SqliteStore(self.path)
            except StoreError:
                continue
            for action in (
                store.load,
                store.load_sealed,
                lambda kept=store: kept.read_mail("phone", 0, 9, 9),
                lambda kept=store: kept.read(10, 0, 99, 99),
            ):
                try:
                    action()
                except StoreError:
                    pass
            store.close()
