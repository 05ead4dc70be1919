"""Tests of `chatd.ports.irc.caps`: capability negotiation."""

from __future__ import annotations

from chatd.ports.irc.caps import CAPABILITIES
from chatd.wire.irc import LINE_BYTES
from tests.irc import IrcPeer, IrcScene


class CapTests(IrcScene):
    """CAP."""

    def setUp(self) -> None:
        super().setUp()
        self.ann = IrcPeer(self.house)

    def test_all_are_listed(self) -> None:
        lines = self.ann.says("CAP LS 302")
        self.assertTrue(all(len(line.encode()) + 2 <= LINE_BYTES for line in lines))
        self.assertTrue(all(" LS * :" in line for line in lines[:-1]))
        names = [word.partition("=")[0] for line in lines for word in line.partition(" :")[2].split()]
        self.assertEqual(set(names) - {"sts"}, set(CAPABILITIES))

    def test_the_oldest_clients_get_no_values(self) -> None:
        (line,) = self.ann.says("CAP LS")
        self.assertNotIn("=", line)

    def test_all_or_nothing(self) -> None:
        self.says(self.ann, "CAP REQ :multi-prefix nonsense", ":test.example CAP * NAK :multi-prefix nonsense")
        self.says(self.ann, "CAP LIST", ":test.example CAP * LIST :")
        self.says(self.ann, "CAP REQ :multi-prefix batch", ":test.example CAP * ACK :multi-prefix batch")
        self.says(self.ann, "CAP REQ :-batch", ":test.example CAP * ACK -batch")
        self.says(self.ann, "CAP LIST", ":test.example CAP * LIST multi-prefix")

    def test_what_cannot_be_taken_back(self) -> None:
        self.ann.says("CAP LS 302")
        self.says(self.ann, "CAP REQ :-cap-notify", ":test.example CAP * NAK -cap-notify")

    def test_mistakes(self) -> None:
        self.says(self.ann, "CAP NONSENSE", ":test.example 410 * NONSENSE :Invalid CAP command")
        self.says(self.ann, "CAP REQ", ":test.example 461 * CAP :Not enough parameters")

    def test_negotiation_holds_the_welcome_back(self) -> None:
        self.ann.says("CAP LS 302", "NICK ann")
        self.says(self.ann, "USER ann 0 * :Ann")
        self.assertIn(" 001 ann ", self.ann.says("CAP END")[0])

    def test_who_changes_them_later_hears_otherwise(self) -> None:
        self.ann.register("ann")
        bob = self.guest("bob")
        self.ann.says("JOIN #x")
        bob.says("JOIN #x")
        self.ignores(self.ann, bob)
        bob.says("CAP REQ :server-time")
        self.ann.says("PRIVMSG #x :hi")
        self.assertTrue(bob.take()[0].startswith("@time="))
        bob.says("CAP REQ :-server-time")
        self.ann.says("PRIVMSG #x :hi")
        self.assertTrue(bob.take()[0].startswith(":ann!"))
