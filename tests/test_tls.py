"""TLS: only safe versions, one channel binding on both sides, exchange without dropping anybody, bad pairs kept out."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.test.iosim import FakeTransport, connect
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from chatd import messages as m
from chatd import people
from chatd.core.turn import Command, Event
from chatd.messages import EXPORTER_LABEL
from chatd.ports.session import channel_of
from chatd.tls import HANDSHAKE_BYTES, SETTLED, BadCertificate, Certificates, TlsFactory
from chatd.wire.pack import decode_event, encode_command, frame
from tests.kit import House


class Peer(Protocol):
    """Remembers what it gets."""

    def __init__(self) -> None:
        self.got = b""
        self.lost: Any = None

    def dataReceived(self, data: bytes) -> None:
        self.got += data

    def connectionLost(self, reason: Any = None) -> None:
        self.lost = reason


@implementer(IOpenSSLClientConnectionCreator)
class Anybody:
    """A client that trusts everybody and speaks these versions only; with a certificate, or without."""

    def __init__(self, version: int | None = None, pair: tuple[Path, Path] | None = None) -> None:
        self.context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        if pair is not None:
            self.context.use_certificate_chain_file(str(pair[0]))
            self.context.use_privatekey_file(str(pair[1]))
        if version is not None:
            self.context.set_cipher_list(b"ALL:@SECLEVEL=0")
            self.context.set_min_proto_version(version)
            self.context.set_max_proto_version(version)

    def clientConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        return SSL.Connection(self.context, None)


class Sim:
    """One TLS connection in memory, both ends Twisted's."""

    def __init__(
        self, certificates: Certificates, version: int | None = None, pair: tuple[Path, Path] | None = None,
        house: House | None = None,
    ) -> None:  # fmt: skip
        self.clock = house.clock if house is not None else Clock()
        self.server, self.client = Peer(), Peer()
        door = house.door if house is not None else Factory.forProtocol(lambda: self.server)
        serving = TlsFactory(certificates, door, self.clock)
        joining = TLSMemoryBIOFactory(
            Anybody(version, pair),
            True,
            Factory.forProtocol(lambda: self.client),
            self.clock,
        )
        server, client = serving.buildProtocol(None), joining.buildProtocol(None)
        self.server_end, self.client_end = FakeTransport(server, True), FakeTransport(client, False)
        self.pump = connect(server, self.server_end, client, self.client_end)
        self.flush()

    def flush(self) -> None:
        self.clock.advance(0)
        self.pump.flush()

    def handle(self, peer: Peer) -> SSL.Connection:
        return peer.transport.getHandle()  # type: ignore[union-attr, no-any-return]


class TlsCase(SynchronousTestCase):
    """A folder, and pairs in it."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())

    def pair(
        self, name: str, key: Any = None, password: bytes | None = None, days: int = 0,
        extensions: Sequence[x509.ExtensionType] = (),
    ) -> tuple[Path, Path]:  # fmt: skip
        """A self-signed certificate and its key in files; `days` old."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        start = datetime.now(UTC)
        start -= timedelta(days=days)
        builder = x509.CertificateBuilder(subject, subject, key.public_key(), 7, start, start + timedelta(days=9))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=True)
        self.folder.mkdir(exist_ok=True)
        certificate, key_file = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        certificate.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock))
        return certificate, key_file


