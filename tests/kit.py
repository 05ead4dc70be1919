"""Alice and Bob: a whole node in memory, and people connected to it without sockets.

Rule: everything is deterministic: one `task.Clock`, no threads; `House.settle()` runs until nothing moves. With
`slow=True` commits and reads wait until `commit()` is called, so that tests can stop between any two steps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransportWithDisconnection
from twisted.python.failure import Failure

from chatd import messages as m
from chatd.admission import Policy
from chatd.auth import Passwords, device_id
from chatd.core.limits import Limits
from chatd.node import Node
from chatd.ports.door import Door, DoorFactory
from chatd.ports.frames import Frames
from chatd.ports.lines import Lines
from chatd.store.interface import Store
from chatd.store.memory import MemoryStore
from chatd.wire.pack import decode_event, encode_command, frame

SECRET = b"s" * 32
E = TypeVar("E")


class Transport(StringTransportWithDisconnection):
    """A transport that knows where its other end is, and whether it was aborted."""

    host = "127.0.0.1"
    port = 40000

    def getPeer(self) -> Any:
        """The address of the other end."""
        return self

    def abortConnection(self) -> None:
        """End at once."""
        self.protocol.connectionLost(Failure(ConnectionLost()))
        self.connected = False

    def loseConnection(self) -> None:
        """End at once: everything written has been read."""
        if self.connected:
            self.connected = False
            self.protocol.connectionLost(Failure(ConnectionLost()))


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

    def run(self) -> bool:
        """Run what waits; whether there was anything."""
        waiting, self.waiting = self.waiting, []
        for done, function, arguments in waiting:
            maybeDeferred(function, *arguments).chainDeferred(done)
        return bool(waiting)


class House:
    """One node and the people in it."""

    def __init__(
        self, store: Store | None = None, *, limits: Limits | None = None, policy: Policy | None = None,
        slow: bool = False, seconds: float = 1_800_000_000.0,
    ) -> None:  # fmt: skip
        self.clock = Clock()
        self.clock.rightNow = 1000.0
        self.seconds = seconds
        self.store = store or MemoryStore()
        self.limits = limits or Limits()
        self.policy = policy or Policy("test.example", "open", True)
        self.writer, self.reader, self.hasher = Later(slow), Later(slow), Later(slow)
        self.failures: list[Failure] = []
        self.peers: list[Peer] = []
        self.count = 0
        self.start()

    def start(self) -> None:
        """Make the node from what is stored."""
        self.node = Node(
            self.store, self.limits, self.policy, SECRET, Passwords(self.hasher), clock=self.clock, wall=self.wall,
            write=self.writer, read=self.reader, random=self.random, failed=self.failures.append,
        )  # fmt: skip
        self.door = DoorFactory(
            lambda: Frames(self.node, self.limits, self.clock), Lines, self.limits.waiting, self.clock.seconds
        )

    def restart(self) -> None:
        """Kill the node: every connection breaks, what was not committed is gone; start again from the store."""
        self.writer.waiting.clear()
        self.reader.waiting.clear()
        for peer in self.peers:
            peer.transport.connected = False
        self.start()

    def wall(self) -> float:
        """The time of day in seconds."""
        return self.seconds + self.clock.seconds()

    def random(self, size: int) -> bytes:
        """Bytes that never come twice."""
        self.count += 1
        return hashlib.sha512(b"%d" % self.count).digest()[:size]

    def settle(self) -> None:
        """Run until nothing moves any more (what is slow stays where it is)."""
        for _ in range(20):
            self.clock.advance(0)

    def commit(self) -> None:
        """Let everything slow happen, until nothing is left of it."""
        self.settle()
        while self.writer.run() | self.reader.run() | self.hasher.run():
            self.settle()

    def advance(self, seconds: float) -> None:
        """Let time pass, with the sweeps that come with it."""
        while seconds > 0:
            step = min(5.0, seconds)
            self.clock.advance(step)
            self.node.sweep()
            self.settle()
            seconds -= step

    def peer(self, host: str = "127.0.0.1") -> Peer:
        """A connection that has said nothing."""
        peer = Peer(self, host)
        self.peers.append(peer)
        return peer

    def person(self, name: str, host: str = "127.0.0.1") -> Peer:
        """Somebody who has just made an account and is in."""
        peer = self.peer(host)
        peer.hello()
        peer.sign_up(name)
        assert peer.of(m.Welcome), peer.events
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

    def __init__(self, house: House, host: str = "127.0.0.1") -> None:
        self.house = house
        self.name = ""
        self.events: list[m.Event] = []
        self.transport = Transport()
        self.transport.host, self.transport.port = host, 40000 + len(house.peers)
        self.ref = 0
        self.token = b""
        self.challenge = b""
        self.keys: Keys | None = None
        self.rest = b""
        door = house.door.buildProtocol(None)
        assert door is not None
        self.door: Door = door
        self.transport.protocol = door
        door.makeConnection(self.transport)

    # ---- bytes ----

    def raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        if self.transport.connected:
            self.door.dataReceived(data)
            self.house.settle()
            self.read()

    def read(self) -> list[m.Event]:
        """Read what has come; returns everything read so far and not taken."""
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

    def lose(self) -> None:
        """The connection breaks."""
        self.transport.abortConnection()
        self.house.settle()

    # ---- values ----

    def tell(self, command: m.Command) -> None:
        """Send a command."""
        self.raw(frame(encode_command(command)))

    def ask(self, kind: Callable[..., m.Command], *arguments: Any, **more: Any) -> int:
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

    def take(self) -> list[m.Event]:
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

    def hello(self) -> None:
        """Say hello and keep the challenge."""
        self.tell(m.Hello([1], ["resume", "receipts"], "kit"))
        self.challenge = self.last(m.Greeting).challenge

    def signature(self, label: bytes, name: str) -> bytes:
        """Sign the challenge as this device."""
        assert self.keys is not None
        device = self.keys.public.device.encode()
        return self.keys.private.sign(label + self.challenge + device + b"\0" + name.encode())

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
        peer = self.house.peer(self.transport.host)
        peer.hello()
        assert self.keys is not None
        peer.login(self.name, self.keys)
        return peer

    def resume(self) -> Peer:
        """The same device on a new connection, by its token."""
        peer = self.house.peer(self.transport.host)
        peer.hello()
        peer.name, peer.keys = self.name, self.keys
        peer.ask(m.Resume, self.token)
        peer._welcomed()
        return peer
