"""Clients with encryption, and a server in memory that carries their mail and can be told to lie.

Rule: the honest half does what `docs/protocol.md` says of lists, keys, mail and logs, and nothing else of a server;
every lie is an attribute that a test names. What a client sends and hears is encoded and decoded as on the wire.
"""

from __future__ import annotations

import random
from typing import Any, TypeVar

from twisted.internet.task import Clock

from chatd import encryption as e
from chatd import messages as m
from chatd.wire.pack import Command, Event, decode_command, decode_event, encode_command, encode_event
from clients.core import notices as n
from clients.core.app import App, Listener
from clients.core.conversations import Conversations
from clients.core.e2ee.devices import peek
from clients.core.e2ee.keys import Account
from clients.core.e2ee.members import ARGS, Add, LogEntry, Whom
from clients.core.e2ee.prekeys import OneTimeKey
from clients.core.e2ee.signed import Signed, decode
from clients.core.history import History
from clients.core.login import Entrance, Who
from clients.core.outbox import Outbox
from clients.core.reading import KEEP, Reading
from clients.core.secure.desk import Strongbox
from clients.core.session import Session
from tests.clients.kit import SERVER, RecordingFace

T = TypeVar("T")
Address = tuple[str, str]
START = 1_700_000_000_000


class Post:
    """The server. `hidden`: how many lists of somebody it admits to have; `claims`: what it gives out instead of the
    right key; `reset`: whose identity is another one; `refuse`: what it does not do; `log`: every command."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.random = random.Random(7)
        self.lists: dict[str, list[bytes]] = {}
        self.keys: dict[Address, list[bytes]] = {}
        self.last: dict[Address, int] = {}
        self.fallback: dict[Address, bytes] = {}
        self.mail: dict[Address, list[e.Mail]] = {}
        self.acked: dict[Address, int] = {}
        self.taken: dict[bytes, e.MailTaken] = {}
        self.counters: dict[Address, int] = {}
        self.groups: dict[bytes, list[bytes]] = {}
        self.offers: dict[Address, bytes] = {}
        self.hidden: dict[str, int] = {}
        self.reset: set[str] = set()
        self.claims: dict[Address, bytes] = {}
        self.features = list(m.FEATURES)
        self.people: set[str] = set()
        self.lines: dict[Address, PostLine] = {}
        self.log: list[tuple[str, Command]] = []
        self.refuse: dict[type[Command], m.Failed] = {}
        self.seq = 0

    def now(self) -> int:
        """The time in ms."""
        return START + int(self.clock.seconds() * 1000)

    def chain(self, name: str) -> list[bytes]:
        """The lists of somebody, as far as they are shown."""
        found = self.lists.get(name, [])
        return found[: self.hidden.get(name, len(found))]

    def hint(self, name: str) -> None:
        """Everybody hears that a list has changed."""
        for line in list(self.lines.values()):
            line.tell(e.ListChanged(name, len(self.chain(name))))

    def sent(self, kind: type[T]) -> list[tuple[str, T]]:
        """Every command of one kind, and who said it."""
        return [(name, command) for name, command in self.log if isinstance(command, kind)]


class PostLine:
    """One client's connection to it. `loses`: the server's answers of these kinds get lost, with the line."""

    def __init__(self, post: Post, name: str, device: str) -> None:
        self.post, self.name, self.address = post, name, (name, device)
        self.listener: Listener | None = None
        self.loses: tuple[type[Any], ...] = ()
        self.events: list[Event] = []
        self.up = False

    def open(self, listener: Listener) -> None:
        self.listener, self.up = listener, True
        listener.connected(b"", n.Security())

    def proceed(self) -> None:
        """There is no certificate."""

    def close(self) -> None:
        if self.up:
            self.drop()

    def drop(self) -> None:
        """The connection breaks."""
        assert self.listener is not None
        self.up, self.events = False, []
        self.post.lines.pop(self.address, None)
        self.listener.lost("The connection broke.", opened=True)

    def tell(self, *events: Event) -> None:
        """Say these when the client listens next."""
        self.events += events

    def carry(self) -> bool:
        """What the server has said comes to the client."""
        if not self.events or not self.up or self.listener is None:
            return False
        events, self.events = self.events, []
        if any(isinstance(event, self.loses) for event in events):
            self.loses = ()
            self.drop()
            return True
        decoded = [decode_event(encode_event(event)) for event in events]
        self.listener.received([event for event in decoded if event is not None])
        return True

    def write(self, commands: list[Command]) -> None:
        for command in commands:
            command = decode_command(encode_command(command))
            self.post.log.append((self.name, command))
            ref = getattr(command, "ref", 0)
            failed = self.post.refuse.get(type(command))
            if failed is not None:
                self.tell(m.Failed(ref, failed.code, failed.text, failed.near, retry=failed.retry))
                continue
            act = getattr(self, "_" + type(command).__name__.lower(), None)
            if act is not None:
                act(command)

    # ---- what it knows ----

    def _hello(self, command: m.Hello) -> None:
        self.tell(m.Greeting(1, "one", self.post.features, b"c" * 32, "test", self.post.now()))

    def _signup(self, command: m.SignUp) -> None:
        self._welcome(command.ref)

    def _login(self, command: m.Login) -> None:
        self._welcome(command.ref)

    def _enter(self, command: m.Enter) -> None:
        self.tell(m.Welcome(command.ref, self.name, b"", [m.Position("#lobby", 0, 0)], [], 0, guest=True))

    def _welcome(self, ref: int) -> None:
        post = self.post
        post.lines[self.address] = self
        post.people.add(self.name)
        waiting = [mail for mail in post.mail.get(self.address, []) if mail.seq > post.acked.get(self.address, 0)]
        state = (post.acked.get(self.address, 0), waiting[-1].seq if waiting else 0)
        self.tell(m.Welcome(ref, self.name, b"", [m.Position("#lobby", 0, 0)], [], 0, mail=state), *waiting)

    def _asklists(self, command: e.AskLists) -> None:
        if command.name not in self.post.people:
            self.tell(m.Failed(command.ref, "no-such-user", f"There is no {command.name}.", ["bob"]))
            return
        since = 0 if command.name in self.post.reset else command.since
        chain = self.post.chain(command.name)[since:]
        self.tell(e.Lists(command.ref, command.name, command.since, chain))

    def _putlist(self, command: e.PutList) -> None:
        chain = self.post.lists.setdefault(self.name, [])
        if peek(command.blob)[1].version != len(chain) + 1:
            self.tell(m.Failed(command.ref, "conflict", "Somebody was quicker."))
            return
        chain.append(command.blob)
        self.tell(m.Done(command.ref))
        for line in list(self.post.lines.values()):
            if line is not self:
                line.tell(e.ListChanged(self.name, len(chain)))

    def _askkeys(self, command: e.AskKeys) -> None:
        self.tell(self._state(command.ref))

    def _state(self, ref: int) -> e.KeysAre:
        post, address = self.post, self.address
        count = len(post.keys.get(address, []))
        return e.KeysAre(ref, count, post.last.get(address, -1), False, post.counters.get(address, 0))

    def _putkeys(self, command: e.PutKeys) -> None:
        kept = self.post.keys.setdefault(self.address, [])
        kept += [key for key in command.keys if key not in kept]
        if command.fallback:
            self.post.fallback[self.address] = command.fallback
        self.tell(self._state(command.ref))

    def _claimkeys(self, command: e.ClaimKeys) -> None:
        keys = []
        for user, device in command.devices:
            waiting = self.post.keys.get((user, device), [])
            key = self.post.claims.get((user, device))
            if key is None and waiting:
                key = waiting.pop(0)
                self.post.last[user, device] = decode(decode(key, Signed).raw, OneTimeKey).key_id
            keys.append(key if key is not None else self.post.fallback.get((user, device), b""))
        self.tell(e.Claimed(command.ref, keys))

    def _putmail(self, command: e.PutMail) -> None:
        post = self.post
        if command.id not in post.taken:
            moved = [name for name, version in command.lists.items() if version != len(post.lists.get(name, []))]
            if moved:
                self.tell(e.Stale(command.ref, moved))
                return
            to = [address for item in command.items for address in item.to]
            others = [address for address in to if address[0] != self.name]
            state = "sent" if any(address in post.lines for address in others) else "stored"
            post.taken[command.id] = e.MailTaken(0, post.now(), state)
            post.counters[self.address] = max(command.counter, post.counters.get(self.address, 0))
            for item in command.items:
                for address in item.to:
                    self._deliver(address, command.id, item)
        taken = post.taken[command.id]
        self.tell(e.MailTaken(command.ref, taken.at, taken.state))

    def _deliver(self, address: Address, sending: bytes, item: e.Item) -> None:
        post = self.post
        post.seq += 1
        mail = e.Mail(
            post.seq, post.random.randbytes(16), sending, *self.address, item.type, item.conversation,
            item.commitment, item.ciphertext, item.sid, post.now(), b"t" * 32,
        )  # fmt: skip
        self.put(address, mail)

    def put(self, address: Address, mail: e.Mail) -> None:
        """Into a mailbox, and to whoever is there."""
        self.post.mail.setdefault(address, []).append(mail)
        if address in self.post.lines:
            self.post.lines[address].tell(mail)

    def _acknowledgemail(self, command: e.AcknowledgeMail) -> None:
        self.post.acked[self.address] = command.seq

    def _offerdevice(self, command: e.OfferDevice) -> None:
        self.post.offers[self.address] = command.signed
        self.tell(e.Offers(command.ref, [command.signed]))
        for address, line in self.post.lines.items():
            if address[0] == self.name and line is not self:
                line.tell(e.Offers(0, [command.signed]))

    def _askoffers(self, command: e.AskOffers) -> None:
        found = [signed for address, signed in self.post.offers.items() if address[0] == self.name]
        self.tell(e.Offers(command.ref, found))

    def _removedevice(self, command: e.RemoveDevice) -> None:
        self.tell(m.Done(command.ref))

    def _appendgroup(self, command: e.AppendGroup) -> None:
        log = self.post.groups.setdefault(command.group, [])
        if decode(decode(command.entry, Signed).raw, LogEntry).n != len(log) + 1:
            self.tell(m.Failed(command.ref, "conflict", "Somebody was quicker."))
            return
        log.append(command.entry)
        self.tell(m.Done(command.ref))
        for line in self.post.lines.values():
            if line is not self:
                line.tell(e.GroupGrew(command.group, len(log)))

    def _askowngroups(self, command: e.AskOwnGroups) -> None:
        found = [gid for gid, log in self.post.groups.items() if self.name in _members(log)]
        self.tell(e.OwnGroups(command.ref, found))

    def _askgroup(self, command: e.AskGroup) -> None:
        log = self.post.groups.get(command.group, [])
        self.tell(e.GroupLog(command.ref, command.group, command.since, log[command.since :]))

    def _askdoor(self, command: e.AskDoor) -> None:
        self.tell(e.DoorIs(command.ref))

    def _askknocks(self, command: e.AskKnocks) -> None:
        self.tell(e.Knocks(command.ref, []))

    def _join(self, command: m.Join) -> None:
        self.tell(m.Failed(command.ref, "no-such-group", "There is no such group."))

    def _devices(self, command: m.Devices) -> None:
        found = {address[1] for address in (*self.post.lines, *self.post.offers) if address[0] == self.name}
        self.tell(m.DeviceList(command.ref, [(device, 1) for device in sorted(found)]))

    def _send(self, command: m.Send) -> None:
        name = command.to.removeprefix("@")
        if command.to.startswith("@") and self.post.lists.get(name):
            self.tell(m.Failed(command.ref, "encrypted-only", "Both have keys."))
            return
        conversation = f"dm:{':'.join(sorted((self.name, name)))}" if command.to.startswith("@") else command.to
        self.post.seq += 1
        self.tell(m.Accepted(command.ref, conversation, self.post.seq, self.post.now(), "stored"))

    def _ping(self, command: m.Ping) -> None:
        self.tell(m.Pong(command.ref, self.post.now()))

    def _quit(self, command: m.Quit) -> None:
        self.tell(m.Bye("goodbye", ""))


class Phone:
    """One device of one person, with a profile that outlives the program. `again`: another start of it."""

    def __init__(
        self, post: Post, name: str, history: History | None = None, account: Account | None = None,
        receive: str = KEEP, guest: bool = False, password: str | None = None, highest: int = 0,
    ) -> None:  # fmt: skip
        self.post, self.name, self.receive = post, name, receive
        self.history = history or History(":memory:")
        self.device = account or Account.make()
        self.face = RecordingFace()
        self.line = PostLine(post, name, self.device.keys.device)
        row = self.history.account(SERVER, name) or self.history.add_account(SERVER, name, "sealed")
        self.account = row.id
        who = Who(name, row.claimed, row.tried, row.token, guest, password)
        reading = Reading(self.history.cursors(row.id), self.history.ahead(row.id))
        outbox, known = Outbox(self.history.outbox(row.id)), Conversations(self.history.created(row.id))
        box = Strongbox(self.history.rows(row.id), self.device, post.random.randbytes, post.now, highest)
        self.session = Session(Entrance(who, self.device), outbox, reading, row.epoch, receive, known, box)
        self.app = App(
            self.face, self.session, self.history, row.id, self.line, post.clock, server=SERVER, trust_new=True,
            entropy=post.random.randbytes, chance=lambda: 0.5, wall=post.now,
        )  # fmt: skip

    @property
    def address(self) -> Address:
        """Where its mail goes."""
        return self.line.address

    def come(self) -> Phone:
        """Connect, and log in."""
        self.app.start()
        settle(self)
        return self

    def enter(self, *lines: str) -> None:
        """Type these."""
        for line in lines:
            self.app.enter(line)
            settle(self)

    def kill(self, receive: str = "") -> Phone:
        """The program ends between two commands; what is not on disk is gone. The next start of it."""
        self.line.up, self.line.events = False, []
        self.post.lines.pop(self.address, None)
        self.app.ended = True
        return Phone(self.post, self.name, self.history, self.device, receive or self.receive)

    def texts(self) -> list[tuple[str, str, str]]:
        """What has come since the last time: who, what, and how it was protected."""
        return [(said.sender, said.text, said.security) for said in self.face.take(n.Said)]

    def codes(self) -> list[str]:
        """What was said of encryption since the last time."""
        return [notice.code for notice in self.face.take(n.Secure)]

    def states(self) -> list[tuple[str, str]]:
        """What became of one's own messages since the last time."""
        return [(told.text, told.state) for told in self.face.take(n.Outcome)]

    def kept(self, to: str) -> list[tuple[str, str]]:
        """The local history of a conversation."""
        return [(said.sender, said.text) for said in self.history.last(self.account, to, 1_000)]


def _members(log: list[bytes]) -> set[str]:
    """Who is in a group."""
    found: set[str] = set()
    for blob in log:
        entry = decode(decode(blob, Signed).raw, LogEntry)
        arg = decode(entry.arg, ARGS[entry.op])
        if entry.op == "create":
            found.add(entry.user)
        elif isinstance(arg, Add):
            found.add(arg.user)
        elif entry.op in ("leave", "remove"):
            found.discard(arg.user if isinstance(arg, Whom) else entry.user)
    return found


def settle(*phones: Phone) -> None:
    """Until nothing moves any more between these."""
    while sum(phone.line.carry() for phone in phones):
        pass


def pass_time(post: Post, seconds: float, *phones: Phone) -> None:
    """Time passes, and what comes of it."""
    for _ in range(3):
        post.clock.advance(seconds / 3)
        settle(*phones)


def meet(*names: str) -> tuple[Any, ...]:
    """A server and newcomers that are all there."""
    post = Post()
    phones = [Phone(post, name).come() for name in names]
    settle(*phones)
    for phone in phones:
        phone.face.notices.clear()
    return post, *phones
