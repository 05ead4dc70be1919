"""A simulated power cut: the store on a disk of which, when the power goes, only the synced writes are sure.

Rule: the store's own code and SQL run, on SQLite with a file system of ours (an APSW VFS, all in memory). When the
power goes, each sector written since its file's last sync survives or not by the toss of a coin, and some are torn.
What is left is then put on the real disk, opened by the real store and looked at by the independent reader. With
`synchronous="NORMAL"` the same must lose accepted messages, or this could not see what it looks for.
"""

from __future__ import annotations

import itertools
import os
import random
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import apsw

from chatd.entries import (
    Append,
    ConversationClosed,
    ConversationMade,
    CursorMoved,
    DeviceMade,
    Entry,
    Happened,
    MarkerMoved,
    MaskSet,
    MemberSet,
    Redaction,
    Stored,
    UserMade,
)
from chatd.store.connection import CHECKPOINT, Connection
from chatd.store.interface import StoreError
from chatd.store.sqlite import SqliteStore
from chatd.store.verify import verify

SECTOR: Final = 512
DATABASE: Final = "/disk/chat.db"
CONVERSATIONS: Final = (1, 2, 3)
POWERSAFE_OVERWRITE: Final = 0x1000  # as SQLite's own Unix file system says of every disk
PEOPLE: Final[tuple[Entry, ...]] = (
    UserMade(1, "alice", "alice", "alice", "student", 1),
    DeviceMade("phone", 1, b"e", b"c", 1),
    *(ConversationMade(number, f"#{number}", f"#{number}", None, 1) for number in CONVERSATIONS),
)


class PowerGone(Exception):
    """Nothing can be written any more."""


class SimulatedFile:
    """One file: what is sure, what programs see, and the writes between the two."""

    def __init__(self) -> None:
        self.sure = bytearray()
        self.seen = bytearray()
        self.pending: list[tuple[int, bytes | None]] = []  # None: cut off there

    def left(self, chance: random.Random) -> bytes:
        """What is on the disk after the power went."""
        left = bytearray(self.sure)
        for offset, data in self.pending:
            if data is None:
                if chance.random() < 0.5:
                    del left[offset:]
                continue
            for start in range(0, len(data), SECTOR):
                sector = data[start : start + SECTOR]
                toss = chance.random()
                if toss < 0.5:
                    continue
                if toss < 0.6:
                    sector = sector[: chance.randrange(len(sector))]  # torn
                put(left, offset + start, sector)
        return bytes(left)


def put(content: bytearray, offset: int, data: bytes) -> None:
    """Write into a file's bytes; what lies before its end and was never written is zeros."""
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class Disk:
    """The simulated disk. `cut_after` writes and syncs the power goes."""

    def __init__(self) -> None:
        self.files: dict[str, SimulatedFile] = {}
        self.cut_after = -1
        self.steps = 0

    def step(self) -> None:
        """Before each write and sync: is there still power?"""
        self.steps += 1
        if 0 <= self.cut_after < self.steps:
            raise PowerGone

    def sync(self, file: SimulatedFile) -> None:
        """From now on this file is sure as it is."""
        self.step()
        file.sure = bytearray(file.seen)
        file.pending.clear()

    def save(self, folder: str, chance: random.Random) -> str:
        """The power is gone: put on the real disk what is left; returns the database's path."""
        for path, file in self.files.items():
            with open(os.path.join(folder, os.path.basename(path)), "wb") as real:
                real.write(file.left(chance))
        return os.path.join(folder, os.path.basename(DATABASE))


