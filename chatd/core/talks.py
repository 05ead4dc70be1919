"""What people said to each other where no mail is kept: a guest is one of them, or they talk to themselves.

Rule: in memory only, and only so much of it; the talk that was quiet longest goes first. A guest's number is never
given again, so nobody finds the talks of whoever had the name before. A talk is read as a store is.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from chatd.entries import Happened, Row

if TYPE_CHECKING:
    from chatd.core.users import User
    from chatd.people import Passing

MESSAGES: Final = 100  # of one talk
AROUND: Final = 500  # bytes that a message takes beside its text


class Talk:
    """What two people said. For who reads it, it is a conversation and a store in one. `size`: in memory, about."""

    __slots__ = ("floor", "id", "name", "rows", "size")

    def __init__(self, name: str) -> None:
        self.id = 0
        self.name = name
        self.floor = 0
        self.rows: list[Row] = []
        self.size = 0

    @property
    def head(self) -> int:
        """The newest seq."""
        return self.floor + len(self.rows)

    def add(self, event: Passing) -> None:
        """One more message; the oldest goes where there are too many."""
        at = max(event.at, self.rows[-1].at if self.rows else 0)
        body = event.text.encode()
        self.rows.append(Row(self.head + 1, at, event.sender, event.id, body, event.kind, event.tags))
        self.size += _cost(self.rows[-1])
        if len(self.rows) > MESSAGES:
            self.size -= _cost(self.rows.pop(0))
            self.floor += 1

    def read(self, conversation: int, after: int, upto: int, limit: int) -> list[Row]:
        """As of a store, but for the length of pages."""
        return [row for row in self.rows if after < row.seq <= upto][:limit]

    def read_before(self, conversation: int, before: int, limit: int) -> list[Row]:
        """As of a store."""
        rows = [row for row in self.rows if row.seq < before]
        return rows[max(0, len(rows) - limit) :]

    def find(self, conversation: int, id: bytes) -> list[int]:
        """As of a store."""
        return [row.seq for row in self.rows if row.id == id]

    def seq_at(self, conversation: int, at: int) -> int:
        """As of a store."""
        return self.floor + bisect_left(self.rows, at, key=lambda row: row.at)

    def happenings(self, conversation: int, after: int, before: int, limit: int, newest: bool) -> list[Happened]:
        """Nothing but messages is kept."""
        return []


class Talks:
    """All talks of a node, the quietest first."""

    def __init__(self) -> None:
        self._talks: OrderedDict[tuple[int, int], Talk] = OrderedDict()
        self.size = 0

    def get(self, user: User, other: User) -> Talk | None:
        """What these two said."""
        return self._talks.get(_pair(user, other))

    def keep(self, user: User, other: User, event: Passing, most: int) -> None:
        """One said something to the other. `most`: bytes of all texts."""
        pair = _pair(user, other)
        talk = self._talks.pop(pair, None) or Talk("dm:" + ":".join(sorted((user.key, other.key))))
        self._talks[pair] = talk
        self.size -= talk.size
        talk.add(event)
        self.size += talk.size
        while self.size > most:
            _, gone = self._talks.popitem(last=False)
            self.size -= gone.size


def is_kept(user: User, other: User) -> bool:
    """Whether what one says to the other goes to a mailbox instead."""
    return not (user.guest or other.guest or user is other)


def _pair(user: User, other: User) -> tuple[int, int]:
    return min(user.id, other.id), max(user.id, other.id)


def _cost(row: Row) -> int:
    return len(row.body) + len(row.tags) + AROUND
