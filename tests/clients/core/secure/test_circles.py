"""Tests of clients.core.secure.circles: encrypted groups as people have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption as e
from chatd import messages as m
from clients.core import answers as a
from clients.core import notices as n
from tests.clients.core.secure.kit import Phone, Post, meet, pass_time


def _without_hints(tell: Callable[..., None]) -> Callable[..., None]:
    """A server that keeps silent about groups and lists until it is asked."""

    def quiet(*events: Any) -> None:
        tell(*(event for event in events if not isinstance(event, e.GroupGrew | e.ListChanged)))

    return quiet


class CircleTests(SynchronousTestCase):
    """Alice makes a group and invites bob."""

    post: Post
    alice: Phone
    bob: Phone
    carol: Phone

    def setUp(self) -> None:
        self.post, self.alice, self.bob, self.carol = meet("alice", "bob", "carol")
        self.alice.enter("/join lab private", "/invite lab bob")
        self.all()
        self.forget()

    def all(self, *more: Phone) -> None:
        """Until nothing moves, and a little time."""
        pass_time(self.post, 3.0, self.alice, self.bob, self.carol, *more)

    def forget(self) -> None:
        """What was shown so far."""
        for phone in (self.alice, self.bob, self.carol):
            phone.face.notices.clear()

    def said(self, phone: Phone) -> list[tuple[str, str]]:
        """What came, and from whom."""
        return [(sender, text) for sender, text, _ in phone.texts()]

    def gid(self) -> bytes:
        """The group."""
        [gid] = self.post.groups
        return gid

    def test_an_edit(self) -> None:
        self.alice.enter("/group lab teh formula", "/focus lab", "s/teh/the/")
        self.all()
        self.assertEqual([(one.text, one.edits != b"") for one in self.bob.face.take(n.Said)],
                         [("teh formula", False), ("the formula", True)])  # fmt: skip
        for phone in (self.alice, self.bob):
            self.assertEqual(phone.kept(f"gid:{self.gid().hex()}"), [("alice", "the formula")])

    def test_it_is_made_and_who_is_invited_is_in_it(self) -> None:
        self.assertEqual([talk.to for talk in self.bob.app.view().talks], ["#lobby", "#lab"])
        [talk] = [talk for talk in self.alice.app.view().talks if talk.to == "#lab"]
        self.assertEqual((talk.role, talk.encrypted, talk.paused), ("owner", True, ""))

    def test_what_is_said_arrives_and_the_server_knows_neither_text_nor_name(self) -> None:
        self.alice.enter("/group lab the canary sings")
        self.bob.enter("/group lab hello")
        self.all()
        self.assertEqual(
            (self.said(self.bob), self.said(self.alice)), ([("alice", "the canary sings")], [("bob", "hello")])
        )
        self.assertEqual(self.carol.face.notices, [])
        everything = repr(self.post.log).encode()
        self.assertNotIn(b"canary", everything)
        self.assertNotIn(b"lab", everything)
        self.assertEqual(self.alice.states(), [("the canary sings", "sent")])

    def test_bare_lines_go_there_when_it_is_looked_at(self) -> None:
        self.alice.enter("/msg #lab one", "/group lab two")
        self.alice.session.state.look_at("#lab")
        self.alice.enter("three")
        self.all()
        self.assertEqual([text for _, text in self.said(self.bob)], ["one", "two", "three"])

    def test_a_message_is_one_ciphertext_and_the_key_is_handed_out_once(self) -> None:
        self.alice.enter("/group lab one", "/group lab two", "/group lab three")
        self.all()
        types = [item.type for name, mail in self.post.sent(e.PutMail) for item in mail.items if name == "alice"]
        self.assertEqual(types.count("megolm"), 3)
        self.assertEqual([text for _, text in self.said(self.bob)], ["one", "two", "three"])

    def test_who_comes_later_reads_what_is_said_from_then_on(self) -> None:
        self.alice.enter("/group lab before", "/invite lab carol")
        self.all()
        self.assertEqual(self.carol.codes(), ["GROUP_ADDED"])
        self.assertEqual([one.event.change for one in self.bob.face.take(n.Changed)], ["joined"])
        self.alice.enter("/group lab after")
        self.carol.enter("/group lab me")
        self.all()
        self.assertEqual([text for _, text in self.said(self.carol)], ["after"])
        self.assertEqual([text for _, text in self.said(self.bob)], ["before", "after", "me"])
        self.assertEqual(self.bob.codes() + self.alice.codes(), [])

    def test_who_was_removed_reads_nothing_more(self) -> None:
        self.alice.enter("/invite lab carol")
        self.all()
        self.alice.enter("/group lab one")
        self.all()
        self.forget()
        self.alice.enter("/kick lab carol", "/group lab two")
        self.bob.enter("/group lab three")
        self.all()
        self.assertEqual(self.said(self.carol), [])
        self.assertEqual([(one.event.change, one.me) for one in self.carol.face.take(n.Changed)], [("kicked", True)])
        self.assertNotIn("#lab", [talk.to for talk in self.carol.app.view().talks])
        for mail in self.post.sent(e.PutMail)[-2:]:
            self.assertNotIn("carol", [to[0] for item in mail[1].items for to in item.to])

    def test_only_owners_change_it(self) -> None:
        self.bob.enter("/invite lab carol", "/kick lab alice", "/topic lab mine", "/op lab bob")
        self.assertEqual({one.code for one in self.bob.face.take(n.Refused)}, {"not-allowed"})
        self.alice.enter("/op lab bob")
        self.all()
        self.bob.enter("/invite lab carol")
        self.all()
        self.assertEqual(self.carol.codes(), ["GROUP_ADDED"])

    def test_members_topic_and_name(self) -> None:
        self.alice.enter("/topic lab all about mice", "/rename lab mice")
        self.all()
        self.bob.enter("/members mice", "/topic mice")
        found = [one.event for one in self.bob.face.take(n.Answered)]
        assert isinstance(found[0], a.MemberList) and isinstance(found[1], a.GroupInfo)
        self.assertEqual([(one.name, one.role) for one in found[0].members], [("alice", "owner"), ("bob", "member")])
        self.assertEqual((found[1].position.topic, found[1].position.conversation), ("all about mice", "#mice"))
        self.bob.enter("/group mice squeak")
        self.all()
        self.assertEqual(self.said(self.alice), [("bob", "squeak")])

    def test_two_of_one_name_are_told_apart(self) -> None:
        self.bob.enter("/join lab private")
        self.assertTrue(self.bob.face.take(n.Answered)[0].known)
        self.carol.enter("/join lab private", "/invite lab bob")
        self.all()
        labels = [talk.to for talk in self.bob.app.view().talks]
        other = next(gid for gid in self.post.groups if gid != next(iter(self.post.groups)))
        self.assertEqual(labels, ["#lobby", "#lab", f"#lab~{other.hex()[:4]}"])
        self.bob.enter(f"/group lab~{other.hex()[:4]} hello carol", "/group lab hello alice")
        self.all()
        self.assertEqual(
            (self.said(self.carol), self.said(self.alice)), ([("bob", "hello carol")], [("bob", "hello alice")])
        )

    def test_who_leaves_is_gone(self) -> None:
        self.bob.enter("/part lab")
        self.all()
        self.assertEqual([one.event.change for one in self.alice.face.take(n.Changed)], ["left"])
        self.assertEqual([talk.to for talk in self.bob.app.view().talks], ["#lobby"])
        self.alice.enter("/group lab alone")
        self.all()
        self.assertEqual(self.said(self.bob), [])

    def test_after_another_start_it_is_all_there(self) -> None:
        self.alice.enter("/group lab one")
        self.all()
        self.bob = self.bob.kill().come()
        self.assertEqual([talk.to for talk in self.bob.app.view().talks], ["#lobby", "#lab"])
        self.bob.enter("/group lab two", "/history #lab")
        [found] = self.bob.face.take(n.Found)
        self.assertEqual([(one.text, one.conversation) for one in found.messages], [("one", "#lab"), ("two", "#lab")])
        self.all()
        self.assertEqual([text for _, text in self.said(self.alice)], ["two"])

    def test_what_changed_while_away_is_known_at_the_login(self) -> None:
        self.bob.line.drop()
        self.bob.app.ended = True
        self.alice.enter("/invite lab carol", "/kick lab bob", "/group lab without bob")
        self.all()
        self.bob = self.bob.kill().come()
        self.all()
        self.assertEqual(self.said(self.bob), [])
        self.assertNotIn("#lab", [talk.to for talk in self.bob.app.view().talks])

    def test_two_owners_at_once(self) -> None:
        self.alice.enter("/op lab bob")
        self.all()
        dora = Phone(self.post, "dora").come()
        self.alice.app.enter("/invite lab carol")
        self.bob.app.enter("/invite lab dora")
        self.all(dora)
        self.carol.enter("/group lab hi")
        self.all(dora)
        for phone in (self.alice, self.bob, dora):
            self.assertEqual([text for _, text in self.said(phone)], ["hi"], phone.name)

    def test_a_forged_entry_does_not_exist(self) -> None:
        log = self.post.groups[self.gid()]
        log.append(log[-1][:-1] + bytes([log[-1][-1] ^ 1]))
        self.bob.line.tell(e.GroupGrew(self.gid(), len(log)))
        self.all()
        self.assertEqual(len(self.bob.codes()), 1)
        self.bob.enter("/members lab")
        [found] = [one.event for one in self.bob.face.take(n.Answered)]
        assert isinstance(found, a.MemberList)
        self.assertEqual(len(found.members), 2)

    def test_a_new_device_of_a_member_is_taken_in(self) -> None:
        second = Phone(self.post, "bob").come()
        self.bob.enter(f"/devices add {second.address[1]}")
        self.all(second)
        self.alice.enter("/group lab to both")
        self.all(second)
        self.assertEqual([text for _, text in self.said(self.bob)], ["to both"])
        self.assertEqual([text for _, text in self.said(second)], ["to both"])

    def test_a_server_that_hides_a_list_is_not_said_to_hide_the_group(self) -> None:
        self.alice.enter("/op lab bob")
        second = Phone(self.post, "bob").come()
        self.all(second)
        self.post.hidden["bob"] = 1
        self.bob.enter(f"/devices add {second.address[1]}")
        tell, self.alice.line.tell = self.alice.line.tell, _without_hints(self.alice.line.tell)  # type: ignore[method-assign]
        self.bob.enter("/invite lab carol")
        self.all(second)
        self.alice.line.tell = tell  # type: ignore[method-assign]
        self.assertEqual({*self.alice.codes()} - {"CONTACT_NEW_DEVICE"}, {"SERVER_HIDES_DEVLIST"})
        self.alice.enter("/members lab")
        [found] = [one.event for one in self.alice.face.take(n.Answered) if isinstance(one.event, a.MemberList)]
        self.assertEqual(len(found.members), 3)

    def test_whose_keys_are_gone_or_changed_gets_nothing_and_the_others_all(self) -> None:
        """Whoever was never looked up is asked for, once; it is said who gets nothing."""
        self.alice.enter("/invite lab carol")
        self.all()
        self.bob = Phone(self.post, "bob", self.bob.history, self.bob.device)
        batch = self.bob.session.secure._desk.batch()  # type: ignore[union-attr]
        batch.drop("pin", "carol")
        batch.commit()
        self.bob.history.keep(self.bob.account, self.bob.session.secure._desk.rows.take())  # type: ignore[union-attr]
        self.bob.come()
        self.forget()
        before = len(self.post.log)
        self.post.hidden["carol"] = 0
        self.bob.enter("/group lab without carol")
        self.all()
        asked = [one for name, one in self.post.log[before:] if name == "bob" and isinstance(one, e.AskLists)]
        self.assertEqual([one.name for one in asked].count("carol"), 1)
        self.assertEqual((self.said(self.alice), self.said(self.carol)), ([("bob", "without carol")], []))
        self.assertEqual([(one.code, one.user) for one in self.bob.face.take(n.Secure)], [("NO_E2EE_KEYS", "carol")])
        self.post.hidden.clear()
        self.bob.enter("/group lab with carol")
        self.all()
        self.assertEqual([text for _, text in self.said(self.carol)], ["with carol"])

    def test_a_forged_list_of_a_member_stops_it(self) -> None:
        self.alice.enter("/invite lab carol")
        self.all()
        batch = self.alice.session.secure._desk.batch()  # type: ignore[union-attr]
        batch.drop("pin", "carol")
        batch.commit()
        self.post.lists["carol"][0] = self.post.lists["carol"][0][:-1] + b"x"
        self.forget()
        self.alice.enter("/group lab one")
        self.all()
        self.assertEqual((self.said(self.bob), self.alice.codes()), ([], ["DEVLIST_BAD_SIGNATURE"]))

    def test_modes_are_for_open_groups(self) -> None:
        self.alice.enter("/mode lab +m", "/bans lab")
        self.assertEqual([one.code for one in self.alice.face.take(n.Refused)], ["not-available"] * 2)
        self.assertEqual(self.post.sent(m.Send), [])
