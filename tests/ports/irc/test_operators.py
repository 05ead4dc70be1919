"""Tests of `chatd.ports.irc.operators`: OPER, KILL, WALLOPS, and what whoever is banned or muted is told."""

from __future__ import annotations

import base64

from chatd.admission import Policy
from chatd.auth import make_verifier
from chatd.core import sanctions
from tests.irc import PASSWORD, IrcPeer, IrcScene
from tests.kit import House

WORD = "correct horse"
POLICY = Policy("test.example", "open", True, operators={"root": make_verifier(WORD)})


class OperatorTests(IrcScene):
    """With an operator in the configuration."""

    def setUp(self) -> None:
        super().setUp()
        self.house = House(policy=POLICY)
        self.ann, self.bob = self.guest("ann"), self.guest("bob")

    def rise(self) -> None:
        """Ann is an operator."""
        self.says(
            self.ann, f"OPER root :{WORD}", ":test.example 381 ann :You are now an IRC operator",
            ":ann!~ann@* MODE ann +o",
        )  # fmt: skip

    def test_oper(self) -> None:
        self.says(self.ann, "OPER root wrong", ":test.example 491 ann :...")
        self.says(self.ann, f"OPER nobody :{WORD}", ":test.example 491 ann :...")
        self.rise()
        self.assertIn(" 313 bob ann :is an IRC operator", "".join(self.bob.says("WHOIS ann")))

    def test_kill(self) -> None:
        self.says(self.bob, "KILL ann :mine", ":test.example 481 bob :...")
        self.rise()
        self.says(self.ann, "KILL nobody :x", ":test.example 401 ann nobody :No such nick/channel")
        self.ann.says("KILL bob :spam")
        lines = self.bob.take()
        self.assertTrue(lines[-1].startswith("ERROR :") and "spam" in lines[-1], lines)
        self.assertFalse(self.bob.transport.connected)

    def test_wallops_reach_who_wants_them(self) -> None:
        carol: IrcPeer = self.guest("carol")
        self.rise()
        self.bob.says("MODE bob +w")
        self.ignores(self.ann, self.bob, carol)
        self.says(self.ann, "WALLOPS :the server stops at noon")
        self.hears(self.bob, ":ann!~ann@* WALLOPS :the server stops at noon")
        self.hears(carol)
        self.says(carol, "WALLOPS :me too", ":test.example 481 carol :...")


class SanctionTests(IrcScene):
    """What staff have done about somebody, as IRC tells it."""

    def impose(self, kind: str, whom: str, seconds: float = 60) -> None:
        """As the console does it."""
        sanctions.impose(self.house.node.hub, self.house.node.turn(), kind, whom, "miller", seconds, "spam")
        self.house.settle()

    def test_banned(self) -> None:
        ann, bob = self.account("ann"), self.guest("bob")
        bob.says("JOIN #a")
        ann.says("JOIN #a")
        self.ignores(ann, bob)
        self.impose("ban", "ann")
        (line,) = ann.take()
        self.assertRegex(line, r"^ERROR :Closing Link: You are banned until [0-9 :-]+ UTC: spam$")
        self.assertFalse(ann.transport.connected)
        self.hears(bob, ":ann!~ann@ann.user QUIT :Banned by miller")
        again = IrcPeer(self.house)
        again.says("CAP LS 302", "NICK ann", "USER a 0 * :A", "CAP REQ sasl", "AUTHENTICATE PLAIN")
        lines = again.says("AUTHENTICATE " + base64.b64encode(f"\0ann\0{PASSWORD}".encode()).decode())
        self.assertIn(" 904 ", lines[0])
        self.assertIn("You are banned until ", lines[0])
        self.assertTrue(lines[-1].startswith("ERROR "))

    def test_a_guest_who_is_banned(self) -> None:
        self.impose("ban", "198.51.100.0/24")
        peer = IrcPeer(self.house, host="198.51.100.7")
        lines = peer.says("NICK carl", "USER c 0 * :C")
        self.assertRegex(lines[-2], r"^:test.example 465 \S+ :You are banned until .*: spam$")
        self.assertTrue(lines[-1].startswith("ERROR "))
        self.assertFalse(peer.transport.connected)

    def test_muted(self) -> None:
        ann, bob = self.guest("ann", host="198.51.100.7"), self.guest("bob")
        for peer in (ann, bob):
            peer.says("JOIN #a")
        self.ignores(ann, bob)
        self.impose("mute", "ann")
        self.assertRegex(ann.take()[0], r" NOTICE ann :You are muted until .*: spam")
        self.assertRegex(ann.says("PRIVMSG #a :hi")[0], r" 404 ann #a :You are muted until .*: spam")
        self.assertRegex(ann.says("PRIVMSG bob :hi")[0], r" 531 ann bob :You are muted until .*: spam")
        self.assertEqual(bob.take(), [])
