"""Copies of a data folder: made beside the running server, checked, and made into a data folder again.

Rule: a copy is one moment of the database, taken in one transaction that only reads, so it holds everything that was
acknowledged before it began; the files follow, of which none that it names is missing unless it was deleted meanwhile.
It is written at a pace that leaves the disk to the server (`chatd.courtesy`), 20 MB/s at most.
It gets its name when all of it is on the disk and has been verified. It holds the server's secrets, and is for nobody
else's eyes. Encrypted mail that is on its way to a device and one-time keys are left out: what is not kept cannot be
opened later, and a key must not be given out twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple

from chatd.courtesy import PIECE, Pace
from chatd.data import DataFolder, write_whole
from chatd.store.connection import open_connection
from chatd.store.verify import Verified, open_to_read, verify

# VACUUM INTO, not SQLite's backup API: that one begins anew whenever somebody writes, and somebody always does.
COPY_INTO: Final = "VACUUM INTO ?"
COPY_CACHE: Final = "PRAGMA cache_size = -1024"  # KiB; what is in it when all is copied is written at once
STEPS: Final = 200  # of SQLite's machine, between two looks at how much was written: some tens of rows
# The copy is nobody's before it is whole: no journal. By the hundred: what is deleted is written over.
LEAVING_OUT: Final = ("PRAGMA secure_delete = ON", "PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF")
LEAVE_OUT: Final = (
    "DELETE FROM delivery WHERE (device, seq) IN (SELECT device, seq FROM delivery LIMIT 100)",
    "DELETE FROM letter WHERE letter IN (SELECT letter FROM letter LIMIT 100)",
    "DELETE FROM one_time_key WHERE (device, number) IN (SELECT device, number FROM one_time_key LIMIT 100)",
)
CHANGES: Final = "SELECT changes()"
NEW_EPOCH: Final = "UPDATE meta SET value = lower(hex(randomblob(16))) WHERE key = 'epoch'"
BLOBS: Final = "SELECT lower(hex(blob)), size, sha256 FROM blob WHERE committed > 0"
FORGET_BLOB: Final = "DELETE FROM blob WHERE blob = ?"
DATABASE: Final = "chat.db"
KEPT: Final = ("secret", "audit.head", "tls", "console", "files")
"""Of the data folder, besides the database; the audit log's head before the log: one that is behind it fits."""
MANIFEST: Final = "manifest.json"
NOTE: Final = "last-backup.json"
FORMAT: Final = 1
PART: Final = ".part"
SPARE_BYTES: Final = 64 << 20
CUT: Final = 16 << 20  # bytes
DAY: Final = 86_400  # seconds


class BadBackup(Exception):
    """It cannot be made, or used; the text says why."""


class Backed(NamedTuple):
    """A copy that is whole. `made` in seconds, `size` in bytes."""

    path: str
    made: int
    size: int
    found: Verified


# ---- making one --------------------------------------------------------------------------------------------------


def back_up(data: str, out: str, pace: Pace | None = None) -> Backed:
    """Copy a data folder, also beside its running server, into a new folder. Blocks. Raises BadBackup or OSError."""
    folder, target, pace = DataFolder(data), Path(out), pace or Pace()
    if target.exists():
        raise BadBackup(f"{target} is there already; name a new folder")
    if not os.path.exists(folder.database):
        raise BadBackup(f"there is no database {folder.database}")
    part = target.with_name(target.name + PART)
    shutil.rmtree(part, ignore_errors=True)
    part.parent.mkdir(parents=True, exist_ok=True)
    _check_room(folder, part.parent)
    made = int(time.time())
    try:
        part.mkdir(mode=0o700)
        copy_database(folder.database, part / DATABASE, pace)
        _leave_out(part / DATABASE, pace)
        for name in KEPT:
            _copy(folder.path / name, part / name, pace)
        _forget_deleted(folder, part)
        found = verify(str(part / DATABASE))
        if found.problems:
            raise BadBackup(f"the database has problems, see `chatd-admin verify`: {'; '.join(found.problems[:3])}")
        size = _write_manifest(part, made, found)
        _sync(part, part / DATABASE, pace)
        os.replace(part, target)
        _sync_folder(target.parent)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    write_whole(folder.path / NOTE, json.dumps({"made": made, "path": str(target.resolve()), "size": size}).encode())
    os.chmod(folder.path / NOTE, 0o644)  # whoever made it, the server shall read it; the folder is its own
    return Backed(str(target), made, size, found)


