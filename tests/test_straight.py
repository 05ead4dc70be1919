"""The shortest way out beside the plain one: the same bytes in the same order, whatever the socket does."""

from __future__ import annotations

import contextlib
import errno
import gc
import inspect
import weakref
from collections.abc import Sequence
from socket import socketpair
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL
from twisted.internet import main
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.tcp import Client as TcpClient
from twisted.internet.tcp import Port, Server
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from chatd import straight as its_module
from chatd.straight import ACCEPTS, LARGE, SMALL, Straight, direct, few_at_once, let_go, send_all, straighten
from chatd.tls import SETTLED, Certificates, TlsFactory

MUCH = 10**9


class Socket:
    """A socket that takes as much as there is room for, at most `bite` bytes at once."""

    def __init__(self, room: int = 0, bite: int = MUCH) -> None:
        self.room = room
        self.bite = bite
        self.broken = False
        self.calls = 0
        self.gathered = 0
        self.taken = b""

    def send(self, data: bytes) -> int:
        """What a non-blocking socket does."""
        self.calls += 1
        if self.broken:
            raise ConnectionResetError(errno.ECONNRESET, "reset")
        size = min(len(data), self.room, self.bite)
        if not size:
            raise BlockingIOError(errno.EAGAIN, "full")
        self.room -= size
        self.taken += bytes(data[:size])
        return size

    def sendmsg(self, parts: Sequence[bytes]) -> int:
        """The same of several pieces."""
        self.gathered += 1
        return self.send(b"".join(parts))

    def setblocking(self, flag: bool) -> None:
        """It never blocks."""

    def fileno(self) -> int:
        """It has no descriptor."""
        return -1

    def shutdown(self, how: int) -> None:
        """It has no other end."""

    def close(self) -> None:
        """Nothing to let go."""


class Reactor:
    """Knows who wants to write."""

    def __init__(self) -> None:
        self.writers: set[Any] = set()
        self.asked = 0

    def addWriter(self, writer: Any) -> None:
        """Somebody wants to write."""
        self.asked += 1
        self.writers.add(writer)

    def removeWriter(self, writer: Any) -> None:
        """Somebody does not."""
        self.writers.discard(writer)

    def addReader(self, reader: Any) -> None:
        """Nobody reads here."""

    removeReader = addReader

    def callLater(self, seconds: float, function: Any, *arguments: Any) -> None:
        """Time stands still."""


class Way:
    """One connection, and its socket."""

    def __init__(self, straight: bool, room: int = 0, bite: int = MUCH) -> None:
        self.socket = Socket(room, bite)
        self.reactor = Reactor()
        server: Any = Server
        self.transport: Any = server(self.socket, Protocol(), ("127.0.0.1", 1), None, 1, self.reactor)
        if straight:
            straighten(self.transport)

    def turn(self) -> Any:
        """One pass of the reactor."""
        return self.transport.doWrite() if self.transport in self.reactor.writers else None


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["write", "sequence"]), st.binary(min_size=1, max_size=300)),
        st.tuples(st.just("room"), st.integers(1, 400)),
        st.tuples(st.just("turn"), st.just(0)),
    ),
    max_size=30,
)


