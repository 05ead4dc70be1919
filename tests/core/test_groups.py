"""Groups: who may do what, what everybody hears of it, and that a refusal changes nothing."""

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


class Joining(GroupScene):
    """Join if it exists, make it if not."""

    def test_first_makes_it_second_joins(self) -> None:
        made = self.granted(self.carol, m.Join, "fresh")
        assert isinstance(made, m.GroupInfo)
        self.assertEqual((made.created, made.members, made.position.role), (True, 1, "owner"))
        joined = self.granted(self.bob, m.Join, "fresh")
        assert isinstance(joined, m.GroupInfo)
        self.assertEqual((joined.created, joined.members, joined.position.role), (False, 2, "member"))

    def test_joining_is_told_to_those_inside_once(self) -> None:
        self.carol.ask(m.Join, "hw3")
        self.assertEqual(changes(self.alice), [("joined", "carol")])
        self.assertEqual(changes(self.bob), [("joined", "carol")])
        self.assertEqual(changes(self.carol), [])

    def test_joining_twice_changes_nothing(self) -> None:
        info = self.granted(self.bob, m.Join, "hw3")
        assert isinstance(info, m.GroupInfo)
        self.assertEqual((info.created, info.members), (False, 2))
        self.assertEqual(changes(self.alice), [])

    def test_other_letters_are_the_same_group(self) -> None:
        for name in ("HW3", "#Hw3", "  hw3 ", "#hw3"):
            info = self.granted(self.bob, m.Join, name)
            assert isinstance(info, m.GroupInfo)
            self.assertEqual((info.position.conversation, info.created), ("#hw3", False), name)

    def test_look_alike_is_refused(self) -> None:
        self.granted(self.alice, m.Join, "hello")
        self.refused("name-taken", self.bob, m.Join, "he11o")
        self.refused("name-taken", self.bob, m.Join, "l0bby")

    def test_bad_names_are_refused(self) -> None:
        for name in ("", "#", "two words", "x" * 200, "\x1b[2J", "pаypal", "a\nb", "##x"):
            self.refused("bad-name", self.carol, m.Join, name)

    def test_without_create_an_unknown_group_is_refused_with_near_names(self) -> None:
        failed = self.refused("no-such-group", self.carol, m.Join, "hw4", False)
        self.assertEqual(failed.near, ["#hw3"])

    def test_guests_join_open_groups_but_make_none(self) -> None:
        guest = self.house.guest("gast")
        self.refused("guest", guest, m.Join, "fresh")
        info = self.granted(guest, m.Join, "hw3")
        assert isinstance(info, m.GroupInfo)
        self.assertEqual(info.members, 3)
        guest.send("#hw3", "hello from a guest")
        self.assertEqual(self.bob.texts(), ["hello from a guest"])

    def test_groups_of_one_account_are_limited(self) -> None:
        self.house = House(limits=Limits(groups=2))
        alice, bob = self.house.people("alice", "bob")
        for name in ("a1", "b2"):
            self.granted(alice, m.Join, name)
        self.refused("too-many-groups", alice, m.Join, "c3")
        self.granted(bob, m.Join, "d4")
        self.refused("too-many-groups", alice, m.Join, "d4")
        self.granted(alice, m.Leave, "a1")
        self.granted(alice, m.Join, "d4")

    def test_too_many_new_groups_wait(self) -> None:
        self.house = House(limits=Limits(groups_made_burst=3, groups_made_per_hour=20))
        (alice,) = self.house.people("alice")
        for name in ("a1", "b2", "c3"):
            self.granted(alice, m.Join, name)
        failed = self.refused("rate-limited", alice, m.Join, "d4")
        self.assertAlmostEqual(failed.retry, 180, delta=1)
        self.house.advance(failed.retry)
        self.granted(alice, m.Join, "d4")

    def test_too_many_joins_wait(self) -> None:
        self.house = House(limits=Limits(joins_burst=2, joins_per_minute=60))
        alice, bob = self.house.people("alice", "bob")
        for name in ("a1", "b2", "c3"):
            self.granted(alice, m.Join, name)
        for name in ("a1", "b2"):
            self.granted(bob, m.Join, name)
        failed = self.refused("rate-limited", bob, m.Join, "c3")
        self.house.advance(failed.retry)
        self.granted(bob, m.Join, "c3")

    def test_nothing_is_made_on_a_full_disk(self) -> None:
        self.house.node.hub.full = True
        self.refused("storage-full", self.carol, m.Join, "fresh")

    def test_the_lobby_is_joined_always(self) -> None:
        info = self.granted(self.carol, m.Join, "lobby")
        assert isinstance(info, m.GroupInfo)
        self.assertEqual((info.position.conversation, info.created, info.members), ("#lobby", False, 3))
        self.assertEqual(changes(self.alice), [])

    def test_membership_outlives_the_server(self) -> None:
        self.granted(self.alice, m.SetRole, "hw3", "bob", "op")
        self.granted(self.alice, m.SetTopic, "hw3", "due on friday")
        self.granted(self.alice, m.SetPolicy, "hw3", True, True)
        self.granted(self.alice, m.Invite, "hw3", "carol")
        self.house.restart()
        alice = self.alice.again()
        self.assertEqual(self.roles(alice), {"alice": "owner", "bob": "op", "carol": "invited"})
        summary = self.groups(alice)["#hw3"]
        self.assertEqual(summary, m.GroupSummary("#hw3", 2, True, True, True, "due on friday"))

    def test_all_devices_of_an_account_are_in(self) -> None:
        self.granted(self.bob, m.SetPassword, "correct horse")
        second = self.house.greeted()
        second.link("bob", "correct horse")
        self.granted(second, m.Join, "other")
        second.take()
        self.alice.ask(m.Join, "other")
        self.alice.send("#other", "to both")
        self.assertEqual((self.bob.texts(), second.texts()), (["to both"], ["to both"]))


