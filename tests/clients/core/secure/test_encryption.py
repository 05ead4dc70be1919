"""Tests of clients.core.secure.encryption: which event and which wish goes where, and what a break leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption as e
from chatd import messages as m
from clients.core import answers as a
from clients.core import notices as n
from clients.core.reading import WATCH
from tests.clients.core.secure.kit import Phone, Post, meet, pass_time, settle


class EncryptionTests(SynchronousTestCase):
    """Alice and bob."""

    post: Post
    alice: Phone
    bob: Phone

    def setUp(self) -> None:
        self.post, self.alice, self.bob = meet("alice", "bob")

    def test_open_groups_are_as_they_were(self) -> None:
        self.alice.enter("hello lobby")
        self.assertEqual([command.to for _, command in self.post.sent(m.Send)], ["#lobby"])
        [told] = self.alice.face.take(n.Outcome)
        self.assertEqual((told.state, told.security), ("stored", "plain"))

    def test_a_question_that_has_no_answer_is_told_when_the_line_breaks(self) -> None:
        self.alice.app.enter("/devices", "/plain @bob")
        self.alice.line.drop()
        refused = self.alice.face.take(n.Refused)
        self.assertEqual([one.code for one in refused], ["not-connected"] * 2)

    def test_what_is_unread_is_told_with_what_the_server_knows(self) -> None:
        self.alice.session.receive = WATCH
        self.bob.enter("@alice one", "@alice two")
        settle(self.alice)
        self.alice.app.enter("/inbox")
        [(_, asked)] = self.post.sent(m.Inbox)
        self.alice.line.tell(m.InboxList(asked.ref, [m.Position("#hw1", 5, 2)]))
        settle(self.alice)
        [told] = [one.event for one in self.alice.face.take(n.Answered)]
        assert isinstance(told, a.InboxList)
        self.assertEqual([(one.conversation, one.head - one.cursor) for one in told.conversations],
                         [("#hw1", 3), ("dm:alice:bob", 2)])  # fmt: skip

    def test_what_was_shown_is_not_unread(self) -> None:
        self.bob.enter("@alice one", "@alice two")
        settle(self.alice)
        self.alice.app.enter("/inbox")
        [(_, asked)] = self.post.sent(m.Inbox)
        self.alice.line.tell(m.InboxList(asked.ref, []))
        settle(self.alice)
        [told] = self.alice.face.take(n.Answered)
        self.assertEqual(told.event, a.InboxList(0, []))

    def test_history_and_search_are_what_this_device_has(self) -> None:
        self.bob.enter("@alice a needle")
        pass_time(self.post, 3.0, self.alice, self.bob)
        self.alice.enter("/history @bob", "/search needle")
        one, other = self.alice.face.take(n.Found)
        found = [(said.conversation, said.text, said.security) for said in (*one.messages, *other.messages)]
        self.assertEqual(found, [("dm:alice:bob", "a needle", "first-seen")] * 2)
        self.assertEqual(self.post.sent(m.History), [])

    def test_it_is_idle_when_nothing_is_under_way(self) -> None:
        self.assertTrue(self.alice.session.idle())
        self.alice.app.enter("@bob hello")
        self.assertFalse(self.alice.session.idle())
        settle(self.alice)
        self.assertTrue(self.alice.session.idle())

    def test_a_newcomer_who_leaves_at_once_can_be_written_to(self) -> None:
        carol = Phone(self.post, "carol")
        carol.app.start()
        carol.line.carry()
        carol.line.carry()
        carol.app.enter("tata")
        settle(carol)
        self.assertTrue(carol.app.ended)
        self.alice.enter("@carol hello")
        self.assertEqual(self.alice.states(), [("hello", "stored")])

    def test_hints_about_strangers_ask_nothing(self) -> None:
        self.post.log.clear()
        self.alice.line.tell(e.ListChanged("stranger", 9), e.GroupGrew(b"g" * 16, 3))
        settle(self.alice)
        self.assertEqual(self.post.log, [])

    def test_whatever_the_server_answers_nothing_breaks(self) -> None:
        """Answers of every kind to every question: a refusal at most."""
        answers: list[Callable[[int], Any]] = [
            m.Done, lambda ref: m.Pong(ref, 0), lambda ref: e.Lists(ref, "x", 0, [b"", b"\x91"]),
            lambda ref: e.Claimed(ref, [b"x"]), lambda ref: e.KeysAre(ref, 0, 2**40, True, 0),
            lambda ref: e.GroupLog(ref, b"", 0, [b"x"]), lambda ref: e.Stale(ref, ["nobody"]),
            lambda ref: e.Offers(ref, [b"x"]), lambda ref: m.Failed(ref, "what", "ever"),
        ]  # fmt: skip
        for make in answers:
            post = Post()
            alice = Phone(post, "alice")
            alice.app.start()
            alice.app.enter("@bob hi", "/devices", "/join g private")
            for _ in range(12):
                asked = [command for _, command in post.log if getattr(command, "ref", 0)]
                alice.line.carry()
                for command in asked[-3:]:
                    if not isinstance(command, m.SignUp | m.Login):
                        alice.line.tell(make(getattr(command, "ref", 0)))
            self.assertFalse(alice.app.ended, make)