class FirstStart(TlsCase):
    """The pair that is made."""

    def test_made_once(self) -> None:
        first = Certificates(self.folder / "tls")
        self.assertEqual(Certificates(self.folder / "tls").fingerprint, first.fingerprint)
        self.assertRegex(first.fingerprint, r"\A([0-9A-F]{2}:){31}[0-9A-F]{2}\Z")
        self.assertGreater(first.expires, datetime.now(UTC) + timedelta(days=3640))

    def test_only_the_owner_reads_the_key(self) -> None:
        made = Certificates(self.folder / "tls")
        self.assertEqual(stat.S_IMODE(made.key.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(made.key.parent.stat().st_mode), 0o700)
        self.assertEqual(sorted(path.name for path in made.key.parent.iterdir()), ["certificate.pem", "key.pem"])

    def test_names(self) -> None:
        made = Certificates(self.folder, names=["chat.school.example", "192.0.2.1", "straße.example", "localhost"])
        certificate = x509.load_pem_x509_certificate(made.certificate.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        self.assertEqual(
            [str(address) for address in names.get_values_for_type(x509.IPAddress)], ["127.0.0.1", "::1", "192.0.2.1"]
        )
        self.assertTrue({"localhost", "chat.school.example"} <= set(names.get_values_for_type(x509.DNSName)))
        certificate.verify_directly_issued_by(certificate)

    def test_crash_between_key_and_certificate(self) -> None:
        key = Certificates(self.folder).key.read_bytes()
        (self.folder / "certificate.pem").unlink()
        (self.folder / "key.pem.part").write_bytes(b"half a k")
        self.assertEqual(Certificates(self.folder).key.read_bytes(), key)

    def test_a_lost_key_is_not_silently_replaced(self) -> None:
        Certificates(self.folder)
        (self.folder / "key.pem").unlink()
        self.assertIn("is missing. Restore it", str(self.assertRaises(BadCertificate, Certificates, self.folder)))


class Handshake(TlsCase):
    """What is spoken."""

    def test_versions(self) -> None:
        certificates = Certificates(self.folder)
        for version, name in ((None, "TLSv1.3"), (SSL.TLS1_2_VERSION, "TLSv1.2"), (SSL.TLS1_3_VERSION, "TLSv1.3")):
            sim = Sim(certificates, version)
            self.assertEqual(sim.handle(sim.server).get_protocol_version_name(), name)
            self.assertRegex(sim.handle(sim.server).get_cipher_name() or "", "GCM|CHACHA20")

    def test_old_versions_are_refused(self) -> None:
        certificates = Certificates(self.folder)
        for version in (SSL.TLS1_VERSION, SSL.TLS1_1_VERSION):
            sim = Sim(certificates, version)
            self.assertIsNotNone(sim.client.lost)
            self.assertIsNotNone(sim.server.lost)

    def test_text_both_ways(self) -> None:
        sim = Sim(Certificates(self.folder))
        assert sim.client.transport and sim.server.transport
        sim.client.transport.write(b"to the server")
        sim.server.transport.write(b"to the client" * 10_000)
        sim.flush()
        self.assertEqual(sim.server.got, b"to the server")
        self.assertEqual(sim.client.got, b"to the client" * 10_000)

    def test_what_the_handshake_needed_is_given_back(self) -> None:
        sim = Sim(Certificates(self.folder))
        connection: Any = sim.handle(sim.server)
        before = connection._into_ssl, connection._from_ssl
        self.say(sim, b"before")
        sim.clock.advance(SETTLED)
        self.assertIsNot(connection._into_ssl, before[0])
        self.assertIsNot(connection._from_ssl, before[1])
        self.say(sim, b"behind")

    def say(self, sim: Sim, text: bytes) -> None:
        """Much one way and little the other, and both arrive."""
        assert sim.client.transport and sim.server.transport
        sim.client.got = sim.server.got = b""
        sim.server.transport.write(text * 5000)
        sim.client.transport.write(text)
        sim.flush()
        self.assertEqual((sim.client.got, sim.server.got), (text * 5000, text))

    def test_what_is_under_way_stays(self) -> None:
        sim = Sim(Certificates(self.folder))
        connection: Any = sim.handle(sim.server)
        before = (connection._into_ssl, connection._from_ssl)
        connection.send(b"not taken yet")
        sim.clock.advance(SETTLED)
        self.assertEqual((connection._into_ssl, connection._from_ssl), before)
        sim.server_end.write(connection.bio_read(100))
        sim.flush()
        self.assertEqual(sim.client.got, b"not taken yet")
        self.assertEqual(sim.clock.getDelayedCalls(), [])

    def test_gone_before(self) -> None:
        sim = Sim(Certificates(self.folder))
        sim.client.transport.loseConnection()  # type: ignore[union-attr]
        sim.flush()
        self.assertIsNotNone(sim.server.lost)
        sim.clock.advance(SETTLED)

    def test_binding_is_equal_on_both_sides_and_new_each_time(self) -> None:
        certificates, seen = Certificates(self.folder), set()
        for version in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION) * 2:
            sim = Sim(certificates, version)
            ends = [
                sim.handle(peer).export_keying_material(EXPORTER_LABEL, 32, b"") for peer in (sim.server, sim.client)
            ]
            self.assertEqual(ends[0], ends[1])
            self.assertEqual(len(ends[0]), 32)
            seen.add(ends[0])
        self.assertEqual(len(seen), 4)

    def test_no_session_is_resumed(self) -> None:
        certificates = Certificates(self.folder)
        for version in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION):
            first = _Pair(certificates, version)
            first.shake()
            again = _Pair(certificates, version, first.client.get_context())
            session = first.client.get_session()
            assert session is not None
            again.client.set_session(session)
            again.shake()
            self.assertLess(abs(again.from_server - first.from_server), 80)  # the certificate is in it again
            self.assertNotEqual(again.server.master_key(), first.server.master_key())

    def test_no_renegotiation(self) -> None:
        pair = _Pair(Certificates(self.folder), SSL.TLS1_2_VERSION)
        pair.shake()
        pair.client.renegotiate()
        self.assertRaises(SSL.Error, pair.shake)