class Private(GroupScene):
    """Private groups are entered by invitation and seen by nobody else."""

    def setUp(self) -> None:
        super().setUp()
        self.granted(self.alice, m.Join, "staff", private=True)
        for peer in (self.alice, self.bob, self.carol):
            peer.take()

    def test_strangers_do_not_see_it(self) -> None:
        self.assertNotIn("#staff", self.groups(self.bob))
        for kind, more in (
            (m.Members, ()), (m.Leave, ()), (m.Invite, ("carol",)), (m.Kick, ("alice",)), (m.History, ()),
            (m.SetRole, ("bob", "owner")), (m.SetPolicy, (False,)), (m.SetTopic, ("x",)), (m.Join, (False,)),
        ):  # fmt: skip
            failed = self.refused("no-such-group", self.bob, kind, "#staff", *more)
            self.assertEqual(failed.near, [])
        self.refused("no-such-group", self.bob, m.Send, "#staff", b"1" * 16, "let me in")

    def test_strangers_do_not_get_in(self) -> None:
        self.refused("name-taken", self.bob, m.Join, "staff")

    def test_it_is_not_among_the_groups_of_a_person(self) -> None:
        self.bob.ask(m.Whois, "alice")
        self.assertEqual(self.bob.last(m.Person).groups, ["#hw3"])
        self.alice.ask(m.Whois, "alice")
        self.assertEqual(self.alice.last(m.Person).groups, ["#hw3", "#staff"])

    def test_invited_is_told_and_may_come_or_not(self) -> None:
        self.granted(self.alice, m.Invite, "staff", "bob")
        notice = self.bob.last(m.Notice)
        self.assertEqual((notice.code, notice.text), ("invited", "alice invites you to #staff: /join #staff"))
        self.refused("not-a-member", self.bob, m.Send, "#staff", b"1" * 16, "not yet in")
        self.alice.send("#staff", "before bob")
        self.assertEqual(self.bob.texts(), [])
        info = self.granted(self.bob, m.Join, "staff")
        assert isinstance(info, m.GroupInfo)
        self.assertEqual((info.created, info.members, info.position.private), (False, 2, True))
        self.alice.send("#staff", "with bob")
        self.assertEqual(self.bob.texts(), ["with bob"])

    def test_invitation_waits_for_somebody_away(self) -> None:
        self.bob.lose()
        self.granted(self.alice, m.Invite, "staff", "bob")
        self.house.restart()
        bob = self.bob.again()
        bob.ask(m.Join, "staff")
        self.assertEqual(bob.last(m.GroupInfo).position.role, "member")

    def test_invited_twice_is_one_invitation(self) -> None:
        self.granted(self.alice, m.Invite, "staff", "bob")
        self.granted(self.alice, m.Invite, "staff", "bob")
        self.assertEqual(self.roles(group="staff"), {"alice": "owner", "bob": "invited"})

    def test_members_of_a_private_group_may_not_invite(self) -> None:
        self.granted(self.alice, m.Invite, "staff", "bob")
        self.granted(self.bob, m.Join, "staff")
        self.refused("not-allowed", self.bob, m.Invite, "staff", "carol")
        self.granted(self.alice, m.SetRole, "staff", "bob", "op")
        self.granted(self.bob, m.Invite, "staff", "carol")

    def test_invitation_is_taken_back(self) -> None:
        self.granted(self.alice, m.Invite, "staff", "bob")
        self.granted(self.alice, m.Kick, "staff", "bob")
        self.refused("no-such-group", self.bob, m.Join, "staff", False)
        self.assertEqual(self.roles(group="staff"), {"alice": "owner"})

    def test_what_was_said_before_stays_hidden_from_whoever_comes(self) -> None:
        for text in ("one", "two"):
            self.alice.send("#staff", text)
        self.granted(self.alice, m.Invite, "staff", "bob")
        self.granted(self.bob, m.Join, "staff")
        self.alice.send("#staff", "three")
        self.bob.take()
        self.bob.ask(m.History, "#staff")
        page = self.bob.last(m.Page)
        self.assertEqual(([x.text for x in page.messages], page.more), (["three"], False))
        self.assertEqual(self.bob.again().texts(), ["three"])

    def test_an_acknowledgement_opens_nothing_older(self) -> None:
        for text in ("one", "two"):
            self.alice.send("#staff", text)
        self.granted(self.alice, m.Invite, "staff", "bob")
        self.granted(self.bob, m.Join, "staff")
        self.bob.ack("#staff", 1)
        self.assertEqual(self.bob.again().texts(), [])
        self.house.restart()
        self.assertEqual(self.bob.again().texts(), [])

    def test_invited_again_after_being_put_out_sees_nothing_of_the_meantime(self) -> None:
        self.granted(self.alice, m.Invite, "staff", "bob")
        self.granted(self.bob, m.Join, "staff")
        self.granted(self.alice, m.Kick, "staff", "bob")
        self.alice.send("#staff", "about bob")
        self.granted(self.alice, m.Invite, "staff", "bob")
        self.granted(self.bob, m.Join, "staff")
        self.alice.send("#staff", "welcome back")
        self.assertEqual(self.bob.texts(), ["welcome back"])
        self.assertEqual(self.bob.again().texts(), ["welcome back"])

    def test_guests_are_not_invited(self) -> None:
        self.house.guest("gast")
        self.refused("guest", self.alice, m.Invite, "staff", "gast")

    def test_members_and_unknown_names_are_not_invited(self) -> None:
        self.granted(self.alice, m.Invite, "staff", "bob")
        self.granted(self.bob, m.Join, "staff")
        self.refused("not-allowed", self.alice, m.Invite, "staff", "bob")
        self.refused("not-allowed", self.alice, m.Invite, "staff", "alice")
        self.assertEqual(self.refused("no-such-user", self.alice, m.Invite, "staff", "caro").near, ["carol"])

    def test_invitations_of_one_account_wait(self) -> None:
        self.house = House(limits=Limits(invitations_burst=1, invitations_per_hour=60))
        alice, _, _ = self.house.people("alice", "bob", "carol")
        self.granted(alice, m.Join, "staff", private=True)
        self.granted(alice, m.Invite, "staff", "bob")
        failed = self.refused("rate-limited", alice, m.Invite, "staff", "carol")
        self.house.advance(failed.retry)
        self.granted(alice, m.Invite, "staff", "carol")

    def test_members_of_an_open_group_may_invite(self) -> None:
        self.granted(self.bob, m.Invite, "hw3", "carol")
        self.assertEqual(self.carol.last(m.Notice).code, "invited")


