"""Alice and Bob: a whole node in memory, and people connected to it without sockets.

Rule: everything is deterministic: one `task.Clock`, no threads; `House.settle()` runs until nothing moves. With
`slow=True` commits and reads wait until `commit()` is called, so that tests can stop between any two steps. A
connection is held and released like a real one: what is sent while the server does not read waits, and `Peer.stick`
makes a reader that does not read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransportWithDisconnection
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd import people as p
from chatd.admission import Policy
from chatd.auth import Passwords, device_id
from chatd.core.limits import Limits, is_loopback, prefix
from chatd.core.turn import Command, Event
from chatd.core.users import Session
from chatd.entries import Entry, Stored
from chatd.files import Folder
from chatd.lookup import Lookup
from chatd.node import Node
from chatd.ports.door import Door, DoorFactory
from chatd.ports.frames import Frames
from chatd.ports.irc.client import Facts
from chatd.ports.lines import Codecs, Lines
from chatd.ports.person import Persons, asking
from chatd.store.interface import Store, StoreError
from chatd.store.memory import MemoryStore
from chatd.wire.pack import decode_event, encode_command, frame
from tests.state import state_of as state_of

SECRET = b"s" * 32
E = TypeVar("E")


class Shown:
    """A certificate, as far as anybody looks at it."""

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint

    def digest(self, name: str) -> bytes:
        """Its fingerprint, as OpenSSL writes it."""
        assert name == "sha256"
        return bytes.fromhex(self.fingerprint).hex(":").upper().encode()


class Transport(StringTransportWithDisconnection):
    """A transport that knows where its other end is; it holds back what the server does not want to read yet."""

    host = "127.0.0.1"
    port = 40000
    binding = b""  # what TLS exports on this connection; empty: no TLS
    certificate = ""  # what the client has shown there: the certificate's SHA-256, hex
    room: int | None = None  # how much fits on the way out until the peer reads; None: everything
    aborted = False

    def __init__(self, clock: Clock) -> None:
        super().__init__(lenient=True)
        self.clock = clock
        self.inbound = bytearray()
        self.full = False
        self.writes = 0

    def getPeer(self) -> Any:
        """The address of the other end."""
        return self

    def getHandle(self) -> Any:
        """The TLS connection, where there is one."""
        return self if self.binding else None

    def export_keying_material(self, label: bytes, size: int, context: bytes) -> bytes:
        """What RFC 9266 calls `tls-exporter`, if one asks for just that."""
        assert (label, size, context) == (m.EXPORTER_LABEL, 32, b"")
        return self.binding

    def get_peer_certificate(self) -> Shown | None:
        """The client's certificate, where there is one."""
        return Shown(self.certificate) if self.certificate else None

    def write(self, data: bytes) -> None:
        """Take bytes; say so when there is no more room."""
        super().write(data)
        self.writes += 1
        self.press()

    def writeSequence(self, parts: Iterable[bytes]) -> None:
        """The same of several pieces."""
        self.write(b"".join(parts))

    def press(self) -> None:
        """Ask whoever writes to stop, if there is no room."""
        if self.room is not None and not self.full and self.producer and len(self.value()) >= self.room:
            self.full = True
            self.producer.pauseProducing()

    def deliver(self, data: bytes) -> None:
        """Bytes from the peer: they reach the server when it reads."""
        self.inbound += data
        if self.connected and self.producerState == "producing" and self.inbound:
            read = bytes(self.inbound)
            self.inbound.clear()
            self.protocol.dataReceived(read)

    def resumeProducing(self) -> None:
        """The server reads again."""
        super().resumeProducing()
        self.clock.callLater(0, self.deliver, b"")

    def abortConnection(self) -> None:
        """End at once."""
        self.aborted = True
        self._end()

    def loseConnection(self) -> None:
        """End at once: everything written has been read."""
        self._end()

    def _end(self) -> None:
        if self.connected:
            self.connected = False
            self.clock.callLater(0, self.protocol.connectionLost, Failure(ConnectionLost()))


