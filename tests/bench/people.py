"""Who talks: sign-up, groups and messages in the words of either server.

Rule: a `Side` is one server with a crowd of people on it; the rows measure sides without knowing which it is. What is
done here is not in any measured time but that of sign-ups.
"""

from __future__ import annotations

import base64
import hashlib
import os
import select
from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chatd import messages as m
from chatd.wire.pack import decode_event, encode_command, frame
from tests.bench.counting import ACCEPTED, ID_BYTES, NEWLINE, Frames, Stock, last_seq
from tests.bench.links import KINDS, Link
from tests.bench.load import Ear, Supply
from tests.bench.servers import Target

GROUPS = {10: "#bench10", 100: "#bench100", 1000: "#bench1000"}
CROWD = 1000
IN_FLIGHT = 40  # logins that overlap; fewer than wait in a listener of Twisted (50), or connecting takes a second
END = "<end>"  # every text ends with it: whoever has counted it has the whole message
TEXT = "the quick brown fox jumps over the lazy dog and runs; " * 2
SAID = TEXT[: 100 - len(END)] + END
HELLO = frame(encode_command(m.Hello([1], list(m.FEATURES), "bench")))


class Person:
    """Somebody with a name, and a connection at times."""

    link: Link

    def __init__(self, name: str) -> None:
        self.name = name
        self.frames = Frames()
        self.token = b""


class Account(Person):
    """Somebody with a device's keys, which are made before anything is measured."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._private = Ed25519PrivateKey.generate()
        public, curve = self._private.public_key().public_bytes_raw(), os.urandom(32)
        digest = hashlib.sha256(m.DEVICE_LABEL + public + curve).digest()
        self.keys = m.DeviceKeys(base64.b32encode(digest[:10]).decode().lower(), public, curve)

    def call(self, command: m.Command) -> None:
        """Send a command."""
        self.link.send(frame(encode_command(command)))

    def wait_for(self, tag: str) -> bytes:
        """The next event of this kind, still encoded; what comes before it is thrown away."""
        wanted = b"%c%s" % (0xA0 + len(tag), tag.encode())
        while True:
            for payload in self.frames.feed(self.link.wait()):
                if payload.startswith(wanted, 1):
                    return payload

    def connect(self, kind: str, port: int) -> None:
        """Connect and say hello."""
        self.frames = Frames()
        self.link = KINDS[kind](port)
        self.link.send(HELLO)

    def sign_up(self) -> None:
        """Read the greeting, sign its challenge, ask for the name. Plain connections only: nothing to bind to."""
        greeting = decode_event(self.wait_for("greeting"))
        assert isinstance(greeting, m.Greeting)
        self.call(m.SignUp(1, self.name, self.keys, self.signed(m.SIGNUP_LABEL, greeting)))

    def signed(self, label: bytes, greeting: m.Greeting) -> bytes:
        """The proof that the device is here."""
        told = greeting.challenge + self.keys.device.encode() + b"\0" + self.name.encode()
        return self._private.sign(label + told)

    def resume(self) -> None:
        """Read the greeting, go on with the sign-up's session."""
        self.wait_for("greeting")
        self.call(m.Resume(1, self.token))

    def welcomed(self) -> None:
        """Read the welcome."""
        self.welcome = self.wait_for("welcome")

    def keep_token(self) -> None:
        """Find in the welcome what a later session needs."""
        welcome = decode_event(self.welcome)
        assert isinstance(welcome, m.Welcome)
        self.token, self.welcome = welcome.token, b""


def names(count: int) -> list[str]:
    """So many names that do not look alike, all of one length."""
    return [f"p{number:05}" for number in range(count)]


def overlapping(count: int, *steps: Callable[[int], object]) -> None:
    """Do every step for every number in order, each step some way behind the one before it."""
    for turn in range(count + IN_FLIGHT * (len(steps) - 1)):
        for place, step in enumerate(steps):
            number = turn - place * IN_FLIGHT
            if 0 <= number < count:
                step(number)


def barrier(people: Sequence[Account]) -> None:
    """Wait until everything that was sent has been answered and read; twice, for what the first round caused."""
    for _ in range(2):
        pings = [0x40000000 + int.from_bytes(os.urandom(3), "big") for _ in people]
        for person, ping in zip(people, pings, strict=True):
            person.call(m.Ping(ping))
        for person, ping in zip(people, pings, strict=True):
            mark, seen = b"\xa4pong\xce" + ping.to_bytes(4, "big"), b""
            while (at := seen.find(mark)) < 0 or len(seen) < at + len(mark) + 9:
                seen = seen[-64:] + person.link.wait()


def hush(people: Sequence[Account]) -> None:
    """Read until nothing has come for a second: who else has come is told behind, to a few at a time."""
    links, poll = {person.link.fd: person.link for person in people}, select.poll()
    for descriptor in links:
        poll.register(descriptor, select.POLLIN)
    while ready := poll.poll(1000):
        for descriptor, _ in ready:
            links[descriptor].look()


