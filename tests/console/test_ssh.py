"""Who gets in over SSH, and who does not: keys, algorithms, tries, time, and what is not to be had at all."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from twisted.conch.ssh.common import NS
from twisted.conch.ssh.keys import Key
from twisted.conch.ssh.transport import SSHClientTransport, SSHServerTransport
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.testing import StringTransportWithDisconnection
from twisted.logger import globalLogPublisher

from chatd.console import ssh
from tests.console.remote import Client, RemoteScene, Session, new_key


class In(RemoteScene):
    """Who comes in."""

    def test_a_key_of_the_file(self) -> None:
        for role in self.keys:
            client = self.connect(new_key(), role)
            self.assertTrue(client.connection.started, role)
            row = self.run_line(client, "audit --json --count 1" if role in ("admin", "debug") else "motd --json")
            self.assertEqual(row.status, 0, row.err)
            self.assertEqual(client.seen, self.host_key.public().blob())

    def test_rsa_with_sha1_is_no_signature(self) -> None:
        """Conch's client knows no better; OpenSSH's does, see `tests/process/test_console.py`."""
        key = Key(rsa.generate_private_key(65537, 2048))
        self.write({"staff": key})
        self.assertFalse(self.connect(key).connection.started)

    def test_a_key_that_is_taken_away_ends_what_it_opened(self) -> None:
        client = self.connect("staff")
        self.assertEqual(self.run_line(client, "who").status, 0)
        self.write({"admin": self.keys["admin"]})
        gone = self.run_line(client, "who")
        self.assertEqual(gone.status, 4)
        self.assertIn(b"taken out of authorized_keys", gone.err)

    def test_a_role_that_is_lowered_is_lower_at_once(self) -> None:
        client = self.connect("admin")
        self.assertEqual(self.run_line(client, "config show").status, 0)
        self.write({"ta": self.keys["admin"]})
        self.assertEqual(self.run_line(client, "config show").status, 4)


class Out(RemoteScene):
    """Who does not."""

    def test_strange_keys_and_no_key(self) -> None:
        for keys in ([], [new_key()], [new_key() for _ in range(4)]):
            client = self.connect(*keys)
            self.assertFalse(client.connection.started)
        self.assertEqual(self.factory.refusals.count, 5)

    def test_a_known_key_that_somebody_else_signs_for(self) -> None:
        client = self.prepared(public=self.keys["admin"])
        self.assertFalse(client.connection.started)
        self.assertEqual(self.factory.refusals.count, 1)

    def prepared(self, public: Key) -> Client:
        """A client that shows one key and signs with another."""
        other = new_key()

        class Thief(type(public)):  # type: ignore[misc]
            """Shows what it has not."""

            def public(self) -> Key:
                """Somebody else's."""
                shown: Key = public.public()
                return shown

        return self.connect(Thief(other._keyObject))

    def test_a_signature_is_of_the_kind_it_was_said_to_be(self) -> None:
        key = Key(rsa.generate_private_key(65537, 2048))
        self.write({"staff": key})
        checker = ssh.Checker(self.authorized)
        for kind, right in ((b"rsa-sha2-512", True), (b"ssh-rsa", False)):
            said = {"algName": b"rsa-sha2-512", "blob": key.public().blob(), "sigData": b"data",
                    "signature": key.sign(b"data", kind)}  # fmt: skip
            credentials = type("Signed", (), said)
            if right:
                self.assertEqual(self.successResultOf(checker.requestAvatarId(credentials)), key.public().blob())
            else:
                self.assertRaises(UnauthorizedLogin, checker.requestAvatarId, credentials)

    def test_after_some_tries_the_connection_ends(self) -> None:
        client = self.connect(*[new_key() for _ in range(30)])
        self.assertNotIn(client.server, self.factory.here)
        self.assertEqual(self.factory.refusals.count, ssh.TRIES + 1)

    def test_who_does_not_log_in_in_time_is_cut_off(self) -> None:
        client, inside = self.connect(), self.connect("ta")
        self.house.clock.advance(ssh.LOGIN_SECONDS - 1)
        self.settle()
        self.assertEqual(len(self.factory.here), 2)
        self.house.clock.advance(2)
        self.settle()
        self.assertEqual(self.factory.here, {inside.server})
        self.assertNotIn(client.server, self.factory.strangers)

    def test_only_so_many_strangers(self) -> None:
        servers = []
        for _ in range(ssh.MOST_STRANGERS + 3):
            servers.append(self.connect())
        self.assertEqual(len(self.factory.strangers), ssh.MOST_STRANGERS)
        for client in servers:
            client.transport.loseConnection()
        self.settle()
        self.assertEqual(len(self.factory.here), 0)
        self.assertTrue(self.connect("ta").connection.started)

    def test_passwords_are_not_a_way(self) -> None:
        client = self.connect()
        client.connection.transport = client
        client.sendPacket(50, NS(b"root") + NS(b"ssh-connection") + NS(b"password") + b"\0" + NS(b"secret"))
        self.settle()
        self.assertFalse(client.connection.started)

    def test_ten_thousand_wrong_keys_make_one_line_a_minute(self) -> None:
        events: list[Any] = []
        observer: Any = events.append
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        blobs = [b"key %d" % number for number in range(10_000)]
        checker = ssh.Checker(self.authorized)
        for blob in blobs:
            credentials = type("Offered", (), {"algName": b"ssh-ed25519", "blob": blob, "signature": None})
            self.assertRaises(UnauthorizedLogin, checker.requestAvatarId, credentials)
            self.factory.refusals.add("198.51.100.7")
        for _ in range(20):
            self.connect(*[new_key() for _ in range(6)])
        self.assertEqual(len([event for event in events if "refused" in str(event.get("log_format"))]), 1)
        self.assertLessEqual(len(events), 1)
        self.house.clock.advance(ssh.REPORT_SECONDS)
        self.factory.refusals.add("198.51.100.7")
        self.assertEqual(len(events), 2)
        self.assertGreater(events[-1]["count"], 10_000)

    def test_nonsense_ends_the_connection_without_a_traceback(self) -> None:
        for data in (b"GET / HTTP/1.1\r\n\r\n", b"SSH-2.0-x\r\n" + b"\xff" * 100, b"SSH-2.0-x\r\n\0\0\0\x0c\x0a\x14",
                     b"SSH-1.5-x\r\n", b"\0" * 70_000):  # fmt: skip
            server: Any = self.factory.buildProtocol(None)
            transport = StringTransportWithDisconnection()
            transport.protocol = server
            server.makeConnection(transport)
            server.dataReceived(data)
            server.dataReceived(b"\0" * 200)
            if transport.connected:
                transport.loseConnection()
        self.assertEqual(self.flushLoggedErrors(), [])
        self.assertEqual(len(self.factory.here), 0)


