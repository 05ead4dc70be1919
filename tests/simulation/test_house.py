"""A machine that looks for the order of events in which a message is lost, doubled or out of order.

People with one or two devices talk in groups and directly; commits are slow; connections break and get stuck; the
node is killed at any moment and starts again from the store; clients resend what was not accepted. The model: each
device keeps a cursor and what it has shown, as docs/protocol.md tells a client to. What must hold at the end: every
accepted message is shown exactly once by every device of every member, gapless and in order, and what was not
accepted is shown at most once.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd.core.limits import Limits
from chatd.entries import Row
from chatd.store.interface import Store
from chatd.store.memory import MemoryStore
from chatd.store.sqlite import SqliteStore
from tests.kit import House, Keys, Peer

NAMES = ("alice", "bob", "carol")
GROUPS = ("#one", "#two")
PASSWORD = "correct horse"
EXAMPLES = int(os.environ.get("EXAMPLES", "100"))
who = st.integers(0, 3)
where = st.sampled_from([*GROUPS, "@alice", "@bob", "@carol", "#lobby"])


class Client:
    """One device, as a client should be: cursor and messages together, an outbox, and resending."""

    def __init__(self, house: House, name: str, peer: Peer) -> None:
        self.house, self.name, self.peer = house, name, peer
        assert peer.keys
        self.keys: Keys = peer.keys
        self.token = peer.token
        self.cursors: dict[str, int] = {}
        self.shown: dict[str, list[m.Message]] = {}
        self.outbox: dict[bytes, tuple[str, str]] = {}
        self.waiting: dict[int, bytes] = {}
        self.accepted: dict[bytes, tuple[str, int]] = {}
        self.inside = self.resume = True

    def listen(self) -> None:
        """Take what has come."""
        for event in self.peer.take():
            if isinstance(event, m.Greeting):
                self.come_in(event.challenge)
            elif isinstance(event, m.Welcome):
                self.inside, self.token = True, event.token
                for position in event.conversations:
                    self.stand(position, True)
                for identity in list(self.outbox):
                    self.transmit(identity)
            elif isinstance(event, m.GroupInfo):
                self.stand(event.position, False)
            elif isinstance(event, m.Message):
                self.show(event)
            elif isinstance(event, m.Accepted):
                self.settle(event)
            elif isinstance(event, m.Failed):
                self.outbox.pop(self.waiting.pop(event.ref, b""), None)

    def connect(self, resume: bool) -> None:
        """Begin again on a new connection."""
        self.inside, self.resume = False, resume
        self.waiting.clear()
        self.peer = self.house.peer()
        self.peer.tell(m.Hello([1]))

    def come_in(self, challenge: bytes) -> None:
        """The server has said hello."""
        peer = self.peer
        peer.name, peer.keys, peer.token, peer.challenge = self.name, self.keys, self.token, challenge
        if self.resume:
            peer.ask(m.Resume, self.token)
        else:
            peer.login(self.name, self.keys)

    def stand(self, position: m.Position, fresh: bool) -> None:
        """A conversation, and where to begin with it."""
        name = position.conversation
        if name not in self.cursors or (fresh and name == m.LOBBY):
            self.cursors[name] = max(position.cursor, self.cursors.get(name, 0))

    def show(self, message: m.Message) -> None:
        """Show a message unless it was; a gap is a fault."""
        name = message.conversation
        cursor = self.cursors.setdefault(name, 0)
        if message.seq <= cursor:
            return
        own = {seq for where, seq in self.accepted.values() if where == name}
        missing = set(range(cursor + 1, message.seq)) - own
        self.cursors[name] = message.seq
        self.shown.setdefault(name, []).append(message)
        if missing:
            self.house.faults.append(f"{self.name} misses {missing} of {name}")  # type: ignore[attr-defined]

    def settle(self, event: m.Accepted) -> None:
        """A message is on disk."""
        identity = self.waiting.pop(event.ref, b"")
        before = self.accepted.setdefault(identity, (event.conversation, event.seq))
        if before != (event.conversation, event.seq):
            self.house.faults.append(f"{identity!r} was {before}, now {event}")  # type: ignore[attr-defined]
        self.outbox.pop(identity, None)

    def transmit(self, identity: bytes) -> None:
        """Send a message of the outbox."""
        to, text = self.outbox[identity]
        self.waiting[self.peer.send(to, text, identity)] = identity


class HouseMachine(RuleBasedStateMachine):
    """The rules are what may happen."""

    def __init__(self) -> None:
        super().__init__()
        self.house = House(
            self.store(), limits=Limits(unsent_bytes=600, groups_made_burst=99, joins_burst=9999, invitations_burst=99)
        )
        self.house.faults = []  # type: ignore[attr-defined]
        self.count = 0
        self.ever: dict[bytes, str] = {}

    def store(self) -> Store:
        """Where messages are kept."""
        return MemoryStore()

    @initialize()
    def begin(self) -> None:
        """Three people; Alice has two devices; everybody is in both groups."""
        peers = [self.house.person(name) for name in NAMES]
        peers[0].ask(m.SetPassword, PASSWORD)
        phone = self.house.greeted()
        phone.link("alice", PASSWORD)
        for group in GROUPS:
            for peer in peers:
                peer.ask(m.Join, group)
        self.clients = [
            Client(self.house, name, peer) for name, peer in zip((*NAMES, "alice"), (*peers, phone), strict=True)
        ]
        self.members = {group: set(NAMES) for group in GROUPS}
        for client in self.clients:
            client.listen()
        for later in (self.house.writer, self.house.reader):
            later.slow = True

    # ---- what people do ----

    @rule(number=who, to=where, burst=st.integers(1, 4))
    def send(self, number: int, to: str, burst: int) -> None:
        """Somebody sends, whether there is a line or not."""
        client = self.clients[number]
        if to == "@" + client.name:
            return
        for _ in range(burst):
            self.count += 1
            identity = b"%016d" % self.count
            text = f"{self.count} " + "x" * 80
            client.outbox[identity] = (to, text)
            self.ever[identity] = text
            if not client.peer.over and client.inside:
                client.transmit(identity)

    @rule(number=who)
    def listen(self, number: int) -> None:
        """Somebody reads."""
        self.clients[number].listen()

    @rule(number=who, back=st.integers(0, 3), listen=st.booleans())
    def acknowledge(self, number: int, back: int, listen: bool) -> None:
        """Somebody acknowledges what they have shown, or a part of it; there may be more on the way."""
        client = self.clients[number]
        if listen:
            client.listen()
        for conversation, messages in client.shown.items():
            if messages and not client.peer.over:
                client.peer.ack(conversation, messages[-1].seq - back)

    @rule(number=who)
    def resend(self, number: int) -> None:
        """Somebody is impatient."""
        client = self.clients[number]
        if client.inside and not client.peer.over:
            for identity in list(client.outbox):
                client.transmit(identity)

    @rule(number=st.integers(1, 2), group=st.sampled_from(GROUPS), ping=st.booleans())
    def leave_and_join(self, number: int, group: str, ping: bool) -> None:
        """Somebody leaves a group when everything is quiet, misses something, and comes back."""
        client = self.clients[number]
        self.quiet()
        if client.peer.over or not client.inside:
            return
        client.peer.ask(m.Leave, group)
        self.quiet()
        client.cursors.pop(group, None)
        kept = client.shown.pop(group, [])
        client.shown[group + "/before"] = client.shown.get(group + "/before", []) + kept
        if ping:
            self.send(0, group, 1)
            self.quiet()
        client.peer.ask(m.Join, group)
        self.quiet()

    # ---- what happens to them ----

    @rule(number=who, resume=st.booleans())
    def reconnect(self, number: int, resume: bool) -> None:
        """A device comes back, perhaps before the server has noticed that it was gone."""
        client = self.clients[number]
        client.listen()
        client.connect(resume)
        client.listen()

    @rule(number=who, read=st.booleans())
    def cut(self, number: int, read: bool) -> None:
        """A connection breaks; what was on the way is lost, or not."""
        peer = self.clients[number].peer
        peer.lose()
        if not read:
            peer.transport.clear()
            peer.take()

    @rule(number=who, room=st.integers(0, 900))
    def stick(self, number: int, room: int) -> None:
        """Somebody stops reading."""
        peer = self.clients[number].peer
        if not peer.over:
            peer.stick(room)

    @rule(number=who, sender=who, to=where, room=st.integers(0, 900))
    def flood(self, number: int, sender: int, to: str, room: int) -> None:
        """More than fits comes to somebody who does not read."""
        self.stick(number, room)
        self.send(sender, to, 12)
        self.house.commit()

    @rule(number=who)
    def unstick(self, number: int) -> None:
        """Somebody reads again."""
        self.clients[number].peer.unstick()

    @rule(most=st.integers(1, 3))
    def write_some(self, most: int) -> None:
        """The disk does something."""
        self.house.writer.run(most)
        self.house.settle()

    @rule(most=st.integers(1, 3))
    def read_some(self, most: int) -> None:
        """Pages come from the disk."""
        self.house.reader.run(most)
        self.house.settle()

    @rule()
    def commit(self) -> None:
        """The disk has done everything."""
        self.house.commit()

    @rule(told=st.booleans(), read=st.booleans())
    def kill(self, told: bool, read: bool) -> None:
        """The node is killed: perhaps the last commit was done and nobody was told, or heard it."""
        self.house.settle()
        if told and self.house.writer.waiting:
            _, function, arguments = self.house.writer.waiting[0]
            function(*arguments)
        self.house.restart()
        if not read:
            for client in self.clients:
                client.peer.transport.clear()

    @rule(seconds=st.sampled_from([1, 20, 40]))
    def wait(self, seconds: int) -> None:
        """Time passes; whoever is stuck is cut."""
        self.house.advance(seconds)

    # ---- what must hold ----

    @invariant()
    def nothing_is_wrong(self) -> None:
        """No gap, no second answer, no failure."""
        assert not self.house.faults, self.house.faults  # type: ignore[attr-defined]
        assert not self.house.failures, self.house.failures

    def quiet(self) -> None:
        """Everybody is connected, reads everything, and has sent everything."""
        for _ in range(6):
            for client in self.clients:
                client.peer.unstick()
                client.listen()
                if client.peer.over:
                    client.connect(resume=True)
                elif client.inside:
                    for identity in client.outbox:
                        client.transmit(identity)
            self.house.commit()
            self.house.advance(1)
            self.house.commit()
        for client in self.clients:
            client.listen()

    def teardown(self) -> None:
        """In the end everybody has everything."""
        if hasattr(self, "clients"):
            self.check()
        self.house.store.close()

    def check(self) -> None:
        """What was shown and what is stored are the same."""
        self.quiet()
        self.nothing_is_wrong()
        stored = self.stored()
        for client in self.clients:
            assert not client.outbox, (client.name, client.outbox)
            for identity, (conversation, seq) in client.accepted.items():
                assert stored[conversation][seq - 1].id == identity, (identity, conversation, seq)
            for conversation, messages in client.shown.items():
                self.compare(client, conversation, messages, stored)
        ids = [row.id for rows in stored.values() for row in rows]
        assert len(ids) == len(set(ids)) == len(self.ever), (len(ids), len(self.ever))

    def stored(self) -> dict[str, list[Row]]:
        """Every log as it is on disk."""
        conversations = self.house.node.hub.conversations.by_id.values()
        return {c.name: self.house.store.read(c.id, 0, c.head, 10**6) for c in conversations}

    def compare(
        self, client: Client, conversation: str, messages: list[m.Message], stored: dict[str, list[Row]]
    ) -> None:
        """What a device has shown of a conversation is its log, but for what it sent itself and what was before it."""
        seqs = [message.seq for message in messages]
        assert seqs == sorted(set(seqs)), (client.name, conversation, seqs)
        name, _, before = conversation.partition("/")
        rows = stored[name]
        for message in messages:
            row = rows[message.seq - 1]
            assert (row.id, row.sender, row.body.decode()) == (message.id, message.sender, message.text)
        if not before and name != m.LOBBY:
            own = {seq for where, seq in client.accepted.values() if where == name}
            expected = {row.seq for row in rows if row.seq >= seqs[0]} - own if seqs else set()
            assert set(seqs) | own >= expected, (client.name, conversation, seqs, expected)


class SqliteMachine(HouseMachine):
    """The same over the real store."""

    def store(self) -> Store:
        return SqliteStore(str(Path(tempfile.mkdtemp(dir=".")) / "chat.db"))


class Simulation(SynchronousTestCase):
    """The machine, run; where trial runs, there is room for files that may stay."""

    def run_machine(self, machine: type[HouseMachine], examples: int) -> None:
        """Look for a fault in so many stories."""
        run_state_machine_as_test(
            machine, settings=settings(max_examples=examples, stateful_step_count=40, deadline=None)
        )

    def test_no_order_of_events_loses_doubles_or_shuffles_a_message(self) -> None:
        self.run_machine(HouseMachine, EXAMPLES)

    def test_nor_does_the_real_store(self) -> None:
        self.run_machine(SqliteMachine, EXAMPLES // 4)


def replay(*steps: tuple[Any, ...]) -> None:
    """Play found steps again: `replay(("send", 0, "#one", 1), ("kill", True))`."""
    machine = HouseMachine()
    machine.begin()
    for name, *arguments in steps:
        getattr(machine, name)(*arguments)
        machine.nothing_is_wrong()
    machine.teardown()
