"""Tests of clients.core.secure.vouching: an instructor signs, a student takes their word."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core import notices as n
from clients.core.e2ee import pins
from tests.clients.core.secure.kit import Phone, Post, meet, pass_time


class ClassTests(SynchronousTestCase):
    """Lee, who has compared with alice and bob."""

    post: Post
    lee: Phone
    alice: Phone
    bob: Phone

    def setUp(self) -> None:
        self.post, self.lee, self.alice, self.bob = meet("lee", "alice", "bob")
        for one, other in (("lee", "alice"), ("lee", "bob"), ("alice", "lee")):
            phone: Phone = getattr(self, one)
            phone.enter(f"/verify {other}", f"/verify {other} yes")
        self.all()

    def all(self) -> None:
        """Until nothing moves, and a little time."""
        pass_time(self.post, 3.0, self.lee, self.alice, self.bob)
        for phone in (self.lee, self.alice, self.bob):
            phone.face.take(n.Compare)

    def test_signed_heard_trusted(self) -> None:
        self.lee.codes(), self.alice.codes()
        self.lee.enter("/roster cs101 add @alice,@bob")
        self.all()
        (signed,) = self.lee.face.take(n.Secure)
        self.assertEqual((signed.code, signed.number, signed.detail), ("ROSTER_SIGNED", 2, "cs101"))
        self.assertEqual(self.alice.codes(), ["ROSTER_HEARD"])
        self.bob.enter("@alice before")
        self.all()
        self.alice.enter("/roster @lee trust")
        self.all()
        self.assertEqual(self.alice.codes(), ["ROSTER_TRUSTED"])
        self.bob.enter("@alice after")
        self.all()
        self.assertEqual([trust for _, _, trust in self.alice.texts()], ["first-seen", "vouched"])
        self.alice.enter("/roster @lee distrust")
        self.bob.enter("@alice at last")
        self.all()
        self.assertEqual([trust for _, _, trust in self.alice.texts()], ["first-seen"])

    def test_looked_at(self) -> None:
        self.alice.codes()
        self.alice.enter("/roster", "/roster cs101")
        self.assertEqual(self.alice.codes(), ["ROSTER_NONE", "ROSTER_UNKNOWN"])
        self.lee.enter("/roster cs101 add alice", "/roster cs101 add bob", "/roster cs101 remove alice")
        self.all()
        self.lee.codes()
        self.lee.enter("/roster", "/roster cs101")
        every, people = self.lee.face.take(n.Secure)
        self.assertEqual((every.code, every.number, every.detail), ("ROSTER_COUNTS", 1, "cs101"))
        self.assertEqual((people.code, people.user, people.detail), ("ROSTER_PEOPLE", "lee", "bob"))
        self.assertIsNotNone(people.intent)

    def test_only_whom_one_has_compared_with(self) -> None:
        self.alice.codes()
        self.alice.enter("/roster friends add @bob", "/roster @bob trust")
        self.all()
        self.assertEqual(self.alice.codes(), ["NOT_VERIFIED", "NOT_VERIFIED"])
        self.assertEqual(self.alice.session.secure._desk.batch().raw(pins.INSTRUCTOR, "bob"), None)  # type: ignore[union-attr]
