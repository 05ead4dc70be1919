"""TLS for the server: a certificate made at first start or given in files, exchanged while the server runs.

Rule: only what is safe is offered (TLS 1.2 and 1.3, forward secrecy, no compression, no renegotiation), a bad pair
never replaces a good one, and a stranger who does not finish the handshake makes us hold little.

Sessions are not resumed (no tickets, no cache): an ECDSA handshake costs half a millisecond, a ticket's key would
outlive the forward secrecy of what it protects, and channel binding (RFC 9266) under TLS 1.2 wants nothing resumed. So
every connection has shown the key of its own client certificate, if it has one. Clients are asked for one and need not
have one; whose it is, is not the handshake's business: any certificate is taken, and an account is proved only by the
fingerprint of one that it has tied to itself (SASL EXTERNAL). Nobody's signature under it means anything here.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator, IProtocol, IProtocolFactory, IReactorTime
from twisted.protocols.tls import BufferingTLSTransport, TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

CERTIFICATE: Final = "certificate.pem"
KEY: Final = "key.pem"
YEARS: Final = 10
"""How long a certificate we make is good. Clients pin it; a shorter time would only teach people to accept changes."""

CIPHERS: Final = b"ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2; all suites of TLS 1.3 are as good."""

RELEASE_BUFFERS: Final = 0x10
"""SSL_MODE_RELEASE_BUFFERS of OpenSSL: an idle connection keeps no record buffers, 33 instead of 60 KiB each."""

SETTLED: Final = 5.0
"""Seconds after the handshake at which a client has been let in and told where it is."""

HANDSHAKE_BYTES: Final = 16_384
"""What a client may send without finishing the handshake; a hello with post-quantum keys, sent twice, has 5,000, and a
certificate with its chain as many."""


class BadCertificate(Exception):
    """A certificate or key cannot be used; the text says in a sentence which file, and why."""


@implementer(IOpenSSLServerConnectionCreator)
class Certificates:
    """The server's certificate and key as Twisted wants them: `TlsFactory(certificates, factory)` serves with them.

    `folder` is where a pair is made if none is given (names: this host's, localhost, 127.0.0.1, ::1 and `names`).
    `certificate` is a PEM file, the server's own first, then the chain; `key` may be in the same file.
    Raises BadCertificate.
    """

    fingerprint: str
    """SHA-256 of the certificate, in upper-case hex pairs with colons: what a client shows at first contact."""
    expires: datetime
    """When the certificate ends, in UTC."""

    def __init__(
        self,
        folder: str | os.PathLike[str],
        certificate: str | os.PathLike[str] | None = None,
        key: str | os.PathLike[str] | None = None,
        names: Sequence[str] = (),
    ) -> None:
        folder = Path(folder)
        if certificate or key:
            if not certificate:
                raise BadCertificate(f"A key ({key}) is given without its certificate.")
            self.certificate, self.key = Path(certificate), Path(key or certificate)
        else:
            self.certificate, self.key = folder / CERTIFICATE, folder / KEY
            _make_missing(folder, self.certificate, self.key, names)
        self.reload()

    def reload(self) -> None:
        """Read the files again; connections from now on get the new pair, present ones are not touched.

        Raises BadCertificate, and then the old pair stays.
        """
        chain, key = _read_chain(self.certificate), _read_key(self.key)
        context = _context(chain, key, self.certificate, self.key)
        self._context = context
        self.fingerprint = chain[0].fingerprint(hashes.SHA256()).hex(":").upper()
        self.expires = chain[0].not_valid_after_utc

    def serverConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """A connection for Twisted's TLS (IOpenSSLServerConnectionCreator)."""
        return SSL.Connection(self._context, None)


class Channel(BufferingTLSTransport):
    """A TLS connection that is cut when the client sends much without finishing the handshake.

    OpenSSL would take a hello of 128 KiB. Who is merely slow is the door's business: its protocol is connected before
    the handshake starts, so a deadline there covers it, and `abortConnection` ends it at any moment. What the handshake
    needed in memory is given back behind it, and what the first words needed a moment later: together a fifth of what
    OpenSSL holds for who is silent.
    """

    factory: TlsFactory
    _unfinished: int | None

    def __init__(self, factory: TlsFactory, wrapped: IProtocol, connect: bool = True) -> None:
        """All that it will ever have: who gets more later, when there are others, takes half a KiB for that."""
        super().__init__(factory, wrapped, connect)
        self._unfinished = 0
        self._handshakeDone = self._producerPaused = False
        self._producer = None

    def dataReceived(self, bytes: bytes) -> None:
        super().dataReceived(bytes)
        if self._unfinished is None:
            return
        handle = self.getHandle()
        if handle is None or handle.get_peer_finished() is not None:
            self._unfinished = None
            self.slim()  # now, so that the next handshake has that memory
            self.factory.clock.callLater(SETTLED, self.slim)
            return
        self._unfinished += len(bytes)
        if self._unfinished > HANDSHAKE_BYTES:
            self.abortConnection()

    def slim(self) -> None:
        """Have OpenSSL begin with new buffers, where nothing is in the old ones: they only ever grow."""
        connection: Any = self._tlsConnection
        if connection is None or self._lostTLSConnection:
            return
        lib, nowhere = vars(SSL)["_lib"], vars(SSL)["_ffi"].new("char **")  # pyOpenSSL has no name for any of this
        if lib.BIO_get_mem_data(connection._into_ssl, nowhere) or lib.BIO_get_mem_data(connection._from_ssl, nowhere):
            return
        connection._into_ssl, connection._from_ssl = lib.BIO_new(lib.BIO_s_mem()), lib.BIO_new(lib.BIO_s_mem())
        lib.SSL_set_bio(connection._ssl, connection._into_ssl, connection._from_ssl)  # lets go of the old ones

    def _tlsShutdownFinished(self, reason: Failure | None) -> None:  # noqa: N802
        super()._tlsShutdownFinished(reason)
        if reason is not None and reason.value is not None:
            reason.tb = reason.value.__traceback__ = None  # it holds the connection, and is held by it