class StraightTests(SynchronousTestCase):
    """One connection without TLS."""

    @given(ACTIONS, st.integers(0, 200), st.integers(1, 250))
    def test_the_same_bytes(self, actions: list[tuple[str, Any]], room: int, bite: int) -> None:
        ways = [Way(False, room, bite), Way(True, room, bite)]
        written = b""
        for action, value in actions:
            for way in ways:
                if action == "write":
                    way.transport.write(value)
                elif action == "sequence":
                    way.transport.writeSequence([value[:9], value[9:20], b"", value[20:]])
                elif action == "room":
                    way.socket.room += value
                else:
                    way.turn()
            written += value if action in ("write", "sequence") else b""
            self.assertTrue(written.startswith(ways[1].socket.taken))
        for way in ways:
            way.socket.room = MUCH
            while way.reactor.writers:
                self.assertIs(way.turn(), None)
            self.assertEqual(way.socket.taken, written)

    def test_one_call_and_nothing_asked_of_epoll(self) -> None:
        way = Way(True, MUCH)
        for _ in range(5):
            way.transport.write(b"hello")
        self.assertEqual((way.socket.taken, way.socket.calls, way.reactor.asked), (b"hello" * 5, 5, 0))

    def test_nothing_overtakes_what_is_queued(self) -> None:
        way = Way(True, 3)
        way.transport.write(b"hello")
        way.socket.room = MUCH
        way.transport.write(b" world")
        self.assertEqual(way.socket.taken, b"hel")
        way.turn()
        self.assertEqual(way.socket.taken, b"hello world")

    def test_several_pieces_keep_their_order(self) -> None:
        for straight in (False, True):
            way = Way(straight, 3)
            way.transport.writeSequence([b"he", b"llo"])
            way.transport.write(b" wor")
            way.transport.writeSequence([b"l", b"d"])
            way.socket.room = MUCH
            way.turn()
            self.assertEqual(way.socket.taken, b"hello world")
            way.transport.writeSequence([b"!", b"!"])
            way.transport.write(b"!")
            way.turn()
            self.assertEqual(way.socket.taken, b"hello world!!!")

    def test_a_reset_is_found_the_usual_way(self) -> None:
        way = Way(True, MUCH)
        way.socket.broken = True
        way.transport.write(b"hello")
        self.assertIs(way.turn(), main.CONNECTION_LOST)

    def test_nothing_is_sent_after_the_end(self) -> None:
        def at_once(way: Way) -> None:
            way.transport.write(b"late")

        def in_pieces(way: Way) -> None:
            way.transport.writeSequence([b"l", b"at", b"e"])

        for straight, say in [(False, at_once), (False, in_pieces), (True, at_once), (True, in_pieces)]:
            way, gone = Way(straight, MUCH), Way(straight, MUCH)
            for one in (way, gone):
                one.transport.write(b"")  # from here on nothing is queued
            way.transport.loseConnection()
            say(way)
            gone.transport.connected = 0
            say(gone)
            self.assertEqual((gone.socket.taken, gone.reactor.asked), (b"", 0))
            self.assertEqual(way.socket.gathered, 0)
            while way.reactor.writers and way.turn() is None:
                pass
            self.assertEqual(way.socket.taken, b"late")  # Twisted's own way sends what is written before it has closed

    def test_a_slow_reader_pauses_its_producer(self) -> None:
        for straight in (False, True):
            way = Way(straight, 100)
            calls: list[str] = []

            class Producer:
                pauseProducing = staticmethod(lambda calls=calls: calls.append("pause"))
                resumeProducing = staticmethod(lambda calls=calls: calls.append("resume"))

            way.transport.registerProducer(Producer, True)
            way.transport.write(b"x" * 200_000)
            self.assertEqual(calls, ["pause"])
            way.socket.room = MUCH
            while way.reactor.writers:
                way.turn()
            self.assertEqual((calls, len(way.socket.taken)), (["pause", "resume"], 200_000))

    def test_what_is_over_does_not_hold_itself(self) -> None:
        way = Way(True, MUCH)
        way.transport.write(b"before")
        let_go(way.transport)
        self.assertFalse({"write", "writeSequence"} & vars(way.transport).keys())
        let_go(way.transport)
        let_go(StringTransport())
        let_go(None)

    def test_other_transports_are_left_alone(self) -> None:
        transport = StringTransport()
        straighten(transport)
        transport.write(b"as before")
        self.assertEqual(transport.value(), b"as before")
        self.assertNotIsInstance(transport.write, Straight)