class Offered(RemoteScene):
    """Algorithms, and what may be asked for."""

    def test_only_modern_algorithms(self) -> None:
        transport = ssh.Transport
        self.assertTrue(set(transport.supportedKeyExchanges) <= {
            b"mlkem768x25519-sha256", b"curve25519-sha256", b"curve25519-sha256@libssh.org"})  # fmt: skip
        self.assertEqual(transport.supportedCiphers, [b"aes256-ctr", b"aes192-ctr", b"aes128-ctr"])
        self.assertEqual(transport.supportedMACs, [b"hmac-sha2-512", b"hmac-sha2-256"])
        self.assertEqual(self.factory.buildProtocol(None).supportedPublicKeys, [b"ssh-ed25519"])
        self.assertGreater(len(SSHServerTransport.supportedCiphers), 3)  # Conch's own, which we did not change

    def test_who_speaks_only_old_ones_is_refused(self) -> None:
        for name, value in (("supportedCiphers", [b"aes128-cbc"]), ("supportedMACs", [b"hmac-sha1"]),
                            ("supportedKeyExchanges", [b"diffie-hellman-group14-sha1"])):  # fmt: skip
            self.patch(Client, name, value)
            self.assertFalse(self.connect("admin").connection.started, name)
            self.patch(Client, name, getattr(SSHClientTransport, name))
        self.assertTrue(self.connect("admin").connection.started)

    def test_no_forwarding_no_subsystem_no_agent(self) -> None:
        client = self.connect("debug")
        said: list[bool] = []
        asked = client.connection.sendGlobalRequest(b"tcpip-forward", NS(b"") + b"\0\0\0\x50", wantReply=1)
        asked.addCallbacks(lambda _: said.append(True), lambda _: said.append(False))
        self.settle()
        self.assertEqual(said, [False])
        session = self.open(client)
        for kind, data in ((b"subsystem", NS(b"sftp")), (b"auth-agent-req@openssh.com", b""), (b"x11-req", b""),
                           (b"env", NS(b"LD_PRELOAD") + NS(b"x")), (b"pty-req", b"\0"), (b"exec", b"")):  # fmt: skip
            self.assertFalse(self.ask(session, kind, data), kind)
        self.assertTrue(self.ask(session, b"env", NS(b"NO_COLOR") + NS(b"1")))
        tunnel = Session(client.connection)
        tunnel.name = b"direct-tcpip"
        client.connection.openChannel(tunnel, NS(b"127.0.0.1") + b"\0\0\0\x50" + NS(b"x") + b"\0\0\0\x50")
        self.settle()
        self.assertIsNotNone(tunnel.failed)

    def test_only_so_many_channels(self) -> None:
        client = self.connect("ta")
        sessions = [self.open(client) for _ in range(ssh.MOST_CHANNELS + 2)]
        self.assertEqual(sum(session.opened for session in sessions), ssh.MOST_CHANNELS)
        self.assertEqual(sum(session.failed is not None for session in sessions), 2)

    def test_closing_ends_everybody(self) -> None:
        self.connect("ta")
        self.factory.close()
        self.settle()
        self.assertEqual(len(self.factory.here), 0)
