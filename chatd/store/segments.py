"""How messages lie in the SQLite file: what one commit brings to one conversation is one row, a segment.

Rule: a segment's `data` is the MessagePack array of its messages, each as the array of a Row's fields; its seqs run
from `first` to `last` without a gap, and `at` is the time of its last one. A long one is cut into several, so that a
page never has to read much more than it gives out. Each message has a number of its own, its segment's `place` and
on: the table `run` says from which number on which ids need no row of their own (`repeats.py`), and for all others the
table `message` leads from (id, sender) to that number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from chatd.entries import Append, Row, Stored
from chatd.store.checksum import is_intact, segment_checksum
from chatd.store.interface import StoreError
from chatd.store.repeats import NO_WINDOW, NONE, Window

MOST_ROWS: Final = 256
MOST_BYTES: Final = 64 * 1024

# One INSERT into this view writes a whole batch; `segments` is [[place, conversation, first, last, at, offset, length],
# ...]; `data` has each segment's checksum and data one after the other; `strays` is [[sender, number, offset, length],
# ...] of the ids in `ids` that need rows; `place` is the first, and `low` and `high` the window of the run that begins
# there, or negative. One statement, because after each one Python's GIL is taken again, and being one it is the whole
# transaction.
BATCH: Final = (
    """CREATE TEMP VIEW batch AS
    SELECT NULL AS segments, NULL AS data, NULL AS strays, NULL AS ids, NULL AS place, NULL AS low,
        NULL AS high""",
    """CREATE TEMP TRIGGER batch_written INSTEAD OF INSERT ON batch BEGIN
        INSERT INTO segment (place, conversation, first, last, at, checksum, data)
        SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
               json_extract(value, '$[3]'), json_extract(value, '$[4]'),
               substr(new.data, json_extract(value, '$[5]'), 8),
               substr(new.data, json_extract(value, '$[5]') + 8, json_extract(value, '$[6]'))
        FROM json_each(new.segments);
        INSERT INTO message (sender, place, id)
        SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'),
               substr(new.ids, json_extract(value, '$[2]'), json_extract(value, '$[3]'))
        FROM json_each(new.strays);
        REPLACE INTO run (place, low, high) SELECT new.place, new.low, new.high WHERE new.low >= 0;
    END""",
)
INSERT_BATCH: Final = """
INSERT INTO batch (segments, data, strays, ids, place, low, high) VALUES (?, ?, ?, ?, ?, ?, ?)"""

_to_json = msgspec.json.Encoder().encode
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[Row]).decode

_Fields = tuple[int, int, str, bytes, bytes, str, str]  # a Row's


class Ends:
    """Where things go on: each log's newest seq, the number of the next message and its run's window; which logs have
    ended."""

    __slots__ = ("closed", "heads", "place", "window")

    def __init__(self, heads: dict[int, int], place: int, window: Window = NO_WINDOW) -> None:
        self.heads = heads
        self.place = place
        self.window = window
        self.closed: tuple[int, ...] = ()

    def begin(self, conversation: int) -> None:
        """A log that is new, or new again."""
        self.heads[conversation] = 0
        self.closed = tuple(one for one in self.closed if one != conversation)

    def close(self, conversation: int) -> None:
        """Nothing comes to this log any more."""
        self.heads.pop(conversation, None)
        self.closed = (*self.closed, conversation)

    def add(self, other: Ends) -> None:
        """What was tried has been kept."""
        self.heads.update(other.heads)
        self.place = other.place
        self.window = other.window
        for conversation in other.closed:
            self.heads.pop(conversation, None)


class Batch(NamedTuple):
    """Messages as INSERT_BATCH wants them."""

    stored: list[Stored]
    segments: str
    data: bytes
    strays: str
    ids: bytes
    place: int


def write_down(appends: Sequence[Append], kept: Ends, tried: Ends, strays: frozenset[bytes] = NONE) -> Batch:
    """Give each message its seq, on top of what is kept and tried, and write the batch down. The hottest loop here.

    `strays`: the ids that need rows.
    """
    heads, moved = kept.heads, tried.heads
    stored: list[Stored] = []
    groups: dict[int, list[_Fields]] = {}
    try:
        for append in appends:
            conversation, at = append.conversation, append.at
            if conversation in groups:
                rows = groups[conversation]
                seq = rows[-1][0] + 1
            else:
                rows = groups[conversation] = []
                seq = (moved[conversation] if conversation in moved else heads[conversation]) + 1
            rows.append((seq, at, append.sender, append.id, append.body, append.content, append.tags))
            stored.append(Stored(seq, at))
    except KeyError as error:
        raise StoreError(f"a message for conversation {error}, which is not in the store") from error
    segments: list[tuple[int, ...]] = []
    parts: list[bytes] = []
    named: list[tuple[str, int, bytes]] = []
    begin = place = tried.place
    offset = 1  # where SQL begins to count
    for conversation, group in groups.items():
        moved[conversation] = group[-1][0]
        for rows, data in _pieces(group):
            first, last, length = rows[0][0], rows[-1], len(data)
            segments.append((place, conversation, first, last[0], last[1], offset, length))
            parts.append(segment_checksum(conversation, first, data))
            parts.append(data)
            if strays:
                named += [(row[2], number, row[3]) for number, row in enumerate(rows, place) if row[3] in strays]
            place += len(rows)
            offset += 8 + length
    tried.place = place
    return Batch(stored, _to_json(segments).decode(), b"".join(parts), *_named(named), begin)


def _named(rows: list[tuple[str, int, bytes]]) -> tuple[str, bytes]:
    """Senders, numbers and ids as INSERT_BATCH wants them."""
    named = []
    offset = 1
    for sender, number, id in rows:
        named.append((sender, number, offset, len(id)))
        offset += len(id)
    return _to_json(named).decode(), b"".join([id for _, _, id in rows])


def _pieces(rows: list[_Fields]) -> Sequence[tuple[list[_Fields], bytes]]:
    """Cut in halves until no piece is too long, but never within a message."""
    if len(rows) <= MOST_ROWS:
        data = _pack(rows)
        if len(data) <= MOST_BYTES or len(rows) == 1:
            return ((rows, data),)
    middle = len(rows) // 2
    return (*_pieces(rows[:middle]), *_pieces(rows[middle:]))


def without_text(data: bytes, index: int, reason: str) -> bytes:
    """A segment's data, in which the message at `index` is the reason why its text is gone. What else it has stays."""
    rows: list[Any] = msgspec.msgpack.decode(data)
    rows[index] = (*rows[index][:4], reason.encode(), "redacted")
    return _pack(rows)


def rows_of(conversation: int, first: int, last: int, data: bytes, checksum: bytes) -> list[Row] | None:
    """A segment's messages; None if it is damaged."""
    try:
        if not is_intact(conversation, first, data, checksum):
            return None
        rows = _unpack(data)
    except (msgspec.DecodeError, TypeError, ValueError):
        return None
    return rows if rows and rows[0].seq == first and rows[-1].seq == last and len(rows) == last - first + 1 else None


def damaged(path: str, conversation: int, first: int, last: int) -> StoreError:
    """What to say of a segment whose checksum is wrong."""
    which = f"message {first} of conversation {conversation} is" if first == last else (
        f"messages {first} to {last} of conversation {conversation} are")  # fmt: skip
    return StoreError(
        f"{path}: {which} damaged; run `chatd-admin verify`, and restore the newest backup that it finds right"
    )
