"""Tests of clients.core.e2ee.sending: who gets an item, what is kept to try again, and what is said again."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee import own, sending
from clients.core.e2ee.bodies import Receipt, Said
from clients.core.e2ee.sending import Item, Sent, Trouble
from tests.clients.core.e2ee.kit import DAY, Phone, people, refused, talked

HOUR = 3_600_000


class FanOutTests(SynchronousTestCase):
    """Who gets it."""

    def setUp(self) -> None:
        self.server, (self.alice, self.bob) = people("alice", "bob")

    def test_every_device_of_both_but_this_one(self) -> None:
        laptop, tablet = Phone(self.server, "bob", self.bob), Phone(self.server, "alice", self.alice)
        sent = self.alice.say("bob", "hello")
        to = {item.to_device for item in sent.items}
        self.assertEqual(to, {self.bob.device, laptop.device, tablet.device})
        self.assertEqual(sent.lists, {"bob": 2, "alice": 2})
        for phone in (self.bob, laptop, tablet):
            phone.fetch()
            self.assertEqual(phone.shown, [("alice", "dm:alice:bob", "hello")])
        self.assertEqual(tablet.delivered[0].kind, "sync")
        ids = {phone.delivered[0].msg_id for phone in (self.bob, laptop, tablet)}
        self.assertEqual(len(ids), 1)

    def test_sizes_say_little(self) -> None:
        talked(self.alice, self.bob)
        lengths = {len(self.alice.say("bob", "x" * size).items[0].ciphertext) for size in (1, 50, 100)}
        self.assertEqual(len(lengths), 1)

    def test_a_long_text_is_not_sent(self) -> None:
        self.assertEqual(refused(lambda: self.alice.say("bob", "é" * 2_049)), "MALFORMED")

    def test_nobody_and_nothing(self) -> None:
        """A21: nothing is sent, and nothing is kept to be sent."""
        self.assertEqual(refused(lambda: self.alice.say("nobody", "x")), "NO_E2EE_KEYS")
        self.server.claims[self.bob.address] = None
        before = dict(self.alice.disk.kept)
        self.assertEqual(refused(lambda: self.alice.say("bob", "x")), "NO_ONE_TIME_KEY")
        self.assertEqual({key for key in self.alice.disk.kept if key not in before}, {("pin", "bob")})

    def test_a_device_without_a_key_is_passed_over_if_another_has_one(self) -> None:
        laptop = Phone(self.server, "bob", self.bob)
        self.server.claims[laptop.address] = None
        sent = self.alice.say("bob", "hello")
        self.assertEqual(
            (sent.passed_over, [item.to_device for item in sent.items]), ([laptop.device], [self.bob.device])
        )
        del self.server.claims[laptop.address]
        batch = self.alice.batch()
        self.assertEqual(self.alice.outgoing.resend(batch, laptop.me, [sent.send_id], self.server.now, {}), [])

    def test_a_forged_key_for_one_device_stops_all(self) -> None:
        laptop = Phone(self.server, "bob", self.bob)
        self.server.claims[laptop.address] = self.server.keys[self.bob.address][0]
        self.assertEqual(refused(lambda: self.alice.say("bob", "x")), "OTK_BAD_SIGNATURE")
        self.assertEqual(self.server.mail[self.bob.address], [])

    def test_a_person_without_devices(self) -> None:
        self.bob.revoke(self.bob.device)
        self.assertEqual(refused(lambda: self.alice.say("bob", "x")), "NO_E2EE_KEYS")


class OutboxTests(SynchronousTestCase):
    """What is tried again."""

    def setUp(self) -> None:
        self.server, (self.alice, self.bob) = people("alice", "bob")
        talked(self.alice, self.bob)

    def queued(self, text: str) -> sending.Sending:
        """Committed, and not sent."""
        batch = self.alice.batch()
        sent = self.alice.outgoing.send(batch, ["bob"], "dm:alice:bob", "msg", Said(text), self.server.now, {})
        batch.commit()
        return sent

    def test_the_same_bytes_in_order_until_accepted(self) -> None:
        sent = [self.queued(text) for text in "abc"]
        self.alice.restart()
        unsent = self.alice.outgoing.unsent(self.alice.batch())
        self.assertEqual(unsent, sent)
        self.assertEqual([one.counter for one in unsent], sorted(one.counter for one in unsent))
        for one in unsent:
            self.alice.post(one, ["bob"])
        self.assertEqual(self.alice.outgoing.unsent(self.alice.batch()), [])
        self.alice.post(sent[0], ["bob"])
        self.bob.fetch()
        self.assertEqual(self.bob.texts(), ["a", "b", "c"])

    def test_renewed_where_a_list_moved(self) -> None:
        sent = self.queued("a")
        laptop = Phone(self.server, "bob", self.bob)
        self.alice.post(sent, ["bob"])
        for phone in (self.bob, laptop):
            phone.fetch()
            self.assertEqual(phone.texts(), ["a"])
        self.assertEqual(self.bob.delivered[-1].msg_id, laptop.delivered[-1].msg_id)
        sent = self.queued("b")
        self.bob.revoke(laptop.device)
        self.alice.post(sent, ["bob"])
        self.assertEqual(self.server.mail[laptop.address], [])
        self.assertEqual(len(self.server.mail[self.bob.address]), 1)

    def test_renewed_without_people_only_for_who_it_was_for(self) -> None:
        laptop = Phone(self.server, "bob", self.bob)
        self.alice.refresh("bob")
        batch = self.alice.batch()
        claims = {laptop.address: self.server.claim(*laptop.address)}
        entries = [self.bob.me, laptop.me]
        sent = self.alice.outgoing.spread(batch, entries, "receipt", Receipt([]), 0, claims, "dm:alice:bob")
        batch.commit()
        self.bob.revoke(laptop.device)
        self.alice.post(sent, [])
        self.assertEqual((len(self.server.mail[self.bob.address]), self.server.mail[laptop.address]), (1, []))

    def test_a_rolled_back_state_starts_anew(self) -> None:
        batch = self.alice.batch()
        self.assertIsNone(self.alice.outgoing.login_state(batch, own.me(batch).counter))
        note = self.alice.outgoing.login_state(batch, 99)
        assert note is not None
        batch.commit()
        self.assertEqual((note.code, own.me(self.alice.batch()).counter), ("STATE_ROLLED_BACK", 99))
        self.assertEqual(self.alice.storage.rows("olm"), [])
        self.assertEqual(self.alice.say("bob", "new").counter, 100)
        self.bob.fetch()
        self.assertEqual(self.bob.texts(), ["new"])


class ResendTests(SynchronousTestCase):
    """What is said again."""

    def setUp(self) -> None:
        self.server, (self.alice, self.bob, self.carol) = people("alice", "bob", "carol")
        talked(self.alice, self.bob, self.carol)
        self.sent = self.alice.say("bob", "hello")

    def resend(self, to: Phone) -> list[Item]:
        """What alice would send again."""
        batch = self.alice.batch()
        found = self.alice.outgoing.resend(batch, to.me, [self.sent.send_id] * 2, self.server.now, {})
        batch.commit()
        for one in found:
            self.alice.post(one, [])
        return [item for one in found for item in one.items]

    def test_to_whom_it_was_for_and_once_an_hour(self) -> None:
        self.assertEqual([item.to_device for item in self.resend(self.bob)], [self.bob.device])
        self.assertEqual(self.resend(self.bob), [])
        self.server.now += HOUR
        self.assertEqual(len(self.resend(self.bob)), 1)
        self.bob.fetch()
        self.assertEqual((self.bob.texts(), self.bob.codes()), (["hello"], ["DUPLICATE"] * 2))

    def test_to_nobody_else(self) -> None:
        self.assertEqual(self.resend(self.carol), [])
        laptop = Phone(self.server, "bob", self.bob)
        self.alice.refresh("bob")
        self.assertEqual(self.resend(laptop), [])

    def test_not_to_a_device_that_was_revoked(self) -> None:
        laptop = Phone(self.server, "bob", self.bob)
        self.sent = self.alice.say("bob", "both")
        self.bob.revoke(laptop.device)
        self.alice.refresh("bob")
        self.assertEqual(self.resend(laptop), [])

    def test_not_what_is_unknown_or_forgotten(self) -> None:
        batch = self.alice.batch()
        self.alice.outgoing.forget(batch, self.server.now)
        self.assertIsNotNone(batch.get("sent", self.sent.send_id.hex(), Sent))
        self.alice.outgoing.forget(batch, self.server.now + DAY)
        self.assertIsNone(batch.get("sent", self.sent.send_id.hex(), Sent))
        self.assertEqual(self.alice.outgoing.resend(batch, self.bob.me, [self.sent.send_id], 0, {}), [])

    def test_a_reset_at_most_hourly(self) -> None:
        batch = self.alice.batch()
        claims = {self.bob.address: self.server.claim(*self.bob.address)}

        def reset() -> int:
            return len(self.alice.outgoing.reset(batch, self.bob.me, self.server.now, claims))

        self.assertEqual(reset(), 0)
        sending.note_trouble(batch, self.bob.device, self.server.now, [b"s" * 16])
        self.assertEqual((reset(), reset()), (2, 0))
        sending.note_trouble(batch, self.bob.device, self.server.now, [b"t" * 16])
        self.assertEqual(reset(), 0)
        self.server.now += HOUR
        self.assertEqual(reset(), 2)
        trouble = batch.get("trouble", self.bob.device, Trouble)
        assert trouble is not None
        self.assertEqual((trouble.unread, trouble.reset_at), ([], self.server.now))
