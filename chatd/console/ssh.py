"""The console's SSH server: Twisted Conch, with the doors shut that it leaves open.

Rule: public keys only, and only modern algorithms; a connection that is not in after some seconds or some tries ends,
and only so many may be there. No forwarding, no subsystem, no agent: one kind of channel, and what it may ask is in
`channel.py`. What strangers do is counted and told once a minute, whatever they do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from twisted.conch.avatar import ConchUser
from twisted.conch.error import ConchError, ValidPublicKey
from twisted.conch.interfaces import IConchUser
from twisted.conch.ssh.channel import SSHChannel
from twisted.conch.ssh.common import getNS
from twisted.conch.ssh.connection import OPEN_RESOURCE_SHORTAGE, SSHConnection
from twisted.conch.ssh.factory import SSHFactory
from twisted.conch.ssh.keys import BadKeyError, BadSignatureAlgorithmError, Key
from twisted.conch.ssh.transport import SSHServerTransport
from twisted.conch.ssh.userauth import SSHUserAuthServer
from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import ISSHPrivateKey
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import IRealm, Portal
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import AlreadyCalled, AlreadyCancelled
from twisted.internet.interfaces import IReactorTime
from twisted.logger import ILogObserver, LogEvent, Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.console.keys import Authorized, AuthorizedKeys
from chatd.console.verbs import Operator

log = Logger()
# RFC 9142 and OpenSSH's own defaults, without what needs NIST's curves, SHA-1 or a mode of CBC
KEY_EXCHANGES: Final = (b"mlkem768x25519-sha256", b"curve25519-sha256", b"curve25519-sha256@libssh.org")
CIPHERS: Final = (b"aes256-ctr", b"aes192-ctr", b"aes128-ctr")
MACS: Final = (b"hmac-sha2-512", b"hmac-sha2-256")
SIGNATURES: Final = (
    b"ssh-ed25519", b"rsa-sha2-512", b"rsa-sha2-256", b"ecdsa-sha2-nistp256", b"ecdsa-sha2-nistp384",
    b"ecdsa-sha2-nistp521",
)  # fmt: skip
LOGIN_SECONDS: Final = 20
TRIES: Final = 5
MOST_STRANGERS: Final = 20
MOST_CONNECTIONS: Final = 50
MOST_CHANNELS: Final = 10
REPORT_SECONDS: Final = 60.0


@implementer(ILogObserver)
class Silence:
    """An observer that observes nothing: Conch says several lines about each key that does not fit."""

    def __call__(self, event: LogEvent) -> None:
        """Say nothing."""


quiet: Final = Logger(namespace="chatd.console.conch", observer=Silence())


class Refusals:
    """How many have been refused; told at most once a minute."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._told = -REPORT_SECONDS
        self.count = 0
        self._untold = 0

    def add(self, origin: str) -> None:
        """One more, from this address."""
        self.count += 1
        self._untold += 1
        if self._clock.seconds() - self._told >= REPORT_SECONDS:
            log.warn("console: refused {count}, the last one from {origin}", count=self._untold, origin=origin)
            self._told, self._untold = self._clock.seconds(), 0


@implementer(ICredentialsChecker)
class Checker:
    """Whose key it is, and whether they have it."""

    credentialInterfaces = (ISSHPrivateKey,)

    def __init__(self, keys: AuthorizedKeys) -> None:
        self._keys = keys

    def requestAvatarId(self, credentials: Any) -> Deferred[bytes | tuple[()]]:
        """The key's blob. Raises UnauthorizedLogin; or ValidPublicKey where only the signature is still missing."""
        if credentials.algName not in SIGNATURES or self._keys.find(credentials.blob) is None:
            raise UnauthorizedLogin()
        if credentials.signature is None:
            raise ValidPublicKey()
        try:
            key = Key.fromString(credentials.blob)
            right = getNS(credentials.signature)[0] == credentials.algName and key.verify(
                credentials.signature, credentials.sigData
            )
        except (BadKeyError, BadSignatureAlgorithmError, ValueError, IndexError):
            right = False
        if not right:
            raise UnauthorizedLogin()
        return succeed(credentials.blob)


class Avatar(ConchUser):
    """Somebody who is in: what their key says now, and the channels they may open."""

    def __init__(self, blob: bytes, keys: AuthorizedKeys, channel: Callable[..., SSHChannel]) -> None:
        super().__init__()
        self.blob = blob
        self.keys = keys
        self.channelLookup[b"session"] = channel

    def authorized(self) -> Authorized | None:
        """Who they are, as long as the key has its line."""
        return self.keys.find(self.blob)

    def operator(self, origin: str) -> Operator | None:
        """As the verbs want it."""
        found = self.authorized()
        return Operator(found.name, found.role, found.fingerprint, origin) if found is not None else None

    def lookupChannel(self, channelType: bytes, windowSize: int, maxPacket: int, data: bytes) -> SSHChannel:
        if len(self.conn.channels) >= MOST_CHANNELS:
            raise ConchError(OPEN_RESOURCE_SHORTAGE, "too many channels")
        found: SSHChannel = super().lookupChannel(channelType, windowSize, maxPacket, data)
        return found

    def gotGlobalRequest(self, requestType: bytes, data: bytes) -> int:
        """No forwarding, nothing else either."""
        return 0


