"""What a store must do: append, read after a cursor, load the directory.

Rule: every method blocks and is called off the reactor: `commit` and `purge` on one writer thread, one call at a
time; what only reads on any reader thread; `load` once, before the first commit. A store knows no policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from chatd.entries import Directory, Entry, Happened, LogState, Row, Stored
from chatd.sealed import MailAcknowledged, MailRow, Sealed

PAGE_BYTES: Final = 256 * 1024  # of bodies: what a slow reader's page costs in memory


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
        CursorMoved never moves a cursor back, MarkerMoved no marker. Returns only when a power cut can no longer undo
        it. What names something that is not there, a closed conversation too, or wants what is taken, is a StoreError;
        what takes something away that is not there does nothing.
        """

    def read(self, conversation: int, after: int, upto: int, limit: int) -> list[Row]:
        """The first messages with after < seq <= upto, ascending, at most `limit`.

        A page may be shorter: it ends where its bodies reach about PAGE_BYTES. It is complete up to its last row's
        seq, and empty only if nothing is left. Raises StoreError where a message is damaged.
        """

    def read_before(self, conversation: int, before: int, limit: int) -> list[Row]:
        """The last messages with seq < before, ascending, at most `limit`; what is too much is missing in front."""

    def find(self, conversation: int, id: bytes) -> list[int]:
        """The seqs of a conversation's messages with this id, ascending: mostly one, for senders choose their ids."""

    def locate(self, beginning: bytes, limit: int) -> list[tuple[int, int]]:
        """The first messages, by their ids, whose ids begin so, wherever they are: conversation and seq."""

    def seq_at(self, conversation: int, at: int) -> int:
        """The newest seq of a message sent before this time; the floor where there is none.

        Times in a log never go back; where they did, it is one of the places where they pass this time.
        """

    def happenings(self, conversation: int, after: int, before: int, limit: int, newest: bool) -> list[Happened]:
        """What happened with after < at < before, in the order of its entries: the first `limit`, or the `newest`.

        Within a conversation `at` never goes back.
        """

    def purge(self, before: int, limit: int) -> list[LogState]:
        """Delete the oldest messages sent before `before` (ms) and what else happened before it, and forget closed
        conversations of which nothing is left; the logs of which something went, none when nothing old is left.

        What one commit brought to one conversation may go together, when the last of it is old enough. At most
        `limit` messages go, or the first such group, and at most as many happenings.
        """

    def load_sealed(self) -> Sealed:
        """Everything about encryption but the mail itself."""

    def read_mail(self, device: str, after: int, upto: int, limit: int) -> list[MailRow]:
        """The first of a device's mail with after < seq <= upto, ascending, at most `limit`.

        It may be shorter, as a page of `read`. Raises StoreError where it is damaged.
        """

    def sent_mail(self, device: str, id: bytes) -> tuple[int, str] | None:
        """Time and state of a MailKept of this device with this id, if it is known (still)."""

    def purge_mail(self, before: int, limit: int) -> tuple[list[MailAcknowledged], bool]:
        """Delete the oldest mail from before a time, at most `limit` letters, and what was answered then, at most as
        many. Up to where whose mail went, which counts as acknowledged; and whether there may be more."""

    def close(self) -> None:
        """Let go of files; nothing is called after it."""


def fitting(rows: list[Row]) -> int:
    """How many of these, and at least one, a page has room for."""
    total = 0
    for count, row in enumerate(rows, 1):
        total += len(row.body)
        if total >= PAGE_BYTES:
            return count
    return len(rows)
