"""Tests of clients.core.secure.talks: numbers, names, and what faces see."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from chatd.messages import Position
from clients.core import notices as n
from clients.core.e2ee.groups import GROUP
from clients.core.secure.talks import Talks
from tests.clients.core.secure.kit import Phone, Post, meet, pass_time


class TalkTests(SynchronousTestCase):
    """Alice's."""

    post: Post
    alice: Phone
    bob: Phone

    def setUp(self) -> None:
        self.post, self.alice, self.bob = meet("alice", "bob")
        assert self.alice.session.secure is not None
        self.talks: Talks = self.alice.session.secure._talks

    def labels(self) -> list[str]:
        """What alice's conversations are called."""
        return [talk.to for talk in self.alice.app.view().talks]

    def test_numbers_go_on_in_each_conversation(self) -> None:
        secure = self.alice.session.secure
        assert secure is not None
        batch = secure._desk.batch()
        self.assertEqual([self.talks.number(batch, "a", "bob") for _ in range(3)], [1, 2, 3])
        self.assertEqual(self.talks.number(batch, "b", "carol"), 1)

    def test_a_conversation_with_a_person_is_the_same_encrypted_or_not(self) -> None:
        self.assertEqual(self.talks.shown(self.talks.direct("Bob")), "dm:alice:bob")
        self.assertEqual(self.talks.shown("#lobby"), "#lobby")
        self.assertEqual(self.talks.shown("dm:alice:bob"), "dm:alice:bob")

    def test_it_is_seen_as_soon_as_something_is_said(self) -> None:
        self.alice.enter("@bob hello")
        [talk] = [talk for talk in self.alice.app.view().talks if talk.to == "@bob"]
        self.assertEqual((talk.security, talk.encrypted, talk.conversation), ("first-seen", True, "dm:alice:bob"))
        again = self.alice.kill().come()
        self.assertIn("@bob", [talk.to for talk in again.app.view().talks])

    def test_a_name_that_others_made_is_fit_to_be_shown_and_typed(self) -> None:
        self.alice.enter("/join lab private")
        [conversation] = self.talks.labels
        self.names(conversation, "a\x1b[2Jb\u202e/c")
        self.assertEqual(self.labels(), ["#lobby", "#a-2Jb-c"])
        self.names(conversation, "###")
        self.assertEqual(self.labels(), ["#lobby", "#" + conversation.removeprefix("gid:")[:8]])

    def names(self, conversation: str, name: str) -> None:
        """Alice's program is another one than ours, and calls her group so."""
        assert self.alice.session.secure is not None
        circles = self.alice.session.secure._circles
        circles._desk.flows.start(conversation, circles._rename(bytes.fromhex(conversation[4:]), name, ""))
        self.alice.enter("/groups")

    def test_our_own_makes_no_such_name(self) -> None:
        self.alice.enter("/join lab private", "/rename lab a\x1b[2Jb\u202e/c", "/rename lab ###", "/join a/b private")
        self.assertEqual(self.labels(), ["#lobby", "#lab"])
        self.assertEqual([one.code for one in self.alice.face.take(n.Refused)], ["bad-name"] * 3)

    def test_an_open_group_of_the_same_name_keeps_it(self) -> None:
        self.alice.session.state.positions["#lab"] = Position("#lab", 0, 0)
        self.bob.enter("/join lab private", "/invite lab alice")
        pass_time(self.post, 3.0, self.alice, self.bob)
        self.assertEqual(self.labels(), ["#lobby", "#lab", "#lab~" + next(iter(self.post.groups)).hex()[:4]])

    def test_two_of_one_name_stay_told_apart_and_a_new_name_is_taken_along(self) -> None:
        self.alice.enter("/join lab private")
        first = self.labels()[-1]
        self.bob.enter("/join lab private", "/invite lab alice")
        pass_time(self.post, 3.0, self.alice, self.bob)
        apart = "#lab~" + list(self.post.groups)[1].hex()[:4]
        self.assertEqual(self.labels(), ["#lobby", first, apart])
        self.alice.session.state.look_at(first)
        self.alice.enter("/rename lab yard", "hello")
        self.assertEqual(
            sorted(self.labels()), sorted(["#lobby", "#yard", apart])
        )  # what was typed to it stays its own
        self.assertEqual(self.alice.session.state.focus, "#yard")
        self.assertEqual(sorted(self.alice.session.state.security), sorted(["#yard", apart]))
        self.assertEqual(self.alice.kept("gid:" + next(iter(self.post.groups)).hex()), [("alice", "hello")])

    def test_how_it_stands_is_seen(self) -> None:
        self.alice.enter("/join lab private", "/topic lab mice", "/invite lab bob")
        pass_time(self.post, 3.0, self.alice, self.bob)
        gid = next(iter(self.post.groups))
        for phone, role in ((self.alice, "owner"), (self.bob, "member")):
            [talk] = [talk for talk in phone.app.view().talks if talk.to == "#lab"]
            self.assertEqual((talk.role, talk.topic, talk.encrypted, talk.paused), (role, "mice", True, ""))
        for change, paused in (
            ({"promised": 99}, "SERVER_HIDES_GROUP_CHANGE"),
            ({"promised": 99, "forked": True}, "GROUP_LOG_FORK"),
            ({"promised": 0, "forked": False}, ""),
        ):
            row = self.talks.row(gid)
            assert row is not None and self.alice.session.secure is not None
            batch = self.alice.session.secure._desk.batch()
            batch.put(GROUP, gid.hex(), msgspec.structs.replace(row, **change))
            batch.commit()
            self.talks.refresh()
            [talk] = [talk for talk in self.alice.app.view().talks if talk.to == "#lab"]
            self.assertEqual(talk.paused, paused)

    def test_unread_is_counted_here(self) -> None:
        self.bob.enter("@alice one", "@alice two")
        pass_time(self.post, 3.0, self.alice, self.bob)
        [talk] = [talk for talk in self.alice.app.view().talks if talk.to == "@bob"]
        self.assertEqual(talk.unread, 2)
