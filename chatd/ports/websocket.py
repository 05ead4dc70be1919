"""IRC for programs in a browser: WebSocket messages (RFC 6455; IRCv3 websocket), each one line.

Rule: it carries lines to and from the line port and knows nothing of what they say. A message is bounded like a line;
text messages out are UTF-8. Compression is not offered: it costs memory for each session and tells lengths apart.

Any Origin may come in. The browser adds nothing of its own to a connection here, no cookie and no password, so a
strange page can do no more than a strange program: come in as a guest, where guests are welcome.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any, Final

from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Message, Ping, RejectConnection, Request
from wsproto.events import TextMessage as TextFrame
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from chatd.ports.lines import LONGEST, Lines

SUBPROTOCOLS: Final = ("text.ircv3.net", "binary.ircv3.net")
FORWARDED: Final = b"x-forwarded-for"
POLICY: Final = 1008  # the code of a close for what the server does not take
GONE_CODES: Final = (1000, 1001, 1005)  # a client's goodbye


class Peer:
    """Where a client behind a proxy comes from."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.port = 0


class Carrier:
    """What the line port takes for its transport: bytes of whole lines become messages."""

    def __init__(self, socket: WebSocket, binary: bool, peer: Any) -> None:
        self._transport: Any = socket.transport
        self._connection = socket.connection
        self._binary = binary
        self._peer = peer
        self.registerProducer = self._transport.registerProducer
        self.unregisterProducer = self._transport.unregisterProducer
        self.pauseProducing = self._transport.pauseProducing
        self.resumeProducing = self._transport.resumeProducing
        self.abortConnection = self._transport.abortConnection

    def getPeer(self) -> Any:
        """The address of the other end, or what the proxy says of it."""
        return self._peer

    def getHandle(self) -> Any:
        """The TLS connection, where there is one."""
        return getattr(self._transport, "getHandle", lambda: None)()

    def write(self, data: bytes) -> None:
        """Send lines."""
        if self._connection.state is not ConnectionState.OPEN:
            return
        send = self._connection.send
        frames = []
        for line in data.split(b"\r\n"):
            if line:
                frames.append(send(BytesMessage(line) if self._binary else TextFrame(line.decode("utf-8", "replace"))))
        self._transport.write(b"".join(frames))

    def writeSequence(self, parts: Iterable[bytes]) -> None:
        """The same of several pieces."""
        self.write(b"".join(parts))

    def loseConnection(self) -> None:
        """Say goodbye and close."""
        if self._connection.state is ConnectionState.OPEN:
            self._transport.write(self._connection.send(CloseConnection(1000)))
        self._transport.loseConnection()


class WebSocket(Protocol):
    """One connection that speaks WebSocket."""

    transport: Any

    def __init__(self, lines: Callable[[], Lines]) -> None:
        self.connection = WSConnection(ConnectionType.SERVER)
        self.let_in: Callable[[], None] = lambda: None  # the door may want to know that somebody logged in
        self.lines: Lines | None = None
        self._make = lines
        self._parts: list[bytes] = []
        self._size = 0  # of the message so far
        self._deaf = False

    @property
    def session(self) -> Any:
        """The node's session, once the handshake is over."""
        return self.lines.session if self.lines is not None else None

    def dataReceived(self, data: bytes) -> None:
        if self._deaf:
            return
        try:
            self.connection.receive_data(data)
        except (RemoteProtocolError, LocalProtocolError, UnicodeError) as error:
            self._reject(getattr(error, "event_hint", None))
            return
        for event in self.connection.events():
            if not self._deaf:
                self._take(event)

    def _take(self, event: Any) -> None:
        if isinstance(event, Request):
            self._accept(event)
            return
        lines = self.lines
        assert lines is not None
        if isinstance(event, Message):
            self._message(lines, event)
        elif isinstance(event, CloseConnection):
            lines.deaf = lines.deaf or event.code in GONE_CODES
            self._close(event.response())
        else:
            lines.alive()
            if not lines.may():
                self._close(CloseConnection(POLICY, "too many pings"))
            elif isinstance(event, Ping) and not lines.outlet.paused:  # who does not read is not answered
                self._write(self.connection.send(event.response()))

    # ---- the handshake ----

    def _accept(self, request: Request) -> None:
        offered = [name for name in request.subprotocols if name in SUBPROTOCOLS]
        chosen = offered[0] if offered else None
        self._write(self.connection.send(AcceptConnection(subprotocol=chosen)))
        self.lines = self._make()
        self.lines.let_in = lambda: self.let_in()
        carrier = Carrier(self, chosen == SUBPROTOCOLS[1], self._peer(request))
        self.lines.makeConnection(carrier)

    def _peer(self, request: Request) -> Any:
        """Where the client is: a proxy on this machine says it in a header, its own word being the last."""
        peer: Any = self.transport.getPeer()
        address = _address(getattr(peer, "host", ""))
        if address is not None and not address.is_loopback:
            return peer
        said = [value for name, value in request.extra_headers if name == FORWARDED]
        told = _address(said[-1].decode("latin-1").rpartition(",")[2].strip()) if said else None
        return Peer(str(told)) if told is not None and not told.is_loopback else peer

    def _reject(self, hint: Any) -> None:
        """This is no WebSocket, or not one that goes on."""
        if self.connection.state is ConnectionState.CONNECTING:
            event = hint if isinstance(hint, RejectConnection) else RejectConnection()
            try:
                self._write(self.connection.send(event))
            except (LocalProtocolError, RemoteProtocolError):
                pass  # it was not even HTTP
        self._end()

    # ---- messages ----

    def _message(self, lines: Lines, event: Message[Any]) -> None:
        part = event.data.encode() if isinstance(event.data, str) else bytes(event.data)
        self._size += len(part)
        if self._size <= LONGEST:
            self._parts.append(part)
        else:
            self._parts.clear()
        if not event.message_finished:
            if self._size > lines.MOST_SKIPPED:
                lines.give_up()
            elif not lines.may():
                self._close(CloseConnection(POLICY, "too many fragments"))
            return
        line = b"".join(self._parts).removesuffix(b"\n").removesuffix(b"\r").replace(b"\n", b" ")
        too_long = self._size > LONGEST
        self._parts, self._size = [], 0
        lines.message(None if too_long else line)

    # ---- the end ----

    def _write(self, data: bytes) -> None:
        self.transport.write(data)

    def _close(self, event: CloseConnection) -> None:
        if self.connection.state in (ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING):
            self._write(self.connection.send(event))
        self._end()

    def _end(self) -> None:
        self._deaf = True
        self.transport.loseConnection()

    def connectionLost(self, reason: Failure | None = None) -> None:
        self._deaf = True
        if self.lines is not None:
            self.lines.connectionLost(reason)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
