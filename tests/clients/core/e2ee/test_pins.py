"""Tests of clients.core.e2ee.pins: the first key stays, lists only grow, and what is hidden stops sending."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee import pins
from clients.core.e2ee.batch import Batch, MemoryStorage
from clients.core.e2ee.devices import enter, sign_list, verify_list
from clients.core.e2ee.keys import Account, UserKey
from clients.core.e2ee.refusals import Behind, Note
from tests.clients.core.e2ee.kit import refused

BOB, EVIL = UserKey(b"b" * 32), UserKey(b"m" * 32)
PHONE, LAPTOP = Account.make(), Account.make()


def chain(key: UserKey = BOB) -> list[bytes]:
    """The phone; the phone and the laptop; the phone."""
    phone, laptop = enter(PHONE, "bob", key.public), enter(LAPTOP, "bob", key.public)
    blobs: list[bytes] = []
    known = None
    for entries in ([phone], [phone, laptop], [phone]):
        blobs.append(sign_list(key, "bob", known, entries))
        known = verify_list(blobs[-1], "bob", key.public, known)
    return blobs


class PinTests(SynchronousTestCase):
    """What is known of bob."""

    def setUp(self) -> None:
        self.batch = Batch(MemoryStorage())
        self.chain = chain()
        pins.learn(self.batch, "bob", self.chain[:1])

    def usable(self) -> str:
        """Why nothing can be sent; empty if it can."""
        return refused(lambda: pins.usable(self.batch, "bob"))

    def test_first_contact(self) -> None:
        pin = pins.find(self.batch, "bob")
        assert pin is not None
        self.assertEqual((pin.uik, pin.trust, pin.version), (BOB.public, pins.SEEN, 1))
        self.assertEqual(list(pins.usable(self.batch, "bob").devices), [PHONE.keys.device])
        self.assertIsNone(pins.find(self.batch, "carol"))
        for call in (pins.usable, pins.current):
            self.assertEqual(refused(lambda call=call: call(self.batch, "carol")), "NO_E2EE_KEYS")  # type: ignore[misc]
        self.assertEqual(refused(lambda: pins.learn(self.batch, "carol", [])), "NO_E2EE_KEYS")

    def test_a_chain_starts_at_its_first_link(self) -> None:
        other = Batch(MemoryStorage())
        self.assertEqual(refused(lambda: pins.learn(other, "bob", self.chain[1:])), "DEVLIST_CHAIN_BROKEN")
        self.assertEqual(pins.learn(other, "bob", self.chain), [])
        self.assertEqual(pins.current(other, "bob").version, 3)

    def test_devices_come_and_go(self) -> None:
        self.assertEqual(pins.learn(self.batch, "bob", [self.chain[1]]), [Note("CONTACT_NEW_DEVICE", "bob", 1)])
        self.assertEqual(pins.learn(self.batch, "bob", self.chain), [Note("CONTACT_LOST_DEVICE", "bob", 1)])
        self.assertEqual(pins.learn(self.batch, "bob", self.chain), [])
        self.assertEqual(pins.learn(self.batch, "bob", []), [])
        own = Batch(MemoryStorage())
        pins.learn(own, "bob", self.chain[:1], own=True)
        new = [Note("OWN_NEW_DEVICE", "bob", 1, LAPTOP.keys.device)]
        self.assertEqual(pins.learn(own, "bob", self.chain[1:2], own=True), new)

    def test_a_gap_is_refused(self) -> None:
        self.assertEqual(refused(lambda: pins.learn(self.batch, "bob", self.chain[2:])), "DEVLIST_CHAIN_BROKEN")
        self.assertEqual(pins.current(self.batch, "bob").version, 1)

    def test_hashes(self) -> None:
        pins.learn(self.batch, "bob", self.chain)
        pin = pins.find(self.batch, "bob")
        assert pin is not None
        self.assertEqual([pin.hash_of(version) is None for version in range(5)], [True, False, False, False, True])

    def test_another_key_stops_everything_until_somebody_decides(self) -> None:
        self.assertEqual(pins.learn(self.batch, "bob", chain(EVIL)), [Note("IDENTITY_CHANGED", "bob")])
        self.assertEqual(self.usable(), "IDENTITY_CHANGED")
        pins.learn(self.batch, "bob", self.chain)
        self.assertEqual(self.usable(), "IDENTITY_CHANGED")
        pins.accept(self.batch, "bob")
        self.assertEqual(self.usable(), "NO_E2EE_KEYS")
        self.assertEqual(pins.learn(self.batch, "bob", self.chain), [Note("IDENTITY_CHANGED", "bob")])

    def test_the_new_key_accepted(self) -> None:
        pins.learn(self.batch, "bob", chain(EVIL))
        pins.accept(self.batch, "bob")
        pins.learn(self.batch, "bob", chain(EVIL))
        self.assertEqual((self.usable(), pins.current(self.batch, "bob").uik), ("", EVIL.public))
        self.assertEqual(refused(lambda: pins.accept(self.batch, "bob")), "IDENTITY_CHANGED")

    def test_who_was_compared_is_compared_again(self) -> None:
        pins.compared(self.batch, "bob", BOB.public)
        pins.learn(self.batch, "bob", chain(EVIL))
        self.assertEqual(refused(lambda: pins.accept(self.batch, "bob")), "IDENTITY_CHANGED")
        self.assertEqual(refused(lambda: pins.compared(self.batch, "bob", b"x" * 32)), "IDENTITY_CHANGED")
        pins.compared(self.batch, "bob", EVIL.public)
        pins.learn(self.batch, "bob", chain(EVIL))
        pin = pins.find(self.batch, "bob")
        assert pin is not None
        self.assertEqual((self.usable(), pin.trust, pin.uik), ("", pins.VERIFIED, EVIL.public))

    def test_the_old_key_was_right(self) -> None:
        pins.learn(self.batch, "bob", chain(EVIL))
        pins.compared(self.batch, "bob", BOB.public)
        self.assertEqual((self.usable(), pins.current(self.batch, "bob").version), ("", 1))

    def test_a_forged_one_is_not_another_key(self) -> None:
        forged = EVIL.sign("devlist", b"nonsense")
        self.assertNotEqual(refused(lambda: pins.learn(self.batch, "bob", [forged.raw])), "")
        self.assertEqual(self.usable(), "")

    def test_a_fork(self) -> None:
        other = sign_list(BOB, "bob", None, [enter(LAPTOP, "bob", BOB.public)])
        self.assertEqual(pins.learn(self.batch, "bob", [other]), [Note("DEVLIST_FORK", "bob")])
        self.assertEqual(self.usable(), "DEVLIST_FORK")
        pins.resume(self.batch, "bob")
        pins.resume(self.batch, "nobody")
        self.assertEqual(self.usable(), "")

    def test_a_hidden_list(self) -> None:
        self.assertEqual(pins.hear(self.batch, "bob", 1, False), [])
        found = self.assertRaises(Behind, pins.hear, self.batch, "bob", 2, False)
        self.assertEqual((found.user, found.since), ("bob", 1))
        self.assertEqual(self.usable(), "")
        self.assertEqual(pins.hear(self.batch, "bob", 2, True), [Note("SERVER_HIDES_DEVLIST", "bob", 2)])
        self.assertEqual(self.usable(), "SERVER_HIDES_DEVLIST")
        pins.resume(self.batch, "bob")
        self.assertEqual(self.usable(), "")
        pins.hear(self.batch, "bob", 2, True)
        pins.learn(self.batch, "bob", self.chain[:2])
        self.assertEqual(self.usable(), "")
        self.assertEqual(pins.hear(self.batch, "carol", 2, False), [])
