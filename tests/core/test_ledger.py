"""What became of a message: each state, its time, why not; and that nobody asks of somebody else's."""

from __future__ import annotations

from chatd import archive as a
from chatd import encryption as e
from chatd import messages as m
from chatd.core import ledger, sanctions
from chatd.core.ledger import Trail
from tests.kit import Peer, Scene
from tests.sealed import SealedScene, as_question, item

ID = b"0123456789abcdef"


class Explained(Scene):
    """Alice asks what became of what she has said."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")
        self.house.clock.advance(10)

    @property
    def now(self) -> int:
        """In ms."""
        return int(self.house.wall() * 1000)

    def explained(self, to: str, seq: int = 0, id: bytes = b"", by: Peer | None = None) -> a.Explained:
        """The answer."""
        found = self.granted(by or self.alice, a.Explain, to, seq, id)
        assert isinstance(found, a.Explained)
        return found

    def test_sent_then_acknowledged(self) -> None:
        at = self.now
        self.granted(self.alice, m.Send, "@bob", ID, "hi")
        self.house.clock.advance(5)
        found = self.explained("@bob", 1)
        self.assertEqual(found, a.Explained(
            found.ref, "dm:alice:bob", 1, ID, at, at, [a.ReaderIs("bob", "sent", at)], [("sent", 1)],
        ))  # fmt: skip
        self.bob.ack("dm:alice:bob", 1)
        acknowledged = [a.ReaderIs("bob", "acknowledged", self.now)]
        self.house.clock.advance(5)
        for more in ({"seq": 1}, {"id": ID}):
            self.assertEqual(self.explained("@bob", **more).readers, acknowledged)
        self.house.restart()
        found = self.explained("@bob", 1, by=self.alice.again())
        self.assertEqual((found.at, found.written, found.readers), (at, 0, [a.ReaderIs("bob", "acknowledged", 0)]))

    def test_away_then_here(self) -> None:
        gone = self.now
        self.bob.lose()
        self.house.clock.advance(5)
        self.granted(self.alice, m.Send, "@bob", ID, "hi")
        self.assertEqual(self.explained("@bob", 1).readers, [a.ReaderIs("bob", "away", gone)])
        self.house.clock.advance(5)
        came = self.now
        self.bob.again()
        self.assertEqual(self.explained("@bob", 1).readers, [a.ReaderIs("bob", "sent", came)])

    def test_one_who_reads_slowly(self) -> None:
        self.bob.stick()
        for _ in range(100):
            self.alice.send("@bob", "x" * 16_000)
        self.assertEqual(self.explained("@bob", 100).readers, [a.ReaderIs("bob", "behind", 0)])
        self.bob.unstick()
        self.assertEqual(self.explained("@bob", 100).readers[0].state, "sent")

    def test_the_device_that_is_furthest(self) -> None:
        self.granted(self.bob, m.SetPassword, "correct horse")
        self.bob.lose()
        laptop = self.house.greeted()
        laptop.link("bob", "correct horse")
        self.granted(self.alice, m.Send, "@bob", ID, "hi")
        laptop.ack("dm:alice:bob", 1)
        self.assertEqual(self.explained("@bob", 1).readers, [a.ReaderIs("bob", "acknowledged", self.now)])
        hub = self.house.node.hub
        conversation = next(iter(hub.conversations.direct.values()))
        (row,) = self.house.store.read(conversation.id, 0, 1, 1)
        life = ledger.life(hub, conversation, row, self.now)
        self.assertEqual([(fate.name, fate.state) for fate in life.fates], [("bob", "acknowledged"), ("bob", "away")])
        self.assertEqual((life.counts, life.size), ({"acknowledged": 1, "away": 1}, 2))

    def test_a_group_and_who_came_later(self) -> None:
        carol = self.house.person("carol")
        for peer in (self.alice, self.bob):
            self.granted(peer, m.Join, "#hw3")
        self.granted(self.alice, m.Send, "#hw3", ID, "hi")
        self.granted(carol, m.Join, "#hw3")
        self.bob.ack("#hw3", 1)
        self.assertEqual([(x.name, x.state) for x in self.explained("#hw3", 1).readers], [("bob", "acknowledged")])
        self.granted(self.alice, m.Send, "#lobby", b"l" * 16, "hi")
        self.assertEqual({x.name for x in self.explained("#lobby", 1).readers}, {"bob", "carol"})

    def test_in_steps_while_others_come_and_go(self) -> None:
        self.patch(ledger, "PART", 1)
        people = [self.alice, self.bob, *self.house.people("carol", "dan", "eve")]
        for peer in people:
            self.granted(peer, m.Join, "#hw3")
        self.granted(self.alice, m.Send, "#hw3", ID, "hi")
        group = self.house.node.hub.conversations.groups["#hw3"]
        (row,) = self.house.store.read(group.id, 0, 1, 1)
        steps = ledger.living(self.house.node.hub, group, row, self.now)
        self.assertEqual([next(steps), next(steps)], [None, None])
        self.granted(people[-1], m.Leave, "#hw3")
        self.granted(self.house.person("frank"), m.Join, "#hw3")
        found = [life for life in steps if life is not None]
        self.assertEqual([fate.name for fate in found[0].fates], ["bob", "carol", "dan"])

    def test_an_account_that_is_put_away(self) -> None:
        self.granted(self.alice, m.Send, "@bob", ID, "hi")
        hub = self.house.node.hub
        sanctions.impose(hub, self.house.node.turn(), "disabled", "bob", "miller")
        self.house.settle()
        self.assertEqual([x.state for x in self.explained("@bob", 1).readers], ["disabled"])

    def test_the_newest_of_ones_own(self) -> None:
        self.refused("no-such-message", self.alice, a.Explain, "#lobby")
        for peer, identity in ((self.alice, b"1" * 16), (self.alice, b"2" * 16), (self.bob, b"3" * 16)):
            self.granted(peer, m.Send, "#lobby", identity, "hi")
        self.assertEqual(self.explained("#lobby").seq, 2)
        self.assertEqual(self.explained("#lobby", by=self.bob).seq, 3)
        self.refused("no-such-message", self.house.person("carol"), a.Explain, "#lobby")

    def test_why_it_was_not_accepted(self) -> None:
        self.refused("text-too-long", self.alice, m.Send, "@bob", ID, "x" * 20_000)
        failed = self.refused("no-such-message", self.alice, a.Explain, "@bob", 0, ID)
        self.assertIn("It was refused: text-too-long", failed.text)
        sanctions.impose(self.house.node.hub, self.house.node.turn(), "mute", "alice", "miller")
        self.house.settle()
        self.refused("muted", self.alice, m.Send, "@bob", b"m" * 16, "hi")
        self.assertIn("muted", self.refused("no-such-message", self.alice, a.Explain, "@bob", 0, b"m" * 16).text)

    def test_not_ones_own_or_not_there(self) -> None:
        self.granted(self.alice, m.Send, "@bob", ID, "hi")
        self.refused("not-allowed", self.bob, a.Explain, "@alice", 1)
        self.refused("not-allowed", self.bob, a.Explain, "@alice", 0, ID)
        carol = self.house.person("carol")
        self.refused("no-such-message", carol, a.Explain, "@bob", 1)
        for seq in (-1, 2, 1 << 62):
            self.refused("no-such-message", self.alice, a.Explain, "@bob", seq)
        self.refused("no-such-user", self.alice, a.Explain, "@nobody", 1)
        self.refused("no-such-group", self.alice, a.Explain, "#nowhere", 1)
        self.refused("no-such-message", self.alice, a.Explain, "@bob", 0, b"?" * 16)


class Encrypted(SealedScene):
    """Of mail the trail knows which device has fetched it, and not what it is."""

    def now(self) -> int:
        """In ms."""
        return int(self.house.wall() * 1000)

    def explained(self, by: Peer, to: str, id: bytes = b"") -> a.Explained:
        """The answer."""
        found = self.granted(by, a.Explain, to, 0, id)
        assert isinstance(found, a.Explained)
        return found

    def test_sent_fetched_away(self) -> None:
        at = self.now()
        self.sends(self.alice, item(self.bob))
        found = self.explained(self.alice, "@bob")
        self.assertEqual((found.conversation, found.seq, found.at), ("dm:alice:bob", 0, at))
        self.assertEqual(found.readers, [a.ReaderIs("bob", "sent", at)])
        self.house.clock.advance(5)
        self.bob.tell(e.AcknowledgeMail(1))
        fetched = [a.ReaderIs("bob", "acknowledged", self.now())]
        self.house.clock.advance(5)
        self.assertEqual(self.explained(self.alice, "@bob").readers, fetched)
        self.bob.lose()
        self.sends(self.alice, item(self.bob), item(self.carol))
        self.assertEqual(self.explained(self.alice, "@bob").readers, [a.ReaderIs("bob", "away", self.now())])
        self.assertEqual(self.explained(self.alice, "@carol").readers[0].state, "sent")
        self.assertEqual(self.explained(self.alice, "@bob", found.id).readers, fetched)

    def test_what_was_said_to_a_group(self) -> None:
        letter = self.letter(self.alice, item(self.bob, self.carol, type="megolm"))
        self.alice.ask(*as_question(letter))
        self.bob.tell(e.AcknowledgeMail(1))
        found = self.explained(self.alice, "!" + bytes(16).hex(), letter.id)
        self.assertEqual(found.conversation, "!" + bytes(16).hex())
        self.assertEqual([(one.name, one.state) for one in found.readers], [("bob", "acknowledged"), ("carol", "sent")])
        self.assertEqual(found.counts, [("acknowledged", 1), ("sent", 1)])
        for by, id in ((self.bob, letter.id), (self.alice, b"?" * 16), (self.alice, b"")):
            self.refused("no-such-message", by, a.Explain, "!" + bytes(16).hex(), 0, id)

    def test_the_device_that_is_furthest_and_nobody_elses(self) -> None:
        laptop = self.second(self.bob)
        self.sends(self.alice, item(self.bob, laptop), bob=2)
        laptop.tell(e.AcknowledgeMail(1))
        self.assertEqual(self.explained(self.alice, "@bob").readers[0].state, "acknowledged")
        self.refused("no-such-message", self.carol, a.Explain, "@bob")
        self.house.restart()
        alice = self.alice.again()
        self.refused("no-such-message", alice, a.Explain, "@bob")  # the trail is forgotten


class Trails(Scene):
    """What is remembered, and that it is not more and more."""

    def test_bounded(self) -> None:
        self.house.people("alice")
        user = self.house.node.hub.users.find("alice")
        trail = Trail()
        for number in range(50_000):
            trail.acknowledged.append((number, "d", 1, number))
            trail.commits.append((number, number, number))
            trail.refuse(user, m.Send(1, "x", ID, "x" * 1000), "muted", number)
            trail.came("d", number)
            trail.went("d", number)
        sizes = [len(trail.acknowledged), len(trail.commits), len(trail.refused), len(trail._visits["d"])]
        self.assertEqual(sizes, [ledger.ACKNOWLEDGEMENTS, ledger.COMMITS, ledger.REFUSALS, ledger.VISITS])

    def test_times(self) -> None:
        trail = Trail()
        trail.commits.extend([(10, 12, 20), (13, 15, 30)])
        self.assertEqual([trail.written(at) for at in (9, 10, 12, 14, 16)], [0, 20, 20, 30, 0])
        trail.acknowledged.extend([(50, "a", 1, 5), (60, "a", 1, 9), (70, "b", 1, 7), (80, "c", 2, 9)])
        self.assertEqual(trail.first_acknowledged(1, 6), {"a": 60, "b": 70})
        trail.came("a", 100)
        trail.went("a", 200)
        trail.came("a", 300)
        self.assertEqual([trail.here_after("a", at) for at in (50, 150, 250, 400)], [100, 150, 300, 400])
        self.assertEqual((trail.last_seen("a"), trail.last_seen("x"), trail.here_after("x", 1)), (300, 0, 0))
