"""Emptying the server: told, let go in slices, nobody comes in meanwhile; taken back; and the end."""

from __future__ import annotations

from chatd import messages as m
from chatd.operations.drain import SLICE, Drain
from chatd.operations.service import Refused
from tests.operations.kit import StaffScene


class Port:
    """A listener that says what it was told."""

    reading = True

    def stopReading(self) -> None:
        """No more."""
        self.reading = False

    def startReading(self) -> None:
        """Again."""
        self.reading = True


class DrainTests(StaffScene):
    """A house with a door."""

    def setUp(self) -> None:
        super().setUp()
        self.port = Port()
        self.stopped = 0
        self.drain = Drain(self.house.node, self.house.clock)
        self.drain.ports, self.drain.stop = [self.port], self.stop

    def stop(self) -> None:
        """The server would end."""
        self.stopped += 1

    def pass_time(self, seconds: float) -> None:
        """In small steps, so that slices have theirs."""
        for _ in range(round(seconds / 0.05)):
            self.house.clock.advance(0.05)
            self.house.settle()

    def test_told_then_let_go(self) -> None:
        alice, bob = self.house.people("alice", "bob")
        stranger = self.house.greeted()
        self.assertEqual(self.drain.begin(60, "Back at ten."), 2)
        self.house.settle()
        notice = alice.last(m.Notice)
        self.assertEqual((notice.code, notice.retry), ("draining", 60))
        self.assertTrue(notice.text.endswith(" in 60 s; your program will come back by itself. Back at ten."))
        self.pass_time(49)
        self.assertEqual((self.drain.state, self.port.reading, len(bob.of(m.Notice))), ("announced", True, 1))
        bob.send("@alice", "until the end")
        self.assertEqual(alice.texts(), ["until the end"])
        self.pass_time(2)
        self.assertEqual([notice.retry for notice in bob.of(m.Notice)], [60, 10])
        self.pass_time(10)
        self.assertEqual((self.drain.state, self.port.reading, self.stopped), ("drained", False, 0))
        for peer in (alice, bob, stranger):
            self.assertEqual((peer.last(m.Bye).code, peer.over), ("draining", True))
        self.assertEqual(self.house.node.sessions, {})

    def test_many_go_in_slices(self) -> None:
        peers = [self.house.guest(f"guest-{number}") for number in range(SLICE + 50)]
        self.drain.begin()
        self.house.clock.advance(0)
        self.house.settle()
        self.assertEqual(sum(peer.over for peer in peers), SLICE)
        self.assertEqual(self.drain.state, "draining")
        self.pass_time(1)
        self.assertEqual((sum(peer.over for peer in peers), self.drain.state), (SLICE + 50, "drained"))

    def test_who_does_not_go_is_cut_off(self) -> None:
        (alice,) = self.house.people("alice")
        alice.transport.loseConnection = lambda: None  # type: ignore[method-assign]
        self.drain.begin()
        self.pass_time(2)
        self.assertEqual((self.drain.state, alice.over), ("draining", False))
        self.pass_time(2)
        self.assertEqual((self.drain.state, alice.over), ("drained", True))

    def test_taken_back(self) -> None:
        (alice,) = self.house.people("alice")
        self.drain.begin(60)
        self.house.settle()
        self.assertEqual(self.drain.undo(), "announced")
        self.house.settle()
        self.assertEqual(alice.last(m.Notice).code, "undrained")
        self.pass_time(61)
        self.assertEqual((self.drain.state, alice.over), ("open", False))
        self.drain.begin()
        self.pass_time(1)
        self.assertEqual((self.drain.undo(), self.port.reading), ("drained", True))
        self.assertTrue(alice.again().of(m.Welcome))

    def test_the_end(self) -> None:
        self.house.people("alice")
        self.drain.begin()
        self.pass_time(1)
        self.assertEqual(self.stopped, 0)
        self.drain.begin(0, stop=True)  # drained before
        self.pass_time(1)
        self.assertEqual(self.stopped, 1)

    def test_what_cannot_be(self) -> None:
        for seconds, say in ((-1, ""), (1e6, ""), (1, "x" * 301), (1, "two\nlines")):
            with self.assertRaises(Refused):
                self.drain.begin(seconds, say)
        with self.assertRaises(Refused):
            self.drain.undo()
        self.drain.begin(60)
        with self.assertRaises(Refused):
            self.drain.begin(60)
