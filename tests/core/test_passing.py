"""What is passed on: to who is here, kept nowhere, and no more than may be sent."""

from __future__ import annotations

from chatd import messages as m
from chatd import moderation as o
from chatd import people as p
from tests.kit import Peer, Scene

ID = b"i" * 16


class Passing(Scene):
    """Pass."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")
        self.gast = self.house.caller("gast")
        for peer in (self.alice, self.bob, self.gast):
            self.granted(peer, m.Join, "#hw3")
        self.forget()

    def forget(self) -> None:
        """They have forgotten what they heard."""
        for peer in self.house.peers:
            peer.take()

    def heard(self, peer: Peer) -> list[tuple[str, str, str]]:
        """What was passed on to somebody."""
        found = [(event.sender, event.to, event.text) for event in peer.of(p.Passing)]
        peer.take()
        return found

    def test_to_a_person(self) -> None:
        line = self.house.caller("bob", "bob")
        now = int(self.house.wall() * 1000)
        answer = self.granted(self.gast, p.Pass, "@BOB", ID, "psst", "notice", "+x=y")
        self.assertEqual(answer, p.Passed(answer.ref, now))
        event = p.Passing("gast", "bob", ID, now, "psst", "notice", "+x=y")
        self.assertEqual((self.bob.take(), line.of(p.Passing)), ([event], [event]))
        self.assertEqual(self.alice.of(p.Passing), [])
        self.granted(self.bob, p.Pass, "@gast", ID, "yes?")
        self.assertEqual(self.heard(self.gast), [("bob", "gast", "yes?")])
        self.assertEqual(self.heard(line)[-1:], [("bob", "gast", "yes?")])
        self.assertEqual([log.head for log in self.house.store.load().logs], [0, 0])

    def test_to_oneself(self) -> None:
        self.granted(self.gast, p.Pass, "@gast", ID, "hm")
        self.assertEqual(self.house.node.hub.users.find("gast").state, "online")
        self.gast.tell(p.Pass(9, "@gast", ID, "hm"))
        self.assertEqual(self.heard(self.gast), [("gast", "gast", "hm")] * 2)

    def test_the_answer_says_that_they_are_away(self) -> None:
        self.granted(self.bob, m.Away, "lunch")
        self.assertEqual(self.granted(self.gast, p.Pass, "@bob", ID, "psst").away, "lunch")

    def test_nobody_is_there(self) -> None:
        self.refused("no-such-user", self.gast, p.Pass, "@nobody", ID, "psst")
        self.bob.lose()
        self.refused("not-here", self.gast, p.Pass, "@bob", ID, "psst")

    def test_to_a_group(self) -> None:
        self.granted(self.gast, p.Pass, "#HW3", ID, "", "tags", "+typing=active")
        now = int(self.house.wall() * 1000)
        event = p.Passing("gast", "#hw3", ID, now, "", "tags", "+typing=active")
        self.assertEqual((self.alice.take(), self.bob.take(), self.gast.of(p.Passing)), ([event], [event], []))
        self.refused("no-such-group", self.gast, p.Pass, "#nowhere", ID, "hm")
        stranger = self.house.caller("stranger")
        self.refused("no-external", stranger, p.Pass, "#hw3", ID, "", "tags", "+typing=active")

    def test_to_those_with_a_mode(self) -> None:
        self.granted(self.alice, o.SetModes, "#hw3", [o.ModeChange(True, "v", "bob")])
        self.forget()
        for least, heard in (("", [1, 1]), ("v", [1, 1]), ("h", [1, 0]), ("o", [1, 0]), ("q", [1, 0])):
            self.granted(self.gast, p.Pass, "#hw3", ID, "you", least=least)
            self.assertEqual([len(self.heard(peer)) for peer in (self.alice, self.bob)], heard, least)
        for least in ("x", "ov"):
            self.refused("bad-argument", self.gast, p.Pass, "#hw3", ID, "you", least=least)

    def test_what_may_not_be_said_is_not_passed_on(self) -> None:
        self.granted(self.alice, o.SetModes, "#hw3", [o.ModeChange(True, "m")])
        self.refused("moderated", self.gast, p.Pass, "#hw3", ID, "hm")
        self.refused("moderated", self.gast, p.Pass, "#hw3", ID, "", "tags", "+typing=active")
        self.granted(self.alice, p.Pass, "#hw3", ID, "hm")

    def test_typing_is_nothing_said_in_slow_mode(self) -> None:
        self.granted(self.alice, o.SetModes, "#hw3", [o.ModeChange(True, "f", "60")])
        for _ in range(2):
            self.granted(self.gast, p.Pass, "#hw3", ID, "", "tags", "+typing=active")
        self.granted(self.gast, p.Pass, "#hw3", ID, "once")
        self.refused("slow-mode", self.gast, p.Pass, "#hw3", ID, "twice")

    def test_bounds(self) -> None:
        self.refused("bad-id", self.gast, p.Pass, "@bob", b"short", "hm")
        self.refused("bad-argument", self.gast, p.Pass, "@bob", ID, "hm", "song")
        self.refused("empty-text", self.gast, p.Pass, "@bob", ID, " ")
        self.refused("text-too-long", self.gast, p.Pass, "@bob", ID, "x" * 16_385)
        self.refused("text-too-long", self.gast, p.Pass, "@bob", ID, "hm", tags="+x=" + "y" * 5000)

    def test_idle_is_who_says_nothing(self) -> None:
        self.house.advance(30)
        self.granted(self.gast, p.Pass, "@bob", ID, "", "tags", "+typing=active")
        self.assertEqual(self.granted(self.bob, m.Whois, "gast").idle, 30)
        self.granted(self.gast, p.Pass, "@bob", ID, "hm")
        self.assertEqual(self.granted(self.bob, m.Whois, "gast").idle, 0)
