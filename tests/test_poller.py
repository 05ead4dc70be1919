"""Who talks comes first; who comes or goes has what time is left, has it soon, and loses nothing."""

from __future__ import annotations

import select
import socket
from select import EPOLLIN, EPOLLOUT
from typing import Any

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from chatd.poller import MOST, PATIENCE, SLICE, Poller, put_behind, put_first, serve_in_turn

Pair = tuple[socket.socket, socket.socket]


class Descriptors:
    """What a reactor knows of its descriptors: all of them read."""

    def __init__(self) -> None:
        self._poller = select.epoll()
        self._reads: set[int] = set()
        self._writes: set[int] = set()


class PollerTests(SynchronousTestCase):
    """Real sockets, and a clock that is moved by hand."""

    def setUp(self) -> None:
        self.now = 0.0
        self.reactor = Descriptors()
        self.poller = Poller(self.reactor, self.clock)
        self.addCleanup(self.poller.close)

    def clock(self) -> float:
        """A look at it takes a little."""
        self.now += SLICE / 100
        return self.now

    def pairs(self, count: int) -> list[Pair]:
        """So many connections, whose first ends are waited for."""
        made = [socket.socketpair() for _ in range(count)]
        for pair in made:
            for end in pair:
                self.addCleanup(end.close)
            self.poller.register(pair[0].fileno(), EPOLLIN)
            self.reactor._reads.add(pair[0].fileno())
        return made

    def read(self, descriptors: list[int], pairs: list[Pair]) -> None:
        """Take what came."""
        for one, _ in pairs:
            if one.fileno() in descriptors:
                one.recv(10)

    def say(self, pairs: list[Pair]) -> list[int]:
        """Each says something; returns where it is heard."""
        for _, other in pairs:
            other.send(b"x")
        return [one.fileno() for one, _ in pairs]

    def events(self) -> list[int]:
        """Whom one pass gives."""
        return [descriptor for descriptor, _ in self.poller.poll(0)]

    def behind(self, count: int) -> list[Pair]:
        """So many that are about to come in."""
        pairs = self.pairs(count)
        for one, _ in pairs:
            self.poller.put_behind(one.fileno())
        return pairs

    def test_who_is_in_comes_first(self) -> None:
        strangers, inside = self.behind(3), self.pairs(2)
        late, first = self.say(strangers), self.say(inside)
        self.assertEqual(self.events(), first)
        self.read(first, inside)
        self.assertEqual(self.events()[:3], late)

    def test_a_slice_is_short_and_everybodys_turn_comes(self) -> None:
        strangers = self.behind(7)
        late = self.say(strangers)
        seen: list[int] = []
        while len(seen) < 7:
            served = []
            for descriptor, _ in self.poller.poll(0):
                self.now += SLICE / 2
                self.read([descriptor], strangers)
                served.append(descriptor)
            self.assertLessEqual(len(served), 2)
            self.assertTrue(served)
            seen += served
        self.assertEqual(seen, late)

    def test_beside_many_words_there_is_a_slice_now_and_then(self) -> None:
        strangers, inside = self.behind(1), self.pairs(1)
        [late], [first] = self.say(strangers), self.say(inside)
        self.assertEqual(self.events(), [first])
        self.now += PATIENCE / 2
        self.assertEqual(self.events(), [first])
        self.now += PATIENCE
        served = []
        for descriptor, _ in self.poller.poll(0):
            self.read([descriptor], strangers)
            served.append(descriptor)
        self.assertEqual(served, [first, late])

    def test_while_something_is_written_they_wait_but_not_for_ever(self) -> None:
        strangers, inside = self.behind(1), self.pairs(1)
        [late] = self.say(strangers)
        self.poller.writing(1)
        self.assertEqual([self.events(), self.events()], [[], []])
        self.assertEqual(self.events(), [])
        first = self.say(inside)
        self.assertEqual(self.events(), first)
        self.read(first, inside)
        self.now += PATIENCE
        self.assertEqual(self.events()[:1], [late])
        self.assertEqual(self.events(), [])
        self.poller.writing(-1)
        self.assertEqual(self.events()[:1], [late])

    def test_a_wait_for_the_disk_ends_in_time(self) -> None:
        """Nobody talks, somebody waits behind: the kernel is not asked to wait for ever."""
        [late] = self.say(self.behind(1))
        self.poller.writing(1)
        self.assertEqual(list(self.poller.poll(60)), [])
        self.assertEqual(list(self.poller.poll(60)), [])
        self.assertEqual(list(self.poller.poll()), [])
        self.now += PATIENCE
        self.assertEqual(next(iter(self.poller.poll(60)))[0], late)

    def test_who_goes_is_behind_who_talks(self) -> None:
        going, inside = self.pairs(3), self.pairs(1)
        for _, other in going:
            other.close()
        first = self.say(inside)
        self.assertEqual(self.events(), first)
        self.read(first, inside)
        self.assertEqual(self.events()[:3], [one.fileno() for one, _ in going])

    def test_a_reader_who_has_said_all_is_not_told_of_again_and_again(self) -> None:
        """Nothing is read from it, and there is no room: its end is not news."""
        [(one, other)] = self.pairs(1)
        one.setblocking(False)
        try:
            while one.send(b"x" * 65_536):
                pass
        except BlockingIOError:
            pass
        self.poller.modify(one.fileno(), EPOLLOUT)
        other.shutdown(socket.SHUT_WR)
        self.assertEqual(self.events(), [])
        self.poller.modify(one.fileno(), EPOLLIN)
        self.assertEqual(set(self.events()), {one.fileno()})

    def test_each_is_looked_for_where_it_is(self) -> None:
        [(one, other), (two, _)] = self.behind(2)
        self.poller.modify(one.fileno(), EPOLLIN | EPOLLOUT)
        self.assertEqual(list(self.poller.poll(0))[:1], [(one.fileno(), EPOLLOUT)])
        self.poller.modify(one.fileno(), EPOLLIN)
        self.poller.put_first(one.fileno())
        self.poller.put_first(one.fileno())  # it is
        other.send(b"x")
        self.assertEqual(list(self.poller.poll(0)), [(one.fileno(), EPOLLIN)])
        self.poller.unregister(one.fileno())
        self.poller.unregister(two.fileno())
        self.assertEqual(list(self.poller.poll(0)), [])
        self.assertRaises(OSError, self.poller.unregister, one.fileno())
        self.assertGreater(self.poller.fileno(), 0)

    def test_at_most_so_many_in_a_pass(self) -> None:
        pairs = self.pairs(MOST + 10)
        self.say(pairs)
        once, twice = self.events(), self.events()
        self.assertEqual((len(once), len(twice)), (MOST, MOST))
        self.assertEqual(len({*once, *twice}), MOST + 10)  # nobody twice before everybody once


