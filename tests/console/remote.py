"""An SSH client in memory, of Conch's own parts: what the other end of the console sees.

Rule: real packets, encrypted and signed, over a transport in memory; time is the house's.
"""

from __future__ import annotations

import struct
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ed25519
from twisted.conch.ssh.channel import SSHChannel
from twisted.conch.ssh.common import NS
from twisted.conch.ssh.connection import SSHConnection
from twisted.conch.ssh.keys import Key
from twisted.conch.ssh.session import packRequest_pty_req, packRequest_window_change
from twisted.conch.ssh.transport import SSHClientTransport
from twisted.conch.ssh.userauth import SSHUserAuthClient
from twisted.internet.defer import Deferred, succeed
from twisted.test.iosim import FakeTransport, connect
from twisted.test.iosim import IOPump as Pump

from chatd.console.channel import Channel
from chatd.console.keys import AuthorizedKeys, host_key
from chatd.console.ssh import ConsoleFactory, quiet
from tests.console.kit import ConsoleScene


def new_key() -> Key:
    """A key of somebody's."""
    return Key(ed25519.Ed25519PrivateKey.generate())


class Client(SSHClientTransport):
    """Connects, and believes the host's key."""

    server: Any
    transport: Any
    _log = quiet

    def verifyHostKey(self, pubKey: bytes, fingerprint: str) -> Deferred[bool]:
        """It is the one in the folder."""
        self.seen = pubKey
        return succeed(True)

    def connectionSecure(self) -> None:
        """Log in, if there is anything to log in with."""
        if self.keys:
            self.requestService(Login(self.keys, self.connection))

    def __init__(self, keys: list[Key]) -> None:
        self.keys = keys
        self.connection = Connection()


class Login(SSHUserAuthClient):
    """Offers its keys one after the other."""

    preferredOrder = [b"publickey"]
    _log = quiet

    def __init__(self, keys: list[Key], connection: SSHConnection) -> None:
        super().__init__(b"staff", connection)
        self._left = list(keys)
        self._now: Key | None = None

    def getPublicKey(self) -> Key | None:
        """The next one."""
        self._now = self._left.pop(0) if self._left else None
        return self._now.public() if self._now is not None else None

    def getPrivateKey(self) -> Deferred[Key]:
        """The one that was taken."""
        assert self._now is not None
        return succeed(self._now)


class Connection(SSHConnection):
    """Notes that it is in."""

    started = False
    _log = quiet

    def serviceStarted(self) -> None:
        super().serviceStarted()
        self.started = True


class Session(SSHChannel):
    """One channel, and what came through it."""

    conn: Any
    name = b"session"
    _log = quiet

    def __init__(self, conn: Any) -> None:
        super().__init__(conn=conn)
        self.out = self.err = b""
        self.status: int | None = None
        self.opened = self.gone = False
        self.failed: Any = None

    def channelOpen(self, specificData: bytes) -> None:
        self.opened = True

    def openFailed(self, reason: Any) -> None:
        self.failed = reason

    def dataReceived(self, data: bytes) -> None:
        self.out += data

    def extReceived(self, dataType: int, data: bytes) -> None:
        self.err += data

    def request_exit_status(self, data: bytes) -> int:
        """How it ended."""
        (self.status,) = struct.unpack(">L", data)
        return 1

    def closed(self) -> None:
        self.gone = True


class RemoteScene(ConsoleScene):
    """A house with a console that one connects to."""

    def setUp(self) -> None:
        super().setUp()
        folder = self.service.folder.console
        self.keys = {role: new_key() for role in ("ta", "staff", "admin", "debug")}
        self.authorized = AuthorizedKeys(folder)
        self.write(self.keys)
        self.host_key = host_key(folder)
        self.terminals: list[Channel] = []
        self.factory = ConsoleFactory(self.host_key, self.authorized, self.channel, self.house.clock)
        self.factory.doStart()
        self.pumps: list[Pump] = []

    def write(self, keys: dict[str, Key]) -> None:
        """Whose keys are right from here on."""
        lines = (f'role="{role}" {key.public().toString("openssh").decode().strip()} the-{role}\n'
                 for role, key in keys.items())  # fmt: skip
        part = self.authorized.path.with_suffix(".new")
        part.write_text("".join(lines))
        part.chmod(0o600)
        part.replace(self.authorized.path)

    def channel(self, **more: Any) -> Channel:
        """What the console answers with."""
        return Channel(self.desk, self.open_terminal, **more)

    def open_terminal(self, channel: Channel) -> Deferred[Any]:
        """No terminal is there in memory (`test_shell.py` has one)."""
        self.terminals.append(channel)
        return succeed(None)

    def connect(self, *keys: Key | str) -> Client:
        """Somebody with these keys, as far as they come."""
        client = Client([self.keys[key] if isinstance(key, str) else key for key in keys])
        client.factory = self  # Conch looks at its `noisy` only
        server: Any = self.factory.buildProtocol(None)
        pump = connect(server, FakeTransport(server, True), client, FakeTransport(client, False))
        client.server = server
        self.pumps.append(pump)
        self.settle()
        return client

    def settle(self) -> None:
        """Let everything go through."""
        for _ in range(30):
            moved = [pump.pump() for pump in self.pumps]
            self.house.settle()
            if not any(moved) and not any(pump.pump() for pump in self.pumps):
                break

    def open(self, client: Client) -> Session:
        """A channel."""
        session = Session(client.connection)
        client.connection.openChannel(session)
        self.settle()
        return session

    def ask(self, session: Session, kind: bytes, data: bytes) -> bool:
        """Whether a request is answered with yes."""
        said: list[bool] = []
        asked = session.conn.sendRequest(session, kind, data, wantReply=True)
        if asked is None:
            return False  # it is closed
        asked.addCallbacks(lambda _: said.append(True), lambda _: said.append(False))
        self.settle()
        return said == [True]

    def run_line(self, client: Client, line: str, typed: bytes | None = None) -> Session:
        """`ssh host line`."""
        session = self.open(client)
        assert self.ask(session, b"exec", NS(line.encode()))
        if typed is not None:
            session.write(typed)
        session.conn.sendEOF(session)
        self.settle()
        return session

    def pty(self, session: Session, columns: int = 80, rows: int = 24) -> bool:
        """Ask for a terminal."""
        return self.ask(session, b"pty-req", packRequest_pty_req(b"xterm", (rows, columns, 0, 0), b""))

    def resize(self, session: Session, columns: int, rows: int) -> bool:
        """The window has another size."""
        return self.ask(session, b"window-change", packRequest_window_change((rows, columns, 0, 0)))
