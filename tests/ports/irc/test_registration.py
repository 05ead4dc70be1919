"""Coming in and going: NICK, USER, PASS, SASL, the welcome, PING, QUIT."""

from __future__ import annotations

import base64

from chatd.admission import Policy
from tests.irc import PASSWORD, IrcPeer, IrcScene
from tests.kit import House

AFAR = "198.51.100.7"


def blob(*words: str) -> str:
    """A message of PLAIN."""
    return base64.b64encode("\0".join(words).encode()).decode()


class NickTests(IrcScene):
    """Who one wants to be."""

    def setUp(self) -> None:
        super().setUp()
        self.peer = IrcPeer(self.house)

    def test_the_order_does_not_matter(self) -> None:
        self.assertIn(" 001 ann :", self.peer.says("USER ann 0 * :Ann", "NICK ann")[0])

    def test_the_welcome(self) -> None:
        numbers = [line.split(" ")[1] for line in self.peer.says("NICK ann", "USER ann 0 * :Ann")]
        self.assertEqual(numbers[:4], ["001", "002", "003", "004"])
        self.assertEqual([number for number in numbers if number in ("251", "255", "422")], ["251", "255", "422"])
        self.assertEqual(numbers[-1], "422")

    def test_what_is_missing(self) -> None:
        self.says(self.peer, "NICK", ":test.example 431 * :No nickname given")
        self.says(self.peer, "USER ann 0 *", ":test.example 461 * USER :Not enough parameters")
        self.says(self.peer, "USER ann 0 * :", ":test.example 461 * USER :Not enough parameters")
        self.says(self.peer, "PASS", ":test.example 461 * PASS :Not enough parameters")
        self.says(self.peer, "PING", ":test.example 461 * PING :Not enough parameters")

    def test_names_that_cannot_be(self) -> None:
        for nick in ("1" * 60, "a b:c", "-ann", "ser\u00advice", "ann!x"):
            self.peer.send(f"NICK :{nick}")
            (line,) = self.peer.take()
            self.assertEqual(line.split(" ")[1], "432", line)

    def test_names_that_somebody_has(self) -> None:
        self.guest("ann")
        self.says(self.peer, "NICK Ann", ":test.example 433 * Ann :Nickname is already in use")
        self.assertIn(" 001 anna ", self.peer.says("NICK anna", "USER a 0 * :A")[0])
        self.says(self.peer, "NICK ann", ":test.example 433 anna ann :Nickname is already in use")
        self.says(self.peer, "NICK anne", ":anna!~a@* NICK :anne")

    def test_only_once(self) -> None:
        self.peer.register("ann")
        for line in ("USER x 0 * :X", "PASS x"):
            self.says(self.peer, line, ":test.example 462 ann ...")

    def test_the_ident_is_plain_and_the_name_has_its_length(self) -> None:
        self.peer.says("NICK ann", f"USER b@d!id\u00e9nt 0 * :{'x' * 450}")
        (line,) = [line for line in self.peer.says("WHOIS ann") if " 311 " in line]
        self.assertIn(" ann ~bdidnt ", line)
        self.assertLess(len(line), 400)


class PassTests(IrcScene):
    """An account by PASS."""

    def setUp(self) -> None:
        super().setUp()
        self.account("ann").says("QUIT")
        self.peer = IrcPeer(self.house)

    def test_name_and_password(self) -> None:
        lines = self.peer.says(f"PASS :ann:{PASSWORD}", "NICK annie", "USER a 0 * :A")
        self.assertEqual(lines[0], ":test.example 900 ann annie!*@* ann :You are now logged in as ann")
        self.assertIn(" 330 annie annie ann :", "\n".join(self.peer.says("WHOIS annie")))

    def test_the_nick_is_the_name(self) -> None:
        self.assertIn(" 900 ", self.peer.says(f"PASS :{PASSWORD}", "NICK ann", "USER a 0 * :A")[0])

    def test_wrong(self) -> None:
        lines = self.peer.says("PASS ann:wrong", "NICK ann", "USER a 0 * :A")
        self.assertEqual([line.split(" ")[1] for line in lines], ["464", "433"])


