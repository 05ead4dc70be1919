"""Coming into groups and going out: who may, what everybody hears of it, and who owns the group then."""

from __future__ import annotations

from chatd import messages as m
from chatd import people as p
from chatd.core.hub import Hub
from chatd.core.limits import Limits
from chatd.entries import ConversationClosed
from tests.core.test_groups import ELSEWHERE, GroupScene, changes
from tests.kit import House


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

    def test_guests_join_open_groups(self) -> None:
        guest = self.house.guest("gast")
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
        alice = self.house.person("alice", ELSEWHERE)
        for name in ("a1", "b2", "c3"):
            self.granted(alice, m.Join, name)
        failed = self.refused("rate-limited", alice, m.Join, "d4")
        self.assertAlmostEqual(failed.retry, 180, delta=1)
        self.house.advance(failed.retry)
        self.granted(alice, m.Join, "d4")

    def test_too_many_joins_wait(self) -> None:
        self.house = House(limits=Limits(joins_burst=2, joins_per_minute=60))
        alice, bob = self.house.person("alice"), self.house.person("bob", ELSEWHERE)
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
        now = int(self.house.wall() * 1000)
        self.assertEqual(summary, m.GroupSummary("#hw3", 2, True, True, True, "due on friday", now, now, 1))

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
        self.refused("invite-only", self.bob, m.Join, "staff")

    def test_it_is_not_among_the_groups_of_a_person(self) -> None:
        self.bob.ask(m.Whois, "alice")
        self.assertEqual(self.bob.last(m.Person).groups, ["#hw3"])
        self.alice.ask(m.Whois, "alice")
        self.assertEqual(self.alice.last(m.Person).groups, ["#hw3", "#staff"])

    def test_invited_is_told_and_may_come_or_not(self) -> None:
        self.granted(self.alice, m.Invite, "staff", "bob")
        notice = self.bob.last(m.Notice)
        self.assertEqual((notice.code, notice.text), ("invited", "alice invites you to #staff: /join #staff"))
        self.assertEqual(changes(self.bob), [("invited", "bob", "alice")])
        self.refused("no-external", self.bob, m.Send, "#staff", b"1" * 16, "not yet in")
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
        self.refused("not-operator", self.bob, m.Invite, "staff", "carol")
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

    def test_guests_are_invited_for_as_long_as_they_are_here(self) -> None:
        guest = self.house.guest("gast")
        self.granted(self.alice, m.Invite, "staff", "gast")
        self.assertEqual(self.roles(group="staff"), {"alice": "owner", "gast": "invited"})
        guest.lose()
        self.assertEqual(self.roles(group="staff"), {"alice": "owner"})
        guest = self.house.guest("gast")
        self.refused("invite-only", guest, m.Join, "staff")
        self.granted(self.alice, m.Invite, "staff", "gast")
        self.granted(guest, m.Join, "staff")
        guest.lose()
        self.assertEqual(self.roles(group="staff"), {"alice": "owner"})
        self.assertEqual(self.house.node.hub.conversations.asked, {})

    def test_members_and_unknown_names_are_not_invited(self) -> None:
        self.granted(self.alice, m.Invite, "staff", "bob")
        self.granted(self.bob, m.Join, "staff")
        self.refused("already-in-group", self.alice, m.Invite, "staff", "bob")
        self.refused("already-in-group", self.alice, m.Invite, "staff", "alice")
        self.assertEqual(self.refused("no-such-user", self.alice, m.Invite, "staff", "caro").near, ["carol"])

    def test_invitations_of_one_account_wait(self) -> None:
        self.house = House(limits=Limits(invitations_burst=1, invitations_per_hour=60))
        self.house.people("bob", "carol")
        alice = self.house.person("alice", ELSEWHERE)
        self.granted(alice, m.Join, "staff", private=True)
        self.granted(alice, m.Invite, "staff", "bob")
        failed = self.refused("rate-limited", alice, m.Invite, "staff", "carol")
        self.house.advance(failed.retry)
        self.granted(alice, m.Invite, "staff", "carol")

    def test_members_of_an_open_group_may_invite(self) -> None:
        self.granted(self.bob, m.Invite, "hw3", "carol")
        self.assertEqual(self.carol.last(m.Notice).code, "invited")


