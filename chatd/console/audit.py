"""Who ran what at the console: an append-only log, each line tied to the one before it.

Rule: a line has a number, what happened, the tag of the line before, and its own tag: HMAC-SHA256 over all of that with
a key made of the server's secret, so that who has the file but not the secret cannot write a line that fits. The
head (number and tag of the newest line) is kept in another place, or the last lines could be cut off unseen. A line is
on the disk before the head is, and both before `append` returns: a crash between them leaves one line more than the
head says, which fits; a crash within a line leaves a torn one, which was never told to anybody: it is cut off at the
next start, and a line says so. Everything here blocks, and is called on one thread.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from chatd.courtesy import resting

NOTHING: Final = "0" * 64
LONGEST: Final = 64 * 1024  # bytes of a line
MOST_READ: Final = 10_000
LINES: Final = 50  # that are read in one go
TORN: Final = "(torn)"
_WRONG: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line. `at` is in ms; `began` is the number of the line that said that this begins."""

    n: int
    at: int
    who: str
    role: str
    key: str
    origin: str
    verb: str
    result: str
    said: dict[str, Any] = {}
    began: int = 0
    ms: int = 0
    before: str = ""
    tag: str = ""


class Head(msgspec.Struct, frozen=True):
    """The newest line there should be."""

    n: int
    tag: str


class Happened(NamedTuple):
    """What is to be noted; the rest is the log's."""

    at: int
    who: str
    role: str
    key: str
    origin: str
    verb: str
    result: str
    said: dict[str, Any]
    began: int = 0
    ms: int = 0


class AuditError(ValueError):
    """The log cannot be written; nothing may be done at the console until it can."""