class Later:
    """Runs blocking functions at once, or when told to."""

    def __init__(self, slow: bool) -> None:
        self.slow = slow
        self.waiting: list[tuple[Deferred[Any], Callable[..., Any], tuple[Any, ...]]] = []

    def __call__(self, function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        """Run it, now or later."""
        if not self.slow:
            return maybeDeferred(function, *arguments)
        done: Deferred[Any] = Deferred()
        self.waiting.append((done, function, arguments))
        return done

    def run(self, most: int = 1_000_000) -> bool:
        """Run what waits, at most so many; whether there was anything."""
        waiting, self.waiting = self.waiting[:most], self.waiting[most:]
        for done, function, arguments in waiting:
            maybeDeferred(function, *arguments).chainDeferred(done)
        return bool(waiting)


class FrailStore(MemoryStore):
    """A store whose disk fails when `broken` is set."""

    broken = False

    def commit(self, entries: Sequence[Entry]) -> list[Stored]:
        if self.broken:
            raise StoreError("the disk is gone")
        return super().commit(entries)


class Recorder:
    """Somebody who watches who comes and goes."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def arrived(self, name: str, address: tuple[str, int]) -> None:
        """A session is in."""
        self.lines.append(f"+{name}")

    def departed(self, name: str, address: tuple[str, int], lost: bool) -> None:
        """A session is out."""
        self.lines.append(f"-{name}{' lost' if lost else ''}")


class House:
    """One node and the people in it."""

    def __init__(
        self, store: Store | None = None, *, limits: Limits | None = None, policy: Policy | None = None,
        slow: bool = False, seconds: float = 1_800_000_000.0, secret: bytes = SECRET,
        passwords: type[Passwords] = Passwords, files: str = "",
    ) -> None:  # fmt: skip
        self.clock = Clock()
        self.clock.rightNow = 1000.0
        self.seconds = seconds
        self.store = store or MemoryStore()
        self.limits = limits or Limits()
        self.secret = secret
        self.passwords = passwords
        self.policy = policy or Policy("test.example", "open", True)
        self.writer, self.reader, self.hasher, self.filer = Later(slow), Later(slow), Later(slow), Later(slow)
        self.files = files
        self.failures: list[Failure] = []
        self.peers: list[Peer] = []
        self.count = 0
        self.facts = Facts(name="test.example", version="chatd-test", created="today")
        self.start()

    def start(self) -> None:
        """Make the node from what is stored."""
        self.node = Node(
            self.store, self.limits, self.policy, self.secret, self.passwords(self.hasher),
            clock=self.clock, wall=self.wall, write=self.writer, read=self.reader, random=self.random,
            failed=self.failures.append,
        )  # fmt: skip
        if self.files:
            self.node.keep_files(Folder(self.files), self.filer)
        lookup = Lookup(self.node.hub, self.wall, self.random, lambda: 0)
        self.codecs = Codecs(self.node, lookup, self.facts)
        self.door = DoorFactory(
            lambda: Frames(self.node, self.limits, self.clock),
            lambda: Lines(self.codecs, self.limits, self.clock),
            self.clock.seconds,
            self.limits.waiting,
            self.limits.waiting_per_prefix,
            lambda host: "" if is_loopback(host) else prefix(host),
            asking=asking(
                Persons(self.node, lookup, lambda: self.node.admission.policy.guests), self.limits, self.clock
            ),
        )

    def restart(self) -> None:
        """Kill the node: every connection breaks, what was not committed is gone; start again from the store."""
        for later in (self.writer, self.reader, self.hasher, self.filer):
            later.waiting.clear()
        self.clock.calls.clear()
        for peer in self.peers:
            peer.transport.connected = False
        self.start()

    def wall(self) -> float:
        """The time of day in seconds."""
        return self.seconds + self.clock.seconds()

    def random(self, size: int) -> bytes:
        """Bytes that never come twice."""
        self.count += 1
        return hashlib.shake_256(b"%d" % self.count).digest(size)

    def settle(self) -> None:
        """Run until nothing moves any more (what is slow stays where it is)."""
        for _ in range(20):
            self.clock.advance(0)

    def commit(self) -> None:
        """Let everything slow happen, until nothing is left of it."""
        self.settle()
        while self.writer.run() | self.reader.run() | self.hasher.run() | self.filer.run():
            self.settle()

    def advance(self, seconds: float) -> None:
        """Let time pass, with the sweeps that come with it."""
        while seconds > 0:
            step = min(5.0, seconds)
            self.clock.advance(step)
            self.door.sweep(self.clock.seconds() - self.limits.login_seconds)
            self.node.sweep()
            self.settle()
            seconds -= step

    def peer(self, host: str = "127.0.0.1", binding: bytes = b"", certificate: str = "") -> Peer:
        """A connection that has said nothing."""
        peer = Peer(self, host, binding, certificate)
        self.peers.append(peer)
        return peer

    def greeted(
        self, host: str = "127.0.0.1", binding: bytes = b"", certificate: str = "", encrypted: bool = False
    ) -> Peer:  # fmt: skip
        """A connection that has said hello; `encrypted`: also that it understands encryption."""
        peer = self.peer(host, binding, certificate)
        peer.encrypted = encrypted
        peer.hello(*["e2ee"] if encrypted else [])
        return peer

    def person(self, name: str, host: str = "127.0.0.1") -> Peer:
        """Somebody who has just made an account and is in."""
        peer = self.greeted(host)
        peer.sign_up(name)
        if self.writer.slow:
            self.commit()
            peer._welcomed()
        assert peer.of(m.Welcome), peer.events
        return peer

    def guest(self, name: str, host: str = "127.0.0.1") -> Peer:
        """Somebody who has just come in as a guest."""
        peer = self.greeted(host)
        peer.name = name
        peer.ask(m.Enter, name)
        self.commit()
        assert peer.of(m.Welcome), peer.events
        peer.take()
        return peer

    def caller(self, nick: str, account: str = "", host: str = "127.0.0.1", realname: str = "A Name") -> Peer:
        """Somebody who has just come without a device, as by the line port: as an account, or as a guest."""
        peer = self.greeted(host)
        peer.name = account or nick
        if account:
            peer.session.proof.account = self.node.hub.users.find(account)
        peer.ask(p.Arrive, nick, "me", realname)
        self.commit()
        assert peer.of(p.Arrived), peer.events
        return peer

    def people(self, *names: str) -> list[Peer]:
        """Several of them, having forgotten how they came in."""
        peers = [self.person(name) for name in names]
        for peer in peers:
            peer.take()
        return peers


class Keys:
    """A device's keys."""

    def __init__(self, seed: bytes) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed).digest())
        ed25519 = self.private.public_key().public_bytes_raw()
        curve25519 = hashlib.sha256(b"curve" + seed).digest()
        self.public = m.DeviceKeys(device_id(ed25519, curve25519), ed25519, curve25519)


