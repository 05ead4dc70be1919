"""How the SQLite store opens its file: what a connection must do, and the settings of writers and readers.

Rule: one connection writes and checkpoints; all others only read. (Before 3.51.3 SQLite can corrupt a file that two
connections checkpoint at once.) Whoever needs another way to the disk, as the simulated power cut does, gives the
store another function in place of `open_connection`.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol, cast

from chatd.store.interface import StoreError

# 64 MB between checkpoints: each writes every page that changed once, so the rarer the cheaper (measured at 2 million
# rows with pages of 4 KiB: every 16 MB 52 k rows/s, every 64 MB 70 k).
CHECKPOINT: Final = "PRAGMA wal_autocheckpoint = 8000"
LOG_BYTES: Final = 66 * 1024 * 1024  # what the log has grown to by then
LOG_STEP: Final = 4 * 1024 * 1024  # some ms of the disk
# Pages of 8 KiB: a commit that touches many conversations writes half as many, each with two system calls and a
# checksum. Medians of us of CPU a commit with 4 and 8 KiB, beside other work: 750 messages into 50 conversations 2,380
# and 1,830; 500 into 2,000 4,400 and 3,700; 150 into one 420 and 420; one 160 and 190. 16 KiB gain little more.
WRITER_PRAGMAS: Final = (
    "PRAGMA page_size = 8192",  # of a new file; it stays as it is in an old one
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA mmap_size = 0",  # an I/O error must be an error code, not a SIGBUS
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -65536",
    CHECKPOINT,
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


def lengthen_log(path: str, spare: int) -> bool:
    """Let the write-ahead log of the database at `path` be some MiB longer; whether there is more to do.

    SQLite writes it from the beginning again after each checkpoint, so it is as long as it ever was. Until it has been
    through once each commit makes the file longer, and the disk has to be told of that besides what is in it; with
    zeros written ahead a message costs 8 % less CPU (`docs/performance.md`). SQLite reads no further than its own
    frames, which have checksums. To be called on the thread that writes, so that both never write the same bytes; not
    where less than `spare` bytes would be left. What goes wrong changes nothing: then it stays as short as it is.
    """
    with suppress(OSError), open(path + "-wal", "r+b", buffering=0) as log:
        size = log.seek(0, os.SEEK_END)
        if size < LOG_BYTES and shutil.disk_usage(path).free >= LOG_BYTES + spare:
            log.write(bytes(min(LOG_STEP, LOG_BYTES - size)))
            os.fdatasync(log.fileno())
            return True
    return False
