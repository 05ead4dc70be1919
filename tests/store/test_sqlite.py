"""The SQLite store keeps the promises of every store, and does what only a file can do."""

from __future__ import annotations

import os
import sqlite3
import threading
from typing import Any

from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from msgspec import structs
from twisted.trial.unittest import SynchronousTestCase

from chatd.entries import (
    Append,
    CertificateGone,
    CertificateSet,
    ConversationClosed,
    ConversationMade,
    ConversationRenamed,
    ConversationSet,
    CursorMoved,
    DeviceMade,
    Entry,
    Happened,
    InvitationUsed,
    MarkerMoved,
    MaskGone,
    MaskSet,
    MemberGone,
    MemberSet,
    MetadataSet,
    Redaction,
    Stored,
    UserMade,
    UserSet,
    VerifierSet,
)
from chatd.store.connection import Connection, open_connection
from chatd.store.interface import Store, StoreError
from chatd.store.memory import MemoryStore
from chatd.store.sqlite import SqliteStore
from chatd.store.verify import verify
from tests.store.contract import PEOPLE, LastingContract, message, row
from tests.store.mail import MailContract
from tests.store.past import PastContract


class FailingConnection:
    """A connection whose chosen statements fail as SQLite's do, some after they were carried out."""

    def __init__(self, path: str) -> None:
        self._real = open_connection(path)
        self.fail: dict[str, tuple[str, bool]] = {}

    @property
    def in_transaction(self) -> bool:
        """As the real one."""
        return self._real.in_transaction

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        """As the real one, but for what is to fail."""
        code, carried_out = self.fail.pop(sql.split()[0], ("", True))
        found = self._real.execute(sql, parameters) if carried_out else None
        if code:
            error = sqlite3.OperationalError(f"planted {code}")
            error.sqlite_errorname = code
            raise error
        return found

    def close(self) -> None:
        """As the real one."""
        self._real.close()


