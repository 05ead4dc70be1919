"""The line to the server: endpoint, TLS, frames. The only file of the core with Twisted in it.

Rule: it decides nothing. The certificate is shown to the listener before a byte of ours is sent, and what the listener
says is done. The handshake itself always succeeds: chain errors are noted, then judged.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

from OpenSSL import SSL, crypto
from service_identity import VerificationError
from service_identity.exceptions import CertificateError
from service_identity.pyopenssl import verify_hostname, verify_ip_address
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.error import ConnectionDone, ConnectionLost, DNSLookupError, TimeoutError
from twisted.internet.interfaces import (
    IHandshakeListener,
    IOpenSSLClientConnectionCreator,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory
from twisted.protocols.basic import Int32StringReceiver
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.messages import EXPORTER_LABEL
from chatd.straight import straighten
from chatd.wire.pack import BadFrame, Command, Event, decode_event, encode_command, frame
from clients.core.address import Address, ip
from clients.core.app import Listener
from clients.core.notices import Security

LARGEST_FRAME: Final = 16 * 1024 * 1024
WRITE_BYTES: Final = 65_536  # that are put together before they are written
CONNECT_SECONDS: Final = 15
CLOSE_SECONDS: Final = 3


class Connection:
    """Opens lines to one server, one at a time."""

    def __init__(self, reactor: Any, address: Address, tls: bool) -> None:
        self._reactor = reactor
        self._address = address
        self._tls = tls
        self._protocol: Frames | None = None
        self._connecting: Any = None

    def open(self, listener: Listener) -> None:
        """Connect; `listener` hears of everything."""
        endpoint: IStreamClientEndpoint = HostnameEndpoint(
            self._reactor, self._address.host.encode("idna" if not ip(self._address.host) else "ascii"),
            self._address.port, timeout=CONNECT_SECONDS,
        )  # fmt: skip
        creator = _Creator(self._address.host) if self._tls else None
        if creator is not None:
            endpoint = wrapClientTLS(creator, endpoint)
        protocol = Frames(listener, creator, self._reactor)

        def failed(failure: Failure) -> None:
            self._connecting = None
            listener.lost(_reason(failure), opened=False)

        def made(protocol: Any) -> None:
            self._connecting = None

        self._protocol = protocol  # before it is made: it speaks as soon as it is
        self._connecting = endpoint.connect(_once(protocol))
        self._connecting.addCallbacks(made, failed)

    def proceed(self) -> None:
        """The certificate is in order after all."""
        if self._protocol is not None:
            self._protocol.proceed()

    def write(self, commands: list[Command]) -> None:
        """Send these, in one go."""
        if self._protocol is not None:
            self._protocol.write(commands)

    def close(self) -> None:
        """Close it; `lost` follows."""
        if self._connecting is not None:
            self._connecting.cancel()
        elif self._protocol is not None:
            self._protocol.close()


@implementer(IHandshakeListener)
class Frames(Int32StringReceiver):
    """Frames to and from a listener. Without a creator there is no TLS and nothing to wait for."""

    MAX_LENGTH = LARGEST_FRAME
    transport: Any  # TCP or TLS over it; the interfaces of Twisted do not name all that both can do

    def __init__(self, listener: Listener, creator: _Creator | None, clock: IReactorTime) -> None:
        self._listener = listener
        self._creator = creator
        self._clock = clock
        self._events: list[Event] = []
        self._late: list[bytes] = []  # what came of a frame that is not whole
        self._late_bytes = 0
        self._opened = False
        self._ended = False
        self._why = ""
        self._closing: Any = None
        self._security = Security()

    def connectionMade(self) -> None:
        """Without TLS the line is open now."""
        straighten(self.transport)
        for set_option in ("setTcpNoDelay", "setTcpKeepAlive"):  # small after large must not wait for a late ACK
            getattr(self.transport, set_option, lambda _: None)(True)
        if self._creator is None:
            self.proceed()

    def handshakeCompleted(self) -> None:
        """Show the certificate to the listener; nothing of ours has been sent."""
        assert self._creator is not None
        connection = self.transport.getHandle()
        certificate = connection.get_peer_certificate()
        fingerprint = certificate.digest("sha256").decode().replace(":", "").lower()
        vouched = not self._creator.errors and _named(connection, self._creator.host)
        verdict = self._listener.judge(fingerprint, vouched)
        how = "system" if vouched else "pinned"
        version = connection.get_protocol_version_name()
        self._security = Security(how, version, fingerprint, _expiry(certificate))
        if verdict == "go":
            self.proceed()
        elif verdict == "refuse":
            self.close()

    def proceed(self) -> None:
        """The line is open."""
        self._opened = True
        binding = b""
        if self._creator is not None:
            binding = self.transport.getHandle().export_keying_material(EXPORTER_LABEL, 32, b"")
        self._listener.connected(binding, self._security)

    def dataReceived(self, data: bytes) -> None:
        """All the frames of one piece are told at once.

        Twisted's own is asked when a frame is whole: it copies what is there of one with every piece of it.
        """
        self._late.append(data)
        self._late_bytes += len(data)
        opening = self.recvd[:4]
        if len(opening) == 4 and len(self.recvd) + self._late_bytes < 4 + int.from_bytes(opening, "big"):
            return
        data = data if len(self._late) == 1 else b"".join(self._late)
        self._late, self._late_bytes = [], 0
        super().dataReceived(data)
        events, self._events = self._events, []
        if events and not self._ended:
            self._listener.received(events)

    def stringReceived(self, string: bytes) -> None:
        """One frame."""
        try:
            event = decode_event(string)
        except BadFrame as error:
            self._why = f"The server does not speak this protocol ({error})."
            self.close()
            return
        if event is not None:
            self._events.append(event)

    def lengthLimitExceeded(self, length: int) -> None:
        """Nothing that speaks our protocol sends such a frame."""
        self._why = "The server does not speak this protocol."
        self._abort()

    def write(self, commands: list[Command]) -> None:
        """Send these, in one go, or in several where that is much: large pieces of memory are slow to come by."""
        parts, size = [], 0
        for command in commands:
            parts.append(frame(encode_command(command)))
            size += len(parts[-1])
            if size >= WRITE_BYTES:
                self._write(parts)
                parts, size = [], 0
        self._write(parts)

    def _write(self, parts: list[bytes]) -> None:
        if parts and self.transport is not None and not self._ended:
            self.transport.write(parts[0] if len(parts) == 1 else b"".join(parts))

    def close(self) -> None:
        """Let what was written go out, but do not wait for a dead line."""
        if self._closing is None and not self._ended and self.transport is not None:
            self._closing = self._clock.callLater(CLOSE_SECONDS, self._abort)
            self.transport.loseConnection()

    def _abort(self) -> None:
        if not self._ended and self.transport is not None:
            self.transport.abortConnection()

    def connectionLost(self, reason: Failure = Failure(ConnectionDone())) -> None:  # noqa: B008
        """The line is gone."""
        if self._closing is not None and self._closing.active():
            self._closing.cancel()
        self._ended = True
        self._listener.lost(self._why or _reason(reason), opened=True)


@implementer(IOpenSSLClientConnectionCreator)
class _Creator:
    """TLS 1.2 or newer with the system's authorities; what is wrong with a chain is noted in `errors`."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.errors: list[int] = []

    def clientConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """A connection that asks for this host by name."""
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        context.set_default_verify_paths()
        context.set_verify(SSL.VERIFY_PEER, self._verify)
        connection = SSL.Connection(context, None)
        if ip(self.host) is None:
            connection.set_tlsext_host_name(self.host.encode("idna"))
        return connection

    def _verify(self, connection: SSL.Connection, certificate: crypto.X509, error: int, depth: int, ok: int) -> bool:
        if error:
            self.errors.append(error)
        return True


