"""Tests of clients.core.connection: frames both ways, and a certificate judged before a byte is sent."""

from __future__ import annotations

import datetime
import os
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock, StringTransportWithDisconnection
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from twisted.test import iosim
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from chatd import messages as m
from chatd.blobs import BlobData, PutBlob
from chatd.wire.pack import Command, Event, decode_command, encode_command, encode_event, frame
from clients.core import connection
from clients.core.address import Address
from clients.core.connection import Connection, Frames
from clients.core.notices import Security
from tests.clients.kit import greeting


class RecordingListener:
    """Notes what the line tells; `verdict` is its answer on certificates."""

    def __init__(self, verdict: str = "go") -> None:
        self.verdict = verdict
        self.judged: list[tuple[str, bool]] = []
        self.opened: list[tuple[bytes, Security]] = []
        self.events: list[list[Event]] = []
        self.ends: list[tuple[str, bool]] = []

    def judge(self, fingerprint: str, vouched: bool) -> str:
        self.judged.append((fingerprint, vouched))
        return self.verdict

    def connected(self, binding: bytes, security: Security) -> None:
        self.opened.append((binding, security))

    def received(self, events: list[Event]) -> None:
        self.events.append(events)

    def lost(self, reason: str, opened: bool) -> None:
        self.ends.append((reason, opened))