class SqliteStoreTests(LastingContract, PastContract, MailContract, SynchronousTestCase):
    """One suite, every back end."""

    def make(self) -> Store:
        self.path = os.path.join(self.mktemp(), "chat.db")
        os.makedirs(os.path.dirname(self.path))
        return SqliteStore(self.path)

    def reopen(self) -> Store:
        return SqliteStore(self.path)

    def outside(self, sql: str, *parameters: Any) -> list[Any]:
        """Run a statement past the store."""
        with sqlite3.connect(self.path) as connection:
            found = connection.execute(sql, parameters).fetchall()
        connection.close()
        return found

    def test_settings(self) -> None:
        writer = self.store._writer  # type: ignore[attr-defined]
        for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("mmap_size", 0)):
            self.assertEqual(writer.execute(f"PRAGMA {pragma}").fetchall(), [(value,)])

    def test_reads_on_other_threads(self) -> None:
        self.store.commit([message(number) for number in range(50)])
        found: list[int] = []

        def read() -> None:
            found.extend(one.seq for one in self.store.read(10, 10, 20, 99))

        for _ in range(3):
            thread = threading.Thread(target=read)
            thread.start()
            thread.join()
        self.assertEqual(found, list(range(11, 21)) * 3)

    def test_flipped_bits_are_never_given_out(self) -> None:
        sent = [message(number) for number in range(1, 21)]
        for begin in range(0, 20, 4):
            self.store.commit(sent[begin : begin + 4])
        ((place, size),) = self.outside("SELECT place, length(data) FROM segment WHERE first = 5")
        for column, length in (("data", size), ("checksum", 8)):
            (good,) = self.outside(f"SELECT {column} FROM segment WHERE place = ?", place)[0]
            for byte in range(length):
                bad = bytearray(good)
                bad[byte] ^= 1 << byte % 8
                self.outside(f"UPDATE segment SET {column} = ? WHERE place = ?", bytes(bad), place)
                for read in (self.store.read(10, 0, 4, 99), self.store.read(10, 8, 99, 99)):
                    self.assertEqual(read, [row(one.seq, sent[one.seq - 1]) for one in read])
                error = self.assertRaises(StoreError, self.store.read, 10, 5, 99, 99)
                self.assertIn("messages 5 to 8 of conversation 10 are damaged", str(error))
                self.assertIn("chatd-admin verify", str(error))
            self.assertRaises(StoreError, self.store.read_before, 10, 10, 99)
            self.outside(f"UPDATE segment SET {column} = ? WHERE place = ?", good, place)
        for column, bad_number in (("last", 7), ("last", 9), ("conversation", 11), ("first", 6)):
            ((number,),) = self.outside(f"SELECT {column} FROM segment WHERE place = ?", place)
            self.outside(f"UPDATE segment SET {column} = ? WHERE place = ?", bad_number, place)
            self.assertRaises(StoreError, self.store.read, 11 if column == "conversation" else 10, 5, 99, 99)
            self.outside(f"UPDATE segment SET {column} = ? WHERE place = ?", number, place)
        self.assertEqual(len(self.store.read(10, 0, 99, 99)), 20)

    def test_repeats_of_what_is_damaged(self) -> None:
        """They must not stop the server."""
        self.store.commit([message(1, at=1000), message(2, at=1001)])
        self.outside("UPDATE segment SET data = x'00'")
        self.assertEqual(self.store.commit([message(1), message(4)]), [Stored(1, 1001, True), Stored(3, 2000)])

    def test_repeats_of_what_is_gone(self) -> None:
        """An id that leads nowhere: nothing is promised, nothing is half written."""
        self.store.commit([message(1), message(2)])
        self.outside("UPDATE message SET place = 77 WHERE place = 1")
        self.assertRaises(StoreError, self.store.commit, [message(1), message(3)])
        self.assertEqual(self.store.commit([message(2), message(3)]), [Stored(2, 2000, True), Stored(3, 2000)])

    def test_places_go_on(self) -> None:
        """Each message has a number of its own, after refused, repeated and purged ones too."""
        self.store.commit([message(1), message(2, 11), message(3)])
        self.assertRaises(StoreError, self.store.commit, [message(4), message(5, 99)])
        self.store.commit([message(3), message(6)])
        self.store.purge(9999, 2)
        self.store.close()
        self.store = self.reopen()
        self.store.commit([message(7, 12), message(8), message(9, 12)])
        places = self.outside("SELECT place, last - first + 1 FROM segment ORDER BY place")
        self.assertEqual(places, [(3, 1), (4, 1), (5, 2), (7, 1)])
        self.assertEqual(self.outside("SELECT group_concat(place) FROM (SELECT place FROM message ORDER BY place)"),
                         [("3,4,5,6,7",)])  # fmt: skip

    def test_second_writer_is_noticed(self) -> None:
        self.store.commit([message(1)])
        self.outside("UPDATE segment SET first = 2")
        self.assertRaises(StoreError, self.store.commit, [message(2)])

    def test_a_file_of_something_else(self) -> None:
        for content, word in ((b"not a database, but longer than its header" * 99, "file is not a database"),):
            path = self.mktemp()
            with open(path, "wb") as file:
                file.write(content)
            self.assertIn(word, str(self.assertRaises(StoreError, SqliteStore, path)))
        other = self.mktemp()
        connection = sqlite3.connect(other)
        connection.execute("CREATE TABLE mine (a)")
        connection.close()
        self.assertIn("not made by chatd", str(self.assertRaises(StoreError, SqliteStore, other)))

    def test_folder_is_missing(self) -> None:
        self.assertRaises(StoreError, SqliteStore, os.path.join(self.mktemp(), "a", "chat.db"))


