"""What no well-behaved client does to a real server: vanish at every moment, stop, send half of things and nonsense.

Rule: whatever comes, the log has no traceback, somebody else is served at once, and nothing is left over.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd.wire.pack import Event, encode_command, frame
from tests.process.audit import Audit
from tests.process.bystanders import Bystanders
from tests.process.crash import TROUBLE
from tests.process.server import Server
from tests.process.swarm import Client, Swarm

HELLO = frame(encode_command(m.Hello([1], [], "nasty")))
STORED = 20_000
COMMANDS = int(os.environ.get("EXAMPLES", "3000"))


class NastyTests(SynchronousTestCase):
    """One server for each test."""

    def setUp(self) -> None:
        self.random = random.Random(7)
        self.server = Server().start()
        self.swarm = Swarm()

    def tearDown(self) -> None:
        self.swarm.close()
        self.server.kill()
        shutil.rmtree(self.server.folder, ignore_errors=True)

    def person(self, name: str) -> Client:
        """Somebody who is in."""
        client = self.swarm.add(name, self.server.ports["plain"])
        self.swarm.all_in([client])
        return client

    def still_well(self) -> None:
        """Somebody new is served at once, and the log is clean."""
        before = time.monotonic()
        client = self.person(f"well-{len(self.swarm.clients)}")
        client.send("#lobby", "hello")
        self.swarm.until(lambda: not client.waits())
        self.assertLess(time.monotonic() - before, 5)
        self.assertEqual(self.server.stop(), 0)
        printed = self.server.printed()
        self.assertIsNone(TROUBLE.search(printed), printed[-5000:])

    def connect(self, kind: str = "plain") -> socket.socket:
        """A plain socket to a port."""
        return socket.create_connection(("127.0.0.1", self.server.ports[kind]), timeout=10)

    def descriptors(self) -> int:
        """How many sockets the server has open (not files: reading threads open the database when first needed)."""
        assert self.server.process is not None
        found = Path(f"/proc/{self.server.process.pid}/fd").iterdir()
        return sum(os.path.realpath(one).rpartition("/")[2].startswith("socket:") for one in found)

    # ---- vanishing ----

    def test_clients_that_vanish_at_every_moment_of_a_login(self) -> None:
        watcher = self.person("watcher")
        for tls in (False, True):
            port = self.server.ports["tls" if tls else "plain"]
            for number in range(150):
                client = self.swarm.add(f"v{int(tls)}-{number % 50}", port, tls=tls)
                steps = self.random.randrange(12)
                for _ in range(steps):
                    self.swarm.step(0.0005)
                client.vanish(reset=self.random.random() < 0.5)
        self.swarm.run(0.3)
        here = self.ask(watcher, m.Who)
        assert isinstance(here, m.WhoList)
        self.assertEqual([person.name for person in here.people], ["watcher"])
        self.still_well()

    def ask(self, client: Client, kind: Callable[..., m.Command], *arguments: object) -> Event:
        """A command's answer."""
        got: list[Event] = []
        client.heard = lambda _, event: got.append(event)
        ref = client.ask(kind, *arguments)
        self.swarm.until(lambda: bool(got) and getattr(got[-1], "ref", 0) == ref)
        client.heard = None
        return got[-1]

    def test_half_a_tls_handshake(self) -> None:
        before = self.descriptors()
        hello = client_hello()
        opened = []
        for number in range(200):
            half = self.connect("tls")
            half.sendall(hello[: self.random.randrange(1, len(hello))] if number % 2 else os.urandom(100))
            opened.append(half)
        for half in opened:
            if self.random.random() < 0.5:
                half.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            half.close()
        end = time.monotonic() + 10
        while self.descriptors() > before and time.monotonic() < end:
            time.sleep(0.05)
        self.assertLessEqual(self.descriptors(), before)
        self.still_well()

    # ---- nonsense ----

    def test_nonsense_before_login(self) -> None:
        for nonsense in strange_frames(self.random):
            with self.connect() as stranger:
                try:
                    stranger.sendall(HELLO * self.random.randrange(2) + nonsense)
                    stranger.shutdown(socket.SHUT_WR)
                    while stranger.recv(65536):
                        pass
                except OSError:
                    pass  # it was cut
        self.still_well()

    def test_nonsense_after_login(self) -> None:
        client = self.person("nonsense")
        self.person("victim")
        answers: Counter[type] = Counter()
        client.heard = lambda _, event: answers.update([type(event)])
        for number, command in enumerate(strange_commands(self.random, COMMANDS)):
            self.swarm.until(lambda: client.inside)  # it is cut now and then, and comes back
            client.raw(frame(msgspec.msgpack.encode(command)))
            if number % 20 == 0:
                self.swarm.step(0)
        self.swarm.run(0.5)
        self.swarm.until(lambda: client.inside)
        self.assertGreater(answers[m.Failed], 10)
        self.assertGreater(answers[m.Pong], 1)
        self.still_well()

    # ---- stopping ----

    def test_a_client_that_is_stopped_goes_on(self) -> None:
        others = Bystanders(self.server.ports["plain"])
        try:
            others.process.send_signal(signal.SIGSTOP)
            friend = self.person("friend")
            for number in range(300):
                friend.send("@bystander-two", f"{number}")
            self.swarm.until(lambda: not friend.waits())
            self.swarm.run(0.5)
            others.process.send_signal(signal.SIGCONT)
            self.swarm.until(lambda: bool(others.take()))
            delivered = friend.log("dm:bystander-two:friend")
            self.swarm.until(lambda: delivered.cursor == 300)
        finally:
            others.close()
        self.still_well()

    # ---- a long drain ----

    def test_kills_while_twenty_thousand_stored_messages_are_read(self) -> None:
        writer, reader = self.person("writer"), self.person("reader")
        for client in (writer, reader):
            client.groups.add("#long")
            client.ask(m.Join, "#long")
            self.swarm.until(lambda client=client: not client.groups)  # type: ignore[misc]
        reader.vanish()
        while len(writer.ledger.sent) < STORED:
            for _ in range(100):
                writer.send("#long", f"message {len(writer.ledger.sent)}")
            self.swarm.until(lambda: len(writer.outbox) < 1000)
        self.swarm.until(lambda: not writer.waits())
        began, reader.wanted, kills = time.monotonic(), True, 0
        while len(reader.ledger.shown) < STORED and time.monotonic() < began + 60:
            some = len(reader.ledger.shown) + 3000
            self.swarm.until(lambda some=some: len(reader.ledger.shown) >= min(some, STORED))  # type: ignore[misc]
            if len(reader.ledger.shown) < STORED:
                self.server.kill()
                self.server.start()
                kills += 1
        print(f"{STORED} stored messages read within {time.monotonic() - began:.1f} s and {kills} kills")
        self.assertGreater(kills, 2)
        self.assertEqual(self.server.stop(), 0)
        audit = Audit(self.server.data / "chat.db", self.swarm.clients)
        self.assertEqual(audit.examples, {})
        self.assertIsNone(TROUBLE.search(self.server.printed()))


