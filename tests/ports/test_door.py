"""The door: the first byte decides, who has nothing to say is closed, and there is an end to those who wait."""

from __future__ import annotations

from twisted.internet.address import IPv4Address
from twisted.internet.protocol import Protocol
from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd.core.limits import Limits
from chatd.ports.door import DoorFactory
from chatd.ports.lines import ANSWER
from chatd.wire.pack import encode_command, frame
from tests.kit import House, Peer, Scene

AFAR = "198.51.100.7"
HELLO = frame(encode_command(m.Hello([1])))


class FirstByte(Scene):
    """Frames or lines."""

    def test_zero_is_a_frame(self) -> None:
        peer = self.house.peer()
        peer.raw(HELLO)
        self.assertTrue(peer.of(m.Greeting))

    def test_a_frame_byte_by_byte_is_a_frame(self) -> None:
        peer = self.house.peer()
        for number in HELLO:
            peer.raw(bytes([number]))
        self.assertEqual(len(peer.of(m.Greeting)), 1)

    def test_anything_else_is_a_line(self) -> None:
        for first in range(1, 256):
            peer = self.house.peer()
            peer.raw(bytes([first]) + b"hello\r\n")
            self.assertEqual((peer.rest, peer.over), (ANSWER, True), first)


class Silence(Scene):
    """T06, T20: whoever says nothing, or half a thing, is closed, and nobody else notices."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")

    def closed_in_time(self, said: bytes) -> Peer:
        """A connection that says this and nothing more is closed after 20 seconds, not before."""
        peer = self.house.peer(AFAR)
        peer.transport.deliver(said)
        self.house.advance(19)
        self.assertFalse(peer.over, said)
        self.alice.send("@bob", "nobody waits")
        self.assertEqual(self.bob.texts()[-1], "nobody waits")
        self.house.advance(6)
        self.assertTrue(peer.over, said)
        return peer

    def test_nothing(self) -> None:
        self.assertTrue(self.closed_in_time(b"").transport.aborted)

    def test_a_line_without_an_end(self) -> None:
        self.assertTrue(self.closed_in_time(b"NICK").transport.aborted)

    def test_half_a_frame(self) -> None:
        self.assertEqual(self.closed_in_time(HELLO[:-1]).last(m.Bye).code, "timeout")

    def test_a_hello_and_no_login(self) -> None:
        self.assertEqual(self.closed_in_time(HELLO).last(m.Bye).code, "timeout")

    def test_one_byte_a_second(self) -> None:
        peer = self.house.peer(AFAR)
        for number in frame(encode_command(m.Hello([1], [], "a slow one, on purpose")))[:25]:
            peer.transport.deliver(bytes([number]))
            self.house.advance(1)
        self.assertTrue(peer.over)

    def test_who_is_in_stays(self) -> None:
        self.house.advance(60)
        self.assertFalse(self.alice.over)

    def test_silent_for_three_minutes_in_the_house(self) -> None:
        for _ in range(3):
            self.house.advance(60)
            self.bob.ask(m.Ping)
        self.house.advance(10)
        self.assertEqual((self.alice.over, self.bob.over), (True, False))
        self.assertEqual(self.bob.of(m.Presence), [m.Presence("alice", "lost")])


class Crowd(SynchronousTestCase):
    """There is an end to those who have not logged in."""

    def setUp(self) -> None:
        self.house = House(limits=Limits(waiting=5, waiting_per_prefix=2))

    def room(self, host: str) -> bool:
        """Whether one more connection from there would be taken."""
        return self.house.door.buildProtocol(IPv4Address("TCP", host, 1)) is not None

    def test_of_one_address(self) -> None:
        peers = [self.house.peer(AFAR) for _ in range(2)]
        self.assertFalse(self.room(AFAR))
        self.assertTrue(self.room("192.0.2.1"))
        peers[0].lose()
        self.assertTrue(self.room(AFAR))

    def test_a_network_of_version_six_is_one_address(self) -> None:
        for host in ("2001:db8::1", "2001:db8::2"):
            self.house.peer(host)
        self.assertFalse(self.room("2001:db8::3"))
        self.assertTrue(self.room("2001:db8:0:1::3"))

    def test_of_all_together(self) -> None:
        for number in range(5):
            self.house.peer(f"192.0.2.{number}")
        self.assertFalse(self.room("192.0.2.99"))

    def test_a_byte_or_a_hello_makes_no_room_a_login_does(self) -> None:
        for peer in (first := self.house.peer(AFAR), self.house.peer(AFAR)):
            peer.hello()
        self.assertFalse(self.room(AFAR))
        first.sign_up("alice")
        self.assertTrue(first.of(m.Welcome))
        self.assertTrue(self.room(AFAR))
        first.lose()
        self.assertTrue(self.room(AFAR))
        self.assertEqual(len(self.house.door.waiting), 1)

    def test_this_machine_counts_in_all_only(self) -> None:
        for _ in range(4):
            self.house.peer()
        self.assertTrue(self.room("127.0.0.1"))
        self.house.peer()
        self.assertFalse(self.room("127.0.0.1"))

    def test_a_line_without_an_end_makes_no_room(self) -> None:
        for _ in range(2):
            self.house.peer(AFAR).transport.deliver(b"x")
        self.assertFalse(self.room(AFAR))

    def test_everything_is_forgotten_at_the_end(self) -> None:
        for _ in range(3):
            peers = [self.house.peer(AFAR) for _ in range(2)]
            for peer in peers:
                peer.lose()
        self.assertEqual((self.house.door.waiting, self.house.door._counts), ({}, {}))


class Options(SynchronousTestCase):
    """A transport without TCP's options is as good (a Unix socket, TLS)."""

    def test_nodelay_and_keepalive_are_set_where_they_can_be(self) -> None:
        calls: list[tuple[str, bool]] = []

        class Transport:
            def setTcpNoDelay(self, on: bool) -> None:
                calls.append(("nodelay", on))

            def setTcpKeepAlive(self, on: bool) -> None:
                calls.append(("keepalive", on))

        factory = DoorFactory(Protocol, Protocol, lambda: 0.0, 9, 9)
        for transport in (Transport(), object()):
            door = factory.buildProtocol(None)
            assert door is not None
            door.makeConnection(transport)
        self.assertEqual(calls, [("nodelay", True), ("keepalive", True)])
