"""Is a SQLite store whole? An independent reader: it looks at the file with its own eyes.

Rule: opens the file only to read, and uses nothing of the store that wrote it but the schema, not even the checksum's
code: what both got wrong would not be seen. It may run beside a server; what it sees is one moment.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import msgspec

MOST_PROBLEMS: Final = 100

ABOUT: Final = "SELECT key, value FROM meta"
COUNTS: Final = {
    "user": "SELECT count(*) FROM user",
    "device": "SELECT count(*) FROM device",
    "conversation": "SELECT count(*) FROM conversation",
    "member": "SELECT count(*) FROM member",
    "segment": "SELECT count(*) FROM segment",
    "message": "SELECT ifnull(sum(last - first + 1), 0) FROM segment",
    "cursor": "SELECT count(*) FROM cursor",
    "invitation": "SELECT count(*) FROM invitation",
    "certificate": "SELECT count(*) FROM certificate",
    "mask": "SELECT count(*) FROM mask",
    "marker": "SELECT count(*) FROM marker",
    "happening": "SELECT count(*) FROM happening",
    "setting": "SELECT count(*) FROM setting",
    "metadata key": "SELECT count(*) FROM metadata",
    "closed conversation": "SELECT count(*) FROM closed",
    "blob": "SELECT count(*) FROM blob",
    "offer": "SELECT count(*) FROM offer",
    "former name": "SELECT count(*) FROM former",
    "sanction": "SELECT count(*) FROM sanction",
    "roster account": "SELECT count(*) FROM roster",
    "report": "SELECT count(*) FROM report",
    "signed list": "SELECT count(*) FROM list",
    "one-time key": "SELECT count(*) FROM one_time_key",
    "letter": "SELECT count(*) FROM letter",
    "delivery": "SELECT count(*) FROM delivery",
    "signed group entry": "SELECT count(*) FROM signed_group",
    "identity backup": "SELECT count(*) FROM backup",
}
INTEGRITY: Final = "PRAGMA integrity_check(20)"
FOREIGN_KEYS: Final = "PRAGMA foreign_key_check"
STRAY_MESSAGES: Final = """
SELECT conversation, sum(last - first + 1) FROM segment
WHERE conversation NOT IN (SELECT conversation FROM conversation UNION ALL SELECT conversation FROM closed)
GROUP BY conversation"""
STRAY_HAPPENINGS: Final = """
SELECT conversation, count(*) FROM happening
WHERE conversation NOT IN (SELECT conversation FROM conversation UNION ALL SELECT conversation FROM closed)
GROUP BY conversation"""
STRAY_FLOORS: Final = """
SELECT conversation FROM log
WHERE conversation NOT IN (SELECT conversation FROM conversation UNION ALL SELECT conversation FROM closed)"""
OPEN_AND_CLOSED: Final = "SELECT conversation FROM closed JOIN conversation USING (conversation)"
# NOT INDEXED: what is asked for is the table, an index may be what is wrong.
SEGMENTS: Final = """
SELECT place, conversation, first, last, at, data, checksum FROM segment NOT INDEXED ORDER BY place"""
ROWS: Final = "SELECT count(*) FROM message"
BETWEEN: Final = "SELECT count(*) FROM message WHERE place >= ? AND place < ?"  # no index: only of what is damaged
RUNS: Final = "SELECT place, low, high FROM run ORDER BY place"
KEPT_AS: Final = "SELECT place FROM message WHERE id = ? AND sender = ?"
# Each segment beside the one before it in its log; the first one beside the floor.
GAPS: Final = """
SELECT conversation, first, before FROM (
    SELECT segment.conversation, first,
           ifnull(lag(last) OVER (PARTITION BY segment.conversation ORDER BY first), ifnull(log.floor, 0)) AS before
    FROM segment NOT INDEXED LEFT JOIN log ON log.conversation = segment.conversation)
WHERE first <> before + 1"""
CURSORS_BEYOND: Final = """
SELECT device, cursor.conversation, cursor.seq, ifnull(head.seq, ifnull(log.floor, 0)) AS newest
FROM cursor
LEFT JOIN log ON log.conversation = cursor.conversation
LEFT JOIN (SELECT conversation, max(last) AS seq FROM segment GROUP BY conversation) AS head
    ON head.conversation = cursor.conversation
WHERE cursor.seq > newest"""
LOST_LETTERS: Final = """
SELECT device, count(*) FROM delivery WHERE letter NOT IN (SELECT letter FROM letter) GROUP BY device"""
STRAY_LETTERS: Final = "SELECT count(*) FROM letter WHERE letter NOT IN (SELECT letter FROM delivery)"
MAIL_NOT_DELETED: Final = """
SELECT device, count(*) FROM delivery JOIN mailbox USING (device) WHERE seq <= acknowledged GROUP BY device"""
MAIL_OUT_OF_ORDER: Final = """
SELECT DISTINCT device FROM (
    SELECT device, letter, lag(letter) OVER (PARTITION BY device ORDER BY seq) AS before FROM delivery)
