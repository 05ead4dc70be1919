"""From the command line to a running service, on a reactor in memory; the real process is in `tests/process`."""

from __future__ import annotations

import gc
import io
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.testing import MemoryReactorClock
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd import tap
from chatd.config import Settings
from chatd.data import DataFolder
from chatd.entries import VerifierSet
from chatd.ports.door import Door
from chatd.store.connection import LOG_BYTES
from chatd.window import Window
from chatd.wire.pack import decode_event, encode_command, frame
from tests.kit import Transport


class OptionsTests(SynchronousTestCase):
    """The flags of `twistd chatd`."""

    def setUp(self) -> None:
        self.patch(os, "environ", {})

    def options(self, *arguments: str) -> tap.Options:
        """Parsed options."""
        options = tap.Options()
        options.parseOptions(list(arguments))
        return options

    def test_without_flags_the_defaults(self) -> None:
        settings = self.options().settings
        self.assertEqual(settings, Settings(server_name=settings.server_name))

    def test_every_flag(self) -> None:
        settings = self.options(
            "--data=d", "--listen=tcp:1", "--listen=tcp:2", "--listen-plain=none", "--websocket=tcp:3",
            "--registration=invite", "--guests=no", "--certificate=c", "--key=k", "--server-name=s", "--log-json=l",
            "--insecure", "--console=tcp:4:interface=127.0.0.2", "--metrics=tcp:5",
        ).settings  # fmt: skip
        self.assertEqual(settings, Settings(
            data="d", listen=("tcp:1", "tcp:2"), listen_plain=("none",), websocket=("tcp:3",),
            registration="invite", guests=False, certificate="c", key="k", server_name="s", log_json="l", insecure=True,
            console=("tcp:4:interface=127.0.0.2",), metrics="tcp:5",
        ))  # fmt: skip

    def test_environment_is_below_flags(self) -> None:
        os.environ["CHATD_SERVER_NAME"] = "environment"
        self.assertEqual(self.options().settings.server_name, "environment")
        self.assertEqual(self.options("--server-name=flag").settings.server_name, "flag")

    def test_a_wrong_setting_is_a_usage_error(self) -> None:
        for arguments in (["--registration=opne"], ["--listen-plain=tcp:6667"], ["--config=nowhere"], ["--guests=?"]):
            with self.assertRaises(usage.UsageError):
                self.options(*arguments)

    def test_check_config_says_so_and_exits(self) -> None:
        out = io.StringIO()
        self.patch(sys, "stdout", out)
        with self.assertRaises(SystemExit) as caught:
            self.options("--check-config")
        self.assertEqual((caught.exception.code, out.getvalue()), (0, "The settings are right.\n"))

    def test_every_flag_is_explained(self) -> None:
        text = str(tap.Options())
        for flag in (
            "data",
            "websocket",
            "config",
            "registration",
            "guests",
            "certificate",
            "key",
            "listen",
            "listen-plain",
            "insecure",
        ):
            self.assertRegex(text, rf"--{flag}=? +\S")


class Reactor(MemoryReactorClock):
    """In memory, with ports that say whether they listen, as Twisted's do."""

    def listenTCP(self, *arguments: Any, **more: Any) -> Any:
        """A port."""
        port: Any = super().listenTCP(*arguments, **more)
        port.connected = True
        return port

    def callWhenRunning(self, callable: Callable[..., Any], *arguments: Any, **more: Any) -> None:
        """It always is."""
        callable(*arguments, **more)


