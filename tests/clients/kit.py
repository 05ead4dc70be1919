"""A client in memory: a face that records, a line that a test holds both ends of, a clock that stands still.

Rule: nothing here decides; a test says what the server says, and looks at what the client shows, keeps and sends.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.task import Clock

from chatd import messages as m
from chatd.wire.pack import Command, Event, decode_command, decode_event, encode_command, encode_event
from clients.core import notices as n
from clients.core.app import App, Listener
from clients.core.conversations import Conversations
from clients.core.device import Device
from clients.core.history import FixedKey, History
from clients.core.login import Entrance, Who
from clients.core.outbox import Outbox
from clients.core.reading import KEEP, Reading
from clients.core.session import Session

T = TypeVar("T")
DEVICE = Device.make()
SERVER = "localhost:6697"
CHALLENGE = b"c" * 32


def greeting(epoch: str = "one", **more: Any) -> m.Greeting:
    """What a server opens with."""
    return m.Greeting(1, epoch, ["resume", "receipts"], CHALLENGE, "test", 1_000, **more)


def position(conversation: str, head: int = 0, cursor: int = 0, **more: Any) -> m.Position:
    """Where a conversation stands."""
    return m.Position(conversation, head, cursor, **more)


def welcome(
    *positions: m.Position, name: str = "alice", ref: int = 1, present: list[str] | None = None, **more: Any
) -> m.Welcome:
    """The end of a login; the lobby is always there."""
    places = [position("#lobby"), *positions]
    people = ["bob"] if present is None else present
    return m.Welcome(ref, name, b"token", places, people, len(people), **more)


def message(conversation: str, seq: int, sender: str = "bob", text: str = "hi", message_id: bytes = b"") -> m.Message:
    """A message as it comes."""
    return m.Message(conversation, seq, 1_000 * seq, sender, message_id or seq.to_bytes(16, "big"), text)


class RecordingFace:
    """Notes what it is told; `on` lets a test answer at once."""

    def __init__(self) -> None:
        self.notices: list[n.Notice] = []
        self.flushed = 0
        self.on: dict[type[n.Notice], Callable[[Any], None]] = {}

    def notice(self, notice: n.Notice) -> None:
        """Note it."""
        self.notices.append(notice)
        if type(notice) in self.on:
            self.on[type(notice)](notice)

    def flush(self) -> None:
        """Note how much was out."""
        self.flushed = len(self.notices)

    def take(self, kind: type[T]) -> list[T]:
        """The notices of one kind so far; they are forgotten."""
        found: list[T] = [notice for notice in self.notices if isinstance(notice, kind)]
        self.notices = [notice for notice in self.notices if not isinstance(notice, kind)]
        return found


class FakeLine:
    """A line whose other end is the test. What goes over it is encoded and decoded as on the wire."""

    def __init__(self) -> None:
        self.listener: Listener | None = None
        self.opened = 0
        self.open_now = False
        self.written: list[Command] = []
        self.proceeded = False

    def open(self, listener: Listener) -> None:
        """The client wants a connection."""
        self.listener = listener
        self.opened += 1

    def accept(self, binding: bytes = b"") -> None:
        """It gets one."""
        assert self.listener is not None
        self.open_now = True
        self.listener.connected(binding, n.Security())

    def refuse(self, reason: str = "Connection refused.") -> None:
        """It gets none."""
        assert self.listener is not None
        self.listener.lost(reason, opened=False)

    def drop(self, reason: str = "The connection broke.") -> None:
        """The connection ends."""
        assert self.listener is not None
        self.open_now = False
        self.listener.lost(reason, opened=True)

    def tell(self, *events: Event) -> None:
        """The server says these in one piece."""
        assert self.listener is not None
        decoded = [decode_event(encode_event(event)) for event in events]
        self.listener.received([event for event in decoded if event is not None])

    def proceed(self) -> None:
        """The certificate was accepted."""
        self.proceeded = True

    def write(self, commands: list[Command]) -> None:
        """The client says something."""
        self.written += [decode_command(encode_command(command)) for command in commands]

    def close(self) -> None:
        """The client closes."""
        if self.open_now:
            self.drop("The server closed the connection.")


class Client:
    """A whole client: App, Session and History in memory. `face` may be any face."""

    def __init__(
        self, face: Any = None, name: str = "alice", claimed: bool = True, token: bytes = b"", receive: str = KEEP,
        history: History | None = None, trust_new: bool = False, clock: Clock | None = None, **who: Any,
    ) -> None:  # fmt: skip
        self.face: Any = face if face is not None else RecordingFace()
        self.clock = clock or Clock()
        self.line = FakeLine()
        self.history = history or History(":memory:")
        account = self.history.account(SERVER, name) or self.history.add_account(SERVER, name, "sealed")
        reading = Reading(self.history.cursors(account.id), self.history.ahead(account.id))
        entrance = Entrance(Who(name, claimed, False, token, **who), DEVICE)
        outbox, known = Outbox(self.history.outbox(account.id)), Conversations(self.history.created(account.id))
        self.session = Session(entrance, outbox, reading, account.epoch, receive, known)
        self._ids = 0
        self.app = App(
            self.face, self.session, self.history, account.id, self.line, self.clock, server=SERVER,
            trust_new=trust_new, entropy=self._entropy, chance=lambda: 0.5, wall=lambda: 5_000,
        )  # fmt: skip
        self.account = account.id

    def _entropy(self, size: int) -> bytes:
        self._ids += 1
        return self._ids.to_bytes(size, "big")

    def greet(self, event: m.Greeting | None = None) -> None:
        """Start, connect, and be greeted."""
        if self.line.opened == 0:
            self.app.start()
        self.line.accept()
        self.line.tell(event or greeting())

    def log_in(self, *positions: m.Position, event: m.Greeting | None = None, **more: Any) -> Client:
        """All the way to the welcome."""
        self.greet(event)
        asked = self.line.written[-1]
        name = getattr(asked, "name", "alice")
        self.line.tell(welcome(*positions, **{"name": name, "ref": getattr(asked, "ref", 1), **more}))
        return self

    def come_back(self, *positions: m.Position, **more: Any) -> None:
        """Lose the line, wait, and log in again."""
        self.line.drop()
        self.clock.advance(61)
        self.log_in(*positions, **more)

    def sent(self, kind: type[T]) -> list[T]:
        """What the client said of one kind since the last look."""
        found: list[T] = [command for command in self.line.written if isinstance(command, kind)]
        self.line.written = [command for command in self.line.written if not isinstance(command, kind)]
        return found

    def accept_sends(self, conversation: str, first: int, state: str = "sent") -> None:
        """The server accepts every message the client has sent."""
        for number, send in enumerate(self.sent(m.Send)):
            self.line.tell(m.Accepted(send.ref, conversation, first + number, 1_000, state))


def database(path: str) -> History:
    """A history on disk."""
    return History(Path(path), FixedKey(b"k" * 32))
