"""The door: the first byte decides, who has nothing to say is closed, and there is an end to those who wait."""

from __future__ import annotations

import gc
import weakref
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.protocol import Protocol
from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd.core.limits import Limits
from chatd.ports.door import DoorFactory
from chatd.ports.frames import Frames
from chatd.ports.lines import Lines
from chatd.ports.person import Person
from chatd.wire.pack import encode_command, frame
from tests.irc import IrcPeer
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
            peer = IrcPeer(self.house)
            peer.raw(bytes([first]) + b"hello\r\n")
            self.assertIsInstance(peer.door._inner, Lines | Person, first)

    def test_where_nobody_is_asked_the_first_byte_is_enough(self) -> None:
        self.house.door.asking = None
        peer = IrcPeer(self.house)
        peer.raw(b"N")
        self.assertIsInstance(peer.door._inner, Lines)


class Asking(Scene):
    """S14: a person is asked for a name, a program never is, and one that was slow gets in."""

    def come(self, *parts: bytes, host: str = "127.0.0.1") -> IrcPeer:
        """A connection that says this."""
        peer = IrcPeer(self.house, host)
        for part in parts:
            peer.raw(part)
        return peer

    def wait(self, seconds: float = 1.0) -> None:
        """Some time passes, then what has come is read, then what waited for that happens."""
        self.house.clock.advance(seconds)
        self.house.settle()

    def test_a_second_of_silence(self) -> None:
        peer = self.come()
        self.wait(0.99)
        self.assertEqual(peer.transport.value(), b"")
        self.wait(0.01)
        self.assertEqual(peer.transport.value(), b"Enter username: ")
        self.wait(5)
        self.assertEqual(peer.transport.value(), b"Enter username: ")

    def test_half_a_word_is_not_silence(self) -> None:
        peer = self.come(b"NI")
        self.wait(3)
        self.assertEqual(peer.transport.value(), b"")
        peer.raw(b"CK a\r\nUSER a 0 * :A\r\n")
        self.assertIn(" 001 a ", peer.take()[0])

    def test_what_has_come_is_read_before_anybody_is_asked(self) -> None:
        peer = self.house.peer()
        self.house.clock.callLater(1.0, peer.transport.deliver, HELLO)  # the reactor was busy for so long
        self.wait()
        self.assertTrue(peer.of(m.Greeting), peer.rest)

    def test_from_elsewhere_nobody_is_asked_but_a_first_word_is_heard(self) -> None:
        peer = self.come(host=AFAR)
        self.wait(3)
        self.assertEqual(peer.transport.value(), b"")
        peer.raw(b"tesla\n")
        self.assertIn(b"Welcome to chat room", peer.transport.value())

    def test_an_irc_client_that_was_slow_gets_in(self) -> None:
        for first in (b"CAP LS 302\r\n", b"NICK a\r\n", b"PASS x\r\n"):
            peer = self.come()
            self.wait()
            peer.raw(first + b"NICK a\r\nUSER a 0 * :A\r\nCAP END\r\n")
            lines = peer.take()
            self.assertEqual(lines[0], "Enter username: ", first)
            self.assertTrue(any(" 001 a " in line for line in lines), lines)
            peer.cut()

    def test_frames_that_were_slow_are_frames(self) -> None:
        peer = self.come()
        self.wait()
        peer.raw(HELLO)
        self.assertIsInstance(peer.door._inner, Frames)

    def test_a_crowd_is_not_asked(self) -> None:
        crowd = self.house.limits.prompt_crowd
        peers = [self.come() for _ in range(crowd + 1)]
        self.wait()
        self.assertEqual({peer.transport.value() for peer in peers}, {b""})
        for peer in peers[1:]:
            peer.raw(b"CAP LS\r\n")
        late = self.come()
        self.wait()
        self.assertEqual((peers[0].transport.value(), late.transport.value()), (b"", b"Enter username: "))
        peers[0].raw(b"\n")
        self.assertEqual(peers[0].transport.value(), b"Enter username: ")

    def test_keys_without_sense_have_an_end(self) -> None:
        peer = self.come(*[b"\n"] * 25)
        self.assertFalse(peer.transport.connected)
        self.assertLess(len(peer.transport.value()), 500)

    def test_a_stranger_has_little_held_for_them(self) -> None:
        peer = self.come(*[b"x" * 1000] * 4)
        self.assertLessEqual(len(peer.door._said), 4608)
        peer.raw(b"x" * 1000)
        self.assertEqual((len(peer.door._said), peer.take()[0].split()[1]), (0, "417"))

    def test_nothing_is_left_of_who_went(self) -> None:
        self.come().cut()
        self.assertEqual((self.house.door.silent, self.house.clock.getDelayedCalls()), ({}, []))

    def test_who_went_does_not_have_to_be_looked_for(self) -> None:
        """Nothing holds itself: a thousand that end together would be looked for at once, while everybody waits."""
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        peer = self.house.person("alice")
        left: list[Any] = [weakref.ref(peer.door), weakref.ref(peer.door._inner)]
        peer.lose()
        self.house.peers.remove(peer)
        del peer.transport.protocol  # as Twisted does
        del peer
        self.assertEqual([thing() for thing in left], [None, None])


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
