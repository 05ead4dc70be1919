"""The shortest way out of a connection that has nothing queued: one system call, now; and the shortest way in.

Rule: the only file that reaches past Twisted's public transport and listener. `transport.write` puts bytes into a queue
and asks epoll to say when they may be sent, then asks it to stop: two more system calls and one more pass of the
reactor each. Where nothing is queued the socket is asked at once; what it does not take goes the usual way, and so does
everything while something is queued, so that no byte overtakes another. A broken socket is found by the usual way too.

What many hear goes to all of them in one loop in C (`send_all`): Python touches a thousand connections for as little as
it can, because each of its looks at one is a miss of the processor's caches.

With TLS the records of one write are made one after the other and leave together: Twisted's own way asks OpenSSL for
each record twice, goes through five functions for it and makes a system call of each. Its gathering of small writes is
passed by, because a release writes once to a session anyway.

What comes by TLS is decrypted record by record, and handed over in one piece for each read of the socket; Twisted's way
hands over each record. While much comes, more is read at once: a file's bytes are dealt with in fewer passes. Server
and client use this alike. (300 MiB up, `python -m tests.bench.files`: 0.83 s of the client's CPU and 0.91 of the
server's without all that, 0.55 and 0.70 with it.)

Measured by `make bench`, as a share of a bare server's deliveries: without this a group of 100 had 0.7 to 0.95 and one
of 1,000 0.9 to 1.7 (two runs), with it 1.2 and 2.9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import repeat
from operator import call
from typing import Any

from OpenSSL import SSL
from twisted.internet.tcp import Client, Port, Server
from twisted.protocols.policies import ProtocolWrapper
from twisted.protocols.tls import BufferingTLSTransport, TLSMemoryBIOProtocol

ACCEPTS = 10  # connections that one pass of the reactor takes; each is a tenth of a millisecond for all others
RECORD = 16_384  # bytes of text that fit into one TLS record; OpenSSL's memory grows to one record a connection
ROOM = 1024  # what a record has besides
SMALL = 65_536  # bytes that one read of a socket takes; Twisted's own number
LARGE = 262_144  # and while it is full each time
PIECES = 256  # that one system call takes: the least that is usual for IOV_MAX is 1,024

Send = Callable[[bytes], int]  # takes bytes now and returns how many it took; raises OSError where it can take none


class Straight:
    """Takes the place of one TCP connection's `write`."""

    __slots__ = ("_queue", "_queued", "_send", "_send_pieces", "_transport")

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._queue = transport.write
        self._queued = True  # something may be; known here, because a look into the transport costs as much as all else
        self._send = transport.socket.send
        self._send_pieces = getattr(transport.socket, "sendmsg", None)  # Windows has none

    def __call__(self, data: bytes) -> int:
        """Send bytes, or queue what the socket does not take. Returns 0 where something waits, else their number."""
        transport = self._transport
        if self._queued:
            self._queued = bool(transport.dataBuffer or transport._tempDataBuffer)
        if self._queued or transport.disconnecting or not transport.connected:
            self._queue(data)
            return 0
        try:
            sent: int = self._send(data)
        except OSError:  # full, or broken: the queue's own attempt will tell
            sent = 0
        if sent < len(data):
            self.rest(data[sent:])
            return 0
        return sent

    def direct(self) -> Send | None:
        """The socket's own `send`, where nothing is in its way."""
        transport = self._transport
        return None if self._queued or transport.disconnecting or not transport.connected else self._send

    def rest(self, data: bytes) -> None:
        """Queue what the socket has not taken."""
        self._queued = True
        self._queue(data)

    def sequence(self, parts: Iterable[bytes]) -> int:
        """The same of several pieces; many are put together by the kernel, which saves a copy of all of them."""
        pieces, transport = list(parts), self._transport
        clear = not (self._queued or transport.disconnecting) and transport.connected
        if not clear or not 2 < len(pieces) <= PIECES or self._send_pieces is None:
            return self(b"".join(pieces))
        try:
            sent: int = self._send_pieces(pieces)
        except OSError:  # as above
            sent = 0
        if sent < sum(map(len, pieces)):
            self.rest(b"".join(pieces)[sent:])
            return 0
        return sent


def direct(write: Any) -> Send | None:
    """What may be called in place of this `write` of a transport, while nothing else happens to the connection.

    It returns how many bytes it has taken, or raises OSError; who calls it gives what is left to `write.rest`, and asks
    anew. None: nothing may.
    """
    return write.direct() if type(write) is Straight else write if type(write) is StraightTls else None


