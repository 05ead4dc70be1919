"""The local database: messages, cursors, outbox, accounts with their keys, pins and settings of one profile.

Rule: SQLite in WAL mode with `synchronous=FULL`; what belongs together (a message and the cursor behind it) is written
in one transaction, by `keep`. One process has it open: the profile's lock sees to that. The schema grows by steps, and
an older profile takes those that it does not have yet. What is closed and opened is closed and opened here.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from clients.core import records as r
from clients.core import schema
from clients.core.e2ee.batch import Place
from clients.core.e2ee.keys import KEY_BYTES
from clients.core.e2ee.store import Seal, SealedStorage
from clients.core.keeping import Keeping, owner, row_changed, statements
from clients.core.notices import Said
from clients.core.outbox import Outgoing


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

    def __init__(self, path: Path | str, key: bytes | None = None) -> None:
        """`key`: the store's, from which those of its boxes are made; without one a key that lives as long as this."""
        key = key or secrets.token_bytes(KEY_BYTES)
        self._keeping = Keeping(*(Seal(key, purpose, secrets.token_bytes) for purpose in ("state", "history")))
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
        if version > schema.VERSION:
            raise ProfileError(
                f"{path} has version {version}; this client knows versions up to {schema.VERSION}. Update it."
            )
        with self._transaction():
            for statement in (statement for step in schema.STEPS[version:] for statement in step):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {schema.VERSION}")

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    # ---- accounts ----

    def account(self, server: str, name: str = "") -> Account | None:
        """The account of this name on a server; without a name the one last used there."""
        where = "server = ? AND lower(name) = lower(?)" if name else "server = ? AND (? = '' AND (claimed OR tried))"
        row = self._db.execute(f"{schema.ACCOUNT} WHERE {where} ORDER BY used DESC LIMIT 1", (server, name)).fetchone()
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
        found = self._db.execute(f"{schema.ACCOUNT} WHERE server = ? AND name = ?", (server, name)).fetchone()
        assert found is not None, made.rowcount
        return _account(found)

    # ---- what a session starts with ----

    def cursors(self, account: int) -> dict[str, int]:
        """How far each conversation has been read."""
        return dict(self._db.execute("SELECT conversation, seq FROM cursor WHERE account = ?", (account,)))

    def ahead(self, account: int) -> dict[str, list[int]]:
        """Own messages whose place is beyond the cursor."""
        found: dict[str, list[int]] = {}
        for conversation, seq in self._db.execute(schema.AHEAD, (account,)):
            found.setdefault(conversation, []).append(seq)
        return found

    def created(self, account: int) -> dict[str, int]:
        """When each group was made, as far as that is known."""
        return dict(self._db.execute("SELECT conversation, at FROM created WHERE account = ?", (account,)))

    def outbox(self, account: int) -> list[Outgoing]:
        """What was said and never accepted, in order."""
        return [Outgoing(*row) for row in self._db.execute(schema.OUTBOX, (account,))]

    def rows(self, account: int) -> SealedStorage:
        """The rows of encryption of an account, as plain values: they are closed and opened here, and nothing plain
        reaches the disk. Whoever keeps other things with them gives `keep` a `KeepRows` beside its other records."""
        return SealedStorage(_Boxes(self, account), self._keeping.state, owner(account))

    # ---- keeping ----

    def keep(self, account: int, records: Iterable[r.Record]) -> None:
        """Write all of these, or none, and have them on disk. Raises ProfileError where that cannot be."""
        try:
            with self._transaction():
                for record in records:
                    for statement, values in statements(self._keeping, account, record):
                        self._db.execute(statement, values)
        except sqlite3.Error as error:
            raise ProfileError(f"The local database cannot be written: {error}.") from None

    def keep_boxes(self, account: int, boxes: Mapping[Place, bytes | None]) -> None:
        """Rows of encryption that are closed already, all or none."""
        with self._transaction():
            for place, box in boxes.items():
                self._db.execute(*row_changed(account, place, box))

    def box(self, account: int, place: Place) -> bytes | None:
        """One of them."""
        row = self._db.execute(schema.READ_ROW, (account, *place)).fetchone()
        return row[0] if row else None

    def names(self, account: int, table: str, prefix: str) -> list[str]:
        """The names of those that open so, by the index."""
        after = _after(prefix)
        query = schema.NAMES.format("AND name < ?" if after else "")
        return [row[0] for row in self._db.execute(query, (account, table, prefix, *([after] if after else [])))]

    def _transaction(self) -> _Transaction:
        return _Transaction(self._db)

    # ---- reading ----

    def search(self, account: int, text: str, limit: int = 50) -> list[Said]:
        """The newest messages that contain this text, oldest first."""
        found: list[Said] = []
        for row in self._db.execute(schema.NEWEST, (account,)):
            said = _said(row)
            if text.lower() in said.text.lower():
                found.append(said)
                if len(found) == limit:
                    break
        return found[::-1]

    def last(self, account: int, to: str, limit: int) -> list[Said]:
        """The newest messages of `#group` (and of earlier groups of that name) or of a conversation, oldest first."""
        return [_said(row) for row in self._db.execute(schema.LAST, (account, to, to, to.removeprefix("@"), limit))][
            ::-1
        ]

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


class _Boxes:
    """The boxes of one account, for the storage that opens them."""

    def __init__(self, history: History, account: int) -> None:
        self._history, self._account = history, account

    def read(self, table: str, row: str) -> bytes | None:
        return self._history.box(self._account, (table, row))

    def rows(self, table: str, prefix: str = "") -> list[str]:
        return self._history.names(self._account, table, prefix)

    def write(self, changes: Mapping[Place, bytes | None]) -> None:
        self._history.keep_boxes(self._account, changes)


def _after(prefix: str) -> str:
    """The first name beyond all that open so; empty where there is none."""
    kept = prefix.rstrip(chr(sys.maxunicode))
    if not kept:
        return ""
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(0xE000 if following == 0xD800 else following)  # no character lies between


class _Transaction:
    """All or nothing, as a with block."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._db.execute("ROLLBACK" if kind else "COMMIT")


def _account(row: tuple[Any, ...]) -> Account:
    return Account(row[0], row[1], row[2], bool(row[3]), bool(row[4]), row[5], row[6], row[7])


def _said(row: tuple[Any, ...]) -> Said:
    conversation, seq, at, sender, message_id, text, own, peer = row
    return Said(conversation, seq, at, sender, message_id, text, bool(own), True, peer)
