"""Tests of clients.core.secure.posting: the same bytes until the server has them, whatever breaks in between."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption as e
from chatd import messages as m
from clients.core import notices as n
from clients.core.e2ee import own
from clients.core.e2ee.sending import Item
from clients.core.secure.posting import merged
from tests.clients.core.secure.kit import Phone, Post, meet, pass_time, settle


class PostingTests(SynchronousTestCase):
    """Alice and bob, who have talked."""

    post: Post
    alice: Phone
    bob: Phone

    def setUp(self) -> None:
        self.post, self.alice, self.bob = meet("alice", "bob")
        self.alice.enter("@bob first")
        self.both()
        for phone in (self.alice, self.bob):
            phone.face.notices.clear()
        self.post.log.clear()

    def both(self, *more: Phone) -> None:
        """Until nothing moves, and a little time."""
        pass_time(self.post, 3.0, self.alice, self.bob, *more)

    def mails(self) -> list[e.PutMail]:
        """What alice has sent."""
        return [command for name, command in self.post.sent(e.PutMail) if name == "alice"]

    def test_killed_when_it_was_encrypted_and_before_it_left(self) -> None:
        self.alice.line.write = lambda commands: None  # type: ignore[method-assign]
        self.alice.app.enter("@bob two")
        self.alice = self.alice.kill()
        self.assertEqual(len(self.alice.session.outbox), 0)
        self.alice.come()
        self.both()
        self.assertEqual([text for _, text, _ in self.bob.texts()], ["two"])
        self.assertEqual(self.alice.states(), [("two", "sent"), ("two", "delivered")])

    def test_killed_before_the_answer_came_sends_the_same_bytes(self) -> None:
        self.alice.app.enter("@bob two")  # it has left, and the answer is on its way
        self.alice = self.alice.kill().come()
        self.both()
        one, other = self.mails()
        self.assertEqual((one.id, one.counter, one.items), (other.id, other.counter, other.items))
        self.assertEqual([text for _, text, _ in self.bob.texts()], ["two"])
        self.assertEqual(self.alice.kept("@bob"), [("alice", "first"), ("alice", "two")])

    def test_a_lost_answer_and_a_broken_line(self) -> None:
        self.alice.line.loses = (e.MailTaken,)
        self.alice.enter("@bob two")
        pass_time(self.post, 90.0, self.alice, self.bob)
        self.both()
        self.assertEqual([text for _, text, _ in self.bob.texts()], ["two"])
        self.assertEqual(len({command.id for command in self.mails()}), 1)

    def test_said_without_a_line_it_waits_unencrypted_and_goes_out_then(self) -> None:
        self.alice.line.drop()
        self.alice.enter("@bob two")
        self.assertEqual(self.alice.states(), [("two", "waiting")])
        pass_time(self.post, 90.0, self.alice, self.bob)
        self.both()
        self.assertEqual([text for _, text, _ in self.bob.texts()], ["two"])

    def test_a_busy_server_is_asked_again_with_the_same_bytes(self) -> None:
        self.post.refuse[e.PutMail] = m.Failed(0, "busy", "later", retry=2.0)
        self.alice.enter("@bob two")
        self.assertEqual(self.alice.app.view().waiting, 1)
        self.assertFalse(self.alice.session.idle())
        self.post.refuse.clear()
        self.both()
        one, other = self.mails()
        self.assertEqual((one.id, one.items), (other.id, other.items))
        self.assertEqual(self.alice.states(), [("two", "sent"), ("two", "delivered")])

    def test_a_final_refusal_takes_it_back(self) -> None:
        self.post.refuse[e.PutMail] = m.Failed(0, "mailbox-full", "No room.", ["bob"])
        self.alice.enter("@bob two")
        [refused] = self.alice.face.take(n.Refused)
        self.assertEqual((refused.code, refused.near), ("mailbox-full", ("bob",)))
        self.post.refuse.clear()
        self.alice = self.alice.kill().come()
        self.both()
        self.assertEqual(self.bob.texts(), [])
        self.assertEqual(self.alice.kept("@bob"), [("alice", "first"), ("alice", "(not sent) two")])

    def test_who_has_no_fresh_key_gets_it_another_day_and_that_is_said_once(self) -> None:
        carol = Phone(self.post, "carol").come()
        self.post.keys[carol.address].clear()
        self.post.clock.rightNow += 36 * 86_400.0
        self.alice = self.alice.kill().come()
        self.alice.enter("@carol one")
        self.assertEqual(self.alice.codes(), ["FALLBACK_TOO_OLD"])
        self.alice.enter("@bob meanwhile")
        self.assertEqual(self.alice.codes(), [])
        carol = carol.kill().come()
        self.alice = self.alice.kill().come()
        self.both(carol)
        self.assertEqual([text for _, text, _ in carol.texts()], ["one"])

    def test_a_new_device_of_theirs_gets_it_too(self) -> None:
        phone = self.second_device()
        self.post.log.clear()
        self.alice.enter("@bob two")
        self.both(phone)
        self.assertEqual([text for _, text, _ in self.bob.texts()], ["two"])
        self.assertEqual([text for _, text, _ in phone.texts()], ["two"])
        self.assertEqual([state for _, state in self.alice.states()], ["sent", "delivered"])

    def test_who_did_not_hear_of_it_is_told_stale(self) -> None:
        self.alice.line.drop()
        phone = self.second_device()
        pass_time(self.post, 90.0, self.alice, self.bob, phone)
        self.alice.enter("@bob one", "@bob two", "@bob three")
        self.both(phone)
        for device in (self.bob, phone):
            self.assertEqual([text for _, text, _ in device.texts()], ["one", "two", "three"])
        self.assertIn("CONTACT_NEW_DEVICE", self.alice.codes())

    def test_a_server_that_hides_the_new_list_gets_nothing(self) -> None:
        self.alice.line.drop()
        phone = self.second_device()
        self.post.hidden["bob"] = 1
        pass_time(self.post, 90.0, self.alice, self.bob, phone)
        self.alice.enter("@bob two")
        self.both(phone)
        self.assertEqual(self.alice.codes(), ["SERVER_HIDES_DEVLIST"])
        self.assertEqual(self.alice.app.view().waiting, 0)
        self.assertEqual((self.bob.texts(), phone.texts()), ([], []))

    def second_device(self) -> Phone:
        """Bob's, listed by his first one, as `/devices add` will do it."""
        phone = Phone(self.post, "bob").come()
        assert self.bob.session.secure is not None and phone.session.secure is not None
        desk = self.bob.session.secure._desk
        batch, other = desk.batch(), phone.session.secure._desk.batch()
        blob, _ = own.enlist(batch, own.me(other).signed)
        batch.commit()
        self.bob.app._carry_out(self.bob.session.settle(self.post.clock.seconds()))
        self.bob.app._settle()
        self.post.lists["bob"].append(blob)
        self.post.hint("bob")
        settle(self.bob, phone)
        self.assertEqual(phone.codes(), ["DEVICE_NOT_LISTED", "DEVICE_LISTED"])
        return phone


class MergedTests(SynchronousTestCase):
    """What is the same for several devices travels once."""

    def test_group_messages_are_one_and_others_are_not(self) -> None:
        def item(device: str, ciphertext: bytes) -> Item:
            return Item("bob", device, "megolm", "gid:1", b"c" * 32, ciphertext, "sid")

        found = merged([item("a", b"x"), item("b", b"y"), item("c", b"x")])
        self.assertEqual([(one.to, one.ciphertext) for one in found], [
            ([("bob", "a"), ("bob", "c")], b"x"), ([("bob", "b")], b"y"),
        ])  # fmt: skip
