"""Many protocol clients in one process, each with a ledger of what it was promised and what it was shown.

Rule: a client keeps its keys, token, outbox and cursors over every broken connection, sends again under the same id
what was not accepted, drops what it has, and writes down what no client may ever see (`Ledger.breaches`). It shares
the frames with the server (`chatd.wire`) and nothing else.
"""

from __future__ import annotations

import hashlib
import os
import random
import selectors
import socket
import struct
import time
from base64 import b32encode
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chatd import messages as m
from chatd.wire.pack import Event, decode_event, encode_command, frame
from tests.process.wires import Plain, Tls

RETRY = 0.02
CHUNK = 262_144
E = TypeVar("E")


class Ledger:
    """What one client sent, was promised and was shown; nothing is ever taken out."""

    def __init__(self) -> None:
        self.sent: dict[bytes, tuple[str, str]] = {}  # id: to, text
        self.accepted: dict[bytes, tuple[str, int]] = {}  # id: conversation, seq
        self.refused: dict[bytes, str] = {}  # id: code
        self.shown: list[tuple[str, int, bytes]] = []  # conversation, seq, id: in the order of the screen
        self.breaches: list[str] = []
        self.repeats = 0  # messages that came again after a reconnect, and were dropped
        self.resumed = 0
        self.logged_in = 0


class Log:
    """What one client has of one conversation: everything up to `cursor`, and `ahead` of it what it sent itself."""

    def __init__(self, cursor: int) -> None:
        self.cursor = cursor
        self.acked = cursor
        self.ids: dict[int, bytes] = {}
        self.ahead: set[int] = set()

    def has(self, seq: int) -> bool:
        """Whether this message is known."""
        return seq <= self.cursor or seq in self.ahead

    def hole(self, seq: int) -> bool:
        """Whether something before this message is unknown."""
        return any(before not in self.ahead for before in range(self.cursor + 1, seq))

    def know(self, seq: int, identity: bytes) -> bool:
        """Note a message; false where another one has its place."""
        if self.has(seq):
            return self.ids.setdefault(seq, identity) == identity
        self.ids[seq] = identity
        self.ahead.add(seq)
        while self.cursor + 1 in self.ahead:
            self.cursor += 1
            self.ahead.discard(self.cursor)
        return True


