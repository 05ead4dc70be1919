"""Tests of clients.core.secure.comparing: one number on both sides, and what a person decides about a changed key."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core import intents as i
from clients.core import notices as n
from tests.clients.core.secure.kit import Phone, meet, pass_time, settle


class CompareCase(SynchronousTestCase):
    """Alice and bob, who have talked."""

    def setUp(self) -> None:
        self.post, self.alice, self.bob = meet("alice", "bob")
        self.alice.enter("@bob one")
        self.both()
        for phone in (self.alice, self.bob):
            phone.face.notices.clear()

    def both(self, *others: Phone) -> None:
        """Until nothing moves, and a little time."""
        pass_time(self.post, 3.0, self.alice, self.bob, *others)

    def number(self, phone: Phone, who: str) -> n.Compare:
        """What is shown for comparing."""
        phone.enter(f"/verify @{who}")
        (told,) = phone.face.take(n.Compare)
        return told

    def security(self) -> str:
        """How alice's conversation with bob is marked."""
        talks: dict[str, str] = {talk.conversation: talk.security for talk in self.alice.app.view().talks}
        return talks["dm:alice:bob"]

    def impostor(self) -> Phone:
        """Somebody whom the server calls bob, under another key."""
        for known in (self.post.lists, self.post.keys, self.post.fallback):
            known.pop("bob", None)
        self.post.reset.add("bob")
        other = Phone(self.post, "bob").come()
        self.post.hint("bob")
        settle(self.alice, other)
        self.alice.codes()
        return other


class VerifyTests(CompareCase):
    """Nobody in between."""

    def test_the_number_is_the_same_on_both_sides_and_no_other(self) -> None:
        ours, theirs = self.number(self.alice, "bob"), self.number(self.bob, "alice")
        self.assertEqual(ours.number, theirs.number)
        self.assertEqual([len(group) for group in ours.number.split()], [5] * 12)
        self.assertEqual((ours.user, ours.trust, ours.changed), ("bob", "first-seen", False))
        self.assertEqual(ours.intent, i.Verify("bob"))

    def test_the_same_is_verified_from_then_on(self) -> None:
        self.number(self.alice, "bob")
        self.alice.enter("/verify @bob yes")
        self.assertEqual(self.alice.codes(), ["VERIFIED"])
        self.assertEqual(self.security(), "verified")
        self.bob.enter("@alice two")
        self.both()
        self.assertEqual(self.alice.texts(), [("bob", "two", "verified")])
        self.assertEqual(self.number(self.alice, "bob").trust, "verified")

    def test_it_is_so_after_another_start(self) -> None:
        self.number(self.alice, "bob")
        self.alice.enter("/verify @bob yes")
        self.alice = self.alice.kill().come()
        self.assertEqual(self.number(self.alice, "bob").trust, "verified")

    def test_a_number_that_was_not_shown_was_not_compared(self) -> None:
        self.alice.enter("/verify @bob yes")
        self.assertEqual(self.alice.codes(), [])
        self.assertEqual([told.trust for told in self.alice.face.take(n.Compare)], ["first-seen"])
        self.assertEqual(self.security(), "first-seen")

    def test_somebody_one_has_not_talked_to(self) -> None:
        carol = Phone(self.post, "carol").come()
        self.assertEqual(self.number(self.alice, "carol").number, self.number(carol, "alice").number)

    def test_who_has_no_keys_and_who_is_nobody(self) -> None:
        self.post.people.add("wanda")
        self.alice.enter("/verify @wanda")
        (told,) = self.alice.face.take(n.Secure)
        self.assertEqual((told.code, told.user, told.intent), ("NO_E2EE_KEYS", "wanda", i.Verify("wanda")))
        self.alice.enter("/verify @bop")
        self.assertEqual([told.code for told in self.alice.face.take(n.Refused)], ["no-such-user"])

    def test_oneself(self) -> None:
        self.alice.enter("/verify @alice")
        self.assertEqual(self.alice.codes(), ["VERIFY_SELF"])

    def test_nothing_is_paused_and_nothing_has_changed(self) -> None:
        for answer, code in (("accept", "KEY_NOT_CHANGED"), ("resume", "NOTHING_PAUSED")):
            self.alice.enter(f"/verify @bob {answer}")
            self.assertEqual(self.alice.codes(), [code])


class ChangedTests(CompareCase):
    """Bob has begun anew, or somebody says so."""

    def test_the_number_is_that_of_the_new_key(self) -> None:
        before = self.number(self.alice, "bob").number
        other = self.impostor()
        after = self.number(self.alice, "bob")
        self.assertEqual((after.trust, after.changed), ("changed", True))
        self.assertNotEqual(after.number, before)
        self.assertEqual(after.number, self.number(other, "alice").number)
        self.assertEqual(self.security(), "changed")

    def test_a_number_from_before_the_change_counts_for_nothing(self) -> None:
        self.number(self.alice, "bob")
        self.impostor()
        self.alice.enter("/verify @bob yes")
        (told,) = self.alice.face.take(n.Secure)
        self.assertEqual((told.code, told.detail), ("IDENTITY_CHANGED", "new"))
        self.assertEqual(self.security(), "changed")

    def test_compared_anew_what_was_held_back_comes_in(self) -> None:
        other = self.impostor()
        other.enter("@alice it is me", "@alice really")
        settle(self.alice, other)
        self.assertEqual(self.alice.texts(), [])
        self.alice.codes()
        self.number(self.alice, "bob")
        self.alice.enter("/verify @bob yes")
        settle(self.alice, other)
        self.assertEqual(self.alice.codes(), ["VERIFIED"])
        self.assertEqual(self.alice.texts(), [("bob", "it is me", "verified"), ("bob", "really", "verified")])
        self.alice.enter("@bob good")
        pass_time(self.post, 3.0, self.alice, other)
        self.assertEqual(other.texts(), [("alice", "good", "first-seen")])

    def test_who_was_never_compared_may_be_taken_as_they_are(self) -> None:
        other = self.impostor()
        self.alice.codes()
        self.alice.enter("/verify @bob accept")
        self.assertEqual((self.alice.codes(), self.security()), (["KEY_ACCEPTED"], "first-seen"))
        self.alice.enter("@bob hello")
        pass_time(self.post, 3.0, self.alice, other)
        self.assertEqual(other.texts(), [("alice", "hello", "first-seen")])

    def test_who_was_compared_may_not(self) -> None:
        self.number(self.alice, "bob")
        self.alice.enter("/verify @bob yes")
        self.impostor()
        self.alice.enter("/verify @bob accept")
        self.assertEqual((self.alice.codes(), self.security()), (["COMPARE_AGAIN"], "changed"))