class FramesTests(SynchronousTestCase):
    """Without TLS."""

    def setUp(self) -> None:
        self.listener = RecordingListener()
        self.clock = Clock()
        self.frames = Frames(self.listener, None, self.clock)
        self.transport = StringTransportWithDisconnection()
        self.transport.protocol = self.frames
        self.frames.makeConnection(self.transport)

    def test_open_at_once_and_without_a_binding(self) -> None:
        self.assertEqual(self.listener.opened, [(b"", Security())])

    def test_commands_go_out_in_one_write(self) -> None:
        self.frames.write([m.Ping(1), m.Quit(2)])
        data = self.transport.value()
        self.assertEqual([decode_command(data[4 : 4 + data[3]]), data[:3]], [m.Ping(1), b"\0\0\0"])

    def test_T03_events_come_whole_however_they_are_cut(self) -> None:
        for byte in frame(encode_event(greeting())):
            self.frames.dataReceived(bytes([byte]))
        self.assertEqual(self.listener.events, [[greeting()]])

    def test_a_long_frame_is_not_looked_at_before_it_is_whole(self) -> None:
        data = frame(encode_event(BlobData(1, b"i" * 16, 0, bytes(500_000)))) + frame(encode_event(m.Pong(1, 2)))
        copied = 0

        class Counting(bytes):
            def __radd__(self, other: bytes) -> bytes:
                nonlocal copied
                copied += len(other)
                return other + bytes(self)

        for start in range(0, len(data), 1000):
            self.frames.dataReceived(Counting(data[start : start + 1000]))
        self.assertEqual([type(event) for events in self.listener.events for event in events], [BlobData, m.Pong])
        self.assertLess(copied, 10_000)

    def test_much_goes_out_in_several_writes(self) -> None:
        writes: list[bytes] = []
        self.transport.write = writes.append  # type: ignore[method-assign]
        puts = [PutBlob(ref, b"i" * 16, 0, bytes(50_000)) for ref in range(5)]
        commands: list[Command] = [m.Ping(9), *puts]
        self.frames.write(commands)
        self.assertEqual([len(data) // 50_000 for data in writes], [2, 2, 1])
        self.assertEqual(b"".join(writes), b"".join(frame(encode_command(one)) for one in commands))

    def test_all_of_one_piece_at_once_and_unknown_ones_not_at_all(self) -> None:
        piece = frame(encode_event(m.Pong(1, 2))) + frame(b"\x91\xa3new") + frame(encode_event(m.Pong(3, 4)))
        self.frames.dataReceived(piece)
        self.assertEqual(self.listener.events, [[m.Pong(1, 2), m.Pong(3, 4)]])

    def test_what_is_no_frame_ends_it(self) -> None:
        self.frames.dataReceived(frame(b"\xc1"))
        self.assertIn("does not speak this protocol", self.listener.ends[0][0])

    def test_a_server_of_lines_ends_it(self) -> None:
        self.transport.abortConnection = self.transport.loseConnection  # type: ignore[method-assign]
        self.frames.dataReceived(b"HTTP/1.1 400 Bad Request\r\n")
        self.assertEqual(self.listener.ends, [("The server does not speak this protocol.", True)])

    def test_ends_are_told_in_words(self) -> None:
        for error, words in ((ConnectionDone(), "The server closed the connection."), (ConnectionLost(), "broke")):
            listener = RecordingListener()
            frames = Frames(listener, None, Clock())
            frames.makeConnection(StringTransportWithDisconnection())
            frames.connectionLost(Failure(error))
            self.assertIn(words, listener.ends[0][0])

    def test_a_close_does_not_wait_for_ever(self) -> None:
        aborted: list[bool] = []
        self.transport.loseConnection = lambda: None  # type: ignore[method-assign]
        self.transport.abortConnection = lambda: aborted.append(True)  # type: ignore[method-assign]
        self.frames.close()
        self.clock.advance(connection.CLOSE_SECONDS)
        self.assertEqual(aborted, [True])


class ConnectionTests(SynchronousTestCase):
    """Opening."""

    def test_refused(self) -> None:
        reactor = MemoryReactorClock()
        listener = RecordingListener()
        Connection(reactor, Address("127.0.0.1:7", 0), tls=False).open(listener)
        reactor.advance(1)
        host, port, factory = reactor.tcpClients[0][:3]
        self.assertEqual((host, port), ("127.0.0.1", 7))
        factory.clientConnectionFailed(
            None,  # type: ignore[arg-type]
            Failure(ConnectionLost()),
        )
        self.assertEqual(listener.ends, [("The connection broke.", False)])

    def test_it_speaks_as_soon_as_it_is_made(self) -> None:
        reactor = MemoryReactorClock()
        line = Connection(reactor, Address("127.0.0.1:7", 0), tls=False)
        listener = RecordingListener()
        listener.connected = lambda binding, security: line.write([m.Ping(1)])  # type: ignore[method-assign]
        line.open(listener)
        reactor.advance(1)
        protocol = reactor.tcpClients[0][2].buildProtocol(None)
        assert protocol is not None
        transport = StringTransportWithDisconnection()
        protocol.makeConnection(transport)
        self.assertTrue(transport.value())

    def test_closing_while_connecting(self) -> None:
        reactor = MemoryReactorClock()
        listener = RecordingListener()
        line = Connection(reactor, Address("127.0.0.1:7", 0), tls=False)
        line.open(listener)
        line.close()
        self.assertEqual([opened for _, opened in listener.ends], [False])


def certificate(name: str) -> tuple[Any, x509.Certificate]:
    """A key and a certificate that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    begin = datetime.datetime(2020, 1, 1)
    built = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(begin).not_valid_after(begin + datetime.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
    )  # fmt: skip
    return key, built.sign(key, hashes.SHA256())


@implementer(IOpenSSLServerConnectionCreator)
class _Server:
    """A server's end of TLS."""

    def __init__(self, key: Any, cert: x509.Certificate, versions: int) -> None:
        self.context = SSL.Context(SSL.TLS_SERVER_METHOD)
        self.context.use_privatekey(key)
        self.context.use_certificate(cert)
        self.context.set_max_proto_version(versions)
        self.connection: SSL.Connection | None = None

    def serverConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        self.connection = SSL.Connection(self.context, None)
        return self.connection


class Silent(Protocol):
    """A server that only listens."""

    def __init__(self) -> None:
        self.data = b""

    def dataReceived(self, data: bytes) -> None:
        self.data += data


class TLSTests(SynchronousTestCase):
    """A real handshake, in memory."""

    def connect(self, listener: RecordingListener, host: str = "localhost", trusted: bool = False,
                versions: int = SSL.TLS1_3_VERSION) -> None:  # fmt: skip
        """A client that looks for `host`, and a server whose certificate is for localhost."""
        key, self.certificate = certificate("localhost")
        if trusted:
            path = self.mktemp()
            with open(path, "wb") as file:
                file.write(self.certificate.public_bytes(serialization.Encoding.PEM))
            os.environ["SSL_CERT_FILE"] = path
            self.addCleanup(os.environ.pop, "SSL_CERT_FILE", None)
        creator = connection._Creator(host)
        self.clock = Clock()
        self.frames = Frames(listener, creator, self.clock)
        self.silent = Silent()
        self.creator = _Server(key, self.certificate, versions)
        server = TLSMemoryBIOFactory(self.creator, False, _factory(self.silent), self.clock)
        client = TLSMemoryBIOFactory(creator, True, _factory(self.frames), self.clock)
        one, two = server.buildProtocol(None), client.buildProtocol(None)
        self.pump = iosim.connect(one, iosim.makeFakeServer(one), two, iosim.makeFakeClient(two), clock=self.clock)
        self.pump.flush()

    def fingerprint(self) -> str:
        """The certificate's."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def test_unknown_is_shown_and_nothing_is_sent_before_the_answer(self) -> None:
        listener = RecordingListener("ask")
        self.connect(listener)
        self.assertEqual(listener.judged, [(self.fingerprint(), False)])
        self.assertEqual((listener.opened, self.silent.data), ([], b""))
        self.frames.proceed()
        self.frames.write([m.Ping(1)])
        self.pump.flush()
        self.assertTrue(self.silent.data)

    def test_both_ends_have_the_same_binding(self) -> None:
        listener = RecordingListener()
        self.connect(listener)
        assert self.creator.connection is not None
        theirs = self.creator.connection.export_keying_material(b"EXPORTER-Channel-Binding", 32, b"")
        [(binding, security)] = listener.opened
        self.assertEqual((binding, len(binding)), (theirs, 32))
        self.assertEqual((security.version, security.fingerprint), ("TLSv1.3", self.fingerprint()))
        self.assertEqual(security.expires, "2119-12-08")

    def test_what_the_system_trusts_for_this_name_is_vouched_for(self) -> None:
        listener = RecordingListener()
        self.connect(listener, trusted=True)
        self.assertEqual(listener.judged, [(self.fingerprint(), True)])

    def test_a_trusted_certificate_for_another_name_is_not(self) -> None:
        for host in ("chat.example.edu", "127.0.0.1"):
            listener = RecordingListener("refuse")
            self.connect(listener, host, trusted=True)
            self.assertEqual(listener.judged, [(self.fingerprint(), False)])
            self.assertEqual(self.silent.data, b"")

    def test_refused_is_closed(self) -> None:
        listener = RecordingListener("refuse")
        self.connect(listener)
        self.pump.flush()
        self.assertEqual((listener.opened, len(listener.ends), self.silent.data), ([], 1, b""))

    def test_tls_1_2_will_do_and_older_will_not(self) -> None:
        listener = RecordingListener()
        self.connect(listener, versions=SSL.TLS1_2_VERSION)
        self.assertEqual(listener.opened[0][1].version, "TLSv1.2")
        listener = RecordingListener()
        self.connect(listener, versions=SSL.TLS1_1_VERSION)
        self.assertEqual((listener.judged, listener.opened), ([], []))


def _factory(protocol: Protocol) -> Factory[Any]:
    return Factory.forProtocol(lambda: protocol)
