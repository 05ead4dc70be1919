"""Tests of clients.core.secure.doors: groups found by their names, on a real node: who comes in, who does not."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption as e
from chatd import messages as m
from clients.core import notices as n
from tests.clients.core.secure.liar import Target, Town


class DoorCase(SynchronousTestCase):
    """Alice, bob and carol."""

    def setUp(self) -> None:
        self.town = Town("alice", "bob", "carol")
        self.alice, self.bob, self.carol = self.town.people

    def live(self) -> None:
        """A little time."""
        self.town.live(3)

    def forget(self) -> None:
        """All that was shown."""
        for person in self.town.people:
            person.face.notices.clear()

    def both(self) -> None:
        """Alice has made a group, and bob has come into it."""
        self.alice.enter("/group hw1")
        self.bob.enter("/group hw1")
        self.live()
        self.forget()

    def groups(self, person: Target) -> list[str]:
        """The groups that somebody is in, but the lobby."""
        return [talk.to for talk in person.app.view().talks if talk.to not in ("#lobby",) and talk.to[0] == "#"]

    def joined(self, person: Target) -> list[tuple[str, bool]]:
        """Which groups somebody was told to have come into, and whether they made it."""
        found = [one.event for one in person.face.take(n.Answered)]
        return [(it.position.conversation, it.created) for it in found if isinstance(it, m.GroupInfo)]

    def goes(self, person: Target) -> None:
        """Somebody's program ends."""
        person.app.ended = True
        person.wire.cut()

    def returns(self, person: Target) -> Target:
        """The next start of it."""
        after = person.again().come()
        self.alice, self.bob, self.carol, *_ = self.town.people
        return after

    def talk(self) -> None:
        """Everybody says something, and everybody hears it."""
        self.forget()
        for person in self.town.people:
            person.enter(f"/group hw1 {person.name} speaks")
        self.live()
        for person in self.town.people:
            others = sorted(f"{one.name} speaks" for one in self.town.people if one is not person)
            self.assertEqual((person.name, sorted(text for text, _ in person.texts())), (person.name, others))

    def nothing_open(self, *words: str) -> None:
        """The server has made no group, and has heard neither name nor text."""
        for person in self.town.people:
            self.assertEqual([one for one in person.wire.sent if isinstance(one, m.Join | m.Send)], [])
            for word in ("hw1", "HW1", "speaks", *words):
                self.assertEqual(person.wire.leaks(word), [])


