"""A real server: how it starts, stops, refuses and goes on, seen from outside.

Rule: what an admin or a supervisor sees is asserted: exit status, one sentence, files, ports; never what is inside.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from chatd.messages import Bye
from chatd.store.migrations import MIGRATIONS
from chatd.tls import Certificates
from tests.process.server import DEADLINE, Server, environment
from tests.process.swarm import Client, Swarm


class ServerTests(SynchronousTestCase):
    """One server, and people on its plain port."""

    def server(self, *flags: str) -> Server:
        """A server with a folder of its own, which goes away."""
        server = Server(flags=flags)
        self.addCleanup(shutil.rmtree, server.folder, ignore_errors=True)
        self.addCleanup(server.kill)
        return server

    def swarm(self) -> Swarm:
        """Nobody yet."""
        swarm = Swarm()
        self.addCleanup(swarm.close)
        return swarm

    def person(self, server: Server, swarm: Swarm, name: str = "alice", tls: bool = False) -> Client:
        """Somebody who is in."""
        client = swarm.add(name, server.ports["tls" if tls else "plain"], tls=tls)
        swarm.all_in([client])
        return client

    def wait(self, done: Callable[[], bool], what: str) -> None:
        """Wait until something is so."""
        end = time.monotonic() + DEADLINE
        while not done():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.01)

    def refused(self, server: Server) -> str:
        """Start a server that does not start; returns the last line it said, after the log's time stamp."""
        before = len(server.printed()) if server.log.exists() else 0
        server.spawn()
        assert server.process is not None
        self.assertEqual(server.process.wait(DEADLINE), 1)
        said = server.printed()[before:]
        self.assertNotIn("Traceback", said)
        return said.strip().splitlines()[-1].rpartition("chatd: ")[2]

    # ---- start ----

    def test_starts_and_answers_its_first_client(self) -> None:
        server, swarm = self.server(), self.swarm()
        before = time.monotonic()
        server.start()
        listening = time.monotonic() - before
        client = self.person(server, swarm)
        welcomed = time.monotonic() - before
        client.send("#lobby", "hello")
        swarm.until(lambda: not client.outbox)
        accepted = time.monotonic() - before
        print(f"listening after {listening:.2f} s, first welcome {welcomed:.2f} s, first accepted {accepted:.2f} s")
        self.assertLess(accepted, 10)

    def test_answers_over_tls(self) -> None:
        server, swarm = self.server().start(), self.swarm()
        client = self.person(server, swarm, tls=True)
        client.send("#lobby", "hello")
        swarm.until(lambda: not client.outbox)

    def test_a_second_server_on_the_folder_is_refused(self) -> None:
        first = self.server().start()
        assert first.process is not None
        second = self.server("--data", str(first.data))
        sentence = self.refused(second)
        self.assertIn(str(first.process.pid), sentence)
        self.assertIn("in use", sentence)
        self.assertTrue((first.data / "listening.json").exists())
        self.person(first, self.swarm())

    def test_a_port_in_use_is_told(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            server = self.server()
            server.ports["tls"] = taken.getsockname()[1]
            sentence = self.refused(server)
        self.assertIn(str(server.ports["tls"]), sentence)
        self.assertIn("in use", sentence)
        self.assertFalse((server.data / "listening.json").exists())
        server.ports["tls"] = 0
        server.start()

    def test_a_newer_schema_is_refused(self) -> None:
        server = self.server().start()
        server.stop()
        database = sqlite3.connect(server.data / "chat.db")
        with database:
            database.execute("UPDATE meta SET value = '99' WHERE key LIKE 'schema_%'")
        database.close()
        sentence = self.refused(server)
        self.assertIn("99", sentence)
        self.assertIn(f"schema {len(MIGRATIONS)}.", sentence)

    def test_what_is_no_certificate_is_told(self) -> None:
        server = self.server("--certificate", __file__, "--key", __file__)
        self.assertIn(os.path.basename(__file__), self.refused(server))

    def test_a_port_that_is_none_is_told(self) -> None:
        self.assertIn("0-65535", self.refused(self.server("--listen", "tcp:99999")))

    # ---- stop ----

    def test_sigterm_stops_in_order(self) -> None:
        server, swarm = self.server().start(), self.swarm()
        client = self.person(server, swarm)
        client.send("#lobby", "before the end")
        swarm.until(lambda: not client.outbox)
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        client.wanted = False
        swarm.until(lambda: client.wire is None)
        self.assertEqual(getattr(client.last, "code", ""), "stopping")
        self.assertIsInstance(client.last, Bye)
        self.assertEqual(server.process.wait(DEADLINE), 0)
        self.assertFalse((server.data / "listening.json").exists())
        self.assertNotIn("Traceback", server.printed())
        self.assertNotIn("(error)", server.printed())

    def test_ctrl_c_stops_in_order(self) -> None:
        server = self.server().start()
        assert server.process is not None
        server.process.send_signal(signal.SIGINT)
        self.assertEqual(server.process.wait(DEADLINE), 0)

    def test_stops_although_somebody_does_not_read(self) -> None:
        server, swarm = self.server().start(), self.swarm()
        writer, deaf = self.person(server, swarm), self.person(server, swarm, "bob")
        swarm.watch(deaf, read=False)
        for number in range(1000):
            writer.send("@bob", f"{number} {'x' * 8000}")
            swarm.step(0)
        swarm.until(lambda: not writer.outbox)
        before = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - before, 10)

    # ---- T15 ----

    def test_T15_restart_at_once_on_the_same_ports(self) -> None:
        server, swarm = self.server().start(), self.swarm()
        client = self.person(server, swarm)
        ports = dict(server.ports)
        for end in (server.stop, server.kill, server.stop):
            end()
            server.start()
            self.assertEqual(server.ports, ports)
            client.send("#lobby", "again")
            swarm.until(lambda: client.inside and not client.outbox)
        self.assertEqual(client.ledger.breaches, [])
        self.assertEqual(client.ledger.resumed, 3)

    # ---- while it runs ----

    def test_sighup_takes_a_new_certificate_and_drops_nobody(self) -> None:
        server, swarm = self.server().start(), self.swarm()
        client = self.person(server, swarm, tls=True)
        old = self.certificate(server)
        other = tempfile.mkdtemp(dir=server.folder)
        Certificates(other)
        shutil.copytree(other, server.data / "tls", dirs_exist_ok=True)
        assert server.process is not None
        server.process.send_signal(signal.SIGHUP)
        self.wait(lambda: self.certificate(server) != old, "the new certificate is not in use")
        client.send("#lobby", "still here")
        swarm.until(lambda: not client.outbox)
        self.assertEqual(client.ledger.logged_in + client.ledger.resumed, 1)
        self.person(server, swarm, "bob", tls=True)

    def test_sighup_keeps_the_certificate_when_the_new_one_is_bad(self) -> None:
        server = self.server().start()
        old = self.certificate(server)
        (server.data / "tls" / "certificate.pem").write_text("nothing")
        assert server.process is not None
        server.process.send_signal(signal.SIGHUP)
        self.wait(lambda: "kept the old certificate" in server.printed(), "that is not told")
        self.assertEqual(self.certificate(server), old)

    @staticmethod
    def certificate(server: Server) -> str:
        """The certificate that a newcomer sees now."""
        return ssl.get_server_certificate(("127.0.0.1", server.ports["tls"]), timeout=10)

    def test_listening_json_says_where(self) -> None:
        server = self.server().start()
        told = json.loads((server.data / "listening.json").read_text())
        self.assertEqual(told, {kind: [["127.0.0.1", port]] for kind, port in server.ports.items()})


