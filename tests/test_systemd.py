"""What the supervisor hears, on a real socket."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatd.systemd import Supervisor


class SupervisorTests(SynchronousTestCase):
    """One who listens."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="chatd-")  # a socket's path is short
        self.addCleanup(folder.cleanup)
        self.clock = Clock()
        self.lives = True
        self.path = str(Path(folder.name) / "notify")

    def listening(self, address: str) -> socket.socket:
        """The supervisor's end."""
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(channel.close)
        channel.bind(address)
        channel.settimeout(5)
        return channel

    def supervisor(self, **environment: str) -> Supervisor:
        """The server's end."""
        made = Supervisor(environment, 77, lambda: self.lives, self.clock)
        self.addCleanup(made.stop)
        return made

    def test_ready_alive_stopping(self) -> None:
        heard = self.listening(self.path)
        supervisor = self.supervisor(NOTIFY_SOCKET=self.path, WATCHDOG_USEC="10000000", WATCHDOG_PID="77")
        supervisor.ready("It listens.")
        self.assertEqual([heard.recv(99) for _ in range(2)], [b"READY=1\nSTATUS=It listens.", b"WATCHDOG=1"])
        self.clock.advance(5)
        self.assertEqual(heard.recv(99), b"WATCHDOG=1")
        self.lives = False
        self.clock.advance(5)
        supervisor.stopping()
        self.assertEqual(heard.recv(99), b"STOPPING=1")
        supervisor.stop()
        self.lives = True
        self.clock.advance(60)
        heard.setblocking(False)
        self.assertRaises(BlockingIOError, heard.recv, 99)

    def test_an_abstract_socket(self) -> None:
        heard = self.listening("\0" + self.path)
        self.supervisor(NOTIFY_SOCKET="@" + self.path).ready("x")
        self.assertEqual(heard.recv(99), b"READY=1\nSTATUS=x")

    def test_nobody(self) -> None:
        for environment in ({}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "nonsense"}, {"NOTIFY_SOCKET": self.path}):
            supervisor = self.supervisor(**environment)
            supervisor.ready("x")
            self.assertFalse(supervisor.tell("READY=1"))

    def test_whose_watchdog(self) -> None:
        for wanted, pid, seconds in (
            ("10000000", "77", 5.0),
            ("10000000", "78", 0.0),
            ("soon", "77", 0.0),
            ("", "77", 0),
        ):
            self.assertEqual(self.supervisor(WATCHDOG_USEC=wanted, WATCHDOG_PID=pid).seconds, seconds)
