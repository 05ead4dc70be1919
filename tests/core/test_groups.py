"""Groups: what they are, who sees what of them, and that a refusal changes nothing."""

from __future__ import annotations

from chatd import messages as m
from chatd import moderation as mod
from chatd.core.limits import Limits
from tests.kit import House, Peer, Scene

ELSEWHERE = "192.0.2.7"  # on this machine nobody is limited


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

    def test_a_group_in_a_list(self) -> None:
        made = int(self.house.wall() * 1000)
        self.bob.lose()
        self.house.advance(5)
        self.granted(self.alice, m.SetTopic, "hw3", "due")
        summary = self.groups(self.carol)["#hw3"]
        self.assertEqual((summary.created, summary.topic_at, summary.members, summary.present),
                         (made, made + 5000, 2, 1))  # fmt: skip

    def test_secret_ones_are_for_members(self) -> None:
        self.granted(self.alice, mod.SetModes, "hw3", [mod.ModeChange(True, "s")])
        self.assertEqual((list(self.groups(self.carol)), "#hw3" in self.groups(self.bob)), (["#lobby"], True))
        self.refused("no-such-group", self.carol, m.Members, "hw3")
        self.refused("no-such-group", self.carol, m.Join, "hw3", False)
        self.granted(self.carol, m.Join, "hw3")


class Renaming(GroupScene):
    """Another name for the same group."""

    def test_everything_stays_but_the_name(self) -> None:
        self.alice.send("#hw3", "one")
        self.granted(self.alice, mod.Rename, "hw3", "Homework", "it is the last one")
        for peer in (self.alice, self.bob):
            (told,) = peer.of(mod.Renamed)
            self.assertEqual((told.group, told.name, told.by, told.reason),
                             ("#hw3", "#Homework", "alice", "it is the last one"))  # fmt: skip
            self.assertTrue(told.at and told.id)
        self.refused("no-such-group", self.bob, m.Send, "#hw3", b"1" * 16, "hm")
        self.granted(self.bob, m.Send, "#homework", b"1" * 16, "two")
        for _ in range(2):
            self.assertEqual(self.roles(self.alice, "homework"), {"alice": "owner", "bob": "member"})
            page = self.granted(self.alice, m.History, "#homework")
            assert isinstance(page, m.Page)
            self.assertEqual([message.text for message in page.messages], ["one", "two"])
            self.house.restart()
            self.alice, self.bob = self.alice.again(), self.bob.again()

    def test_the_old_name_is_free_and_the_new_one_is_not(self) -> None:
        self.granted(self.alice, mod.Rename, "hw3", "hw4")
        made = self.granted(self.carol, m.Join, "hw3")
        assert isinstance(made, m.GroupInfo)
        self.assertTrue(made.created)
        self.refused("name-taken", self.carol, mod.Rename, "hw3", "HW4")
        self.refused("name-taken", self.carol, mod.Rename, "hw3", "hw3")
        self.refused("name-taken", self.carol, mod.Rename, "hw3", "l0bby")
        self.refused("bad-name", self.carol, mod.Rename, "hw3", "two words")

    def test_other_letters_of_the_same_name(self) -> None:
        self.granted(self.alice, mod.Rename, "hw3", "HW3")
        self.assertEqual(list(self.groups(self.alice)), ["#HW3", "#lobby"])
        self.granted(self.bob, m.Send, "#hw3", b"1" * 16, "still there")

    def test_it_is_for_operators(self) -> None:
        self.refused("not-operator", self.bob, mod.Rename, "hw3", "hw4")
        self.refused("not-a-member", self.carol, mod.Rename, "hw3", "hw4")
        self.house.node.hub.users.find("alice").role = "staff"
        self.refused("not-allowed", self.alice, mod.Rename, "lobby", "hall")

    def test_what_was_on_its_way_arrives_under_the_old_name(self) -> None:
        self.house.writer.slow = True
        self.bob.send("#hw3", "before")
        self.house.settle()
        self.alice.tell(mod.Rename(1, "hw3", "hw4"), m.Send(2, "#hw4", b"1" * 16, "after"))
        self.house.commit()
        heard = [(e.conversation, e.text) for e in self.alice.of(m.Message)]
        self.assertEqual(heard, [("#hw3", "before")])
        told = [event for event in self.bob.take() if isinstance(event, (m.Accepted, m.Message, mod.Renamed))]
        self.assertEqual([type(event) for event in told], [m.Accepted, mod.Renamed, m.Message])
        self.assertEqual(told[-1].conversation, "#hw4")  # type: ignore[union-attr]

    def test_new_names_are_counted_like_new_groups(self) -> None:
        self.house = House(limits=Limits(groups_made_burst=2))
        alice = self.house.person("alice", ELSEWHERE)
        self.granted(alice, m.Join, "hw3")
        self.granted(alice, mod.Rename, "hw3", "hw4")
        self.refused("rate-limited", alice, mod.Rename, "hw4", "hw5")


class Reasons(GroupScene):
    """Why somebody goes."""

    def test_it_is_told(self) -> None:
        self.granted(self.alice, m.Kick, "hw3", "bob", "too loud")
        self.assertEqual(changes(self.bob), [("kicked", "bob", "alice", "too loud")])

    def test_it_has_a_limit(self) -> None:
        for kind, *more in ((m.Leave,), (m.Kick, "bob"), (mod.Rename, "hw4")):
            self.refused("text-too-long", self.alice, kind, "hw3", *more, "x" * 391)

    def test_it_is_in_the_past_and_the_events_say_where(self) -> None:
        self.granted(self.carol, m.Join, "hw3")
        self.granted(self.carol, m.Leave, "hw3", "bye")
        events = [event for event in self.bob.take() if isinstance(event, m.GroupChange)]
        self.assertEqual([event.change for event in events], ["joined", "left"])
        self.assertTrue(all(event.at and len(event.id) == 16 for event in events))
