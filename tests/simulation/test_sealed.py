"""A machine that looks for the order of events in which a one-time key is given out twice, or encrypted mail is lost.

Devices write to each other, claim keys of each other, and acknowledge mail; commits and reads are slow and happen one
by one; connections break and get stuck; the node is killed at any moment, between a commit and its release too. The
model is what a client does: it sends again the same bytes that were not taken, and knows mail by its id. What must
hold: no key is heard twice, in ascending order for each device; mail comes in one order, once for the reader; what was
taken is read by every device at the end, and the store has nothing that was acknowledged, and everything that was not.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption as e
from chatd import messages as m
from chatd.core.limits import Limits
from chatd.store.interface import Store
from chatd.store.memory import MemoryStore
from chatd.store.sqlite import SqliteStore
from tests.kit import House, Peer
from tests.sealed import Owner, device, item, one_time

NAMES = ("alice", "bob", "carol", "dave")
EXAMPLES = int(os.environ.get("EXAMPLES", "60"))
who = st.integers(0, 3)
few = st.integers(0, 1)


class Program:
    """One device, as a client should be: it keeps what was not taken, and what it has read."""

    def __init__(self, peer: Peer, owner: Owner) -> None:
        self.peer, self.owner = peer, owner
        self.counter = 0
        self.outbox: dict[bytes, e.PutMail] = {}
        self.waiting: dict[int, bytes] = {}
        self.taken: dict[bytes, tuple[int, str]] = {}
        self.read: dict[bytes, bytes] = {}  # ids and texts of mail, in the order of reading
        self.places: dict[bytes, int] = {}
        self.last = 0  # seq of the newest mail of this connection
        self.acknowledged = 0
        self.keys: list[tuple[str, int]] = []
        self.made = 0
        self.inside = True

    def listen(self) -> None:
        """Take what has come."""
        for event in self.peer.take():
            if isinstance(event, m.Greeting):
                self.peer.challenge = event.challenge
                assert self.peer.keys is not None
                self.peer.login(self.peer.name, self.peer.keys)
            elif isinstance(event, m.Welcome):
                self.inside = True
                for identity in list(self.outbox):
                    self.put(identity)
            elif isinstance(event, m.Failed):
                raise AssertionError(event)
            elif isinstance(event, e.MailTaken):
                identity = self.waiting.pop(event.ref)
                first = self.taken.setdefault(identity, (event.at, event.state))
                assert first == (event.at, event.state), "another answer to the same mail"
                self.outbox.pop(identity, None)
            elif isinstance(event, e.Mail):
                assert event.seq > self.last, "mail out of order"
                assert event.seq > self.acknowledged or event.id in self.read, "a seq that was another's"
                self.last = event.seq
                self.read.setdefault(event.id, event.ciphertext)
                assert self.places.setdefault(event.id, event.seq) == event.seq, "the same mail in two places"
            elif isinstance(event, e.Claimed):
                for blob in event.keys:
                    if blob:
                        owner, _, number, _, fallback, _ = msgspec.msgpack.decode(msgspec.msgpack.decode(blob)[0])
                        if not fallback:
                            self.keys.append((owner, number))

    def put(self, identity: bytes) -> None:
        """Send mail, for the first time or again."""
        self.peer.ref += 1
        self.waiting[self.peer.ref] = identity
        letter = self.outbox[identity]
        self.peer.tell(e.PutMail(self.peer.ref, letter.id, letter.counter, letter.lists, letter.items))


class Machine(RuleBasedStateMachine):
    """The people and their server."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()

    def make(self) -> Store:
        """Where things are kept."""
        return MemoryStore()

    @initialize()
    def begin(self) -> None:
        """Everybody has a list of one device."""
        limits = Limits(keys_of_one_device_per_day=10_000, claims_burst=10_000, unsent_bytes=600)
        self.house = House(self.make(), limits=limits)
        self.programs: list[Program] = []
        for name in NAMES:
            peer = self.house.greeted(encrypted=True)
            peer.sign_up(name)
            owner = Owner(name)
            assert peer.keys is not None
            peer.ask(e.PutList, owner.took(owner.list(peer.keys)))
            peer.take()
            self.programs.append(Program(peer, owner))
        for later in (self.house.writer, self.house.reader):
            later.slow = True
        for program in self.programs:
            program.listen()
        self.count = 0
        self.sent: dict[bytes, tuple[int, ...]] = {}  # text to its readers

    # ---- what people do ----

    @rule(sender=who, first=who, other=who, again=st.booleans())
    def mail(self, sender: int, first: int, other: int, again: bool) -> None:
        """Somebody writes to one or two devices, perhaps twice with the same breath."""
        program = self.programs[sender]
        readers = tuple(dict.fromkeys((first, other)))
        self.count += 1
        program.counter += 1
        text = b"%d" % self.count
        peers = [self.programs[reader].peer for reader in readers]
        identity = self.count.to_bytes(16, "big")
        lists = {peer.name: 1 for peer in peers}
        program.outbox[identity] = e.PutMail(0, identity, program.counter, lists, [item(*peers, ciphertext=text * 20)])
        self.sent[text * 20] = readers
        if program.inside:
            program.put(identity)
            if again:
                program.put(identity)

    @rule(reader=who)
    def acknowledge(self, reader: int) -> None:
        """Somebody has everything on disk that has come."""
        program = self.programs[reader]
        program.listen()
        if program.inside and program.last:
            program.acknowledged = max(program.acknowledged, program.last)
            program.peer.tell(e.AcknowledgeMail(program.last))

    @rule(owner=few, count=st.integers(1, 4))
    def make_keys(self, owner: int, count: int) -> None:
        """Somebody uploads more keys, and some that may be there."""
        program = self.programs[owner]
        if program.inside:
            program.made += count
            numbers = range(max(0, program.made - 6), program.made)
            program.peer.ask(e.PutKeys, [one_time(program.peer, number) for number in numbers])

    @rule(claimer=few, owner=few, count=st.integers(1, 3))
    def claim(self, claimer: int, owner: int, count: int) -> None:
        """Somebody claims keys of a device."""
        program, other = self.programs[claimer], self.programs[owner]
        if program.inside:
            program.peer.ask(e.ClaimKeys, [(other.peer.name, device(other.peer))] * count)

    # ---- what happens ----

    @rule(most=st.integers(1, 3))
    def write(self, most: int) -> None:
        """The disk does something."""
        self.house.writer.run(most)
        self.house.settle()

    @rule()
    def rest(self) -> None:
        """The disk has nothing left to do."""
        for _ in range(3):
            self.house.commit()
            for program in self.programs:
                program.listen()

    @rule(most=st.integers(1, 3))
    def look_up(self, most: int) -> None:
        """The disk reads something."""
        self.house.reader.run(most)
        self.house.settle()

    @rule(reader=who, room=st.integers(0, 500))
    def stick(self, reader: int, room: int) -> None:
        """Somebody does not read for a while."""
        self.programs[reader].peer.stick(room)

    @rule(reader=who)
    def unstick(self, reader: int) -> None:
        """They read again."""
        self.programs[reader].peer.unstick()
        self.programs[reader].listen()

    @rule(one=who)
    def come_back(self, one: int) -> None:
        """A connection breaks, and there is another one."""
        program = self.programs[one]
        program.peer.unstick()
        program.listen()
        program.peer.lose()
        self.renew(program)

    @rule(committed=st.booleans())
    def crash(self, committed: bool) -> None:
        """The server is killed; perhaps just after a commit, before anybody heard of it."""
        if committed:
            for _, function, arguments in self.house.writer.waiting[:1]:
                function(*arguments)
        self.house.restart()
        for program in self.programs:
            self.renew(program)

    def renew(self, program: Program) -> None:
        """The same device on a new connection."""
        program.waiting.clear()
        program.inside, program.last = False, 0
        program.peer.transport.room = None
        old, program.peer = program.peer, self.house.peer()
        program.peer.name, program.peer.keys = old.name, old.keys
        program.peer.tell(m.Hello([1], ["e2ee"], "machine"))

    # ---- what must hold ----

    @invariant()
    def no_key_is_heard_twice(self) -> None:
        """Whoever claims, and whatever was lost."""
        if not hasattr(self, "programs"):
            return
        for program in self.programs:
            program.listen()
        heard = [key for program in self.programs for key in program.keys]
        assert len(heard) == len(set(heard)), sorted(heard)

    def teardown(self) -> None:
        """In the end everybody comes back, and everything is there."""
        if hasattr(self, "programs"):
            self.finish()
        self.folder.cleanup()

    def finish(self) -> None:
        """Let everything happen."""
        for program in self.programs:
            program.peer.unstick()
            program.listen()
            program.peer.lose()
            self.renew(program)
        for _ in range(20):
            self.house.commit()
            for program in self.programs:
                program.listen()
        assert not self.house.failures, self.house.failures
        for program in self.programs:
            assert not program.outbox, "mail that nobody took"
        for place, program in enumerate(self.programs):
            expected = {text for text, readers in self.sent.items() if place in readers}
            read = list(program.read.values())
            assert set(read) == expected, "mail was lost"
            assert len(read) == len(expected), "mail came twice"
            self.nothing_left(place, program)

    def nothing_left(self, place: int, program: Program) -> None:
        """Exactly what is acknowledged goes."""
        rows = self.house.store.read_mail(device(program.peer), 0, 10_000, 10_000)
        assert all(row.id in program.read for row in rows)
        self.acknowledge(place)
        self.house.advance(1)
        self.house.commit()
        assert not self.house.store.read_mail(device(program.peer), 0, 10_000, 10_000)


class SqliteMachine(Machine):
    """The same with the real store."""

    def make(self) -> Store:
        return SqliteStore(str(Path(self.folder.name) / "chat.db"))

    def teardown(self) -> None:
        super().teardown()
        if hasattr(self, "house"):
            self.house.store.close()


class Simulation(SynchronousTestCase):
    """The machine, run for a while."""

    def play(self, machine: Any, examples: int) -> None:
        """So many runs."""
        run_state_machine_as_test(
            machine, settings=settings(max_examples=examples, stateful_step_count=60, deadline=None)
        )

    def test_no_key_twice_and_no_mail_lost(self) -> None:
        self.play(Machine, EXAMPLES)

    def test_nor_with_the_real_store(self) -> None:
        self.play(SqliteMachine, EXAMPLES // 4)