class FailureTests(SynchronousTestCase):
    """What a failing disk does to a commit."""

    def setUp(self) -> None:
        self.opened: list[FailingConnection] = []

        def connect(path: str) -> Connection:
            self.opened.append(FailingConnection(path))
            return self.opened[-1]

        self.path = self.mktemp()
        self.store = SqliteStore(self.path, connect)
        self.addCleanup(self.store.close)
        self.store.commit([*PEOPLE, message(1)])
        self.writer = self.opened[0]

    def check(self, code: str, carried_out: bool, *entries: Entry, at: str, goes_on: bool) -> None:
        """Fail once; nothing of the commit is there unless SQLite did it, and no seq is lost."""
        self.writer.fail[at] = code, carried_out
        error = self.assertRaises(StoreError, self.store.commit, entries)
        self.assertIn(code, str(error))
        if goes_on:
            self.assertEqual(self.store.commit([message(9)]), [Stored(2, 2000)])
        else:
            self.assertRaises(StoreError, self.store.commit, [message(9)])
            self.assertRaises(StoreError, self.store.purge, 1, 1)
        self.assertEqual(self.store.read(10, 0, 1, 9), [row(1, message(1))])

    def test_disk_is_full(self) -> None:
        self.check("SQLITE_FULL", False, message(2), at="INSERT", goes_on=True)

    def test_disk_is_full_beside_other_entries(self) -> None:
        self.check("SQLITE_FULL", False, MemberSet(10, 1, "op", 0), message(2), at="COMMIT", goes_on=True)
        self.assertEqual(self.store.load().members, [])

    def test_goes_on_when_there_is_room_again(self) -> None:
        """Not planted: SQLite itself runs out of pages."""
        self.writer.execute("PRAGMA max_page_count = 1")  # that is: as many as there are
        accepted = 1
        while True:
            try:
                self.store.commit([message(100 + accepted)])
            except StoreError as error:
                self.assertIn("the disk is full", str(error))
                break
            accepted += 1
        self.assertEqual([found.seq for found in self.store.read(10, 0, 999, 999)], list(range(1, accepted + 1)))
        self.assertRaises(StoreError, self.store.commit, [MemberSet(10, 1, "op", 0), message(1000)])
        self.writer.execute("PRAGMA max_page_count = 100000")
        self.assertEqual(self.store.commit([message(1000)]), [Stored(accepted + 1, 2000)])
        self.assertEqual(self.store.load().members, [])

    def test_failed_fsync_is_final(self) -> None:
        self.check("SQLITE_IOERR_FSYNC", False, message(2), at="INSERT", goes_on=False)

    def test_failed_fsync_of_a_mixed_commit_is_final(self) -> None:
        self.check("SQLITE_IOERR_FSYNC", False, CursorMoved("phone", 10, 1), message(2), at="COMMIT", goes_on=False)
        self.assertEqual(self.store.load().cursors, [])

    def test_failed_undo_is_final(self) -> None:
        self.writer.fail["ROLLBACK"] = "SQLITE_IOERR", False
        self.check("SQLITE_FULL", False, MemberSet(10, 1, "op", 0), at="COMMIT", goes_on=False)

    def test_commit_that_was_done_but_reported_as_failed(self) -> None:
        self.check("SQLITE_IOERR_FSYNC", True, message(2), at="INSERT", goes_on=False)
        self.store.close()
        self.store = SqliteStore(self.path)
        self.assertEqual(self.store.commit([message(2), message(3)]), [Stored(2, 2000, True), Stored(3, 2000)])

    def test_failed_purge_leaves_everything(self) -> None:
        self.writer.fail["DELETE"] = "SQLITE_FULL", True
        self.assertRaises(StoreError, self.store.purge, 9999, 9)
        self.assertEqual(self.store.load().logs[0].floor, 0)
        self.assertEqual(len(self.store.read(10, 0, 9, 9)), 1)

    def test_failed_load(self) -> None:
        self.writer.fail["SELECT"] = "SQLITE_IOERR_READ", False
        self.assertRaises(StoreError, self.store.load)


NOW = 1_800_000_000_000

# ---- the machine: two stores, the same life --------------------------------------------------------------------