class TlsFactory(TLSMemoryBIOFactory):
    """Serves another factory's protocols over TLS, each in a Channel. `clock` is the reactor."""

    protocol = Channel

    def __init__(
        self, certificates: Certificates, wrapped: IProtocolFactory, clock: IReactorTime | None = None
    ) -> None:
        super().__init__(certificates, False, wrapped, clock)
        self.clock: IReactorTime = self._clock


# ---- the context -----------------------------------------------------------------------------------------------


def _context(chain: list[x509.Certificate], key: PrivateKeyTypes, certificate: Path, key_file: Path) -> SSL.Context:
    if chain[0].public_key() != key.public_key():
        raise BadCertificate(f"The key in {key_file} does not belong to the first certificate in {certificate}.")
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_options(
        SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_CIPHER_SERVER_PREFERENCE | SSL.OP_NO_TICKET
    )
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_cipher_list(CIPHERS)
    context.set_mode(RELEASE_BUFFERS)
    context.set_verify(SSL.VERIFY_PEER, _taken)
    try:
        context.use_certificate(chain[0])
        for link in chain[1:]:
            context.add_extra_chain_cert(link)
        context.use_privatekey(key)  # type: ignore[arg-type]
        context.check_privatekey()
    except (SSL.Error, TypeError, ValueError) as error:
        raise BadCertificate(f"The certificate in {certificate} cannot be used for TLS ({_reason(error)}).") from error
    return context


def _taken(*_: object) -> bool:
    """Any client certificate will do: OpenSSL has checked that the client has its key."""
    return True


def _reason(error: Exception) -> str:
    """OpenSSL's own words for what went wrong, such as `ee key too small`."""
    if isinstance(error, SSL.Error) and error.args and error.args[0]:
        return str(error.args[0][-1][-1])
    return str(error)


# ---- the files -------------------------------------------------------------------------------------------------


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadCertificate(f"Cannot read {path}: {error.strerror}.") from error


def _read_chain(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_read(path))
    except ValueError as error:
        raise BadCertificate(f"There is no valid PEM certificate in {path}.") from error


def _read_key(path: Path) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(_read(path), None)
    except TypeError as error:
        raise BadCertificate(f"The key in {path} is encrypted: give one without a password.") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadCertificate(f"There is no valid PEM private key in {path}.") from error


def _make_missing(folder: Path, certificate: Path, key: Path, names: Sequence[str]) -> None:
    """Make key and certificate where there are none; the key first, so that a crash between leaves what can go on."""
    if certificate.exists():
        if not key.exists():
            raise BadCertificate(
                f"{key} is missing. Restore it, or remove {certificate} too to have a new pair made "
                "(every client will then say that the server has changed)."
            )
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not key.exists():
        private = ec.generate_private_key(ec.SECP256R1())
        _write(key, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    _write(certificate, _self_signed(_read_key(key), key, names).public_bytes(Encoding.PEM), 0o644)


def _self_signed(key: PrivateKeyTypes, path: Path, names: Sequence[str]) -> x509.Certificate:
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise BadCertificate(f"The key in {path} is not one that was made here; give its certificate, too.")
    host = socket.gethostname() or "localhost"
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    return (
        builder.not_valid_before(now - timedelta(days=1))  # for clients whose clock is behind
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(_alternatives([host, "localhost", "127.0.0.1", "::1", *names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _alternatives(names: list[str]) -> x509.SubjectAlternativeName:
    """The names a client may have called us by; what is neither an address nor ASCII is left out."""
    found: list[x509.GeneralName] = []
    for name in dict.fromkeys(names):
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            if name.isascii() and name:
                found.append(x509.DNSName(name))
    return x509.SubjectAlternativeName(found)


def _write(path: Path, data: bytes, mode: int) -> None:
    """Write a whole file or none, readable as `mode` says from its first moment."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    part.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
