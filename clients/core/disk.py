"""What transfers do on this disk: reading what is sent, writing what comes, and its name at the end.

Rule: every function blocks and runs on a thread of its own. A file that comes grows as `NAME.ID.part`, made anew and by
nobody else; it gets its name when size and hashes are right and it is synced, and never that of another file: then
it is `NAME (2)`. Names are leaves made harmless by `filenames`; no link is followed; nothing is ever made executable.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import mimetypes
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

from clients.core import jobs as j
from clients.core.e2ee.bodies import CHUNK
from clients.core.e2ee.refusals import Refused
from clients.core.e2ee.stream import SEALED_CHUNK, Stream
from clients.core.filenames import leaf
from clients.core.steps import STEP, Changed, Steps

PIECE: Final = 1 << 20  # bytes at once, where a whole file is read
SAFE: Final = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe must not keep us waiting
TRIES: Final = 10_000  # names beside one another
LARGEST: Final = 1 << 24  # bytes; twice this may lie free
FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CHANGED: Final = "The file has changed while it was sent; try again."
NO_LINKS: Final = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)


class Failed(Exception):
    """The job cannot be done; what it raises is told as `Trouble`."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def carry_out(job: j.Job) -> j.Outcome:
    """Do a job. Raises nothing."""
    keep_memory()
    try:
        return _WORK[type(job)](job)
    except Failed as error:
        return j.Trouble(error.code, str(error))
    except Refused as error:
        return j.Trouble(error.code, "It is damaged or was tampered with, and was not saved.")
    except OSError as error:
        code = "disk-full" if error.errno in FULL else "disk"
        return j.Trouble(code, f"{error.strerror or error}: {error.filename or 'the disk'}")


@cache
def keep_memory() -> None:
    """Have the C library keep what is freed for the next piece of a file.

    What is as large as a piece it gives back to the system, which clears each page of the next one: that was 0.3 of the
    1.3 s of CPU that 300 MiB took to be sealed and sent. It learns what is large from the largest block that was freed
    (glibc, `M_MMAP_THRESHOLD` in mallopt(3)); nobody touches this one, so it takes no memory.
    """
    bytearray(LARGEST)


