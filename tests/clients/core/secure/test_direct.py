"""Tests of clients.core.secure.direct: what is said to a person goes encrypted, openly by decision, or not at all."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption as e
from chatd import messages as m
from clients.core import notices as n
from clients.core.outbox import Outgoing
from tests.clients.core.secure.kit import Phone, Post, meet, pass_time, settle


class DirectTests(SynchronousTestCase):
    """Alice and bob, both new."""

    def setUp(self) -> None:
        self.post, self.alice, self.bob = meet("alice", "bob")

    def both(self) -> None:
        """Until nothing moves, and a little time."""
        pass_time(self.post, 3.0, self.alice, self.bob)

    def test_a_message_arrives_once_and_is_told_delivered(self) -> None:
        self.alice.enter("@bob hello")
        self.both()
        self.assertEqual(self.bob.texts(), [("alice", "hello", "first-seen")])
        self.assertEqual(self.alice.states(), [("hello", "sent"), ("hello", "delivered")])
        self.assertEqual(self.alice.kept("@bob"), [("alice", "hello")])
        self.assertEqual(self.bob.kept("@alice"), [("alice", "hello")])

    def test_an_edit_is_one_message_more_and_has_no_row(self) -> None:
        self.alice.enter("@bob teh cat", "/focus @bob", "s/teh/the/", "/edit the dog")
        self.both()
        said = self.bob.face.take(n.Said)
        self.assertEqual([one.text for one in said], ["teh cat", "the cat", "the dog"])
        self.assertEqual([one.edits for one in said], [b"", said[0].id, said[0].id])
        told = [(one.text, one.state, one.edits != b"") for one in self.alice.face.take(n.Outcome)]
        self.assertIn(("the dog", "delivered", True), told)
        for phone, to in ((self.alice, "@bob"), (self.bob, "@alice")):
            self.assertEqual(phone.kept(to), [("alice", "the dog")])
        bob = self.bob.kill().come()
        self.assertEqual((bob.texts(), bob.kept("@alice")), ([], [("alice", "the dog")]))
        self.assertNotIn("the dog", str(self.post.log))

    def test_what_was_said_before_the_connection_broke_is_edited_after_it(self) -> None:
        self.alice.enter("@bob hello", "/focus @bob")
        self.both()
        self.alice.line.drop()
        for line in ("one", "/edit two", "s/two/three/"):
            self.alice.app.enter(line)
        self.post.clock.advance(60)
        self.both()
        self.assertEqual(self.bob.kept("@alice"), [("alice", "hello"), ("alice", "three")])
        self.assertEqual(self.alice.kept("@bob"), [("alice", "hello"), ("alice", "three")])

    def test_nobody_edits_what_the_other_said(self) -> None:
        self.bob.enter("@alice mine")
        self.both()
        [said] = self.alice.face.take(n.Said)
        edit = Outgoing(b"e" * 16, "@bob", "forged", self.post.now(), said.id)
        self.alice.session.wrote = lambda *asked: True  # a client that does as it likes
        self.alice.app._carry_out(self.alice.session.say(0.0, [edit]))
        self.alice.app._settle()
        self.both()
        self.assertEqual([(one.text, one.edits) for one in self.bob.face.take(n.Said)], [("forged", b"")])
        self.assertEqual(self.bob.kept("@alice"), [("bob", "mine"), ("alice", "forged")])

    def test_nothing_of_it_is_said_openly(self) -> None:
        self.alice.enter("@bob the canary sings")
        self.both()
        self.assertEqual(self.post.sent(m.Send), [])
        mails = [mail for box in self.post.mail.values() for mail in box]
        self.assertNotIn(b"canary", b"".join(mail.ciphertext for mail in mails))

    def test_they_keep_their_order_and_later_ones_ask_nothing(self) -> None:
        self.alice.enter("@bob one", "@bob two")
        self.both()
        self.bob.enter("@alice three")
        self.both()
        before = len(self.post.sent(e.AskLists)) + len(self.post.sent(e.ClaimKeys))
        for number in range(20):
            self.alice.app.enter(f"@bob {number}")
        self.both()
        self.assertEqual([text for _, text, _ in self.bob.texts()], ["one", "two", *map(str, range(20))])
        self.assertEqual(len(self.post.sent(e.AskLists)) + len(self.post.sent(e.ClaimKeys)), before)
        self.assertEqual(self.bob.codes() + self.alice.codes(), [])

    def test_while_keys_are_asked_for_the_rest_waits_in_order(self) -> None:
        for number in range(5):
            self.alice.app.enter(f"@bob {number}")
        self.assertEqual(self.alice.app.view().waiting, 5)
        self.both()
        self.assertEqual([text for _, text, _ in self.bob.texts()], list("01234"))
        self.assertEqual(self.alice.app.view().waiting, 0)

    def test_however_the_name_is_typed(self) -> None:
        self.post.people.add("BOB")
        self.post.lists["BOB"] = self.post.lists["bob"]
        self.alice.enter("@BOB hello", "@bob again")
        self.both()
        self.assertEqual([text for _, text, _ in self.bob.texts()], ["hello", "again"])
        self.assertEqual(len([talk for talk in self.alice.app.view().talks if talk.to.startswith("@")]), 1)

    def test_a_name_that_nobody_has(self) -> None:
        self.alice.enter("@bop hello")
        [refused] = self.alice.face.take(n.Refused)
        self.assertEqual((refused.code, refused.near), ("no-such-user", ("bob",)))
        self.assertEqual(self.alice.app.view().waiting, 0)

    def test_who_has_no_keys_gets_nothing_and_the_way_is_said(self) -> None:
        self.post.people.add("irc")
        self.alice.enter("@irc hello")
        [refused] = self.alice.face.take(n.Secure)
        self.assertEqual((refused.code, refused.user, refused.to), ("NO_E2EE_KEYS", "irc", "@irc"))
        self.assertEqual((self.post.sent(m.Send), self.alice.app.view().waiting), ([], 0))

    def test_plain_by_decision_only_and_it_is_remembered(self) -> None:
        self.post.people.add("irc")
        self.alice.enter("/plain @irc", "@irc no")
        self.assertEqual(self.alice.codes(), ["PLAIN_ASK", "NO_E2EE_KEYS"])
        self.alice.enter("/plain @irc yes", "@irc yes")
        self.assertEqual(self.alice.codes(), ["PLAIN_TALK"])
        again = self.alice.kill().come()
        again.enter("@irc still")
        self.assertEqual([command.text for _, command in self.post.sent(m.Send)], ["yes", "still"])

    def test_never_plain_to_who_has_keys_or_ever_had(self) -> None:
        self.alice.enter("/plain @bob yes", "@bob one")
        self.assertEqual(self.alice.codes(), ["PLAIN_NEEDLESS"])
        self.both()
        self.post.lists["bob"].clear()  # the server says that he never had any
        again = self.alice.kill().come()
        again.enter("/plain @bob yes", "@bob two")
        self.assertEqual(self.post.sent(m.Send), [])
        self.assertIn("PLAIN_NEEDLESS", again.codes())

    def test_who_gets_keys_is_encrypted_to_from_then_on(self) -> None:
        self.post.people.add("carol")
        self.alice.enter("/plain @carol yes", "@carol openly")
        carol = Phone(self.post, "carol").come()
        self.alice.enter("@carol secret")
        pass_time(self.post, 3.0, self.alice, carol)
        self.assertEqual(carol.texts(), [("alice", "secret", "first-seen")])
        self.assertEqual([command.text for _, command in self.post.sent(m.Send)], ["openly", "secret"])
        self.alice.enter("@carol more")
        self.assertEqual(len(self.post.sent(m.Send)), 2)

    def test_who_writes_encrypted_is_written_to_encrypted(self) -> None:
        self.post.people.add("carol")
        self.alice.enter("/plain @carol yes")
        carol = Phone(self.post, "carol").come()
        carol.enter("@alice hello")
        pass_time(self.post, 3.0, self.alice, carol)
        self.alice.enter("@carol hello")
        pass_time(self.post, 3.0, self.alice, carol)
        self.assertEqual([text for _, text, _ in carol.texts()], ["hello"])
        self.assertEqual(self.post.sent(m.Send), [])

    def test_long_texts_go_otherwise(self) -> None:
        self.alice.enter("@bob " + "x" * 4097)
        self.assertEqual((self.alice.codes(), self.alice.app.view().waiting), (["TEXT_TOO_LONG"], 0))
        self.alice.enter("@bob " + "ä" * 2048)
        self.both()
        self.assertEqual(len(self.bob.texts()), 1)

    def test_a_forged_list_or_key_sends_nothing(self) -> None:
        blob = self.post.lists["bob"][0]
        self.post.lists["bob"][0] = blob[:-1] + bytes([blob[-1] ^ 1])
        self.alice.enter("@bob one")
        self.assertEqual(self.alice.codes(), ["DEVLIST_BAD_SIGNATURE"])
        self.post.lists["bob"][0] = blob
        self.post.claims[self.bob.address] = self.post.keys[self.alice.address][0]
        self.alice.enter("@bob two")
        self.assertEqual(self.alice.codes(), ["OTK_BAD_SIGNATURE"])
        self.assertEqual(self.post.sent(e.PutMail), [])

    def test_another_identity_stops_everything_until_it_is_accepted(self) -> None:
        self.alice.enter("@bob one")
        self.both()
        for known in (self.post.lists, self.post.keys, self.post.fallback):
            known.pop("bob", None)
        self.post.reset.add("bob")
        impostor = Phone(self.post, "bob").come()
        settle(self.alice)
        count = len(self.post.sent(e.PutMail))
        self.alice.enter("@bob two")
        settle(self.alice, impostor)
        self.assertIn("IDENTITY_CHANGED", self.alice.codes())
        self.assertEqual(impostor.texts(), [])
        self.assertEqual([name for name, _ in self.post.sent(e.PutMail)[count:] if name == "alice"], [])

    def test_a_guest_talks_openly_and_hears_that(self) -> None:
        guest = Phone(self.post, "visitor", guest=True).come()
        self.assertEqual(guest.codes(), ["GUEST_OPEN"])
        guest.enter("@carol hello")
        self.assertEqual([name for name, _ in self.post.sent(m.Send)], ["visitor"])

    def test_a_server_without_encryption_gets_no_open_words(self) -> None:
        post = Post()
        post.features.remove("e2ee")
        alice = Phone(post, "alice").come()
        alice.enter("@bob hello")
        self.assertEqual((alice.codes(), post.sent(m.Send)), (["SERVER_WITHOUT_E2EE"], []))
        alice.enter("/plain @bob yes", "@bob hello")
        self.assertEqual(len(post.sent(m.Send)), 1)