def send_all(sends: Iterable[Send], data: bytes) -> list[int]:
    """Send the same bytes on many connections, in one loop in C; returns how many bytes each has taken.

    A refusal (full, or broken: the usual way's own attempt will tell) is a 0, and the others go on.
    """
    taken: list[int] = []
    calls = map(call, sends, repeat(data))
    while True:
        try:
            taken.extend(calls)  # keeps what came before an exception, and the call that raised is used up
        except OSError:
            taken.append(0)
        else:
            return taken


class StraightTls:
    """Takes the place of one TLS connection's `write`."""

    __slots__ = ("_channel", "_queue", "_write")

    def __init__(self, channel: TLSMemoryBIOProtocol) -> None:
        self._channel = channel
        self._queue = partial(TLSMemoryBIOProtocol.write, channel)
        self._write = channel.transport.write  # type: ignore[union-attr]

    def __call__(self, data: bytes) -> int:
        """Encrypt bytes and send them, or leave it to Twisted while a handshake or an end is under way.

        Returns how many they were: whatever happens, they are dealt with.
        """
        channel, size, done = self._channel, len(data), 0
        if not channel._handshakeDone or channel._appSendBuffer or channel._lostTLSConnection or channel.disconnecting:
            self._queue(data)
            return size
        connection, records = channel._tlsConnection, []
        try:
            while done < size:
                done += connection.send(data[done : done + RECORD] if size > RECORD else data)
                records.append(connection.bio_read(min(size, RECORD) + ROOM))
        except SSL.Error:  # the usual way knows what to do, and finds it again
            pass
        if records:
            self._write(records[0] if len(records) == 1 else b"".join(records))
        if done < size:
            self._queue(data[done:])
        return size

    def sequence(self, parts: Iterable[bytes]) -> int:
        """The same of several pieces."""
        return self(b"".join(parts))


class StraightIn:
    """Takes the place of one TLS connection's way from OpenSSL to its protocol."""

    __slots__ = ("_channel", "_usual")

    def __init__(self, channel: TLSMemoryBIOProtocol) -> None:
        self._channel = channel
        self._usual = partial(TLSMemoryBIOProtocol._flushReceiveBIO, channel)

    def __call__(self) -> None:
        """Hand over what has been decrypted, in one piece."""
        channel, error = self._channel, False
        parts: list[bytes] = []
        receive, part = channel._tlsConnection.recv, parts.append
        if channel._lostTLSConnection:
            return
        try:
            while True:
                part(receive(RECORD))
        except SSL.WantReadError:
            pass
        except SSL.Error:  # also a good end; the usual way knows what to do, and finds it again
            error = True
        if parts and not channel._aborted:
            low: Any = channel.transport
            low.bufferSize = LARGE if len(parts) * RECORD >= SMALL - RECORD else SMALL
            ProtocolWrapper.dataReceived(channel, parts[0] if len(parts) == 1 else b"".join(parts))
        if error:
            self._usual()
        else:
            channel._flushSendBIO()


def straighten(transport: Any) -> None:
    """Give a connection the shortest way out and in, if it is one that has it; another one is left as it is."""
    low = transport
    if isinstance(transport, BufferingTLSTransport):
        low = transport.transport
    if type(low) in (Server, Client):  # not a UNIX socket, which sends otherwise
        low.write = straight_low = Straight(low)
        low.writeSequence = straight_low.sequence  # its own would not be noticed
        # what it will have anyway: who gets more later, when there are others, takes half a KiB for that
        low.producer, low.streamingProducer, low.bufferSize, low.dataBuffer, low.offset = None, 0, SMALL, b"", 0
    if low is not transport:
        transport.write = straight = StraightTls(transport)
        transport.writeSequence = straight.sequence  # its own would be overtaken
        transport._flushReceiveBIO = StraightIn(transport)


def let_go(transport: Any) -> None:
    """Take back from a connection that is over what it was given: it would hold itself, and Python would have to look
    for it. A thousand that end together were 20 ms of that at once."""
    if isinstance(transport, BufferingTLSTransport):
        for name in ("writeSequence", "_flushReceiveBIO"):
            vars(transport).pop(name, None)
        transport._producer = None
        transport = transport.transport
    if type(transport) in (Server, Client):
        for name in ("write", "writeSequence"):
            vars(transport).pop(name, None)


def few_at_once(port: Any) -> None:
    """Let a listener take only so many connections in one pass; Twisted's takes 100, and more with each burst."""
    if type(port) is not Port:
        return
    read = port.doRead

    def do_read() -> None:
        port.numberAccepts = min(port.numberAccepts, ACCEPTS)
        read()

    port.doRead = do_read  # type: ignore[method-assign]