class Roles(GroupScene):
    """Owners, operators, members."""

    def test_only_owners_give_roles(self) -> None:
        self.refused("not-allowed", self.bob, m.SetRole, "hw3", "bob", "owner")
        self.granted(self.alice, m.SetRole, "hw3", "bob", "op")
        self.refused("not-allowed", self.bob, m.SetRole, "hw3", "bob", "owner")
        self.refused("not-a-member", self.carol, m.SetRole, "hw3", "carol", "owner")

    def test_a_new_role_is_told_to_everybody(self) -> None:
        self.granted(self.alice, m.SetRole, "hw3", "bob", "op")
        self.assertEqual(changes(self.bob), [("role", "bob", "alice", "op")])
        self.assertEqual(changes(self.alice), [("role", "bob", "alice", "op")])
        self.assertEqual(self.roles(), {"alice": "owner", "bob": "op"})

    def test_roles_are_three(self) -> None:
        for role in ("invited", "admin", "", "Owner"):
            self.refused("not-allowed", self.alice, m.SetRole, "hw3", "bob", role)

    def test_only_members_have_roles(self) -> None:
        self.refused("no-such-user", self.alice, m.SetRole, "hw3", "carol", "op")
        self.refused("no-such-user", self.alice, m.SetRole, "hw3", "nobody", "op")
        self.granted(self.alice, m.Invite, "hw3", "carol")
        self.refused("not-allowed", self.alice, m.SetRole, "hw3", "carol", "op")
        self.granted(self.house.guest("gast"), m.Join, "hw3")
        self.refused("not-allowed", self.alice, m.SetRole, "hw3", "gast", "op")

    def test_the_only_owner_stays_one(self) -> None:
        self.refused("not-allowed", self.alice, m.SetRole, "hw3", "alice", "member")
        self.granted(self.alice, m.SetRole, "hw3", "bob", "owner")
        self.granted(self.alice, m.SetRole, "hw3", "alice", "member")
        self.assertEqual(self.roles(), {"alice": "member", "bob": "owner"})

    def test_the_same_role_again_is_no_loss(self) -> None:
        self.granted(self.alice, m.SetRole, "hw3", "alice", "owner")
        self.assertEqual(self.roles(), {"alice": "owner", "bob": "member"})


