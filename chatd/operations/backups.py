"""Backups of the running server: made now, listed, looked at.

Rule: as of the package; from the disk, in a process of its own (`chatd-admin`), for to look at a million messages takes
Python's lock for seconds, and the talk of others would stutter.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import msgspec
from twisted.internet.defer import Deferred

from chatd import backup
from chatd.operations.service import Refused, Service

KEEP = 7
FOLDER = "backups"
PROGRAM: Final = "import os, sys; os.nice(10); from chatd.admin import main; sys.exit(main())"


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
    found = _admin("backup", data, str(out))
    if found["problems"]:
        raise Refused("no-backup", f"No backup was made: {'; '.join(found['problems'][:3])}")
    gone = backup.make_room(str(folder), max(1, keep))
    return Made(found["backup"], found["made"], found["size"], found["counts"]["message"], gone)


def _admin(verb: str, data: str, argument: str) -> dict[str, Any]:
    """What `chatd-admin` says, in a process of its own that gives way to others. Blocks."""
    command = [sys.executable, "-c", PROGRAM, verb, "--json", "--data", data, "--", argument]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)  # noqa: S603 - what is ours
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return {"problems": [(done.stderr.strip().splitlines() or ["chatd-admin said nothing"])[-1]]}
    return found


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
    return service.read(lambda: list(_admin("verify", str(service.folder.path), where)["problems"]))
