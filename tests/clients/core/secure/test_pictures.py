"""Tests of clients.core.secure.pictures: two people at their programs, comparing pictures."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from clients.core import notices as n
from clients.core.e2ee.comparing import LONGEST
from tests.clients.core.secure.kit import Phone, Post, meet, pass_time


class PictureTests(SynchronousTestCase):
    """Alice and bob."""

    post: Post
    alice: Phone
    bob: Phone

    def setUp(self) -> None:
        self.post, self.alice, self.bob = meet("alice", "bob")

    def both(self) -> None:
        """Until nothing moves, and a little time."""
        pass_time(self.post, 3.0, self.alice, self.bob)

    def states(self, phone: Phone) -> list[str]:
        """What somebody was told since the last time."""
        self.shown: list[Any] = phone.face.take(n.CompareShort)
        return [notice.state for notice in self.shown]

    def up_to_pictures(self) -> None:
        """Both see them."""
        self.alice.enter("/compare @bob")
        self.both()
        self.assertEqual((self.states(self.alice), self.states(self.bob)), (["waiting"], ["asked"]))
        self.bob.enter("/compare alice")
        self.both()
        self.assertEqual(self.states(self.bob), ["waiting", "compare"])
        seen = [(one.emoji, one.numbers) for one in self.shown[-1:]]
        self.assertEqual(self.states(self.alice), ["compare"])
        self.assertEqual([(one.emoji, one.numbers) for one in self.shown], seen)
        self.assertEqual((len(seen[0][0]), len(seen[0][1])), (7, 3))

    def test_the_same(self) -> None:
        self.up_to_pictures()
        self.alice.enter("/compare bob yes")
        self.both()
        self.assertEqual((self.states(self.alice), self.states(self.bob)), (["waiting"], []))
        self.bob.enter("/compare alice yes")
        self.both()
        self.assertEqual((self.states(self.bob), self.states(self.alice)), (["done"], ["done"]))
        self.bob.enter("@alice it is me")
        self.both()
        self.assertEqual(self.alice.texts(), [("bob", "it is me", "verified")])

    def test_not_the_same(self) -> None:
        self.up_to_pictures()
        self.alice.enter("/compare bob no")
        self.both()
        self.assertEqual((self.states(self.alice), self.states(self.bob)), (["failed"], ["failed"]))
        self.bob.enter("@alice hello")
        self.both()
        self.assertEqual(self.alice.texts(), [("bob", "hello", "first-seen")])

    def test_called_off_and_too_late(self) -> None:
        self.alice.enter("/compare bob")
        self.both()
        self.bob.enter("/compare alice no")
        self.both()
        self.assertEqual(
            (self.states(self.alice), self.states(self.bob)), (["waiting", "cancelled"], ["asked", "cancelled"])
        )
        self.alice.enter("/compare bob")
        self.both()
        pass_time(self.post, LONGEST / 1000 + 3, self.alice, self.bob)
        self.assertEqual(self.states(self.alice), ["waiting", "cancelled"])

    def test_nothing_to_say_yes_to(self) -> None:
        self.alice.enter("/compare bob yes", "/compare alice", "/compare nobody")
        self.assertEqual(self.alice.codes(), ["SAS_NOTHING", "VERIFY_SELF"])
        self.assertEqual([notice.code for notice in self.alice.face.take(n.Refused)], ["no-such-user"])

    def test_somebody_who_is_ignored(self) -> None:
        self.bob.enter("/ignore alice")
        self.alice.enter("/compare bob")
        self.both()
        self.assertEqual(self.states(self.bob), [])

    def test_every_wish_is_answered(self) -> None:
        self.up_to_pictures()
        self.alice.enter("/compare bob yes")
        (answer,) = self.alice.face.take(n.CompareShort)
        self.assertIsNotNone(answer.intent)
