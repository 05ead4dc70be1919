"""The local database: messages, cursors, outbox, accounts with their keys, pins and settings of one profile.

Rule: SQLite in WAL mode with `synchronous=FULL`; what belongs together (a message and the cursor behind it) is written
in one transaction, by `keep`. One process has it open: the profile's lock sees to that. The schema grows by steps, and
an older profile takes those that it does not have yet.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from clients.core import records as r
from clients.core.notices import Said
from clients.core.outbox import Outgoing

_FIRST = """
CREATE TABLE account (
    id INTEGER PRIMARY KEY, server TEXT NOT NULL, name TEXT NOT NULL, claimed INTEGER NOT NULL DEFAULT 0,
    tried INTEGER NOT NULL DEFAULT 0, sealed TEXT NOT NULL, token BLOB NOT NULL DEFAULT x'',
    epoch TEXT NOT NULL DEFAULT '', used INTEGER NOT NULL DEFAULT 0, UNIQUE (server, name));
CREATE TABLE message (
    account INTEGER NOT NULL, epoch TEXT NOT NULL, conversation TEXT NOT NULL, seq INTEGER NOT NULL,
    at INTEGER NOT NULL, sender TEXT NOT NULL, id BLOB NOT NULL, text TEXT NOT NULL, own INTEGER NOT NULL,
    peer TEXT NOT NULL, PRIMARY KEY (account, conversation, epoch, seq)) WITHOUT ROWID;
CREATE TABLE cursor (
    account INTEGER NOT NULL, conversation TEXT NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (account, conversation)) WITHOUT ROWID;
