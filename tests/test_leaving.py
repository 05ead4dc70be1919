"""Goings: a few at once, many bit by bit, in order, each once; a session is over from the first moment on."""

from __future__ import annotations

from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd.core.users import Session
from chatd.leaving import AT_ONCE, REST, Leaving
from chatd.wire.pack import encode_command, frame
from tests.kit import House, Peer
from tests.test_news import Passes


class LeavingTests(SynchronousTestCase):
    """Without a house: who is dealt with in which pass."""

    def setUp(self) -> None:
        self.passes = Passes()
        self.gone: list[int] = []
        self.leaving = Leaving(lambda session, lost: self.gone.append(session), self.passes)  # type: ignore[arg-type]

    def add(self, *numbers: int) -> None:
        """These connections end."""
        for number in numbers:
            self.leaving.add(number, True)  # type: ignore[arg-type]

    def test_few_at_once(self) -> None:
        self.add(*range(AT_ONCE))
        self.assertEqual((self.gone, bool(self.leaving)), (list(range(AT_ONCE)), False))
        self.passes.next()
        self.assertEqual(self.passes.calls, [])
        self.add(100)
        self.assertEqual(self.gone[-1], 100)

    def test_many_in_passes_and_in_order(self) -> None:
        self.add(*range(2 * AT_ONCE + 1))
        self.assertTrue(self.leaving)
        for upto in (2 * AT_ONCE, 2 * AT_ONCE + 3):
            self.passes.next()
            self.add(len(self.gone) + 1000)
            self.assertEqual(len(self.gone), upto)
        self.assertEqual(self.passes.delays[:2], [0, REST])
        while self.passes.calls:
            self.passes.next()
        first = list(range(2 * AT_ONCE + 1))
        self.assertEqual([number for number in self.gone if number < 1000], first)
        self.assertEqual(len(self.gone), len(first) + 2)


def break_all(peers: list[Peer]) -> None:
    """All connections end in the same pass of the reactor."""
    for peer in peers:
        peer.transport.connected = False
        peer.transport.protocol.connectionLost(Failure(ConnectionLost()))


class HouseTests(SynchronousTestCase):
    """With a node: what others see, and that nobody speaks who is gone."""

    def test_all_are_told_of_and_none_speaks(self) -> None:
        house = House()
        watcher = house.person("watcher")
        count = 3 * AT_ONCE
        peers = [house.person(f"person-{number}") for number in range(count)]
        watcher.take()
        sessions: list[Session] = [peer.session for peer in peers]
        break_all(peers)
        self.assertTrue(all(session.over for session in sessions))
        last = sessions[-1]
        self.assertIn(last, last.user.sessions)  # type: ignore[union-attr]
        house.node.receive(last, m.Send(9, "@watcher", b"x" * 16, "from the grave"))
        house.settle()
        house.clock.pump([REST] * 3)
        house.settle()
        self.assertEqual(last.user.sessions, {})  # type: ignore[union-attr]
        house.clock.advance(1)
        house.settle()
        told = [event.name for event in watcher.take() if isinstance(event, m.Presence)]
        self.assertEqual(told, [f"person-{number}" for number in range(count)])
        self.assertEqual(watcher.texts(), [])

    def test_who_is_back_before_it_was_dealt_with(self) -> None:
        """The same device has a new session: the old one's end takes nothing from it."""
        house = House()
        peers = [house.person(f"person-{number}") for number in range(3 * AT_ONCE)]
        last, back = peers[-1], house.greeted()
        back.keys = last.keys
        assert last.keys is not None
        login = m.Login(1, last.name, last.keys.public.device, back.signature(m.LOGIN_LABEL, last.name))
        break_all(peers)
        back.transport.deliver(frame(encode_command(login)))
        self.assertEqual(len(house.node.hub.users.find(last.name).sessions), 1)
        house.settle()
        user = back.session.user
        assert user is not None
        self.assertEqual((list(user.sessions), user.state), ([back.session], "online"))
        self.assertIn(back.session, house.node.hub.everyone.sessions)
        self.assertFalse(house.node.sessions.keys() & {peer.session for peer in peers})
