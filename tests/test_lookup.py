"""Tests of `chatd.lookup`: what a port sees at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from chatd.lookup import Lookup
from tests.irc import IrcPeer
from tests.kit import House


class LookupTests(SynchronousTestCase):
    """Reading only."""

    def setUp(self) -> None:
        self.house = House()
        self.lookup = self.house.codecs.lookup
        self.ann, self.bob = IrcPeer(self.house), IrcPeer(self.house)
        self.ann.register("Ann")
        self.bob.register("bob")

    def test_people(self) -> None:
        self.assertTrue(self.lookup.source("ann").startswith("Ann!~Ann@"))
        self.assertEqual(self.lookup.source("nobody"), "nobody!chat@gone")
        self.assertIsNone(self.lookup.user("nobody"))
        self.assertEqual(self.lookup.user("ANN").nick, "Ann")

    def test_groups_one_may_see(self) -> None:
        self.ann.says("JOIN #open,#secret", "MODE #secret +s")
        session = next(s for s in self.house.node.sessions if s.user is not None and s.user.name == "bob")
        self.assertEqual(self.lookup.groups(session), ["#open"])
        self.assertEqual(self.lookup.modes("#open", "Ann"), "o")
        self.assertEqual(self.lookup.modes("#open", "bob"), "")
        self.ann.says("INVITE bob #secret")
        self.assertEqual(self.lookup.invitations(session), ["#secret"])

    def test_counts(self) -> None:
        self.ann.says("JOIN #x", "MODE Ann +i")
        counts = self.lookup.counts()
        self.assertEqual((counts.people, counts.invisible, counts.operators, counts.groups), (2, 1, 0, 1))

    @given(some.binary(min_size=10, max_size=10), some.integers(0, 2**40))
    def test_ids_are_uuids_that_begin_with_their_time(self, drawn: bytes, seconds: int) -> None:
        lookup = Lookup(self.house.node.hub, lambda: seconds / 1000, lambda size: drawn, lambda: 0)
        id = lookup.id()
        self.assertEqual((len(id), id[6] >> 4, id[8] >> 6), (16, 7, 0b10))
        self.assertEqual(int.from_bytes(id[:6], "big"), lookup.now())