def client_hello() -> bytes:
    """The first flight of a TLS client."""
    import ssl

    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        context.wrap_bio(incoming, outgoing).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def strange_frames(source: random.Random) -> Iterator[bytes]:
    """Bytes that mean nothing, or too much."""
    yield b"\0\0\0\0" * 5000
    yield b"\xff\xff\xff\xff"
    yield b"\0\xff\xff\xff"
    yield frame(b"\x91" * 16_000)
    yield frame(b"\x81\xa0" * 8_000)
    yield frame(b"\xdd\xff\xff\xff\xff")
    yield frame(b"\xdb\xff\xff\xff\xff")
    yield frame(b"\x92\xa5hello\xdd\x7f\xff\xff\xff")
    yield frame(msgspec.msgpack.encode(["hello", [1 << 63], ["x"] * 3000]))
    yield frame(msgspec.msgpack.encode(["signup", 1, "x" * 10_000, ["d" * 16, b"1", b"2"], b"s"]))
    yield frame(msgspec.msgpack.encode(["login", -(1 << 62), "\u202e\0\x1b[2J", "\ud7ff", b""]))
    yield frame(msgspec.msgpack.encode(["resume", 1, os.urandom(5000)]))
    yield frame(msgspec.msgpack.encode(["send", 1, "#lobby", b"1" * 16, "before login"])) * 40
    yield b"NICK x\r\nUSER x\r\n" * 100
    yield b"\x16\x03\x01" + os.urandom(500)
    for _ in range(100):
        yield frame(source.randbytes(source.randrange(200)))
        yield source.randbytes(source.randrange(2000))


def strange_commands(source: random.Random, count: int) -> Iterator[list[object]]:
    """Commands whose values have the right types, nearly always, and are as odd as can be."""
    kinds = [kind for kind in m.Command.__args__ if kind is not m.Quit]
    odd: dict[str, list[object]] = {
        "list": [[], [1], [1, 2]],
        "DeviceKeys": [["d" * 16, b"1" * 32, b"2" * 32], ["", b"", b""]],
        "int": [0, 1, -1, 5, 1 << 31, (1 << 63) - 1, -(1 << 63)],
        "bool": [True, False],
        "bytes": [b"", b"1" * 16, b"2" * 15, b"\0" * 5000],
        "str": [
            "", "x", "@victim", "@nonsense", "@nobody", "#lobby", "#LOBBY", "#new", "#new2", "victim", "VICTIM", "#",
            "nonsense", "@", "dm:nonsense:victim", "\0", "\u202e\x1b", "a" * 20_000, "member", "owner", "op", "# #",
            "#" + "y" * 500, "\U0001f600", "\u0430\u0501", "\r\nQUIT", " ",
        ],
        "wrong": [None, [], {}, {"a": 1}, 1.5, 1 << 63, b"", "x", True],
    }  # fmt: skip
    for _ in range(count):
        kind = source.choice(kinds)
        command: list[object] = [kind.__struct_config__.tag]
        for said in kind.__annotations__.values():
            right = [values for name, values in odd.items() if name in str(said)] or [odd["wrong"]]
            command.append(source.choice(odd["wrong"] if source.random() < 0.005 else right[0]))
        yield command