class Ear(Protocol):
    """Hears, and hears the end."""

    def __init__(self, heard: list[bytes]) -> None:
        self.heard = heard

    def connectionMade(self) -> None:
        put_behind(self.transport)

    def dataReceived(self, data: bytes) -> None:
        put_first(self.transport)
        self.heard.append(data)

    def connectionLost(self, reason: Any = None) -> None:
        self.heard.append(b"end")


class ReactorTests(SynchronousTestCase):
    """Twisted's own, which nobody runs."""

    def setUp(self) -> None:
        self.reactor = EPollReactor()
        self.addCleanup(self.let_go)
        self.heard: list[bytes] = []

    def let_go(self) -> None:
        """Close what it has open."""
        for selectable in self.reactor.removeAll():
            selectable.connectionLost(Failure(ConnectionDone()))
        self.reactor._poller.close()

    def connect(self, count: int) -> list[socket.socket]:
        """So many come; returns their own ends."""
        factory = Factory()
        factory.buildProtocol = lambda addr: Ear(self.heard)  # type: ignore[method-assign]
        others = []
        for _ in range(count):
            one, other = socket.socketpair()
            self.reactor.adoptStreamConnection(one.fileno(), socket.AF_UNIX, factory)
            one.close()
            self.addCleanup(other.close)
            others.append(other)
        return others

    def run_until(self, count: int) -> None:
        """Passes, until so much has been heard."""
        for _ in range(10 * count + 100):
            if len(self.heard) >= count:
                return
            self.reactor.doIteration(0)
        self.fail(f"only {len(self.heard)} of {count} heard")

    def test_everybody_is_heard_and_nothing_is_lost_before_an_end(self) -> None:
        poller = serve_in_turn(self.reactor)
        self.assertIsNotNone(poller)
        self.assertIs(serve_in_turn(self.reactor), poller)  # a second time it is left as it is
        others = self.connect(MOST + 20)
        for number, other in enumerate(others):
            other.send(b"%d" % number)
        self.run_until(len(others))
        self.assertEqual(self.heard, [b"%d" % number for number in range(len(others))])
        self.heard.clear()
        for other in others:
            other.send(b"bye")
            other.close()
        self.run_until(2 * len(others))
        self.assertEqual((self.heard.count(b"bye"), self.heard.count(b"end")), (len(others), len(others)))
        self.assertFalse(poller._behind if poller else None)

    def test_without_it(self) -> None:
        [other] = self.connect(1)
        other.send(b"x")
        self.run_until(1)
        self.assertEqual(self.heard, [b"x"])

    def test_what_is_no_such_reactor_or_connection_is_left_alone(self) -> None:
        self.assertIsNone(serve_in_turn(Clock()))
        for transport in (None, StringTransport()):
            put_behind(transport)
            put_first(transport)
