"""Doors at a server that lies: knocks that nobody made, names that lead elsewhere, doors that nobody signed, floods.

Rule: as in `test_lying_server`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chatd import encryption as e
from chatd import messages as m
from chatd.encryption import door_of
from clients.core.e2ee import own
from clients.core.e2ee.members import Policy, sign_entry
from tests.clients.core.secure.liar import changed
from tests.clients.core.secure.test_doors import DoorCase


class Lies(DoorCase):
    """What the server makes of it."""

    def gid(self) -> bytes:
        """The group."""
        return next(iter(self.town.house.node.hub.sealed.circles.by_gid))

    def test_a_knock_that_was_never_made(self) -> None:
        """Of somebody who was removed, of nobody, at another's door, at a shut one, of a member."""
        self.both()
        self.carol.enter("/group hw1")
        self.live()
        self.alice.enter("/kick hw1 carol", "/group --private lab")
        self.live()
        self.forget()
        [lab] = [gid for gid in self.town.house.node.hub.sealed.circles.by_gid if gid != self.gid()]
        before = len(self.alice.wire.sent)
        for who in ((self.gid(), "carol"), (self.gid(), "nobody"), (bytes(16), "carol"), (lab, "carol"), (b"", "")):
            for person in (self.alice, self.bob):
                person.push(e.Knocks(0, [who]))
        self.live()
        entries = [one for one in self.alice.wire.sent[before:] if isinstance(one, e.AppendGroup)]
        self.assertEqual((entries, self.groups(self.carol)), ([], []))
        self.assertEqual((self.alice.codes(), self.bob.codes()), (["KNOCK_REMOVED"], []))

    def test_a_door_that_was_shut_a_moment_ago(self) -> None:
        self.both()
        self.alice.enter("/op hw1 bob")
        self.live()
        self.alice.wire.lies = {e.GroupGrew: lambda event: [], e.Mail: lambda event: []}
        self.bob.enter("/mode hw1 +i")
        self.alice.push(e.Knocks(0, [(self.gid(), "carol")]))
        self.live()
        self.assertNotIn("carol", self.town.house.node.hub.sealed.circles.by_gid[self.gid()].members)
        self.assertEqual(self.alice.codes(), [])

    def test_floods_of_knocks(self) -> None:
        self.both()
        before = len(self.alice.wire.sent)
        who = [(self.gid(), f"nobody{number}") for number in range(5_000)]
        self.alice.push(e.Knocks(0, who), e.Knocks(0, who))
        self.assertLess(len(self.alice.wire.sent) - before, 700)
        self.carol.enter("/group hw1")
        self.live()
        self.assertEqual(self.groups(self.carol), ["#hw1"])  # bob was there

    def test_a_name_leads_to_another_group(self) -> None:
        """Mallory and the server: who asks for hw1 is sent to a group of mallory's, who lets everybody in."""
        mallory = self.town.move_in("mallory")
        mallory.enter("/group trap")
        self.live()
        self.carol.wire.answers[e.AskDoor] = lambda asked: [e.DoorIs(asked.ref, self.gid())]
        self.carol.enter("/group hw1")
        self.live()
        self.assertEqual(self.carol.codes(), ["GROUP_OTHER"])
        self.assertEqual(self.groups(self.carol), [])
        self.assertNotIn("carol", self.town.house.node.hub.sealed.circles.by_gid[self.gid()].members)
        self.carol.enter("/group hw1 the canary sings")
        self.live()
        self.assertEqual(mallory.texts(), [])
        self.nothing_open("canary")

    def test_said_to_be_free_when_it_is_not(self) -> None:
        """Then there are two: nobody reads what was said in the other one, and the two are told apart."""
        self.both()
        self.carol.wire.answers[e.AskDoor] = lambda asked: [e.DoorIs(asked.ref)]
        self.carol.enter("/group hw1")
        self.assertEqual((self.carol.refusals(), self.groups(self.carol)), (["busy"], []))

    def test_said_to_be_open_when_one_knows_better(self) -> None:
        self.both()
        self.bob.enter("/part hw1")
        self.live()
        self.forget()
        self.bob.wire.answers[e.AskDoor] = lambda asked: [e.DoorIs(asked.ref, b"", "#hw1")]
        self.bob.enter("/group hw1", "/group hw1 the canary sings")
        self.assertEqual((self.bob.codes(), self.groups(self.bob)), (["GROUP_WAS_SECRET"], []))
        self.nothing_open("canary")

    def test_said_to_be_an_open_one_of_another_name(self) -> None:
        self.carol.wire.answers[e.AskDoor] = lambda asked: [e.DoorIs(asked.ref, b"", "#trap")]
        self.carol.enter("/group hw1")
        self.assertEqual((self.carol.refusals(), self.groups(self.carol)), (["no-such-group"], []))

    def test_a_door_that_nobody_signed(self) -> None:
        self.alice.enter("/group --private lab")
        [conversation] = self.alice.session.secure._talks.labels  # type: ignore[union-attr]
        lab = bytes.fromhex(conversation.removeprefix("gid:"))
        circles = self.town.house.node.hub.sealed.circles
        circles.by_gid[lab].door = door_of("lab")
        circles.doors[door_of("lab")] = circles.by_gid[lab]
        self.carol.enter("/group lab")
        self.live()
        self.assertEqual((self.carol.codes(), self.groups(self.carol)), (["GROUP_ASKED"], []))
        self.assertEqual(self.alice.codes(), ["GROUP_MADE"])

    def test_a_policy_of_somebody_who_is_no_owner(self) -> None:
        """Bob's program says so, and the server takes it: alice's does not."""
        self.alice.enter("/group --private lab", "/invite lab bob")
        self.live()
        secure = self.bob.session.secure
        assert secure is not None
        [conversation] = secure._talks.labels
        gid = bytes.fromhex(conversation.removeprefix("gid:"))
        desk = secure._desk
        batch = desk.batch()
        row = desk.groups.row(batch, gid)
        blob = sign_entry(own.account(batch), "bob", gid, row.state, "policy", Policy(True, door_of("lab")))
        self.forget()
        self.alice.wire.answers[e.AskGroup] = lambda asked: [e.GroupLog(asked.ref, gid, asked.since, [blob])]
        self.alice.push(e.GroupGrew(gid, 9), e.Knocks(0, [(gid, "carol")]))
        self.live()
        self.assertEqual(self.alice.codes(), ["GROUP_OP_FORBIDDEN"])
        self.assertEqual(self.groups(self.carol), [])

    def test_a_server_that_says_it_knows_no_encryption(self) -> None:
        self.carol.enter("/group --open club")
        self.both()
        self.carol.wire.lies[m.Greeting] = changed(features=["resume"])
        self.carol.wire.cut()
        self.town.live(20)
        self.forget()
        self.carol.enter("/group hw1", "/group hw1 the canary sings", "/group --private lab", "/group club hello")
        self.assertEqual((self.carol.codes(), self.carol.refusals()), (["GROUP_NOT_OPEN"] * 2, ["no-such-group"]))
        self.assertEqual(self.groups(self.carol), ["#club"])
        self.assertEqual(self.carol.wire.leaks("canary") + self.carol.wire.leaks("hw1"), [])
        self.assertEqual(self.carol.states(), ["stored"])

    def test_answers_that_are_none(self) -> None:
        self.both()
        answers: tuple[Callable[[Any], list[Any]], ...] = (
            lambda asked: [m.Done(asked.ref)], lambda asked: [e.Knocks(asked.ref, [(b"x", "")])], lambda asked: [],
            lambda asked: [e.DoorIs(asked.ref, b"short")], lambda asked: [m.Failed(asked.ref, "no", "no")],
        )  # fmt: skip
        for answer in answers:
            for kind in (e.AskDoor, e.Knock):
                self.carol.wire.answers[kind] = answer
                self.carol.enter("/group hw1")
                self.live()
                self.assertEqual(self.groups(self.carol), [])
                self.carol.wire.honest()
                self.carol.wire.cut()
                self.town.live(20)
                self.carol.enter("/part hw1")
                self.live()
        self.forget()
        self.carol.enter("/group hw1")
        self.live()
        self.talk()
