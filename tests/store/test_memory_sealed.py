"""The dicts about encryption: a commit that fails is undone in every one of them."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd.sealed import BackupSet, DeviceGone, GroupForgotten, GroupSigned, KeysMade, ListMade, MailAcknowledged
from chatd.store.interface import StoreError
from chatd.store.memory import MemoryStore
from tests.store.contract import PEOPLE
from tests.store.mail import letter, mail


class MemorySealedTests(SynchronousTestCase):
    """Beside what every store promises."""

    def test_all_is_undone(self) -> None:
        store = MemoryStore()
        store.commit([*PEOPLE, GroupSigned(b"g" * 16, 1, b"x"), KeysMade("phone", ((1, b"a"),), b"f")])
        store.commit([mail(1, letter(1, ("phone", 1), ("laptop", 1))), BackupSet(1, b"b")])
        before = store.load(), store.load_sealed(), store.read_mail("phone", 0, 9, 9)
        with self.assertRaises(StoreError):
            store.commit([
                MailAcknowledged("phone", 1), MailAcknowledged("laptop", 1), GroupForgotten(b"g" * 16),
                BackupSet(1, b""), DeviceGone("phone"), ListMade(1, 1, 1, b"l"), mail(2, letter(2, ("nobody", 1))),
            ])  # fmt: skip
        self.assertEqual((store.load(), store.load_sealed(), store.read_mail("phone", 0, 9, 9)), before)
        self.assertIsNone(store.sent_mail("tablet", (2).to_bytes(16, "big")))
