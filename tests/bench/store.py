"""How fast the SQLite store is by itself: `python -m tests.bench.store`.

Rule: one process, no network. "alone": nothing else runs. "busy": another thread computes and sends on a socket as a
reactor does; `left` says how much of its own speed that thread kept. Figures of a shared machine: compare within one
run only.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from chatd.entries import Append, ConversationMade, CursorMoved, DeviceMade, Entry, Happened, UserMade
from chatd.store.segments import Ends, write_down
from chatd.store.sqlite import SqliteStore

USERS = 100
CONVERSATIONS = (1, 50, 2000)
BODY = b"a message of the usual length, about as long as a line of a screen, and then a little more than that"
BATCHES = (1, 10, 100, 500)
SECONDS = 1.0
WAITING = 20_000  # messages that one reader drains


class Busy:
    """A thread that does what a reactor does: a little Python, then a system call."""

    def __init__(self) -> None:
        self.rounds = 0
        self._stop = False
        self._ends = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        one, other = self._ends
        while not self._stop:
            for _ in range(300):
                pass
            one.send(b"x" * 100)
            other.recv(4096)
            self.rounds += 1

    def speed(self, seconds: float) -> float:
        """Rounds a second from now on, with nothing else to do."""
        before = self.rounds
        time.sleep(seconds)
        return (self.rounds - before) / seconds

    def stop(self) -> None:
        """End it."""
        self._stop = True
        self._thread.join()
        for end in self._ends:
            end.close()


class Figure(NamedTuple):
    """One line of the report."""

    what: str
    batch: int
    rows: float
    cpu: float
    longest: float
    left: float

    def __str__(self) -> str:
        left = f"  left {self.left:4.0%}" if self.left else ""
        return (
            f"{self.what:32} {self.batch:4} a batch {self.rows:9,.0f} rows/s {self.cpu:7.2f} us CPU a row"
            f"   longest {self.longest * 1e3:6.1f} ms{left}"
        )


def message_id(at: int, number: int, ordered: bool) -> bytes:
    """16 bytes; ordered ones begin with their time and rise, as those of our clients do."""
    return at.to_bytes(6, "big") + number.to_bytes(4, "big") + os.urandom(6) if ordered else os.urandom(16)


def batches(size: int, conversations: int, ordered: bool = True, cursors: bool = False) -> Iterator[list[Entry]]:
    """Endless commits."""
    number = 0
    while True:
        made: list[Entry] = []
        for _ in range(size):
            number += 1
            conversation = number * 7919 % conversations + 1
            sender = f"user{number % USERS}"
            at = 1_800_000_000_000 + number
            made.append(Append(conversation, at, sender, message_id(at, number, ordered), BODY))
            if cursors:
                made.append(CursorMoved(f"device{number * 31 % USERS}", conversation, number))
        yield made


def new_store(folder: str) -> SqliteStore:
    """A store with people and conversations."""
    store = SqliteStore(os.path.join(folder, f"{time.time_ns()}.db"))
    store.load()
    people: list[Entry] = []
    for number in range(USERS):
        name = f"user{number}"
        people += (UserMade(number, name, name, name, "", 0), DeviceMade(f"device{number}", number, b"", b"", 0))
    people += [ConversationMade(one, f"#{one}", f"#{one}", None, 0) for one in range(1, max(CONVERSATIONS) + 1)]
    store.commit(people)
    return store


def measure(what: str, batch: int, work: Callable[[], int], busy: bool) -> Figure:
    """Call `work`, which returns how many rows it did, for a while."""
    reactor, alone = None, 0.0
    if busy:
        reactor = Busy()
        alone = reactor.speed(0.3)
    rows, longest, cpu, wall = 0, 0.0, 0.0, 0.0
    rounds = reactor.rounds if reactor else 0
    while wall < SECONDS:
        before, spent = time.perf_counter(), time.thread_time()
        rows += work()
        took = time.perf_counter() - before
        cpu += time.thread_time() - spent
        wall += took
        longest = max(longest, took)
    left = 0.0
    if reactor:
        left = (reactor.rounds - rounds) / wall / alone
        reactor.stop()
    return Figure(what, batch, rows / wall, cpu / rows * 1e6, longest, left)


def writing(
    folder: str, size: int, busy: bool, conversations: int = 50, ordered: bool = True, cursors: bool = False
) -> Figure:
    """Commits of one size."""
    store = new_store(folder)
    made = batches(size, conversations, ordered, cursors)
    ready: list[list[Entry]] = []

    def work() -> int:
        store.commit(ready.pop())
        return size

    def prepared() -> int:
        if not ready:
            ready.extend(next(made) for _ in range(max(1, 1000 // size)))
        return work()

    what = f"write, {'busy' if busy else 'alone'}, into {conversations}" + ("" if ordered else ", random ids") + (
        ", cursors" if cursors else "")  # fmt: skip
    found = measure(what, size, prepared, busy)
    store.close()
    return found


def reading(folder: str, size: int, busy: bool) -> Figure:
    """Pages of one conversation."""
    store = new_store(folder)
    made = batches(500, 50)
    for _ in range(100):
        store.commit(next(made))
    after = 0

    def work() -> int:
        nonlocal after
        rows = store.read(1, after, 10**6, size)
        after = rows[-1].seq if rows else 0
        return len(rows)

    found = measure("read, " + ("busy" if busy else "alone"), size, work, busy)
    store.close()
    return found


def draining(folder: str, commit: int) -> Figure:
    """What waited in one conversation, by pages of 500 from its first message to its last."""
    store = new_store(folder)
    made = batches(commit, 1)
    for _ in range(WAITING // commit):
        store.commit(next(made))

    def work() -> int:
        after = 0
        while rows := store.read(1, after, WAITING, 500):
            after = rows[-1].seq
        return after

    found = measure(f"drain {WAITING}, {commit} a commit", 500, work, False)
    store.close()
    return found


def looking(folder: str, what: str) -> Figure:
    """Where a time, or a message, is in a long log; what happened last."""
    store = new_store(folder)
    made = batches(10, 1)
    entries = [entry for _ in range(WAITING // 10) for entry in next(made) if isinstance(entry, Append)]
    for place in range(0, WAITING, 10):
        store.commit(entries[place : place + 10])
    store.commit([Happened(1, entry.at, entry.id, entry.sender, "joined", "") for entry in entries])
    place = 0

    def work() -> int:
        nonlocal place
        place = (place + 7919) % WAITING
        entry = entries[place]
        if what == "find":
            assert store.find(1, entry.id) == [place + 1]
        elif what == "seq_at":
            assert store.seq_at(1, entry.at) == place
        else:
            store.happenings(1, 0, entry.at, 50, True)
        return 1

    found = measure(f"{what} in {WAITING}", 1, work, False)
    store.close()
    return found


def placing(folder: str, size: int, conversations: int) -> Figure:
    """The part of a commit that holds the GIL."""
    store = new_store(folder)
    entries = [entry for entry in next(batches(size, conversations)) if isinstance(entry, Append)]
    kept = Ends(dict.fromkeys(range(max(CONVERSATIONS) + 1), 0), 1)

    def work() -> int:
        write_down(entries, kept, Ends({}, 1))
        return size

    found = measure(f"with the GIL, into {conversations}", size, work, False)
    store.close()
    return found


def main() -> None:
    """Print every figure."""
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        for conversations in CONVERSATIONS:
            for busy in (False, True):
                for size in BATCHES:
                    print(writing(folder, size, busy, conversations), flush=True)
            print(placing(folder, 500, conversations), flush=True)
        print(writing(folder, 500, False, ordered=False), flush=True)
        print(writing(folder, 100, False, cursors=True), flush=True)
        for busy in (False, True):
            for size in (20, 500):
                print(reading(folder, size, busy), flush=True)
        for commit in (1, 10, 500):
            print(draining(folder, commit), flush=True)
        for what in ("find", "seq_at", "happenings"):
            print(looking(folder, what), flush=True)


if __name__ == "__main__":
    main()
