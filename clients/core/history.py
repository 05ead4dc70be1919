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
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from clients.core import records as r
from clients.core import schema
from clients.core.boxes import Boxes, Place, owner
from clients.core.e2ee.batch import Place as RowPlace
from clients.core.e2ee.keys import KEY_BYTES
from clients.core.e2ee.refusals import Refused
from clients.core.e2ee.store import SealedStorage
from clients.core.keeping import Keeping, row_changed, statements
from clients.core.notices import Said
from clients.core.outbox import Outgoing
from clients.core.vault import ProfileError, tampered

TOLD: Final = "told:"


class Keys(Protocol):
    """Who has the store's key: `vault.Vault`, or in memory one that is soon forgotten."""

    def make(self) -> tuple[bytes, bytes]:
        """A new key, and it wrapped for the disk."""

    def open(self, wrapped: bytes) -> bytes:
        """The key again. Raises ProfileError."""

    def status(self) -> str:
        """Who can open it, for a person."""

    def remark(self) -> str:
        """What a person should have read once; empty for nothing."""


class FixedKey:
    """A key that somebody else looks after."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self) -> tuple[bytes, bytes]:
        return self._key, b""

    def open(self, wrapped: bytes) -> bytes:
        return self._key

    def status(self) -> str:
        return "opened by a key that is kept elsewhere"

    def remark(self) -> str:
        return ""


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

    def __init__(self, path: Path | str, keys: Keys | None = None, device_key: bytes | None = None) -> None:
        """`keys`: without them one that lives as long as this. `device_key`: seals the devices of an old profile."""
        self._keys = keys or FixedKey(secrets.token_bytes(KEY_BYTES))
        if path != ":memory:":
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._open(str(path), device_key)
        except sqlite3.DatabaseError as error:
            raise ProfileError(f"The local database {path} cannot be used: {error}.") from None

    def _open(self, path: str, device_key: bytes | None) -> None:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 5000", "secure_delete = ON"):
            self._db.execute("PRAGMA " + pragma)
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version > schema.VERSION:
            known = f"this client knows versions up to {schema.VERSION}"
            raise ProfileError(f"{path} has version {version}; {known}. Update it.")
        if version >= schema.SEALED:
            self._seals(self._keys.open(self._one(schema.READ_KEY)))
            with self._transaction():
                self._grow(version)
            return
        from clients.core.sealing import seal_everything

        key, wrapped = self._keys.make()
        self._seals(key)
        with self._transaction(), untampered():
            self._grow(version)
            self._db.execute(schema.KEEP_KEY, (wrapped,))
            seal_everything(self._db.execute, self._keeping.boxes, device_key, secrets.token_bytes)

    def _seals(self, key: bytes) -> None:
        boxes = Boxes(key, secrets.token_bytes)
        self._keeping = Keeping(boxes, lambda query, values: self._db.execute(query, values).fetchone())

    def _grow(self, version: int) -> None:
        if version == schema.VERSION:
            return
        for statement in (statement for step in schema.STEPS[version:] for statement in step):
            self._db.execute(statement)
        self._db.execute(f"PRAGMA user_version = {schema.VERSION}")

    def _one(self, query: str, *values: object) -> Any:
        """The one value of a query. Raises ProfileError where there is none: then it was taken away."""
        row = self._db.execute(query, values).fetchone()
        if row is None:
            raise tampered()
        return row[0]

    def status(self) -> str:
        """Who can open this profile, for a person."""
        return self._keys.status()

    def remark(self) -> str:
        """What a person should read about that, once: it is empty from then on."""
        text = self._keys.remark()
        if not text or self.settings(TOLD):
            return ""
        self.set(TOLD + "open", "yes")
        return text

    def rewrap(self, wrapped: bytes) -> None:
        """The store's key lies on the disk in another wrapping from here on; of the old one nothing is left."""
        with self._transaction():
            self._db.execute(schema.KEEP_KEY, (wrapped,))
        self._checkpoint()

    def sweep(self) -> None:
        """Write the whole file anew: what was deleted or sealed is nowhere in it any more."""
        self._db.execute("VACUUM")
        self._checkpoint()

    def _checkpoint(self) -> None:
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    # ---- accounts ----

    def account(self, server: str, name: str = "") -> Account | None:
        """The account of this name on a server; without a name the one last used there."""
        where = "server = ? AND lower(name) = lower(?)" if name else "server = ? AND (? = '' AND (claimed OR tried))"
        row = self._db.execute(f"{schema.ACCOUNT} WHERE {where} ORDER BY used DESC LIMIT 1", (server, name)).fetchone()
        return self._account(row) if row else None

    def last_server(self) -> str:
        """`name@server` as it was last used; empty on a first visit."""
        row = self._db.execute("SELECT name, server FROM account WHERE claimed ORDER BY used DESC LIMIT 1").fetchone()
        return f"{row[0]}@{row[1]}" if row else ""

    def add_account(self, server: str, name: str, sealed: str) -> Account:
        """Note new keys before they are first used."""
        with self._transaction():
            number = self._one(schema.NEXT_ACCOUNT)
            box = self._keeping.boxes.close_device(number, server, sealed)
            self._db.execute(schema.ADD_ACCOUNT, (number, server, name, box))
        found = self._db.execute(f"{schema.ACCOUNT} WHERE server = ? AND name = ?", (server, name)).fetchone()
        return self._account(found)

    def _account(self, row: tuple[Any, ...]) -> Account:
        number, server, name, claimed, tried, box, token, epoch = row
        boxes = self._keeping.boxes
        with untampered():
            device, resumes = boxes.open_device(number, server, box), boxes.open_token(number, token)
        return Account(number, server, name, bool(claimed), bool(tried), device, resumes, epoch)

    # ---- what a session starts with ----

    def cursors(self, account: int) -> dict[str, int]:
        """How far each conversation has been read."""
        return dict(self._db.execute("SELECT conversation, seq FROM cursor WHERE account = ?", (account,)))

    def ahead(self, account: int) -> dict[str, list[int]]:
        """Own messages whose place is beyond the cursor."""
        found: dict[str, list[int]] = {}
        for conversation, seq in self._db.execute(schema.AHEAD, (account, account)):
            found.setdefault(conversation, []).append(seq)
        return found

    def created(self, account: int) -> dict[str, int]:
        """When each group was made, as far as that is known."""
        return dict(self._db.execute("SELECT conversation, at FROM created WHERE account = ?", (account,)))

    def outbox(self, account: int) -> list[Outgoing]:
        """What was said and never accepted, in order."""
        with untampered():
            return [
                self._keeping.boxes.open_outgoing(account, *row) for row in self._db.execute(schema.OUTBOX, (account,))
            ]

    def rows(self, account: int) -> SealedStorage:
        """The rows of encryption of an account, as plain values: they are closed and opened here, and nothing plain
        reaches the disk. Whoever keeps other things with them gives `keep` a `KeepRows` beside its other records."""
        return _Rows(_Boxes(self, account), self._keeping.boxes.state, owner(account))

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

    def keep_boxes(self, account: int, boxes: Mapping[RowPlace, bytes | None]) -> None:
        """Rows of encryption that are closed already, all or none."""
        with self._transaction():
            for place, box in boxes.items():
                self._db.execute(*row_changed(account, place, box))

    def box(self, account: int, place: RowPlace) -> bytes | None:
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
        wanted = text.casefold()
        rows = self._db.execute(schema.NEWEST, (account,))
        with untampered():
            found = (said for row in rows if wanted in (said := self._said(account, row)).text.casefold())
            return list(islice(found, limit))[::-1]

    def last(self, account: int, to: str, limit: int) -> list[Said]:
        """The newest messages of `#group` (and of earlier groups of that name) or of a conversation, oldest first."""
        rows = self._db.execute(schema.LAST, (account, to, to, to.removeprefix("@"), limit))
        with untampered():
            return [self._said(account, row) for row in rows][::-1]

    def own(self, account: int, to: str, limit: int) -> list[Said]:
        """The same, of one's own messages; without those that were taken away."""
        rows = self._db.execute(schema.OWN, (account, to, to, to.removeprefix("@"), limit))
        with untampered():
            return [self._said(account, row) for row in rows][::-1]

    def wrote(self, account: int, conversation: str, id: bytes, sender: str) -> bool:
        """Is this message kept, of this sender in this conversation, and was not taken away?"""
        return self._db.execute(schema.FIND_SAID, (account, conversation, id, sender, account)).fetchone() is not None

    def _said(self, account: int, row: tuple[Any, ...]) -> Said:
        conversation, seq, at, sender, id, box, own, peer, edited = row
        text = self._keeping.boxes.open_message(account, Place(seq, at, sender, id, own, peer), box)
        edits = id if edited > 0 else b""
        return Said(conversation, seq, at, sender, id, text, bool(own), True, peer, edits=edits)

    def forget_before(self, at: int) -> int:
        """Delete the messages before a time in ms; how many they were. What is deleted is overwritten."""
        try:
            with self._transaction():
                return self._db.execute(schema.FORGET_BEFORE, (at,)).rowcount
        except sqlite3.Error as error:
            raise ProfileError(f"The local database cannot be written: {error}.") from None

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


class _Rows(SealedStorage):
    """Rows that stop the program, rather than one message, where they were tampered with."""

    def read(self, table: str, row: str) -> bytes | None:
        with untampered():
            return super().read(table, row)


class _Boxes:
    """The boxes of one account, for the storage that opens them."""

    def __init__(self, history: History, account: int) -> None:
        self._history, self._account = history, account

    def read(self, table: str, row: str) -> bytes | None:
        return self._history.box(self._account, (table, row))

    def rows(self, table: str, prefix: str = "") -> list[str]:
        return self._history.names(self._account, table, prefix)

    def write(self, changes: Mapping[RowPlace, bytes | None]) -> None:
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


@contextmanager
def untampered() -> Iterator[None]:
    """What does not open in its place was put there by somebody else."""
    try:
        yield
    except Refused:
        raise tampered() from None