class Kicking(GroupScene):
    """Who may remove whom."""

    def test_operators_and_owners_kick(self) -> None:
        self.granted(self.carol, m.Join, "hw3")
        self.refused("not-allowed", self.bob, m.Kick, "hw3", "carol")
        self.granted(self.alice, m.SetRole, "hw3", "bob", "op")
        self.bob.take()
        self.carol.take()
        self.granted(self.bob, m.Kick, "hw3", "carol")
        self.assertEqual(changes(self.carol), [("kicked", "carol", "bob")])
        self.assertEqual(self.roles(), {"alice": "owner", "bob": "op"})
        self.refused("not-a-member", self.carol, m.Send, "#hw3", b"1" * 16, "hey")
        self.alice.send("#hw3", "she is gone")
        self.assertEqual((self.bob.texts(), self.carol.texts()), (["she is gone"], []))

    def test_operators_do_not_kick_owners(self) -> None:
        self.granted(self.alice, m.SetRole, "hw3", "bob", "op")
        self.refused("not-allowed", self.bob, m.Kick, "hw3", "alice")

    def test_owners_kick_owners(self) -> None:
        self.granted(self.alice, m.SetRole, "hw3", "bob", "owner")
        self.granted(self.bob, m.Kick, "hw3", "alice")
        self.assertEqual(self.roles(self.bob), {"bob": "owner"})

    def test_nobody_kicks_themselves_or_strangers(self) -> None:
        self.refused("not-allowed", self.alice, m.Kick, "hw3", "alice")
        self.refused("no-such-user", self.alice, m.Kick, "hw3", "carol")
        self.assertEqual(self.refused("no-such-user", self.alice, m.Kick, "hw3", "bobb").near, ["bob"])
        self.refused("not-a-member", self.carol, m.Kick, "hw3", "bob")

    def test_kicked_while_away_does_not_hear_more(self) -> None:
        self.bob.lose()
        self.alice.send("#hw3", "waiting for bob")
        self.granted(self.alice, m.Kick, "hw3", "bob")
        self.assertEqual(self.bob.again().texts(), [])

    def test_kicked_guest_is_out(self) -> None:
        guest = self.house.guest("gast")
        self.granted(guest, m.Join, "hw3")
        self.granted(self.alice, m.Kick, "hw3", "gast")
        self.alice.send("#hw3", "gone")
        self.assertEqual(guest.texts(), [])
        guest.lose()
        self.assertEqual(self.roles(), {"alice": "owner", "bob": "member"})


