"""Tests of clients.line.doctor: the table is printed whatever comes of it."""

from __future__ import annotations

import io
import re

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from clients.core import notices as n
from clients.core.style import Style
from clients.line.doctor import Doctor
from clients.line.oneshot import Context
from clients.line.plain import Output
from tests.clients.kit import SERVER, Client, greeting, welcome


class DoctorTests(SynchronousTestCase):
    """One table."""

    def setUp(self) -> None:
        self.out, self.codes = io.StringIO(), []  # type: ignore[var-annotated]
        clock = Clock()
        context = Context(Output(self.out, io.StringIO()), clock, Style, self.codes.append, None)
        self.doctor = Doctor(context, SERVER, "profile", "opened by a passphrase.", "alice")
        self.client = Client(self.doctor, clock=clock, receive=self.doctor.receive)
        self.doctor.begin(self.client.app)

    def table(self) -> dict[str, str]:
        """The rows printed."""
        return dict(re.split(r"  +", line, maxsplit=1) for line in self.out.getvalue().splitlines())

    def test_all_is_well(self) -> None:
        security = n.Security("pinned", "TLSv1.3", "aabb", "2099-01-01")
        self.client.line.open_now = True
        self.client.app.connected(b"b" * 32, security)
        self.client.line.tell(greeting())
        self.client.line.tell(welcome())
        [ping] = self.client.sent(m.Ping)
        self.client.clock.advance(0.25)
        self.client.line.tell(m.Pong(ping.ref, 0))
        self.client.line.tell(m.Bye("goodbye", "bye"))
        table = self.table()
        self.assertEqual(list(table), ["profile", "its keys", "address", "connection", "TLS", "certificate", "trust",
                                       "expires", "login", "round trip", "time skew"])  # fmt: skip
        self.assertEqual((table["TLS"], table["certificate"]), ("TLSv1.3", "SHA-256 AA:BB"))
        self.assertEqual((table["login"], table["round trip"]), ("alice (account)", "250.0 ms"))
        self.assertIn("check your clock", table["time skew"])
        self.assertEqual(self.codes, [0])

    def test_no_server(self) -> None:
        self.client.line.refuse("Connection refused.")
        self.assertIn("failed", self.table()["connection"])
        self.assertEqual(self.codes, [3])

    def test_no_login(self) -> None:
        self.client.greet()
        self.client.line.tell(m.Failed(1, "login-refused", "no"))
        self.assertIn("[failed]", self.table()["login"])
        self.assertEqual(self.codes, [4])