class OptionTests(SynchronousTestCase):
    """`twistd chatd` with options that say no."""

    def run_twistd(self, *flags: str, **env: str) -> tuple[int, str]:
        """Run to the end; returns the status and what it printed."""
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        command = [sys.executable, *Server.program, "-n", "--pidfile=", "chatd", "--data", f"{folder}/data", *flags]
        done = subprocess.run(command, cwd=folder, env=environment(**env), capture_output=True, timeout=DEADLINE)
        self.assertEqual(os.listdir(folder), [])
        return done.returncode, (done.stdout + done.stderr).decode()

    def refusal(self, *flags: str, **env: str) -> str:
        """The sentence with which it says no."""
        status, said = self.run_twistd(*flags, **env)
        self.assertEqual(status, 1, said)
        self.assertNotIn("Traceback", said)
        return said.strip().splitlines()[-1]

    def test_what_cannot_be_is_told_in_one_sentence(self) -> None:
        for flags, words in (
            (["--registration", "maybe"], "'maybe'"),
            (["--no-such-option"], "no-such-option"),
            (["--listen-plain", "tcp:7777"], "--insecure"),
            (["--certificate", "x.pem"], "together"),
            (["--config", "missing.toml"], "missing.toml"),
            (["--guests", "perhaps"], "'perhaps'"),
            (["what", "is", "this"], "arguments"),
        ):
            with self.subTest(flags=flags):
                self.assertIn(words, self.refusal(*flags))

    def test_an_unknown_setting_names_the_nearest(self) -> None:
        self.assertIn("CHATD_REGISTRATION", self.refusal(CHATD_REGISTRATON="open"))

    def test_check_config(self) -> None:
        status, said = self.run_twistd("--check-config")
        self.assertEqual((status, said), (0, "The settings are right.\n"))
        self.assertIn("'maybe'", self.refusal("--check-config", "--registration", "maybe"))
