"""Figures for Prometheus: right, without names, cheap; and whether the server is well."""

from __future__ import annotations

import datetime
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from twisted.internet.testing import StringTransport

from chatd import messages as m
from chatd import moderation as o
from chatd.core import sanctions
from chatd.metrics import site
from tests.kit import House
from tests.operations.kit import StaffScene, service_of


class MetricsTests(StaffScene):
    """A house with people."""

    def setUp(self) -> None:
        super().setUp()
        self.site = site(self.service, "1.2.3")

    def get(self, path: str, method: str = "GET") -> tuple[int, str]:
        """Status and body of a page."""
        channel: Any = self.site.buildProtocol(None)
        transport = StringTransport()
        channel.makeConnection(transport)
        channel.dataReceived(f"{method} {path} HTTP/1.0\r\n\r\n".encode())
        head, _, body = transport.value().partition(b"\r\n\r\n")
        return int(head.split()[1]), body.decode()

    def figures(self) -> dict[tuple[str, ...], float]:
        """Every figure by its name and its labels' values."""
        status, text = self.get("/metrics")
        self.assertEqual(status, 200)
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text) for sample in family.samples
        }  # fmt: skip

    def test_figures(self) -> None:
        alice, bob = self.house.people("alice", "bob")
        self.house.caller("bob", "bob")
        self.house.guest("gast")
        bob.lose()
        for number in range(3):
            alice.send("@bob", str(number))
        alice.ask(m.Join, "#hw3")
        alice.ask(o.Kill, "bob")
        self.service.act(sanctions.impose, "mute", "bob", "miller")
        self.house.settle()
        found = self.figures()
        for name, expected in (
            (("chatd_info", "1.2.3"), 1), (("chatd_sessions", "frames", "student"), 1),
            (("chatd_sessions", "line", "student"), 1), (("chatd_sessions", "frames", "guest"), 1),
            (("chatd_people",), 3), (("chatd_accounts",), 2), (("chatd_groups",), 2), (("chatd_messages_total",), 3),
            (("chatd_refusals_total", "not-operator"), 1), (("chatd_mailbox_messages",), 3),
            (("chatd_mailbox_largest",), 3), (("chatd_sanctions", "mute"), 1), (("chatd_ready",), 1),
            (("chatd_backup_timestamp_seconds",), 0), (("chatd_disk_full",), 0), (("chatd_mail_items",), 0),
            (("chatd_entries_waiting",), 0),
        ):  # fmt: skip
            self.assertEqual(found[name], expected, name)
        self.assertGreater(found["chatd_disk_free_bytes",], 0)
        self.assertEqual(found["chatd_commit_seconds_bucket", "+Inf"], found["chatd_commit_seconds_count",])
        self.assertGreater(found["chatd_commit_seconds_count",], 5)
        self.assertGreater(found["process_resident_memory_bytes",], 1 << 20)

    def test_a_slow_disk_is_seen(self) -> None:
        self.house = House(slow=True)
        self.service = service_of(self.house, self.mktemp())
        self.site = site(self.service, "1")
        alice = self.house.person("alice")
        before = self.figures()["chatd_commit_seconds_sum",]
        alice.send("#lobby", "hi")
        self.house.settle()
        self.house.clock.advance(0.3)
        self.house.commit()
        found = self.figures()
        self.assertAlmostEqual(found["chatd_commit_seconds_sum",] - before, 0.3)
        self.assertEqual(found["chatd_commit_seconds_bucket", "0.5"] - found["chatd_commit_seconds_bucket", "0.2"], 1)

    def test_no_names(self) -> None:
        (marker,) = self.house.people("marker-of-a-name")
        marker.ask(m.Join, "#marker-of-a-group")
        marker.send("#lobby", "marker of a text")
        self.house.person("afar", "198.51.100.7").ask(m.Join, "marker.of.a.refusal \x1b")
        text = self.get("/metrics")[1]
        self.assertNotIn("marker", text)
        self.assertNotIn("198.51.100", text)

    def test_live_and_ready(self) -> None:
        self.assertEqual(self.get("/health/live"), (200, "It lives.\n"))
        self.assertEqual(self.get("/health/ready"), (200, "It is ready.\n"))
        self.service.drain.begin(60)
        self.service.hub.full = True
        self.service.meter.delays.extend([2.0] * 100)
        self.service.certificates.expires = datetime.datetime.fromtimestamp(self.house.wall() + 86400, datetime.UTC)
        self.service.node.journal.load = 20_000
        status, text = self.get("/health/ready")
        self.assertEqual((status, len(text.splitlines())), (503, 5))
        self.service.node.journal.dead = self.service.node.stopping = True
        self.assertEqual(len(self.get("/health/ready")[1].splitlines()), 6)
        self.assertEqual((self.get("/health/live")[0], self.figures()["chatd_ready",]), (200, 0))

    def test_nothing_else(self) -> None:
        for path in ("/", "/metrics/more", "/health", "/health/", "/etc/passwd", "/metrics/../x"):
            self.assertEqual(self.get(path)[0], 404, path)
        self.assertEqual([self.get("/metrics", method)[0] for method in ("POST", "PUT", "DANCE")], [405] * 3)
        self.assertEqual(self.get("/metrics", "HEAD"), (200, ""))
