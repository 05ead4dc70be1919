"""The data folder: everything one server keeps, and the lock that lets only one server have it.

Rule: other files ask here for paths; only this one makes the folder, its lock, its secret and `listening.json`.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

# Their locks and shared memory do not work as SQLite's write-ahead log needs them
NETWORK_TYPES: Final = {
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ncpfs", "glusterfs", "fuse.glusterfs", "fuse.sshfs", "davfs",
}  # fmt: skip
SECRET_BYTES: Final = 32


class FolderInUse(Exception):
    """Another server has the folder."""

    def __init__(self, path: str, pid: int) -> None:
        self.pid = pid
        whose = f"the process {pid}" if pid else "another process"
        super().__init__(f"the data folder {path} is in use by {whose}; stop it, or name another folder with --data")


class BadFolder(ValueError):
    """The folder cannot be used; the text says why."""


class DataFolder:
    """One server's folder; `acquire` before anything in it is opened."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.database = str(self.path / "chat.db")
        self.files = str(self.path / "files")
        self.tls = str(self.path / "tls")
        self.console = str(self.path / "console")
        self._listening = self.path / "listening.json"
        self._lock: int | None = None

    def acquire(self) -> None:
        """Make the folder where it is missing, and lock it. Raises FolderInUse, BadFolder or OSError."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if kind := network_type(str(self.path)):
            raise BadFolder(f"the data folder {self.path} is on a network file system ({kind}), where a database may "
                            "be damaged; name a folder on a local disk with --data")  # fmt: skip
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            written = os.pread(lock, 20, 0).strip()
            os.close(lock)
            raise FolderInUse(str(self.path), int(written) if written.isdigit() else 0) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, b"%d\n" % os.getpid(), 0)
        self._lock = lock
        for folder in (self.files, self.tls, self.console):
            os.makedirs(folder, mode=0o700, exist_ok=True)
        self._listening.unlink(missing_ok=True)  # a server that was killed left it

    def release(self) -> None:
        """Let another server have it. The lock's file stays: to remove it would be a race."""
        if self._lock is not None:
            self._listening.unlink(missing_ok=True)
            os.ftruncate(self._lock, 0)
            os.close(self._lock)
            self._lock = None

    def secret(self) -> bytes:
        """The server's secret, made at first use; tokens and invitations are made from it."""
        path = self.path / "secret"
        try:
            found = path.read_bytes()
        except FileNotFoundError:
            found = secrets.token_bytes(SECRET_BYTES)
            write_whole(path, found)
        if len(found) != SECRET_BYTES:
            raise BadFolder(f"{path} has {len(found)} bytes instead of {SECRET_BYTES}; put back the right one")
        return found

    def publish(self, listeners: Mapping[str, Sequence[tuple[str, int]]]) -> None:
        """Say where the server listens, once it does; `release` takes it back."""
        write_whole(self._listening, json.dumps(listeners).encode() + b"\n")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that only we may read; whoever looks finds the old one or the new one, also after a power cut."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def network_type(path: str, mounts: str | None = None) -> str:
    """The type of the network file system that a path lies on, or nothing. `mounts` is as in /proc/mounts."""
    if mounts is None:
        try:
            mounts = Path("/proc/mounts").read_text("utf-8", "surrogateescape")
        except OSError:
            return ""
    real = os.path.realpath(path)
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[1])
        if (real == point or real.startswith(point.rstrip("/") + "/")) and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind if kind in NETWORK_TYPES else ""