class Client:
    """One device of one account, and its connection of the moment."""

    def __init__(self, swarm: Swarm, name: str, host: str, port: int, tls: bool) -> None:
        self.swarm, self.name, self.host, self.port, self.tls = swarm, name, host, port, tls
        self.private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
        ed25519 = self.private.public_key().public_bytes_raw()
        curve25519 = hashlib.sha256(b"curve" + name.encode()).digest()
        device = b32encode(hashlib.sha256(b"device\0" + ed25519 + curve25519).digest()[:10]).decode().lower()
        self.keys = m.DeviceKeys(device, ed25519, curve25519)
        self.ledger = Ledger()
        self.outbox: dict[bytes, tuple[str, str]] = {}
        self.logs: dict[str, Log] = {}
        self.groups: set[str] = set()  # to be joined where it has not happened yet
        self.token = b""
        self.claimed = False
        self.wanted = True  # whether it wants to be connected
        self.inside = False
        self.acknowledges = True
        self.heard: Callable[[Client, Event], None] | None = None  # somebody who wants to know every event
        self.wire: Plain | Tls | None = None
        self.retry_at = 0.0
        self.failures = 0
        self.last: Event | None = None
        self._way = ""
        self._challenge = b""
        self._in = bytearray()
        self._out = bytearray()
        self._ref = 0
        self._refs: dict[int, bytes] = {}
        self._behind: set[str] = set()  # conversations to be acknowledged

    # ---- what a test says ----

    def send(self, to: str, text: str) -> bytes:
        """Send a message now or when connected; returns its id."""
        identity = os.urandom(16)
        if identity[-1] % 8:  # most are of their time, as clients make them, and a few are not
            identity = int(time.time() * 1000).to_bytes(6, "big") + identity[6:]
        self.ledger.sent[identity] = self.outbox[identity] = (to, text)
        if self.inside:
            self._transmit(identity)
        return identity

    def tell(self, command: m.Command) -> None:
        """Send a command on this connection."""
        self.raw(frame(encode_command(command)))

    def ask(self, kind: Callable[..., m.Command], *arguments: Any) -> int:
        """Send a command with the next ref; returns the ref."""
        self._ref += 1
        self.tell(kind(self._ref, *arguments))
        return self._ref

    def raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._out += data
        self.flush()

    def log(self, conversation: str) -> Log:
        """What it has of a conversation."""
        return self.logs.setdefault(conversation, Log(0))

    def waits(self) -> bool:
        """Whether something it sent has not been answered."""
        return bool(self.outbox or self._refs)

    def cut(self, reset: bool = False) -> None:
        """Close the connection; `reset`: with a TCP reset, as when the machine is gone."""
        if self.wire is not None:
            if reset:
                self.wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.swarm.gone(self)
        self.inside = False
        self._in.clear()
        self._out.clear()
        self._refs.clear()
        self._behind.clear()

    def vanish(self, reset: bool = True) -> None:
        """Close the connection and stay away until `wanted` again."""
        self.wanted = False
        self.cut(reset)

    # ---- the connection ----

    def connect(self) -> None:
        """Begin a new connection."""
        plain = socket.socket()
        plain.setblocking(False)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.connect_ex((self.host, self.port))
        self.wire = Tls(plain) if self.tls else Plain(plain)
        self._way = ""
        self.swarm.watch(self, write=True)

    def writable(self) -> None:
        """There is room: the connection is made, or takes more."""
        assert self.wire is not None
        if not self._way:
            if self.wire.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self.broken()
                return
            self._way = "hello"
            self._out += frame(encode_command(m.Hello([1], ["resume", "receipts"], "swarm")))
        self.flush()

    def flush(self) -> None:
        """Write what can be written."""
        if self.wire is None or not self._way:
            return
        try:
            while self._out:
                del self._out[: self.wire.send(bytes(self._out[:CHUNK]))]
        except BlockingIOError:
            pass
        except OSError:
            self.broken()
            return
        self.swarm.watch(self, write=bool(self._out) and not self.wire.waits)

    def readable(self) -> None:
        """Read what has come."""
        assert self.wire is not None
        try:
            data = self.wire.recv(CHUNK)
        except BlockingIOError:
            if self._out:
                self.flush()  # a handshake goes on
            return
        except OSError:
            data = b""
        if not data:
            self.broken()
            return
        buffer, start = self._in, 0
        buffer += data
        size = len(buffer)
        while size - start >= 4:
            end = start + 4 + int.from_bytes(buffer[start : start + 4], "big")
            if end > size:
                break
            event = decode_event(bytes(buffer[start + 4 : end]))
            if event is not None:
                self._event(event)
            if not self._connected():
                return  # what it heard made it cut the connection
            start = end
        del buffer[:start]
        self._acknowledge()

    def _connected(self) -> bool:
        return self.wire is not None

    def broken(self) -> None:
        """The connection has ended by itself."""
        self.cut()
        self.retry_at = time.monotonic() + RETRY * random.uniform(0.5, 1.5)

    def _acknowledge(self) -> None:
        if self.acknowledges:
            for name in self._behind:
                log = self.logs[name]
                if log.cursor > log.acked:
                    log.acked = log.cursor
                    self._out += frame(encode_command(m.Acknowledge(name, log.cursor)))
            self._behind.clear()
        if self._out:
            self.flush()

    def _transmit(self, identity: bytes) -> None:
        to, text = self.outbox[identity]
        self._refs[self._ref + 1] = identity
        self.ask(m.Send, to, identity, text)

    # ---- events ----

    def _event(self, event: Event) -> None:
        self.last = event
        told = EVENTS.get(type(event))
        if told is not None:
            told(self, event)
        if self.heard is not None:
            self.heard(self, event)

    def _greeting(self, event: m.Greeting) -> None:
        self._challenge = event.challenge
        self._enter("resume" if self.token else "login" if self.claimed else "signup")

    def _enter(self, way: str) -> None:
        self._way = way
        if way == "resume":
            self.ask(m.Resume, self.token)
            return
        assert self.wire is not None
        label = m.SIGNUP_LABEL if way == "signup" else m.LOGIN_LABEL
        device = self.keys.device.encode()
        signed = label + self._challenge + self.wire.binding() + device + b"\0" + self.name.encode()
        proof = self.private.sign(signed)
        if way == "signup":
            self.ask(m.SignUp, self.name, self.keys, proof)
        else:
            self.ask(m.Login, self.name, self.keys.device, proof)

    def _failed(self, event: m.Failed) -> None:
        self.failures += 1
        if not self.inside:
            if self._way == "resume" or (self._way == "signup" and event.code == "name-taken"):
                self.token = b""
                self._enter("login")  # an earlier claim went through, but its welcome was lost; or the token is old
            return
        identity = self._refs.pop(event.ref, None)
        if identity is not None:
            self.outbox.pop(identity, None)
            self.ledger.refused[identity] = event.code

    def _welcome(self, event: m.Welcome) -> None:
        self.inside, self.claimed, self.token = True, True, event.token
        resumed = self._way == "resume"
        self.ledger.resumed += resumed
        self.ledger.logged_in += not resumed
        for log in self.logs.values():
            log.acked = 0
        for position in event.conversations:
            self._stands(position, not resumed and position.conversation == m.LOBBY)
            self.groups.discard(position.conversation)
        for group in self.groups:
            self.ask(m.Join, group)
        for identity in list(self.outbox):
            self._transmit(identity)

    def _group(self, event: m.GroupInfo) -> None:
        self._stands(event.position, False)
        self.groups.discard(event.position.conversation)

    def _stands(self, position: m.Position, skips: bool) -> None:
        """Compare where the server says that a conversation stands with what is known of it."""
        log = self.logs.get(position.conversation)
        if log is None or skips:
            self.logs[position.conversation] = Log(position.cursor)
            return
        log.acked = position.cursor
        if position.cursor > log.cursor:
            self._breach(f"{position.conversation}: the server's cursor is {position.cursor}, ours {log.cursor}")
        if position.head < max(log.cursor, max(log.ahead, default=0)):
            self._breach(f"{position.conversation}: the log went back to {position.head} from {log.cursor}")
        if log.cursor > log.acked:
            self._behind.add(position.conversation)

    def _accepted(self, event: m.Accepted) -> None:
        identity = self._refs.pop(event.ref, None)
        if identity is None:
            self._breach(f"accepted {event.conversation} {event.seq} for the unknown ref {event.ref}")
            return
        self._settled(identity, event.conversation, event.seq)

    def _settled(self, identity: bytes, conversation: str, seq: int) -> None:
        """A message of our own has its place in a log."""
        self.outbox.pop(identity, None)
        place = (conversation, seq)
        if self.ledger.accepted.setdefault(identity, place) != place:
            self._breach(f"{identity.hex()} is at {place} and was at {self.ledger.accepted[identity]}")
        log = self.log(conversation)
        if not log.know(seq, identity):
            self._breach(f"{conversation} {seq} was {log.ids[seq].hex()} and is {identity.hex()}")
        self._behind.add(conversation)

    def _message(self, event: m.Message) -> None:
        log = self.log(event.conversation)
        if log.has(event.seq):
            self.ledger.repeats += 1
            if not log.know(event.seq, event.id):
                self._breach(f"{event.conversation} {event.seq} was {log.ids[event.seq].hex()}, is {event.id.hex()}")
        else:
            if log.hole(event.seq):
                self._breach(f"{event.conversation}: {event.seq} came, and something after {log.cursor} did not")
            if event.sender != self.name:
                log.know(event.seq, event.id)
                self.ledger.shown.append((event.conversation, event.seq, event.id))
        if event.sender == self.name:
            self._settled(event.id, event.conversation, event.seq)
        self._behind.add(event.conversation)

    def _delivered(self, event: m.Delivered) -> None:
        reader = self.swarm.clients.get(event.by)
        if reader is not None and reader.log(event.conversation).cursor < event.seq:
            self._breach(f"{event.by} is said to have {event.conversation} {event.seq} and has not")

    def _breach(self, text: str) -> None:
        self.ledger.breaches.append(f"{self.name}: {text}")