# Most of what is named exists, so that most commits go through
USERS = some.sampled_from((1, 2, 3) * 5 + (4,))
GROUPS = some.sampled_from((1, 2, 3) * 5 + (4,))
DEVICES = some.sampled_from("abcd" * 5 + "e")
WORDS = some.sampled_from("abcdef")
NAMES = some.text("abcdef", min_size=1, max_size=3)
APPENDS = some.builds(
    Append, GROUPS, some.integers(1, 50), WORDS, some.binary(min_size=1, max_size=1), some.binary(max_size=20),
    some.sampled_from(["text", "key"]), some.sampled_from(["", "+t"]),
)  # fmt: skip
BUT_MADE: some.SearchStrategy[Entry] = some.one_of(
    APPENDS,
    APPENDS,
    some.builds(CursorMoved, DEVICES, GROUPS, some.integers(0, 9)),
    some.builds(CursorMoved, some.just("a"), some.just(1), some.integers(0, 9)),
    some.builds(MemberGone, some.just(1), some.just(1)),
    some.builds(MemberSet, GROUPS, USERS, WORDS, some.integers(0, 9)),
    some.builds(MemberGone, GROUPS, USERS),
    some.builds(VerifierSet, USERS, WORDS, WORDS),
    some.builds(UserSet, USERS, some.booleans(), WORDS, some.booleans()),
    some.builds(CertificateSet, WORDS, USERS),
    some.builds(CertificateGone, WORDS),
    some.builds(ConversationSet, GROUPS, WORDS, WORDS, some.integers(0, 9), WORDS, WORDS, some.integers(0, 9)),
    some.builds(ConversationRenamed, GROUPS, WORDS, some.sampled_from(("#1", "#2", "x", "y"))),
    some.builds(ConversationClosed, some.sampled_from((1, 1, 2, 3, 4, 5))),
    some.builds(MaskSet, GROUPS, WORDS, WORDS, WORDS, some.integers(0, 9)),
    some.builds(MaskGone, GROUPS, WORDS, WORDS),
    some.builds(MarkerMoved, USERS, GROUPS, some.integers(0, 9)),
    some.builds(MetadataSet, USERS, some.just(0), WORDS, some.sampled_from(["", "v", "w"])),
    some.builds(MetadataSet, some.just(0), GROUPS, WORDS, some.sampled_from(["", "v", "w"])),
    some.builds(Happened, GROUPS, some.integers(1, 50), some.binary(max_size=2), WORDS, WORDS, WORDS),
    some.builds(Redaction, GROUPS, some.integers(0, 9), WORDS, WORDS),
    some.builds(InvitationUsed, NAMES, USERS, some.integers(0, 9)),
)
MANY = some.integers(4, 40)
PAIRS = some.tuples(USERS, USERS).map(lambda pair: (min(pair), max(pair)))
MADE: some.SearchStrategy[Entry] = some.one_of(
    some.builds(UserMade, MANY, NAMES, NAMES, NAMES, WORDS, some.integers(0, 9), WORDS),
    some.builds(DeviceMade, NAMES, USERS, some.binary(max_size=3), some.binary(max_size=3), some.integers(0, 9)),
    some.builds(ConversationMade, MANY, NAMES, NAMES, some.none(), some.integers(0, 9), WORDS, WORDS),
    some.builds(ConversationMade, some.just(1), WORDS, NAMES, some.none(), some.integers(0, 9)),
    some.builds(ConversationMade, MANY, some.just(""), some.just(""), PAIRS, some.integers(0, 9)),
)


class SameLife(RuleBasedStateMachine):
    """Whatever is asked, the file and the dicts answer alike."""

    folder = ""
    count = 0

    def __init__(self) -> None:
        super().__init__()
        SameLife.count += 1
        self.path = os.path.join(self.folder, f"{self.count}.db")
        self.memory = MemoryStore()
        self.sqlite = SqliteStore(self.path)
        known: list[Entry] = [UserMade(user, *(f"u{user}",) * 3, "", 0) for user in (1, 2, 3)]
        known += [DeviceMade(device, 1 + place % 2, b"", b"", 0) for place, device in enumerate("abcd")]
        known += [ConversationMade(group, f"#{group}", f"#{group}", None, 0) for group in (1, 2, 3)]
        for store in (self.memory, self.sqlite):
            store.commit(known)

    def both(self, verb: str, *arguments: Any) -> None:
        """Do the same to both."""
        answers = []
        for store in (self.memory, self.sqlite):
            try:
                answers.append(getattr(store, verb)(*arguments))
            except StoreError:
                answers.append("refused")
        assert answers[0] == answers[1], (verb, arguments, answers)

    @rule(entries=some.lists(BUT_MADE, max_size=6))
    def commit(self, entries: list[Entry]) -> None:
        """Any entries, but for what makes something."""
        self.both("commit", entries)

    @rule(made=MADE, entries=some.lists(BUT_MADE, max_size=3))
    def make(self, made: Entry, entries: list[Entry]) -> None:
        """What is made comes first: to name what is made later is refused by one and seen by the other."""
        self.both("commit", [made, *entries])

    @rule(appends=some.lists(APPENDS, max_size=9))
    def append(self, appends: list[Append]) -> None:
        """Messages alone take another way."""
        there = {made.conversation for made in self.memory.load().conversations}
        self.both("commit", [append for append in appends if append.conversation in there])

    @rule(conversation=GROUPS, after=some.integers(0, 9), upto=some.integers(0, 20), limit=some.integers(1, 9))
    def read(self, conversation: int, after: int, upto: int, limit: int) -> None:
        """A page."""
        self.both("read", conversation, after, upto, limit)

    @rule(conversation=GROUPS, before=some.integers(0, 20), limit=some.integers(1, 9))
    def read_before(self, conversation: int, before: int, limit: int) -> None:
        """A page of old ones."""
        self.both("read_before", conversation, before, limit)

    @rule(conversation=GROUPS, at=some.integers(0, 51))
    def seq_at(self, conversation: int, at: int) -> None:
        """A time's place, where the times never go back."""
        times = [row.at for row in self.memory.read(conversation, 0, 999, 999)]
        if times == sorted(times):
            self.both("seq_at", conversation, at)

    @rule(conversation=GROUPS, id=some.binary(min_size=1, max_size=1))
    def find(self, conversation: int, id: bytes) -> None:
        """An id's places."""
        self.both("find", conversation, id)

    @rule(
        conversation=GROUPS, after=some.integers(0, 30), before=some.integers(0, 51), limit=some.integers(0, 9),
        newest=some.booleans(),
    )  # fmt: skip
    def happenings(self, conversation: int, after: int, before: int, limit: int, newest: bool) -> None:
        """What else happened."""
        self.both("happenings", conversation, after, before, limit, newest)

    @rule(before=some.integers(0, 51), limit=some.integers(0, 9))
    def purge(self, before: int, limit: int) -> None:
        """The oldest go."""
        self.both("purge", before, limit)

    @rule()
    def reopen(self) -> None:
        """The file is closed and opened."""
        self.sqlite.close()
        self.sqlite = SqliteStore(self.path)

    @rule()
    def load(self) -> None:
        """The directories agree in everything but the epoch."""
        memory, file = self.memory.load(), self.sqlite.load()
        for name in memory.__struct_fields__[1:]:
            assert getattr(memory, name) == getattr(file, name), name

    def teardown(self) -> None:
        """A last look."""
        self.load()
        self.sqlite.close()


