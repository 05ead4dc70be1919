"""The rows of encryption between two transactions: what was written is seen at once, and becomes records of the Step.

Rule: nothing is written to the disk here. A row that was taken but not yet kept is read from memory.
"""

from __future__ import annotations

from collections.abc import Mapping

from clients.core import records as r
from clients.core.e2ee.batch import Place, Storage


class Overlay:
    """A Storage in front of the profile's."""

    def __init__(self, below: Storage) -> None:
        self._below = below
        self._written: dict[Place, bytes | None] = {}
        self._pending: dict[Place, bytes | None] = {}
        self._touched: set[str] = set()

    def read(self, table: str, row: str) -> bytes | None:
        """One row, or None."""
        place = (table, row)
        return self._written[place] if place in self._written else self._below.read(table, row)

    def rows(self, table: str, prefix: str = "") -> list[str]:
        """The names of the rows that open so, sorted."""
        names = set(self._below.rows(table, prefix))
        for (place, row), value in self._written.items():
            if place == table and row.startswith(prefix):
                (names.discard if value is None else names.add)(row)
        return sorted(names)

    def write(self, changes: Mapping[Place, bytes | None]) -> None:
        """All of these, with the next records that are taken."""
        self._written.update(changes)
        self._pending.update(changes)
        self._touched.update(table for table, _ in changes)

    def touched(self, *tables: str) -> bool:
        """Was one of these tables written to? It is told once."""
        found = not self._touched.isdisjoint(tables)
        self._touched.difference_update(tables)
        return found

    def take(self) -> list[r.Record]:
        """What is to be kept."""
        pending, self._pending = self._pending, {}
        return [r.KeepRows(pending)] if pending else []

    def kept(self) -> None:
        """Everything taken is on disk."""
        if not self._pending:
            self._written.clear()