def _once(protocol: Frames) -> Any:
    """A factory for exactly this protocol."""
    factory = Factory.forProtocol(_giver(protocol))
    factory.noisy = False
    return factory


def _giver(protocol: Frames) -> Callable[[], Frames]:
    return lambda: protocol


def _named(connection: SSL.Connection, host: str) -> bool:
    """Whether the certificate is for this host."""
    try:
        if ip(host) is None:
            verify_hostname(connection, host)
        else:
            verify_ip_address(connection, host)
    except (VerificationError, CertificateError):
        return False
    return True


def _expiry(certificate: crypto.X509) -> str:
    """When it ends, as 2027-01-31."""
    text = (certificate.get_notAfter() or b"").decode()
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) >= 8 else ""


def _reason(failure: Failure) -> str:
    """Why, in one line."""
    if failure.check(ConnectionDone):
        return "The server closed the connection."
    if failure.check(ConnectionLost):
        return "The connection broke."
    if failure.check(DNSLookupError):
        return "There is no host of that name (`chat --help` shows what stands where)."
    if failure.check(TimeoutError):
        return "The server does not answer."
    number = getattr(failure.value, "osError", None)
    if isinstance(number, int):
        return os.strerror(number) + "."
    if isinstance(failure.value, SSL.Error):
        return "The server does not speak TLS here (is this its plain port? --plaintext)."
    lines = failure.getErrorMessage().rstrip(".").splitlines()
    return lines[0] + "." if lines else "The connection was lost."
