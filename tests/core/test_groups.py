"""Groups: what they are, who sees what of them, and that a refusal changes nothing."""

from __future__ import annotations

from chatd import messages as m
from chatd.core.limits import Limits
from tests.kit import House, Peer, Scene


def changes(peer: Peer) -> list[tuple[str, ...]]:
    """What somebody heard of groups since the last time: change, whom it concerns, who did it, text."""
    events = [event for event in peer.take() if isinstance(event, m.GroupChange)]
    return [tuple(part for part in (e.change, e.name, e.by, e.text) if part) for e in events]


class GroupScene(Scene):
    """Alice owns #hw3, Bob is a member, Carol is not."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob, self.carol = self.house.people("alice", "bob", "carol")
        self.alice.ask(m.Join, "hw3")
        self.bob.ask(m.Join, "#hw3")
        for peer in (self.alice, self.bob, self.carol):
            peer.take()

    def roles(self, asker: Peer | None = None, group: str = "hw3") -> dict[str, str]:
        """Who is what in the group."""
        asker = asker or self.alice
        asker.ask(m.Members, group)
        roles = {member.name: member.role for member in asker.last(m.MemberList).members}
        asker.take()
        return roles

    def groups(self, asker: Peer) -> dict[str, m.GroupSummary]:
        """What somebody sees of groups."""
        asker.ask(m.Groups)
        listed = {group.group: group for group in asker.last(m.GroupList).groups}
        asker.take()
        return listed


class Topics(GroupScene):
    """The topic."""

    def test_topic_is_set_told_and_asked_for(self) -> None:
        info = self.granted(self.alice, m.SetTopic, "hw3", "due on friday")
        assert isinstance(info, m.GroupInfo)
        self.assertEqual((info.position.topic, info.created), ("due on friday", False))
        self.assertEqual(changes(self.bob), [("topic", "alice", "alice", "due on friday")])
        asked = self.granted(self.bob, m.SetTopic, "hw3")
        assert isinstance(asked, m.GroupInfo)
        self.assertEqual(asked.position.topic, "due on friday")
        self.assertEqual((asked.position.topic_by, asked.position.topic_at), ("alice", int(self.house.wall() * 1000)))
        self.assertEqual(changes(self.alice), [])
        self.granted(self.alice, m.SetTopic, "hw3", "")
        self.assertEqual(self.groups(self.bob)["#hw3"].topic, "")

    def test_topic_is_for_members_and_has_a_limit(self) -> None:
        self.refused("not-a-member", self.carol, m.SetTopic, "hw3", "spam")
        self.refused("not-a-member", self.carol, m.SetTopic, "hw3")
        self.refused("text-too-long", self.alice, m.SetTopic, "hw3", "x" * 391)
        self.granted(self.alice, m.SetTopic, "hw3", "x" * 390)

    def test_topic_is_for_staff(self) -> None:
        self.refused("not-operator", self.bob, m.SetTopic, "hw3", "mine")
        self.granted(self.bob, m.SetTopic, "hw3")
        self.granted(self.alice, m.SetTopic, "hw3", "ours")


class TheLobby(GroupScene):
    """Everybody's group."""

    def test_it_is_nobodys_to_change(self) -> None:
        self.refused("not-allowed", self.alice, m.Leave, "lobby")
        self.refused("not-operator", self.alice, m.SetPolicy, "lobby", True)
        self.refused("not-operator", self.alice, m.SetTopic, "lobby", "mine")
        self.refused("not-allowed", self.alice, m.SetRole, "lobby", "alice", "owner")
        self.refused("not-operator", self.alice, m.Kick, "lobby", "bob")
        self.refused("not-allowed", self.alice, m.Invite, "lobby", "bob")

    def test_who_is_there(self) -> None:
        self.bob.lose()
        self.assertEqual(self.roles(group="lobby"), {"alice": "member", "carol": "member"})
        summary = self.groups(self.alice)["#lobby"]
        self.assertEqual((summary.members, summary.joined), (2, True))

    def test_staff_keep_order_in_it(self) -> None:
        self.house.node.hub.users.find("alice").role = "staff"
        self.granted(self.alice, m.SetTopic, "lobby", "welcome")
        self.assertEqual(changes(self.bob), [("topic", "alice", "alice", "welcome")])
        for kind, more in ((m.Kick, ("bob",)), (m.SetRole, ("bob", "op")), (m.SetPolicy, (True,)), (m.Leave, ())):
            self.alice.take()
            self.alice.ask(kind, "lobby", *more)
            self.assertIn(self.alice.code(), ("no-such-user", "not-allowed"))


class Lists(GroupScene):
    """What one sees of groups."""

    def test_own_groups_first(self) -> None:
        for name in ("zoo", "abc"):
            self.granted(self.carol, m.Join, name)
        self.alice.ask(m.Groups)
        listed = [(group.group, group.joined) for group in self.alice.last(m.GroupList).groups]
        self.assertEqual(listed, [("#hw3", True), ("#lobby", True), ("#abc", False), ("#zoo", False)])

    def test_members_with_role_and_state(self) -> None:
        self.granted(self.alice, m.Away, "lunch")
        self.bob.lose()
        self.carol.ask(m.Members, "hw3")
        listed = [(x.name, x.role, x.state) for x in self.carol.last(m.MemberList).members]
        self.assertEqual(listed, [("alice", "owner", "away"), ("bob", "member", "offline")])

    def test_unknown_group(self) -> None:
        self.assertEqual(self.refused("no-such-group", self.carol, m.Members, "hw").near, ["#hw3"])

    def test_lists_are_cut(self) -> None:
        self.house = House(limits=Limits(list_length=2))
        people = self.house.people("alice", "bob", "carol", "dave")
        people[0].ask(m.Who)
        answer = people[0].last(m.WhoList)
        self.assertEqual((len(answer.people), answer.count), (2, 4))
        people[0].ask(m.Members, "lobby")
        self.assertEqual(len(people[0].last(m.MemberList).members), 2)
