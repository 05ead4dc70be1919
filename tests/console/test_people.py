"""Verbs about people: what each role sees."""

from __future__ import annotations

from chatd.console.people import address
from tests.console.kit import ConsoleScene, operator


class PeopleTests(ConsoleScene):
    """Two people."""

    def setUp(self) -> None:
        super().setUp()
        self.alice = self.house.person("alice", host="198.51.100.7")
        self.bob = self.house.person("bob")

    def test_who_and_more_of_it(self) -> None:
        self.assertEqual([row["name"] for row in self.rows("who")], ["alice", "bob"])
        self.assertEqual([row["name"] for row in self.rows("who ali")], ["alice"])
        (row,) = self.rows("who alice --verbose")
        self.assertEqual((row["from"], row["sessions"], row["nick"]), ("198.51.100.7", 1, "alice"))
        self.assertIn("1 of 2", self.answer("who --most 1").note)

    def test_addresses_as_the_role_may_see_them(self) -> None:
        for role, seen in (("ta", ""), ("staff", "198.51.*"), ("admin", "198.51.100.7")):
            self.assertEqual(self.rows("who alice --verbose", role)[0]["from"], seen)
        self.assertEqual(address(operator("staff"), "2001:db8:1:2::3"), "2001:db8:1:*")
        self.assertEqual(self.rows("sessions alice", "staff")[0]["from"], "198.51.*")

    def test_accounts(self) -> None:
        (row,) = self.rows("user show @alice", "ta")
        self.assertEqual((row["name"], row["role"], row["password"]), ("alice", "student", False))
        self.assertEqual([row["name"] for row in self.rows("user list")], ["alice", "bob"])

    def test_kick(self) -> None:
        self.assertEqual(self.rows("kick @alice 'off you go' --yes"), [{"kicked": "alice", "sessions": 1}])
        self.assertTrue(self.alice.over)
        self.assertEqual(self.rows("sessions alice"), [])