CREATE TABLE outbox (
    position INTEGER PRIMARY KEY, account INTEGER NOT NULL, id BLOB NOT NULL UNIQUE, recipient TEXT NOT NULL,
    text TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE pin (server TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_CREATED = """
CREATE TABLE created (
    account INTEGER NOT NULL, conversation TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (account, conversation)) WITHOUT ROWID;
"""
_STEPS: Final = (_FIRST, _CREATED)
VERSION: Final = len(_STEPS)

_KEEP_MESSAGE = """INSERT INTO message VALUES (?, (SELECT epoch FROM account WHERE id = ?), ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO NOTHING"""
_TAKE_AWAY = """UPDATE message SET text = ? WHERE account = ? AND conversation = ? AND seq = ?
    AND epoch = (SELECT epoch FROM account WHERE id = ?)"""
_KEEP_CURSOR = """INSERT INTO cursor VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)"""
_FORGET_CURSOR = "DELETE FROM cursor WHERE account = ? AND conversation = ?"
_KEEP_CREATED = "INSERT OR REPLACE INTO created VALUES (?, ?, ?)"
_FORGET_CREATED = "DELETE FROM created WHERE account = ? AND conversation = ?"
_MOVE = "UPDATE OR IGNORE {} SET conversation = ? WHERE account = ? AND conversation = ?"
_QUEUE = "INSERT INTO outbox (account, id, recipient, text, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_CLAIM = """UPDATE account SET name = ?, token = ?, claimed = ?, tried = 0,
    used = (SELECT max(used) + 1 FROM account) WHERE id = ?"""
_AHEAD = """SELECT m.conversation, m.seq FROM message m JOIN account a ON a.id = m.account AND a.epoch = m.epoch
    LEFT JOIN cursor c ON c.account = m.account AND c.conversation = m.conversation
    WHERE m.account = ? AND m.own AND m.seq > ifnull(c.seq, 0) AND instr(m.conversation, ' (until ') = 0"""
_MESSAGES = "SELECT conversation, seq, at, sender, id, text, own, peer FROM message WHERE account = ?"
_SEARCH = _MESSAGES + " AND instr(lower(text), lower(?)) ORDER BY at DESC, seq DESC LIMIT ?"
_LAST = (
    _MESSAGES
    + """ AND (conversation = ? OR instr(conversation, ? || ' (until ') = 1
    OR (lower(peer) = lower(?) AND conversation LIKE 'dm:%')) ORDER BY at DESC, seq DESC LIMIT ?"""
)


class ProfileError(Exception):
    """The profile cannot be used; the text says why."""


class Account(msgspec.Struct, frozen=True):
    """A name on a server, and the sealed keys it belongs to. `tried`: a claim was made whose outcome is unknown."""

    id: int
    server: str
    name: str
    claimed: bool
    tried: bool
    sealed: str
    token: bytes
    epoch: str


class History:
    """One profile's database."""

    def __init__(self, path: Path | str) -> None:
        if path != ":memory:":
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._open(str(path))
        except sqlite3.DatabaseError as error:
            raise ProfileError(f"The local database {path} cannot be used: {error}.") from None

    def _open(self, path: str) -> None:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 5000"):
            self._db.execute("PRAGMA " + pragma)
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version > VERSION:
            raise ProfileError(f"{path} has version {version}; this client knows versions up to {VERSION}. Update it.")
        for number, step in enumerate(_STEPS[version:], version + 1):
            self._db.executescript(f"BEGIN IMMEDIATE; {step} PRAGMA user_version = {number}; COMMIT;")

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    # ---- accounts ----

    def account(self, server: str, name: str = "") -> Account | None:
        """The account of this name on a server; without a name the one last used there."""
        where = "server = ? AND lower(name) = lower(?)" if name else "server = ? AND (? = '' AND (claimed OR tried))"
        row = self._db.execute(f"{_ACCOUNT} WHERE {where} ORDER BY used DESC LIMIT 1", (server, name)).fetchone()
        return _account(row) if row else None

    def last_server(self) -> str:
        """`name@server` as it was last used; empty on a first visit."""
        row = self._db.execute("SELECT name, server FROM account WHERE claimed ORDER BY used DESC LIMIT 1").fetchone()
        return f"{row[0]}@{row[1]}" if row else ""

    def add_account(self, server: str, name: str, sealed: str) -> Account:
        """Note new keys before they are first used."""
        with self._transaction():
            made = self._db.execute(
                "INSERT INTO account (server, name, sealed) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (server, name, sealed),
            )
        found = self._db.execute(f"{_ACCOUNT} WHERE server = ? AND name = ?", (server, name)).fetchone()
        assert found is not None, made.rowcount
        return _account(found)

    # ---- what a session starts with ----

    def cursors(self, account: int) -> dict[str, int]:
        """How far each conversation has been read."""
        return dict(self._db.execute("SELECT conversation, seq FROM cursor WHERE account = ?", (account,)))

    def ahead(self, account: int) -> dict[str, list[int]]:
        """Own messages whose place is beyond the cursor."""
        found: dict[str, list[int]] = {}
        for conversation, seq in self._db.execute(_AHEAD, (account,)):
            found.setdefault(conversation, []).append(seq)
        return found

    def created(self, account: int) -> dict[str, int]:
        """When each group was made, as far as that is known."""
        return dict(self._db.execute("SELECT conversation, at FROM created WHERE account = ?", (account,)))

    def outbox(self, account: int) -> list[Outgoing]:
        """What was said and never accepted, in order."""
        rows = self._db.execute(
            "SELECT id, recipient, text, at FROM outbox WHERE account = ? ORDER BY position", (account,)
        )
        return [Outgoing(*row) for row in rows]

    # ---- keeping ----

    def keep(self, account: int, records: Iterable[r.Record]) -> None:
        """Write all of these, or none, and have them on disk. Raises ProfileError where that cannot be."""
        try:
            with self._transaction():
                for record in records:
                    for statement, values in _KEEPING[type(record)](account, record):
                        self._db.execute(statement, values)
        except sqlite3.Error as error:
            raise ProfileError(f"The local database cannot be written: {error}.") from None

    def _transaction(self) -> _Transaction:
        return _Transaction(self._db)

    # ---- reading ----

    def search(self, account: int, text: str, limit: int = 50) -> list[Said]:
        """The newest messages that contain this text, oldest first."""
        return [_said(row) for row in self._db.execute(_SEARCH, (account, text, limit))][::-1]

    def last(self, account: int, to: str, limit: int) -> list[Said]:
        """The newest messages of `#group` (and of earlier groups of that name) or of a conversation, oldest first."""
        return [_said(row) for row in self._db.execute(_LAST, (account, to, to, to.removeprefix("@"), limit))][::-1]

    # ---- pins and settings ----

    def pin(self, server: str) -> str:
        """The certificate that is known for a server; empty for none."""
        row = self._db.execute("SELECT value FROM pin WHERE server = ?", (server,)).fetchone()
        return str(row[0]) if row else ""

    def set_pin(self, server: str, value: str) -> None:
        """Remember a server's certificate; an empty value forgets it."""
        if value:
            self._db.execute("INSERT OR REPLACE INTO pin VALUES (?, ?)", (server, value))
        else:
            self._db.execute("DELETE FROM pin WHERE server = ?", (server,))

    def settings(self, prefix: str = "") -> dict[str, str]:
        """All settings whose key opens so."""
        rows = self._db.execute("SELECT key, value FROM setting ORDER BY key")
        return {key: value for key, value in rows if key.startswith(prefix)}

    def set(self, key: str, value: str) -> None:
        """Change a setting; an empty value puts it back to its default."""
        if value:
            self._db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (key, value))
        else:
            self._db.execute("DELETE FROM setting WHERE key = ?", (key,))


class _Transaction:
    """All or nothing, as a with block."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._db.execute("ROLLBACK" if kind else "COMMIT")


_ACCOUNT = "SELECT id, server, name, claimed, tried, sealed, token, epoch FROM account"
_Statements = list[tuple[str, tuple[Any, ...]]]


def _account(row: tuple[Any, ...]) -> Account:
    return Account(row[0], row[1], row[2], bool(row[3]), bool(row[4]), row[5], row[6], row[7])


def _said(row: tuple[Any, ...]) -> Said:
    conversation, seq, at, sender, message_id, text, own, peer = row
    return Said(conversation, seq, at, sender, message_id, text, bool(own), True, peer)


def _message(account: int, record: r.KeepMessage) -> _Statements:
    values = (account, account, record.conversation, record.seq, record.at, record.sender, record.id, record.text)
    return [(_KEEP_MESSAGE, (*values, record.own, record.peer))]


def _taken(account: int, record: r.TakeAway) -> _Statements:
    return [(_TAKE_AWAY, (record.text, account, record.conversation, record.seq, account))]


def _cursor(account: int, record: r.KeepCursor) -> _Statements:
    if record.seq == 0:
        return [(_FORGET_CURSOR, (account, record.conversation))]
    return [(_KEEP_CURSOR, (account, record.conversation, record.seq))]


def _apart(account: int, record: r.SetApart) -> _Statements:
    place = (account, record.conversation)
    return [
        (_MOVE.format("message"), (record.apart, *place)),
        (_FORGET_CURSOR, place),
        (_FORGET_CREATED, place),
        (_KEEP_CREATED, (account, record.apart, record.created)),
    ]


def _rename(account: int, record: r.Rename) -> _Statements:
    """What is kept under the new name goes, but for messages: those that have a place there stay where they are."""
    old, new = (account, record.old), (account, record.new)
    moved = (record.new, *old)
    return [
        (_FORGET_CURSOR, new),
        (_FORGET_CREATED, new),
        *((_MOVE.format(table), moved) for table in ("message", "cursor", "created")),
    ]


def _queue(account: int, record: r.Queue) -> _Statements:
    item = record.item
    return [(_QUEUE, (account, item.id, item.to, item.text, item.at))]


def _epoch(account: int, record: r.Epoch) -> _Statements:
    changed: _Statements = [("DELETE FROM cursor WHERE account = ?", (account,))] if record.changed else []
    return [("UPDATE account SET epoch = ? WHERE id = ?", (record.epoch, account)), *changed]


def _claim(account: int, record: r.Claim) -> _Statements:
    values = (record.name, record.token, record.device, account)
    rival = "DELETE FROM account WHERE id != ? AND name = ? AND server = (SELECT server FROM account WHERE id = ?)"
    return [
        (rival, (account, record.name, account)),
        (_CLAIM, values),
    ]


def _try(account: int, record: r.Try) -> _Statements:
    return [("UPDATE OR IGNORE account SET name = ?, tried = 1 WHERE id = ?", (record.name, account))]


_KEEPING: Final[dict[type[r.Record], Callable[[int, Any], _Statements]]] = {
    r.KeepMessage: _message,
    r.TakeAway: _taken,
    r.KeepCursor: _cursor,
    r.KeepCreated: lambda account, record: [(_KEEP_CREATED, (account, record.conversation, record.created))],
    r.SetApart: _apart,
    r.Rename: _rename,
    r.Queue: _queue,
    r.Unqueue: lambda account, record: [("DELETE FROM outbox WHERE id = ?", (record.id,))],
    r.Epoch: _epoch,
    r.Claim: _claim,
    r.Try: _try,
}