def last(data: str) -> int:
    """When the folder's newest copy was made, in seconds; 0: never."""
    try:
        return int(json.loads((Path(data) / NOTE).read_text())["made"])
    except (OSError, ValueError, LookupError, TypeError):
        return 0


def make_room(folder: str, keep: int, pace: Pace | None = None) -> list[str]:
    """Remove the oldest copies in a folder of nothing but copies, but for the newest `keep`; returns which.

    What is left of one that was never ended goes, too, when it is a day old.
    """
    pace = pace or Pace()
    found = sorted(path for path in Path(folder).glob("*") if (path / MANIFEST).exists() and path.suffix != PART)
    gone = found[: max(0, len(found) - keep)]
    left = [path for path in Path(folder).glob("*" + PART) if path.stat().st_mtime < time.time() - DAY]
    for path in left + [path.rename(path.with_name(path.name + PART)) for path in gone]:
        _remove(path, pace)
    return [str(path) for path in gone]


def _remove(folder: Path, pace: Pace) -> None:
    """To free a gigabyte at once holds up who writes: large files get shorter first."""
    for path in _files(folder):
        with open(path, "r+b") as file:
            for size in range(path.stat().st_size // CUT * CUT, 0, -CUT):
                file.truncate(size)
                pace.settle(file.fileno())
        path.unlink()
        _sync_folder(folder, pace.settle)
    shutil.rmtree(folder)


def copy_database(source: str, part: Path, pace: Pace) -> None:
    """SQLite's own copy of one moment, in one transaction that only reads; for nobody else's eyes."""
    try:
        connection = open_to_read(source)
    except FileNotFoundError:
        raise BadBackup(f"there is no database {source}") from None
    with closing(connection):
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            connection.execute(COPY_CACHE)
            connection.set_progress_handler(_grown(descriptor, pace), STEPS)
            connection.execute(COPY_INTO, (str(part),))
            pace.settle(descriptor)
        finally:
            os.close(descriptor)  # not before: that would let go of SQLite's locks of the same file


def _grown(descriptor: int, pace: Pace) -> Callable[[], int]:
    """What SQLite is to call now and then while it writes this file."""
    size = 0

    def look() -> int:
        nonlocal size
        before, size = size, os.fstat(descriptor).st_size
        pace.wrote(descriptor, size - before)
        return 0

    return look


def _leave_out(database: Path, pace: Pace) -> None:
    descriptor = os.open(database, os.O_RDWR)
    try:
        with closing(open_connection(str(database))) as connection:
            for statement in LEAVING_OUT:
                connection.execute(statement)
            for statement in LEAVE_OUT:
                connection.execute(statement)
                while connection.execute(CHANGES).fetchall() != [(0,)]:
                    pace.settle(descriptor)
                    connection.execute(statement)
    finally:
        os.close(descriptor)


def _forget_deleted(folder: DataFolder, part: Path) -> None:
    """What was deleted between the database's copy and its own is not in the copy at all."""
    lost = [name for name in _blobs(part / DATABASE) if not (part / "files" / name).exists()]
    here = _blobs(Path(folder.database)) if lost else {}
    if any(name in here for name in lost):
        raise BadBackup(
            "files are missing, see `chatd-admin verify`: " + " ".join(name for name in lost if name in here)
        )
    with closing(open_connection(str(part / DATABASE))) as connection:
        for name in lost:
            connection.execute(FORGET_BLOB, (bytes.fromhex(name),))


def _blobs(database: Path) -> dict[str, tuple[int, bytes]]:
    """The files that a database names, with size and hash."""
    with closing(open_to_read(str(database))) as connection:
        return {name: (size, digest) for name, size, digest in connection.execute(BLOBS).fetchall()}


def _check_room(folder: DataFolder, where: Path) -> None:
    needed = sum(_size(path) for path in [Path(folder.database), *_files(Path(folder.files))])
    free = shutil.disk_usage(where).free
    if free < needed + SPARE_BYTES:
        raise BadBackup(f"{where} has {free >> 20} MiB free; the copy needs {(needed + SPARE_BYTES) >> 20}")


def _size(path: Path) -> int:
    """The bytes of a file; none of one that has gone meanwhile."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _copy(source: Path, target: Path, pace: Pace) -> None:
    """A file, or a folder of files; uploads that are not whole, and what has gone meanwhile, are left out."""
    if source.is_symlink() or not source.exists():
        return
    if source.is_file():
        _copy_file(source, target, pace)
        return
    target.mkdir(mode=0o700)
    for path in sorted(source.iterdir()):
        if path.suffix != PART:
            _copy(path, target / path.name, pace)


def _copy_file(source: Path, target: Path, pace: Pace) -> None:
    try:
        reading = open(source, "rb", 0)  # noqa: SIM115
    except FileNotFoundError:
        return
    with reading, open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", 0) as writing:
        while piece := reading.read(PIECE):
            pace.wrote(writing.fileno(), writing.write(piece))
        pace.settle(writing.fileno())


def _files(folder: Path) -> Iterator[Path]:
    return iter([path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()])


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_manifest(part: Path, made: int, found: Verified) -> int:
    files = {path.relative_to(part).as_posix(): (path.stat().st_size, _digest(path)) for path in _files(part)}
    about = {"format": FORMAT, "made": made, "schema": found.schema, "epoch": found.epoch, "counts": found.counts}
    write_whole(part / MANIFEST, json.dumps({**about, "files": files}, indent=1).encode() + b"\n")
    return sum(size for size, _ in files.values())


def _sync(folder: Path, database: Path, pace: Pace) -> None:
    """What was not synced when it was written: the database, and which files there are."""
    for path in (database, *(path for path in folder.rglob("*") if path.is_dir()), folder):
        _sync_folder(path, pace.settle)


def _sync_folder(path: Path, sync: Callable[[int], object] = os.fsync) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


# ---- looking at one ----------------------------------------------------------------------------------------------


def check(path: str) -> Verified:
    """Is a copy (a folder, or a database alone) what was written, and whole? Raises nothing."""
    folder = Path(path)
    if not folder.is_dir():
        return verify(path)
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        problems = _compared(folder, manifest)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        return Verified([f"{path} is no backup: {error}"], {})
    found = verify(str(folder / DATABASE))
    problems += found.problems or missing(str(folder / DATABASE), str(folder / "files"))
    return found._replace(problems=problems)


def _compared(folder: Path, manifest: dict[str, Any]) -> list[str]:
    if manifest["format"] != FORMAT:
        return [f"{folder} has format {manifest['format']}, and this chatd knows {FORMAT}: use the newer one"]
    problems, expected = [], manifest["files"]
    for name, (size, digest) in expected.items():
        file = folder / name
        if not file.is_file():
            problems.append(f"{name} is missing")
        elif file.stat().st_size != size or _digest(file) != digest:
            problems.append(f"{name} is not what was written")
    here = {path.relative_to(folder).as_posix() for path in _files(folder)} - {MANIFEST}
    return problems + [f"{name} was not there when the copy was made" for name in sorted(here - set(expected))]


def missing(database: str, files: str) -> list[str]:
    """What is wrong with the files that a database names, also beside a running server. Raises nothing."""
    problems: dict[str, str] = {}
    try:
        for name, (size, digest) in _blobs(Path(database)).items():
            path = Path(files) / name
            if not path.is_file():
                problems[name] = f"file {name} is missing"
            elif path.stat().st_size != size or bytes.fromhex(_digest(path)) != digest:
                problems[name] = f"file {name} is damaged"
        here = _blobs(Path(database)) if problems else {}
    except (OSError, sqlite3.Error) as error:
        return [f"the files of {database} cannot be looked at: {error}"]
    return [problem for name, problem in problems.items() if name in here]  # others were deleted meanwhile


# ---- back again --------------------------------------------------------------------------------------------------


def restore(backup: str, data: str) -> Verified:
    """Make an empty folder into a data folder with this copy's content, under a new epoch: clients resynchronise.

    Returns what was found in the copy; with problems nothing has been made. Raises BadBackup, FolderInUse or OSError.
    """
    if os.path.isdir(data) and os.listdir(data):
        raise BadBackup(f"{data} is not empty; move it away first")
    found = check(backup)
    if found.problems:
        return found
    folder, source, pace = DataFolder(data), Path(backup), Pace(rest=lambda _: None)  # nobody is there yet
    folder.acquire()
    try:
        part = Path(folder.database + ".part")
        copy_database(str(source / DATABASE if source.is_dir() else source), part, pace)
        _leave_out(part, pace)
        with closing(open_connection(str(part))) as connection:
            connection.execute(NEW_EPOCH)
        for name in KEPT if source.is_dir() else ():
            if (folder.path / name).is_dir():
                (folder.path / name).rmdir()
            _copy(source / name, folder.path / name, pace)
        found = verify(str(part))
        if not found.problems:
            _sync(folder.path, part, pace)
            os.replace(part, folder.database)
            _sync_folder(folder.path)
    finally:
        folder.release()
    return found
