"""Where a message is that is known by its id alone, in the SQLite file.

Rule: rows of `message` first, which are few; then the runs within whose windows the id lies (`repeats.py`): what came
in some seconds is looked through, segment by segment and no more than CHUNK_BYTES at once. So it goes for a message
that comes again, and for whoever asks for one by its id or by the id's beginning.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from chatd.entries import Row, Stored
from chatd.store.repeats import ID_BYTES, MOST, TIME_BYTES, Key, time_of
from chatd.store.segments import rows_of

FEW: Final = 8  # ids; up to so many are quicker found one by one, without reading what else there is
CHUNK_ROWS: Final = 1000
CHUNK_BYTES: Final = 4 * 1024 * 1024
END: Final = 2**62  # no message has such a number

# Which of these are rows: [[number in the list, message's number], ...]. ?1: [[sender, offset, length], ...] into ?2.
FIND_ROWS: Final = """
SELECT json_group_array(json_array(wanted.key, message.place))
FROM json_each(?1) AS wanted
CROSS JOIN message ON message.sender = json_extract(wanted.value, '$[0]')
    AND message.id = substr(?2, json_extract(wanted.value, '$[1]'), json_extract(wanted.value, '$[2]'))"""
# The segments of the messages with these numbers: [[place, conversation, first, last, at, data, checksum], ...].
FIND_FIRSTS: Final = """
SELECT json_group_array(json_array(place, conversation, first, last, at, hex(data), hex(checksum)))
FROM segment WHERE place IN (
    SELECT (SELECT max(place) FROM segment WHERE place <= number.value) FROM json_each(?1) AS number)"""
# The runs that ids of these times may be in: [[its first number, the next one's or ?3], ...]. ?2: no window is longer.
FIND_RUNS: Final = """
SELECT json_group_array(json_array(
    place, ifnull((SELECT min(place) FROM run AS next WHERE next.place > run.place), ?3)))
FROM run WHERE place IN (
    SELECT inner.place FROM json_each(?1) AS time
    CROSS JOIN run AS inner ON inner.low > time.value - ?2 AND inner.low <= time.value AND inner.high > time.value)"""
# The first runs with ids of the times ?4 to ?1, behind the one with the low ?5 and the number ?6: [[low, first number,
# the next one's or ?3], ...].
RUNS_BY_TIME: Final = """
SELECT json_group_array(json_array(low, place, next)) FROM (
    SELECT low, place, ifnull((SELECT min(place) FROM run AS next WHERE next.place > run.place), ?3) AS next
    FROM run WHERE low > ?4 - ?2 AND low <= ?1 AND high > ?4 AND (low, place) > (?5, ?6)
    ORDER BY low, place LIMIT 20)"""
# The first segments from ?1 on, before ?2, that have the bytes ?6; of one conversation where ?3 is not 0.
SCAN: Final = """
WITH page AS (
    SELECT place, sum(length) OVER (ORDER BY place ROWS UNBOUNDED PRECEDING) - length AS before FROM (
        SELECT place, length(data) AS length FROM segment
        WHERE place >= ?1 AND place < ?2 AND (?3 = 0 OR conversation = ?3) AND instr(data, ?6)
        ORDER BY place LIMIT ?4))
