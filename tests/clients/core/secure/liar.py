"""Real clients with encryption on a real node in memory, and a line between them that lies when it is told to.

Rule: what a lie does not touch is honest, the node's own; all that passes is encoded as on the wire. `sent` has every
command that the client ever said: what was said in secret must be in none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from chatd.wire.pack import BadFrame, Command, Event, decode_event, encode_command, encode_event
from clients.core import notices as n
from clients.core.app import App
from clients.core.conversations import Conversations
from clients.core.e2ee.keys import Account
from clients.core.history import History
from clients.core.login import Entrance, Who
from clients.core.outbox import Outbox
from clients.core.reading import Reading
from clients.core.secure.desk import Strongbox
from clients.core.session import Session
from tests.clients.kit import SERVER, RecordingFace
from tests.kit import House
from tests.windows import Wire

T = TypeVar("T")
Lie = Callable[[Any], list[Event]]
Answer = Callable[[Any], list[Event] | None]
MOST_ROUNDS = 400


class LyingWire(Wire):
    """`lies`: what the client hears instead of an event; `answers`: what it hears to a command that the node never
    gets (None: the node gets it); `fuse`: after so many commands and events the connection breaks."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self.lies: dict[type[Any], Lie] = {}
        self.answers: dict[type[Any], Answer] = {}
        self.sent: list[Command] = []
        self.heard: list[Event] = []
        self.pushed: list[Event] = []
        self.fuse: int | None = None

    def _burns(self) -> bool:
        """One more command or event: is it one too many?"""
        if self.fuse:
            self.fuse -= 1
        return self.fuse == 0

    def write(self, commands: list[Command]) -> None:
        """Send these, but for those that are answered here."""
        for command in commands:
            if self._burns():
                return
            self.sent.append(command)
            answer = self.answers.get(type(command))
            instead = answer(command) if answer is not None else None
            if instead is None:
                super().write([command])
            else:
                self.pushed += instead

    def carry(self) -> bool:
        """What the node has said, or what is said in its place, comes to the client."""
        if self.peer is None or self.listener is None:
            return False
        peer = self.peer
        honest = peer.take()
        honest = honest[: sum(not self._burns() for _ in honest)]
        self.heard += honest
        events = [event for one in honest for event in self.lies.get(type(one), _as_it_is)(one)]
        events, self.pushed = [*events, *self.pushed], []
        try:
            found = [event for one in events if (event := decode_event(encode_event(one))) is not None]
        except BadFrame:  # as `connection.py` does
            self.cut()
            return True
        if found:
            self.listener.received(found)
        if self.fuse == 0 or (not found and peer.over):
            self.cut()
            return True
        return bool(honest or events)

    def cut(self) -> None:
        """The connection breaks; what is on its way is lost."""
        if self.peer is None or self.listener is None:
            return
        peer, self.peer, self.pushed, self.fuse = self.peer, None, [], None
        peer.lose()
        self.listener.lost("The connection broke.", opened=True)

    def honest(self) -> None:
        """No lies from here on."""
        self.fuse = None
        self.lies.clear()
        self.answers.clear()
        self.pushed.clear()

    def leaks(self, marker: str) -> list[Command]:
        """What the client said that holds these words where a server can read them."""
        return [command for command in self.sent if marker.encode() in encode_command(command)]


class Target:
    """One device of one person, real but for the line. `again`: the next start of the program."""

    def __init__(
        self, town: Town, name: str, history: History | None = None, device: Account | None = None, guest: bool = False,
        password: str | None = None,
    ) -> None:  # fmt: skip
        self.town, self.name = town, name
        self.history, self.device = history or History(":memory:"), device or Account.make()
        self.face, self.wire = RecordingFace(), LyingWire(town.house)
        row = self.history.account(SERVER, name) or self.history.add_account(SERVER, name, "sealed")
        self.account = row.id
        house = town.house
        who = Who(name, row.claimed, row.tried, row.token, guest, password)
        box = Strongbox(self.history.rows(row.id), self.device, house.random, town.wall)
        reading = Reading(self.history.cursors(row.id), self.history.ahead(row.id))
        outbox, known = Outbox(self.history.outbox(row.id)), Conversations(self.history.created(row.id))
        self.session = Session(Entrance(who, self.device), outbox, reading, row.epoch, conversations=known, box=box)
        self.app = App(
            self.face, self.session, self.history, row.id, self.wire, house.clock, server=SERVER, trust_new=True,
            entropy=house.random, chance=lambda: 0.5, wall=town.wall,
        )  # fmt: skip

    def come(self) -> Target:
        """Connect, and log in."""
        self.app.start()
        self.town.settle()
        return self

    def again(self) -> Target:
        """The program ends at once, and starts anew; what it has not kept is gone."""
        self.app.ended = True
        if self.wire.peer is not None:
            self.wire.peer.lose()
            self.wire.peer = None
        after = Target(self.town, self.name, self.history, self.device)
        after.wire.sent = self.wire.sent
        self.town.people[self.town.people.index(self)] = after
        return after

    def enter(self, *lines: str) -> None:
        """Type these."""
        for line in lines:
            self.app.enter(line)
            self.town.settle()

    def push(self, *events: Event) -> None:
        """The server says these."""
        self.wire.pushed += events
        self.town.settle()

    def texts(self) -> list[tuple[str, str]]:
        """What has come since the last time: what, and how it was protected."""
        return [(said.text, said.security) for said in self.face.take(n.Said)]

    def codes(self) -> list[str]:
        """What was said of encryption since the last time."""
        return [notice.code for notice in self.face.take(n.Secure)]

    def refusals(self) -> list[str]:
        """The codes of what was refused since the last time."""
        return [notice.code for notice in self.face.take(n.Refused)]

    def states(self) -> list[str]:
        """What became of one's own messages since the last time."""
        return [told.state for told in self.face.take(n.Outcome)]

    def kept(self, to: str) -> list[str]:
        """The local history of a conversation."""
        return [said.text for said in self.history.last(self.account, to, 1_000)]


class Town:
    """A node and clients on it."""

    def __init__(self, *names: str) -> None:
        self.house = House()
        self.people: list[Target] = []
        for name in names:
            self.move_in(name)
        for person in self.people:
            person.face.notices.clear()

    def wall(self) -> int:
        """The time in ms."""
        return int(self.house.wall() * 1000)

    def move_in(self, name: str, guest: bool = False, password: str | None = None) -> Target:
        """Somebody new, or (by the account's password) another device of somebody."""
        person = Target(self, name, guest=guest, password=password)
        self.people.append(person)
        return person.come()

    def move_out(self, person: Target) -> None:
        """A device is gone for good."""
        person.app.ended = True
        person.wire.cut()
        self.people.remove(person)

    def settle(self) -> None:
        """Until nothing moves; it does not take for ever, whatever the server says."""
        self.house.settle()
        for _ in range(MOST_ROUNDS):
            if not sum(person.wire.carry() for person in self.people):
                return
            self.house.settle()
        raise AssertionError("it goes round for ever")

    def live(self, seconds: float) -> None:
        """Time passes."""
        for _ in range(max(1, round(seconds))):
            self.house.advance(min(1.0, seconds))
            self.settle()


def changed(**fields: Any) -> Lie:
    """The same event, but for these fields."""
    return lambda event: [msgspec.structs.replace(event, **fields)]


def answered(kind: Callable[..., Event], *arguments: Any, **more: Any) -> Answer:
    """This in answer to every such command; the node gets none of them."""
    return lambda command: [kind(command.ref, *arguments, **more)]


def _as_it_is(event: Event) -> list[Event]:
    return [event]
