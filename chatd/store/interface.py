"""What a store must do: append, read after a cursor, load the directory.

Rule: every method blocks and is called off the reactor: `commit` and `purge` on one writer thread, one call at a
time; `read` and `read_before` on any reader thread; `load` once, before the first commit. A store knows no policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chatd.messages import Directory, Entry, LogState, Row, Stored


class StoreError(Exception):
    """The store cannot do it; the text says what to do about it."""


class Store(Protocol):
    """One node's view of what is kept."""

    def load(self) -> Directory:
        """Everything but the messages."""

    def commit(self, entries: Sequence[Entry]) -> list[Stored]:
        """Make the entries durable, all or none, in order; returns one Stored for each Append, in order.

        Within one commit a later entry sees the earlier ones. An Append whose (sender, id) is known becomes no row:
        its Stored is the first one's, marked `repeat`. Seqs are gapless per conversation, starting at 1.
        CursorMoved never moves a cursor back. Returns only when a power cut can no longer undo it.
        """

    def read(self, conversation: int, after: int, upto: int, limit: int) -> list[Row]:
        """The first `limit` messages with after < seq <= upto, ascending. Raises StoreError on a damaged row."""

    def read_before(self, conversation: int, before: int, limit: int) -> list[Row]:
        """The last `limit` messages with seq < before, ascending. Raises StoreError on a damaged row."""

    def purge(self, before: int, limit: int) -> list[LogState]:
        """Delete at most `limit` of the oldest messages sent before `before` (ms); the logs that changed."""

    def close(self) -> None:
        """Let go of files; nothing is called after it."""
