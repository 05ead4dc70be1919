"""Verbs of order: bans and mutes with a time and a reason, codes, accounts, the class's list, draining."""

from __future__ import annotations

from chatd import messages as m
from tests.console.kit import ConsoleScene

LIST = "name,full_name,section,role\nalice,Alice A,one,staff\ndave,Dave D,one,student\n"


class OrderTests(ConsoleScene):
    """Two people."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")

    def test_a_time_and_a_reason(self) -> None:
        (row,) = self.rows('mute @alice 10m "one at a time"', "ta")
        self.assertEqual((row["who"], row["why"], row["by"]), ("alice", "one at a time", "the-ta"))
        self.assertNotEqual(row["until"], "for ever")
        (row,) = self.rows("ban bob because --for 2h --yes", "staff")
        self.assertEqual((row["why"], self.bob.over), ("because", True))
        self.assertEqual({row["kind"] for row in self.rows("bans")}, {"ban", "mute"})
        self.rows("unmute alice", "ta")
        self.rows("unban bob", "staff")
        self.assertEqual(self.rows("bans"), [])
        self.assertEqual(self.rows("mute alice 300 reasons")[0]["why"], "300 reasons")

    def test_networks_are_not_names(self) -> None:
        (row,) = self.rows("ban 198.51.100.0/24 --yes")
        self.assertIn("198.51.100.0/24", row["who"])

    def test_codes_are_shown_once_and_in_no_log(self) -> None:
        self.alice.ask(m.Join, "hw3")
        (row,) = self.rows("invite new --group hw3 --uses 3 --for 7d")
        self.assertEqual((row["uses"], row["for"]), (3, "#hw3"))
        self.assertNotIn(row["code"], self.audit.path.read_text())
        (listed,) = self.rows("invite list")
        self.assertNotIn(row["code"], str(listed))
        self.assertEqual(self.rows(f"invite revoke {row['identity']}")[0]["state"], "revoked")
        self.assertEqual(self.rows("user passwd @alice --token")[0]["for"], "alice")

    def test_accounts(self) -> None:
        self.assertIn("code", self.rows("user add erin --role ta")[0])
        self.rows("user role erin staff")
        self.assertEqual(self.rows("user show erin")[0]["role"], "staff")
        self.rows("user disable @bob 'left the class' --yes")
        self.assertTrue(self.bob.over)
        self.rows("user enable bob")
        self.assertEqual(self.rows("user rename bob bobby --yes")[0]["name"], "bobby")
        self.assertEqual(self.rows("user delete bobby --yes")[0]["deleted"], "bobby")
        self.assertEqual(self.answer("user show bobby").status, 5)

    def test_the_list_comes_by_the_standard_input(self) -> None:
        self.assertIn("ssh HOST roster sync", self.answer("roster sync").note)
        wrong = self.answer("roster sync --adopt", typed=LIST.replace("staff", "student"))
        self.assertEqual(wrong.status, 7)
        self.assertIn("nobody of role staff", str(wrong.rows))
        before = self.house.store.load()
        dry = self.answer("roster sync --dry-run --adopt", typed=LIST)
        self.assertEqual(self.house.store.load(), before)
        self.assertEqual(dry.status, 0, dry.note)
        self.assertTrue(any(row["who"] == "dave" for row in dry.rows), dry.rows)
        self.assertEqual(self.answer("roster sync --adopt", typed=LIST).status, 0)
        self.assertEqual(self.rows("user show dave")[0]["name"], "dave")
        self.assertIn("dave", [row["name"] for row in self.rows("roster codes")])
        self.assertNotIn("Dave D", self.audit.path.read_text())

    def test_draining_and_back(self) -> None:
        self.assertEqual(self.rows("drain --in 60s --say 'back at ten' --yes")[0]["state"], "announced")
        self.assertIn("back at ten", self.alice.last(m.Notice).text)
        self.assertEqual(self.rows("undrain")[0]["state"], "open")
        self.assertEqual(self.answer("undrain").status, 7)
        self.rows("shutdown --in 60s --yes")
        self.rows("undrain")
