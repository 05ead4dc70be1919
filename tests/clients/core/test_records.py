"""Tests of clients.core.records: the client knows how to keep each of them."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core import keeping, records


class RecordTests(SynchronousTestCase):
    """Every kind of record has its row."""

    def test_each_kind_can_be_kept(self) -> None:
        self.assertEqual(set(keeping._KEEPING), set(records.Record.__subclasses__()))