class Kicking(GroupScene):
    """Who may remove whom."""

    def test_operators_and_owners_kick(self) -> None:
        self.granted(self.carol, m.Join, "hw3")
        self.refused("not-operator", self.bob, m.Kick, "hw3", "carol")
        self.granted(self.alice, m.SetRole, "hw3", "bob", "op")
        self.bob.take()
        self.carol.take()
        self.granted(self.bob, m.Kick, "hw3", "carol")
        self.assertEqual(changes(self.carol), [("kicked", "carol", "bob")])
        self.assertEqual(self.roles(), {"alice": "owner", "bob": "op"})
        self.refused("no-external", self.carol, m.Send, "#hw3", b"1" * 16, "hey")
        self.alice.send("#hw3", "she is gone")
        self.assertEqual((self.bob.texts(), self.carol.texts()), (["she is gone"], []))

    def test_operators_do_not_kick_owners(self) -> None:
        self.granted(self.alice, m.SetRole, "hw3", "bob", "op")
        self.refused("not-operator", self.bob, m.Kick, "hw3", "alice")

    def test_owners_kick_owners(self) -> None:
        self.granted(self.alice, m.SetRole, "hw3", "bob", "owner")
        self.granted(self.bob, m.Kick, "hw3", "alice")
        self.assertEqual(self.roles(self.bob), {"bob": "owner"})

    def test_nobody_kicks_themselves_or_strangers(self) -> None:
        self.refused("not-allowed", self.alice, m.Kick, "hw3", "alice")
        self.refused("user-not-in-group", self.alice, m.Kick, "hw3", "carol")
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
        self.assertEqual(self.roles(guest), {"gast": "member", "carol": "invited"})
        self.assertEqual(self.roles(self.bob), {"gast": "member"})

    def test_inheritance_outlives_the_server(self) -> None:
        self.granted(self.alice, m.Leave, "hw3")
        self.house.restart()
        self.assertEqual(self.roles(self.bob.again()), {"bob": "owner"})

    def test_a_group_ends_with_its_last_member(self) -> None:
        self.alice.send("#hw3", "old")
        self.granted(self.bob, m.Leave, "hw3")
        self.granted(self.alice, m.Leave, "hw3")
        self.assertEqual(list(self.groups(self.carol)), ["#lobby"])
        made = self.granted(self.carol, m.Join, "hw3")
        assert isinstance(made, m.GroupInfo)
        self.assertEqual((made.created, made.position.head), (True, 0))
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


class TheEnd(GroupScene):
    """A group ends with its last member; its name is free, its number is not."""

    def names(self) -> list[str]:
        """The groups there are, in memory and on disk."""
        groups = sorted(self.house.node.hub.conversations.groups)
        stored = sorted(record.key for record in self.house.store.load().conversations if record.key)
        self.assertEqual(groups, stored)
        self.assertEqual(len(self.house.node.hub.group_skeletons), len(groups))
        return groups

    def test_when_the_last_one_leaves(self) -> None:
        self.granted(self.alice, m.Leave, "hw3")
        self.assertEqual(self.names(), ["#hw3", "#lobby"])
        self.granted(self.bob, m.Leave, "hw3")
        self.assertEqual(self.names(), ["#lobby"])
        self.house.restart()
        self.assertEqual(self.names(), ["#lobby"])

    def test_when_only_invited_ones_are_left(self) -> None:
        self.granted(self.alice, m.Join, "other")
        self.granted(self.alice, m.Invite, "other", "carol")
        self.granted(self.alice, m.Leave, "other")
        self.assertEqual(self.names(), ["#hw3", "#lobby"])
        made = self.granted(self.carol, m.Join, "other")
        assert isinstance(made, m.GroupInfo)
        self.assertTrue(made.created)

    def test_what_was_known_of_it_is_no_more(self) -> None:
        self.granted(self.carol, m.Join, "hw3")
        self.carol.send("#hw3", "hello")
        for peer in (self.alice, self.bob, self.carol):
            self.granted(peer, m.Leave, "hw3")
        self.refused("no-such-group", self.carol, m.Send, "#hw3", b"1" * 16, "hello?")
        made = self.granted(self.alice, m.Join, "hw3")
        assert isinstance(made, m.GroupInfo)
        self.assertEqual((made.created, made.position.head, made.position.role), (True, 0, "owner"))
        self.refused("no-external", self.carol, m.Send, "#hw3", b"1" * 16, "hello?")
        self.granted(self.carol, m.Join, "hw3")
        self.carol.send("#hw3", "hello again")
        self.assertEqual(self.alice.texts(), ["hello again"])

    def test_in_one_segment(self) -> None:
        self.bob.tell(
            m.Join(1, "fresh"), m.Send(2, "#fresh", b"1" * 16, "one"), m.Leave(3, "fresh"), m.Join(4, "fresh"),
            m.Send(5, "#fresh", b"2" * 16, "two"), m.History(6, "#fresh"),
        )  # fmt: skip
        (page,) = self.bob.of(m.Page)
        self.assertEqual([message.text for message in page.messages], ["two"])
        self.assertEqual([info.created for info in self.bob.of(m.GroupInfo)], [True, True])
        self.assertEqual([accepted.seq for accepted in self.bob.of(m.Accepted)], [1, 1])

    def test_numbers_are_not_given_again(self) -> None:
        self.granted(self.carol, m.Join, "newest")
        self.carol.send("#newest", "hello")
        self.granted(self.carol, m.Leave, "newest")
        self.house.restart()
        carol = self.carol.again()
        made = self.granted(carol, m.Join, "newest")
        assert isinstance(made, m.GroupInfo)
        self.assertEqual(made.position.head, 0)

    def test_while_it_was_read(self) -> None:
        for number in range(3):
            self.bob.send("#hw3", str(number))
        self.alice.lose()
        self.house.reader.slow = True
        self.bob.send("#hw3", "3")
        alice = self.alice.again()
        self.granted(self.bob, m.Leave, "hw3")
        alice.ask(m.Leave, "hw3")
        self.house.commit()
        self.assertEqual(alice.texts(), [])
        self.assertEqual(self.names(), ["#lobby"])


