"""The store of one server: one SQLite file.

Rule: `commit` and `purge` are the only writers, on one connection. WAL with `synchronous=FULL`: a commit that
returned survives a power cut. A commit that failed is undone whole; after an I/O error there is no other.

A commit's messages go in with one statement, whose rows travel as JSON and one blob. Python's GIL is let go once for
the whole statement; `executemany` takes it back for each row, and each time waits for the reactor (500 rows a commit
beside a thread that never rests: 35 k rows/s against 260). Measured on two shared cores, 50 conversations, at 10 / 100
/ 500 messages a commit: 30 k / 87 k / 137 k rows/s, 22 / 9 / 6.4 us of CPU a row, of which 1.2 us hold the GIL
(`python -m tests.bench.store`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from chatd.messages import (
    Append,
    ConversationMade,
    ConversationSet,
    CursorMoved,
    DeviceMade,
    Directory,
    Entry,
    InvitationUsed,
    LogState,
    MemberGone,
    MemberSet,
    Row,
    Stored,
    UserMade,
    VerifierSet,
)
from chatd.store.checksum import row_checksum
from chatd.store.connection import FAILURES, WRITER_PRAGMAS, Connect, open_connection, set_up
from chatd.store.interface import StoreError
from chatd.store.migrations import migrate
from chatd.store.pages import Pages

# ---- SQL -------------------------------------------------------------------------------------------------------

# ?1 is [[conversation, seq, at, sender, content, offset, length of id, length of body], ...];
# ?2 has each row's checksum, id and body one after the other.
INSERT_MESSAGES: Final = """
INSERT INTO message (conversation, seq, at, sender, content, checksum, id, body)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
       json_extract(value, '$[3]'), json_extract(value, '$[4]'),
       substr(?2, json_extract(value, '$[5]'), 8),
       substr(?2, json_extract(value, '$[5]') + 8, json_extract(value, '$[6]')),
       substr(?2, json_extract(value, '$[5]') + 8 + json_extract(value, '$[6]'), json_extract(value, '$[7]'))
FROM json_each(?1)"""

# The rows of such a batch that are kept already: [[place in the batch, seq, at], ...].
FIND_REPEATS: Final = """
SELECT json_group_array(json_array(batch.key, message.seq, message.at))
FROM json_each(?1) AS batch
CROSS JOIN message ON message.id = substr(?2, json_extract(batch.value, '$[5]') + 8, json_extract(batch.value, '$[6]'))
                  AND message.sender = json_extract(batch.value, '$[3]')"""

# "WHERE true": without it SQLite reads ON as a join's condition.
MOVE_CURSORS: Final = """
INSERT INTO cursor (device, conversation, seq)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')
FROM json_each(?1) WHERE true
ON CONFLICT (device, conversation) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > cursor.seq"""

# What each other entry does; ?1, ?2 ... are its fields in order. A statement that ends in RETURNING must find a row.
WRITES: Final[dict[type[Entry], tuple[str, ...]]] = {
    UserMade: (
        "INSERT INTO user (user, name, key, skeleton, role, created, verifier) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    ),
    VerifierSet: ("UPDATE user SET verifier = ?2 WHERE user = ?1 RETURNING user",),
    DeviceMade: ("INSERT INTO device (device, user, ed25519, curve25519, created) VALUES (?1, ?2, ?3, ?4, ?5)",),
    ConversationMade: (
        """INSERT INTO conversation (conversation, name, key, low, high, created, private, announce, topic)
        VALUES (?1, ?2, nullif(?3, ''), ?4, ?5, ?6, ?7, ?8, ?9)""",
    ),
    ConversationSet: (
        """UPDATE conversation SET private = ?2, announce = ?3, topic = ?4 WHERE conversation = ?1
        RETURNING conversation""",
    ),
    MemberSet: (
        """INSERT INTO member (conversation, user, role, since) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (conversation, user) DO UPDATE SET role = excluded.role, since = excluded.since""",
    ),
    MemberGone: (
        "DELETE FROM member WHERE conversation = ?1 AND user = ?2",
        """DELETE FROM cursor WHERE conversation = ?1
        AND device IN (SELECT device FROM device WHERE user = ?2)""",
    ),
    InvitationUsed: ("INSERT INTO invitation (invitation, user, at) VALUES (?1, ?2, ?3)",),
}

LOAD_EPOCH: Final = "SELECT value FROM meta WHERE key = 'epoch'"
LOAD_USERS: Final = "SELECT user, name, key, skeleton, role, created, verifier FROM user ORDER BY user"
LOAD_DEVICES: Final = "SELECT device, user, ed25519, curve25519, created FROM device ORDER BY device"
LOAD_CONVERSATIONS: Final = """
SELECT conversation, name, ifnull(key, ''), low, high, created, private, announce, topic
FROM conversation ORDER BY conversation"""
LOAD_MEMBERS: Final = "SELECT conversation, user, role, since FROM member ORDER BY conversation, user"
LOAD_CURSORS: Final = "SELECT device, conversation, seq FROM cursor ORDER BY device, conversation"
LOAD_INVITATIONS: Final = "SELECT invitation, user, at FROM invitation ORDER BY invitation"
# Two index lookups per conversation, however long its log is. A wholly purged log stands at its floor.
LOAD_LOGS: Final = """
SELECT conversation.conversation, ifnull(newest.seq, ifnull(log.floor, 0)), ifnull(newest.at, ifnull(log.at, 0)),
       ifnull(log.floor, 0)
