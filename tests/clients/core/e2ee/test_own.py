"""Tests of clients.core.e2ee.own: lists are the primary's to sign; keys go up once, and the same ones."""

from __future__ import annotations

import random

from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee import own, pins
from clients.core.e2ee.batch import Batch, MemoryStorage
from clients.core.e2ee.keys import Account
from clients.core.e2ee.prekeys import DAY, OneTimeKey
from clients.core.e2ee.refusals import Note
from clients.core.e2ee.signed import Signed, decode
from tests.clients.core.e2ee.kit import refused

ENTROPY = random.Random(1).randbytes
NOW = 100 * DAY


def keys_of(upload: own.Upload) -> list[OneTimeKey]:
    """What the blobs say."""
    return [decode(decode(blob, Signed).raw, OneTimeKey) for blob in upload.keys]


class OwnTests(SynchronousTestCase):
    """A primary and another device."""

    def setUp(self) -> None:
        self.storage = MemoryStorage()
        self.account = Account.make()
        batch = Batch(self.storage)
        self.first = own.begin(batch, "bob", self.account, ENTROPY)
        batch.commit()
        self.batch = Batch(self.storage)

    def test_begun(self) -> None:
        mine = own.myself(self.batch)
        self.assertEqual((mine.user, mine.device), ("bob", self.account.keys.device))
        self.assertEqual(own.account(self.batch).keys, self.account.keys)
        pin = pins.find(self.batch, "bob")
        assert pin is not None
        self.assertEqual((pin.uik, pin.chain, pin.trust), (mine.uik, [self.first], pins.VERIFIED))

    def test_another_device(self) -> None:
        other, storage = Account.make(), MemoryStorage()
        batch = Batch(storage)
        signed = own.join(batch, "bob", own.myself(self.batch).uik, other, ENTROPY)
        self.assertEqual(refused(lambda: own.revoke(batch, self.account.keys.device)), "DEVLIST_BAD_SIGNATURE")
        second, notes = own.enlist(self.batch, signed)
        self.assertEqual(notes, [Note("OWN_NEW_DEVICE", "bob", 1, other.keys.device)])
        self.assertEqual(own.lists_since(self.batch, 1), [second])
        pins.learn(batch, "bob", [self.first, second], own=True)
        self.assertIn(other.keys.device, pins.current(batch, "bob").devices)
        third, notes = own.revoke(self.batch, other.keys.device)
        self.assertEqual(notes, [Note("OWN_LOST_DEVICE", "bob", 1, other.keys.device)])
        self.assertEqual(list(pins.current(self.batch, "bob").devices), [self.account.keys.device])
        self.assertEqual(own.lists_since(self.batch, 0), [self.first, second, third])

    def test_another_device_believes_the_key_it_was_told_and_no_other(self) -> None:
        batch = Batch(MemoryStorage())
        own.join(batch, "bob", own.myself(self.batch).uik, Account.make(), ENTROPY)
        fake = own.begin(Batch(MemoryStorage()), "bob", Account.make(), ENTROPY)
        self.assertEqual(pins.learn(batch, "bob", [fake], own=True), [Note("OWN_KEY_CHANGED", "bob")])
        self.assertEqual(refused(lambda: pins.current(batch, "bob")), "NO_E2EE_KEYS")

    def test_a_device_of_somebody_else_is_not_listed(self) -> None:
        signed = own.join(Batch(MemoryStorage()), "eve", own.myself(self.batch).uik, Account.make(), ENTROPY)
        self.assertEqual(refused(lambda: own.enlist(self.batch, signed)), "DEVICE_NOT_SELF_SIGNED")

    def test_counter(self) -> None:
        self.assertEqual([own.count_up(self.batch), own.count_up(self.batch), own.count_up(self.batch, 9)], [1, 2, 9])

    def test_keys_go_up_as_they_are_until_the_server_has_them(self) -> None:
        upload = own.prepare_keys(self.batch, NOW, ENTROPY)
        self.assertEqual([key.key_id for key in keys_of(upload)], list(range(50)))
        self.assertIsNotNone(upload.fallback)
        self.batch.commit()
        again = Batch(MemoryStorage(self.storage.kept))
        self.assertEqual(own.prepare_keys(again, NOW + 5, ENTROPY, used=True), upload)
        own.keys_published(self.batch, ENTROPY)
        more = own.prepare_keys(self.batch, NOW + DAY, ENTROPY)
        self.assertEqual(([key.key_id for key in keys_of(more)], more.fallback), (list(range(50, 100)), None))

    def test_a_new_fallback_key_weekly_and_after_use(self) -> None:
        for now, used, expected in (
            (NOW, False, True),
            (NOW + 6 * DAY, False, False),
            (NOW + 7 * DAY, False, True),
            (NOW + 8 * DAY, True, True),
        ):
            upload = own.prepare_keys(self.batch, now, ENTROPY, used=used)
            own.keys_published(self.batch, ENTROPY)
            self.assertEqual(upload.fallback is not None, expected)

    def test_a_restored_disk_skips_the_ids_that_were_given_out(self) -> None:
        upload = own.prepare_keys(self.batch, NOW, ENTROPY, last_issued=120)
        ids = [key.key_id for key in keys_of(upload)]
        self.assertEqual((min(ids), len(ids) >= 29), (121, True))
        own.keys_published(self.batch, ENTROPY)
        self.assertEqual(own.prepare_keys(self.batch, NOW, ENTROPY, last_issued=2**60).keys, [])
