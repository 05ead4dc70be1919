"""Tests of clients.core.view: what a face may show follows what happens."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from clients.core.view import State, Talk, fold, peer_of
from tests.clients.kit import position, welcome


class StateTests(SynchronousTestCase):
    """The world while one is logged in."""

    def setUp(self) -> None:
        self.state = State()
        self.state.welcome(welcome(position("#g", 3, 1, topic="t"), position("dm:alice:bob", 2)))

    def test_snapshot(self) -> None:
        view = self.state.view(4)
        self.assertEqual((view.me, view.status, view.focus, view.waiting), ("alice", "online", "#lobby", 4))
        self.assertEqual([talk.to for talk in view.talks], ["#lobby", "#g", "@bob"])
        self.assertEqual(view.talks[1], Talk("#g", "#g", 0, "member", "t", "plain"))
        self.assertEqual(view.present, ("bob",))

    def test_unread_counts_where_one_does_not_look(self) -> None:
        self.state.heard("#g", "bob")
        self.state.heard("#lobby", "bob")
        self.assertEqual([talk.unread for talk in self.state.view(0).talks], [0, 1, 0])
        self.state.look_at("#g")
        self.assertEqual([talk.unread for talk in self.state.view(0).talks], [0, 0, 0])

    def test_what_somebody_writes_while_one_looks_is_not_unread(self) -> None:
        self.state.heard("dm:alice:bob", "Bob")
        self.assertEqual(self.state.view(0).talks[2].unread, 1)
        self.state.look_at("@Bob")
        self.state.heard("dm:alice:bob", "Bob")
        self.assertEqual(self.state.view(0).talks[2].unread, 0)

    def test_a_name_is_shown_as_its_owner_writes_it(self) -> None:
        self.state.heard("dm:alice:bob", "Bob")
        self.assertEqual(self.state.view(0).talks[2].to, "@Bob")

    def test_a_conversation_that_begins_is_there(self) -> None:
        self.state.heard("dm:alice:zoe", "zoe")
        self.assertIn("@zoe", [talk.to for talk in self.state.view(0).talks])

    def test_a_talk_with_a_guest_is_open(self) -> None:
        self.state.passing("Wanda")
        self.assertEqual(self.state.view(0).talks[-1], Talk("dm:alice:wanda", "@Wanda", 0, "member", "", "plain"))

    def test_presence(self) -> None:
        self.assertEqual(self.state.presence(m.Presence("bob", "away", "lunch")), "online")
        self.assertEqual(self.state.presence(m.Presence("bob", "lost")), "away")
        self.assertEqual(self.state.view(0).present, ())

    def test_leaving_takes_the_focus_back_to_the_lobby(self) -> None:
        self.state.look_at("#g")
        self.assertTrue(self.state.change(m.GroupChange("#g", "left", "Alice")))
        self.assertEqual(self.state.view(0).focus, "#lobby")
        self.assertNotIn("#g", [talk.to for talk in self.state.view(0).talks])

    def test_being_put_out_does_not_turn_what_is_typed_to_the_lobby(self) -> None:
        self.state.look_at("#g")
        self.assertTrue(self.state.change(m.GroupChange("#g", "kicked", "alice", "bob")))
        self.assertEqual(self.state.view(0).focus, "#g")
        self.assertNotIn("#g", [talk.to for talk in self.state.view(0).talks])

    def test_a_group_is_the_same_in_capitals(self) -> None:
        self.assertEqual(self.state.leave("#G"), "#g")

    def test_a_group_joined_elsewhere_is_there_too(self) -> None:
        self.state.change(m.GroupChange("#h", "joined", "alice"))
        self.assertIn("#h", [talk.to for talk in self.state.view(0).talks])
        self.assertFalse(self.state.change(m.GroupChange("#h", "joined", "bob")))


class NameTests(SynchronousTestCase):
    """Who is who in `dm:a:b`."""

    def test_peer(self) -> None:
        self.assertEqual(peer_of("dm:alice:bob", "Alice"), "bob")
        self.assertEqual(peer_of("dm:alice:bob", "bob"), "alice")
        self.assertEqual(peer_of("#g", "bob"), "")

    def test_fold(self) -> None:
        self.assertEqual(fold("ZOE\u0308"), "zo\u00eb")