class Peer:
    """One connection from the client's side."""

    def __init__(
        self, house: House, host: str = "127.0.0.1", binding: bytes = b"", certificate: str = ""
    ) -> None:  # fmt: skip
        self.house = house
        self.name = ""
        self.events: list[Event] = []
        self.transport = Transport(house.clock)
        self.transport.host, self.transport.port, self.transport.binding = host, 40000 + len(house.peers), binding
        self.transport.certificate = certificate
        self.ref = 0
        self.token = b""
        self.challenge = b""
        self.keys: Keys | None = None
        self.encrypted = False
        self.rest = b""
        door = house.door.buildProtocol(self.transport)  # type: ignore[arg-type]
        assert door is not None
        self.door: Door = door
        self.transport.protocol = door
        door.makeConnection(self.transport)

    # ---- bytes ----

    def raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        if self.transport.connected:
            self.transport.deliver(data)
            self.house.settle()
            self.read()

    def read(self) -> list[Event]:
        """Read what has come (unless stuck); returns everything read so far and not taken."""
        if self.transport.room is not None:
            return self.events
        data = self.rest + self.transport.value()
        self.transport.clear()
        while len(data) >= 4 and len(data) >= 4 + int.from_bytes(data[:4], "big"):
            end = 4 + int.from_bytes(data[:4], "big")
            event = decode_event(data[4:end])
            assert event is not None
            self.events.append(event)
            data = data[end:]
        self.rest = data
        return self.events

    def stick(self, room: int = 0) -> None:
        """Stop reading; so many bytes still fit on the way."""
        self.transport.room = room
        self.transport.press()

    def unstick(self) -> None:
        """Read again, everything that waits on the way."""
        self.transport.room = None
        self.read()
        if self.transport.full:
            self.transport.full = False
            if self.transport.producer and self.transport.connected:
                self.transport.producer.resumeProducing()
        self.house.settle()
        self.read()

    def lose(self) -> None:
        """The connection breaks."""
        self.transport._end()
        self.house.settle()

    @property
    def session(self) -> Session:
        """What the node has of this connection."""
        session: Session = self.door._inner.session  # type: ignore[union-attr]
        return session

    @property
    def over(self) -> bool:
        """Whether the server has ended the connection."""
        return not self.transport.connected

    # ---- values ----

    def tell(self, *commands: Command) -> None:
        """Send commands, in one segment."""
        self.raw(b"".join([frame(encode_command(command)) for command in commands]))

    def ask(self, kind: Callable[..., Command], *arguments: Any, **more: Any) -> int:
        """Send a command with the next ref; returns the ref."""
        self.ref += 1
        self.tell(kind(self.ref, *arguments, **more))
        return self.ref

    def send(self, to: str, text: str, identity: bytes = b"") -> int:
        """Send a message; returns the ref."""
        return self.ask(m.Send, to, identity or self.house.random(16), text)

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind among those not taken."""
        return [event for event in self.read() if isinstance(event, kind)]

    def last(self, kind: type[E]) -> E:
        """The newest event of a kind."""
        found = self.of(kind)
        assert found, (kind, self.events)
        return found[-1]

    def take(self) -> list[Event]:
        """Everything that came since the last time."""
        events = self.read()
        self.events = []
        return events

    def texts(self) -> list[str]:
        """The texts of the messages that came."""
        return [message.text for message in self.of(m.Message)]

    def code(self) -> str:
        """The code of the newest refusal."""
        return self.last(m.Failed).code

    def ack(self, conversation: str, seq: int) -> None:
        """Acknowledge."""
        self.tell(m.Acknowledge(conversation, seq))

    # ---- coming in ----

    def hello(self, *features: str) -> None:
        """Say hello and keep the challenge."""
        self.tell(m.Hello([1], ["resume", "receipts", *features], "kit"))
        self.challenge = self.last(m.Greeting).challenge

    def signature(self, label: bytes, name: str) -> bytes:
        """Sign the challenge as this device."""
        assert self.keys is not None
        device = self.keys.public.device.encode()
        signed = label + self.challenge + self.transport.binding + device + b"\0" + name.encode()
        return self.keys.private.sign(signed)

    def sign_up(self, name: str, invitation: str = "") -> None:
        """Claim a name for new keys."""
        self.name = name
        self.keys = Keys(name.encode() + self.house.random(8))
        self.ask(m.SignUp, name, self.keys.public, self.signature(m.SIGNUP_LABEL, name), invitation)
        self._welcomed()

    def login(self, name: str, keys: Keys) -> None:
        """Log in as a known device."""
        self.name, self.keys = name, keys
        self.ask(m.Login, name, keys.public.device, self.signature(m.LOGIN_LABEL, name))
        self._welcomed()

    def _welcomed(self) -> None:
        for welcome in self.of(m.Welcome):
            self.token = welcome.token

    def again(self) -> Peer:
        """The same device on a new connection, logged in."""
        peer = self.house.greeted(self.transport.host, encrypted=self.encrypted)
        assert self.keys is not None
        peer.login(self.name, self.keys)
        return peer

    def resume(self) -> Peer:
        """The same device on a new connection, by its token."""
        peer = self.house.greeted(self.transport.host, encrypted=self.encrypted)
        peer.name, peer.keys = self.name, self.keys
        peer.ask(m.Resume, self.token)
        peer._welcomed()
        return peer

    def link(self, name: str, password: str, keys: Keys | None = None) -> None:
        """Add this device to an account by its password."""
        self.name, self.keys = name, keys or Keys(name.encode() + self.house.random(8))
        self.ask(m.Link, name, password, self.keys.public, self.signature(m.SIGNUP_LABEL, name))
        self._welcomed()

    def plain(self, name: str, password: str, authzid: str = "") -> int:
        """Prove to be an account by its password."""
        return self.ask(p.Prove, "PLAIN", f"{authzid}\0{name}\0{password}".encode())

    def arrive(self, nick: str, ident: str = "kit") -> int:
        """Come in without a device."""
        self.name = nick
        return self.ask(p.Arrive, nick, ident, nick.title())


class Scene(SynchronousTestCase):
    """A test with a house; a refusal is looked at closely: one answer, the right code, and nothing has changed."""

    def setUp(self) -> None:
        self.house = House()

    def refused(self, code: str, peer: Peer, kind: Callable[..., Command], *arguments: Any, **more: Any) -> m.Failed:
        """Somebody asks and is refused with this code; returns the refusal."""
        before = state_of(self.house)
        for other in self.house.peers:
            other.take()
        ref = peer.ask(kind, *arguments, **more)
        (answer,) = peer.take()
        assert isinstance(answer, m.Failed), answer
        self.assertEqual((answer.ref, answer.code), (ref, code), answer.text)
        self.assertEqual(state_of(self.house), before)
        self.assertEqual([events for other in self.house.peers if (events := other.take())], [])
        return answer

    def granted(self, peer: Peer, kind: Callable[..., Command], *arguments: Any, **more: Any) -> Any:
        """Somebody asks and gets exactly one answer, which is not a refusal; returns it, whatever it is."""
        peer.take()
        ref = peer.ask(kind, *arguments, **more)
        answers = [event for event in peer.of(m.Value) if getattr(event, "ref", None) == ref]
        self.assertEqual(len(answers), 1, peer.events)
        assert not isinstance(answers[0], m.Failed), answers
        return answers[0]
