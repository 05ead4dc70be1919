"""The life of a message as staff see it."""

from __future__ import annotations

from chatd import messages as m
from chatd.operations import ledger
from chatd.operations.service import Refused
from tests.operations.kit import StaffScene

MARKER = "a marker that nobody but the two may read"


class LedgerTests(StaffScene):
    """A message between two people, and one in a group."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")
        self.identity = bytes.fromhex("0193f2aabbccddeeff00112233445566")
        self.alice.ask(m.Send, "@bob", self.identity, MARKER)
        self.alice.ask(m.Join, "#hw3")
        self.alice.ask(m.Send, "#hw3", b"\x01\x93" + b"x" * 14, MARKER)

    def test_by_id_and_by_place(self) -> None:
        self.bob.ack("dm:alice:bob", 1)
        for what in (self.identity.hex(), self.identity.hex()[:8], self.identity.hex()[:9], self.identity.hex().upper(),
                     "0193f2aa-bbcc-ddee-ff00-112233445566", "@alice:@bob:1", "bob:alice:1"):  # fmt: skip
            (life,) = self.done(ledger.explain(self.service, what))
            self.assertEqual(
                (life.conversation, life.seq, life.sender, life.size), ("dm:alice:bob", 1, "alice", len(MARKER))
            )
            self.assertEqual([(fate.name, fate.state) for fate in life.fates], [("bob", "acknowledged")])
            self.assertNotIn(MARKER, repr(life))
        (life,) = self.done(ledger.explain(self.service, "#HW3:1"))
        self.assertEqual(life.conversation, "#hw3")

    def test_what_is_not_there(self) -> None:
        for what in (
            "",
            "0193",
            "#nowhere:1",
            "#hw3:99",
            "#hw3:0",
            "@alice:@nobody:1",
            "x" * 500,
            "00000000",
            "#hw3:-1",
        ):
            with self.assertRaises(Refused):
                self.done(ledger.explain(self.service, what))
        self.house.person("carol")
        with self.assertRaises(Refused):
            self.done(ledger.explain(self.service, "@carol:@bob:1"))
