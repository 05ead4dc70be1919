"""Verbs about groups, announcements and mail."""

from __future__ import annotations

from chatd import messages as m
from tests.console.kit import ConsoleScene


class GroupTests(ConsoleScene):
    """Alice's group; carol is away."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob, carol = self.house.people("alice", "bob", "carol")
        carol.lose()
        self.alice.ask(m.Join, "hw3")

    def test_one_and_all(self) -> None:
        self.assertEqual([row["name"] for row in self.rows("group list")], ["#hw3", "#lobby"])
        self.assertEqual(self.rows("group show hw3")[0]["who"], "alice (owner)")
        self.assertEqual([row["role"] for row in self.rows("group show #hw3 --members")], ["owner"])

    def test_in_and_out_and_up(self) -> None:
        self.rows("group add hw3 @bob")
        self.rows("group role hw3 bob voice")
        self.assertEqual([row["role"] for row in self.rows("group show #hw3 --members")], ["owner", "voice"])
        self.rows("group remove hw3 bob wrong one --yes")
        self.assertEqual(self.bob.last(m.GroupChange).text, "wrong one")
        self.assertEqual(self.answer("group remove hw3 bob --yes").status, 5)

    def test_announcements(self) -> None:
        self.assertEqual(self.rows("announce the room is A12"), [{"heard-by": 2}])
        self.assertEqual(self.bob.last(m.Notice).text, "the room is A12")
        self.assertEqual(self.rows("announce --group hw3 only here"), [{"heard-by": 1}])
        self.assertTrue(self.rows("motd"))

    def test_mail(self) -> None:
        self.alice.send("@carol", "meet me at five")
        (box,) = self.rows("mailbox list")
        self.assertEqual((box["name"], box["unread"]), ("carol", 1))
        (letter,) = self.rows("mailbox show @carol")
        self.assertEqual((letter["from"], letter["bytes"]), ("alice", 15))
        self.assertNotIn("five", str(letter))
        self.assertEqual(self.answer("mailbox show bob").note, "Nothing waits for bob.")