WHERE letter <= before"""
WRONG_SIZES: Final = """
SELECT delivery.device, seq FROM delivery JOIN letter USING (letter)
WHERE size <> length(ciphertext) OR typeof(ciphertext) <> 'blob' OR typeof(id) <> 'blob'"""
KEYS_TWICE: Final = """
SELECT device, count(*) FROM one_time_key JOIN key_state USING (device) WHERE number <= last GROUP BY device"""
# Each link of a chain beside the number of links up to it.
LIST_GAPS: Final = """
SELECT DISTINCT user FROM (
    SELECT user, version, row_number() OVER (PARTITION BY user, chain ORDER BY version) AS place, typeof(blob) AS kind
    FROM list)
WHERE version <> place OR kind <> 'blob'"""
GROUP_GAPS: Final = """
SELECT DISTINCT hex(gid) FROM (
    SELECT gid, n, row_number() OVER (PARTITION BY gid ORDER BY n) AS place, typeof(blob) AS kind FROM signed_group)
WHERE n <> place OR kind <> 'blob'"""

_TYPES: Final = [int, int, str, bytes, bytes, str, str]  # of a message: seq, at, sender, id, body, content, tags


class Verified(NamedTuple):
    """What was found: `problems` is empty where all is well, `counts` says how much was looked at."""

    problems: list[str]
    counts: dict[str, int]
    schema: int = 0
    epoch: str = ""


def verify(path: str) -> Verified:
    """Look at every row of the store at `path`. Raises nothing: what cannot be read is a problem too."""
    problems: list[str] = []
    counts: dict[str, int] = {}
    about: dict[str, str] = {}
    try:
        connection = open_to_read(path)
    except (sqlite3.Error, OSError) as error:
        return Verified([f"{path} cannot be opened: {error}"], {})
    try:
        connection.execute("BEGIN")  # all of it as it is at one moment
        about.update(connection.execute(ABOUT))
        for table, sql in COUNTS.items():
            counts[table] = connection.execute(sql).fetchone()[0]
        for check in CHECKS:
            _collect(problems, check, connection)
    except Exception as error:  # whatever lies in a damaged file
        problems.append(f"{path} cannot be read: {error}")
    finally:
        connection.close()
    if len(problems) > MOST_PROBLEMS:
        problems[MOST_PROBLEMS:] = [f"and {len(problems) - MOST_PROBLEMS} more"]
    schema = str(about.get("schema_version", ""))
    return Verified(problems, counts, int(schema) if schema.isdecimal() else 0, str(about.get("epoch", "")))


def open_to_read(path: str) -> sqlite3.Connection:
    """A connection that cannot write, and that leaves the write-ahead log to the server."""
    if not os.path.exists(path):
        raise FileNotFoundError("there is no such file")
    return sqlite3.connect(f"file:{quote(os.path.abspath(path))}?mode=ro", uri=True, isolation_level=None, timeout=5)


def _collect(problems: list[str], check: Callable[[sqlite3.Connection], Iterator[str]], at: sqlite3.Connection) -> None:
    """A check that cannot go on does not keep the others from looking."""
    try:
        problems.extend(check(at))
    except Exception as error:  # whatever lies in a damaged file
        problems.append(f"{check.__name__.strip('_').replace('_', ' ')}: {error}")


def _integrity(connection: sqlite3.Connection) -> Iterator[str]:
    for (line,) in connection.execute(INTEGRITY):
        if line != "ok":
            yield f"SQLite says: {line}"


def _references(connection: sqlite3.Connection) -> Iterator[str]:
    for table, row, parent, _ in connection.execute(FOREIGN_KEYS):
        yield f"{table}: row {row} names a {parent} that is not there"
    for conversation, count in connection.execute(STRAY_MESSAGES):
        yield f"{count} messages belong to conversation {conversation}, which is not there"
    for conversation, count in connection.execute(STRAY_HAPPENINGS):
        yield f"{count} happenings belong to conversation {conversation}, which is not there"
    for (conversation,) in connection.execute(STRAY_FLOORS):
        yield f"something was purged of conversation {conversation}, which is not there"
    for (conversation,) in connection.execute(OPEN_AND_CLOSED):
        yield f"conversation {conversation} is open and closed"


def _segments(connection: sqlite3.Connection) -> Iterator[str]:
    """Each segment is what was written, and each of its messages is known by its sender and id, and by no other."""
    named = end = 0
    ids = _Ids(connection.execute(RUNS).fetchall())
    for place, conversation, first, last, at, data, checksum in connection.execute(SEGMENTS):
        count = last - first + 1
        ids.go_to(place)
        if place < end:
            yield f"{_which(conversation, first, last)} counted twice"
        end = place + count
        rows = _unpacked(conversation, first, last, at, data, checksum)
        if rows is None:
            yield f"{_which(conversation, first, last)} damaged"
        for number, (seq, _, sender, id, *_) in enumerate(rows or (), place):
            found = connection.execute(KEPT_AS, (id, sender)).fetchone()
            here = ids.has(sender, id)
            named += found is not None and found[0] == number
            if found is None and here is None:
                yield f"message {seq} of conversation {conversation} may come twice: its id {id.hex()} is not kept"
            elif here or (found is not None and found[0] != number):
                yield (
                    f"the message {id.hex()} of {sender} is there more than once or miscounted, one as {seq} of "
                    f"conversation {conversation}"
                )
        named += 0 if rows is not None else connection.execute(BETWEEN, (place, place + count)).fetchone()[0]
    stray = connection.execute(ROWS).fetchone()[0] - named
    if stray > 0:
        yield f"{stray} ids belong to no message"


class _Ids:
    """The ids without rows of the runs whose windows reach into one another, as one goes from place to place."""

    def __init__(self, runs: list[tuple[int, int, int]]) -> None:
        self._runs = deque(runs)
        self._low = self._high = 0
        self._near: list[tuple[int, int, set[tuple[str, bytes]]]] = []
        self._here: set[tuple[str, bytes]] = set()

    def go_to(self, place: int) -> None:
        """What comes now lies at this place or behind it."""
        while self._runs and self._runs[0][0] <= place:
            _, low, high = self._runs.popleft()
            self._low, self._high, self._here = low, high, set()
            self._near = [one for one in self._near if one[0] < high and one[1] > low]
            self._near.append((low, high, self._here))

    def has(self, sender: str, id: bytes) -> bool | None:
        """Whether it was there before; None where it needs a row."""
        if len(id) != 16 or not self._low <= int.from_bytes(id[:6], "big") < self._high:
            return None
        found = any((sender, id) in seen for _, _, seen in self._near)
        self._here.add((sender, id))
        return found


def _unpacked(conversation: int, first: int, last: int, at: int, data: bytes, checksum: bytes) -> list[Any] | None:
    """A segment's messages as plain lists; None where anything about them is wrong."""
    try:
        whole = struct.pack("<qq", conversation, first) + data
        sums = struct.pack("<II", zlib.crc32(whole), zlib.adler32(data))
        if checksum not in (sums, hashlib.blake2b(whole, digest_size=8).digest()):  # the latter up to schema 3
            return None
        rows: list[Any] = msgspec.msgpack.decode(data)
        right = [row[0] for row in rows] == list(range(first, last + 1)) and rows[-1][1] == at
        return rows if right and all(_has_types(row) for row in rows) else None
    except (struct.error, TypeError, LookupError, ValueError):  # not even the types are right
        return None


