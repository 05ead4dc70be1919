"""Our own client against a whole server in memory: what the one shows and keeps is what the other really does.

Rule: one clock for both, no sockets and no threads; `Visitor.enter` and `Visitor.come` run until nothing moves.
"""

from __future__ import annotations

from typing import TypeVar

from clients.core.app import App
from clients.core.conversations import Conversations
from clients.core.device import Device
from clients.core.history import History
from clients.core.login import Entrance, Who
from clients.core.outbox import Outbox
from clients.core.reading import KEEP, Reading
from clients.core.session import Session
from tests.clients.kit import SERVER, RecordingFace
from tests.kit import House
from tests.windows import Wire

T = TypeVar("T")


class Visitor:
    """Somebody with our client. `history` is the device: give it again for another visit of theirs."""

    def __init__(
        self, house: House, name: str, history: History | None = None, device: Device | None = None,
        guest: bool = False, receive: str = KEEP,
    ) -> None:  # fmt: skip
        self.house, self.name = house, name
        self.face = RecordingFace()
        self.history = history or History(":memory:")
        self.device = device or Device.make()
        account = self.history.account(SERVER, name) or self.history.add_account(SERVER, name, "sealed")
        reading = Reading(self.history.cursors(account.id), self.history.ahead(account.id))
        known = Conversations(self.history.created(account.id))
        who = Who(name, account.claimed, account.tried, account.token, guest)
        outbox = Outbox(self.history.outbox(account.id))
        self.account = account.id
        self.line = Wire(house)
        self.session = Session(Entrance(who, self.device), outbox, reading, account.epoch, receive, known)
        self.app = App(
            self.face, self.session, self.history, account.id, self.line, house.clock, server=SERVER, trust_new=True,
            entropy=house.random, chance=lambda: 0.5, wall=lambda: int(house.wall() * 1000),
        )  # fmt: skip

    def come(self) -> Visitor:
        """Connect and log in."""
        self.app.start()
        self.settle()
        assert self.session.state.status == "online", self.face.notices
        return self

    def enter(self, *lines: str) -> None:
        """Type these, one after the other."""
        for line in lines:
            self.app.enter(line)
            self.settle()

    def settle(self) -> None:
        """Run until nothing moves. Others hear of it when they settle."""
        self.house.settle()
        while self.line.carry():
            self.house.settle()

    def take(self, kind: type[T]) -> list[T]:
        """What was shown of one kind since the last time."""
        self.settle()
        return self.face.take(kind)

    def leave(self) -> None:
        """Go: the program ends."""
        self.enter("tata")

    def again(self) -> Visitor:
        """The same device, another start of the program."""
        return Visitor(self.house, self.name, self.history, self.device).come()
