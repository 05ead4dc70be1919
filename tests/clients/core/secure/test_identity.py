"""Tests of clients.core.secure.identity: lists and keys at the first login, at every other one, and after accidents."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption as e
from clients.core import notices as n
from clients.core.history import History
from clients.core.secure.identity import COMING, READY, UNLISTED
from tests.clients.core.secure.kit import Phone, Post, meet, pass_time, settle

DAY = 86_400.0


def status(phone: Phone) -> str:
    """How a device stands."""
    assert phone.session.secure is not None
    return phone.session.secure._identity.status


class FirstTests(SynchronousTestCase):
    """The first device of a person."""

    def setUp(self) -> None:
        self.post = Post()

    def test_it_signs_a_list_and_uploads_keys(self) -> None:
        alice = Phone(self.post, "alice").come()
        self.assertEqual((status(alice), len(self.post.lists["alice"])), (READY, 1))
        self.assertEqual((len(self.post.keys[alice.address]), alice.codes()), (50, []))
        self.assertIn(alice.address, self.post.fallback)

    def test_the_welcome_waits_for_none_of_it(self) -> None:
        alice = Phone(self.post, "alice")
        alice.app.start()
        alice.line.carry()
        alice.line.carry()
        self.assertEqual((len(alice.face.take(n.Welcomed)), status(alice)), (1, COMING))

    def test_at_the_next_login_nothing_is_made_anew(self) -> None:
        alice = Phone(self.post, "alice").come()
        self.post.log.clear()
        alice = alice.kill().come()
        self.assertEqual((self.post.sent(e.PutList), self.post.sent(e.PutKeys)), ([], []))
        self.assertEqual((status(alice), alice.codes()), (READY, []))

    def test_killed_after_signing_the_same_list_goes_out(self) -> None:
        alice = Phone(self.post, "alice")
        alice.app.start()
        alice.line.carry()  # the greeting; the welcome is on its way
        alice.line.write = lambda commands: None  # type: ignore[method-assign]
        settle(alice)
        alice = alice.kill().come()
        self.assertEqual((status(alice), len(self.post.lists["alice"])), (READY, 1))
        self.assertEqual((len(self.post.keys[alice.address]), alice.codes()), (50, []))

    def test_killed_before_the_keys_were_confirmed_the_same_go_out(self) -> None:
        alice = Phone(self.post, "alice")
        alice.line.loses = (e.KeysAre,)
        alice.come()
        alice.kill().come()
        uploads = [command.keys for _, command in self.post.sent(e.PutKeys)]
        self.assertEqual(len(set(map(tuple, uploads))), 1)

    def test_a_server_from_a_backup_is_given_the_lists_again(self) -> None:
        alice = Phone(self.post, "alice").come()
        self.post.lists.clear()
        alice = alice.kill().come()
        self.assertEqual((len(self.post.lists["alice"]), status(alice)), (1, READY))

    def test_few_keys_are_refilled_when_the_server_says_so(self) -> None:
        alice = Phone(self.post, "alice").come()
        del self.post.keys[alice.address][:30]
        alice.line.tell(e.KeysAre(0, 20, 29, False, 0))
        settle(alice)
        self.assertEqual(len(self.post.keys[alice.address]), 70)

    def test_the_fallback_key_is_another_one_after_a_week(self) -> None:
        alice = Phone(self.post, "alice").come()
        before = self.post.fallback[alice.address]
        self.post.clock.rightNow += 7 * DAY
        alice.kill().come()
        self.assertNotEqual(self.post.fallback[alice.address], before)

    def test_two_newcomers_at_once_are_one_person(self) -> None:
        one, two = Phone(self.post, "alice"), Phone(self.post, "alice")
        one.app.start()
        two.app.start()
        settle(one, two)
        self.assertEqual({status(one), status(two)}, {READY, UNLISTED})
        self.assertEqual(len(self.post.lists["alice"]), 1)


class SecondTests(SynchronousTestCase):
    """Another device of the same person."""

    def test_it_asks_to_be_listed_and_writes_to_nobody(self) -> None:
        post, _, _ = meet("alice", "bob")
        second = Phone(post, "alice").come()
        told = second.face.take(n.Secure)
        self.assertEqual(
            [(one.code, one.detail, one.to) for one in told], [("DEVICE_NOT_LISTED", second.address[1], "")]
        )
        self.assertEqual(list(post.offers), [second.address])
        second.enter("@bob hello")
        self.assertEqual(second.codes(), ["DEVICE_NOT_LISTED"])
        self.assertEqual(post.sent(e.PutMail), [])

    def test_it_is_told_that_it_was_listed_while_it_was_away(self) -> None:
        post, alice = meet("alice")
        second = Phone(post, "alice").come()
        second.line.drop()
        second.app.ended = True
        alice.enter(f"/devices add {second.address[1]}")
        again = second.kill().come()
        self.assertEqual((again.codes(), status(again)), (["DEVICE_LISTED"], READY))
        self.assertEqual(again.kill().come().codes(), [])


class RolledBackTests(SynchronousTestCase):
    """The disk of another day."""

    def test_the_keyring_knows_it_where_the_server_keeps_silent(self) -> None:
        post, alice, bob = meet("alice", "bob")
        alice.enter("@bob one")
        pass_time(post, 3.0, alice, bob)
        highest = post.counters.pop(alice.address)
        alice.kill()
        for known, codes in ((highest, []), (highest + 1, ["STATE_ROLLED_BACK"])):
            again = Phone(post, "alice", alice.history, alice.device, highest=known).come()
            self.assertEqual(again.codes(), codes)
            again.kill()

    def test_no_old_ratchet_is_used_and_messages_go_on(self) -> None:
        post, alice, bob = meet("alice", "bob")
        alice.enter("@bob one")
        pass_time(post, 3.0, alice, bob)
        copy = History(":memory:")
        alice.history._db.backup(copy._db)
        copy._keeping = alice.history._keeping
        alice.enter("@bob two")
        pass_time(post, 3.0, alice, bob)
        alice.history = copy
        alice = alice.kill().come()
        self.assertEqual(alice.codes(), ["STATE_ROLLED_BACK"])
        alice.enter("@bob three")
        pass_time(post, 3.0, alice, bob)
        self.assertEqual([text for _, text, _ in bob.texts()], ["one", "two", "three"])
        last = [command for name, command in post.sent(e.PutMail) if name == "alice"][-1]
        self.assertEqual(last.items[0].type, "olm0")
