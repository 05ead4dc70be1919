"""Our own client against a whole server in memory: what the one shows and keeps is what the other really does.

Rule: one clock for both, no sockets and no threads; `Visitor.enter` and `Visitor.come` run until nothing moves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from clients.core.app import App
from clients.core.conversations import Conversations
from clients.core.device import Device
from clients.core.disk import carry_out
from clients.core.e2ee.keys import Account
from clients.core.filing import Filing
from clients.core.history import History
from clients.core.jobs import Job, Outcome
from clients.core.login import Entrance, Who
from clients.core.offers import stored
from clients.core.outbox import Outbox
from clients.core.reading import KEEP, Reading
from clients.core.secure.desk import Strongbox
from clients.core.session import Session
from clients.core.transfers import Transfers
from tests.clients.kit import SERVER, RecordingFace
from tests.kit import House
from tests.windows import Wire

T = TypeVar("T")


class Disk:
    """Does the jobs of files at once, or, while it is `slow`, when `run` is called."""

    slow = False

    def __init__(self) -> None:
        self.waiting: list[tuple[Job, Callable[[Outcome], None]]] = []

    def __call__(self, job: Job, done: Callable[[Outcome], None]) -> None:
        """One job."""
        if self.slow:
            self.waiting.append((job, done))
        else:
            done(carry_out(job))

    def run(self, most: int = 1_000_000) -> None:
        """Do what waits, at most so many jobs."""
        waiting, self.waiting = self.waiting[:most], self.waiting[most:]
        for job, done in waiting:
            done(carry_out(job))


class Visitor:
    """Somebody with our client. `history` is the device: give it again for another visit of theirs. A `device` that is
    an Account encrypts; `password`: it is linked to the account of this name."""

    def __init__(
        self, house: House, name: str, history: History | None = None, device: Device | None = None,
        guest: bool = False, receive: str = KEEP, folder: str = "", fetches: bool = False,
        password: str | None = None,
    ) -> None:  # fmt: skip
        self.house, self.name = house, name
        self.face = RecordingFace()
        self.history = history or History(":memory:")
        self.device = device or Device.make()
        account = self.history.account(SERVER, name) or self.history.add_account(SERVER, name, "sealed")
        reading = Reading(self.history.cursors(account.id), self.history.ahead(account.id))
        known = Conversations(self.history.created(account.id))
        who = Who(name, account.claimed, account.tried, account.token, guest, password)
        outbox = Outbox(self.history.outbox(account.id))
        self.account = account.id
        self.line = Wire(house)
        box = None
        if isinstance(self.device, Account):
            box = Strongbox(self.history.rows(account.id), self.device, house.random, lambda: int(house.wall() * 1000))
        self.session = Session(Entrance(who, self.device), outbox, reading, account.epoch, receive, known, box)
        self.folder = folder
        self.disk = Disk()
        filing = None
        if folder:
            rows, entropy = stored(self.history.rows(account.id)), house.random
            files = Transfers(rows, self.session.next_ref, entropy, f"{folder}/downloads", f"{folder}/sending")
            filing = Filing(files, self.disk, fetches)
        self.app = App(
            self.face, self.session, self.history, account.id, self.line, house.clock, server=SERVER, trust_new=True,
            entropy=house.random, chance=lambda: 0.5, wall=lambda: int(house.wall() * 1000), filing=filing,
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
        return Visitor(self.house, self.name, self.history, self.device, folder=self.folder).come()