class Guests(GroupScene):
    """Guests make groups; nothing is kept of them."""

    def setUp(self) -> None:
        super().setUp()
        self.guest = self.house.guest("gast")

    def test_they_are_operators_of_what_they_make(self) -> None:
        made = self.granted(self.guest, m.Join, "party")
        assert isinstance(made, m.GroupInfo)
        self.assertEqual((made.created, made.position.role), (True, "op"))
        self.granted(self.house.guest("visitor"), m.Join, "party")
        self.granted(self.guest, m.Kick, "party", "visitor")
        self.granted(self.guest, m.SetTopic, "party", "cake")
        self.assertEqual(self.roles(self.alice, "party"), {"gast": "op"})
        self.assertEqual({member.user for member in self.house.store.load().members}, {1, 2})

    def test_the_group_goes_with_them(self) -> None:
        self.granted(self.guest, m.Join, "party")
        self.guest.lose()
        self.assertNotIn("#party", self.groups(self.alice))
        self.assertEqual([c.name for c in self.house.store.load().conversations], ["#lobby", "#hw3"])

    def test_or_with_the_server(self) -> None:
        self.granted(self.guest, m.Join, "party")
        self.granted(self.guest, m.Invite, "party", "carol")
        directory = self.house.store.load()
        number = next(c.conversation for c in directory.conversations if c.name == "#party")
        self.assertEqual(Hub.first_entries(directory, 7), [ConversationClosed(number)])
        self.house.restart()
        self.assertNotIn("#party", self.groups(self.alice.again()))
        self.assertEqual(Hub.first_entries(self.house.store.load(), 7), [])

    def test_it_stays_while_an_account_is_in_it(self) -> None:
        self.granted(self.guest, m.Join, "party")
        joined = self.granted(self.carol, m.Join, "party")
        assert isinstance(joined, m.GroupInfo)
        self.assertEqual(joined.position.role, "member")
        self.assertEqual(changes(self.guest), [("joined", "carol")])
        self.guest.lose()
        self.house.restart()
        self.assertEqual(self.roles(self.carol.again(), "party"), {"carol": "owner"})

    def test_a_voiced_guest_who_puts_owners_out_leaves_one(self) -> None:
        self.granted(self.guest, m.Join, "hw3")
        self.granted(self.alice, m.SetRole, "hw3", "gast", "owner")
        self.granted(self.guest, m.Kick, "hw3", "alice")
        self.assertEqual(self.roles(self.guest), {"gast": "owner", "bob": "owner"})

    def test_their_groups_are_counted(self) -> None:
        self.house = House(limits=Limits(groups=2, groups_made_burst=3))
        guest = self.house.guest("gast", ELSEWHERE)
        for name in ("a1", "b2"):
            self.granted(guest, m.Join, name)
        self.refused("too-many-groups", guest, m.Join, "c3")
        self.granted(guest, m.Leave, "a1")
        self.granted(guest, m.Join, "c3")
        self.granted(guest, m.Leave, "c3")
        self.refused("rate-limited", guest, m.Join, "d4")


class SeveralSessions(GroupScene):
    """What one session of a person does, the others hear."""

    def setUp(self) -> None:
        super().setUp()
        self.granted(self.bob, m.SetPassword, "correct horse")
        self.phone = self.house.greeted()
        self.phone.link("bob", "correct horse")
        self.phone.take()
        self.bob.take()

    def test_joining(self) -> None:
        info = self.granted(self.phone, m.Join, "other")
        (told,) = self.bob.take()
        assert isinstance(told, m.GroupInfo) and isinstance(info, m.GroupInfo)
        self.assertEqual((told.ref, told.position, told.created), (0, info.position, False))
        again = self.granted(self.phone, m.Join, "other")
        assert isinstance(again, m.GroupInfo)
        self.assertEqual((again.already, info.already, self.bob.take()), (True, False, []))

    def test_leaving(self) -> None:
        self.granted(self.phone, m.Leave, "hw3", "enough")
        self.assertEqual(changes(self.bob), [("left", "bob", "enough")])
        self.assertEqual(changes(self.phone), [])

    def test_gone_before_the_answer(self) -> None:
        self.house.writer.slow = True
        self.phone.tell(m.Join(1, "other"), m.Leave(2, "other"))
        self.house.commit()
        self.assertEqual([type(event) for event in self.phone.take()], [m.GroupInfo, m.Done])
        self.assertEqual([type(event) for event in self.bob.take()], [])

    def test_leaving_everything(self) -> None:
        self.granted(self.bob, m.Join, "other")
        for peer in (self.alice, self.bob, self.phone):
            peer.take()
        self.granted(self.bob, p.LeaveAll)
        left = [("left", "bob"), ("left", "bob")]
        self.assertEqual([changes(self.bob), changes(self.phone), changes(self.alice)], [left, left, left[1:]])
        self.assertNotIn("#other", self.groups(self.alice))
        self.granted(self.bob, p.LeaveAll)
