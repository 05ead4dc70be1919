"""Tests of clients.core.secure.arriving: each message once, in order, whatever the server or a crash does."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption as e
from chatd import messages as m
from clients.core import notices as n
from clients.core.reading import KEEP, SKIP, WATCH
from tests.clients.core.secure.kit import Phone, Post, meet, pass_time, settle


class ArrivingTests(SynchronousTestCase):
    """Alice writes to bob."""

    post: Post
    alice: Phone
    bob: Phone

    def setUp(self) -> None:
        self.post, self.alice, self.bob = meet("alice", "bob")

    def both(self, *more: Phone) -> None:
        """Until nothing moves, and a little time."""
        pass_time(self.post, 3.0, self.alice, self.bob, *more)

    def box(self) -> list[e.Mail]:
        """Everything that was ever put into bob's mailbox."""
        return self.post.mail[self.bob.address]

    def deliver(self, mail: e.Mail, **changes: Any) -> None:
        """A copy, under a new number and id, with lies."""
        self.post.seq += 1
        fresh = {"seq": self.post.seq, "id": self.post.random.randbytes(16)}
        self.bob.line.put(self.bob.address, msgspec.structs.replace(mail, **{**fresh, **changes}))
        settle(self.bob, self.alice)

    def test_what_came_while_away_is_marked_as_stored(self) -> None:
        self.bob.line.drop()
        self.alice.enter("@bob one")
        self.assertEqual(self.alice.states(), [("one", "stored")])
        self.post.clock.advance(0.9)
        self.both()
        [said] = self.bob.face.take(n.Said)
        self.assertEqual((said.text, said.stored, said.seq), ("one", True, 1))
        self.assertEqual(self.alice.states(), [("one", "delivered")])

    def test_what_came_while_away_is_counted_at_the_login(self) -> None:
        self.alice.enter("/join lab private", "/invite lab bob")
        self.both()
        self.bob.line.drop()
        self.alice.enter("@bob one", "@bob two", "/group lab three")
        self.post.clock.advance(0.9)
        self.bob.face.notices.clear()
        self.both()
        told = [notice for notice in self.bob.face.notices if isinstance(notice, n.Local | n.Said)]
        self.assertEqual(told[-1], n.Local(("Unread, encrypted: @alice 2, #lab 1",)))
        self.assertEqual(len(told), 4)
        self.alice.enter("@bob four")
        self.both()
        self.assertEqual(self.bob.face.take(n.Local)[1:], [])
        self.bob.line.drop()
        self.both()
        self.assertEqual(self.bob.face.take(n.Local), [])

    def test_it_is_acknowledged_after_it_is_kept(self) -> None:
        self.alice.app.enter("@bob one")
        settle(self.alice, self.bob)
        kinds = [type(command) for name, command in self.post.log if name == "bob"]
        self.assertLess(kinds.index(e.AcknowledgeMail), len(kinds))
        self.assertEqual(self.post.acked[self.bob.address], self.box()[-1].seq)

    def test_killed_before_the_acknowledgement_it_is_not_shown_again(self) -> None:
        write = self.bob.line.write
        self.bob.line.write = lambda commands: write(  # type: ignore[method-assign]
            [one for one in commands if not isinstance(one, e.AcknowledgeMail)]
        )
        self.alice.enter("@bob one")
        self.both()
        self.assertEqual(len(self.bob.texts()), 1)
        self.bob = self.bob.kill().come()
        self.assertEqual((self.bob.texts(), self.bob.codes()), ([], []))
        self.assertEqual(self.bob.kept("@alice"), [("alice", "one")])
        self.both()
        self.assertFalse(self.bob.session.behind())

    def test_killed_before_it_was_kept_it_comes_again(self) -> None:
        self.alice.enter("@bob one")
        self.both()
        self.bob.texts()
        self.alice.enter("@bob two")
        bob = self.bob
        bob.app._settle = lambda: None  # type: ignore[method-assign]
        settle(bob)
        self.assertEqual([text for _, text, _ in bob.texts()], ["two"])
        self.bob = bob.kill().come()
        self.assertEqual([text for _, text, _ in self.bob.texts()], ["two"])
        self.assertEqual(self.bob.kept("@alice"), [("alice", "one"), ("alice", "two")])

    def test_replayed_mail_is_shown_once(self) -> None:
        self.alice.enter("@bob one")
        self.both()
        self.deliver(self.box()[0])
        self.bob.line.put(self.bob.address, self.box()[0])
        self.both()
        self.assertEqual(len(self.bob.texts()), 1)
        self.assertEqual(self.bob.codes(), [])

    def test_another_sender_is_refused_and_the_true_one_shown(self) -> None:
        carol = Phone(self.post, "carol").come()
        self.alice.enter("@bob one")
        mail = self.box()[0]
        self.bob.line.events.clear()
        self.deliver(mail, sender="carol", device=carol.address[1])
        self.deliver(mail, conversation="dm:bob:carol")
        self.assertEqual((self.bob.texts(), len(self.bob.codes())), ([], 2))
        self.deliver(mail)
        self.assertEqual([text for _, text, _ in self.bob.texts()], ["one"])

    def test_what_is_no_mail_at_all_is_refused_and_the_next_shown(self) -> None:
        self.alice.enter("@bob one")
        mail = self.box()[0]
        self.bob.line.events.clear()
        for changes in (
            {"id": b"short"}, {"sending": b""}, {"commitment": b"x"}, {"conversation": "gid:zz"}, {"type": "olm9"},
            {"sender": "x" * 200}, {"conversation": "gid:" + "a" * 31}, {"sender": "nobody"},
        ):  # fmt: skip
            self.deliver(mail, **changes)
        self.assertEqual(self.bob.texts(), [])
        self.deliver(mail)
        self.both()
        self.assertEqual([text for _, text, _ in self.bob.texts()], ["one"])
        self.assertEqual(self.post.acked[self.bob.address], self.box()[-1].seq)

    def test_one_that_is_missing_is_said_and_one_that_comes_late_is_shown(self) -> None:
        self.alice.enter("@bob one")
        self.both()
        self.bob.texts()
        self.bob.line.tell = lambda *events: None  # type: ignore[method-assign]
        self.alice.enter("@bob two", "@bob three")
        del self.bob.line.tell
        two, three = self.box()[-2:]
        self.deliver(three)
        [said] = self.bob.face.take(n.Said)
        self.assertEqual((said.text, said.missing, self.bob.codes()), ("three", 1, ["GAP"]))
        self.deliver(two)
        [said] = self.bob.face.take(n.Said)
        self.assertEqual((said.text, said.missing), ("two", 0))

    def test_what_cannot_be_read_is_asked_for_again_and_comes(self) -> None:
        self.alice.enter("@bob one")
        self.both()
        self.bob.enter("@alice hello")
        self.both()
        self.bob.texts()
        self.bob.line.tell = lambda *events: None  # type: ignore[method-assign]
        self.alice.enter("@bob two")
        del self.bob.line.tell
        mail = self.box().pop()
        self.deliver(mail, ciphertext=mail.ciphertext[:-1] + bytes([mail.ciphertext[-1] ^ 1]))
        self.both()
        self.both()
        self.assertEqual([text for _, text, _ in self.bob.texts()], ["two"])
        self.assertEqual(self.bob.codes(), ["CANNOT_DECRYPT"])
        self.alice.enter("@bob three")
        self.both()
        self.assertEqual([text for _, text, _ in self.bob.texts()], ["three"])

    def test_receipts_are_gathered_and_say_what_was_delivered(self) -> None:
        for number in range(10):
            self.alice.app.enter(f"@bob {number}")
        settle(self.alice, self.bob)
        before = len([name for name, _ in self.post.sent(e.PutMail) if name == "bob"])
        self.both()
        after = len([name for name, _ in self.post.sent(e.PutMail) if name == "bob"])
        self.assertLessEqual(after, 3)
        self.assertLessEqual(before, after)
        delivered = [text for text, state in self.alice.states() if state == "delivered"]
        self.assertEqual(sorted(delivered), sorted(map(str, range(10))))

    def test_the_reader_leaves_at_once_and_the_receipt_goes_all_the_same(self) -> None:
        self.alice.enter("@bob one")
        settle(self.bob, self.alice)
        self.alice.enter("@bob two")
        settle(self.bob)
        self.assertNotIn(("two", "delivered"), self.alice.states())
        self.bob.app.enter("tata")
        settle(self.alice)
        self.assertIn(("two", "delivered"), self.alice.states())

    def test_open_words_from_somebody_with_keys_are_refused_and_do_not_come_again(self) -> None:
        self.alice.enter("@bob one")
        self.both()
        self.bob.texts()
        plain = m.Message("dm:alice:bob", 1, 5, "alice", b"i" * 16, "send money")
        self.bob.line.tell(plain)
        self.both()
        self.assertEqual((self.bob.texts(), self.bob.codes()), ([], ["PLAINTEXT_REFUSED"]))
        self.assertIn(m.Acknowledge("dm:alice:bob", 1), [command for _, command in self.post.sent(m.Acknowledge)])
        self.assertEqual([text for _, text in self.bob.kept("@alice")], ["one"])

    def test_open_words_from_somebody_without_keys_are_shown_as_such(self) -> None:
        self.bob.line.tell(m.Message("dm:bob:irc", 1, 5, "irc", b"i" * 16, "hello"))
        self.both()
        self.assertEqual(self.bob.texts(), [("irc", "hello", "plain")])

    def test_who_is_ignored_is_kept_and_not_shown(self) -> None:
        self.bob.enter("/ignore @alice")
        self.alice.enter("@bob one")
        self.both()
        self.assertEqual((self.bob.texts(), self.bob.kept("@alice")), ([], [("alice", "one")]))

    def test_a_forged_sender_asks_for_a_list_once_and_stays_unknown(self) -> None:
        self.alice.enter("@bob one")
        self.both()
        self.bob.texts()
        self.deliver(self.box()[0], device="a" * 16)
        self.assertEqual((self.bob.texts(), self.bob.codes()), ([], ["UNKNOWN_DEVICE"]))