class Leaving(GroupScene):
    """Going, and who owns the group then."""

    def test_leaving_is_told_to_the_others(self) -> None:
        self.assertIsInstance(self.granted(self.bob, m.Leave, "hw3"), m.Done)
        self.assertEqual(changes(self.alice), [("left", "bob")])
        self.assertEqual(changes(self.bob), [])
        self.alice.send("#hw3", "alone")
        self.assertEqual(self.bob.texts(), [])
        self.refused("not-a-member", self.bob, m.Leave, "hw3")

    def test_the_other_devices_of_whoever_leaves_hear_it(self) -> None:
        self.granted(self.bob, m.SetPassword, "correct horse")
        second = self.house.greeted()
        second.link("bob", "correct horse")
        second.take()
        self.granted(self.bob, m.Leave, "hw3")
        self.assertEqual(changes(second), [("left", "bob")])
        self.alice.send("#hw3", "alone")
        self.assertEqual(second.texts(), [])

    def test_unknown_and_foreign_groups_are_not_left(self) -> None:
        self.refused("not-a-member", self.carol, m.Leave, "hw3")
        self.assertEqual(self.refused("no-such-group", self.carol, m.Leave, "hw33").near, ["#hw3"])

    def test_the_longest_serving_member_inherits(self) -> None:
        self.granted(self.carol, m.Join, "hw3")
        self.bob.take()
        self.granted(self.alice, m.Leave, "hw3")
        self.assertEqual(changes(self.bob), [("left", "alice"), ("role", "bob", "owner")])
        self.assertEqual(self.roles(self.bob), {"bob": "owner", "carol": "member"})

    def test_an_operator_goes_before_members(self) -> None:
        self.granted(self.carol, m.Join, "hw3")
        self.granted(self.alice, m.SetRole, "hw3", "carol", "op")
        self.granted(self.alice, m.Leave, "hw3")
        self.assertEqual(self.roles(self.bob), {"bob": "member", "carol": "owner"})

    def test_a_second_owner_is_enough(self) -> None:
        self.granted(self.carol, m.Join, "hw3")
        self.granted(self.alice, m.SetRole, "hw3", "carol", "owner")
        self.granted(self.alice, m.Leave, "hw3")
        self.assertEqual(self.roles(self.bob), {"bob": "member", "carol": "owner"})

    def test_guests_and_invited_ones_inherit_nothing(self) -> None:
        guest = self.house.guest("gast")
        self.granted(guest, m.Join, "hw3")
        self.granted(self.alice, m.Invite, "hw3", "carol")
        self.granted(self.bob, m.Leave, "hw3")
        self.granted(self.alice, m.Leave, "hw3")
        self.assertEqual(self.roles(self.bob), {"gast": "member", "carol": "invited"})

    def test_inheritance_outlives_the_server(self) -> None:
        self.granted(self.alice, m.Leave, "hw3")
        self.house.restart()
        self.assertEqual(self.roles(self.bob.again()), {"bob": "owner"})

    def test_whoever_enters_an_empty_group_owns_it(self) -> None:
        self.granted(self.bob, m.Leave, "hw3")
        self.granted(self.alice, m.Leave, "hw3")
        self.assertEqual(self.groups(self.carol)["#hw3"].members, 0)
        self.granted(self.carol, m.Join, "hw3")
        self.assertEqual(self.roles(self.carol), {"carol": "owner"})
        self.house.restart()
        self.assertEqual(self.roles(self.carol.again()), {"carol": "owner"})

    def test_a_guest_alone_does_not_own_it(self) -> None:
        guest = self.house.guest("gast")
        self.granted(guest, m.Join, "hw3")
        self.granted(self.bob, m.Leave, "hw3")
        self.granted(self.alice, m.Leave, "hw3")
        self.granted(self.carol, m.Join, "hw3")
        self.assertEqual(self.roles(self.carol), {"gast": "member", "carol": "owner"})

    def test_a_guest_who_goes_is_no_longer_a_member(self) -> None:
        guest = self.house.guest("gast")
        self.granted(guest, m.Join, "hw3")
        self.assertIn("gast", self.roles())
        guest.lose()
        self.assertNotIn("gast", self.roles())
        self.assertEqual(self.groups(self.carol)["#hw3"].members, 2)

    def test_rejoining_does_not_bring_the_meantime(self) -> None:
        self.granted(self.bob, m.Leave, "hw3")
        self.alice.send("#hw3", "without bob")
        self.granted(self.bob, m.Join, "hw3")
        self.alice.send("#hw3", "with bob")
        self.assertEqual(self.bob.texts(), ["with bob"])
        self.assertEqual(self.bob.again().texts(), ["with bob"])