def id_of(byte: int) -> bytes:
    """A UUIDv7 of some time around NOW: mostly of about when messages are sent, some of long before or after."""
    at = NOW + (byte & 0x1F) * 1000 + (-10_000_000, 0, 0, 0, 0, 500, 500, 10**9)[byte >> 5]
    return at.to_bytes(6, "big") + bytes([0x70, byte]) + bytes(8)


def todays(entry: Entry) -> Entry:
    """The same with times and ids as they are today."""
    if isinstance(entry, Append):
        return structs.replace(entry, at=NOW + 500 * entry.at, id=id_of(entry.id[0]))
    return entry


class SameLifeToday(SameLife):
    """The same with the times and ids of today, most of which have no row."""

    def both(self, verb: str, *arguments: Any) -> None:
        """Do the same to both."""
        if verb == "commit":
            arguments = ([todays(entry) for entry in arguments[0]],)
        elif verb in ("seq_at", "find"):
            arguments = arguments[0], NOW + 500 * arguments[1] if verb == "seq_at" else id_of(arguments[1][0])
        elif verb == "purge":
            arguments = NOW + 500 * arguments[0], arguments[1]
        super().both(verb, *arguments)

    @rule(byte=some.integers(0, 255), length=some.integers(1, 16), limit=some.integers(0, 5))
    def locate(self, byte: int, length: int, limit: int) -> None:
        """What begins so."""
        stores: tuple[Store, Store] = self.memory, self.sqlite
        places = [store.locate(id_of(byte)[:length], limit) for store in stores]
        ids = [self.ids(store, found) for store, found in zip(stores, places, strict=True)]
        assert ids[0] == ids[1], (byte, length, limit, ids)  # of several with the same id any may be left out

    def ids(self, store: Store, places: list[tuple[int, int]]) -> list[bytes]:
        """The ids of messages."""
        return [store.read(conversation, seq - 1, seq, 1)[0].id for conversation, seq in places]

    def teardown(self) -> None:
        """An independent look, too."""
        super().teardown()
        found = verify(self.path).problems
        assert [one for one in found if "acknowledged" not in one] == [], found


class SameLifeTests(SynchronousTestCase):
    """Random lives."""

    def check(self, machine: type[SameLife]) -> None:
        """Live them."""
        machine.folder = self.mktemp()
        os.makedirs(machine.folder)
        examples = settings().max_examples
        run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=30))

    def test_file_and_dicts_agree(self) -> None:
        self.check(SameLife)

    def test_file_and_dicts_agree_today(self) -> None:
        self.check(SameLifeToday)
