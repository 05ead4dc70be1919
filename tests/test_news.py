"""Comings and goings: at once to few, gathered and in slices to many, always in order and never to oneself."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd.core.limits import Limits
from chatd.news import REST, News
from tests.kit import House, Peer


def news(peer: Peer) -> list[tuple[str, str]]:
    """What a peer has heard of others since the last time."""
    return [(event.name, event.state) for event in peer.take() if isinstance(event, m.Presence)]


class Passes:
    """A reactor that makes one pass when it is told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, tuple[Any, ...]]] = []
        self.delays: list[float] = []

    def callLater(self, delay: float, function: Any, *arguments: Any) -> None:
        """Keep it for the next pass."""
        self.delays.append(delay)
        self.calls.append((function, arguments))

    def next(self) -> None:
        """One pass."""
        calls, self.calls = self.calls, []
        for function, arguments in calls:
            function(*arguments)


class NewsTests(SynchronousTestCase):
    """A house where one other session is few and six are too many."""

    def setUp(self) -> None:
        limits = Limits(presence_at_once=1, presence_audience=5, presence_slice=2, presence_seconds=0.25)
        self.house = House(limits=limits)

    def wait(self) -> None:
        """What is gathered is told, slice by slice."""
        self.house.clock.pump([0.25, *[REST] * 3])

    def test_few_are_told_at_once(self) -> None:
        alice, bob = self.house.people("alice", "bob")
        self.assertEqual(news(alice), [])
        bob.lose()
        self.assertEqual(news(alice), [("bob", "lost")])

    def test_many_are_told_after_a_moment(self) -> None:
        alice, bob, carol = self.house.people("alice", "bob", "carol")
        carol.lose()
        self.house.person("dan")
        self.assertEqual([news(alice), news(bob)], [[], []])
        self.wait()
        told = [("carol", "online"), ("carol", "lost"), ("dan", "online")]
        self.assertEqual(news(alice)[-2:], told[-2:])
        self.assertEqual(news(bob)[-2:], told[-2:])

    def test_there_is_a_rest_behind_a_slice(self) -> None:
        peers = self.house.people("alice", "bob", "carol", "dan")
        self.house.advance(5)
        passes = Passes()
        told = News(self.house.node.hub.everyone, passes, self.house.limits)  # type: ignore[arg-type]
        for peer in peers:
            peer.take()
        self.assertTrue(told.gather(m.Presence("erin", "online"), None))
        passes.next()
        self.assertEqual([bool(news(peer)) for peer in peers], [True, True, False, False])
        passes.next()
        self.assertEqual([bool(news(peer)) for peer in peers], [False, False, True, True])
        self.assertEqual((passes.calls, passes.delays), ([], [0.25, REST]))

    def test_nothing_overtakes_what_is_gathered(self) -> None:
        alice, bob, carol, dan = self.house.people("alice", "bob", "carol", "dan")
        bob.lose()
        carol.lose()
        dan.lose()  # few are on again, and something is still gathered
        self.assertEqual(news(alice), [])
        self.wait()
        self.assertEqual(news(alice)[-3:], [("bob", "lost"), ("carol", "lost"), ("dan", "lost")])
        self.house.person("erin")
        self.assertEqual(news(alice), [("erin", "online")])

    def test_nobody_hears_of_their_own_coming(self) -> None:
        peers = self.house.people("alice", "bob", "carol", "dan")
        self.wait()
        for peer in peers:
            self.assertNotIn((peer.name, "online"), news(peer))

    def test_a_crowd_is_not_told(self) -> None:
        peers = self.house.people("alice", "bob", "carol", "dan", "erin", "frank")
        self.wait()
        for peer in peers:
            peer.take()
        self.house.person("grace")
        self.wait()
        self.assertEqual([news(peer) for peer in peers], [[]] * 6)
        peers[0].ask(m.Who)
        self.assertEqual(peers[0].last(m.WhoList).count, 7)
