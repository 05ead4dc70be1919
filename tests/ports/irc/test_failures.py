"""Tests of `chatd.ports.irc.failures`: each refusal has its words in IRC."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd.core.limits import Limits
from chatd.ports.irc.failures import CANNOT_SEND, CODES
from tests.irc import IrcPeer, IrcScene
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


class ReplyTests(IrcScene):
    """What a refusal looks like."""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.bob = self.guest("ann"), self.guest("bob")
        self.ann.says("JOIN #a")

    def test_what_cannot_be_said_to_a_group_is_404(self) -> None:
        for modes in ("+n", "-n+m", "-m+M"):
            self.ann.says(f"MODE #a {modes}")
            self.says(self.bob, "PRIVMSG #a :hello", ":test.example 404 bob #a ...")

    def test_what_cannot_be_said_to_a_person(self) -> None:
        self.ann.says("MODE ann +T")
        self.says(self.bob, "PRIVMSG ann :\1VERSION\1", ":test.example 531 bob ann :ann takes no CTCP.")
        self.ann.says("MODE ann +R")
        self.says(self.bob, "PRIVMSG ann :hello", ":test.example 477 bob ann ...")
        self.says(self.bob, "PRIVMSG nobody :hello", ":test.example 401 bob nobody :No such nick/channel")

    def test_a_full_mailbox_is_said(self) -> None:
        self.house = House(limits=Limits(mailbox_messages=1))
        carl, dora = self.account("carl"), self.account("dora")
        dora.says("QUIT")
        carl.says("PRIVMSG dora :one")
        self.says(
            carl, "PRIVMSG dora :two", ":test.example 531 carl dora :dora has 1 unread messages; try again later."
        )

    def test_operators_of_a_group_and_of_the_server(self) -> None:
        self.bob.says("JOIN #a")
        self.says(self.bob, "MODE #a +m", ":test.example 482 bob #a ...")
        self.says(self.bob, "WALLOPS :x", ":test.example 481 bob ...")

    def test_what_has_no_number_is_a_standard_reply(self) -> None:
        self.says(self.bob, "MARKREAD * timestamp=2020-01-01T00:00:00.000Z", ":test.example FAIL MARKREAD ...")

    def test_what_nobody_asked_for_is_a_note(self) -> None:
        session = self.bob.door._inner.session  # type: ignore[union-attr]
        self.house.node.turn().reply(session, m.Failed(0, "slow-down", "Too fast."))
        self.hears(self.bob, ":test.example NOTE * SLOW_DOWN :Too fast.")