SELECT json_group_array(json_array(segment.place, conversation, first, last, hex(data), hex(checksum)))
FROM page JOIN segment USING (place) WHERE before < ?5"""

Ask = Callable[[str, tuple[Any, ...]], list[Any]]
"""Runs a statement, gives its rows."""

_to_json = msgspec.json.Encoder().encode
_pairs = msgspec.json.Decoder(list[tuple[int, int]]).decode
_triples = msgspec.json.Decoder(list[tuple[int, int, int]]).decode
_whole = msgspec.json.Decoder(list[tuple[int, int, int, int, int, str, str]]).decode
_scanned = msgspec.json.Decoder(list[tuple[int, int, int, int, str, str]]).decode


def firsts(ask: Ask, wanted: Mapping[Key, bool]) -> dict[Key, Stored]:
    """What was answered to those of these messages that are kept already; of those with False only rows are looked
    at."""
    found = _of_rows(ask, list(wanted))
    left = {key for key, everywhere in wanted.items() if everywhere and key not in found and len(key[1]) == ID_BYTES}
    ids = {id for _, id in left}
    for some, needle in [((id,), id) for id in ids] if len(ids) <= FEW else [(tuple(ids), b"")]:
        for _, rows in _in_runs(ask, set(map(time_of, some)), 0, needle):
            for row in rows:
                if (row.sender, row.id) in left:
                    found[row.sender, row.id] = Stored(row.seq, row.at, True)
    return found


def seqs_of(ask: Ask, conversation: int, id: bytes) -> Iterator[int]:
    """Where in a conversation messages with this id are; of those with rows not all."""
    if len(id) == ID_BYTES:
        for _, rows in _in_runs(ask, (time_of(id),), conversation, id):
            yield from [row.seq for row in rows if row.id == id]


def beginning(ask: Ask, word: bytes, limit: int) -> list[tuple[bytes, int, int]]:
    """The first messages, by their ids, whose ids begin so: id, conversation and seq; of those with rows not all."""
    low = time_of(word[:TIME_BYTES].ljust(TIME_BYTES, b"\0"))
    high = time_of(word[:TIME_BYTES].ljust(TIME_BYTES, b"\xff"))
    found: list[tuple[bytes, int, int]] = []
    for start, place, end in _runs_between(ask, low, high) if limit > 0 else ():
        if len(found) >= limit and start > time_of(found[-1][0]):
            break  # all of this run and of those behind it are later
        for conversation, rows in _scan(ask, place, end, 0, word):
            found += [(row.id, conversation, row.seq) for row in rows if row.id.startswith(word)]
            found = heapq.nsmallest(limit, found)
    return found


def _of_rows(ask: Ask, keys: list[Key]) -> dict[Key, Stored]:
    named = []
    offset = 1
    for sender, id in keys:
        named.append((sender, offset, len(id)))
        offset += len(id)
    rows = _pairs(ask(FIND_ROWS, (_to_json(named).decode(), b"".join([id for _, id in keys])))[0][0])
    if not rows:
        return {}
    numbers = _to_json([number for _, number in rows]).decode()
    states: dict[int, Stored] = {}
    for place, conversation, first, last, at, data, checksum in _whole(ask(FIND_FIRSTS, (numbers,))[0][0]):
        # Of a damaged one nearly all is known too, and a repeat must not stop the server
        messages = rows_of(conversation, first, last, bytes.fromhex(data), bytes.fromhex(checksum))
        for index in range(last - first + 1):
            states[place + index] = Stored(first + index, messages[index].at if messages else at, True)
    return {keys[index]: states[number] for index, number in rows}


def _in_runs(ask: Ask, times: Iterable[int], conversation: int, needle: bytes) -> Iterator[tuple[int, list[Row]]]:
    """What came in the runs with ids of these times, as far as there is a needle in it."""
    for first, last in sorted(_pairs(ask(FIND_RUNS, (_to_json(sorted(times)).decode(), MOST, END))[0][0])):
        yield from _scan(ask, first, last, conversation, needle)


def _runs_between(ask: Ask, low: int, high: int) -> Iterator[tuple[int, int, int]]:
    """The runs with ids of these times: start, first number, the next one's."""
    start, place = -1, 0
    while runs := _triples(ask(RUNS_BY_TIME, (high, MOST, END, low, start, place))[0][0]):
        yield from runs
        start, place, _ = runs[-1]


def _scan(ask: Ask, first: int, last: int, conversation: int, needle: bytes) -> Iterator[tuple[int, list[Row]]]:
    """The messages of each segment, with a needle in it, from one place to before another one; of what is damaged
    nothing is known."""
    while first < last and (
        found := _scanned(ask(SCAN, (first, last, conversation, CHUNK_ROWS, CHUNK_BYTES, needle))[0][0])
    ):
        for place, whose, begin, end, data, checksum in found:
            rows = rows_of(whose, begin, end, bytes.fromhex(data), bytes.fromhex(checksum))
            if rows is not None:
                yield whose, rows
            first = max(first, place + end - begin + 1)