def _has_types(row: list[Any]) -> bool:
    """Its fields are what they must be; a redacted message has no tags."""
    types = [type(field) for field in row[: len(_TYPES)]]
    return types == _TYPES or types == _TYPES[:-1]


def _which(conversation: int, first: int, last: int) -> str:
    if first == last:
        return f"message {first} of conversation {conversation} is"
    return f"messages {first} to {last} of conversation {conversation} are"


def _gaps(connection: sqlite3.Connection) -> Iterator[str]:
    for conversation, seq, before in connection.execute(GAPS):
        if seq > before + 1:
            lost = f"message {before + 1} is" if seq == before + 2 else f"messages {before + 1} to {seq - 1} are"
            yield f"conversation {conversation}: {lost} missing"
        else:
            yield f"conversation {conversation}: message {seq} comes after {before}"


def _cursors(connection: sqlite3.Connection) -> Iterator[str]:
    for device, conversation, seq, newest in connection.execute(CURSORS_BEYOND):
        yield (f"device {device} has acknowledged message {seq} of conversation {conversation}, which ends at {newest}")


def _mail(connection: sqlite3.Connection) -> Iterator[str]:
    for device, count in connection.execute(LOST_LETTERS):
        yield f"{count} letters are missing in the mail of the device {device}"
    for (count,) in connection.execute(STRAY_LETTERS):
        if count:
            yield f"{count} letters are in nobody's mail"
    for device, count in connection.execute(MAIL_NOT_DELETED):
        yield f"{count} letters are in the mail of the device {device}, which has acknowledged them"
    for (device,) in connection.execute(MAIL_OUT_OF_ORDER):
        yield f"the mail of the device {device} is out of order"
    for device, seq in connection.execute(WRONG_SIZES):
        yield f"letter {seq} in the mail of the device {device} is damaged"


def _signed(connection: sqlite3.Connection) -> Iterator[str]:
    for device, count in connection.execute(KEYS_TWICE):
        yield f"{count} one-time keys of the device {device} have been given out, and are here"
    for (user,) in connection.execute(LIST_GAPS):
        yield f"signed lists of user {user} are missing or damaged"
    for (gid,) in connection.execute(GROUP_GAPS):
        yield f"signed entries of the group {gid.lower()} are missing or damaged"


CHECKS: Final = (_integrity, _references, _segments, _gaps, _cursors, _mail, _signed)
