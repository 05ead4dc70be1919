"""The statements about mail: each finds its rows by an index; damage is told."""

from __future__ import annotations

import os
import sqlite3
from typing import Any

from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from twisted.trial.unittest import SynchronousTestCase

from chatd.entries import DeviceMade, Entry
from chatd.sealed import (
    BackupSet,
    Corresponded,
    DeviceEmptied,
    DeviceGone,
    GroupForgotten,
    GroupSigned,
    KeysGone,
    KeysMade,
    ListMade,
    MailAcknowledged,
    ResetSet,
    TagKeyGone,
    TagKeyMade,
)
from chatd.store import letters
from chatd.store.interface import StoreError
from chatd.store.memory import MemoryStore
from chatd.store.sqlite import SqliteStore
from chatd.store.verify import verify
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


DEVICES = some.sampled_from(("phone", "laptop", "tablet", "nobody"))
USERS = some.sampled_from((1, 2, 9))
SMALL = some.integers(0, 6)
BLOBS = some.sampled_from((b"", b"a", b"b"))
RANDOM = ("missing or damaged", "have been given out", "has acknowledged them")
ENTRIES = some.one_of(
    some.builds(KeysMade, DEVICES, some.lists(some.tuples(SMALL, BLOBS), max_size=3).map(tuple), BLOBS).filter(
        lambda made: made.keys or made.fallback
    ),
    some.builds(KeysGone, DEVICES, SMALL, some.booleans()), some.builds(MailAcknowledged, DEVICES, SMALL),
    some.builds(DeviceEmptied, DEVICES), some.builds(ListMade, USERS, some.integers(1, 2), SMALL, BLOBS),
    some.builds(Corresponded, USERS, USERS), some.builds(GroupSigned, some.sampled_from((b"g", b"h")), SMALL, BLOBS),
    some.builds(GroupForgotten, some.sampled_from((b"g", b"h"))), some.builds(ResetSet, USERS, BLOBS, SMALL),
    some.builds(BackupSet, USERS, BLOBS), some.builds(TagKeyMade, SMALL, BLOBS, SMALL), some.builds(TagKeyGone, SMALL),
)  # fmt: skip


class SameMail(RuleBasedStateMachine):
    """Whatever is asked about encryption, the file and the dicts answer alike."""

    folder = ""
    count = 0

    def __init__(self) -> None:
        super().__init__()
        SameMail.count += 1
        self.path = os.path.join(self.folder, f"{self.count}.db")
        self.memory, self.sqlite = MemoryStore(), SqliteStore(self.path)
        self.now = 0
        for store in (self.memory, self.sqlite):
            store.commit(PEOPLE)

    def both(self, verb: str, *arguments: Any) -> None:
        """Do the same to both."""
        answers = []
        for store in (self.memory, self.sqlite):
            try:
                answers.append(getattr(store, verb)(*arguments))
            except StoreError:
                answers.append("refused")
        assert answers[0] == answers[1], (verb, arguments, answers)

    @rule(entries=some.lists(ENTRIES, max_size=5))
    def commit(self, entries: list[Entry]) -> None:
        """Any of them."""
        self.both("commit", entries)

    @rule(sender=DEVICES, readers=some.lists(some.sets(DEVICES, min_size=1), max_size=3), wrong=some.booleans())
    def mail(self, sender: str, readers: list[set[str]], wrong: bool) -> None:
        """Mail, whose seqs and times go forward as a hub gives them; or a seq that is there."""
        letters = []
        for some_devices in readers:
            self.now += 1
            letters.append(letter(self.now, *((device, self.now - wrong) for device in sorted(some_devices))))
        self.both("commit", [mail(self.now % 7, *letters, device=sender, at=self.now)])

    @rule(device=DEVICES)
    def gone(self, device: str) -> None:
        """A device is taken off its account."""
        if device != "nobody":
            made = next(entry for entry in PEOPLE if isinstance(entry, DeviceMade) and entry.device == device)
            self.both("commit", [DeviceGone(device)])
            self.both("commit", [made])

    @rule(device=DEVICES, after=some.integers(0, 20), upto=some.integers(0, 40), limit=some.integers(0, 9))
    def read(self, device: str, after: int, upto: int, limit: int) -> None:
        """A page."""
        self.both("read_mail", device, after, upto, limit)
        self.both("sent_mail", device, (after % 7).to_bytes(16, "big"))

    @rule(back=some.integers(0, 9), limit=some.integers(1, 5))
    def purge(self, back: int, limit: int) -> None:
        """Old mail."""
        self.both("purge_mail", self.now - back, limit)

    @invariant()
    def the_same_is_there(self) -> None:
        """After every step."""
        self.both("load_sealed")

    def teardown(self) -> None:
        self.sqlite.close()
        for problem in verify(self.path).problems:  # which no hub would make, and random lives do
            assert any(words in problem for words in RANDOM), problem


class SameMailTests(SynchronousTestCase):
    """Random lives."""

    def test_file_and_dicts_agree(self) -> None:
        SameMail.folder = self.mktemp()
        os.makedirs(SameMail.folder)
        run_state_machine_as_test(
            SameMail, settings=settings(max_examples=settings().max_examples, stateful_step_count=25, deadline=None)
        )
