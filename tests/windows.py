"""People at line clients in memory, connected to the house of `tests/kit.py`: both sides are the real ones.

Rule: between them is no socket and no terminal: what the client says reaches the node as frames, and what a window
would show is a list of lines.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from chatd.wire.pack import Command, Event
from clients.core.app import App, Listener
from clients.core.connection import Frames
from clients.core.disk import carry_out
from clients.core.e2ee.keys import Account
from clients.core.filing import Filing
from clients.core.history import History
from clients.core.login import Entrance, Who
from clients.core.notices import Security
from clients.core.offers import stored
from clients.core.outbox import Outbox
from clients.core.reading import Reading
from clients.core.secure.desk import Strongbox
from clients.core.session import Session
from clients.core.style import Style
from clients.core.transfers import Transfers
from clients.line.face import LineFace
from tests.kit import House, Peer


class Wire:
    """A client's line that ends in the house instead of in the network."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.peer: Peer | None = None
        self.listener: Listener | None = None
        self.loses: tuple[type[Command], ...] = ()  # commands that get lost on the way

    def open(self, listener: Listener) -> None:
        """Connect."""
        self.listener, self.peer = listener, self.house.peer()
        listener.connected(b"", Security())

    def proceed(self) -> None:
        """There is no certificate to be accepted."""

    def write(self, commands: list[Command]) -> None:
        """Send these."""
        if self.peer is not None:
            self.peer.tell(*(command for command in commands if not isinstance(command, self.loses)))

    def close(self) -> None:
        """Close it."""
        if self.peer is not None:
            self.peer.lose()

    def carry(self) -> bool:
        """Bring what has come to the client; false when there was nothing."""
        if self.peer is None or self.listener is None:
            return False
        events = self.peer.take()
        if events:
            self.listener.received(events)
        elif self.peer.over:
            self.peer = None
            self.listener.lost("The server closed the connection.", opened=True)
        else:
            return False
        return True


class Window:
    """Somebody's line client, in memory, and what it shows."""

    hides = True
    all: list[Window]

    def __init__(self, house: House, others: list[Window], folder: str = "") -> None:
        self.house, self.all, self.folder = house, others, folder
        others.append(self)
        self.shown: list[str] = []
        self.asked = ""
        self.status: int | None = None
        self.wire = Wire(house)
        self.history = History(":memory:")
        account = self.history.add_account("house:1", "", "sealed").id
        device = Account.make()
        box = Strongbox(self.history.rows(account), device, house.random, self.wall)
        session = Session(Entrance(Who(), device), Outbox([]), Reading({}, {}), "", box=box)
        self.face = self.made_face()
        self.app = App(
            self.face, session, self.history, account, self.wire, house.clock, server="house:1", trust_new=False,
            entropy=house.random, chance=lambda: 0.5, wall=self.wall, filing=self._filing(session, account),
        )  # fmt: skip
        self.face.begin(self.app)
        self.settle()

    def _filing(self, session: Session, account: int) -> Filing | None:
        """What sends and fetches files, where there is a folder for them; the disk is at once."""
        if not self.folder:
            return None
        kept, folder = stored(self.history.rows(account)), self.folder
        files = Transfers(kept, session.next_ref, self.house.random, f"{folder}/downloads", f"{folder}/sending")
        return Filing(files, lambda job, done: done(carry_out(job)), fetches=False)

    def made_face(self) -> Any:
        """The face that this person has."""
        return LineFace(self, self.style, self.done, asks=True, json=False, quiet=False, trusts=True)

    def style(self) -> Style:
        """How it shows what it shows: without colours."""
        view = self.app.view()
        return Style(me=view.me, focus=view.focus, now=self.wall())

    def wall(self) -> int:
        """The time in ms."""
        return int(self.house.wall() * 1000)

    def settle(self) -> None:
        """Let everything arrive, in all windows of this house."""
        self.house.settle()
        while sum(window.wire.carry() for window in self.all):
            self.house.settle()

    def type(self, *lines: str) -> list[str]:
        """Type lines at once; returns what this window shows from then on."""
        before = len(self.shown)
        for line in lines:
            self.face.line(line)
        self.settle()
        return self.shown[before:]

    def take(self) -> list[str]:
        """What it has shown since the last time."""
        self.settle()
        shown, self.shown = self.shown, []
        return shown

    def live(self, seconds: float) -> list[str]:
        """Let time pass for all of this house; returns what this window shows meanwhile."""
        before = len(self.shown)
        for _ in range(round(seconds / 0.1)):
            self.house.advance(0.1)
            self.settle()
        return self.shown[before:]

    # ---- a screen ----

    def print(self, lines: list[str], problem: bool = False) -> None:
        """Lines."""
        self.shown += lines

    def prompt(self, text: str, hidden: bool = False, talks: bool = False) -> None:
        """What is asked from here on."""
        self.asked = text

    def flush(self) -> None:
        """It is out."""

    def done(self, status: int) -> None:
        """It has ended."""
        self.status = status


class Told:
    """Somebody who is told what a client's connection hears."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.lost_for = ""

    def judge(self, fingerprint: str, vouched: bool) -> str:
        """Whatever certificate."""
        return "go"

    def connected(self, binding: bytes, security: Security) -> None:
        """The line is open."""

    def received(self, events: list[Event]) -> None:
        """The server said these."""
        self.events += events

    def lost(self, reason: str, opened: bool) -> None:
        """The line is gone."""
        self.lost_for = reason


def client_protocol(told: Told) -> Frames:
    """A client's end of a connection, in memory."""
    protocol = Frames(told, None, Clock())
    transport: Any = StringTransport()
    protocol.makeConnection(transport)
    return protocol
