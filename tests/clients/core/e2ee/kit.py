"""People with devices, and a server that carries their mail and can be told to lie.

Rule: the honest half of the server does what section 14 of the specification asks; every lie is an attribute or a
method that a test names. A `Phone` is the wiring in miniature: it decides nothing that the package decides.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec

from chatd.core.tags import Tags
from chatd.sealed import TagKeyMade
from clients.core.e2ee import own, pins, rotating
from clients.core.e2ee.batch import Batch, MemoryStorage, Storage
from clients.core.e2ee.bodies import Body, Comparing, GroupHead, Receipt, Resend, Said
from clients.core.e2ee.comparing import Comparisons, Ended, Outcome, Strings, Tell
from clients.core.e2ee.devices import Entry
from clients.core.e2ee.envelope import direct_conv, group_conv
from clients.core.e2ee.groups import GROUP, GroupRow, Groups
from clients.core.e2ee.keys import Account
from clients.core.e2ee.members import Add, Arg
from clients.core.e2ee.receiving import Arrived, Delivered, Dropped, Incoming
from clients.core.e2ee.refusals import Behind, Note, Refused
from clients.core.e2ee.reports import Question, Reports
from clients.core.e2ee.rosters import Rosters
from clients.core.e2ee.sending import Item, Outgoing, Sending, Sent
from clients.core.e2ee.store import Seal, SealedStorage

DAY = 86_400_000
Address = tuple[str, str]


class Server:
    """Lists, keys and mailboxes. `hidden`: who does not get to see newer lists of whom; `claims`: keys that are given
    out instead of the right ones; `never_stale`: it does not tell that lists moved."""

    def __init__(self) -> None:
        self.random = random.Random(4)
        self.lists: dict[str, list[bytes]] = {}
        self.anew: set[str] = set()
        self.keys: dict[Address, list[bytes]] = {}
        self.fallback: dict[Address, bytes] = {}
        self.mail: dict[Address, list[Arrived]] = {}
        self.taken: dict[bytes, int] = {}
        self.counters: dict[Address, int] = {}
        self.groups: dict[bytes, list[bytes]] = {}
        self.carried: list[Arrived] = []
        self.hidden: dict[tuple[str, str], int] = {}
        self.shown_logs: dict[tuple[str, bytes], list[bytes]] = {}
        self.claims: dict[Address, bytes | None] = {}
        self.never_stale = False
        self.now = 100 * DAY
        self.tags = Tags()
        self.tags.change([TagKeyMade(1, b"the server's own, of 32 bytes ...", self.now)])

    def show_list(self, viewer: str, user: str, since: int) -> list[bytes]:
        """`devlist.get`; after a new beginning all of the new chain."""
        chain, since = self.lists.get(user, []), 0 if user in self.anew else since
        return chain[since : self.hidden.get((viewer, user), len(chain))]

    def show_log(self, viewer: str, gid: bytes, since: int) -> list[bytes]:
        """`group.get`; `shown_logs` has what somebody is shown instead."""
        return self.shown_logs.get((viewer, gid), self.groups.get(gid, []))[since:]

    def claim(self, user: str, device: str) -> bytes | None:
        """`keys.claim`."""
        address = (user, device)
        if address in self.claims:
            return self.claims[address]
        waiting = self.keys.get(address, [])
        return waiting.pop(0) if waiting else self.fallback.get(address)

    def put(self, sender: Phone, sending: Sending) -> list[str]:
        """`mail.put`: whose lists moved, or nothing: then it is carried."""
        if sending.send_id in self.taken:
            return []
        moved = [user for user, version in sending.lists.items() if version != len(self.lists[user])]
        if moved and not self.never_stale:
            return moved
        self.taken[sending.send_id] = sending.counter
        self.counters[sender.address] = max(sending.counter, self.counters.get(sender.address, 0))
        for item in sending.items:
            self.deliver((item.to_user, item.to_device), self.arrived(sender, sending.send_id, item))
        return []

    def arrived(self, sender: Phone, send_id: bytes, item: Item) -> Arrived:
        """An item as it is delivered."""
        return Arrived(
            self.random.randbytes(16), send_id, *sender.address, item.type, item.conv, item.commitment,
            item.ciphertext, item.sid, self.now, self.tags.make(item.commitment, sender.user, item.conv, self.now),
        )  # fmt: skip

    def answers(self, question: Question) -> bool:
        """`report.check`, as the real server does it."""
        return self.tags.genuine(
            question.tag, question.commitment, question.sender, question.conversation, question.at
        )  # fmt: skip

    def deliver(self, address: Address, item: Arrived) -> None:
        """Put it into a mailbox."""
        self.carried.append(item)
        self.mail.setdefault(address, []).append(item)

    def again(self, address: Address, item: Arrived, **changes: object) -> Arrived:
        """Deliver a copy under a new mail id, with lies."""
        copy = msgspec.structs.replace(item, mail_id=self.random.randbytes(16), **changes)
        self.deliver(address, copy)
        return copy


class Phone:
    """One device of one person."""

    def __init__(
        self, server: Server, user: str, primary: Phone | None = None, upload: bool = True, sealed: bool = False
    ) -> None:
        self.server = server
        self.user = user
        self.random = random.Random(f"{user} {len(server.mail)}")
        self.disk = MemoryStorage()
        self.storage: Storage = self.disk
        if sealed:
            self.storage = SealedStorage(self.disk, Seal(b"k" * 32, "state", self.random.randbytes))
        self.outgoing = Outgoing(self.random.randbytes)
        self.incoming = Incoming(self.storage, self.random.randbytes)
        self.groups = Groups(self.outgoing, self.incoming, self.random.randbytes)
        self.rosters = Rosters(self.incoming)
        self.reports = Reports(self.incoming)
        rotating.install(self.incoming)
        self.comparisons = Comparisons(self.random.randbytes)
        self.compared: list[Outcome] = []
        self.shown: list[tuple[str, str, str]] = []
        self.seqs: list[int] = []
        self.notes: list[Note] = []
        self.dropped: list[Dropped] = []
        self.delivered: list[Delivered] = []
        self.refusals: list[str] = []
        account = Account.make()
        self.device = account.keys.device
        self.address = (user, self.device)
        server.mail[self.address] = []
        batch = self.batch()
        if primary is None:
            blob = own.begin(batch, user, account, self.random.randbytes)
            batch.commit()
            server.lists.setdefault(user, []).append(blob)
        else:
            signed = own.join(batch, user, primary.me.uik, account, self.random.randbytes)
            batch.commit()
            primary.change_list(lambda batch: own.enlist(batch, signed)[0])
            self.refresh(user)
        if upload:
            self.upload()

    @property
    def me(self) -> Entry:
        """This device, as it stands in lists."""
        return own.myself(self.batch())

    def batch(self) -> Batch:
        """A new one."""
        return Batch(self.storage)

    def change_list(self, change: Callable[[Batch], bytes]) -> None:
        """The primary signs a new list and uploads it."""
        batch = self.batch()
        blob = change(batch)
        batch.commit()
        self.server.lists[self.user].append(blob)

    def revoke(self, device: str) -> None:
        """Strike a device out."""
        self.change_list(lambda batch: own.revoke(batch, device)[0])

    def upload(self, **more: bool) -> None:
        """New one-time keys, and a fallback key where it is due."""
        batch = self.batch()
        upload = own.prepare_keys(batch, self.server.now, self.random.randbytes, **more)
        batch.commit()
        self.server.keys.setdefault(self.address, []).extend(upload.keys)
        if upload.fallback:
            self.server.fallback[self.address] = upload.fallback
        batch = self.batch()
        own.keys_published(batch, self.random.randbytes)
        batch.commit()

    def refresh(self, user: str) -> list[Note]:
        """Ask the server for newer lists of somebody."""
        batch = self.batch()
        pin = pins.find(batch, user)
        chain = self.server.show_list(self.user, user, pin.version if pin else 0)
        notes = pins.learn(batch, user, chain, own=user == self.user) if chain or pin is None else []
        batch.commit()
        self.notes += notes
        return notes

    def claims(self, batch: Batch, users: list[str]) -> dict[Address, bytes | None]:
        """One-time keys for every device without a session."""
        return self.claims_for(batch, self.outgoing.targets(batch, users))

    def say(self, to: str, text: str, kind: str = "msg", body: Body | None = None) -> Sending:
        """A message to a person."""
        if pins.find(self.batch(), to) is None:
            self.refresh(to)
        batch = self.batch()
        conv = direct_conv(self.user, to)
        claims = self.claims(batch, [to])
        sending = self.outgoing.send(batch, [to], conv, kind, body or Said(text), self.server.now, claims)
        batch.commit()
        self.post(sending, [to])
        return sending

    def tell(self, to: Phone | Entry, kind: str, body: Body, conv: str = "") -> Sending:
        """Something between programs."""
        entry = to.me if isinstance(to, Phone) else to
        if pins.find(self.batch(), entry.user) is None:
            self.refresh(entry.user)
        batch = self.batch()
        claims: dict[Address, bytes | None] = {}
        if self.outgoing.unopened(batch, [entry]):
            claims[entry.user, entry.device] = self.server.claim(entry.user, entry.device)
        sending = self.outgoing.tell(batch, entry, kind, body, self.server.now, claims, conv)
        batch.commit()
        self.post(sending, [])
        return sending

    def post(self, sending: Sending, users: list[str]) -> None:
        """Over the network: again with newer lists where the server asks for it."""
        moved = self.server.put(self, sending)
        if not moved:
            batch = self.batch()
            self.outgoing.accepted(batch, sending.send_id)
            batch.commit()
            return
        for user in moved:
            self.refresh(user)
        batch = self.batch()
        said = batch.get("sent", sending.send_id.hex(), Sent)
        if said is not None and said.kind == "gmsg":
            gid = bytes.fromhex(said.conv.removeprefix("gid:"))
            claims = self.claims_for(batch, self.groups.unshared(batch, gid, self.server.now))
            again = self.groups.renew(batch, sending.send_id, self.server.now, claims)
        else:
            claims = self.claims(batch, users)
            again = [self.outgoing.renew(batch, sending.send_id, users, self.server.now, claims)]
        batch.commit()
        for one in again:
            self.post(one, users)

    def fetch(self) -> list[Delivered | Dropped]:
        """Everything in the mailbox, and what a program answers by itself."""
        waiting, self.server.mail[self.address] = self.server.mail[self.address], []
        outcomes = [self.take(item) for item in waiting]
        for outcome in outcomes:
            self.react(outcome)
        return outcomes

    def take(self, item: Arrived) -> Delivered | Dropped:
        """One item; the server is asked where it must be."""
        try:
            outcome = self.incoming.receive(item, self.server.now, keep=self.keep)
        except Behind as behind:
            self.catch_up(behind)
            outcome = self.incoming.receive(item, self.server.now, fresh=True, keep=self.keep)
        if isinstance(outcome, Delivered) and isinstance(outcome.body, GroupHead) and outcome.body.snapshot:
            self.server.mail[self.address] += self.incoming.held(self.batch(), outcome.conv)
        if isinstance(outcome, Dropped):
            self.dropped.append(outcome)
        else:
            self.delivered.append(outcome)
        self.notes += outcome.notes
        return outcome

    def catch_up(self, behind: Behind) -> None:
        """Ask the server for what somebody else knows."""
        try:
            if behind.group:
                self.follow(behind.group)
            else:
                self.refresh(behind.user)
        except Refused as refused:
            self.refusals.append(refused.code)

    # ---- groups ----

    def follow(self, gid: bytes) -> list[Note]:
        """Ask the server for newer entries of a group's log, and for the lists of those who made them."""
        row = self.batch().get(GROUP, gid.hex(), GroupRow)
        chain = self.server.show_log(self.user, gid, row.state.n if row else 0)
        fresh = False
        while True:
            batch = self.batch()
            try:
                notes = self.groups.follow(batch, gid, chain, fresh)
            except Behind as behind:
                self.refresh(behind.user)
                fresh = True
                continue
            batch.commit()
            self.notes += notes
            return notes

    def make_group(self, *members: Phone) -> bytes:
        """A new group with these in it."""
        batch = self.batch()
        gid, blob = self.groups.create(batch)
        self.server.groups[gid] = [blob]
        self.follow(gid)
        for member in members:
            self.add(gid, member)
        return gid

    def add(self, gid: bytes, member: Phone) -> None:
        """Somebody joins; they are introduced, and all are told."""
        if pins.find(self.batch(), member.user) is None:
            self.refresh(member.user)
        self.change(gid, "add", Add(member.user, member.me.uik))

    def change(self, gid: bytes, op: str, arg: Arg, tell: bool = True) -> None:
        """An entry, and word of it to every member's devices."""
        self.append(gid, self.groups.propose(self.batch(), gid, op, arg), tell, joiner=op == "add")

    def rename(self, gid: bytes, name: str, topic: str = "") -> None:
        """Another name, and word of it."""
        batch = self.batch()
        blob = self.groups.rename(batch, gid, name, topic)
        batch.commit()
        self.append(gid, blob)

    def append(self, gid: bytes, blob: bytes, tell: bool = True, joiner: bool = False) -> None:
        """`group.append`, and what follows it."""
        self.server.groups[gid].append(blob)
        self.follow(gid)
        if tell:
            self.tell_head(gid, joiner)

    def tell_head(self, gid: bytes, joiner: bool = False) -> None:
        """Where the log stands, over Olm."""
        batch = self.batch()
        entries, _ = self.groups.targets(batch, gid)
        body = self.groups.head(batch, gid, joiner)
        claims = self.claims_for(batch, entries)
        sending = self.outgoing.spread(
            batch, entries, "group_head", body, self.server.now, claims, group_conv(gid)
        )  # fmt: skip
        batch.commit()
        self.post(sending, [])

    def say_in(self, gid: bytes, text: str) -> list[Sending]:
        """A message to a group."""
        for _ in range(9):
            try:
                self.groups.targets(self.batch(), gid)
                break
            except Behind as behind:
                self.refresh(behind.user)
        batch = self.batch()
        claims = self.claims_for(batch, self.groups.unshared(batch, gid, self.server.now))
        sent = self.groups.say(batch, gid, Said(text), self.server.now, claims)
        batch.commit()
        for sending in sent:
            self.post(sending, [])
        return sent

    def claims_for(self, batch: Batch, entries: list[Entry]) -> dict[Address, bytes | None]:
        """One-time keys for those without a session."""
        missing = self.outgoing.unopened(batch, entries)
        return {(entry.user, entry.device): self.server.claim(entry.user, entry.device) for entry in missing}

    # ---- rosters ----

    def met(self, *others: Phone) -> None:
        """These have compared numbers with this one, both ways."""
        for one, other in [(self, other) for other in others] + [(other, self) for other in others]:
            if pins.find(one.batch(), other.user) is None:
                one.refresh(other.user)
            batch = one.batch()
            pins.compared(batch, other.user, other.me.uik)
            batch.commit()

    def publish(self, name: str, add: list[str], remove: list[str] | None = None) -> Body:
        """Sign the next roster, and give it to everybody on it."""
        batch = self.batch()
        body = self.rosters.sign(batch, name, add, remove or [])
        batch.commit()
        for entry in self.rosters.audience(self.batch(), name):
            self.tell(entry, "roster", body)
        return body

    def believe(self, user: str) -> None:
        """Take somebody's word for who is who."""
        batch = self.batch()
        self.notes += self.rosters.trust(batch, user)
        batch.commit()

    # ---- comparing ----

    def compare(self, act: Callable[[Batch], list[Outcome]]) -> list[Outcome]:
        """A step of a comparison; what it tells the other side is sent, what is left concerns the person."""
        batch = self.batch()
        outcomes = act(batch)
        batch.commit()
        for outcome in outcomes:
            if isinstance(outcome, Tell):
                self.tell(outcome.to, outcome.kind, outcome.body)
        self.compared += [outcome for outcome in outcomes if not isinstance(outcome, Tell)]
        return outcomes

    def verify(self, user: str) -> None:
        """`/verify`."""
        if pins.find(self.batch(), user) is None:
            self.refresh(user)
        self.compare(lambda batch: self.comparisons.start(batch, user, self.server.now))

    def strings(self) -> Strings:
        """What was shown last."""
        return [outcome for outcome in self.compared if isinstance(outcome, Strings)][-1]

    def ended(self) -> list[str]:
        """How comparisons ended."""
        return [outcome.code for outcome in self.compared if isinstance(outcome, Ended)]

    # ---- what happens by itself ----

    def keep(self, batch: Batch, delivered: Delivered) -> None:
        """The caller's own row, in the same transaction: here it is what a person sees."""
        if isinstance(delivered.body, Said):
            batch.put("history", delivered.msg_id.hex(), delivered.body.text)
            self.shown.append((delivered.sender.user, delivered.conv, delivered.body.text))
            self.seqs.append(delivered.seq)

    def react(self, outcome: Delivered | Dropped) -> None:
        """Receipts, lists, resets, resends."""
        if isinstance(outcome, Dropped):
            if outcome.reset:
                self.reset(outcome)
            return
        if isinstance(outcome.body, Comparing):
            self.compare(lambda batch: self.comparisons.arrived(batch, outcome, self.server.now))
        if outcome.receipt:
            self.tell(outcome.sender, "receipt", Receipt([outcome.msg_id]))
        for note in outcome.notes:
            if note.code == "PEER_HAS_OLD_LIST":
                batch = self.batch()
                sending = self.outgoing.tell_list(batch, outcome.sender, note.number, self.server.now, {})
                batch.commit()
                self.post(sending, [])
        if isinstance(outcome.body, Resend):
            batch = self.batch()
            sender, send_ids = outcome.sender, outcome.body.send_ids
            again = self.outgoing.resend(batch, sender, send_ids, self.server.now, {})
            again += self.groups.resend(batch, sender, send_ids, self.server.now, {})
            batch.commit()
            for sending in again:
                self.post(sending, [])

    def reset(self, outcome: Dropped) -> None:
        """A new session to every device of somebody whose mail could not be read."""
        for entry in pins.current(self.batch(), outcome.user).devices.values():
            batch = self.batch()
            claims = {(entry.user, entry.device): self.server.claim(entry.user, entry.device)}
            sent = self.outgoing.reset(batch, entry, self.server.now, claims)
            batch.commit()
            for sending in sent:
                self.post(sending, [])

    def restart(self, kept: MemoryStorage | None = None) -> None:
        """The program was killed: what was not committed is gone. `kept`: the disk of another day."""
        self.disk.kept = dict((kept or self.disk).kept)
        self.outgoing = Outgoing(self.random.randbytes)
        self.incoming = Incoming(self.storage, self.random.randbytes)
        self.groups = Groups(self.outgoing, self.incoming, self.random.randbytes)
        self.rosters = Rosters(self.incoming)
        self.reports = Reports(self.incoming)
        rotating.install(self.incoming)
        self.comparisons = Comparisons(self.random.randbytes)

    def texts(self) -> list[str]:
        """What a person has seen, in the order of the senders' counting."""
        return [text for _, _, text in self.shown]

    def codes(self) -> list[str]:
        """Every code since the start."""
        return [one.code for one in self.dropped]


def people(*names: str) -> tuple[Server, list[Phone]]:
    """A server and one device for each of these."""
    server = Server()
    return server, [Phone(server, name) for name in names]


def talked(*phones: Phone) -> None:
    """Everybody has said something to everybody, and mail has settled."""
    for one in phones:
        for other in phones:
            if one.user != other.user:
                one.say(other.user, "hello")
    for _ in range(3):
        for phone in phones:
            phone.fetch()
    for phone in phones:
        phone.shown.clear()
        phone.seqs.clear()
        phone.notes.clear()
        phone.dropped.clear()


def refused(call: Callable[[], object]) -> str:
    """The code that a call is refused with; empty where it is not."""
    try:
        call()
    except Refused as found:
        return found.code
    return ""
