"""Tests of `chatd.ports.irc.caps`: capability negotiation."""

from __future__ import annotations

import msgspec

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


class NegotiationTests(IrcScene):
    """LS, LIST, REQ, END."""

    def setUp(self) -> None:
        super().setUp()
        self.peer = IrcPeer(self.house)

    def offered(self, version: str = " 302") -> dict[str, str]:
        """What CAP LS says, as a table."""
        words = " ".join(line.rpartition(" :")[2] for line in self.peer.says(f"CAP LS{version}")).split()
        return dict(word.partition("=")[::2] for word in words)

    def test_everything_is_offered_with_values_to_who_knows_them(self) -> None:
        offered = self.offered()
        self.assertEqual(set(offered), set(CAPABILITIES))
        self.assertEqual(offered["sasl"], "PLAIN,EXTERNAL,SCRAM-SHA-256")
        self.assertEqual(offered["draft/multiline"], "max-bytes=16384,max-lines=100")
        self.assertEqual(offered["draft/account-registration"], "before-connect")
        self.assertTrue(offered["draft/metadata-3"].startswith("before-connect,max-subs="))

    def test_without_values_in_one_line(self) -> None:
        (line,) = self.peer.says("CAP LS")
        self.assertNotIn("=", line)
        self.assertEqual(set(line.rpartition(":")[2].split()), set(CAPABILITIES))

    def test_long_lists_go_on(self) -> None:
        lines = self.peer.says("CAP LS 302")
        self.assertTrue(all(" CAP * LS * :" in line for line in lines[:-1]))
        self.assertTrue(all(len(line) < 510 for line in lines))

    def test_each_can_be_had_and_given_back(self) -> None:
        for name in CAPABILITIES:
            self.says(self.peer, f"CAP REQ {name}", f":test.example CAP * ACK {name}")
            self.assertIn(name, self.peer.says("CAP LIST")[0])
            self.says(self.peer, f"CAP REQ -{name}", f":test.example CAP * ACK -{name}")
            self.assertNotIn(f" {name} ", self.peer.says("CAP LIST")[0] + " ")

    def test_all_or_nothing(self) -> None:
        self.says(self.peer, "CAP REQ :batch nonsense", ":test.example CAP * NAK :batch nonsense")
        self.says(self.peer, "CAP LIST", ":test.example CAP * LIST :")

    def test_cap_notify_comes_with_302_and_stays(self) -> None:
        self.offered()
        self.says(self.peer, "CAP LIST", ":test.example CAP * LIST cap-notify")
        self.says(self.peer, "CAP REQ -cap-notify", ":test.example CAP * NAK -cap-notify")

    def test_nobody_is_in_before_the_end(self) -> None:
        self.offered()
        self.says(self.peer, "NICK ann")
        self.says(self.peer, "USER a 0 * :A")
        self.assertIn(" 001 ann ", self.peer.says("CAP END")[0])

    def test_mistakes(self) -> None:
        self.says(self.peer, "CAP", ":test.example 461 * CAP ...")
        self.says(self.peer, "CAP REQ", ":test.example 461 * CAP ...")
        self.says(self.peer, "CAP WHAT", ":test.example 410 * WHAT ...")

    def test_a_long_version_is_none(self) -> None:
        self.assertNotIn("=", "".join(self.peer.says(f"CAP LS {'9' * 5000}"[:500])))


class StsTests(IrcScene):
    """STS: come with TLS instead."""

    def setUp(self) -> None:
        super().setUp()
        self.house.facts = msgspec.structs.replace(self.house.facts, sts_port=6697, sts_seconds=60)
        self.house.start()

    def test_without_tls_the_port_and_with_it_how_long(self) -> None:
        self.assertIn(" sts=port=6697", " ".join(IrcPeer(self.house).says("CAP LS 302")))
        self.assertIn(" sts=duration=60", " ".join(IrcPeer(self.house, binding=b"b" * 32).says("CAP LS 302")))

    def test_it_cannot_be_asked_for(self) -> None:
        peer = IrcPeer(self.house)
        self.assertNotIn("sts", " ".join(peer.says("CAP LS")))
        self.says(peer, "CAP REQ sts", ":test.example CAP * NAK sts")