FROM conversation
LEFT JOIN message AS newest ON newest.conversation = conversation.conversation
    AND newest.seq = (SELECT max(seq) FROM message WHERE message.conversation = conversation.conversation)
LEFT JOIN log ON log.conversation = conversation.conversation
ORDER BY conversation.conversation"""
# Rows lie in the order in which they came, which is the order of time but for a clock that was set. So the oldest are
# at the front, and the purge ends at the first row that is too young: it never leaves a hole in a log.
PURGE_END: Final = """
SELECT ifnull(min(iif(at >= ?1, place, NULL)), max(place) + 1)
FROM (SELECT rowid AS place, at FROM message ORDER BY rowid LIMIT ?2)"""
PURGED_LOGS: Final = "SELECT json_group_array(DISTINCT conversation) FROM message WHERE rowid < ?1"
# The bare column `at` comes from the row that has the max(seq).
PURGE_FLOORS: Final = """
INSERT INTO log (conversation, floor, at)
SELECT conversation, max(seq), at FROM message WHERE rowid < ?1 GROUP BY conversation
ON CONFLICT (conversation) DO UPDATE SET floor = excluded.floor, at = excluded.at"""
PURGE_ROWS: Final = "DELETE FROM message WHERE rowid < ?1"
# [[conversation, head, at, floor], ...] of the conversations of ?1.
CHANGED_LOGS: Final = """
SELECT json_group_array(json_array(log.conversation, ifnull(newest.seq, log.floor), ifnull(newest.at, log.at), floor))
FROM json_each(?1) AS changed
JOIN log ON log.conversation = changed.value
LEFT JOIN message AS newest ON newest.conversation = log.conversation
    AND newest.seq = (SELECT max(seq) FROM message WHERE message.conversation = log.conversation)"""

# ---- the store -------------------------------------------------------------------------------------------------

Heads = dict[int, int]
_numbers = msgspec.json.Decoder(list[list[int]]).decode


class SqliteStore:
    """Keeps everything in the SQLite file at `path`; makes or migrates it where needed.

    `connect` opens a connection: the simulated power cut gives one that has its own file system.
    """

    def __init__(self, path: str, connect: Connect = open_connection) -> None:
        self._path = path
        self._heads: Heads | None = None
        self._broken = ""
        self._pages = Pages(path, connect)
        self._encode = msgspec.json.Encoder().encode
        try:
            self._writer = connect(path)
            try:
                set_up(self._writer, WRITER_PRAGMAS)
                migrate(self._writer, path)
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
        except (*FAILURES, LookupError) as error:
            raise StoreError(f"{self._path} cannot be read: {error}; run `chatd-admin verify`") from error

    def _load(self) -> Directory:
        def rows(sql: str) -> list[Any]:
            return self._writer.execute(sql).fetchall()

        logs = [LogState(*row) for row in rows(LOAD_LOGS)]
        self._heads = {log.conversation: log.head for log in logs}
        return Directory(
            epoch=rows(LOAD_EPOCH)[0][0],
            users=[UserMade(*row) for row in rows(LOAD_USERS)],
            devices=[DeviceMade(*row) for row in rows(LOAD_DEVICES)],
            conversations=[_conversation(*row) for row in rows(LOAD_CONVERSATIONS)],
            members=[MemberSet(*row) for row in rows(LOAD_MEMBERS)],
            logs=logs,
            cursors=[CursorMoved(*row) for row in rows(LOAD_CURSORS)],
            invitations=[InvitationUsed(*row) for row in rows(LOAD_INVITATIONS)],
        )

    # ---- commit ----

    def commit(self, entries: Sequence[Entry]) -> list[Stored]:
        if self._broken:
            raise StoreError(self._broken)
        if self._heads is None:
            self.load()
        appends = [entry for entry in entries if type(entry) is Append]
        moved: Heads = {}  # on top of the heads until the commit is through
        try:
            if len(appends) < len(entries):
                stored = self._commit_all(entries, appends, moved)
            else:
                stored = self._commit_appends(appends, moved)
        except FAILURES as error:
            raise self._failed(error) from error
        except BaseException:
            self._roll_back()
            raise
        assert self._heads is not None
        self._heads.update(moved)
        return stored

    def _commit_appends(self, appends: list[Append], moved: Heads) -> list[Stored]:
        """Only messages: one statement is the whole transaction, and BEGIN and COMMIT need not wait for the GIL."""
        if not appends:
            return []
        try:
            stored, meta, blob = self._place(appends, moved)
            self._writer.execute(INSERT_MESSAGES, (meta, blob))
        except sqlite3.IntegrityError:
            moved.clear()
            return self._commit_all(appends, appends, moved)
        return stored

    def _commit_all(self, entries: Sequence[Entry], appends: list[Append], moved: Heads) -> list[Stored]:
        writer = self._writer
        writer.execute("BEGIN IMMEDIATE")
        if len(appends) < len(entries):
            self._write(entries, moved)
        stored = self._append(appends, moved) if appends else []
        writer.execute("COMMIT")
        return stored

    def _write(self, entries: Sequence[Entry], moved: Heads) -> None:
        """All but the messages, which nothing else in a commit depends on."""
        cursors: dict[tuple[str, int], int] = {}
        for entry in entries:
            if type(entry) is Append:
                continue
            if type(entry) is CursorMoved:
                key = entry.device, entry.conversation
                cursors[key] = max(entry.seq, cursors.get(key, 0))
                continue
            if type(entry) is MemberGone and cursors:  # takes away what was written before it, not after
                self._move(cursors)
                cursors = {}
            self._write_one(entry)
            if type(entry) is ConversationMade:
                moved[entry.conversation] = 0
        if cursors:
            self._move(cursors)

    def _write_one(self, entry: Entry) -> None:
        for sql in WRITES[type(entry)]:
            fields = _fields(entry) if type(entry) is ConversationMade else msgspec.structs.astuple(entry)
            found = self._writer.execute(sql, fields).fetchall()
            if not found and "RETURNING" in sql:
                raise StoreError(f"{type(entry).__name__} for {fields[0]}, which is not in the store")

    def _move(self, cursors: dict[tuple[str, int], int]) -> None:
        rows = [(device, conversation, seq) for (device, conversation), seq in cursors.items()]
        self._writer.execute(MOVE_CURSORS, (self._encode(rows).decode(),))

    def _append(self, appends: list[Append], moved: Heads) -> list[Stored]:
        """Messages within a transaction: all at once, and where one is a repeat, again without the repeats."""
        tried = dict(moved)
        stored, meta, blob = self._place(appends, tried)
        try:
            self._writer.execute(INSERT_MESSAGES, (meta, blob))
        except sqlite3.IntegrityError:
            found = self._writer.execute(FIND_REPEATS, (meta, blob)).fetchall()[0][0]
            return self._append_new(appends, _numbers(found), moved)
        moved.update(tried)
        return stored

    def _append_new(self, appends: list[Append], found: list[list[int]], moved: Heads) -> list[Stored]:
        firsts: dict[tuple[str, bytes], Stored | None] = {}
        for place, seq, at in found:
            firsts[appends[place].sender, appends[place].id] = Stored(seq, at, True)
        fresh = []
        for append in appends:
            if (append.sender, append.id) not in firsts:
                firsts[append.sender, append.id] = None
                fresh.append(append)
        placed, meta, blob = self._place(fresh, moved)
        self._writer.execute(INSERT_MESSAGES, (meta, blob))
        news = iter(placed)
        stored = []
        for append in appends:
            first = firsts[append.sender, append.id]
            if first is None:
                new = next(news)
                firsts[append.sender, append.id] = Stored(new.seq, new.at, True)
                stored.append(new)
            else:
                stored.append(first)
        return stored

    def _place(self, appends: list[Append], moved: Heads) -> tuple[list[Stored], str, bytes]:
        """Give each message its seq and write the batch down as INSERT_MESSAGES wants it. The hottest loop here."""
        heads = self._heads
        assert heads is not None
        stored: list[Stored] = []
        rows: list[tuple[int, int, int, str, str, int, int, int]] = []
        parts: list[bytes] = []
        offset = 1  # where SQL begins to count
        try:
            for append in appends:
                conversation, at, sender, id, body = (
                    append.conversation, append.at, append.sender, append.id, append.body,
                )  # fmt: skip
                seq = (moved[conversation] if conversation in moved else heads[conversation]) + 1
                moved[conversation] = seq
                stored.append(Stored(seq, at))
                rows.append((conversation, seq, at, sender, append.content, offset, len(id), len(body)))
                parts += (row_checksum(conversation, seq, at, sender, id, append.content, body), id, body)
                offset += 8 + len(id) + len(body)
        except KeyError as error:
            raise StoreError(f"a message for conversation {error}, which is not in the store") from error
        return stored, self._encode(rows).decode(), b"".join(parts)

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

    # ---- purge ----

    def purge(self, before: int, limit: int) -> list[LogState]:
        if self._broken:
            raise StoreError(self._broken)
        try:
            end = self._writer.execute(PURGE_END, (before, limit)).fetchall()[0][0]
            if end is None:
                return []
            self._writer.execute("BEGIN IMMEDIATE")
            changed = self._writer.execute(PURGED_LOGS, (end,)).fetchall()[0][0]
            self._writer.execute(PURGE_FLOORS, (end,))
            self._writer.execute(PURGE_ROWS, (end,))
            self._writer.execute("COMMIT")
            found = self._writer.execute(CHANGED_LOGS, (changed,)).fetchall()[0][0]
        except FAILURES as error:
            raise self._failed(error) from error
        return [LogState(*row) for row in sorted(_numbers(found))]


def _fields(entry: ConversationMade) -> tuple[Any, ...]:
    low, high = entry.users or (None, None)
    flags = entry.private, entry.announce
    return (entry.conversation, entry.name, entry.key, low, high, entry.created, *flags, entry.topic)


def _conversation(
    conversation: int, name: str, key: str, low: int | None, high: int | None, created: int, private: int,
    announce: int, topic: str,
) -> ConversationMade:  # fmt: skip
    users = None if low is None or high is None else (low, high)
    return ConversationMade(conversation, name, key, users, created, bool(private), bool(announce), topic)
