"""Reading pages of messages from the SQLite file, on any thread.

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
from typing import Final, cast

import msgspec

from chatd.entries import Row
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

    def _rows(self, conversation: int, sql: str, parameters: tuple[int, ...]) -> list[Row]:
        """Everything in the page's segments, ascending."""
        unhex = bytes.fromhex
        found: list[Row] = []
        try:
            page = self._connection().execute(sql, parameters).fetchall()[0][0]
            for first, last, data, checksum in sorted(_decode(page)):
                rows = rows_of(conversation, first, last, unhex(data), unhex(checksum))
                if rows is None:
                    raise damaged(self._path, conversation, first, last)
                found += rows
        except (*FAILURES, *_WRONG) as error:
            raise StoreError(f"{self._path} cannot be read: {error}; run `chatd-admin verify`") from error
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