@implementer(IRealm)
class Realm:
    """From a key to an avatar."""

    def __init__(self, keys: AuthorizedKeys, channel: Callable[..., SSHChannel]) -> None:
        self._keys, self._channel = keys, channel

    def requestAvatar(self, avatarId: Any, mind: Any, *interfaces: Any) -> Any:
        """The avatar."""
        return IConchUser, Avatar(avatarId, self._keys, self._channel), lambda: None


class Login(SSHUserAuthServer):
    """Who are you."""

    transport: Any
    _log = quiet
    loginTimeout = LOGIN_SECONDS
    attemptsBeforeDisconnect = TRIES

    def serviceStarted(self) -> None:
        self.clock = self.transport.factory.clock
        super().serviceStarted()

    def _ebBadAuth(self, reason: Failure) -> None:  # noqa: N802 - Conch's
        if self.method != b"none" and reason.check(UnauthorizedLogin):
            self.transport.factory.refusals.add(self.transport.origin)
        super()._ebBadAuth(reason)


class Connection(SSHConnection):
    """Channels over one connection."""

    transport: Any
    _log = quiet

    def serviceStarted(self) -> None:
        super().serviceStarted()
        self.transport.admitted()

    def gotGlobalRequest(self, requestType: bytes, data: bytes) -> int:
        return 0


class Transport(SSHServerTransport):
    """One connection."""

    transport: Any
    factory: Any
    _log = quiet
    ourVersionString = b"SSH-2.0-chatd"
    supportedKeyExchanges = [name for name in KEY_EXCHANGES if name in SSHServerTransport.supportedKeyExchanges]
    supportedCiphers = [name for name in CIPHERS if name in SSHServerTransport.supportedCiphers]
    supportedMACs = [name for name in MACS if name in SSHServerTransport.supportedMACs]
    supportedCompressions = [b"none"]
    supportedVersions: Any = (b"2.0",)
    origin = ""
    _late: Any = None

    def connectionMade(self) -> None:
        peer = self.transport.getPeer()
        self.origin = getattr(peer, "host", None) or "this machine"
        if not self.factory.comes(self):
            self.transport.abortConnection()
            return
        self._late = self.factory.clock.callLater(LOGIN_SECONDS, self._end_late)
        super().connectionMade()

    def _end_late(self) -> None:
        self._late = None
        self.factory.refusals.add(self.origin)
        self.transport.abortConnection()

    def admitted(self) -> None:
        """Whoever it is has proved it."""
        self._in_time()
        self.factory.strangers.discard(self)

    def _in_time(self) -> None:
        late, self._late = self._late, None
        if late is not None:
            try:
                late.cancel()
            except (AlreadyCalled, AlreadyCancelled):
                pass

    def dataReceived(self, data: bytes) -> None:
        if self not in self.factory.here:
            return
        try:
            super().dataReceived(data)
        except Exception:  # what a stranger sends is not to fill the log with tracebacks
            if self in self.factory.strangers:
                self.factory.refusals.add(self.origin)
            else:
                log.failure("console: a connection from {origin} failed", origin=self.origin)
            self.transport.abortConnection()

    def sendExtInfo(self, extensions: list[tuple[bytes, bytes]]) -> None:
        """Conch names the host key's algorithms as those that clients may sign with."""
        mine = {b"server-sig-algs": b",".join(SIGNATURES)}
        super().sendExtInfo([(name, mine.get(name, value)) for name, value in extensions])

    def connectionLost(self, reason: Any) -> None:  # type: ignore[override]
        self._in_time()
        self.factory.goes(self)
        super().connectionLost(reason)


class ConsoleFactory(SSHFactory):
    """The listener: who is there, and how many."""

    protocol = Transport
    _log = quiet
    noisy = False
    services = {b"ssh-userauth": Login, b"ssh-connection": Connection}

    def __init__(self, key: Key, keys: AuthorizedKeys, channel: Callable[..., SSHChannel], clock: IReactorTime) -> None:
        self.privateKeys = {key.sshType(): key}
        self.publicKeys = {key.sshType(): key.public()}
        self.primes = None
        self.portal = Portal(Realm(keys, channel), [Checker(keys)])
        self.clock = clock
        self.refusals = Refusals(clock)
        self.strangers: set[Transport] = set()
        self.here: set[Transport] = set()

    def comes(self, transport: Transport) -> bool:
        """Whether there is room for one more connection."""
        if len(self.strangers) >= MOST_STRANGERS or len(self.here) >= MOST_CONNECTIONS:
            self.refusals.add(transport.origin)
            return False
        self.here.add(transport)
        self.strangers.add(transport)
        return True

    def goes(self, transport: Transport) -> None:
        """A connection has ended."""
        self.here.discard(transport)
        self.strangers.discard(transport)

    def close(self) -> None:
        """End everybody's connection."""
        for transport in list(self.here):
            transport.transport.loseConnection()
