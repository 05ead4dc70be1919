"""Tests of clients.core.e2ee.rotating: a new user key, known by the old one, and compared again by those who did."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee import own, pins, rotating
from clients.core.e2ee.bodies import Rotating
from clients.core.e2ee.keys import UserKey
from clients.core.e2ee.numbers import safety_number
from clients.core.e2ee.pins import CHANGED, SEEN, VERIFIED, VOUCHED
from clients.core.e2ee.refusals import Note
from clients.core.e2ee.rotating import Rotation
from clients.core.e2ee.signed import Signed, encode
from tests.clients.core.e2ee.kit import Phone, Server, people, refused, talked
from tests.clients.core.e2ee.test_comparing import trust


def prepare(phone: Phone, *told: Phone) -> tuple[bytes, Rotating | None]:
    """A new key, and word of it to these."""
    batch = phone.batch()
    blob, body = rotating.prepare(batch, phone.random.randbytes)
    batch.commit()
    for other in told:
        assert body is not None
        phone.tell(other, "uik_rotate", body)
    return blob, body


def switch(phone: Phone) -> None:
    """The server begins the new chain, and the device speaks under the new key."""
    batch = phone.batch()
    phone.server.anew.add(phone.user)
    phone.server.lists[phone.user] = [rotating.switch(batch)]
    batch.commit()


class Rotated(SynchronousTestCase):
    """Bob has a new key; alice has not compared with him, carol has."""

    def setUp(self) -> None:
        self.server, (self.alice, self.bob, self.carol) = people("alice", "bob", "carol")
        talked(self.alice, self.bob, self.carol)
        self.carol.met(self.bob)
        self.old = self.bob.me.uik

    def told(self, body: Rotating) -> str:
        """Bob tells alice of this: the check it fails."""
        self.bob.tell(self.alice, "uik_rotate", body)
        before = len(self.alice.dropped)
        self.alice.fetch()
        return self.alice.dropped[-1].check if len(self.alice.dropped) > before else ""


class HonestTests(Rotated):
    """Bob signs it."""

    def test_whose_key_nobody_compared_goes_on(self) -> None:
        prepare(self.bob, self.alice)
        self.alice.fetch()
        self.assertEqual((self.alice.notes, trust(self.alice, "bob")), ([Note("KEY_ROTATES", "bob")], SEEN))
        self.alice.say("bob", "before")
        self.bob.fetch()
        switch(self.bob)
        self.assertEqual(self.alice.refresh("bob"), [Note("KEY_ROTATED", "bob")])
        self.assertEqual(
            (trust(self.alice, "bob"), pins.current(self.alice.batch(), "bob").uik), (SEEN, self.bob.me.uik)
        )
        self.assertNotEqual(self.bob.me.uik, self.old)
        self.alice.say("bob", "after")
        self.bob.say("alice", "answer")
        self.bob.fetch()
        self.alice.fetch()
        self.assertEqual((self.bob.texts(), self.alice.texts()), (["before", "after"], ["answer"]))
        self.assertEqual((self.bob.codes(), self.alice.codes()), ([], []))

    def test_whose_key_was_compared_is_compared_again(self) -> None:
        prepare(self.bob, self.carol)
        self.carol.fetch()
        switch(self.bob)
        self.assertEqual([note.code for note in self.carol.refresh("bob")], ["IDENTITY_CHANGED"])
        self.assertEqual(refused(lambda: self.carol.say("bob", "x")), "IDENTITY_CHANGED")
        self.assertEqual(refused(lambda: pins.accept(self.carol.batch(), "bob")), "IDENTITY_CHANGED")
        pin = pins.find(self.carol.batch(), "bob")
        assert pin is not None
        seen = safety_number(("carol", self.carol.me.uik), ("bob", pin.offered))
        self.assertEqual(seen, safety_number(("bob", self.bob.me.uik), ("carol", self.carol.me.uik)))
        self.carol.met(self.bob)
        self.carol.refresh("bob")
        self.assertEqual(trust(self.carol, "bob"), VERIFIED)
        self.carol.say("bob", "it is you")
        self.bob.fetch()
        self.assertEqual(self.bob.texts(), ["it is you"])

    def test_who_was_vouched_for_is_compared_again(self) -> None:
        self.carol.met(self.alice)
        self.alice.believe("carol")
        self.carol.publish("cs101", ["alice", "bob"])
        self.alice.fetch()
        self.assertEqual(trust(self.alice, "bob"), VOUCHED)
        prepare(self.bob, self.alice)
        self.alice.fetch()
        switch(self.bob)
        self.alice.refresh("bob")
        self.assertEqual(trust(self.alice, "bob"), CHANGED)

    def test_who_was_not_told(self) -> None:
        prepare(self.bob)
        switch(self.bob)
        self.assertEqual([note.code for note in self.alice.refresh("bob")], ["IDENTITY_CHANGED"])

    def test_nothing_changes_before_the_new_chain(self) -> None:
        prepare(self.bob, self.alice)
        self.assertEqual(self.bob.me.uik, self.old)
        self.alice.fetch()
        self.assertEqual(self.alice.refresh("bob"), [])
        batch = self.bob.batch()
        rotating.stop(batch)
        batch.commit()
        self.assertEqual(refused(lambda: rotating.switch(self.bob.batch())), "KEY_NOT_CHANGED")

    def test_begun_when_the_server_shows_it_and_by_no_other_chain(self) -> None:
        batch = self.bob.batch()
        self.assertFalse(rotating.is_prepared(batch) or rotating.begun(batch, self.server.lists["bob"]))
        blob, _ = rotating.prepare(batch, self.bob.random.randbytes)
        batch.commit()
        for chain in ([], self.server.lists["bob"], [*self.server.lists["bob"], blob]):
            batch = self.bob.batch()
            self.assertEqual((rotating.begun(batch, chain), batch.changes), (False, {}))
        self.assertTrue(rotating.is_prepared(batch))
        self.assertTrue(rotating.begun(batch, [blob]))
        batch.commit()
        self.assertNotEqual(self.bob.me.uik, self.old)
        self.assertFalse(rotating.is_prepared(self.bob.batch()))

    def test_the_new_chain_has_this_device_only(self) -> None:
        tablet = Phone(self.server, "bob", self.bob)
        prepare(self.bob, tablet)
        tablet.fetch()
        self.assertEqual(tablet.notes, [Note("OWN_KEY_ROTATES", "bob")])
        switch(self.bob)
        self.assertEqual(list(pins.current(self.bob.batch(), "bob").devices), [self.bob.device])
        self.assertEqual([note.code for note in tablet.refresh("bob")], ["OWN_KEY_CHANGED"])

    def test_a_device_without_the_key_begins_anew(self) -> None:
        tablet = Phone(self.server, "bob", self.bob)
        blob, body = prepare(tablet)
        self.assertEqual((bool(blob), body), (True, None))

    def test_the_primary_stays_the_primary(self) -> None:
        prepare(self.bob)
        switch(self.bob)
        tablet = Phone(self.server, "bob", self.bob)
        self.assertIn(tablet.device, pins.current(self.bob.batch(), "bob").devices)


class ForgedTests(Rotated):
    """Somebody else would like to have bob's name."""

    def body(self, rotation: Rotation, by_old: UserKey, by_new: UserKey, label: str = "uik-rotate") -> Rotating:
        """A promise signed by these."""
        raw = encode(rotation)
        return Rotating(raw, by_old.sign(label, raw).signature, by_new.sign(label, raw).signature)

    def test_signed_by_both_or_by_nobody(self) -> None:
        seed = self.bob.batch().get("uik", "", bytes)
        assert seed is not None
        bob, new, evil = UserKey(seed), UserKey(b"n" * 32), UserKey(b"e" * 32)
        right = Rotation("bob", bob.public, new.public)
        for body, check in (
            (self.body(right, evil, new), "rotate-by-old"),
            (self.body(right, bob, evil), "rotate-by-new"),
            (self.body(right, bob, new, "devlist"), "rotate-by-old"),
            (self.body(Rotation("alice", bob.public, new.public), bob, new), "rotate-user"),
            (self.body(Rotation("bob", evil.public, new.public), evil, new), "rotate-key"),
            (msgspec.structs.replace(self.body(right, bob, new), raw=b"x"), "Rotation"),
        ):
            self.assertEqual(self.told(body), check)
        pin = pins.find(self.alice.batch(), "bob")
        assert pin is not None
        self.assertEqual(pin.next, b"")
        self.assertEqual(self.told(self.body(right, bob, new)), "")

    def test_a_promise_of_one_key_is_no_promise_of_another(self) -> None:
        prepare(self.bob, self.alice)
        self.alice.fetch()
        elsewhere = Server()
        Phone(elsewhere, "bob")
        self.server.anew.add("bob")
        self.server.lists["bob"] = elsewhere.lists["bob"]
        self.assertEqual([note.code for note in self.alice.refresh("bob")], ["IDENTITY_CHANGED"])
        self.assertEqual(trust(self.alice, "bob"), CHANGED)

    def test_the_new_key_signs_nothing_before_it_is_shown(self) -> None:
        """A list under the promised key that is forged is forged."""
        blob, _ = prepare(self.bob, self.alice)
        self.alice.fetch()
        signed = msgspec.msgpack.decode(blob, type=Signed)
        self.server.lists["bob"] = [encode(Signed(signed.raw, b"s" * 64))]
        batch = self.alice.batch()
        self.assertEqual(
            refused(lambda: pins.learn(batch, "bob", self.server.lists["bob"])), "DEVLIST_BAD_SIGNATURE"
        )  # fmt: skip
        self.assertEqual(own.myself(self.bob.batch()).uik, self.old)
