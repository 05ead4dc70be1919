"""How the SQLite store opens its file: what a connection must do, and the settings of writers and readers.

Rule: one connection writes and checkpoints; all others only read. (Before 3.51.3 SQLite can corrupt a file that two
connections checkpoint at once.) Whoever needs another way to the disk, as the simulated power cut does, gives the
store another function in place of `open_connection`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, cast

from chatd.store.interface import StoreError

# 16,000 pages (64 MB) between checkpoints: each writes every page that changed once, so the rarer the cheaper
# (measured at 2 million rows: every 4,000 pages 52 k rows/s, every 16,000 pages 70 k).
WRITER_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA mmap_size = 0",  # an I/O error must be an error code, not a SIGBUS
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -65536",
    "PRAGMA wal_autocheckpoint = 16000",
)
READER_PRAGMAS: Final = (
    "PRAGMA query_only = ON",
    "PRAGMA wal_autocheckpoint = 0",
    "PRAGMA mmap_size = 0",
    "PRAGMA cache_size = -8192",
)
BUSY_SECONDS: Final = 5.0

# What SQLite raises; where a damaged file puts bytes into its message, Python cannot even make that a text.
FAILURES: Final = (sqlite3.Error, UnicodeError)


class Rows(Protocol):
    """What a statement gives back."""

    def fetchall(self) -> list[Any]:
        """All of it."""


class Connection(Protocol):
    """What the store asks of a database connection: `sqlite3.Connection` in autocommit mode has it."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Rows:
        """Run one statement; what goes wrong is a `sqlite3.Error`."""

    def close(self) -> None:
        """Let go of the files."""


Connect = Callable[[str], Connection]


def open_connection(path: str) -> Connection:
    """The usual way to a database: autocommit, so that each transaction is written out."""
    found = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    return cast(Connection, found)


def set_up(connection: Connection, pragmas: Sequence[str]) -> None:
    """Give a new connection its settings."""
    for pragma in pragmas:
        found = connection.execute(pragma).fetchall()
        if "journal_mode" in pragma and found[0][0] != "wal":
            raise StoreError(f"SQLite cannot keep a write-ahead log here (it says {found[0][0]}): use a local disk")
