"""Encrypted mail in the SQLite file: kept once for all devices that get it, read after a seq, taken away when had.

Rule: a letter lies there once; each device's mail is rows that point at it, in one order. What a device has
acknowledged goes at once, and a letter with the last row that points at it. Whatever is old goes, read or not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from chatd.sealed import Letter, MailAcknowledged, MailHeld, MailKept, MailRow
from chatd.store.connection import Connection
from chatd.store.interface import PAGE_BYTES, StoreError

KEEP_SENT: Final = "REPLACE INTO sent (device, id, at, state) VALUES (?1, ?2, ?3, ?4)"
COUNT_UP: Final = """
INSERT INTO mailbox (device, acknowledged, counter) VALUES (?1, 0, ?2)
ON CONFLICT (device) DO UPDATE SET counter = max(counter, excluded.counter)"""
KEEP_LETTER: Final = """
INSERT INTO letter (id, sending, sender, device, type, conversation, commitment, ciphertext, sid, at, tag)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) RETURNING letter"""
# ?1: [[device, seq], ...]
DELIVER: Final = """
INSERT INTO delivery (device, seq, letter, size)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), ?2, ?3 FROM json_each(?1)"""
ACKNOWLEDGE: Final = """
INSERT INTO mailbox (device, acknowledged, counter) VALUES (?1, ?2, 0)
ON CONFLICT (device) DO UPDATE SET acknowledged = max(acknowledged, excluded.acknowledged)"""
# What nobody else waits for. The search for others is by the letter, however many deliveries there are.
FORGET_LETTERS: Final = """
DELETE FROM letter WHERE letter IN (SELECT letter FROM delivery WHERE device = ?1 AND seq <= ?2)
AND NOT EXISTS (SELECT 1 FROM delivery AS other
    WHERE other.letter = letter.letter AND (other.device <> ?1 OR other.seq > ?2))"""
FORGET_DELIVERIES: Final = "DELETE FROM delivery WHERE device = ?1 AND seq <= ?2"
ALL: Final = 2**63 - 1

# A page ends where its ciphertexts reach ?5 bytes.
READ: Final = """
SELECT seq, id, sending, sender, device, type, conversation, commitment, ciphertext, sid, at, tag
FROM (SELECT seq, letter, sum(size) OVER (ORDER BY seq) - size AS before FROM delivery
    WHERE delivery.device = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq LIMIT max(?4, 0)) AS page
JOIN letter USING (letter) WHERE before < ?5 ORDER BY seq"""
FIND_SENT: Final = "SELECT at, state FROM sent WHERE device = ?1 AND id = ?2"

LOAD_MAILBOXES: Final = "SELECT device, acknowledged, counter FROM mailbox ORDER BY device"
LOAD_WAITING: Final = "SELECT device, seq, size FROM delivery ORDER BY device, seq"

# Letters lie in the order in which they came: the newest of the oldest ?2 while they are from before ?1.
OLD: Final = """
WITH oldest AS (SELECT letter, at FROM letter ORDER BY letter LIMIT max(?2, 0))
SELECT max(letter) FROM oldest WHERE letter < ifnull((SELECT min(letter) FROM oldest WHERE at >= ?1), letter + 1)"""
WHOSE: Final = """
SELECT delivery.device, max(seq) FROM letter JOIN delivery USING (letter) WHERE letter <= ?1
GROUP BY delivery.device ORDER BY delivery.device"""
FORGET_OLD: Final = "DELETE FROM letter WHERE letter <= ?1"
FORGET_OLD_DELIVERIES: Final = "DELETE FROM delivery WHERE letter <= ?1"
FORGET_SENT: Final = """
DELETE FROM sent WHERE (device, id) IN (SELECT device, id FROM sent WHERE at < ?1 ORDER BY at LIMIT max(?2, 0))
RETURNING at"""

_to_json = msgspec.json.Encoder().encode


def keep(writer: Connection, entry: MailKept) -> None:
    """All letters of one command."""
    writer.execute(KEEP_SENT, (entry.device, entry.id, entry.at, entry.state))
    writer.execute(COUNT_UP, (entry.device, entry.counter))
    for letter in entry.letters:
        fields = (letter.id, entry.id, entry.sender, entry.device, letter.type, letter.conversation,
                  letter.commitment, letter.ciphertext, letter.sid, entry.at, letter.tag)  # fmt: skip
        ((number,),) = writer.execute(KEEP_LETTER, fields).fetchall()
        writer.execute(DELIVER, (_to_json(letter.to).decode(), number, size_of(letter)))


def size_of(letter: Letter) -> int:
    """What a letter counts in a mailbox."""
    return len(letter.ciphertext)


def acknowledge(writer: Connection, entry: MailAcknowledged) -> None:
    """A device has its mail up to there."""
    writer.execute(ACKNOWLEDGE, (entry.device, entry.seq))
    forget(writer, entry.device, entry.seq)


def forget(writer: Connection, device: str, seq: int = ALL) -> None:
    """A device's mail up to there is gone."""
    writer.execute(FORGET_LETTERS, (device, seq))
    writer.execute(FORGET_DELIVERIES, (device, seq))


def read(ask: Callable[[str, tuple[Any, ...]], list[Any]], device: str, after: int, upto: int, limit: int
         ) -> list[MailRow]:  # fmt: skip
    """A page of a device's mail. Raises StoreError."""
    rows = [MailRow(*row) for row in ask(READ, (device, after, upto, limit, PAGE_BYTES))]
    if any(type(row.ciphertext) is not bytes or type(row.id) is not bytes for row in rows):
        raise StoreError(f"mail of the device {device} is damaged; run `chatd-admin verify`")
    return rows


def sent(ask: Callable[[str, tuple[Any, ...]], list[Any]], device: str, id: bytes) -> tuple[int, str] | None:
    """What was answered to this mail of a device: its time and state."""
    found = ask(FIND_SENT, (device, id))
    return (found[0][0], found[0][1]) if found else None


def held(rows: Callable[[str], list[Any]]) -> list[MailHeld]:
    """How every device's mail stands; `rows` runs a statement."""
    waiting: dict[str, list[tuple[int, int]]] = {}
    for device, seq, size in rows(LOAD_WAITING):
        waiting.setdefault(device, []).append((seq, size))
    boxes = {device: (acknowledged, counter) for device, acknowledged, counter in rows(LOAD_MAILBOXES)}
    return [
        MailHeld(device, *boxes.get(device, (0, 0)), tuple(waiting.get(device, ())))
        for device in sorted(boxes.keys() | waiting.keys())
    ]


def purge(writer: Connection, before: int, limit: int) -> tuple[list[MailAcknowledged], bool]:
    """Take out what is from before a time; whose mail is gone up to where, and whether there may be more."""
    ((newest,),) = writer.execute(OLD, (before, limit)).fetchall()
    writer.execute("BEGIN IMMEDIATE")
    gone = []
    if newest is not None:
        gone = [MailAcknowledged(*row) for row in writer.execute(WHOSE, (newest,)).fetchall()]
        for one in gone:
            writer.execute(ACKNOWLEDGE, (one.device, one.seq))
        writer.execute(FORGET_OLD_DELIVERIES, (newest,))
        writer.execute(FORGET_OLD, (newest,))
    forgotten = writer.execute(FORGET_SENT, (before, limit)).fetchall()
    writer.execute("COMMIT")
    return gone, newest is not None or len(forgotten) == limit
