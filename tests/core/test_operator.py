"""Operators of the server: ending somebody's sessions, and saying something to those who listen."""

from __future__ import annotations

from chatd import messages as m
from chatd import moderation as o
from chatd import people as p
from tests.kit import Scene


class Operators(Scene):
    """Kill and wallops."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")
        self.house.node.hub.users.find("alice").operator = True

    def test_all_sessions_end(self) -> None:
        line = self.house.caller("bob", "bob")
        watcher = self.house.caller("watcher")
        for peer in (self.alice, watcher):
            self.granted(peer, m.Join, "#hw3")
        self.granted(self.bob, m.Join, "#hw3")
        for peer in self.house.peers:
            peer.take()
        ref = self.alice.ask(o.Kill, "BOB", "enough")
        reason = "Killed (alice (enough))"
        self.assertEqual(self.alice.take(), [m.Done(ref), m.Presence("bob", "offline")])
        for victim in (self.bob, line):
            self.assertEqual(victim.take(), [m.Bye("killed", reason)])
            self.assertTrue(victim.over)
        self.assertEqual(watcher.of(p.PersonChanged), [p.PersonChanged("bob", "bob", "gone", reason)])
        self.refused("not-here", self.alice, o.Kill, "bob")
        self.refused("no-such-user", self.alice, o.Kill, "nobody")
        self.assertTrue(self.bob.again().of(m.Welcome))

    def test_oneself(self) -> None:
        self.alice.ask(o.Kill, "alice")
        self.assertEqual([type(event) for event in self.alice.take()], [m.Done, m.Bye])

    def test_to_those_who_listen(self) -> None:
        self.granted(self.bob, p.SetProfile, wallops=True)
        self.granted(self.alice, o.Wallops, "disk is full")
        self.assertEqual(self.bob.of(o.Walloped), [o.Walloped("alice", "disk is full")])
        self.assertEqual(self.alice.of(o.Walloped), [])
        self.refused("empty-text", self.alice, o.Wallops, " ")
        self.refused("text-too-long", self.alice, o.Wallops, "x" * 16_385)

    def test_nobody_else(self) -> None:
        self.refused("not-operator", self.bob, o.Kill, "alice")
        self.refused("not-operator", self.bob, o.Wallops, "hi")
