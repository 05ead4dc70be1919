"""What this half keeps: rows of bytes in tables, read and written through a batch that is all or nothing.

Rule: nothing changes before `commit`. A batch that is dropped is a rollback, ratchets included: every session is read
from its row, used, and written back into the batch. Whoever wires this adds their own rows to the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol, TypeVar

from clients.core.e2ee.refusals import Refused
from clients.core.e2ee.signed import decode, encode

T = TypeVar("T")
Place = tuple[str, str]  # table, row


class Storage(Protocol):
    """Where the rows are; the real one is the profile's database, behind `store.SealedStorage`."""

    def read(self, table: str, row: str) -> bytes | None:
        """One row, or None."""

    def rows(self, table: str, prefix: str = "") -> list[str]:
        """The names of the rows that open so, sorted."""

    def write(self, changes: Mapping[Place, bytes | None]) -> None:
        """All of these or none; None takes a row away. When it returns they are durable."""


class MemoryStorage:
    """Keeps nothing longer than it lives. A copy of `kept` is a snapshot of the disk."""

    def __init__(self, kept: Mapping[Place, bytes] | None = None) -> None:
        self.kept: dict[Place, bytes] = dict(kept or {})

    def read(self, table: str, row: str) -> bytes | None:
        return self.kept.get((table, row))

    def rows(self, table: str, prefix: str = "") -> list[str]:
        return sorted(row for place, row in self.kept if place == table and row.startswith(prefix))

    def write(self, changes: Mapping[Place, bytes | None]) -> None:
        for place, value in changes.items():
            if value is None:
                self.kept.pop(place, None)
            else:
                self.kept[place] = value


class Batch:
    """Changes on their way: it reads what it has written."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.changes: dict[Place, bytes | None] = {}

    def get(self, table: str, row: str, kind: type[T]) -> T | None:
        """One row as a value. Raises Refused where it is something else: nobody but us wrote it."""
        raw = self.raw(table, row)
        try:
            return None if raw is None else decode(raw, kind)
        except Refused as refused:
            raise Refused("STORE_TAMPERED", table) from refused

    def raw(self, table: str, row: str) -> bytes | None:
        """One row as it is."""
        place = (table, row)
        return self.changes[place] if place in self.changes else self._storage.read(table, row)

    def put(self, table: str, row: str, value: object) -> None:
        """Write a row."""
        self.changes[table, row] = encode(value)

    def drop(self, table: str, row: str) -> None:
        """Take a row away."""
        self.changes[table, row] = None

    def rows(self, table: str, prefix: str = "") -> Iterator[str]:
        """The names of a table's rows, with what this batch adds and without what it takes."""
        names = set(self._storage.rows(table, prefix))
        for (place, row), value in self.changes.items():
            if place == table and row.startswith(prefix):
                (names.discard if value is None else names.add)(row)
        yield from sorted(names)

    def commit(self) -> None:
        """Make it so."""
        changes, self.changes = self.changes, {}
        self._storage.write(changes)
