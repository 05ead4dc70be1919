"""The store of plain dicts keeps the promises of every store."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd.store.interface import Store
from chatd.store.memory import MemoryStore
from tests.store.contract import StoreContract
from tests.store.mail import MailContract
from tests.store.past import PastContract


class MemoryStoreTests(StoreContract, PastContract, MailContract, SynchronousTestCase):
    """One suite, every back end."""

    def make(self) -> Store:
        return MemoryStore()
