"""Reading pages of messages, and where they are, from the SQLite file, on any thread.

Rule: each thread has its own connection, which only reads; each segment's checksum is compared before anything of it
is given out.

A page comes out of SQLite as one row of JSON. Python's GIL is let go once for the whole page; row by row it would be
taken back for each, and each time wait for the reactor. The segments are walked one by one, by number and by bytes,
so that none is read in vain. Pages of 500, of commits with 10 messages each: 1.4 us of CPU a message (a row a message:
3.3), beside a busy thread 279 k messages/s (127 k). Draining 20,000 messages that came 1 / 10 / 500 a commit: 3.6 / 1.1
/ 0.8 us (2.7 / 2.6 / 2.5); measured once, on a machine with other work.
"""

from __future__ import annotations

import threading
from typing import Any, Final, cast

import msgspec

from chatd.entries import Happened, Row
from chatd.store import known
from chatd.store.connection import FAILURES, READER_PRAGMAS, Connect, Connection, set_up
from chatd.store.interface import PAGE_BYTES, StoreError, fitting
from chatd.store.segments import damaged, rows_of

# JSON has no bytes: data and checksums come as hexadecimal digits. The first segment is the one with the message
# after ?2, or where that was purged the oldest one; it counts no bytes, for most of it may have been read before.
READ_AFTER: Final = """
WITH RECURSIVE page (place, first, count, bytes) AS (
    SELECT place, first, min(last - ?2, last - first + 1), 0 FROM segment
    WHERE conversation = ?1 AND first <= ?3 AND first = ifnull(
        (SELECT max(first) FROM segment WHERE conversation = ?1 AND first <= ?2 + 1),
        (SELECT min(first) FROM segment WHERE conversation = ?1))
    UNION ALL
    SELECT segment.place, segment.first, count + segment.last - segment.first + 1, bytes + length(data)
    FROM page JOIN segment ON conversation = ?1 AND segment.first = (
        SELECT min(first) FROM segment WHERE conversation = ?1 AND first > page.first)
    WHERE segment.first <= ?3 AND count < ?4 AND bytes < ?5)
SELECT json_group_array(json_array(segment.first, last, hex(data), hex(checksum)))
FROM page JOIN segment USING (place)"""
READ_BEFORE: Final = """
WITH RECURSIVE page (place, first, count, bytes) AS (
    SELECT place, first, min(?2, last + 1) - first, 0 FROM segment
    WHERE conversation = ?1 AND first = (SELECT max(first) FROM segment WHERE conversation = ?1 AND first < ?2)
    UNION ALL
    SELECT segment.place, segment.first, count + segment.last - segment.first + 1, bytes + length(data)
    FROM page JOIN segment ON conversation = ?1 AND segment.first = (
        SELECT max(first) FROM segment WHERE conversation = ?1 AND first < page.first)
    WHERE count < ?3 AND bytes < ?4)
SELECT json_group_array(json_array(segment.first, last, hex(data), hex(checksum)))
FROM page JOIN segment USING (place)"""

FIND: Final = """
SELECT json_group_array(segment.first + message.place - segment.place)
FROM message JOIN segment ON segment.place = (SELECT max(place) FROM segment WHERE place <= message.place)
WHERE message.id = ?2 AND segment.conversation = ?1"""
LOCATE: Final = """
SELECT json_group_array(json_array(hex(id), conversation, seq)) FROM (
    SELECT message.id, segment.conversation, segment.first + message.place - segment.place AS seq
    FROM message JOIN segment ON segment.place = (SELECT max(place) FROM segment WHERE place <= message.place)
    WHERE message.id >= ?1 AND message.id < ?2 ORDER BY message.id LIMIT max(?3, 0))"""
# By halves: all up to `low` is from before ?2, what begins at `high` ends not before it. At the end `high` begins the
# segment with the answer, which is not before `low`; `place` is NULL where all are from before ?2.
FIND_TIME: Final = """
WITH RECURSIVE halves (low, high, place) AS (
    SELECT ifnull((SELECT floor FROM log WHERE conversation = ?1), 0),
        ifnull((SELECT last FROM segment WHERE conversation = ?1 ORDER BY first DESC LIMIT 1), 0) + 1, NULL
    UNION ALL
    SELECT iif(at < ?2, max(last, (low + high) / 2), low), iif(at < ?2, high, first),
        iif(at < ?2, halves.place, segment.place)
    FROM halves JOIN segment ON conversation = ?1
        AND first = (SELECT max(first) FROM segment WHERE conversation = ?1 AND first <= (low + high) / 2)
    WHERE low + 1 < high)
SELECT low, first, last, data, checksum FROM halves LEFT JOIN segment USING (place) ORDER BY high - low LIMIT 1"""
HAPPENED: Final = """
SELECT json_group_array(json_array(at, number, hex(id), sender, kind, text)) FROM (
    SELECT at, number, id, sender, kind, text FROM happening
    WHERE conversation = ?1 AND at > ?2 AND at < ?3 ORDER BY at, number LIMIT max(?4, 0))"""