class ServiceTests(SynchronousTestCase):
    """The service."""

    def setUp(self) -> None:
        self.reactor = Reactor()
        self.patch(tap, "reactor", self.reactor)
        self.patch(os, "environ", {})
        self.patch(tap.Chatd, "_runner", lambda *_: maybeDeferred)
        self.addCleanup(gc.set_threshold, *gc.get_threshold())
        self.addCleanup(gc.unfreeze)
        self.addCleanup(signal.signal, signal.SIGHUP, signal.getsignal(signal.SIGHUP))
        self.data = self.mktemp()
        self.out = io.StringIO()

    def service(self, *arguments: str) -> tap.Chatd:
        """A service that has not started."""
        options = tap.Options()
        console = [] if any(argument.startswith("--console") for argument in arguments) else ["--console=none"]
        options.parseOptions([f"--data={self.data}", *console, *arguments])
        service = tap.makeService(options)
        service.window = Window(self.out)
        return service

    def start(self, *arguments: str) -> tap.Chatd:
        """A service that runs until the end of the test."""
        service = self.service(*arguments)
        service.startService()
        self.addCleanup(self.stop, service)
        return service

    def stop(self, service: tap.Chatd) -> None:
        """Stop it, with the time it takes."""
        if service.running:
            stopped = service.stopService()
            self.run_for(100)
            for pool in service._pools.values():
                if pool.started and not pool.joined:
                    pool.stop()  # or a failure would keep the process from ending
            self.successResultOf(stopped)

    def run_for(self, passes: int) -> None:
        """Let the reactor go round; its clock is the process's own, as in the real one."""
        seconds: Callable[[], float] = self.reactor.seconds
        ahead = [0.0]
        self.reactor.seconds = lambda: seconds() + ahead[0]  # type: ignore[method-assign]
        for _ in range(passes):
            ahead[0] += 0.05
            self.reactor.advance(0)
        self.reactor.seconds = seconds  # type: ignore[method-assign]

    def connect(self, number: int) -> tuple[Any, Transport]:
        """A connection to the listener of this number."""
        protocol: Any = self.reactor.tcpServers[number][1].buildProtocol(IPv4Address("TCP", "127.0.0.1", 4000))
        transport = Transport(self.reactor)
        transport.protocol = protocol
        protocol.makeConnection(transport)
        return protocol, transport

    def test_listens_says_so_and_answers(self) -> None:
        service = self.start()
        where = [(port, interface) for port, _, _, interface in self.reactor.tcpServers]
        self.assertEqual(where, [(6697, ""), (6667, "127.0.0.1")])
        self.assertIn("SERVER WORKING", self.out.getvalue())
        self.assertIn("port 6697 (TLS)\n", self.out.getvalue())
        self.assertTrue((Path(self.data) / "listening.json").exists())
        self.assertIsInstance(self.connect(0)[0], TLSMemoryBIOProtocol)
        protocol, transport = self.connect(1)
        self.assertIsInstance(protocol, Door)
        transport.deliver(frame(encode_command(m.Hello([1]))))
        self.run_for(2)
        greeting = decode_event(transport.value()[4:])
        assert isinstance(greeting, m.Greeting)
        self.assertEqual(greeting.epoch, service.node.hub.epoch)

    def test_the_stores_log_is_as_long_at_once_as_it_gets(self) -> None:
        service = self.start()
        self.assertEqual(os.path.getsize(service.folder.database + "-wal"), LOG_BYTES)

    def test_websockets_have_tls_unless_only_this_machine_reaches_them(self) -> None:
        self.start("--listen=none", "--websocket=tcp:8067:interface=127.0.0.1", "--websocket=tcp:8097")
        told = json.loads((Path(self.data) / "listening.json").read_text())
        self.assertEqual([*told], ["plain", "websocket", "websocket-tls"])
        self.assertRegex(self.out.getvalue(), r"port 8067 \(WebSocket, without TLS\)\n.*port 8097 \(WebSocket, TLS\)")
        self.assertIsInstance(self.connect(2)[0], TLSMemoryBIOProtocol)
        protocol, transport = self.connect(1)
        self.assertIsInstance(protocol, Door)
        transport.deliver(
            b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        self.assertIn(b"101 Switching", transport.value())
        self.start(f"--data={self.mktemp()}", "--insecure", "--websocket=tcp:8068")
        self.assertIn("port 8068 (WebSocket, without TLS)", self.out.getvalue())

    def test_the_console_is_for_this_machine(self) -> None:
        self.start("--listen=none", "--listen-plain=none", "--console=tcp:6622:interface=127.0.0.1")
        (port, factory, _, interface) = self.reactor.tcpServers[0]
        self.assertEqual((port, interface, type(factory).__name__), (6622, "127.0.0.1", "ConsoleFactory"))
        self.assertEqual([*json.loads((Path(self.data) / "listening.json").read_text())], ["console"])
        self.assertIn(" port 6622 (SSH", self.out.getvalue())
        folder = Path(self.data) / "console"
        self.assertEqual({path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}, {
            "authorized_keys": 0o600, "audit.jsonl": 0o600, "host_key": 0o600, "host_key.pub": 0o644,
        })  # fmt: skip

    def test_timers_follow_the_monotonic_clock(self) -> None:
        import time

        self.service()
        self.assertIs(self.reactor.seconds, time.monotonic)

    def test_cycles_are_looked_for_rarely_and_not_for_long(self) -> None:
        """Python's own threshold is passed several times in one turn of a busy server; 10,000 objects are 5 ms."""
        gc.set_threshold(700, 10, 10)
        self.service()
        young, middle, old = gc.get_threshold()
        self.assertTrue(5_000 <= young < 10_000)
        self.assertLess(young * (middle + 1), 20_000)
        self.assertGreater(young * (middle + 1) * (old + 1), 300_000)

    def test_what_is_there_is_there_after_a_restart(self) -> None:
        first = self.service()
        first.startService()
        epoch = first.node.hub.epoch
        self.stop(first)
        self.assertFalse((Path(self.data) / "listening.json").exists())
        self.assertEqual(self.start().node.hub.epoch, epoch)

    def test_no_listener_where_none_is_said(self) -> None:
        self.start("--listen=none", "--listen-plain=tcp:0:interface=127.0.0.1")
        self.assertEqual(len(self.reactor.tcpServers), 1)
        self.assertNotIn("TLS)\nTo join", self.out.getvalue())

    def test_folder_in_use_is_one_sentence_and_status_one(self) -> None:
        folder = DataFolder(self.data)
        folder.acquire()
        self.addCleanup(folder.release)
        with self.assertRaises(SystemExit) as caught:
            self.service().startService()
        self.assertRegex(str(caught.exception.code), r"\Achatd: .*in use[^\n]*\Z")
        self.assertEqual(self.reactor.tcpServers, [])

    def test_port_in_use_is_one_sentence_and_everything_is_let_go(self) -> None:
        def taken(*_: object, **__: object) -> None:
            raise CannotListenError("127.0.0.1", 6667, OSError(98, "Address already in use"))

        self.patch(self.reactor, "listenTCP", taken)
        with self.assertRaises(SystemExit) as caught:
            self.service().startService()
        self.assertIn("6667", str(caught.exception.code))
        self.assertIn("Other ports: --listen", str(caught.exception.code))
        DataFolder(self.data).acquire()

    def test_a_socket_that_the_supervisor_has_not_handed_over(self) -> None:
        with self.assertRaises(SystemExit) as caught:
            self.start("--listen=systemd:domain=INET:name=tls")
        self.assertIn("has handed over no such socket", str(caught.exception.code))

    def test_metrics_are_for_this_machine_unless_it_is_said_otherwise(self) -> None:
        for endpoint, interface in (("tcp:0", "127.0.0.1"), ("tcp:0:interface=0.0.0.0", "0.0.0.0")):
            service = self.start(f"--metrics={endpoint}", "--console=none")
            self.assertEqual(self.reactor.tcpServers[-1][3], interface)
            self.successResultOf(service.stopService())

    def test_silent_doors_and_a_full_disk_are_seen_by_the_sweep(self) -> None:
        service = self.start()
        _, transport = self.connect(1)
        service._sweep()
        self.assertFalse(transport.aborted)
        self.assertFalse(service.node.hub.full)
        now = self.reactor.seconds()
        self.patch(self.reactor, "seconds", lambda: now + 21)
        self.patch(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1000})())
        service._sweep()
        self.assertTrue(transport.aborted)
        self.assertTrue(service.node.hub.full)

    def test_the_sweep_goes_on_when_the_free_space_cannot_be_read(self) -> None:
        service = self.start()
        _, transport = self.connect(1)

        def gone(_: str) -> None:
            raise OSError("no such folder")

        self.patch(shutil, "disk_usage", gone)
        now = self.reactor.seconds()
        self.patch(self.reactor, "seconds", lambda: now + 21)
        service._sweep()
        self.assertTrue(transport.aborted)

    def test_doors_count_by_address_but_for_this_machine_and_trusted_networks(self) -> None:
        config = Path(self.mktemp())
        config.write_text('trusted_networks = ["10.0.0.0/8"]')
        service = self.start(f"--config={config}")
        told = [service._origin(host) for host in ("127.0.0.1", "::1", "10.1.2.3", "192.0.2.1", "2001:db8::7")]
        self.assertEqual(told, ["", "", "", "192.0.2.1", "2001:db8::/64"])

    def test_sighup_takes_new_settings_and_keeps_the_old_ones_when_they_are_wrong(self) -> None:
        config = Path(self.mktemp())
        config.write_text('registration = "invite"')
        service = self.start(f"--config={config}")
        self.assertEqual(service.node.admission.policy.registration, "invite")
        config.write_text('registration = "closed"\n[limits]\nsessions = 3')
        service.reload()
        self.assertEqual(service.node.admission.policy.registration, "closed")
        self.assertEqual(service.node.hub.limits.sessions, 3)
        config.write_text('registration = "?"')
        service.reload()
        self.assertEqual(service.node.admission.policy.registration, "closed")

    def test_a_store_that_fails_stops_the_process(self) -> None:
        service = self.start()
        said = io.StringIO()
        self.patch(sys, "__stderr__", said)
        stopped: list[bool] = []
        self.patch(self.reactor, "stop", lambda: stopped.append(True))

        def broken(_: object) -> None:
            raise OSError("No space left on device")

        self.patch(service.store, "commit", broken)
        _, transport = self.connect(1)
        transport.deliver(frame(encode_command(m.Hello([1]))) + frame(encode_command(m.Enter(1, "gast"))))
        self.run_for(2)
        self.assertEqual(stopped, [])
        service.node.turn().keep(VerifierSet(1, "x"))
        self.run_for(2)
        self.assertEqual(stopped, [True])
        self.assertEqual(said.getvalue(), "chatd: stopping: No space left on device\n")
        self.assertTrue(transport.aborted)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.patch(self.reactor, "addSystemEventTrigger", lambda *_: None)
