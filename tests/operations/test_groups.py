"""Groups from outside: looked at, joined, left, led."""

from __future__ import annotations

from chatd import messages as m
from chatd.operations import groups
from chatd.operations.service import Refused
from tests.kit import state_of
from tests.operations.kit import StaffScene


class GroupTests(StaffScene):
    """Alice's group."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")
        self.alice.ask(m.Join, "hw3")

    def refused(self, code: str, *arguments: str) -> None:
        """An operation that may not be changes nothing."""
        name, *more = arguments
        before = state_of(self.house)
        with self.assertRaises(Refused) as caught:
            self.done(getattr(groups, name)(self.service, *more))
        self.assertEqual(caught.exception.code, code)
        self.assertEqual(state_of(self.house), before)

    def test_lists(self) -> None:
        self.alice.send("#hw3", "hello")
        found, count = groups.groups(self.service, "HW")
        self.assertEqual([(one.name, one.members, one.messages) for one in found], [("#hw3", 1, 1)])
        self.assertEqual((count, groups.groups(self.service)[1], len(groups.groups(self.service, "", 1)[0])), (1, 2, 1))
        group, members = groups.group(self.service, "hw3")
        self.assertEqual((group.topic, [(one.name, one.role) for one in members]), ("", [("alice", "owner")]))
        self.assertEqual(groups.group(self.service, "#lobby")[1], [])

    def test_put_in_and_told(self) -> None:
        self.bob.take()
        self.done(groups.add(self.service, "#hw3", "@bob"))
        self.assertEqual(self.bob.last(m.GroupInfo).position.conversation, "#hw3")
        self.assertEqual(self.alice.last(m.GroupChange).change, "joined")
        self.refused("already-in-group", "add", "#hw3", "bob")
        self.alice.send("#hw3", "hello")
        self.assertEqual(self.bob.texts(), ["hello"])

    def test_taken_out(self) -> None:
        self.done(groups.add(self.service, "#hw3", "bob"))
        self.done(groups.remove(self.service, "hw3", "@bob", "miller", "wrong section"))
        told = self.bob.last(m.GroupChange)
        self.assertEqual((told.change, told.text), ("kicked", "wrong section"))
        self.refused("user-not-in-group", "remove", "hw3", "bob", "miller", "")
        self.assertEqual(groups.group(self.service, "hw3")[0].members, 1)

    def test_roles(self) -> None:
        self.done(groups.add(self.service, "hw3", "bob"))
        for role in ("op", "voice", "owner", "member"):
            self.done(groups.set_role(self.service, "hw3", "bob", role, "miller"))
            self.assertEqual({one.name: one.role for one in groups.group(self.service, "hw3")[1]}["bob"], role)
        self.refused("not-allowed", "set_role", "hw3", "alice", "member", "miller")
        self.house.restart()
        self.assertEqual(self.house.node.hub.conversations.groups["#hw3"].size(), 2)

    def test_what_may_not_be(self) -> None:
        self.house.guest("gustav")
        self.refused("no-such-group", "add", "#hw4", "bob")
        self.refused("not-allowed", "add", "#lobby", "bob")
        self.refused("not-allowed", "add", "#hw3", "gustav")
        self.refused("user-not-in-group", "set_role", "#hw3", "bob", "op", "miller")
        self.assertRaises(Refused, groups.add, self.service, "#hw3", "zoe")
        with self.assertRaises(Refused) as caught:
            groups.group(self.service, "#hw")
        self.assertEqual(caught.exception.near, ["#hw3"])
