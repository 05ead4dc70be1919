"""How the server does: figures of now, the biggest queues, the worst delays, who is stuck.

Rule: as of the package. What needs /proc is read off the reactor.
"""

from __future__ import annotations

import os
import threading
from heapq import nlargest
from pathlib import Path

from twisted.internet.defer import Deferred

from chatd.core.users import Session
from chatd.operations.people import SessionIs, session_of, unsent
from chatd.operations.service import Service


def figures(service: Service) -> Deferred[dict[str, int | float]]:
    """Figures of now, by name. Sizes in bytes, times in seconds."""
    hub, node, meter = service.hub, service.node, service.meter
    found: dict[str, int | float] = {
        "up": service.clock.seconds() - service.began,
        "people": len(hub.everyone.users), "sessions": len(node.sessions), "strangers": node.strangers(),
        "fed-from-disk": sum(bool(session.behind) for session in node.sessions),
        "accounts": sum(not user.guest for user in hub.users.by_id.values()),
        "groups": len(hub.conversations.groups), "conversations": len(hub.conversations.by_id),
        "unread": sum(user.waiting for user in hub.users.by_id.values()),
        "entries-waiting": node.load, "delay-median": meter.quantile(0.5), "delay-p99": meter.quantile(0.99),
        "delay-worst": max(meter.delays, default=0.0), "threads": threading.active_count(),
    }  # fmt: skip
    return service.read(_of_the_process, service.folder.path, service.folder.database).addCallback(
        lambda more: found | more
    )


def _of_the_process(folder: Path, database: str) -> dict[str, int]:
    found = {}
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        found["memory"] = pages * os.sysconf("SC_PAGE_SIZE")
        found["descriptors"] = len(os.listdir("/proc/self/fd"))
    except OSError:
        pass  # no /proc here
    sizes = (Path(database + end) for end in ("", "-wal"))
    found["database"] = sum(path.stat().st_size for path in sizes if path.exists())
    state = os.statvfs(folder)
    found["disk-free"] = state.f_bavail * state.f_frsize
    return found


def top(service: Service, by: str, most: int) -> list[tuple[SessionIs, int]]:
    """The sessions with the most unsent bytes (`unsent`), unread mail (`unread`) or conversations (`groups`)."""
    keys = {"unsent": unsent, "unread": _unread, "groups": lambda session: len(session.live) + len(session.behind)}
    key = keys[by]
    found = nlargest(most, service.node.sessions, key=key)
    return [(session_of(service, session), key(session)) for session in found if key(session)]


def _unread(session: Session) -> int:
    return session.user.waiting if session.user is not None else 0


def stuck(service: Service, most: int) -> list[tuple[SessionIs, str]]:
    """Sessions that do not get on, and why."""
    found: list[tuple[SessionIs, str]] = []
    now, limits = service.clock.seconds(), service.node.limits
    for session in service.node.sessions:
        why = ""
        if session.link.paused and unsent(session):
            why = "reads nothing"
        elif session.held is not None:
            why = "waits for an answer"
        elif session.behind:
            why = "is fed from the disk"
        elif now - session.heard > limits.silent_seconds / 2:
            why = "says nothing"
        if why:
            found.append((session_of(service, session), why))
            if len(found) >= most:
                break
    return found
