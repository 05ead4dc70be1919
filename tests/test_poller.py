"""Few in a pass: all are served, those first who waited longest, and nothing else changes."""

from __future__ import annotations

import select
import socket

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from chatd.poller import MOST, Few, serve_few


class FewTests(SynchronousTestCase):
    """Real sockets, and a reactor that nobody runs."""

    def pairs(self, count: int) -> list[tuple[socket.socket, socket.socket]]:
        """So many connections."""
        made = [socket.socketpair() for _ in range(count)]
        for pair in made:
            for end in pair:
                self.addCleanup(end.close)
        return made

    def test_at_most_so_many_and_in_turn(self) -> None:
        poller = select.epoll()
        self.addCleanup(poller.close)
        few = Few(poller, 4)
        pairs = self.pairs(10)
        for one, other in pairs:
            few.register(one.fileno(), select.EPOLLIN)
            other.send(b"x")
        seen: list[int] = []
        for maxevents in (100, -1, 2, 100):
            found = few.poll(0, maxevents)
            self.assertLessEqual(len(found), min(4, maxevents) if maxevents > 0 else 4)
            seen += [number for number, _ in found]
        self.assertEqual(len(set(seen[:10])), 10)  # nobody twice before everybody once, though nobody has read
        few.modify(pairs[0][0].fileno(), select.EPOLLOUT)
        few.unregister(pairs[1][0].fileno())
        self.assertEqual(few.fileno(), poller.fileno())

    def test_a_reactor_serves_everybody(self) -> None:
        reactor = EPollReactor()
        self.addCleanup(self.let_go, reactor)
        self.assertTrue(serve_few(reactor))
        self.assertTrue(serve_few(reactor))  # a second time it is left as it is
        self.assertIs(type(reactor._poller), Few)
        heard: list[bytes] = []

        class Ear(Protocol):
            def dataReceived(self, data: bytes) -> None:
                heard.append(data)

        factory = Factory.forProtocol(Ear)
        pairs = self.pairs(2 * MOST + 10)
        for number, (one, other) in enumerate(pairs):
            reactor.adoptStreamConnection(one.fileno(), socket.AF_UNIX, factory)
            other.send(b"%d" % number)
        for passes in range(1, 4):
            reactor.doIteration(0)
            self.assertEqual(len(heard), min(passes * MOST, len(pairs)))
        self.assertEqual(len(set(heard)), len(pairs))

    def let_go(self, reactor: EPollReactor) -> None:
        """Close what it has open."""
        for selectable in reactor.removeAll():
            selectable.connectionLost(Failure(ConnectionDone()))
        reactor._poller.close()

    def test_another_reactor_is_left_alone(self) -> None:
        self.assertFalse(serve_few(Clock()))