class ComingIn(DoorCase):
    """Who types a name."""

    def test_the_first_makes_it_and_the_others_come_in(self) -> None:
        self.alice.enter("/group hw1")
        self.live()
        self.assertEqual((self.joined(self.alice), self.alice.codes()), ([("#hw1", True)], ["GROUP_NAMED"]))
        self.bob.enter("/join #HW1")
        self.live()
        self.assertEqual(self.bob.codes(), [])
        self.assertEqual(list(map(str.lower, self.groups(self.bob))), ["#hw1"])
        self.assertEqual([name.lower() for name, _ in self.joined(self.bob)], ["#hw1"])
        self.assertEqual([(it.event.change, it.event.name) for it in self.alice.face.take(n.Changed)],
                         [("joined", "bob")])  # fmt: skip
        self.carol.enter("/group hw1")
        self.live()
        self.assertEqual([(it.event.change, it.event.name) for it in self.bob.face.take(n.Changed)],
                         [("joined", "carol")])  # fmt: skip
        self.assertEqual([it.event.name for it in self.alice.face.take(n.Changed)], ["carol"])
        self.talk()
        self.assertEqual([person.codes() for person in self.town.people], [[], [], []])
        self.nothing_open()

    def test_two_at_once_make_one(self) -> None:
        self.alice.app.enter("/group hw1")
        self.bob.app.enter("/group hw1")
        self.carol.app.enter("/group hw1")
        self.live()
        self.assertEqual([self.groups(person) for person in self.town.people], [["#hw1"]] * 3)
        self.assertEqual(len(self.town.house.node.hub.sealed.circles.by_gid), 1)
        self.talk()
        self.nothing_open()

    def test_a_class_at_once(self) -> None:
        for number in range(12):
            self.town.move_in(f"pupil{number}")
        for person in self.town.people:
            person.app.enter("/group hw1")
        self.town.live(6)
        self.assertEqual([self.groups(person) for person in self.town.people], [["#hw1"]] * 15)
        self.talk()
        self.nothing_open()

    def test_any_member_lets_in(self) -> None:
        self.both()
        self.goes(self.alice)
        self.carol.enter("/group hw1")
        self.live()
        self.assertEqual(self.groups(self.carol), ["#hw1"])
        self.alice = self.returns(self.alice)
        self.live()
        self.talk()

    def test_nobody_is_there_and_it_works_later(self) -> None:
        self.alice.enter("/group hw1")
        self.goes(self.alice)
        self.bob.enter("/group hw1")
        self.live()
        self.assertEqual((self.bob.codes(), self.groups(self.bob)), (["GROUP_ASKED"], []))
        self.bob.enter("/group hw1 is anybody there?")
        self.assertEqual(self.bob.codes(), [])
        self.town.live(20)
        self.assertEqual(self.bob.codes(), ["GROUP_WAITING"])
        self.bob.enter("/group hw1 is anybody there?")
        self.assertEqual(self.bob.codes(), ["GROUP_WAITING"])
        self.goes(self.bob)
        self.alice = self.returns(self.alice)
        self.live()
        self.forget()
        self.bob = self.returns(self.bob)
        self.live()
        self.assertEqual((self.bob.codes(), self.groups(self.bob)), (["GROUP_LET_IN"], ["#hw1"]))
        self.town.people.remove(self.carol)
        self.talk()
        self.nothing_open("is anybody there?")

    def test_who_left_comes_in_again(self) -> None:
        self.both()
        self.carol.enter("/group hw1")
        self.live()
        self.carol.enter("/group hw1 before", "/part hw1")
        self.live()
        self.assertEqual(self.groups(self.carol), [])
        self.carol.enter("/group hw1")
        self.live()
        self.assertEqual(self.groups(self.carol), ["#hw1"])
        self.talk()
        self.assertEqual([person.codes() for person in self.town.people], [[], [], []])

    def test_what_somebody_said_before_they_left_comes_to_who_was_away(self) -> None:
        self.both()
        self.goes(self.bob)
        self.carol.enter("/group hw1")
        self.live()
        self.alice.enter("/group hw1 farewell", "/part hw1")
        self.live()
        self.carol.enter("/group hw1 and me", "/part hw1")
        self.live()
        self.bob = self.returns(self.bob)
        self.live()
        self.assertEqual(([text for text, _ in self.bob.texts()], self.bob.codes()), (["farewell", "and me"], []))
        self.assertEqual(self.members(self.bob), ["bob"])

    def test_what_was_typed_while_away_is_not_for_who_was_removed_meanwhile(self) -> None:
        self.both()
        self.carol.enter("/group hw1")
        self.live()
        self.alice.enter("/group hw1 hello")
        self.bob.enter("/group hw1 hello")
        self.live()
        self.bob.wire.cut()
        self.bob.app.enter("/group hw1 behind carol's back")
        self.bob.wire.lies[e.Mail] = lambda mail: []  # nobody's word of it comes before he speaks
        self.alice.enter("/kick hw1 carol")
        self.forget()
        self.town.live(30)
        self.assertEqual([text for text, _ in self.alice.texts()], ["behind carol's back"])
        self.assertEqual(self.carol.texts(), [])
        said = [one for one in self.bob.wire.sent if isinstance(one, e.PutMail)][-1]
        self.assertNotIn("carol", [name for item in said.items for name, _ in item.to])

    def test_asked_no_longer(self) -> None:
        self.alice.enter("/group hw1")
        self.goes(self.alice)
        self.bob.enter("/group hw1")
        self.live()
        self.bob.enter("/part hw1", "/part hw1")
        self.assertEqual(self.bob.codes(), ["GROUP_ASKED", "GROUP_WITHDRAWN"])
        self.alice = self.returns(self.alice)
        self.live()
        self.assertEqual((self.groups(self.bob), self.alice.face.take(n.Changed)), ([], []))

    def test_it_ends_before_one_is_in(self) -> None:
        self.alice.enter("/group hw1", "/ignore bob")
        self.bob.enter("/group hw1")
        self.live()
        self.goes(self.bob)
        self.alice.enter("/part hw1")
        self.bob = self.returns(self.bob)
        self.assertEqual(self.bob.codes(), ["GROUP_GONE"])
        self.bob.enter("/group hw1")
        self.assertEqual(self.joined(self.bob), [("#hw1", True)])

    def test_an_open_group_is_joined_as_one(self) -> None:
        self.alice.enter("/group --open Essay")
        self.bob.enter("/group essay")
        self.assertEqual(self.joined(self.bob), [("#Essay", False)])
        [talk] = [talk for talk in self.bob.app.view().talks if talk.to == "#Essay"]
        self.assertEqual((talk.encrypted, talk.security), (False, "plain"))
        self.bob.enter("/group essay", "/group essay hello")
        self.assertTrue(self.bob.face.take(n.Answered)[-1].known)
        self.assertEqual(self.alice.texts(), [("hello", "plain")])

    def test_a_key_is_for_open_groups(self) -> None:
        self.alice.enter("/group --open g", "/key g word")
        self.bob.enter("/join g", "/join g word")
        self.assertEqual((self.bob.refusals(), self.groups(self.bob)), (["bad-key"], ["#g"]))
        self.bob.enter("/join nowhere word")
        self.assertEqual((self.bob.refusals(), self.groups(self.bob)), (["no-such-group"], ["#g"]))

    def test_no_open_group_beside_it(self) -> None:
        self.both()
        guest = self.town.move_in("gast", guest=True)
        guest.enter("/group hw1")
        self.carol.enter("/group --open hw1")
        self.assertEqual((guest.refusals(), self.carol.refusals()), (["encrypted-group"], ["encrypted-group"]))

    def test_by_invitation_only(self) -> None:
        self.alice.enter("/group --private hw1")
        self.bob.enter("/group hw1")
        self.live()
        self.assertEqual((self.joined(self.bob), len(self.town.house.node.hub.sealed.circles.by_gid)),
                         ([("#hw1", True)], 2))  # fmt: skip
        self.alice.enter("/mode hw1 -i")
        self.assertEqual(self.alice.refusals(), ["group-exists"])
        self.bob.enter("/mode hw1 +i")
        self.alice.enter("/mode hw1 -i")
        self.carol.enter("/group hw1")
        self.live()
        self.assertEqual([self.alice.name in talk for talk in [self.members(self.carol)]], [True])

    def members(self, person: Target) -> list[str]:
        """Who is in the group, as somebody sees it."""
        person.face.notices.clear()
        person.enter("/members hw1")
        [found] = [it.event for it in person.face.take(n.Answered) if isinstance(it.event, m.MemberList)]
        return [one.name for one in found.members]

    def test_a_group_that_is_renamed_is_found_by_its_new_name(self) -> None:
        self.both()
        self.carol.enter("/group mice")
        self.alice.enter("/rename hw1 mice")
        self.assertEqual(self.alice.refusals(), ["group-exists"])
        self.carol.enter("/part mice")
        self.alice.enter("/rename hw1 mice")
        self.live()
        self.assertEqual((self.groups(self.alice), self.groups(self.bob)), (["#mice"], ["#mice"]))
        self.carol.enter("/group mice")
        self.live()
        self.assertEqual(self.members_of(self.carol, "mice"), ["alice", "bob", "carol"])

    def members_of(self, person: Target, group: str) -> list[str]:
        """As above."""
        person.face.notices.clear()
        person.enter(f"/members {group}")
        [found] = [it.event for it in person.face.take(n.Answered) if isinstance(it.event, m.MemberList)]
        return [one.name for one in found.members]

    def test_what_is_said_before_one_is_in_goes_nowhere(self) -> None:
        self.both()
        self.carol.enter("/group hw1 the canary sings")
        self.assertEqual(self.carol.refusals(), ["no-such-group"])
        self.nothing_open("canary")

    def test_what_is_said_behind_it_waits_for_a_moment(self) -> None:
        self.both()
        for line in ("/group hw1", "/group hw1 the first word", "/msg #hw1 the second word"):
            self.carol.app.enter(line)
        self.live()
        self.assertEqual([text for text, _ in self.alice.texts()], ["the first word", "the second word"])
        self.assertEqual([text for text, _ in self.bob.texts()], ["the first word", "the second word"])
        self.nothing_open("the first word", "the second word")

    def test_what_is_said_behind_whatever_comes_of_it(self) -> None:
        """In one go, as from a pipe."""
        for who, lines in (
            (self.alice, ("/group hw1", "/group hw1 made", "/group --private lab", "/group lab alone")),
            (self.bob, ("/group --open essay", "/group essay openly")),
            (self.carol, ("/group essay", "/group essay me too", "/group essay and more")),
        ):
            for line in lines:
                who.app.enter(line)
            self.live()
            self.assertEqual(who.refusals(), [])
        self.assertEqual([text for text, _ in self.bob.texts()], ["me too", "and more"])
        self.assertEqual([told.text for told in self.alice.face.take(n.Outcome)], ["made", "alone"])
        self.assertEqual(self.alice.wire.leaks("made") + self.alice.wire.leaks("lab"), [])
        self.carol.app.enter("/group --open hw1")
        self.carol.app.enter("/group a/b")
        self.carol.app.enter("/group a/b secret")
        self.live()
        self.assertEqual(self.carol.refusals(), ["encrypted-group", "bad-name", "no-such-group"])
        self.carol.enter("/group hw1 secret")
        self.assertEqual((self.carol.refusals(), self.carol.wire.leaks("secret")), (["no-such-group"], []))

    def test_it_waits_while_nobody_is_there(self) -> None:
        self.both()
        for person in (self.alice, self.bob):
            self.goes(person)
        self.carol.enter("/group hw1", "/group hw1 one")
        self.town.live(9)
        self.alice = self.returns(self.alice)
        self.live()
        self.assertEqual([text for text, _ in self.alice.texts()], ["one"])

    def test_the_owner_leaves_and_somebody_runs_it(self) -> None:
        self.both()
        self.alice.enter("/part hw1")
        self.live()
        self.assertEqual(
            [it.event.text for it in self.bob.face.take(n.Changed) if it.event.change == "role"], ["owner"]
        )
        self.bob.enter("/topic hw1 mine")
        self.assertEqual(self.bob.refusals(), [])
        self.carol.enter("/group hw1")
        self.live()
        self.assertEqual(self.groups(self.carol), ["#hw1"])

    def test_a_lost_answer_to_the_first_entry(self) -> None:
        """The group is there, and its maker's program does not know: who asks for it again is in it, and runs it."""
        self.alice.wire.fuse = 4
        self.alice.app.enter("/group hw1")
        self.live()
        self.town.live(30)
        self.assertEqual(len(self.town.house.node.hub.sealed.circles.by_gid), 1)
        self.alice.enter("/group hw1")
        self.live()
        self.assertEqual(self.groups(self.alice), ["#hw1"])
        self.bob.enter("/group hw1")
        self.live()
        self.assertEqual(self.groups(self.bob), ["#hw1"])