class Side:
    """One server and the crowd on it."""

    name = ""
    answer_mark = ACCEPTED  # what the answer to one's own direct message looks like; empty: there is none
    message_mark = b""
    hears_itself = False  # does a sender get its own group message back
    crowd: Sequence[Person] = ()

    def __init__(self, target: Target) -> None:
        self.target = target

    def connect(self, kind: str) -> None:
        """Bring the crowd in, over this kind of connection, and into its groups."""
        raise NotImplementedError

    def group_answer(self, person: Person) -> bytes:
        """The mark of the answer to this person's group messages."""
        raise NotImplementedError

    def supply(self, to: str) -> Supply:
        """Messages to a person or group."""
        raise NotImplementedError

    def acknowledge(self, conversation: str, ear: Ear, data: bytes) -> bool:
        """Say that the last message in some bytes has been read; False where none shows."""
        return True

    def settle(self, people: Sequence[tuple[Person, str]], sent: dict[str, int]) -> None:
        """After a run: everybody acknowledges all of the conversation, and is quiet again."""

    def direct(self, one: Person, other: Person) -> str:
        """The name of two people's conversation."""
        return "dm:" + ":".join(sorted([one.name, other.name]))

    def close(self) -> None:
        """Everybody leaves."""
        for person in self.crowd:
            person.link.close()


class ChatdSide(Side):
    """The real server."""

    name = "chatd"
    message_mark = END.encode()

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.crowd: list[Account] = []
        self._heads: dict[str, int] = {}

    def connect(self, kind: str) -> None:
        """Sign up over plain connections at first; later come back by the token, over any connection."""
        fresh = not self.crowd
        if fresh:
            self.crowd = [Account(name) for name in names(CROWD)]
            enter(self.crowd, "plain", self.target.ports["plain"], Account.sign_up)
            for size, group in GROUPS.items():
                for person in self.crowd[:size]:
                    person.call(m.Join(2, group))
            barrier(self.crowd)
            hush(self.crowd)
        if kind != "plain":
            self.close()
            enter(self.crowd, kind, self.target.ports[kind], Account.resume)
            barrier(self.crowd)
            hush(self.crowd)

    def group_answer(self, person: Person) -> bytes:
        """The tag of `accepted`."""
        return ACCEPTED

    def supply(self, to: str) -> Supply:
        """`send` frames with room for the id."""
        return stock(to)

    def acknowledge(self, conversation: str, ear: Ear, data: bytes) -> bool:
        """Find the seq and send an `ack`."""
        seq = last_seq(data, conversation)
        if seq:
            ear.link.send(frame(encode_command(m.Acknowledge(conversation, seq))))
        return seq > 0

    def settle(self, people: Sequence[tuple[Person, str]], sent: dict[str, int]) -> None:
        """Acknowledge the heads, which are known: seqs have no gaps."""
        for conversation, count in sent.items():
            self._heads[conversation] = self._heads.get(conversation, 0) + count
        accounts = []
        for person, conversation in people:
            assert isinstance(person, Account)
            person.call(m.Acknowledge(conversation, self._heads[conversation]))
            accounts.append(person)
        barrier(accounts)


class BareSide(Side):
    """The server of thirty lines."""

    name = "bare"
    answer_mark = b""
    message_mark = NEWLINE
    hears_itself = True

    def connect(self, kind: str) -> None:
        """Connect and join the groups."""
        self.close()
        self.crowd = [Person(f"{name}{kind[0]}") for name in names(CROWD)]
        for number, person in enumerate(self.crowd):
            person.link = KINDS[kind](self.target.ports[kind])
            groups = [group + kind[0] for size, group in GROUPS.items() if number < size]
            person.link.send(f"JOIN {person.name} {' '.join(groups)}\n".encode())
            if person.link.wait() != b"OK\n":
                raise ConnectionError("the bare server did not say OK")
        self._kind = kind

    def group_answer(self, person: Person) -> bytes:
        """The name of the sender: the message came back."""
        return b" %s " % person.name.encode()

    def supply(self, to: str) -> Supply:
        """The same line again and again."""
        head = f"GROUP {to}{self._kind[0]} " if to.startswith("#") else f"{to} "
        return Same(f"{head}{SAID}\n".encode())


class Same:
    """A supply of one message."""

    def __init__(self, line: bytes) -> None:
        self._line = line

    @property
    def left(self) -> int:
        """Always enough."""
        return 1 << 60

    def refill(self, more: bytes) -> None:
        """There are no ids in it."""

    def take(self, count: int, now: bytes) -> bytes:
        """So many of it."""
        return self._line * count


def stock(to: str) -> Stock:
    """`send` commands to a person or group, as frames."""
    hole = b"?" * ID_BYTES
    head, _, tail = frame(encode_command(m.Send(3, to, hole, SAID))).partition(hole)
    return Stock(head, tail)


def enter(people: Sequence[Account], kind: str, port: int, way: Callable[[Account], None]) -> None:
    """Connect everybody and log them in, overlapping; keep their tokens."""
    overlapping(
        len(people),
        lambda number: people[number].connect(kind, port),
        lambda number: way(people[number]),
        lambda number: people[number].welcomed(),
    )
    for person in people:
        person.keep_token()
