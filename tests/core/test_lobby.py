"""The lobby: the frames are in it always, line sessions when they have joined."""

from __future__ import annotations

from chatd import messages as m
from chatd import people as p
from tests.kit import Peer, Scene


class Lines(Scene):
    """Line sessions come in and go out."""

    def setUp(self) -> None:
        super().setUp()
        (self.alice,) = self.house.people("alice")
        self.one, self.two = self.house.caller("one"), self.house.caller("two")
        for peer in (self.alice, self.one, self.two):
            peer.take()

    def join(self, *peers: Peer) -> None:
        """They join, and have forgotten what they were told."""
        for peer in peers:
            self.granted(peer, m.Join, "#lobby")
        for peer in (self.alice, *peers):
            peer.take()

    def test_who_has_not_joined_neither_hears_nor_speaks(self) -> None:
        self.alice.send("#lobby", "hello")
        self.assertEqual(self.one.take(), [])
        self.refused("no-external", self.one, m.Send, "#lobby", b"1" * 16, "hello")
        self.refused("not-a-member", self.one, m.Leave, "#lobby")
        self.assertEqual(self.here(), ["alice"])

    def here(self) -> list[str]:
        """Who is in the lobby."""
        answer = self.granted(self.alice, p.Find, "#lobby")
        assert isinstance(answer, p.ProfileList)
        members = self.granted(self.alice, m.Members, "#lobby")
        assert isinstance(members, m.MemberList)
        self.assertEqual([x.name for x in members.members], [x.name for x in answer.people])
        return [x.name for x in answer.people]

    def test_joined_from_the_head_on(self) -> None:
        self.alice.send("#lobby", "before")
        answer = self.granted(self.one, m.Join, "lobby")
        assert isinstance(answer, m.GroupInfo)
        self.assertEqual((answer.position.conversation, answer.position.head, answer.members), ("#lobby", 1, 2))
        self.alice.send("#lobby", "after")
        self.assertEqual(self.one.texts(), ["after"])
        self.one.send("#lobby", "thanks")
        self.assertEqual(self.alice.texts(), ["thanks"])
        self.assertEqual(self.here(), ["alice", "one"])

    def test_lines_see_lines_and_frames_come_and_go(self) -> None:
        self.join(self.one)
        self.granted(self.two, m.Join, "#lobby")
        self.assertEqual(self.one.take(), [m.GroupChange("#lobby", "joined", "two")])
        self.assertEqual(self.alice.take(), [])
        bob = self.house.person("bob")
        self.assertEqual(self.one.of(m.GroupChange), [m.GroupChange("#lobby", "joined", "bob")])
        self.one.take()
        self.granted(self.two, m.Leave, "#lobby", "bored")
        self.assertEqual(self.one.take(), [m.GroupChange("#lobby", "left", "two", text="bored")])
        bob.ask(m.Quit, "tata")
        self.assertEqual(self.one.of(p.PersonChanged), [p.PersonChanged("bob", "bob", "gone", "tata")])
        self.one.take()
        self.two.lose()
        self.assertEqual(self.one.of(p.PersonChanged), [])
        self.assertEqual(self.alice.of(m.GroupChange), [])

    def test_a_person_is_there_while_one_session_is(self) -> None:
        self.join(self.one)
        line = self.house.caller("alice", "alice")
        self.one.take()
        self.granted(line, m.Join, "#lobby")
        self.granted(line, m.Leave, "#lobby")
        line.lose()
        self.assertEqual(self.one.take(), [])
        self.alice.lose()
        self.assertEqual(len(self.one.of(p.PersonChanged)), 1)

    def test_who_always_is_seen_is_not_in_the_lobby_without_a_session(self) -> None:
        self.join(self.one)
        self.granted(self.alice, p.SetAlwaysOn, True)
        self.alice.lose()
        self.assertEqual(self.one.of(m.GroupChange), [m.GroupChange("#lobby", "left", "alice", text="Connection lost")])

    def test_again_is_nothing_new(self) -> None:
        self.join(self.one, self.two)
        self.granted(self.one, m.Join, "#lobby")
        self.assertEqual(self.two.take(), [])
        self.granted(self.one, m.Leave, "#lobby")
        self.alice.send("#lobby", "gone?")
        self.assertEqual(self.one.texts(), [])

    def test_a_nick_changes_in_the_lobby(self) -> None:
        self.join(self.one, self.two)
        self.granted(self.one, p.SetNick, "uno")
        self.assertIn(p.PersonChanged("one", "one", "nick", "uno"), self.two.take())

    def test_the_lobby_is_the_frames_always(self) -> None:
        self.refused("not-allowed", self.alice, m.Leave, "#lobby")
        self.assertEqual(self.granted(self.alice, m.Join, "#lobby").position.conversation, "#lobby")
