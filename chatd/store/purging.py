"""Taking the oldest messages out of the SQLite file.

Rule: whole segments in the order in which they came, so a purge never leaves a hole in a log; what else is known of
their messages goes in the same transaction. Segments lie in the order of time but for a clock that was set: a purge
ends at the first one that is too young. So it is with what else happened. A closed conversation of which nothing is
left is forgotten.
"""

from __future__ import annotations

from typing import Final

import msgspec

from chatd.entries import LogState
from chatd.store.connection import Connection
from chatd.store.segments import rows_of

MOST_BYTES: Final = 4 * 1024 * 1024
# The oldest segments while their newest message is from before ?1: at most ?2 messages and about ?3 bytes, or one.
OLDEST: Final = """
WITH RECURSIVE old (place, count, bytes) AS (
    SELECT place, last - first + 1, length(data) FROM segment
    WHERE place = (SELECT min(place) FROM segment) AND at < ?1 AND ?2 > 0
    UNION ALL
    SELECT segment.place, count + last - first + 1, bytes + length(data)
    FROM old JOIN segment ON segment.place = (SELECT min(place) FROM segment WHERE place > old.place)
    WHERE at < ?1 AND count + last - first + 1 <= ?2 AND bytes < ?3)
SELECT json_group_array(json_array(place, conversation, first, last, at, hex(data), hex(checksum)))
FROM old JOIN segment USING (place)"""
# ?1 is [[conversation, seq, at], ...]
RAISE_FLOORS: Final = """
INSERT INTO log (conversation, floor, at)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]') FROM json_each(?1)
WHERE true
ON CONFLICT (conversation) DO UPDATE SET floor = excluded.floor, at = excluded.at"""
# ?1 is [[sender, offset, length], ...] of the ids in ?2
FORGET_IDS: Final = """
DELETE FROM message WHERE (id, sender) IN (
    SELECT substr(?2, json_extract(value, '$[1]'), json_extract(value, '$[2]')), json_extract(value, '$[0]')
    FROM json_each(?1))"""
# The ids of a damaged segment cannot be read, so all are looked at; ?1 is [[place, length], ...]
FORGET_PLACES: Final = """
DELETE FROM message WHERE EXISTS (
    SELECT 1 FROM json_each(?1)
    WHERE place - json_extract(value, '$[0]') BETWEEN 0 AND json_extract(value, '$[1]') - 1)"""
DELETE_SEGMENTS: Final = "DELETE FROM segment WHERE place <= ?1"
# The runs of which nothing is left, but for the last one; nothing is looked for in them.
DELETE_RUNS: Final = """
DELETE FROM run WHERE place < (
    SELECT max(place) FROM run WHERE place <= ifnull((SELECT min(place) FROM segment), place))"""
# The newest of the oldest ?2 happenings while they are from before ?1, and their conversations.
OLD_HAPPENINGS: Final = """
WITH oldest AS (SELECT number, conversation, at FROM happening ORDER BY number LIMIT max(?2, 0))
SELECT max(number), json_group_array(DISTINCT conversation) FROM oldest
WHERE number < ifnull((SELECT min(number) FROM oldest WHERE at >= ?1), number + 1)"""
DELETE_HAPPENINGS: Final = "DELETE FROM happening WHERE number <= ?1"
# [[conversation, head, at, floor], ...] of these conversations, closed ones too; ?1 is [conversation, ...].
CHANGED_LOGS: Final = """
SELECT json_group_array(json_array(changed.value, ifnull(newest.last, ifnull(log.floor, 0)),
    ifnull(newest.at, ifnull(log.at, 0)), ifnull(log.floor, 0)))
FROM json_each(?1) AS changed
LEFT JOIN log ON log.conversation = changed.value
LEFT JOIN segment AS newest ON newest.conversation = changed.value
    AND newest.first = (SELECT max(first) FROM segment WHERE segment.conversation = changed.value)"""
FORGET_CLOSED: Final = (
    """DELETE FROM closed WHERE conversation IN (SELECT value FROM json_each(?1))
    AND NOT EXISTS (SELECT 1 FROM segment WHERE segment.conversation = closed.conversation)
    AND NOT EXISTS (SELECT 1 FROM happening WHERE happening.conversation = closed.conversation)""",
    """DELETE FROM log WHERE conversation IN (SELECT value FROM json_each(?1))
    AND conversation NOT IN (SELECT conversation FROM conversation)
    AND conversation NOT IN (SELECT conversation FROM closed)""",
)

_Segment = tuple[int, int, int, int, int, str, str]
_segments = msgspec.json.Decoder(list[_Segment]).decode
_numbers = msgspec.json.Decoder(list[int]).decode
_states = msgspec.json.Decoder(list[tuple[int, int, int, int]]).decode
_to_json = msgspec.json.Encoder().encode


def purge(writer: Connection, before: int, limit: int) -> list[LogState]:
    """As a store's `purge`, without care for what fails."""
    found = sorted(_segments(writer.execute(OLDEST, (before, limit, MOST_BYTES)).fetchall()[0][0]))
    number, happened = writer.execute(OLD_HAPPENINGS, (before, limit)).fetchall()[0]
    if not found and number is None:
        return []
    writer.execute("BEGIN IMMEDIATE")
    if found:
        _purge_segments(writer, found)
    if number is not None:
        writer.execute(DELETE_HAPPENINGS, (number,))
    changed = _to_json(sorted({*(segment[1] for segment in found), *_numbers(happened)})).decode()
    states = _states(writer.execute(CHANGED_LOGS, (changed,)).fetchall()[0][0])
    for forget in FORGET_CLOSED:
        writer.execute(forget, (changed,))
    writer.execute("COMMIT")
    return [LogState(*state) for state in sorted(states)]


def _purge_segments(writer: Connection, found: list[_Segment]) -> None:
    floors: dict[int, tuple[int, int, int]] = {}
    keys: list[tuple[str, int, int]] = []
    ids: list[bytes] = []
    unreadable: list[tuple[int, int]] = []
    offset = 1
    for place, conversation, first, last, at, data, checksum in found:
        floors[conversation] = conversation, last, at
        rows = rows_of(conversation, first, last, bytes.fromhex(data), bytes.fromhex(checksum))
        if rows is None:
            unreadable.append((place, last - first + 1))
        for row in rows or ():
            keys.append((row.sender, offset, len(row.id)))
            ids.append(row.id)
            offset += len(row.id)
    writer.execute(RAISE_FLOORS, (_to_json(list(floors.values())).decode(),))
    writer.execute(FORGET_IDS, (_to_json(keys).decode(), b"".join(ids)))
    if unreadable:
        writer.execute(FORGET_PLACES, (_to_json(unreadable).decode(),))
    writer.execute(DELETE_SEGMENTS, (found[-1][0],))
    writer.execute(DELETE_RUNS)
