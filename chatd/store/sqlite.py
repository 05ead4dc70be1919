"""The store of one server: one SQLite file.

Rule: `commit` and `purge` are the only writers, on one connection. WAL with `synchronous=FULL`: a commit that
returned survives a power cut. A commit that failed is undone whole; after an I/O error there is no other.

A commit's messages go in as segments (`segments.py`), all with one statement, whose values travel as JSON and blobs.
Python's GIL is let go once for the whole statement; `executemany` takes it back for each row, and each time waits for
the reactor. Measured on two shared cores that had other work, at 10 / 100 / 500 messages a commit, in brackets with a
row and two unique indexes a message; three interleaved runs of 0.5 s, the median rate and the least CPU
(`python -m tests.bench.store`; all with a row for each id, which most no longer have: 0.5 us less, see
docs/architecture.md, 7):

    into one conversation     32 k / 164 k / 328 k rows/s (31 / 107 / 163), 16 / 3.9 / 2.5 us of CPU (18 / 6.9 / 5.5)
    into 50                   20 k / 91 k / 247 k (24 / 77 / 120), 24 / 8.0 / 3.3 us (23 / 9.3 / 6.8)
    into 2,000                19 k / 68 k / 118 k (25 / 78 / 116), 25 / 9.9 / 7.2 us (23 / 10.1 / 7.3)
    one, beside a busy thread 25 k / 75 k / 148 k (15 / 55 / 82), 16 / 4.5 / 3.0 us (19 / 6.8 / 5.7)
    50, beside a busy thread  15 k / 57 k / 154 k (8 / 41 / 65), 24 / 7.2 / 3.4 us (25 / 9.9 / 6.6)

Of it hold the GIL at 500 a commit: 0.33 us into one conversation, 0.40 into 50, 1.06 into 2,000 (1.08 in each).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from chatd.entries import (
    Append,
    ConversationClosed,
    ConversationMade,
    CursorMoved,
    Directory,
    Entry,
    Happened,
    LogState,
    MemberGone,
    Redaction,
    Row,
    Stored,
    UserGone,
)
from chatd.sealed import DeviceGone, MailAcknowledged, MailRow, Sealed
from chatd.store import letters, sealed
from chatd.store.connection import FAILURES, WRITER_PRAGMAS, Connect, open_connection, set_up
from chatd.store.directory import WRITES, directory, fields_of
from chatd.store.interface import StoreError
from chatd.store.known import firsts
from chatd.store.migrations import migrate
from chatd.store.pages import Pages
from chatd.store.purging import purge
from chatd.store.redacting import redact
from chatd.store.repeats import Key, Marks, Window, window_at
from chatd.store.segments import BATCH, INSERT_BATCH, Ends, write_down

# ---- SQL -------------------------------------------------------------------------------------------------------

# What takes messages away, or ends their log: it sees all that came before it in its commit, and nothing after it.
IN_ORDER: Final = frozenset((Redaction, ConversationClosed))

# What takes cursors away.
CURSORS_END: Final = frozenset((MemberGone, DeviceGone, UserGone))

# "WHERE true": without it SQLite reads ON as a join's condition.
MOVE_CURSORS: Final = """
INSERT INTO cursor (device, conversation, seq)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')
FROM json_each(?1) WHERE true
ON CONFLICT (device, conversation) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > cursor.seq"""

# The next number: behind the last message, and not before the last run, which a purge leaves.
LOAD_PLACE: Final = """
SELECT max(ifnull((SELECT place + last - first + 1 FROM segment ORDER BY place DESC LIMIT 1), 1),
    ifnull((SELECT max(place) FROM run), 1))"""
LOAD_FLOOR: Final = "SELECT ifnull((SELECT max(high) FROM run), -1)"
NOTE_AHEAD: Final = """
REPLACE INTO ahead (sender, until)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1)"""
LOAD_AHEAD: Final = "SELECT sender, until FROM ahead"

# ---- the store -------------------------------------------------------------------------------------------------


class SqliteStore:
    """Keeps everything in the SQLite file at `path`; makes or migrates it where needed.

    `connect` opens a connection: the simulated power cut gives one that has its own file system.
    """

    def __init__(self, path: str, connect: Connect = open_connection) -> None:
        self._path = path
        self._ends: Ends | None = None
        self._marks = Marks()
        self._broken = ""
        self._pages = Pages(path, connect)
        self._encode = msgspec.json.Encoder().encode
        try:
            self._writer = connect(path)
            try:
                set_up(self._writer, WRITER_PRAGMAS)
                migrate(self._writer, path)
                for statement in BATCH:
                    self._writer.execute(statement)
            except BaseException:
                self._writer.close()
                raise
        except FAILURES as error:
            raise StoreError(f"{path} cannot be opened: {error}; see `chatd-admin verify`") from error

    def close(self) -> None:
        self._pages.close()
        self._writer.close()  # the last one: it takes the write-ahead log into the file

    # ---- load ----

    def load(self) -> Directory:
        try:
            return self._load()
        except (*FAILURES, LookupError, TypeError, ValueError, OverflowError) as error:
            raise StoreError(f"{self._path} cannot be read: {error}; run `chatd-admin verify`") from error

    def _load(self) -> Directory:
        def rows(sql: str) -> list[Any]:
            return self._writer.execute(sql).fetchall()

        found = directory(rows)
        self._ends = Ends({log.conversation: log.head for log in found.logs}, rows(LOAD_PLACE)[0][0])
        self._marks = Marks(rows(LOAD_FLOOR)[0][0], rows(LOAD_AHEAD))
        return found

    # ---- commit ----

    def commit(self, entries: Sequence[Entry]) -> list[Stored]:
        if self._broken:
            raise StoreError(self._broken)
        if self._ends is None:
            self.load()
        assert self._ends is not None
        appends = [entry for entry in entries if type(entry) is Append]
        tried = Ends({}, self._ends.place, self._ends.window)  # on top of what is kept, until the commit is through
        try:
            if len(appends) < len(entries):
                stored = self._commit_all(entries, appends, self._ends, tried)
            else:  # one statement is the whole transaction: BEGIN and COMMIT need not wait for the GIL
                stored = self._append(appends, self._ends, tried)
        except (*FAILURES, LookupError, ValueError) as error:  # the latter: a repeat's first place makes no sense
            raise self._failed(error) from error
        except BaseException:
            self._roll_back()
            raise
        self._ends.add(tried)
        self._marks.news.clear()
        return stored

    def _commit_all(self, entries: Sequence[Entry], appends: list[Append], kept: Ends, tried: Ends) -> list[Stored]:
        self._writer.execute("BEGIN IMMEDIATE")
        if IN_ORDER.isdisjoint(map(type, entries)):
            stored = self._commit_some(entries, appends, kept, tried)
        else:
            stored = self._commit_in_order(entries, kept, tried)
        self._writer.execute("COMMIT")
        return stored

    def _commit_some(self, entries: Sequence[Entry], appends: list[Append], kept: Ends, tried: Ends) -> list[Stored]:
        if len(appends) < len(entries):
            self._write(entries, tried)
        if tried.closed and any(append.conversation in tried.closed for append in appends):
            raise StoreError(f"a message for one of the conversations {tried.closed}, which are closed")
        return self._append(appends, kept, tried)

    def _commit_in_order(self, entries: Sequence[Entry], kept: Ends, tried: Ends) -> list[Stored]:
        stored: list[Stored] = []
        for alone, run in itertools.groupby(entries, key=lambda entry: type(entry) in IN_ORDER):
            some = list(run)
            if alone:
                self._write(some, tried)
                continue
            appends = [entry for entry in some if type(entry) is Append]
            stored += self._commit_some(some, appends, kept, tried)
        return stored

    def _write(self, entries: Sequence[Entry], tried: Ends) -> None:
        """All but the messages, which nothing else in a commit depends on but for what is IN_ORDER."""
        cursors: dict[tuple[str, int], int] = {}
        for entry in entries:
            if type(entry) is Append:
                continue
            if type(entry) is CursorMoved:
                key = entry.device, entry.conversation
                cursors[key] = max(entry.seq, cursors.get(key, 0))
                continue
            if type(entry) in CURSORS_END and cursors:  # takes away what was written before it, not after
                self._move(cursors)
                cursors = {}
            if type(entry) is Redaction:
                redact(self._writer, entry)
                continue
            self._write_one(entry)
            if type(entry) is ConversationMade:
                tried.begin(entry.conversation)
            elif type(entry) is ConversationClosed:
                tried.close(entry.conversation)
        if cursors:
            self._move(cursors)

    def _write_one(self, entry: Entry) -> None:
        if sealed.keep(self._writer, entry):
            return
        fields = fields_of(entry)
        for sql in WRITES[type(entry)]:
            found = self._writer.execute(sql, fields).fetchall()
            if not found and "RETURNING" in sql:
                raise StoreError(f"{type(entry).__name__} for {fields[0]}, which is not in the store, or not free")

    def _move(self, cursors: dict[tuple[str, int], int]) -> None:
        rows = [(device, conversation, seq) for (device, conversation), seq in cursors.items()]
        self._writer.execute(MOVE_CURSORS, (self._encode(rows).decode(),))

    def _append(self, appends: list[Append], kept: Ends, tried: Ends) -> list[Stored]:
        """Messages, all at once; where one may be a repeat, without those that are."""
        if not appends:
            return []
        at, window = appends[0].at, tried.window
        if not window.since <= at < window.until:
            window = window_at(at)
        strays = window.strays(appends)
        doubts = self._marks.doubts(appends, window, strays)
        if self._marks.news:
            self._writer.execute(NOTE_AHEAD, (self._encode(list(self._marks.news.items())).decode(),))
        if doubts:
            return self._append_new(appends, firsts(self._ask, doubts), kept, tried, window, strays)
        return self._insert(appends, kept, tried, window, strays)

    def _insert(
        self, appends: list[Append], kept: Ends, tried: Ends, window: Window, strays: frozenset[bytes]
    ) -> list[Stored]:
        batch = write_down(appends, kept, tried, strays)
        times = (-1, -1) if window is tried.window else window.times
        self._writer.execute(INSERT_BATCH, (*batch[1:], *times))
        tried.window = window
        return batch.stored

    def _append_new(
        self, appends: list[Append], known: dict[Key, Stored], kept: Ends, tried: Ends, window: Window,
        strays: frozenset[bytes],
    ) -> list[Stored]:  # fmt: skip
        first: dict[Key, Stored | None] = {**known}
        fresh = []
        for append in appends:
            if append.conversation not in tried.heads and append.conversation not in kept.heads:
                raise StoreError(f"a message for conversation {append.conversation}, which is not in the store")
            if (append.sender, append.id) not in first:
                first[append.sender, append.id] = None
                fresh.append(append)
        news: Iterator[Stored] = iter(self._insert(fresh, kept, tried, window, strays) if fresh else ())
        stored = []
        for append in appends:
            found = first[append.sender, append.id]
            if found is None:
                new = next(news)
                first[append.sender, append.id] = Stored(new.seq, new.at, True)
                stored.append(new)
            else:
                stored.append(found)
        return stored

    def _ask(self, sql: str, parameters: tuple[Any, ...]) -> list[Any]:
        return self._writer.execute(sql, parameters).fetchall()

    def _failed(self, error: Exception) -> StoreError:
        """Undo, and say what happened. After an I/O error the file may not be what SQLite believes: no more commits."""
        self._roll_back()
        name = getattr(error, "sqlite_errorname", "") or ""
        text = f"{self._path} cannot be written: {error} ({name})"
        if name.startswith("SQLITE_FULL"):
            text += "; the disk is full: make room"
        elif name.startswith(("SQLITE_IOERR", "SQLITE_CORRUPT", "SQLITE_NOTADB")):
            text += "; look at the disk, run `chatd-admin verify`, then start the server again"
            self._broken = text
        return StoreError(text)

    def _roll_back(self) -> None:
        try:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
        except FAILURES as error:
            self._broken = f"{self._path}: a failed commit could not be undone ({error}); start the server again"

    # ---- read ----

    def read(self, conversation: int, after: int, upto: int, limit: int) -> list[Row]:
        return self._pages.after(conversation, after, upto, limit)

    def read_before(self, conversation: int, before: int, limit: int) -> list[Row]:
        return self._pages.before(conversation, before, limit)

    def find(self, conversation: int, id: bytes) -> list[int]:
        return self._pages.find(conversation, id)

    def locate(self, beginning: bytes, limit: int) -> list[tuple[int, int]]:
        return self._pages.locate(beginning, limit)

    def seq_at(self, conversation: int, at: int) -> int:
        return self._pages.seq_at(conversation, at)

    def happenings(self, conversation: int, after: int, before: int, limit: int, newest: bool) -> list[Happened]:
        return self._pages.happenings(conversation, after, before, limit, newest)

    # ---- encryption ----

    def load_sealed(self) -> Sealed:
        try:
            return sealed.load(lambda sql: self._writer.execute(sql).fetchall())
        except (*FAILURES, LookupError) as error:
            raise StoreError(f"{self._path} cannot be read: {error}; run `chatd-admin verify`") from error

    def read_mail(self, device: str, after: int, upto: int, limit: int) -> list[MailRow]:
        return letters.read(self._pages.ask, device, after, upto, limit)

    def sent_mail(self, device: str, id: bytes) -> tuple[int, str] | None:
        return letters.sent(self._pages.ask, device, id)

    # ---- purge ----

    def purge_mail(self, before: int, limit: int) -> tuple[list[MailAcknowledged], bool]:
        if self._broken:
            raise StoreError(self._broken)
        try:
            return letters.purge(self._writer, before, limit)
        except (*FAILURES, ValueError) as error:
            raise self._failed(error) from error

    def purge(self, before: int, limit: int) -> list[LogState]:
        if self._broken:
            raise StoreError(self._broken)
        try:
            return purge(self._writer, before, limit)
        except (*FAILURES, ValueError) as error:
            raise self._failed(error) from error