class ModesTests(SynchronousTestCase):
    """Who only watches, and who looks away."""

    post: Post
    alice: Phone
    bob: Phone

    def setUp(self) -> None:
        self.post, self.alice, self.bob = meet("alice", "bob")
        self.bob.line.drop()
        self.alice.enter("@bob one", "@bob two")
        self.bob.app.ended = True

    def next(self, receive: str) -> Phone:
        """Another start of bob's program."""
        self.bob = self.bob.kill(receive).come()
        pass_time(self.post, 3.0, self.alice, self.bob)
        return self.bob

    def test_who_has_enough_after_one_leaves_the_rest(self) -> None:
        bob = self.bob.kill(KEEP)
        bob.face.on[n.Said] = lambda said: bob.app.stop_receiving()
        bob.come()
        pass_time(self.post, 3.0, self.alice, bob)
        self.assertEqual([text for _, text, _ in bob.texts()], ["one"])
        self.assertEqual(bob.kept("@alice"), [("alice", "one")])
        self.bob = bob
        self.assertEqual([text for _, text, _ in self.next(KEEP).texts()], ["two"])

    def test_who_watches_changes_nothing(self) -> None:
        for _ in range(2):
            self.assertEqual([text for _, text, _ in self.next(WATCH).texts()], ["one", "two"])
        self.assertEqual(self.post.acked, {})
        self.assertEqual([state for _, state in self.alice.states()], ["stored", "stored"])
        self.assertEqual(self.bob.kept("@alice"), [])
        self.assertEqual([text for _, text, _ in self.next(KEEP).texts()], ["one", "two"])

    def test_who_looks_away_leaves_it_for_the_next_time(self) -> None:
        self.assertEqual(self.next(SKIP).texts(), [])
        self.assertEqual([text for _, text, _ in self.next(KEEP).texts()], ["one", "two"])