class Audit:
    """The log: `path` the lines, `head` where the newest one is remembered (in another folder)."""

    def __init__(self, path: Path, head: Path, secret: bytes) -> None:
        self.path = path
        self._head_path = head
        self._key = hashlib.blake2b(secret, digest_size=32, person=b"audit").digest()
        self._head = Head(0, NOTHING)
        self._file: int | None = None

    def open(self, now: int) -> str:
        """Take up the log where it ends; what there is to say about it, if anything. Raises AuditError."""
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            torn = self._cut_torn()
            last = self._last()
        except (OSError, ValueError) as error:
            raise AuditError(f"the console's audit log {self.path} cannot be used: {error}") from None
        kept = self._kept()
        self._head = Head(last.n, last.tag) if last is not None else Head(0, NOTHING)
        problem = ""
        if (kept is not None and kept.n > self._head.n) or (kept is None and self._head.n > 1):
            problem = f"the audit log ends at {self._head.n}, and {kept.n if kept else 'nothing'} was remembered"
            self._head = kept or self._head  # the gap stays, and `audit verify` finds it
        if torn:
            self.append(Happened(now, "chatd", "", "", "", TORN, f"{torn} bytes of a line that was never told", {}))
        return problem

    def append(self, happened: Happened) -> int:
        """Write one line; its number. It is on the disk when this returns. Raises AuditError."""
        if self._file is None:
            raise AuditError("the audit log is not open")
        entry = Entry(self._head.n + 1, *happened, before=self._head.tag)
        entry = msgspec.structs.replace(entry, tag=self._tag(entry))
        line = msgspec.json.encode(entry) + b"\n"
        if len(line) > LONGEST:
            return self.append(happened._replace(said={"too-long": len(line)}))
        try:
            size = os.fstat(self._file).st_size
            try:
                if os.write(self._file, line) != len(line):
                    raise OSError("the disk is full")
                os.fsync(self._file)
            except OSError:
                os.ftruncate(self._file, size)
                raise
            self._head = Head(entry.n, entry.tag)
            self._remember()
        except OSError as error:
            raise AuditError(f"the console's audit log cannot be written: {error}") from None
        return entry.n

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    # ---- reading ----

    def entries(self, by: str = "", since: int = 0) -> list[Entry]:
        """The newest entries, the oldest of them first: of one operator, since a time in ms."""
        found: list[Entry] = []
        for _, line in self._lines():
            with suppress(*_WRONG):
                entry = msgspec.json.decode(line, type=Entry)
                if (not by or entry.who == by) and entry.at >= since:
                    found.append(entry)
                    if len(found) > 2 * MOST_READ:
                        del found[:MOST_READ]
        return found[-MOST_READ:]

    def verify(self) -> list[str]:
        """What is wrong with the log; nothing where all is well."""
        problems: list[str] = []
        expected, before = 1, NOTHING
        for number, line in self._lines():
            try:
                entry = msgspec.json.decode(line, type=Entry)
            except _WRONG:
                problems.append(f"line {number} is no entry")
                continue
            if entry.n != expected:
                problems.append(f"line {number} has the number {entry.n}, where {expected} belongs: lines are missing")
            elif entry.before != before:
                problems.append(f"entry {entry.n} does not fit the one before it")
            if not hmac.compare_digest(self._tag(entry), entry.tag) or msgspec.json.encode(entry) + b"\n" != line:
                problems.append(f"entry {entry.n} was changed, or not written by this server")
            expected, before = entry.n + 1, entry.tag
            if len(problems) > 100:
                return [*problems, "and more"]
        kept = self._kept()
        if kept is None and expected > 2:
            problems.append(
                f"{self._head_path} is missing or not this server's: whether the last entries are there is unknown"
            )
        elif kept is not None and kept.n >= expected:
            problems.append(f"the last entries are missing: {expected} to {kept.n}")
        elif kept is not None and kept.n == expected - 1 and kept.tag != before:
            problems.append(f"entry {kept.n} is not the one that was written")
        return problems

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        try:
            with self.path.open("rb") as file:
                yield from enumerate(resting(file, LINES), 1)
        except FileNotFoundError:
            return

    # ---- the chain ----

    def _tag(self, entry: Entry) -> str:
        bare = msgspec.structs.replace(entry, tag="")
        return hmac.new(self._key, msgspec.json.encode(bare), "sha256").hexdigest()

    def _remember(self) -> None:
        """Put the head into its place, whole."""
        seal = hmac.new(self._key, msgspec.json.encode(self._head), "sha256").hexdigest()
        part = self._head_path.with_name(self._head_path.name + ".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "wb") as file:
            file.write(msgspec.json.encode([self._head.n, self._head.tag, seal]) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self._head_path)
        folder = os.open(self._head_path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _kept(self) -> Head | None:
        """The head as it was remembered; None where it is not there, or not ours."""
        try:
            n, tag, seal = msgspec.json.decode(self._head_path.read_bytes(), type=tuple[int, str, str])
        except (OSError, *_WRONG):
            return None
        head = Head(n, tag)
        right = hmac.new(self._key, msgspec.json.encode(head), "sha256").hexdigest()
        return head if hmac.compare_digest(right, seal) else None

    def _last(self) -> Entry | None:
        """The newest line. Raises ValueError where it means nothing."""
        assert self._file is not None
        size = os.fstat(self._file).st_size
        tail = os.pread(self._file, min(size, LONGEST + 1), max(0, size - LONGEST - 1))
        lines = tail.splitlines()
        if not lines:
            return None
        try:
            return msgspec.json.decode(lines[-1], type=Entry)
        except _WRONG:
            raise ValueError("its last line is no entry; move it away, keep it, and start again") from None

    def _cut_torn(self) -> int:
        """Cut off what a crash has left of a line without an end; how many bytes that was."""
        assert self._file is not None
        size = os.fstat(self._file).st_size
        tail = os.pread(self._file, min(size, LONGEST + 1), max(0, size - LONGEST - 1))
        torn = len(tail) - (tail.rfind(b"\n") + 1)
        if torn > LONGEST:
            raise ValueError("its last line has no end; move it away, keep it, and start again")
        if torn:
            os.ftruncate(self._file, size - torn)
            os.fsync(self._file)
        return torn