def fingerprint(pair: tuple[Path, Path]) -> str:
    """The SHA-256 of a certificate in a file."""
    return x509.load_pem_x509_certificate(pair[0].read_bytes()).fingerprint(hashes.SHA256()).hex()


class Clients(TlsCase):
    """Certificates of clients: asked for, never demanded, never judged."""

    def shown(self, pair: tuple[Path, Path] | None, version: int | None = None) -> str:
        """Which certificate the server sees of a client that then says something, and hears something."""
        sim = Sim(Certificates(self.folder), version, pair)
        for peer in (sim.client, sim.server):
            assert peer.transport is not None
            peer.transport.write(b"hello")
        sim.flush()
        self.assertEqual((sim.server.got, sim.client.got, sim.server.lost), (b"hello", b"hello", None))
        binding, certificate = channel_of(sim.server.transport)
        self.assertEqual(binding, channel_of(sim.client.transport)[0])
        return certificate

    def test_seen_in_every_version(self) -> None:
        pair = self.pair("alice")
        for version in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION):
            self.assertEqual(self.shown(pair, version), fingerprint(pair))
            self.assertEqual(self.shown(None, version), "")

    def test_any_will_do(self) -> None:
        """Old, for another purpose, of an authority, of another kind of key: it is only ever compared."""
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
        authority = x509.BasicConstraints(ca=True, path_length=0)
        for pair in (
            self.pair("old", days=1000),
            self.pair("to-come", days=-1000),
            self.pair("purpose", extensions=[purpose, authority]),
            self.pair("rsa", rsa.generate_private_key(65537, 2048)),
        ):
            self.assertEqual(self.shown(pair), fingerprint(pair))

    def test_of_a_chain_the_clients_own(self) -> None:
        first, second = self.pair("first"), self.pair("second")
        with first[0].open("ab") as file:
            file.write(second[0].read_bytes())
        self.assertEqual(self.shown(first), fingerprint(first))

    def test_nothing_of_it_is_resumed(self) -> None:
        """Who comes again with the session of a connection that had shown a certificate shows it again, or has none."""
        certificates, pair = Certificates(self.folder), self.pair("alice")
        key = serialization.load_pem_private_key(pair[1].read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        for version in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION):
            context, session = Anybody(version).context, None
            for shows in (True, False, True):
                joined = _Pair(certificates, version, context)
                if shows:
                    joined.client.use_certificate(x509.load_pem_x509_certificate(pair[0].read_bytes()))
                    joined.client.use_privatekey(key)
                if session is not None:
                    joined.client.set_session(session)
                joined.shake()
                session = joined.client.get_session()
                self.assertIsNotNone(joined.server.get_peer_finished())
                shown = joined.server.get_peer_certificate(as_cryptography=True)
                self.assertEqual(
                    shown and shown.fingerprint(hashes.SHA256()).hex(), fingerprint(pair) if shows else None
                )

    def test_a_long_chain_is_cut(self) -> None:
        pair = self.pair("alice")
        long = self.pair("long", extensions=[x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6"), b"x" * 60_000)])
        with pair[0].open("ab") as file:
            file.write(long[0].read_bytes())
        sim = Sim(Certificates(self.folder), None, pair)
        self.assertIsNotNone(sim.server.lost)


class Proving(TlsCase):
    """The whole way: a certificate shown to TLS proves the account that it was tied to, through the door of a node."""

    def say(self, house: House, sim: Sim, *commands: Command) -> list[Event]:
        """Send commands; what comes back."""
        assert sim.client.transport is not None
        sim.client.got = b""
        sim.client.transport.write(b"".join([frame(encode_command(command)) for command in commands]))
        for _ in range(5):
            sim.flush()
            house.settle()
        found, rest = [], sim.client.got
        while rest:
            end = 4 + int.from_bytes(rest[:4], "big")
            event = decode_event(rest[4:end])
            assert event is not None
            found.append(event)
            rest = rest[end:]
        return found

    def test_external(self) -> None:
        house, certificates = House(), Certificates(self.folder)
        mine, other = self.pair("mine"), self.pair("other")
        hello, external = m.Hello([1]), people.Prove(1, "EXTERNAL", b"")
        sim = Sim(certificates, None, mine, house)
        made = people.Register(1, "alice", "correct horse")
        answers = self.say(house, sim, hello, external, made, people.Arrive(2, "alice", "a", "A"))
        self.assertEqual([type(answer) for answer in answers], [m.Greeting, m.Failed, people.Proved, people.Arrived])
        self.assertEqual(self.say(house, sim, people.SetCertificate(3)), [m.Done(3)])
        for version in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION):
            for pair, answer in ((mine, people.Proved), (other, m.Failed), (None, m.Failed)):
                sim = Sim(certificates, version, pair, house)
                self.assertEqual(type(self.say(house, sim, hello, external)[-1]), answer)


class _Pair:
    """Two bare connections joined through their memory."""

    def __init__(self, certificates: Certificates, version: int, context: SSL.Context | None = None) -> None:
        self.server = certificates.serverConnectionForTLS(None)  # type: ignore[arg-type]
        self.server.set_accept_state()
        self.client = SSL.Connection(context or Anybody(version).context, None)
        self.client.set_connect_state()
        self.from_server = 0

    def shake(self) -> None:
        for _ in range(8):
            for end, other in ((self.client, self.server), (self.server, self.client)):
                with contextlib.suppress(SSL.WantReadError):
                    end.do_handshake()
                    end.recv(1)
                with contextlib.suppress(SSL.WantReadError):
                    data = end.bio_read(1 << 16)
                    self.from_server += len(data) if end is self.server else 0
                    other.bio_write(data)


class Reload(TlsCase):
    """Exchange while running."""

    def test_new_pair_for_new_connections_only(self) -> None:
        certificate, key = self.pair("one")
        certificates = Certificates(self.folder, certificate, key)
        before, old = Sim(certificates), certificates.fingerprint
        other_certificate, other_key = self.pair("two")
        other_certificate.replace(certificate)
        other_key.replace(key)
        certificates.reload()
        after = Sim(certificates)
        self.assertNotEqual(certificates.fingerprint, old)
        for sim, fingerprint in ((before, old), (after, certificates.fingerprint)):
            assert sim.client.transport is not None
            sim.client.transport.write(b"still here")
            sim.flush()
            self.assertEqual(sim.server.got, b"still here")
            self.assertIsNone(sim.server.lost)
            shown = sim.handle(sim.client).get_peer_certificate(as_cryptography=True)
            assert shown is not None
            self.assertEqual(shown.fingerprint(hashes.SHA256()).hex(":").upper(), fingerprint)

    def test_bad_pairs_are_kept_out(self) -> None:
        certificate, key = self.pair("one")
        certificates = Certificates(self.folder, certificate, key)
        good, fingerprint, expires = key.read_bytes(), certificates.fingerprint, certificates.expires
        stranger, secret = self.pair("two")[1].read_bytes(), self.pair("three", password=b"x")[1].read_bytes()
        for content, words in (
            (stranger, "does not belong to the first certificate"),
            (secret, "is encrypted"),
            (b"nonsense", "no valid PEM private key"),
            (b"", "no valid PEM private key"),
        ):
            key.write_bytes(content)
            self.assertIn(words, str(self.assertRaises(BadCertificate, certificates.reload)))
        key.unlink()
        self.assertIn("Cannot read", str(self.assertRaises(BadCertificate, certificates.reload)))
        key.write_bytes(good)
        certificate.write_bytes(b"nonsense")
        self.assertIn("no valid PEM certificate", str(self.assertRaises(BadCertificate, certificates.reload)))
        self.assertEqual((certificates.fingerprint, certificates.expires), (fingerprint, expires))
        self.assertIsNone(Sim(certificates).server.lost)

    def test_weak_key(self) -> None:
        certificate, key = self.pair("weak", rsa.generate_private_key(65537, 1024))
        error = self.assertRaises(BadCertificate, Certificates, self.folder, certificate, key)
        self.assertIn("cannot be used for TLS", str(error))

    def test_given_files(self) -> None:
        certificate, key = self.pair("one", rsa.generate_private_key(65537, 2048))
        other = self.pair("chain")[0]
        both = self.folder / "both.pem"
        both.write_bytes(certificate.read_bytes() + other.read_bytes() + key.read_bytes())
        sim = Sim(Certificates(self.folder, both))
        chain = sim.handle(sim.client).get_peer_cert_chain(as_cryptography=True)
        self.assertEqual(len(chain or []), 2)
        self.assertRaises(BadCertificate, Certificates, self.folder, None, key)


class Strangers(TlsCase):
    """Clients that never finish the handshake."""

    def connection(self) -> tuple[Peer, FakeTransport]:
        peer = Peer()
        factory = TlsFactory(Certificates(self.folder), Factory.forProtocol(lambda: peer), Clock())
        channel = factory.buildProtocol(None)
        end = FakeTransport(channel, True)
        channel.makeConnection(end)
        self.channel = channel
        return peer, end

    def test_the_door_sees_them_at_once_and_can_cut_them(self) -> None:
        peer, end = self.connection()
        self.assertIsNotNone(peer.transport)
        self.channel.dataReceived(b"\x16\x03\x01")
        peer.transport.abortConnection()  # type: ignore[union-attr]
        self.assertTrue(end.disconnecting or end.disconnected)

    def test_a_long_hello_is_cut(self) -> None:
        _, end = self.connection()
        self.channel.dataReceived(b"\x16\x03\x01\x40\x00\x01" + (131_000).to_bytes(3, "big") + b"\x03\x03")
        for _ in range(HANDSHAKE_BYTES // 1000):
            self.assertFalse(end.disconnecting or end.disconnected)
            self.channel.dataReceived(b"\0" * 1000)
        self.channel.dataReceived(b"\0" * 1000)
        self.assertTrue(end.disconnecting or end.disconnected)

    def test_no_tls_at_all(self) -> None:
        peer, end = self.connection()
        self.channel.dataReceived(b"NICK alice\r\n")
        self.assertTrue(end.disconnecting or end.disconnected)
        self.assertEqual(peer.got, b"")

    def test_a_long_first_text_after_the_handshake_is_not(self) -> None:
        sim = Sim(Certificates(self.folder))
        assert sim.client.transport is not None
        sim.client.transport.write(b"x" * (HANDSHAKE_BYTES * 4))
        sim.flush()
        self.assertEqual(len(sim.server.got), HANDSHAKE_BYTES * 4)
        self.assertIsNone(sim.server.lost)
