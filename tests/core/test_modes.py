"""Modes: who may set them, and what they do."""

from __future__ import annotations

from chatd import messages as m
from tests.core.test_groups import GroupScene, changes


class Roles(GroupScene):
    """Owners, operators, members."""

    def test_only_owners_give_roles(self) -> None:
        self.refused("not-operator", self.bob, m.SetRole, "hw3", "bob", "owner")
        self.granted(self.alice, m.SetRole, "hw3", "bob", "op")
        self.refused("not-operator", self.bob, m.SetRole, "hw3", "bob", "owner")
        self.refused("not-operator", self.bob, m.SetRole, "hw3", "alice", "op")
        self.refused("not-a-member", self.carol, m.SetRole, "hw3", "carol", "owner")

    def test_a_new_role_is_told_to_everybody(self) -> None:
        self.granted(self.alice, m.SetRole, "hw3", "bob", "op")
        self.assertEqual(changes(self.bob), [("role", "bob", "alice", "op")])
        self.assertEqual(changes(self.alice), [("role", "bob", "alice", "op")])
        self.assertEqual(self.roles(), {"alice": "owner", "bob": "op"})

    def test_roles_are_known_words(self) -> None:
        for role in ("invited", "admins", "", "Owner", "o"):
            self.refused("not-allowed", self.alice, m.SetRole, "hw3", "bob", role)

    def test_only_members_have_roles(self) -> None:
        self.refused("user-not-in-group", self.alice, m.SetRole, "hw3", "carol", "op")
        self.refused("no-such-user", self.alice, m.SetRole, "hw3", "nobody", "op")
        self.granted(self.alice, m.Invite, "hw3", "carol")
        self.refused("user-not-in-group", self.alice, m.SetRole, "hw3", "carol", "op")
        self.granted(self.house.guest("gast"), m.Join, "hw3")
        self.granted(self.alice, m.SetRole, "hw3", "gast", "op")
        self.assertEqual(self.roles(), {"alice": "owner", "bob": "member", "carol": "invited", "gast": "op"})

    def test_the_only_owner_stays_one(self) -> None:
        self.refused("not-allowed", self.alice, m.SetRole, "hw3", "alice", "member")
        self.granted(self.alice, m.SetRole, "hw3", "bob", "owner")
        self.granted(self.alice, m.SetRole, "hw3", "alice", "member")
        self.assertEqual(self.roles(), {"alice": "member", "bob": "owner"})

    def test_the_same_role_again_is_no_loss(self) -> None:
        self.granted(self.alice, m.SetRole, "hw3", "alice", "owner")
        self.assertEqual(self.roles(), {"alice": "owner", "bob": "member"})


class Policies(GroupScene):
    """Announce-only, private, topic."""

    def test_members_do_not_change_policy(self) -> None:
        self.refused("not-operator", self.bob, m.SetPolicy, "hw3", True)
        self.refused("not-a-member", self.carol, m.SetPolicy, "hw3", True)

    def test_each_change_is_told_once(self) -> None:
        for wanted, told in (
            ((True, None), [("private", "alice", "alice")]),
            ((True, True), [("announce", "alice", "alice")]),
            ((False, False), [("open", "alice", "alice"), ("talk", "alice", "alice")]),
            ((None, None), []),
            ((False, False), []),
        ):
            self.granted(self.alice, m.SetPolicy, "hw3", *wanted)
            self.assertEqual(changes(self.bob), told)

    def test_in_an_announce_only_group_members_only_read(self) -> None:
        self.granted(self.alice, m.SetPolicy, "hw3", None, True)
        self.refused("moderated", self.bob, m.Send, "#hw3", b"1" * 16, "may I?")
        self.alice.send("#hw3", "no")
        self.assertEqual(self.bob.texts(), ["no"])
        self.granted(self.alice, m.SetRole, "hw3", "bob", "op")
        self.granted(self.bob, m.Send, "#hw3", b"2" * 16, "now I may")

    def test_made_private_it_disappears(self) -> None:
        self.granted(self.alice, m.SetPolicy, "hw3", True)
        self.assertNotIn("#hw3", self.groups(self.carol))
        self.refused("no-such-group", self.carol, m.Members, "hw3")
