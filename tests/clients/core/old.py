"""Profiles as earlier versions of the client left them: plain texts, and devices sealed by a file `key`."""

from __future__ import annotations

import secrets
import sqlite3
from pathlib import Path

from clients.core import schema
from clients.core.boxes import owner
from clients.core.device import KEY_BYTES, Device
from clients.core.e2ee.store import Seal

MARKER = "MARKER-of-what-was-said"
OUTGOING = "MARKER-of-what-is-on-its-way"
DELETED = "MARKER-of-what-was-deleted"
TOKEN = b"MARKER-token"
MARKERS = (MARKER.encode(), OUTGOING.encode(), DELETED.encode(), TOKEN)


def old_profile(path: Path, version: int = 2, messages: int = 50) -> Device:
    """A profile of this version of the schema with one account, some messages, and one that waits; its device."""
    path.mkdir(mode=0o700)
    key, device = secrets.token_bytes(KEY_BYTES), Device.make()
    (path / "key").write_bytes(key)
    db = sqlite3.connect(path / "chat.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA secure_delete = OFF")  # some systems build it in; others leave what was deleted in the file
    for step in schema.STEPS[:version]:
        for statement in step:
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {version}")
    account = (1, "h:1", "alice", 1, 0, device.seal(key), TOKEN, "epoch", 3)
    db.execute("INSERT INTO account VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", account)
    rows = [
        (1, "epoch", "#g", seq, seq * 10, "bob", bytes([seq]) * 16, f"{MARKER} {seq} " + "x" * 99, 0, "")
        for seq in range(1, messages + 1)
    ]
    db.executemany("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    gone = (1, "epoch", "#gone", 1, 1, "bob", bytes(16), DELETED * 999, 0, "")
    db.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", gone)
    db.execute("DELETE FROM message WHERE conversation = '#gone'")  # its pages are free, and as they were
    db.execute("INSERT INTO outbox VALUES (1, 1, ?, '@bob', ?, 7)", (b"o" * 16, OUTGOING))
    if version >= 3:
        box = Seal(key, "state", secrets.token_bytes).close(owner(1) + "t", "a", b"row")
        db.execute("INSERT INTO state VALUES (1, 't', 'a', ?)", (box,))
    db.close()
    return device


def seen(path: Path, *markers: bytes) -> list[bytes]:
    """Those of these bytes that lie somewhere in the files of a profile, or in a file's name."""
    files = [file for file in sorted(path.rglob("*")) if file.is_file()]
    every = b"".join(file.read_bytes() + str(file).encode() for file in files)
    return [marker for marker in markers if marker in every]
