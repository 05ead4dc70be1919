"""Tests of `chatd.ports.irc.failures`: each refusal has its words in IRC."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd.ports.irc.failures import CANNOT_SEND, CODES
from tests.irc import IrcPeer
from tests.kit import House


class FailureTests(SynchronousTestCase):
    """From the core's codes to numerics."""

    def setUp(self) -> None:
        self.house = House()
        self.ann, self.bob = IrcPeer(self.house), IrcPeer(self.house)
        self.ann.register("ann")
        self.bob.register("bob")
        self.ann.says("JOIN #x")

    def number(self, peer: IrcPeer, line: str) -> str:
        """The command of the one line that answers."""
        (answer,) = peer.says(line)
        return answer.split(" ")[1]

    def test_numbers(self) -> None:
        for line, number in (
            ("JOIN nogroup", "403"), ("PART #nowhere", "403"), ("PART #x", "442"), ("KICK #x ann", "442"),
            ("INVITE ann #x", "442"), ("TOPIC #x :mine", "442"), ("MODE #x +m", "442"), ("PRIVMSG #x :hi", "404"),
            ("PRIVMSG #nowhere :hi", "403"), ("PRIVMSG nobody :hi", "401"), ("KILL ann :no", "481"),
            ("WALLOPS :no", "481"), ("NICK ann", "433"), ("NICK #", "432"),
        ):  # fmt: skip
            self.assertEqual(self.number(self.bob, line), number, line)
        self.bob.says("JOIN #x")
        for line, number in (("KICK #x ann", "482"), ("MODE #x +m", "482"), ("TOPIC #x :mine", "482")):
            self.assertEqual(self.number(self.bob, line), number, line)

    def test_doors(self) -> None:
        for mode, number in (("+i", "473"), ("+k secret", "475"), ("+l 1", "471"), ("+b bob", "474"), ("+R", "477")):
            self.ann.says(f"MODE #x {mode}")
            self.assertEqual(self.number(self.bob, "JOIN #x"), number, mode)
            letter = mode[1]
            self.ann.says(f"MODE #x -{letter} {mode[3:]}")
        self.assertIn("JOIN", "".join(self.bob.says("JOIN #x")))

    def test_nothing_answers_a_notice(self) -> None:
        self.assertEqual(self.bob.says("NOTICE #x :hi", "NOTICE nobody :hi", "NOTICE #nowhere :hi"), [])

    def test_codes_are_words_with_hyphens(self) -> None:
        self.assertTrue(all(code == code.lower() and " " not in code for code in (*CODES, *CANNOT_SEND)))
