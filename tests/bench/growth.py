"""What it costs when much is there: `python -m tests.bench.growth [--most N] [--accounts N] [--folder PATH]`.

Rule: one store grows from a thousand messages to ten million (2 GB in the folder), as a server would fill it at 2,000
a second: 500 a commit in 50 conversations. At each power of ten the same is measured; CPU is of the writing thread,
user and system, and the median of some rounds. Then a real server starts on a folder with many accounts, and some log
in, one after the other.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from chatd import messages as m
from chatd.core import modes
from chatd.core.names import fold
from chatd.data import DataFolder
from chatd.entries import Append, ConversationMade, DeviceMade, Entry, MemberSet, UserMade
from chatd.store.sqlite import SqliteStore
from chatd.wire.pack import decode_event
from tests.bench import servers
from tests.bench.people import Account
from tests.bench.store import BODY, USERS, new_store

NOW: Final = 1_800_000_000_000
A_MILLISECOND: Final = 2  # messages
CONVERSATIONS: Final = 50
A_COMMIT: Final = 500
ROUNDS: Final = 9
LOGINS: Final = 200
EACH: Final = 5000  # entries of a commit that seeds


class Growing:
    """A store, and what is in it."""

    def __init__(self, folder: str) -> None:
        self.store = new_store(folder)
        self.path = self.store._path
        self.count = 0

    def message(self, number: int) -> Append:
        """The message with this number; people take turns, everywhere."""
        at = NOW + number // A_MILLISECOND
        id = at.to_bytes(6, "big") + number.to_bytes(10, "big")
        return Append(number * 7919 % CONVERSATIONS + 1, at, f"user{number % USERS}", id, BODY)

    def next(self, count: int) -> list[Append]:
        """What is said next."""
        self.count += count
        return [self.message(number) for number in range(self.count - count, self.count)]

    def fill(self, upto: int) -> None:
        """Until so many are there."""
        while self.count < upto:
            self.store.commit(self.next(min(A_COMMIT, upto - self.count)))

    def head(self) -> int:
        """The newest seq of the first conversation, or a little less."""
        return self.count // CONVERSATIONS

    def reopen(self) -> None:
        """As at the next start."""
        self.store.close()
        self.store = SqliteStore(self.path)
        self.store.load()

    def again(self) -> None:
        """Somebody sends once more what is in the middle of all."""
        (found,) = self.store.commit([self.message(self.count // 2)])
        assert found.repeat

    def found(self) -> None:
        """Where that is, for somebody who asks by its id."""
        message = self.message(self.count // 2)
        assert self.store.find(message.conversation, message.id)

    def size(self) -> int:
        """Bytes in the file and its write-ahead log, as they are after a checkpoint."""
        return os.path.getsize(self.path)


def cpu(rounds: int, prepare: Callable[[], object], work: Callable[[object], object]) -> float:
    """Microseconds of this thread's CPU that a piece of work takes; the median."""
    taken = []
    for _ in range(rounds):
        given = prepare()
        before = time.thread_time()
        work(given)
        taken.append(time.thread_time() - before)
    return statistics.median(taken) * 1e6


def nothing() -> None:
    """Needs no preparation."""


def lines(folder: str, most: int) -> Iterator[str]:
    """One line for each power of ten."""
    yield (
        "  messages   500 a commit  1 a commit  newest 50  sent again  found by id      start   size\n"
        "               us/message          us         us          us           us         ms   bytes/message"
    )
    growing = Growing(folder)
    store = growing.store
    for power in range(3, 10):
        if 10**power > most:
            break
        growing.fill(10**power)
        store = growing.store
        many = cpu(ROUNDS * 5, lambda: growing.next(A_COMMIT), store.commit) / A_COMMIT  # type: ignore[arg-type]
        one = cpu(ROUNDS * 9, lambda: growing.next(1), store.commit)  # type: ignore[arg-type]
        newest = cpu(ROUNDS * 9, nothing, lambda _: growing.store.read_before(1, growing.head(), 50))
        again = cpu(ROUNDS, nothing, lambda _: growing.again())
        found = cpu(ROUNDS, nothing, lambda _: growing.found())
        start = cpu(3, nothing, lambda _: growing.reopen()) / 1000
        size = growing.size() / growing.count
        yield (
            f"{10**power:10,} {many:14.2f} {one:11.0f} {newest:10.0f} {again:11.0f} {found:12.0f} {start:10.1f} "
            f"{size:7.0f}"
        )
    growing.store.close()


