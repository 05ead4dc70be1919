"""Tests of `chatd.lookup`: what a port sees at once."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from chatd.lookup import IDS, Lookup
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

    @given(some.binary(min_size=1), some.integers(0, 2**40))
    def test_ids_are_uuids_that_begin_with_their_time(self, drawn: bytes, seconds: int) -> None:
        lookup = Lookup(self.house.node.hub, lambda: seconds / 1000, lambda size: (drawn * size)[:size], lambda: 0)
        for _ in range(2 * IDS + 1):
            id = lookup.id()
            self.assertEqual((len(id), id[6] >> 4, id[8] >> 6), (16, 7, 0b10))
            self.assertEqual(int.from_bytes(id[:6], "big"), lookup.now())

    def test_no_id_comes_twice_and_what_was_drawn_is_in_them(self) -> None:
        draws: list[bytes] = []

        def random(size: int) -> bytes:
            draws.append(os.urandom(size))
            return draws[-1]

        lookup = Lookup(self.house.node.hub, lambda: 0.0, random, lambda: 0)
        ids = [lookup.id() for _ in range(3 * IDS)]
        self.assertEqual((len(set(ids)), len(draws)), (3 * IDS, 3))
        self.assertEqual(
            b"".join(id[9:] for id in ids), b"".join(b"".join(draws)[at + 3 : at + 10] for at in range(0, 30 * IDS, 10))
        )