@contextmanager
def _opened(path: str, flags: int, folder: int | None = None) -> Iterator[int]:
    descriptor = os.open(path, flags | SAFE, 0o600, dir_fd=folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _folder(path: str) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _pieces(descriptor: int, size: int, piece: int = PIECE) -> Iterator[bytes]:
    """The whole file, in order; Failed `changed` where it is not as long as it was."""
    offset = 0
    while offset < size:
        data = _exactly(descriptor, min(piece, size - offset), offset)
        offset += len(data)
        yield data
    if os.pread(descriptor, 1, size):
        raise Failed("changed", CHANGED)


def _exactly(descriptor: int, length: int, offset: int) -> bytes:
    data = os.pread(descriptor, length, offset)
    while len(data) < length:
        more = os.pread(descriptor, length - len(data), offset + len(data))
        if not more:
            raise Failed("changed", CHANGED)
        data += more
    return data


def _write(descriptor: int, data: bytes | memoryview, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        offset += written
        view = view[written:]


# ---- what is sent --------------------------------------------------------------------------------------------------


@contextmanager
def _source(path: str) -> Iterator[int]:
    """A file that is being sent; it may lie behind a link."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        raise Failed("no-such-file", f"There is no file {path}.") from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _prepare(job: j.Prepare) -> j.Prepared:
    path = os.path.abspath(os.path.expanduser(job.path))
    with _source(path) as file:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            raise Failed("not-a-file", f"{job.path} is not a file.")
        plain = hashlib.sha256()
        for data in _pieces(file, found.st_size) if job.hashes else ():
            plain.update(data)
    name, kind = os.path.basename(path), mimetypes.guess_type(path)[0] or ""
    whole = plain.digest() if job.hashes else bytes(32)
    return j.Prepared(leaf(name.encode("utf-8", "replace").decode()), found.st_size, whole, kind, path)


def _read(job: j.Read) -> j.Ready:
    with _source(job.path) as file:
        data = _exactly(file, job.length, job.offset)
        if job.running is not None:
            job.running.add(data, data)
        return j.Ready(job.offset, data)


def _seal(job: j.Seal) -> j.Ready:
    os.makedirs(os.path.dirname(job.steps), mode=0o700, exist_ok=True)
    with _source(job.path) as file, _opened(job.steps, os.O_RDWR | os.O_CREAT) as noted:
        steps = Steps(job.stream, noted)
        if steps.make_room():
            with _folder(os.path.dirname(job.steps)) as within:
                os.fsync(within)
        return j.Ready(job.offset, _sealed_next(job, steps, file))


def _sealed_next(job: j.Seal, steps: Steps, file: int) -> bytes:
    """Of the next step, or of a later one where all of this one has been sent."""
    while True:
        number = job.running.added
        plain = _exactly(file, steps.length(number), number * STEP)
        if number + 1 == steps.count and os.pread(file, 1, job.stream.size):
            raise Failed("changed", CHANGED)
        try:
            sealed = steps.seal(plain, job.running, job.offset)
        except Changed:
            raise Failed("changed", CHANGED) from None
        if sealed is not None:
            return sealed


def _remove(job: j.Remove) -> j.Removed:
    with suppress(FileNotFoundError):
        os.unlink(job.path)
    return j.Removed()


# ---- what comes ----------------------------------------------------------------------------------------------------


def _open(job: j.Open) -> j.Opened:
    if job.path:
        with suppress(FileNotFoundError), _opened(job.path, os.O_WRONLY) as part:
            return j.Opened(job.path, _kept(part, job))
    folder, wanted = _target(job.folder, job.output, job.name)
    os.makedirs(folder, exist_ok=True)
    with _folder(folder) as within:
        for name in _parts(job.id, wanted):
            try:
                with _opened(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, within):
                    return j.Opened(os.path.join(folder, name), 0)
            except FileExistsError:
                continue
    raise Failed("disk", f"No name is free for this file in {folder}.")


def _target(downloads: str, output: str, name: str) -> tuple[str, str]:
    """The folder and the name there: of a folder that was wanted, of a file that was wanted, or of neither."""
    path = os.path.abspath(os.path.expanduser(output or downloads))
    if not output or output.endswith("/") or os.path.isdir(path):
        return path, leaf(name)
    return os.path.dirname(path), leaf(os.path.basename(path))


def _parts(identity: bytes, name: str) -> Iterator[str]:
    """Names under which it may grow."""
    for number in range(TRIES):
        yield f"{name}.{identity.hex()[:8]}{f'-{number}' if number else ''}.part"


def _kept(part: int, job: j.Open) -> int:
    """How much of the blob a part has, of which there may be something at the end that is no whole chunk."""
    found = os.fstat(part)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        raise Failed("not-a-file", "What was begun here is no file of ours any more.")
    size = found.st_size
    if job.stream is None:
        keep = offset = size if size <= job.blob_size else 0
    elif size >= job.stream.size:
        last = job.stream.count - 1
        keep, offset = last * CHUNK, last * SEALED_CHUNK
    else:
        keep, offset = size // CHUNK * CHUNK, size // CHUNK * SEALED_CHUNK
    if keep < size:
        os.ftruncate(part, keep)
    return offset


def _write_next(job: j.Write) -> j.Written:
    with _opened(job.path, os.O_WRONLY) as part:
        if job.stream is not None:
            _unseal(job, job.stream, part)
        else:
            offset = job.offset
            for data in job.data:
                _write(part, data, offset)
                offset += len(data)
                if job.running is not None:
                    job.running.add(data, data)
        if job.running is not None:
            job.running.early.written(part, job.size)
    return j.Written(job.offset + job.size)


def _unseal(job: j.Write, stream: Stream, part: int) -> None:
    """Only what is right reaches the disk: each chunk is looked at by itself."""
    index, rest = divmod(job.offset, SEALED_CHUNK)
    assert not rest, job.offset
    for sealed in _sealed(job.data):
        plain = stream.open(index, sealed)
        _write(part, plain, index * CHUNK)
        if job.running is not None:
            job.running.add(plain, sealed)
        index += 1


def _sealed(pieces: Iterable[bytes]) -> Iterator[bytes | memoryview]:
    """The chunks that these pieces make up, one after another; copied only where one lies in two of them."""
    rest = bytearray()
    for piece in pieces:
        view = memoryview(piece)
        if rest:
            missing = SEALED_CHUNK - len(rest)
            rest += view[:missing]
            view = view[missing:]
            if len(rest) < SEALED_CHUNK:
                continue
            yield bytes(rest)
            rest.clear()
        whole = len(view) - len(view) % SEALED_CHUNK
        for start in range(0, whole, SEALED_CHUNK):
            yield view[start : start + SEALED_CHUNK]
        rest += view[whole:]
    if rest:
        yield bytes(rest)


def _finish(job: j.Finish) -> j.Finished:
    if job.running is not None:
        job.running.early.wait()
    with _opened(job.path, os.O_RDONLY) as part:
        try:
            _check(job, part)
        except Failed:
            os.unlink(job.path)
            raise
        os.fsync(part)
    folder = os.path.dirname(job.path)
    with _folder(folder) as within:
        name = _name(job.path, _target(folder, job.output, job.name)[1], within)
        os.fsync(within)
    return j.Finished(os.path.join(folder, name))


def _check(job: j.Finish, part: int) -> None:
    """Size and hashes, of the file and of what travelled: both are one thing, or it is not the file that was sent."""
    if os.fstat(part).st_size == job.size:
        known = job.running is not None and job.running.length == job.size
        plain, blob = (job.running if job.running and known else _read_again(job, part)).digests()
        if plain == job.sha256 and (job.stream is None or blob == job.blob_hash):
            return
    raise Failed("FILE_CORRUPT", "It is not the file that was sent, and was not saved.")


def _read_again(job: j.Finish, part: int) -> j.Running:
    """What was written, and as it travelled."""
    running = j.Running()
    for index, data in enumerate(_pieces(part, job.size, CHUNK if job.stream else PIECE) if job.size else (b"",)):
        running.add(data, data if job.stream is None else job.stream.seal(index, data))
    return running


def _name(part: str, name: str, folder: int) -> str:
    """Give the finished file its name, or the next one that is free; nothing is overwritten, whoever comes between."""
    for candidate in _beside(name):
        try:
            os.link(part, candidate, dst_dir_fd=folder, follow_symlinks=False)
        except FileExistsError:
            continue
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            if not _reserved(part, candidate, folder):
                continue
            return candidate
        os.unlink(part)
        return candidate
    raise Failed("disk", "No name is free for this file.")


def _reserved(part: str, name: str, folder: int) -> bool:
    """Where there are no links: take the name with an empty file, and put the other one in its place."""
    try:
        with _opened(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, folder):
            pass
    except FileExistsError:
        return False
    os.replace(part, name, dst_dir_fd=folder)
    return True


def _beside(name: str) -> Iterator[str]:
    """`a.pdf`, `a (2).pdf`, `a (3).pdf` ..."""
    yield name
    stem, ending = Path(name).stem, Path(name).suffix
    for number in itertools.count(2):
        if number > TRIES:
            return
        yield f"{stem} ({number}){ending}"


_WORK: Final[dict[type[j.Job], Callable[[Any], j.Outcome]]] = {
    j.Prepare: _prepare,
    j.Read: _read,
    j.Seal: _seal,
    j.Open: _open,
    j.Write: _write_next,
    j.Finish: _finish,
    j.Remove: _remove,
}