class Kept(DoorCase):
    """Whom nobody's program lets in."""

    def setUp(self) -> None:
        super().setUp()
        self.both()

    def test_who_was_removed(self) -> None:
        self.carol.enter("/group hw1")
        self.live()
        self.alice.enter("/kick hw1 carol")
        self.live()
        self.forget()
        self.carol.enter("/group hw1", "/join hw1")
        self.live()
        self.assertEqual(self.carol.codes(), ["GROUP_ASKED_BACK"] * 2)
        self.assertEqual((self.alice.codes(), self.bob.codes()), (["KNOCK_REMOVED"], []))
        self.assertEqual(self.groups(self.carol), [])
        self.alice.enter("/invite @carol #hw1")
        self.live()
        self.assertEqual(self.groups(self.carol), ["#hw1"])
        self.talk()
        self.assertEqual([person.codes() for person in self.town.people], [[], [], []])
        self.nothing_open()

    def test_who_was_removed_is_known_to_who_came_later(self) -> None:
        self.carol.enter("/group hw1")
        self.live()
        self.alice.enter("/kick hw1 carol")
        dora = self.town.move_in("dora")
        dora.enter("/group hw1")
        self.live()
        for person in (self.alice, self.bob):
            self.goes(person)
        self.carol.enter("/group hw1")
        self.live()
        self.assertEqual((self.groups(self.carol), dora.codes()), ([], []))
        self.assertEqual([one for one in dora.wire.sent if isinstance(one, e.AppendGroup)], [])

    def test_whom_one_ignores(self) -> None:
        for person in (self.alice, self.bob):
            person.enter("/ignore carol")
        self.carol.enter("/group hw1")
        self.live()
        self.assertEqual((self.groups(self.carol), self.alice.codes()), ([], []))
        self.bob.enter("/unignore carol")
        self.carol.enter("/group hw1")
        self.live()
        self.assertEqual(self.groups(self.carol), ["#hw1"])

    def test_whose_key_has_changed(self) -> None:
        self.alice.enter("@carol hello")
        self.bob.enter("@carol hello")
        forged = Town("carol").people[0]
        chain = [one.blob for one in forged.wire.sent if isinstance(one, e.PutList)]
        for person in (self.alice, self.bob):
            person.wire.answers[e.AskLists] = lambda asked: [e.Lists(asked.ref, "carol", 0, chain)]
        self.carol.enter("/group hw1")
        self.live()
        self.assertEqual(self.groups(self.carol), [])
        self.assertEqual(({*self.alice.codes()}, {*self.bob.codes()}), ({"IDENTITY_CHANGED"}, {"IDENTITY_CHANGED"}))

    def test_a_shut_door(self) -> None:
        self.alice.enter("/mode hw1 +i")
        self.live()
        self.carol.enter("/group hw1")
        self.live()
        self.assertEqual(self.joined(self.carol), [("#hw1", True)])  # another one
        self.bob.enter("/invite hw1 carol")
        self.assertEqual(self.bob.refusals(), ["not-allowed"])

    def test_who_was_removed_makes_no_other_one_of_the_name(self) -> None:
        self.carol.enter("/group hw1")
        self.live()
        self.alice.enter("/kick hw1 carol", "/mode hw1 +i")
        self.live()
        self.forget()
        self.carol.enter("/group hw1")
        self.assertEqual((self.carol.codes(), self.groups(self.carol)), (["GROUP_PUT_OUT"], []))
        self.nothing_open()

    def test_members_may_invite_too(self) -> None:
        self.bob.enter("/invite hw1 carol")
        self.live()
        self.assertEqual(self.carol.codes(), ["GROUP_ADDED"])
        self.talk()