def people(accounts: int, known: list[Account]) -> Iterator[Entry]:
    """So many accounts, each with a device, in a group of thirty; the first are known."""
    yield ConversationMade(1, m.LOBBY, m.LOBBY, None, NOW, modes.USUAL)
    for number in range(accounts):
        name = fold(f"p{number:07}")
        keys = known[number].keys if number < len(known) else m.DeviceKeys(f"d{number:015}", bytes(32), bytes(32))
        if number % 30 == 0:
            yield ConversationMade(number + 2, f"#g{number}", f"#g{number}", None, NOW, modes.USUAL)
        yield UserMade(number + 1, name.display, name.key, name.skeleton, "student", NOW)
        yield DeviceMade(keys.device, number + 1, keys.ed25519, keys.curve25519, NOW)
        yield MemberSet(number // 30 * 30 + 2, number + 1, "member", 0)


def seed(path: Path, accounts: int, known: list[Account]) -> None:
    """Write them into a new data folder."""
    folder = DataFolder(str(path))
    folder.acquire()
    try:
        store = SqliteStore(folder.database)
        some: list[Entry] = []
        for entry in people(accounts, known):
            some.append(entry)
            if len(some) >= EACH:
                store.commit(some)
                some = []
        store.commit(some)
        store.close()
    finally:
        folder.release()


def log_in(account: Account, port: int) -> float:
    """Connect, greeting, login, welcome: seconds."""
    before = time.perf_counter()
    account.connect("plain", port)
    greeting = decode_event(account.wait_for("greeting"))
    assert isinstance(greeting, m.Greeting)
    account.call(m.Login(1, account.name, account.keys.device, account.signed(m.LOGIN_LABEL, greeting)))
    account.welcomed()
    return time.perf_counter() - before


def logins(place: Path, accounts: int) -> str:
    """The line about a server with so many accounts."""
    known = [Account(f"p{number:07}") for number in range(LOGINS)]
    own = f"accounts{accounts}"
    seed(place / own / "data", accounts, known)
    before = time.perf_counter()
    with servers.chatd(place, own) as target:
        start, used = time.perf_counter() - before, target.cpu()
        taken = sorted(log_in(account, target.ports["plain"]) for account in known)
        spent, memory = target.cpu() - used, target.memory()
        for account in known:
            account.link.close()
    return (
        f"{accounts:10,} accounts: start {start:.2f} s, login {taken[len(taken) // 2] * 1000:.2f} ms (p50) "
        f"{taken[len(taken) * 99 // 100] * 1000:.2f} ms (p99), {spent / LOGINS * 1e6:,.0f} us of CPU each; "
        f"{memory / 2**20:.0f} MiB"
    )


def main() -> None:
    """Print it all, line by line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.growth", description=__doc__.split("\n")[0])
    parser.add_argument("--most", type=int, default=10**7, help="messages, at most")
    parser.add_argument("--accounts", type=int, default=10**5, help="accounts, at most; 0: no logins")
    parser.add_argument("--folder", help="where there is room")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for line in lines(folder, options.most):
            print(line, flush=True)
    with servers.folder() as place:
        for count in (1000, 10_000, 100_000):
            if count <= options.accounts:
                print(logins(place, count), flush=True)


if __name__ == "__main__":
    main()
