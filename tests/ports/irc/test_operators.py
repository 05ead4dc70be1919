"""Tests of `chatd.ports.irc.operators`: OPER, KILL, WALLOPS."""

from __future__ import annotations

from chatd.admission import Policy
from chatd.auth import make_verifier
from tests.irc import IrcPeer, IrcScene
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
