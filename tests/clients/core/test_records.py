"""Tests of clients.core.records: the history knows how to keep each of them."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core import history, records


class RecordTests(SynchronousTestCase):
    """Every kind of record has its row."""

    def test_each_kind_can_be_kept(self) -> None:
        self.assertEqual(set(history._KEEPING), set(records.Record.__subclasses__()))
