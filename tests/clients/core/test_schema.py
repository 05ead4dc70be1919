"""Tests of clients.core.schema: queries that people wait for go by an index."""

from __future__ import annotations

import sqlite3

from twisted.trial.unittest import SynchronousTestCase

from clients.core import schema


class SchemaTests(SynchronousTestCase):
    """The tables of a fresh database."""

    def setUp(self) -> None:
        self.db = sqlite3.connect(":memory:")
        self.addCleanup(self.db.close)
        for step in schema.STEPS:
            for statement in step:
                self.db.execute(statement)

    def plan(self, query: str) -> str:
        """How SQLite would answer it."""
        values = (1,) * query.count("?")
        return " ".join(row[3] for row in self.db.execute("EXPLAIN QUERY PLAN " + query, values))

    def test_by_an_index_and_in_its_order(self) -> None:
        newest = (schema.NEWEST, schema.LAST, schema.OWN)
        rows = (schema.READ_ROW, schema.NAMES.format("AND name < ?"), schema.NAMES.format(""))
        for query in (*newest, *rows):
            plan = self.plan(query)
            self.assertIn("USING", plan)
            self.assertNotIn("SCAN", plan)
            self.assertNotIn("TEMP", plan)
        for query in newest:
            self.assertIn("message_at", self.plan(query))
        self.assertIn("message_id", self.plan(schema.FIND_SAID))
        for query in rows[1:]:
            self.assertIn("COVERING", self.plan(query))