class ManyTests(SynchronousTestCase):
    """The same bytes on many connections."""

    @given(st.lists(st.tuples(st.sampled_from([0, 3, 5, MUCH]), st.booleans()), max_size=12))
    def test_each_has_its_place(self, states: list[tuple[int, bool]]) -> None:
        sockets = [Socket(room) for room, _ in states]
        for socket, (_, broken) in zip(sockets, states, strict=True):
            socket.broken = broken
        taken = send_all([socket.send for socket in sockets], b"hello")
        self.assertEqual(taken, [0 if broken else min(room, 5) for room, broken in states])
        self.assertEqual([len(socket.taken) for socket in sockets], taken)
        self.assertEqual({socket.calls for socket in sockets}, {1} if states else set())

    def test_sockets_of_the_system(self) -> None:
        """One that is full, one whose other end has gone, one that is closed, and good ones around them."""
        pairs = [socketpair() for _ in range(6)]
        for pair in pairs:
            for end in pair:
                self.addCleanup(end.close)
        near, far = [one for one, _ in pairs], [other for _, other in pairs]
        for end in near:
            end.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while near[1].send(bytes(65536)):
                pass
        far[2].close()
        near[4].close()
        self.assertEqual(send_all([end.send for end in near], b"hello"), [5, 0, 0, 5, 0, 5])
        self.assertEqual([far[number].recv(100) for number in (0, 3, 5)], [b"hello"] * 3)

    def test_what_goes_direct(self) -> None:
        way = Way(True, MUCH)
        write = way.transport.write
        self.assertIs(direct(write), None)  # nobody has looked yet
        write(b"a")
        self.assertEqual(direct(write), way.socket.send)
        way.socket.room = 0
        write(b"b")
        self.assertIs(direct(write), None)
        way.socket.room = MUCH
        way.turn()
        write(b"c")
        self.assertEqual((direct(write), way.socket.taken), (way.socket.send, b"abc"))
        write.rest(b"d")
        self.assertIs(direct(write), None)
        way.turn()
        write(b"e")
        self.assertEqual(way.socket.taken, b"abcde")
        for name, value in (("disconnecting", True), ("connected", 0)):
            gone = Way(True, MUCH)
            gone.transport.write(b"a")
            setattr(gone.transport, name, value)
            self.assertIs(direct(gone.transport.write), None, name)
        self.assertIs(direct(Way(False, MUCH).transport.write), None)
        self.assertIs(direct(StringTransport().write), None)


class Waiting(Port):
    """A listener with many who wait, and who are let in without sockets."""

    def __init__(self, waiting: int) -> None:
        super().__init__(0, Factory())
        self.numberAccepts = 100
        self.waiting = waiting
        self.let_in: list[int] = []

    def doRead(self) -> None:
        """What Twisted's does, as far as it counts."""
        accepted = min(self.waiting, self.numberAccepts)
        self.waiting -= accepted
        self.let_in.append(accepted)
        self.numberAccepts = self.numberAccepts + 20 if accepted == self.numberAccepts else max(1, accepted)


class ListenerTests(SynchronousTestCase):
    """A burst of connections."""

    def test_so_many_a_pass_and_all_in_the_end(self) -> None:
        port = Waiting(5 * ACCEPTS + 3)
        real: Any = port
        few_at_once(port)
        while port.waiting:
            real.doRead()
        self.assertEqual(port.let_in, [5 * ACCEPTS + 3])  # not one of Twisted's own kind: left alone
        port = Waiting(5 * ACCEPTS + 3)
        self.patch(its_module, "Port", Waiting)
        few_at_once(port)
        while port.waiting:
            port.doRead()
        self.assertEqual(port.let_in, [*[ACCEPTS] * 5, 3])
        port.waiting = 2
        port.doRead()
        port.doRead()
        self.assertEqual(port.let_in[6:], [2, 0])

    def test_twisteds_own_listener(self) -> None:
        """It is Twisted's number that is kept small, by its name."""
        self.assertIn("range(numAccepts)", inspect.getsource(Port.doRead))
        self.assertIn("numAccepts = self.numberAccepts", inspect.getsource(Port.doRead))


