"""Tests of clients.core.e2ee.batch: all or nothing, and reading what was written."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee.batch import Batch, MemoryStorage
from tests.clients.core.e2ee.kit import refused


class BatchTests(SynchronousTestCase):
    """Rows."""

    def setUp(self) -> None:
        self.storage = MemoryStorage()

    def test_nothing_before_commit(self) -> None:
        batch = Batch(self.storage)
        batch.put("t", "a", 1)
        self.assertEqual((batch.get("t", "a", int), Batch(self.storage).get("t", "a", int)), (1, None))
        batch.commit()
        self.assertEqual(Batch(self.storage).get("t", "a", int), 1)

    def test_dropped_is_a_rollback(self) -> None:
        batch = Batch(self.storage)
        batch.put("t", "a", 1)
        batch.commit()
        other = Batch(self.storage)
        other.put("t", "a", 2)
        other.drop("t", "a")
        self.assertIsNone(other.raw("t", "a"))
        del other
        self.assertEqual(Batch(self.storage).get("t", "a", int), 1)

    def test_rows(self) -> None:
        batch = Batch(self.storage)
        for row in ("b/1", "a/1", "a/2"):
            batch.put("t", row, 1)
        batch.put("u", "a/3", 1)
        batch.commit()
        batch.drop("t", "a/1")
        batch.put("t", "a/0", 1)
        self.assertEqual(list(batch.rows("t", "a/")), ["a/0", "a/2"])
        batch.commit()
        self.assertEqual(self.storage.rows("t"), ["a/0", "a/2", "b/1"])
        self.assertEqual(MemoryStorage(self.storage.kept).kept, self.storage.kept)

    def test_a_row_of_another_kind_is_refused(self) -> None:
        batch = Batch(self.storage)
        batch.put("t", "a", "text")
        self.assertEqual(refused(lambda: batch.get("t", "a", int)), "STORE_TAMPERED")