class OpenFile:
    """What SQLite holds while a file is open."""

    def __init__(self, disk: Disk, file: SimulatedFile) -> None:
        self._disk = disk
        self._file = file

    def xRead(self, amount: int, offset: int) -> bytes:
        return bytes(self._file.seen[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.step()
        put(self._file.seen, offset, data)
        self._file.pending.append((offset, bytes(data)))

    def xTruncate(self, size: int) -> None:
        self._disk.step()
        del self._file.seen[size:]
        self._file.pending.append((size, None))

    def xSync(self, flags: int) -> None:
        self._disk.sync(self._file)

    def xFileSize(self) -> int:
        return len(self._file.seen)

    def xLock(self, level: int) -> None:
        """Nobody else is there."""

    def xUnlock(self, level: int) -> None:
        """Nobody else is there."""

    def xCheckReservedLock(self) -> bool:
        return False

    def xFileControl(self, op: int, ptr: int) -> bool:
        return False

    def xSectorSize(self) -> int:
        return 4096

    def xDeviceCharacteristics(self) -> int:
        return POWERSAFE_OVERWRITE

    def xClose(self) -> None:
        """Nothing is lost by it, and nothing made sure."""


class DiskVFS(apsw.VFS):
    """SQLite's way to the simulated disk."""

    def __init__(self, name: str, disk: Disk) -> None:
        self._disk = disk
        super().__init__(name, base="", iVersion=1)

    def xOpen(self, name: Any, flags: list[int]) -> Any:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name or f"/temporary/{id(flags)}"
        flags[1] = flags[0]
        return OpenFile(self._disk, self._disk.files.setdefault(path, SimulatedFile()))

    def xAccess(self, pathname: str, flags: int) -> bool:
        return pathname in self._disk.files

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self._disk.step()
        self._disk.files.pop(filename, None)

    def xFullPathname(self, name: str) -> str:
        return name

    def excepthook(self, *_: Any) -> bool:
        """A power cut is no news."""
        return True


class ApswConnection:
    """An APSW connection that looks to the store like `sqlite3.Connection`."""

    def __init__(self, path: str, vfs: str, instead: dict[str, str]) -> None:
        self._real = apsw.Connection(path, vfs=vfs)
        self._instead = instead
        self._real.execute("PRAGMA locking_mode = EXCLUSIVE")  # no shared memory: there are no readers

    @property
    def in_transaction(self) -> bool:
        """As sqlite3 has it."""
        return self._real.in_transaction

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Any:
        """As sqlite3 has it, its errors too."""
        try:
            found = self._real.execute(self._instead.get(sql, sql), tuple(parameters)).fetchall()
        except apsw.ConstraintError as error:
            raise sqlite3.IntegrityError(str(error)) from error
        except (apsw.Error, PowerGone) as error:
            failed = sqlite3.OperationalError(str(error))
            failed.sqlite_errorname = "SQLITE_IOERR_WRITE"
            raise failed from error
        return Found(found)

    def close(self) -> None:
        """As sqlite3 has it."""
        try:
            self._real.close(True)
        except (apsw.Error, PowerGone):
            pass


class Found(NamedTuple):
    """The rows of a statement."""

    rows: list[Any]

    def fetchall(self) -> list[Any]:
        """All of them."""
        return self.rows


class Outcome(NamedTuple):
    """What one cut did. `lost` counts what was accepted and is gone, or elsewhere, or there again."""

    accepted: int
    lost: int
    problems: list[str]


class Life:
    """A store on the simulated disk, and what it has accepted."""

    def __init__(self, name: str, chance: random.Random, synchronous: str, checkpoint: int) -> None:
        self.chance = chance
        self.disk = Disk()
        self.vfs = DiskVFS(name, self.disk)
        self.accepted: dict[tuple[str, bytes], tuple[int, Stored]] = {}
        self.cursors: dict[int, int] = {}
        self.markers: dict[int, int] = {}
        self.redacted: set[tuple[int, int]] = set()
        self.happened: dict[bytes, Happened] = {}
        self.closed: set[int] = set()
        self.floors: dict[int, int] = {}
        self.purged = 0  # up to which time things may be gone
        instead = {
            "PRAGMA synchronous = FULL": f"PRAGMA synchronous = {synchronous}",
            CHECKPOINT: f"PRAGMA wal_autocheckpoint = {checkpoint}",
        }

        def connect(path: str) -> Connection:
            return ApswConnection(path, name, instead)

        self.store = SqliteStore(DATABASE, connect)
        self.store.commit(PEOPLE)
        self.store.close()  # all of it is sure, whatever `synchronous` is
        self.store = SqliteStore(DATABASE, connect)

    def run(self, cut_after: int) -> list[Entry]:
        """Commit until the power goes; the entries that were not answered."""
        self.disk.steps, self.disk.cut_after = 0, cut_after
        for number in itertools.count():
            entries = list(self.entries(number))
            try:
                if self.chance.random() < 0.1:
                    self.purged = 1000 + number // 2
                    for log in self.store.purge(self.purged, 5):
                        self.floors[log.conversation] = log.floor
                stored = self.store.commit(entries)
            except StoreError:
                return entries
            self.note(entries, stored)
        raise AssertionError

    def entries(self, number: int) -> Iterator[Entry]:
        """Messages, some of them again, and now and then something else; now and then a group that does not last."""
        chance = self.chance
        for _ in range(chance.choice((1, 1, 3, 30))):
            body = chance.randbytes(chance.choice((0, 20, 20, 600)))
            yield Append(chance.choice(CONVERSATIONS), 1000 + number, "alice", chance.randbytes(16), body)
        if self.accepted and chance.random() < 0.3:
            (sender, id), (conversation, answer) = chance.choice(list(self.accepted.items()))
            yield Append(conversation, 1000 + number, sender, id, b"again")
            yield CursorMoved("phone", conversation, answer.seq)
            yield MarkerMoved(1, conversation, number)
            yield MemberSet(conversation, 1, "member", number)
            yield Happened(conversation, 1000 + number, chance.randbytes(16), "alice", "joined", "")
            if chance.random() < 0.5:
                yield Redaction(conversation, answer.seq, "alice", "no more")
        if chance.random() < 0.1:
            group = 100 + number
            yield ConversationMade(group, f"#{group}", f"#{group}", None, number)
            yield MaskSet(group, "b", "*!*@*", "alice", number)
            yield Append(group, 1000 + number, "bob", chance.randbytes(16), b"short-lived")
            yield ConversationClosed(group)

    def note(self, entries: list[Entry], stored: list[Stored]) -> None:
        """The store has promised these."""
        answers = iter(stored)
        for entry in entries:
            if isinstance(entry, CursorMoved):
                self.cursors[entry.conversation] = max(entry.seq, self.cursors.get(entry.conversation, 0))
            elif isinstance(entry, MarkerMoved):
                self.markers[entry.conversation] = entry.at
            elif isinstance(entry, Happened):
                self.happened[entry.id] = entry
            elif isinstance(entry, Redaction):
                self.redacted.add((entry.conversation, entry.seq))
            elif isinstance(entry, ConversationClosed):
                self.closed.add(entry.conversation)
            elif isinstance(entry, Append) and not (answer := next(answers)).repeat and entry.sender == "alice":
                self.accepted[entry.sender, entry.id] = entry.conversation, answer

    def lost(self, store: SqliteStore) -> int:
        """How much of what was promised is not there."""
        kept: dict[tuple[str, bytes], tuple[int, int]] = {}
        texts: set[tuple[int, int]] = set()
        directory = store.load()
        for log in directory.logs:
            after = 0
            while rows := store.read(log.conversation, after, log.head, 10**6):
                after = rows[-1].seq
                kept.update({(row.sender, row.id): (log.conversation, row.seq) for row in rows})
                texts |= {(log.conversation, row.seq) for row in rows if row.content != "redacted"}
        floors = {log.conversation: log.floor for log in directory.logs}
        cursors = {cursor.conversation: cursor.seq for cursor in directory.cursors}
        missing = sum(
            kept.get(key) != (conversation, answer.seq)
            for key, (conversation, answer) in self.accepted.items()
            if answer.seq > floors.get(conversation, 0)
        )
        forgotten = sum(cursors.get(conversation, -1) < seq for conversation, seq in self.cursors.items())
        forgotten += sum(floors.get(one, -1) < floor for one, floor in self.floors.items() if one not in self.closed)
        markers = {marker.conversation: marker.at for marker in directory.markers}
        forgotten += sum(markers.get(conversation, -1) < at for conversation, at in self.markers.items())
        return missing + forgotten + len(self.redacted & texts) + len(self.closed & floors.keys()) + self.unheard(store)

    def unheard(self, store: SqliteStore) -> int:
        """How much of what happened is not there, of what is young enough."""
        kept = {one.id for number in CONVERSATIONS for one in store.happenings(number, 0, 10**6, 10**6, False)}
        return sum(one.at >= self.purged and one.id not in kept for one in self.happened.values())


def cut(seed: int, folder: str, synchronous: str = "FULL", checkpoint: int = 0) -> Outcome:
    """One life that ends with a power cut, and what is left of it in `folder`, which is empty and on the real disk.

    `checkpoint`: after how many pages the write-ahead log is taken into the file (0: by chance).
    """
    chance = random.Random(seed)
    pages = checkpoint or chance.choice((5, 30, 100, 300, 1000))
    life = Life(f"powercut-{seed}-{synchronous}", chance, synchronous, pages)
    unanswered = life.run(chance.randrange(1, 400))
    life.store.close()
    life.vfs.unregister()
    path = life.disk.save(folder, chance)
    problems = verify(path).problems
    if problems:
        return Outcome(len(life.accepted), 0, problems)
    store = SqliteStore(path)
    lost = life.lost(store)
    if not lost:
        store.commit([entry for entry in unanswered if getattr(entry, "conversation", 0) in CONVERSATIONS])  # resent
        problems = verify(path).problems
    store.close()
    return Outcome(len(life.accepted), lost, problems)
