"""What became of a message, and reports: the one text is the one that was handed over."""

from __future__ import annotations

from chatd import moderation as o
from tests.console.kit import ConsoleScene


class MessageTests(ConsoleScene):
    """Bob has read, carol has not."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob, self.carol = self.house.people("alice", "bob", "carol")
        self.carol.lose()
        self.alice.send("@bob", "first words", b"0123456789abcdef")
        self.alice.send("@carol", "other words", b"fedcba9876543210")

    def test_explained_step_by_step(self) -> None:
        rows = self.rows("message explain @alice:@bob:1", "staff")
        self.assertEqual(rows[0]["what"], "accepted")
        self.assertIn("bob", [row["who"] for row in rows])
        self.assertEqual(
            self.rows(f"message explain {b'fedcba9876543210'.hex()}")[0]["message"], b"fedcba9876543210".hex()
        )
        self.assertNotIn("words", str(rows))
        self.assertEqual(self.answer("message explain @alice:@bob:99").status, 5)
        self.assertEqual(self.answer("message explain nonsense").status, 7)

    def test_reports(self) -> None:
        self.assertEqual(self.rows("reports list"), [])
        seq = self.bob.read()[-1].seq  # type: ignore[union-attr]
        self.bob.ask(o.Report, "@alice", seq, "alice", "first words", "rude")
        self.house.commit()
        found = self.rows("reports list")
        self.assertEqual([(row["by"], row["about"], row["state"]) for row in found], [("bob", "alice", "open")])
        number = found[0]["report"]
        shown = self.rows(f"reports show {number}")[0]
        self.assertEqual((shown["reported-text"], shown["log"]), ("first words", "same"))
        self.assertEqual(self.rows(f"reports take {number}")[0]["taken-by"], "the-admin")
        self.assertEqual(self.rows(f"reports close {number} talked to both")[0]["state"], "closed")
        self.assertEqual(self.answer("reports show 99").status, 5)
