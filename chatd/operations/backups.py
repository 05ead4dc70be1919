"""Backups of the running server: made now, listed, looked at.

Rule: as of the package; from the disk, in a process of its own (`apart`).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
from twisted.internet.defer import Deferred

from chatd import backup
from chatd.operations.apart import asked
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

    Fails with Refused. Who gives it up ends it, and nothing is left of it.
    """
    data = str(service.folder.path)
    out = str(Path(data) / FOLDER / time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
    return asked(service.apart, "backup", data, "--keep", str(max(1, keep)), "--", out).addCallback(_made)


def _made(found: dict[str, Any]) -> Made:
    if found["problems"]:
        raise Refused("no-backup", f"No backup was made: {'; '.join(found['problems'][:3])}")
    return Made(found["backup"], found["made"], found["size"], found["counts"]["message"], found["gone"])


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
    done = asked(service.apart, "verify", str(service.folder.path), "--", where)
    return done.addCallback(lambda found: list(found["problems"]))
