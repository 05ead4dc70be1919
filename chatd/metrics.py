"""Figures for Prometheus, and whether the server is well: `/metrics`, `/health/live`, `/health/ready`.

Rule: everything is gathered when it is asked for, from what is there anyway; nothing is counted twice on the way of a
message. No figure has a label with somebody's name, an address, or anything else that people choose.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from twisted.web.http import NOT_ALLOWED, NOT_FOUND, OK, SERVICE_UNAVAILABLE
from twisted.web.resource import Resource
from twisted.web.server import Request, Site

from chatd.backup import last
from chatd.core import sanctions
from chatd.journal import BOUNDS
from chatd.operations.service import Service

LATE_SECONDS: Final = 1.0  # of the reactor, at the 99th percentile
CERTIFICATE_DAYS: Final = 7
QUANTILES: Final = (0.5, 0.99, 1.0)
TEXT: Final = "text/plain; charset=utf-8"
ROLES: Final = ("student", "ta", "staff", "admin", "guest")


def problems(service: Service) -> list[str]:
    """Why the server should be sent nobody just now; empty: it is ready."""
    node, found = service.node, []
    if node.stopping:
        found.append("it is stopping")
    if service.drain.state != "open":
        found.append(f"it is {service.drain.state}")
    if node.journal.dead:
        found.append("its database cannot be written")
    elif node.load > node.limits.waiting_entries:
        found.append(f"{node.load} entries wait for the disk")
    if node.hub.full:
        found.append("its disk is full")
    if service.meter.quantile(0.99) > LATE_SECONDS:
        found.append("it comes late to everything")
    if (service.certificates.expires.timestamp() - service.wall()) < CERTIFICATE_DAYS * 86_400:
        found.append(f"its certificate ends within {CERTIFICATE_DAYS} days")
    return found


class Figures(Collector):
    """All figures of the service."""

    def __init__(self, service: Service, version: str) -> None:
        self._service = service
        self._version = version

    def collect(self) -> Iterator[Metric]:
        """They as they are now."""
        yield from self._people()
        yield from self._messages()
        yield from self._waiting()
        yield from self._disk()
        yield from self._order()

    def _people(self) -> Iterator[Metric]:
        service, hub = self._service, self._service.hub
        built = GaugeMetricFamily("chatd_info", "Which version this is.", labels=["version"])
        built.add_metric([self._version], 1)
        yield built
        yield _gauge("chatd_up_seconds", "Since the start.", service.clock.seconds() - service.began)
        counted = Counter(
            ("line" if session.line else "frames", _role(session.user)) for session in service.node.sessions
        )  # fmt: skip
        sessions = GaugeMetricFamily("chatd_sessions", "Sessions that are in.", labels=["port", "role"])
        for port in ("frames", "line"):
            for role in ROLES:
                sessions.add_metric([port, role], counted[port, role])
        yield sessions
        yield _gauge("chatd_strangers", "Connections on which nobody is in.", service.node.strangers())
        yield _gauge("chatd_people", "People who are here.", len(hub.everyone.users))
        yield _gauge("chatd_accounts", "Accounts.", sum(not user.guest for user in hub.users.by_id.values()))
        yield _gauge("chatd_groups", "Groups.", len(hub.conversations.groups))
        yield _gauge("chatd_conversations", "Groups and conversations of two.", len(hub.conversations.by_id))

    def _messages(self) -> Iterator[Metric]:
        journal = self._service.node.journal
        yield _counter("chatd_messages", "Messages on disk, also those sent again.", journal.messages)
        buckets, total = [], 0
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), journal.times, strict=True):
            total += count
            buckets.append((bound, float(total)))
        commits = HistogramMetricFamily("chatd_commit_seconds", "How long the disk took to keep what there was.")
        commits.add_metric([], buckets, journal.seconds)
        yield commits
        refusals = CounterMetricFamily("chatd_refusals", "Commands that were refused.", labels=["code"])
        for code, count in sorted(self._service.hub.refusals.items()):
            refusals.add_metric([code], count)
        yield refusals

    def _waiting(self) -> Iterator[Metric]:
        service = self._service
        yield _gauge("chatd_entries_waiting", "Entries that wait for the disk.", service.node.load)
        unsent = sum(int(getattr(session.link, "unsent", 0)) for session in service.node.sessions)
        yield _gauge("chatd_unsent_bytes", "What waits for readers.", unsent)
        behind = sum(bool(session.behind) for session in service.node.sessions)
        yield _gauge("chatd_sessions_behind", "Sessions that are fed from the disk.", behind)
        unread = [user.waiting for user in service.hub.users.by_id.values()]
        yield _gauge("chatd_mailbox_messages", "Direct messages that nobody has acknowledged.", sum(unread))
        yield _gauge("chatd_mailbox_largest", "Of one account.", max(unread, default=0))
        boxes = [device.box for device in service.hub.users.devices.values()]
        yield _gauge(
            "chatd_mail_items", "Encrypted mail that devices have not fetched.", sum(len(x.seqs) for x in boxes)
        )
        yield _gauge("chatd_mail_bytes", "How large that is.", sum(box.size for box in boxes))
        late = GaugeMetricFamily("chatd_reactor_delay_seconds", "How late it came, in a minute.", labels=["quantile"])
        for part in QUANTILES:
            late.add_metric([str(part)], service.meter.quantile(part))
        yield late

    def _disk(self) -> Iterator[Metric]:
        service = self._service
        sizes = (Path(service.folder.database + end) for end in ("", "-wal"))
        database = sum(path.stat().st_size for path in sizes if path.exists())
        yield _gauge("chatd_database_bytes", "The database with its log.", database)
        yield _gauge("chatd_files_bytes", "Files that people have sent, uploads at their full size.",
                     sum(blob.size for blob in service.hub.blobs.by_id.values()))  # fmt: skip
        try:
            free = shutil.disk_usage(service.folder.path).free
        except OSError:
            free = 0
        yield _gauge("chatd_disk_free_bytes", "Of the data folder's disk.", free)
        yield _gauge("chatd_disk_full", "1: nothing new is kept.", service.hub.full)
        expires = service.certificates.expires.timestamp()
        yield _gauge("chatd_certificate_expiry_timestamp_seconds", "When the certificate ends.", expires)
        made = last(str(service.folder.path))
        yield _gauge("chatd_backup_timestamp_seconds", "When the newest backup was made; 0: never.", made)

    def _order(self) -> Iterator[Metric]:
        service = self._service
        counted = Counter(record.kind for record in service.hub.sanctions.by_key.values())
        bans = GaugeMetricFamily("chatd_sanctions", "Bans, mutes, disabled accounts.", labels=["kind"])
        for kind in sanctions.KINDS:
            bans.add_metric([kind], counted[kind])
        yield bans
        yield _gauge("chatd_ready", "1: it may be sent people.", not problems(service))


def _role(user: Any) -> str:
    if user is None or user.guest:
        return "guest"
    return user.role if user.role in ROLES else "student"


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=float(value))


def _counter(name: str, text: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, value=float(value))


# ---- over HTTP ---------------------------------------------------------------------------------------------------


Said = Callable[[], tuple[int, str, bytes]]


class Pages(Resource):
    """A few pages, which are made when somebody asks for them, and nothing else."""

    isLeaf = True

    def __init__(self, pages: Mapping[bytes, Said]) -> None:
        super().__init__()
        self._pages = pages

    def render(self, request: Request) -> bytes:
        """One of them."""
        if request.method not in (b"GET", b"HEAD"):
            code, kind, text = NOT_ALLOWED, TEXT, b"Only to be read.\n"
        else:
            code, kind, text = self._pages.get(request.path, _nothing)()
        request.setResponseCode(code)
        request.setHeader("content-type", kind)
        request.setHeader("content-length", str(len(text)))
        request.setHeader("cache-control", "no-store")
        return text if request.method != b"HEAD" else b""


def _nothing() -> tuple[int, str, bytes]:
    return NOT_FOUND, TEXT, b"There is nothing here.\n"


class Quiet(Site):
    """Its questions are not in the server's log."""

    noisy = False
    displayTracebacks = False

    def log(self, request: object) -> None:
        """Not each of them."""


def site(service: Service, version: str) -> Site:
    """What listens for Prometheus and for whoever watches the health."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures(service, version))
    if os.path.exists("/proc/self/stat"):
        ProcessCollector(registry=registry)

    def metrics() -> tuple[int, str, bytes]:
        return OK, CONTENT_TYPE_LATEST, generate_latest(registry)

    def live() -> tuple[int, str, bytes]:
        return OK, TEXT, b"It lives.\n"

    def ready() -> tuple[int, str, bytes]:
        found = problems(service)
        text = "".join(f"Not ready: {problem}.\n" for problem in found) or "It is ready.\n"
        return SERVICE_UNAVAILABLE if found else OK, TEXT, text.encode()

    return Quiet(Pages({b"/metrics": metrics, b"/health/live": live, b"/health/ready": ready}), timeout=30)
