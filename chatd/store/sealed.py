"""What is kept of encryption but the mail, in the SQLite file: lists, keys, groups' logs and the rest.

Rule: as in `directory`; all of it is in memory of a node. Nothing of it is readable but names and numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from chatd.entries import Entry
from chatd.sealed import (
    BackupSet,
    Corresponded,
    DeviceEmptied,
    DeviceGone,
    DeviceKeysHeld,
    GroupForgotten,
    GroupSigned,
    KeysGone,
    KeysMade,
    Knocked,
    KnockGone,
    ListMade,
    MailAcknowledged,
    MailKept,
    ResetSet,
    Sealed,
    TagKeyGone,
    TagKeyMade,
)
from chatd.store import letters
from chatd.store.connection import Connection

# What each entry does; ?1, ?2 ... are its fields in order.
PLAIN: Final[dict[type[Entry], tuple[str, ...]]] = {
    ListMade: ("INSERT INTO list (user, chain, version, blob) VALUES (?1, ?2, ?3, ?4)",),
    KeysGone: (
        """INSERT INTO key_state (device, last, fallback, used) VALUES (?1, ?2, x'', ?3)
        ON CONFLICT (device) DO UPDATE SET last = max(last, excluded.last), used = max(used, excluded.used)""",
        "DELETE FROM one_time_key WHERE device = ?1 AND number <= ?2",
    ),
    Corresponded: ("INSERT OR IGNORE INTO correspondent (low, high) VALUES (?1, ?2)",),
    DeviceGone: ("DELETE FROM cursor WHERE device = ?1", "DELETE FROM device WHERE device = ?1"),
    GroupSigned: ("INSERT INTO signed_group (gid, n, blob) VALUES (?1, ?2, ?3)",),
    GroupForgotten: ("DELETE FROM signed_group WHERE gid = ?1", "DELETE FROM knock WHERE gid = ?1"),
    Knocked: ("INSERT OR IGNORE INTO knock (gid, user, at) VALUES (?1, ?2, ?3)",),
    KnockGone: ("DELETE FROM knock WHERE gid = ?1 AND user = ?2",),
    ResetSet: (
        """INSERT INTO reset (user, blob, at) VALUES (?1, ?2, ?3)
        ON CONFLICT (user) DO UPDATE SET blob = excluded.blob, at = excluded.at""",
        "DELETE FROM reset WHERE user = ?1 AND blob = x''",
    ),
    BackupSet: (
        """INSERT INTO backup (user, blob) VALUES (?1, ?2)
        ON CONFLICT (user) DO UPDATE SET blob = excluded.blob""",
        "DELETE FROM backup WHERE user = ?1 AND blob = x''",
    ),
    TagKeyMade: ("INSERT INTO tag_key (number, key, made) VALUES (?1, ?2, ?3)",),
    TagKeyGone: ("DELETE FROM tag_key WHERE number = ?1",),
}
# How many of the fields each takes.
TAKES: Final = {sql: max(n for n in range(1, 5) if f"?{n}" in sql) for some in PLAIN.values() for sql in some}
KEEP_KEY: Final = "INSERT OR IGNORE INTO one_time_key (device, number, blob) VALUES (?1, ?2, ?3)"
KEEP_FALLBACK: Final = """
INSERT INTO key_state (device, last, fallback, used) VALUES (?1, -1, ?2, 0)
ON CONFLICT (device) DO UPDATE SET fallback = excluded.fallback, used = 0"""
FORGET_KEYS: Final = (
    "DELETE FROM one_time_key WHERE device = ?1",
    "UPDATE key_state SET fallback = x'', used = 0 WHERE device = ?1",
)

LOAD_LISTS: Final = "SELECT user, chain, version, blob FROM list ORDER BY user, chain, version"
LOAD_KEYS: Final = "SELECT device, number, blob FROM one_time_key ORDER BY device, number"
LOAD_KEY_STATES: Final = "SELECT device, last, fallback, used FROM key_state ORDER BY device"
LOAD_CORRESPONDENTS: Final = "SELECT low, high FROM correspondent ORDER BY low, high"
LOAD_GROUPS: Final = "SELECT gid, n, blob FROM signed_group ORDER BY gid, n"
LOAD_KNOCKS: Final = "SELECT gid, user, at FROM knock ORDER BY gid, user"
LOAD_RESETS: Final = "SELECT user, blob, at FROM reset ORDER BY user"
LOAD_BACKUPS: Final = "SELECT user, blob FROM backup ORDER BY user"
LOAD_TAG_KEYS: Final = "SELECT number, key, made FROM tag_key ORDER BY number"


def keep(writer: Connection, entry: Entry) -> bool:
    """Write an entry, if it is one of these."""
    special = SPECIAL.get(type(entry))
    if special is not None:
        special(writer, entry)
        return True
    statements = PLAIN.get(type(entry))
    for sql in statements or ():
        writer.execute(sql, msgspec.structs.astuple(entry)[: TAKES[sql]])
    return statements is not None


def load(rows: Callable[[str], list[Any]]) -> Sealed:
    """All of it; `rows` runs a statement."""
    return Sealed(
        lists=[ListMade(*row) for row in rows(LOAD_LISTS)],
        keys=_keys(rows),
        mail=letters.held(rows),
        corresponded=[Corresponded(*row) for row in rows(LOAD_CORRESPONDENTS)],
        groups=[GroupSigned(*row) for row in rows(LOAD_GROUPS)],
        knocks=[Knocked(*row) for row in rows(LOAD_KNOCKS)],
        resets=[ResetSet(*row) for row in rows(LOAD_RESETS)],
        backups=[BackupSet(*row) for row in rows(LOAD_BACKUPS)],
        tag_keys=[TagKeyMade(*row) for row in rows(LOAD_TAG_KEYS)],
    )


def _keys(rows: Callable[[str], list[Any]]) -> list[DeviceKeysHeld]:
    keys: dict[str, list[tuple[int, bytes]]] = {}
    for device, number, blob in rows(LOAD_KEYS):
        keys.setdefault(device, []).append((number, blob))
    states = {device: (last, fallback, bool(used)) for device, last, fallback, used in rows(LOAD_KEY_STATES)}
    return [
        DeviceKeysHeld(device, tuple(keys.get(device, ())), *states.get(device, (-1, b"", False)))
        for device in sorted(keys.keys() | states.keys())
    ]


def _keys_made(writer: Connection, entry: KeysMade) -> None:
    for number, blob in entry.keys:
        writer.execute(KEEP_KEY, (entry.device, number, blob))
    if entry.fallback:
        writer.execute(KEEP_FALLBACK, (entry.device, entry.fallback))


def _device_emptied(writer: Connection, entry: DeviceEmptied | DeviceGone) -> None:
    letters.forget(writer, entry.device)
    for sql in FORGET_KEYS:
        writer.execute(sql, (entry.device,))


def _device_gone(writer: Connection, entry: DeviceGone) -> None:
    _device_emptied(writer, entry)
    for sql in PLAIN[DeviceGone]:
        writer.execute(sql, (entry.device,))


SPECIAL: Final[dict[type[Entry], Callable[[Connection, Any], None]]] = {
    KeysMade: _keys_made,
    MailKept: letters.keep,
    MailAcknowledged: letters.acknowledge,
    DeviceEmptied: _device_emptied,
    DeviceGone: _device_gone,
}
KINDS: Final = frozenset((*PLAIN, *SPECIAL))