class Client:
    """The other end of TLS, in memory."""

    def __init__(self) -> None:
        self.connection = SSL.Connection(SSL.Context(SSL.TLS_CLIENT_METHOD), None)
        self.connection.set_connect_state()
        self.read = b""

    def take(self, data: bytes) -> bytes:
        """Take what the server sent; returns what there is to say to it."""
        if data:
            self.connection.bio_write(data)
        try:
            self.connection.do_handshake()
            while True:
                self.read += self.connection.recv(65536)
        except SSL.WantReadError:
            pass
        try:
            return self.connection.bio_read(65536)
        except SSL.WantReadError:
            return b""


class Reluctant:
    """A TLS connection that takes so many records and then wants to read."""

    def __init__(self, real: SSL.Connection, taken: int) -> None:
        self._left = taken
        self._real = real
        self.bio_read = real.bio_read

    def send(self, data: bytes) -> int:
        """What OpenSSL may do at any time."""
        if not self._left:
            raise SSL.WantReadError
        self._left -= 1
        return self._real.send(data)


class TlsTests(SynchronousTestCase):
    """One connection with TLS over a socket that is narrow."""

    def setUp(self) -> None:
        factory = Factory.forProtocol(Protocol)
        self.wrapped = TlsFactory(Certificates(self.mktemp()), factory, Clock())

    def way(self, straight: bool, bite: int) -> tuple[Way, Any, Client]:
        """A connection after its handshake."""
        way = Way(False, MUCH, bite)
        channel: Any = self.wrapped.buildProtocol(None)
        way.transport.protocol = channel
        channel.makeConnection(way.transport)
        if straight:
            straighten(channel)
        client = Client()
        said = client.take(b"")
        for _ in range(6):
            if said:
                channel.dataReceived(said)
            said = self.carry(way, client)
        self.assertTrue(channel._handshakeDone)
        return way, channel, client

    def carry(self, way: Way, client: Client) -> bytes:
        """Take what is on the wire over to the client."""
        while way.reactor.writers:
            way.turn()
        data, way.socket.taken = way.socket.taken, b""
        return client.take(data)

    def test_the_same_text(self) -> None:
        texts = [b"a", b"b" * 20_000, b"c" * 270_000, b"d"]
        for bite in (MUCH, 1_000, 17):
            for straight in (False, True):
                way, channel, client = self.way(straight, bite)
                for text in texts:
                    channel.write(text)
                channel.writeSequence([b"e", b"f" * 5])
                channel.write(b"g")
                self.wrapped._clock.advance(0)  # type: ignore[attr-defined]
                self.carry(way, client)
                self.assertEqual(client.read, b"".join(texts) + b"efffffg")

    def said(self, client: Client, *texts: bytes) -> bytes:
        """What the client sends for these texts."""
        out = []
        for text in texts:
            for start in range(0, len(text), 16_384):
                client.connection.send(text[start : start + 16_384])
                out.append(client.connection.bio_read(20_000))
        return b"".join(out)

    def test_much_comes_in_one_piece_and_then_more_at_once(self) -> None:
        for straight, pieces in ((False, [16_384] * 3 + [10_848]), (True, [60_000])):
            way, channel, client = self.way(straight, MUCH)
            heard: list[bytes] = []
            channel.wrappedProtocol.dataReceived = heard.append
            text = bytes(range(250)) * 240
            channel.dataReceived(self.said(client, text))
            self.assertEqual([len(piece) for piece in heard], pieces)
            self.assertEqual(b"".join(heard), text)
            self.assertEqual(way.transport.bufferSize, LARGE if straight else SMALL)
            channel.dataReceived(self.said(client, b"little"))
            self.assertEqual((heard[-1], way.transport.bufferSize), (b"little", SMALL))

    def test_nothing_of_a_broken_connection_has_to_be_looked_for(self) -> None:
        """Neither what it was given nor the stack of its last error holds it."""
        way, channel, _client = self.way(True, MUCH)
        producer: Any = StringTransport()
        producer.whose = channel
        channel.registerProducer(producer, True)
        del producer
        self.wrapped.clock.advance(SETTLED)  # type: ignore[attr-defined]
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        way.transport.producer = None  # as Twisted does
        del way.transport.protocol
        channel.connectionLost(Failure(main.CONNECTION_LOST))  # without TLS's own goodbye: an error to OpenSSL
        let_go(channel)
        left = weakref.ref(channel)
        del channel
        self.assertIsNone(left())

    def test_what_comes_before_an_end_or_an_error_is_heard(self) -> None:
        for straight in (False, True):
            for broken in (False, True):
                _way, channel, client = self.way(straight, MUCH)
                heard: list[bytes] = []
                channel.wrappedProtocol.dataReceived = heard.append
                data = self.said(client, b"last words")
                if broken:
                    data += b"\x17\x03\x03\x00\x20" + bytes(32)
                else:
                    client.connection.shutdown()
                    data += client.connection.bio_read(1000)
                channel.dataReceived(data)
                self.assertEqual((b"".join(heard), channel._lostTLSConnection), (b"last words", True))
                channel.dataReceived(b"more")
                self.assertEqual(b"".join(heard), b"last words")

    def test_nothing_is_heard_after_an_abort(self) -> None:
        _way, channel, client = self.way(True, MUCH)
        heard: list[bytes] = []
        channel.wrappedProtocol.dataReceived = heard.append
        data = self.said(client, b"late")
        channel.abortConnection()
        channel.dataReceived(data)
        self.assertEqual(heard, [])

    def test_a_client_has_it_too(self) -> None:
        transport: Any = TcpClient.__new__(TcpClient)
        transport.socket = Socket()
        straighten(transport)
        self.assertIsInstance(transport.write, Straight)

    def test_one_system_call_for_many_records(self) -> None:
        way, channel, client = self.way(True, MUCH)
        self.assertIs(direct(channel.write), channel.write)  # it looks itself what is in its way
        calls = way.socket.calls
        channel.write(b"x" * 100_000)
        self.assertEqual(way.socket.calls, calls + 1)
        client.take(way.socket.taken)
        self.assertEqual(client.read, b"x" * 100_000)

    def test_written_before_the_handshake(self) -> None:
        """It waits where Twisted lets it wait, and nothing overtakes it."""
        way = Way(False, MUCH)
        channel: Any = self.wrapped.buildProtocol(None)
        way.transport.protocol = channel
        channel.makeConnection(way.transport)
        straighten(channel)
        channel.write(b"early ")
        channel.write(b"")
        client = Client()
        said = client.take(b"")
        while said:
            channel.dataReceived(said)
            said = self.carry(way, client)
        channel.write(b"late")
        self.carry(way, client)
        self.assertEqual(client.read, b"early late")

    def test_openssl_wants_to_read_first(self) -> None:
        """The usual way keeps what was not taken, from where it was not taken."""
        way, channel, client = self.way(True, MUCH)
        real = channel._tlsConnection
        for taken in (0, 1, 2):
            channel._tlsConnection = Reluctant(real, taken)
            text = bytes([65 + taken]) * 40_000
            channel.write(text)
            channel.write(b"later")
            self.assertTrue(channel._appSendBuffer)
            channel._tlsConnection = real
            channel._unbufferPendingWrites()
            self.carry(way, client)
            self.assertEqual(client.read, text + b"later")
            client.read = b""

    def test_nothing_is_sent_after_the_end(self) -> None:
        for end in ("loseConnection", "abortConnection"):
            way, channel, client = self.way(True, MUCH)
            getattr(channel, end)()
            channel.write(b"late")
            with contextlib.suppress(SSL.ZeroReturnError):
                self.carry(way, client)
            self.assertEqual(client.read, b"")

    def test_at_once(self) -> None:
        way, channel, client = self.way(True, MUCH)
        asked = way.reactor.asked
        channel.write(b"hello")
        self.assertEqual(way.reactor.asked, asked)
        client.take(way.socket.taken)
        self.assertEqual(client.read, b"hello")