class SaslTests(IrcScene):
    """AUTHENTICATE, as far as it is the port's."""

    def setUp(self) -> None:
        super().setUp()
        self.account("ann").says("QUIT")
        self.peer = IrcPeer(self.house)
        self.peer.says("CAP REQ sasl")

    def begin(self, mechanism: str = "PLAIN") -> None:
        """A mechanism is chosen."""
        self.says(self.peer, f"AUTHENTICATE {mechanism}", "AUTHENTICATE +")

    def test_plain(self) -> None:
        self.begin("plain")
        self.says(
            self.peer,
            f"AUTHENTICATE {blob('', 'ann', PASSWORD)}",
            ":test.example 900 * *!*@* ann :You are now logged in as ann",
            ":test.example 903 * ...",
        )

    def test_in_chunks(self) -> None:
        for size in (300, 599, 1200):  # 400 and 800 characters of base64, and in between
            self.peer = IrcPeer(self.house)
            self.peer.says("CAP REQ sasl")
            self.begin()
            text = base64.b64encode(b"\0ann\0".ljust(size, b"x")).decode()
            parts = [text[at : at + 400] for at in range(0, len(text), 400)]
            parts += ["+"] if len(text) % 400 == 0 else []
            for part in parts[:-1]:
                self.says(self.peer, f"AUTHENTICATE {part}")
            self.says(self.peer, f"AUTHENTICATE {parts[-1]}", ":test.example 904 * ...")

    def test_no_such_mechanism(self) -> None:
        self.says(
            self.peer,
            "AUTHENTICATE OAUTH",
            ":test.example 908 * PLAIN,EXTERNAL,SCRAM-SHA-256 ...",
            ":test.example 904 * ...",
        )

    def test_aborted(self) -> None:
        self.says(self.peer, "AUTHENTICATE *", ":test.example 906 * ...")
        self.begin()
        self.says(self.peer, "AUTHENTICATE *", ":test.example 906 * ...")
        self.begin("SCRAM-SHA-256")
        self.peer.says(f"AUTHENTICATE {base64.b64encode(b'n,,n=ann,r=x').decode()}")
        self.says(self.peer, "AUTHENTICATE *", ":test.example 906 * ...")
        self.begin()

    def test_too_long_or_no_base64(self) -> None:
        self.begin()
        self.says(self.peer, f"AUTHENTICATE {'x' * 401}", ":test.example 905 * ...")
        self.begin()
        self.says(self.peer, "AUTHENTICATE ?", ":test.example 904 * ...")
        self.begin()
        for _ in range(20):
            self.peer.says(f"AUTHENTICATE {'A' * 400}")
        self.says(self.peer, f"AUTHENTICATE {'A' * 400}", ":test.example 905 * ...")

    def test_again_before_one_is_in_but_not_after(self) -> None:
        self.account("bob").says("QUIT")
        for name in ("ann", "bob"):
            self.begin()
            self.assertIn(" 900 ", self.peer.says(f"AUTHENTICATE {blob('', name, PASSWORD)}")[0])
        self.peer.says("NICK bob", "USER b 0 * :B", "CAP END")
        self.says(self.peer, "AUTHENTICATE PLAIN", ":test.example 907 bob ...")

    def test_a_guest_becomes_the_account(self) -> None:
        guest = self.guest("gast", "sasl", "account-notify")
        guest.says("AUTHENTICATE PLAIN")
        lines = guest.says(f"AUTHENTICATE {blob('', 'ann', PASSWORD)}")
        self.assertIn(":test.example 903 gast :SASL authentication successful", lines)


class GuestsRefusedTests(IrcScene):
    """A server that takes accounts only."""

    def setUp(self) -> None:
        self.house = House(policy=Policy("test.example", "open", False))

    def test_told_and_let_in_with_an_account(self) -> None:
        peer = IrcPeer(self.house)
        self.assertIn("FAIL * ACCOUNT_REQUIRED ", peer.says("NICK ann", "USER a 0 * :A")[0])
        lines = peer.says(f"REGISTER * * :{PASSWORD}")
        self.assertIn(" SUCCESS ", lines[0])
        self.assertTrue(any(" 001 ann " in line for line in lines))


class ByeTests(IrcScene):
    """PING, PONG, QUIT."""

    def test_ping_before_one_is_in_and_after(self) -> None:
        peer = IrcPeer(self.house)
        self.says(peer, "PING x", ":test.example PONG test.example :x")
        peer.register("ann")
        self.says(peer, "PING :two words", ":test.example PONG test.example :two words")
        self.says(peer, "PONG x")
        self.says(peer, "PONG")

    def test_quit(self) -> None:
        ann, bob = self.guest("ann"), self.guest("bob")
        for peer in (ann, bob):
            peer.says("JOIN #a")
        self.ignores(ann)
        self.says(ann, "QUIT :bye", ":ann!~ann@* QUIT :Quit: bye", "ERROR :Closing Link: ...")
        self.assertFalse(ann.transport.connected)
        self.hears(bob, ":ann!~ann@* QUIT :Quit: bye")

    def test_quit_before_one_is_in(self) -> None:
        peer = IrcPeer(self.house)
        self.says(peer, "QUIT", "ERROR :Closing Link: ...")
        self.assertFalse(peer.transport.connected)

    def test_nothing_behind_it_is_heard(self) -> None:
        ann, bob = self.guest("ann"), self.guest("bob")
        ann.says("QUIT", "PRIVMSG bob :x")
        self.hears(bob)

    def test_everything_with_one_breath(self) -> None:
        peer = IrcPeer(self.house)
        lines = peer.says("NICK ann", "USER ann 0 * :Ann", "JOIN #a", "PRIVMSG #a :x", "PING end")
        self.assertEqual(len([line for line in lines if " JOIN #a" in line]), 1)
        self.assertEqual(lines[-1], ":test.example PONG test.example :end")
