"""The server with a bug planted from outside: what a harness must be able to see, or its green means nothing.

Rule: run as `python -m tests.process.planted BUG` in place of twistd, with the same options behind it. The server
itself has no such switch; a bug is put over its parts here, before it starts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from twisted.scripts.twistd import run

import chatd.journal
import chatd.node
import chatd.store.sqlite
from chatd.core.turn import Post, Turn
from chatd.entries import Stored
from chatd.store.migrations import v0001_first

LATE = 0.3  # seconds between keeping a message and saying "accepted", or the other way: most kills fall in between


class EarlyJournal(chatd.journal.Journal):
    """Lets turns go first and keeps their entries later; everything else is as it should be."""

    def __init__(self, store: Any, write: Any, *arguments: Any) -> None:
        super().__init__(store, lambda *call: write(_late, *call), *arguments)
        self._first: dict[tuple[str, bytes], Stored] = {}
        for log in store.load().logs:
            after = log.floor
            while rows := store.read(log.conversation, after, log.head, 1000):
                after = rows[-1].seq
                self._first.update({(row.sender, row.id): Stored(row.seq, row.at, True) for row in rows})

    def submit(self, turn: Turn) -> None:
        """Let it go, then keep it."""
        self._release([turn], self._places(turn))
        silent = Turn(turn.now)
        silent.entries = turn.entries
        super().submit(silent)

    def _places(self, turn: Turn) -> Iterator[Stored]:
        for item in turn.items:
            if isinstance(item, Post):
                yield from self._places_of(item, turn.now)

    def _places_of(self, post: Post, at: int) -> Iterator[Stored]:
        for said in post.said:
            stored = self._first.get((post.sender, said.id)) or Stored(post.conversation.head + 1, at)
            self._first[post.sender, said.id] = Stored(stored.seq, stored.at, True)
            yield stored


def _late(function: Callable[..., Any], *arguments: Any) -> Any:
    time.sleep(LATE)
    return function(*arguments)


def early() -> None:
    """Release before commit."""
    setattr(chatd.node, "Journal", EarlyJournal)  # noqa: B010


class SlowJournal(chatd.journal.Journal):
    """Keeps entries as it should, and says so late: clients that were cut off meanwhile send again."""

    def __init__(self, store: Any, write: Any, *arguments: Any) -> None:
        super().__init__(store, lambda *call: write(_first, *call), *arguments)


def _first(function: Callable[..., Any], *arguments: Any) -> Any:
    result = function(*arguments)
    time.sleep(LATE)
    return result


def forgetful() -> None:
    """Sender and id need not be unique: what is looked up is never found, and a repeat becomes a second message."""
    setattr(chatd.node, "Journal", SlowJournal)  # noqa: B010
    setattr(chatd.store.sqlite, "firsts", lambda ask, wanted: {})  # noqa: B010
    unique = "PRIMARY KEY (id, sender)"
    forgetting = [statement.replace(unique, "PRIMARY KEY (id, sender, place)") for statement in v0001_first.STATEMENTS]
    setattr(v0001_first, "STATEMENTS", tuple(forgetting))  # noqa: B010


BUGS = {"early": early, "forgetful": forgetful}

if __name__ == "__main__":
    BUGS[sys.argv.pop(1)]()
    run()
