"""Connections that break and programs that end at every step, between real clients and a real node: everything said
arrives once and in order, as soon as the server serves honestly again.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption as e
from chatd.wire.pack import Event
from tests.clients.core.secure.liar import Town

SECRET = "the canary sings at dawn"


class BreakTests(SynchronousTestCase):
    """The connection breaks at each command and each event of all that happens: everything said arrives once."""

    def story(self, fuse: int, who: int) -> bool:
        """From the first words to a group; whether the connection broke."""
        town = Town("alice", "bob")
        alice, bob = town.people
        town.people[who].wire.fuse = fuse
        alice.enter("@bob 1", "@bob 2", "/join lab private", "/invite lab bob")
        bob.enter("@alice 3", "@alice 4")
        broke = town.people[who].wire.fuse is None
        for person in town.people:
            person.wire.honest()
        town.live(20)
        if "#lab" not in bob.session.state.positions:
            alice.enter("/join lab private", "/invite lab bob")
            town.live(3)
        alice.enter("/group lab 5", "@bob 6")
        bob.enter("/group lab 7", "@alice 8")
        town.live(3)
        self.assertEqual([text for text, _ in bob.texts()], ["1", "2", "5", "6"])
        self.assertEqual([text for text, _ in alice.texts()], ["3", "4", "7", "8"])
        return broke

    def test_at_every_step(self) -> None:
        for who in (0, 1):
            fuse = 1
            while self.story(fuse, who):
                fuse += 1
            self.assertGreater(fuse, 10)


class Storm(RuleBasedStateMachine):
    """Two people talk while connections break, programs end, and the server says things twice or not at all."""

    def __init__(self) -> None:
        super().__init__()
        self.town = Town("alice", "bob")
        alice, _ = self.town.people
        alice.enter("/join lab private", "/invite lab bob")
        self.town.live(3)
        self.said: dict[tuple[int, str], list[str]] = {(who, to): [] for who in (0, 1) for to in ("dm", "gid")}
        self.count = 0

    @rule(who=st.integers(0, 1), group=st.booleans())
    def say(self, who: int, group: bool) -> None:
        """One of them says something, to the other one or in the group."""
        self.count += 1
        text = f"{SECRET} {self.count}"
        self.said[who, "gid" if group else "dm"].append(text)
        self.town.people[who].enter(("/group lab " if group else f"@{('bob', 'alice')[who]} ") + text)

    @rule(who=st.integers(0, 1), fuse=st.integers(1, 9))
    def break_soon(self, who: int, fuse: int) -> None:
        """A connection will break, after so many commands and events."""
        self.town.people[who].wire.fuse = fuse

    @rule(who=st.integers(0, 1))
    def end(self, who: int) -> None:
        """A program ends between two moments, and starts again."""
        self.town.people[who].again().come()

    @rule(who=st.integers(0, 1), kind=st.sampled_from((e.Mail, e.Lists, e.GroupLog, e.MailTaken, e.GroupGrew)))
    def twice(self, who: int, kind: type[Event]) -> None:
        """The server says everything of a kind twice."""
        self.town.people[who].wire.lies[kind] = lambda event: [event, event]

    @rule(who=st.integers(0, 1), kind=st.sampled_from((e.Lists, e.GroupLog, e.MailTaken, e.KeysAre, e.Claimed)))
    def never(self, who: int, kind: type[Event]) -> None:
        """The server answers no more."""
        self.town.people[who].wire.lies[kind] = lambda event: []

    @rule(seconds=st.integers(1, 20))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.town.live(seconds)

    def teardown(self) -> None:
        """An honest server, and a new connection: all is there, once and in order."""
        for person in self.town.people:
            person.wire.honest()
            person.wire.cut()
        self.town.live(90)
        for who, other in ((0, 1), (1, 0)):
            writer, reader = self.town.people[who], self.town.people[other]
            assert writer.wire.leaks(SECRET) == []
            assert writer.session.secure is not None
            assert writer.session.idle(), "something waits for ever"
            (group,) = writer.session.secure._talks.labels
            for to, conversation in (("dm", "@" + writer.name), ("gid", group)):
                kept = reader.history.last(reader.account, conversation, 1_000)
                assert [one.text for one in kept if one.sender == writer.name] == self.said[who, to]


class StormTests(SynchronousTestCase):
    """Many storms."""

    def test_storms(self) -> None:
        run_state_machine_as_test(Storm, settings=settings(max_examples=15, stateful_step_count=12, deadline=None))
