"""Backups of the running server: made now, listed, looked at.

Rule: as of the package; all of it happens on a reader's thread, from the disk, and nothing waits for it.
"""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
from twisted.internet.defer import Deferred

from chatd import backup
from chatd.operations.service import Refused, Service

KEEP = 7
FOLDER = "backups"


class Made(msgspec.Struct, frozen=True):
    """A backup. `made` in seconds, `size` in bytes."""

    path: str
    made: int
    size: int
    messages: int
    gone: list[str] = []


def now(service: Service, keep: int = KEEP) -> Deferred[Made]:
    """Make one in the data folder's `backups`, under its time, and let go of all but the newest `keep`.

    Fails with Refused.
    """
    return service.read(_now, str(service.folder.path), keep)


def _now(data: str, keep: int) -> Made:
    folder = Path(data) / FOLDER
    out = folder / time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        made = backup.back_up(data, str(out))
        gone = backup.make_room(str(folder), max(1, keep))
    except (backup.BadBackup, OSError) as error:
        raise Refused("no-backup", f"No backup was made: {error}") from None
    return Made(made.path, made.made, made.size, made.found.counts["message"], gone)


def listed(service: Service) -> Deferred[list[tuple[str, int]]]:
    """Those in the data folder: path, and when they were made, the newest first."""
    return service.read(_listed, Path(service.folder.path) / FOLDER)


def _listed(folder: Path) -> list[tuple[str, int]]:
    found = [(str(path.parent), int(path.stat().st_mtime)) for path in folder.glob(f"*/{backup.MANIFEST}")]
    return sorted(found, reverse=True)


def verify(service: Service, path: str) -> Deferred[list[str]]:
    """What is wrong with a backup: the name of one in the data folder, or a path; empty: nothing."""
    inside = Path(service.folder.path) / FOLDER / path
    where = str(inside) if "/" not in path and inside.exists() else path
    return service.read(lambda: backup.check(where).problems)