class Policies(GroupScene):
    """Announce-only, private, topic."""

    def test_members_do_not_change_policy(self) -> None:
        self.refused("not-allowed", self.bob, m.SetPolicy, "hw3", True)
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
        self.refused("announce-only", self.bob, m.Send, "#hw3", b"1" * 16, "may I?")
        self.alice.send("#hw3", "no")
        self.assertEqual(self.bob.texts(), ["no"])
        self.granted(self.alice, m.SetRole, "hw3", "bob", "op")
        self.granted(self.bob, m.Send, "#hw3", b"2" * 16, "now I may")

    def test_made_private_it_disappears(self) -> None:
        self.granted(self.alice, m.SetPolicy, "hw3", True)
        self.assertNotIn("#hw3", self.groups(self.carol))
        self.refused("no-such-group", self.carol, m.Members, "hw3")

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
        self.refused("not-allowed", self.bob, m.SetTopic, "hw3", "mine")
        self.granted(self.bob, m.SetTopic, "hw3")
        self.granted(self.alice, m.SetTopic, "hw3", "ours")


class TheLobby(GroupScene):
    """Everybody's group."""

    def test_it_is_nobodys_to_change(self) -> None:
        self.refused("not-allowed", self.alice, m.Leave, "lobby")
        self.refused("not-allowed", self.alice, m.SetPolicy, "lobby", True)
        self.refused("not-allowed", self.alice, m.SetTopic, "lobby", "mine")
        self.refused("not-allowed", self.alice, m.SetRole, "lobby", "alice", "owner")
        self.refused("not-allowed", self.alice, m.Kick, "lobby", "bob")
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
