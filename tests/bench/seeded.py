"""A data folder of a class of years: ten thousand accounts, a million messages, and what the console lists.

Rule: written through the store's own commits, so it is what a server would have written; nothing is kept outside the
folder. Who will be here has read everything; the others have mail waiting.
"""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from chatd import messages as m
from chatd.console.audit import Audit, Happened
from chatd.core import modes
from chatd.core.names import fold
from chatd.data import DataFolder
from chatd.entries import (
    Append,
    BlobMade,
    ConversationMade,
    CursorMoved,
    DeviceMade,
    Entry,
    InvitationSet,
    MemberSet,
    ReportSet,
    RosterSet,
    SanctionSet,
    UserMade,
)
from chatd.store.sqlite import SqliteStore
from tests.process.swarm import Swarm

DAY: Final = 86_400_000
A_COMMIT: Final = 500  # messages; the store takes them so under load
IN_A_ROW: Final = 5  # messages that one commit brings to one conversation
EVERYBODY: Final = "#everybody"
BODY: Final = b"a message of the usual length, about as long as a line of a screen, and then a little more than that"
FILE: Final = b"essay"
CODE_DAYS: Final = 30


class Size(NamedTuple):
    """How much of everything. `here`: of the accounts, those who will connect."""

    accounts: int = 10_000
    here: int = 1000
    groups: int = 200
    members: int = 100
    pairs: int = 2000
    messages: int = 1_000_000
    listed: int = 1000  # of files, reports, sanctions and codes
    audited: int = 10_000


class Talk(NamedTuple):
    """A conversation and who is in it; the first twenty speak."""

    number: int
    users: list[int]