EVENTS: dict[type, Callable[[Client, Any], None]] = {
    m.Greeting: Client._greeting,
    m.Failed: Client._failed,
    m.Welcome: Client._welcome,
    m.GroupInfo: Client._group,
    m.Accepted: Client._accepted,
    m.Message: Client._message,
    m.Delivered: Client._delivered,
}


class Swarm:
    """All clients of one process, and the one loop that moves them."""

    def __init__(self) -> None:
        self.clients: dict[str, Client] = {}
        self._selector = selectors.DefaultSelector()
        self._events: dict[Client, int] = {}
        self._away: dict[Client, None] = {}

    def add(self, name: str, port: int, host: str = "127.0.0.1", tls: bool = False) -> Client:
        """A client that will sign up under this name as soon as the loop moves."""
        client = self.clients[name] = Client(self, name, host, port, tls)
        self._away[client] = None
        return client

    def step(self, timeout: float = 0.01) -> None:
        """Connect who wants to be connected, then read and write what can be."""
        now = time.monotonic()
        for client in [c for c in self._away if c.wanted and c.retry_at <= now]:
            del self._away[client]
            client.connect()
        for key, events in self._selector.select(timeout):
            client = key.data
            if events & selectors.EVENT_WRITE and client.wire is not None:
                client.writable()
            if events & selectors.EVENT_READ and client.wire is not None:
                client.readable()

    def until(self, done: Callable[[], bool], seconds: float = 30.0, what: str = "") -> None:
        """Move until something is so. Raises AssertionError when it takes too long."""
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                raise AssertionError(f"after {seconds:.0f} s still not: {what or 'what was waited for'}")
            self.step()

    def run(self, seconds: float) -> None:
        """Move for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.step(min(left, 0.05))

    def all_in(self, clients: Iterable[Client] | None = None, seconds: float = 60.0) -> None:
        """Move until these clients, or all, are logged in."""
        waiting = list(self.clients.values() if clients is None else clients)

        def done() -> bool:
            waiting[:] = [client for client in waiting if not client.inside]
            return not waiting

        self.until(done, seconds, "everybody in")

    def watch(self, client: Client, write: bool = False, read: bool = True) -> None:
        """Look at a client's connection for reading, writing, or nothing."""
        assert client.wire is not None
        events = read * selectors.EVENT_READ | write * selectors.EVENT_WRITE
        if self._events.get(client) == events:
            return
        if client in self._events:
            self._selector.unregister(client.wire.socket)
        self._events[client] = events
        if events:
            self._selector.register(client.wire.socket, events, client)
        else:
            del self._events[client]

    def gone(self, client: Client) -> None:
        """Forget a client's connection."""
        assert client.wire is not None
        if self._events.pop(client, 0):
            self._selector.unregister(client.wire.socket)
        client.wire.socket.close()
        client.wire = None
        self._away[client] = None

    def close(self) -> None:
        """Cut everybody."""
        for client in self.clients.values():
            client.vanish(reset=False)
        self._selector.close()
