"""Tests of clients.core.e2ee.store: a box opens in its own place only, and no pickle key serves twice."""

from __future__ import annotations

import random

from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee import store
from clients.core.e2ee.batch import Batch, MemoryStorage
from clients.core.e2ee.keys import Account, seal_box
from clients.core.e2ee.signed import encode
from clients.core.e2ee.store import Seal, SealedStorage
from tests.clients.core.e2ee.kit import refused

KEY, NONCE = b"k" * 32, b"n" * 12


def state(key: bytes) -> Seal:
    """The seal of what the ratchets are."""
    return Seal(key, "state", random.Random(1).randbytes)


class BoxTests(SynchronousTestCase):
    """One row."""

    def test_in_its_own_place_only(self) -> None:
        box = state(KEY).close("olm", "dev", b"plain")
        self.assertEqual(state(KEY).open("olm", "dev", box), b"plain")
        tampered = box[:-1] + bytes([box[-1] ^ 1])
        for key, table, row, bytes_ in (
            (b"x" * 32, "olm", "dev", box),
            (KEY, "mail", "dev", box),
            (KEY, "olm", "Dev", box),
            (KEY, "ol", "mdev", box),
            (KEY, "olm", "dev", tampered),
        ):
            self.assertEqual(refused(lambda at=(key, table, row, bytes_): state(at[0]).open(*at[1:])), "STORE_TAMPERED")  # type: ignore[misc]

    def test_the_version_is_in_it(self) -> None:
        for version, code in ((store.VERSION, ""), (store.VERSION + 1, "STORE_TAMPERED")):
            about = encode(["row", "olm", "dev", version])
            box = seal_box(store.subkey(KEY, "state"), NONCE, b"plain", about)
            self.assertEqual(refused(lambda sealed=box: state(KEY).open("olm", "dev", sealed)), code)  # type: ignore[misc]

    def test_wrapped(self) -> None:
        box = store.wrap(KEY, b"w" * 32, NONCE)
        self.assertEqual(store.unwrap(box, b"w" * 32), KEY)
        self.assertEqual(refused(lambda: store.unwrap(box, b"x" * 32)), "STORE_LOCKED")

    def test_a_key_for_each_purpose(self) -> None:
        self.assertEqual(len({store.subkey(KEY, purpose) for purpose in store.PURPOSES} | {KEY}), 4)
        self.assertRaises(AssertionError, store.subkey, KEY, "other")

    def test_purposes_do_not_open_each_other(self) -> None:
        box = state(KEY).close("t", "a", b"plain")
        self.assertEqual(state(KEY).open("t", "a", box), b"plain")
        other = Seal(KEY, "history", random.Random(1).randbytes)
        self.assertEqual(refused(lambda: other.open("t", "a", box)), "STORE_TAMPERED")


class PickleTests(SynchronousTestCase):
    """What vodozemac writes."""

    def test_a_fresh_key_each_time(self) -> None:
        account = Account.make()
        entropy = random.Random(1).randbytes
        one, other = store.pickled(account, entropy), store.pickled(account, entropy)
        self.assertNotEqual(one.key, other.key)
        self.assertNotEqual(one.sealed[:32], other.sealed[:32])
        self.assertEqual(store.unpickled(Account.unseal, one).keys, account.keys)
        mixed = store.Pickled(one.key, other.sealed)
        self.assertEqual(refused(lambda: store.unpickled(Account.unseal, mixed)), "STORE_TAMPERED")


class SealedStorageTests(SynchronousTestCase):
    """A whole storage."""

    def test_nothing_of_it_is_seen_on_the_disk(self) -> None:
        disk = MemoryStorage()
        sealed = SealedStorage(disk, state(KEY))
        batch = Batch(sealed)
        batch.put("history", "a", "CANARY")
        batch.put("history", "b", "gone")
        batch.commit()
        self.assertNotIn(b"CANARY", b"".join(disk.kept.values()))
        self.assertEqual(Batch(sealed).get("history", "a", str), "CANARY")
        batch.drop("history", "b")
        batch.commit()
        self.assertEqual((sealed.rows("history"), sealed.read("history", "b")), (["a"], None))
        disk.kept["history", "b"] = disk.kept["history", "a"]
        self.assertEqual(refused(lambda: sealed.read("history", "b")), "STORE_TAMPERED")
        for other in (SealedStorage(disk, state(b"x" * 32)), SealedStorage(disk, state(KEY), "2/")):
            self.assertEqual(refused(lambda storage=other: storage.read("history", "a")), "STORE_TAMPERED")  # type: ignore[misc]

    def test_changes_are_closed_without_being_written(self) -> None:
        disk = MemoryStorage()
        sealed = SealedStorage(disk, state(KEY), "1/")
        changes = sealed.sealed({("t", "a"): b"CANARY", ("t", "b"): None})
        self.assertEqual((changes["t", "b"], disk.kept), (None, {}))
        disk.write(changes)
        self.assertEqual(sealed.read("t", "a"), b"CANARY")