HAPPENED_LAST: Final = HAPPENED.replace("ORDER BY at, number", "ORDER BY at DESC, number DESC")

LAST_ID: Final = b"\xff" * 65  # later than every id that begins like another
_places = msgspec.json.Decoder(list[tuple[str, int, int]]).decode
_happened = msgspec.json.Decoder(list[tuple[int, int, str, str, str, str]]).decode
_seqs = msgspec.json.Decoder(list[int]).decode
_decode = msgspec.json.Decoder(list[tuple[int, int, str, str]]).decode
_WRONG: Final = (msgspec.DecodeError, ValueError, TypeError)


class Pages:
    """Reads messages of the file at `path`."""

    def __init__(self, path: str, connect: Connect) -> None:
        self._path = path
        self._connect = connect
        self._local = threading.local()
        self._lock = threading.Lock()
        self._opened: list[Connection] = []

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            opened, self._opened = self._opened, []
        for connection in opened:
            connection.close()

    def after(self, conversation: int, after: int, upto: int, limit: int) -> list[Row]:
        """The first messages with after < seq <= upto, ascending, as many as a page has room for."""
        found = self._rows(conversation, READ_AFTER, (conversation, after, upto, limit, PAGE_BYTES))
        rows = [row for row in found if after < row.seq <= upto][:limit]
        return rows[: fitting(rows)]

    def before(self, conversation: int, before: int, limit: int) -> list[Row]:
        """The last messages with seq < before, ascending, as many as a page has room for."""
        found = self._rows(conversation, READ_BEFORE, (conversation, before, limit, PAGE_BYTES))
        rows = [row for row in reversed(found) if row.seq < before][:limit]
        return rows[: fitting(rows)][::-1]

    def find(self, conversation: int, id: bytes) -> list[int]:
        """The seqs of a conversation's messages with this id, ascending."""
        ((found,),) = self.ask(FIND, (conversation, id))
        try:
            return sorted({*_seqs(found), *known.seqs_of(self.ask, conversation, id)})
        except _WRONG as error:
            raise self._cannot(error) from error

    def locate(self, beginning: bytes, limit: int) -> list[tuple[int, int]]:
        """The messages whose ids begin so: conversation and seq, by their ids."""
        ((found,),) = self.ask(LOCATE, (beginning, beginning + LAST_ID, limit))
        try:
            both = {(bytes.fromhex(id), conversation, seq) for id, conversation, seq in _places(found)}
            both.update(known.beginning(self.ask, beginning, limit))
            return [(conversation, seq) for _, conversation, seq in sorted(both)[: max(0, limit)]]
        except _WRONG as error:
            raise self._cannot(error) from error

    def seq_at(self, conversation: int, at: int) -> int:
        """The newest seq of a message sent before this time; the floor where there is none."""
        ((low, first, last, data, checksum),) = self.ask(FIND_TIME, (conversation, at))
        if first is None:
            return int(low)
        rows = rows_of(conversation, first, last, data, checksum)
        if rows is None:
            raise damaged(self._path, conversation, first, last)
        return max((row.seq for row in rows if row.at < at), default=first - 1)

    def happenings(self, conversation: int, after: int, before: int, limit: int, newest: bool) -> list[Happened]:
        """What happened with after < at < before, in order: the first ones, or the newest."""
        ((page,),) = self.ask(HAPPENED_LAST if newest else HAPPENED, (conversation, after, before, limit))
        try:
            return [
                Happened(conversation, at, bytes.fromhex(id), *rest) for at, _, id, *rest in sorted(_happened(page))
            ]
        except _WRONG as error:
            raise self._cannot(error) from error

    def ask(self, sql: str, parameters: tuple[Any, ...]) -> list[Any]:
        """What a statement finds. Raises StoreError."""
        try:
            return self._connection().execute(sql, parameters).fetchall()
        except FAILURES as error:
            raise self._cannot(error) from error

    def _cannot(self, error: Exception) -> StoreError:
        return StoreError(f"{self._path} cannot be read: {error}; run `chatd-admin verify`")

    def _rows(self, conversation: int, sql: str, parameters: tuple[int, ...]) -> list[Row]:
        """Everything in the page's segments, ascending."""
        unhex = bytes.fromhex
        found: list[Row] = []
        ((page,),) = self.ask(sql, parameters)
        try:
            for first, last, data, checksum in sorted(_decode(page)):
                rows = rows_of(conversation, first, last, unhex(data), unhex(checksum))
                if rows is None:
                    raise damaged(self._path, conversation, first, last)
                found += rows
        except _WRONG as error:
            raise self._cannot(error) from error
        return found

    def _connection(self) -> Connection:
        try:
            return cast(Connection, self._local.connection)
        except AttributeError:
            connection = self._connect(self._path)
            set_up(connection, READER_PRAGMAS)
            with self._lock:
                self._opened.append(connection)
            self._local.connection = connection
            return connection