class Class:
    """The accounts' names and numbers, and what was written about them."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.now = int(time.time() * 1000)
        self.began = self.now - 100 * DAY
        self.ids = itertools.count()
        self.fullest = size.accounts  # who has not fetched their mail
        self.talks: list[Talk] = []
        self.heads: dict[int, int] = {}  # of each talk

    def name(self, user: int) -> str:
        """What the account with this number, from 1, is called."""
        return f"p{user - 1:05}"

    def id(self) -> bytes:
        """The next message's: as clients make them, of time and chance, but always the same."""
        number = next(self.ids)
        return (self.began + number).to_bytes(6, "big") + hashlib.blake2b(b"%d" % number, digest_size=10).digest()

    def people(self) -> Iterator[Entry]:
        """Accounts, each with the device that a client of the swarm has by that name."""
        swarm = Swarm()
        yield ConversationMade(1, m.LOBBY, m.LOBBY, None, self.began, modes.USUAL)
        for user in range(1, self.size.accounts + 1):
            name = fold(self.name(user))
            keys = swarm.add(name.display, 0).keys
            role = "staff" if user % 100 == 0 else "student"
            yield UserMade(user, name.display, name.key, name.skeleton, role, self.began)
            yield DeviceMade(keys.device, user, keys.ed25519, keys.curve25519, self.began)
        swarm.close()

    def conversations(self) -> Iterator[Entry]:
        """A group with everybody, groups with some, and pairs."""
        size, everybody = self.size, list(range(1, self.size.accounts + 1))
        yield from self._group(EVERYBODY, everybody)
        for number in range(size.groups):
            start = number * size.members // 2
            yield from self._group(f"#section{number:03}", [
                1 + (start + step) % size.accounts for step in range(size.members)
            ])  # fmt: skip
        for number in range(size.pairs):
            low = 1 + number % (size.accounts - 1)
            yield from self._pair(low, min(size.accounts, low + 1 + number // (size.accounts - 1)))
        for sender in range(1, min(50, size.here) + 1):
            yield from self._pair(sender, self.fullest)

    def _group(self, name: str, users: list[int]) -> Iterator[Entry]:
        number = len(self.talks) + 2
        self.talks.append(Talk(number, users))
        yield ConversationMade(number, name, name, None, self.began, modes.USUAL)
        for user in users:
            yield MemberSet(number, user, "owner" if user == users[0] else "member", 0)

    def _pair(self, low: int, high: int) -> Iterator[Entry]:
        number = len(self.talks) + 2
        self.talks.append(Talk(number, [low, high]))
        yield ConversationMade(number, "", "", (low, high), self.began)
        for user in (low, high):
            yield MemberSet(number, user, "member", 0)

    def messages(self) -> Iterator[list[Append]]:
        """All that was said, commit by commit: in turn everywhere, some lines of one place together."""
        batch: list[Append] = []
        for said in range(self.size.messages):
            talk = self.talks[said // IN_A_ROW % len(self.talks)]
            speakers = talk.users[: 1 if self.fullest in talk.users[1:2] else 20]
            at = self.began + said * (self.now - self.began) // self.size.messages
            batch.append(Append(talk.number, at, self.name(speakers[said % len(speakers)]), self.id(), BODY))
            self.heads[talk.number] = self.heads.get(talk.number, 0) + 1
            if len(batch) == A_COMMIT:
                yield batch
                batch = []
        yield batch

    def read(self) -> Iterator[Entry]:
        """Those who will be here have read it all."""
        devices = dict(enumerate(self._devices(), 1))
        for talk in self.talks:
            for user in talk.users:
                if user in devices and talk.number in self.heads:
                    yield CursorMoved(devices[user], talk.number, self.heads[talk.number])

    def _devices(self) -> list[str]:
        swarm = Swarm()
        return [swarm.add(self.name(user), 0).keys.device for user in range(1, self.size.here + 1)]

    def lists(self, folder: Path) -> Iterator[Entry]:
        """Files, reports, mutes, codes and the class's list: of those who are not here."""
        digest, until = hashlib.sha256(FILE).digest(), self.now + CODE_DAYS * DAY
        for number in range(self.size.listed):
            user = self.size.accounts - number
            blob = hashlib.blake2b(b"%d" % number, digest_size=16).digest()
            (folder / blob.hex()).write_bytes(FILE)
            yield BlobMade(blob, user, len(FILE), self.now, "#2", committed=self.now, sha256=digest)
            yield ReportSet(number + 1, self.name(user), EVERYBODY, number + 1, self.name(1), "x", "rude", self.now)
            yield SanctionSet("mute", user, "", 0, "enough", "miller", self.now)
            yield InvitationSet(f"{number:010x}", 1, until, 0, user, "miller", self.now)
            yield RosterSet(user, "2")


def seed(path: Path, size: Size) -> Class:
    """Write it into a new data folder; blocks for most of a minute."""
    folder, made = DataFolder(str(path)), Class(size)
    folder.acquire()
    try:
        store = SqliteStore(folder.database)
        try:
            for some in (made.people(), made.conversations()):
                _keep(store, some)
            for batch in made.messages():
                store.commit(batch)
            _keep(store, itertools.chain(made.read(), made.lists(Path(folder.files))))
        finally:
            store.close()
        _audit(folder, size.audited)
    finally:
        folder.release()
    return made


def _keep(store: SqliteStore, entries: Iterator[Entry]) -> None:
    while some := list(itertools.islice(entries, 5000)):
        store.commit(some)


def _audit(folder: DataFolder, lines: int) -> None:
    log = Audit(Path(folder.console) / "audit.jsonl", folder.path / "audit.head", folder.secret())
    log.open(0)
    now = int(time.time() * 1000)
    for number in range(lines):
        log.append(Happened(now, f"operator{number % 5}", "admin", "SHA256:x", "127.0.0.1", "who", "done", {}))
    log.close()


def roster(made: Class, called: str = "Somebody") -> str:
    """The class's list with all of them, as the registrar would have it; their full names begin with this word."""
    lines = [
        f"{made.name(user)},student,#section{user % made.size.groups:03},{called} {user}"
        for user in range(1, made.size.accounts)
    ]
    return "\n".join(["name,role,groups,full_name", f"{made.name(made.size.accounts)},staff,,", *lines, ""])
