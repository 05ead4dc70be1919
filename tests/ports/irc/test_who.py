"""Tests of `chatd.ports.irc.who`: WHO, WHOX, WHOIS, WHOWAS, USERHOST, ISON."""

from __future__ import annotations

from tests.irc import IrcScene


class WhoTests(IrcScene):
    """Who somebody is."""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.bob = self.guest("ann", "multi-prefix"), self.guest("bob")
        self.ann.says("JOIN #x", "MODE #x +v ann")
        self.bob.says("JOIN #x")
        self.ignores(self.ann, self.bob)

    def test_who(self) -> None:
        self.says(
            self.ann, "WHO #x",
            ":test.example 352 ann #x ~ann * test.example ann H@+ :0 Ann",
            ":test.example 352 ann #x ~bob * test.example bob H :0 Bob",
            ":test.example 315 ann #x :End of WHO list",
        )  # fmt: skip
        self.ann.says("AWAY :lunch")
        self.ignores(self.bob)
        self.says(
            self.bob, "WHO an?", ":test.example 352 bob * ~ann * test.example ann G :0 Ann",
            ":test.example 315 bob an? :End of WHO list",
        )  # fmt: skip
        self.says(self.bob, "WHO nobody", ":test.example 315 bob nobody :End of WHO list")

    def test_whox(self) -> None:
        self.says(
            self.bob, "WHO ann %tnuar,42", ":test.example 354 bob 42 ~ann ann 0 :Ann",
            ":test.example 315 bob ann :End of WHO list",
        )  # fmt: skip

    def test_whois(self) -> None:
        self.ann.says("AWAY :lunch")
        lines = self.bob.says("WHOIS test.example ann")
        self.assertEqual([line.split(" ")[1] for line in lines], ["311", "319", "312", "301", "317", "318"])
        self.assertEqual(lines[1], ":test.example 319 bob ann :@#x")
        self.says(
            self.bob, "WHOIS nobody", ":test.example 401 bob nobody :No such nick/channel",
            ":test.example 318 bob nobody :End of /WHOIS list",
        )  # fmt: skip
        self.says(self.bob, "WHOIS other.example ann", ":test.example 402 bob other.example :No such server")
        self.says(self.bob, "WHOIS", ":test.example 431 bob :No nickname given")

    def test_one_sees_ones_own_address(self) -> None:
        self.assertIn(" 338 ann ann ", "".join(self.ann.says("WHOIS ann")))
        self.assertNotIn(" 338 ", "".join(self.bob.says("WHOIS ann")))

    def test_whowas(self) -> None:
        self.ann.says("NICK anna")
        self.ignores(self.bob)
        lines = self.bob.says("WHOWAS ann 1")
        self.assertTrue(lines[0].startswith(":test.example 314 bob ann ~ann "), lines)
        self.assertEqual(lines[-1], ":test.example 369 bob ann :End of WHOWAS")
        self.says(
            self.bob, "WHOWAS nobody", ":test.example 406 bob nobody :There was no such nickname",
            ":test.example 369 bob nobody :End of WHOWAS",
        )  # fmt: skip

    def test_userhost_and_ison(self) -> None:
        self.says(self.bob, "USERHOST ann nobody", ":test.example 302 bob :ann=+~ann@*")
        self.says(self.bob, "ISON nobody ANN bob", ":test.example 303 bob :ann bob")
