"""Tests of `chatd.ports.irc.server`: what the server says of itself."""

from __future__ import annotations

from chatd.ports.irc.client import Facts
from tests.irc import IrcScene


class ServerTests(IrcScene):
    """Questions that change nothing."""

    def setUp(self) -> None:
        super().setUp()
        self.ann = self.guest("ann")

    def numbers(self, line: str) -> list[str]:
        """The numerics that answer."""
        return [answer.split(" ")[1] for answer in self.ann.says(line)]

    def test_each(self) -> None:
        self.assertEqual(self.numbers("ADMIN"), ["256", "257", "258", "259"])
        self.assertEqual(self.numbers("LINKS"), ["364", "365"])
        self.assertEqual(self.numbers("LUSERS"), ["251", "252", "253", "254", "255", "265", "266"])
        self.assertEqual(self.numbers("STATS u"), ["242", "219"])
        self.assertEqual(self.numbers("STATS x"), ["219"])
        self.assertEqual(self.numbers("VERSION")[0], "351")
        self.assertEqual(set(self.numbers("VERSION")[1:]), {"005"})
        self.assertEqual(self.numbers("INFO")[-1], "374")
        self.assertEqual(self.numbers("HELP")[0], "704")
        self.assertEqual(self.numbers("HELP privmsg"), ["704", "705", "706"])
        self.assertEqual(self.numbers("HELPOP nonsense"), ["524"])

    def test_the_time_is_the_servers(self) -> None:
        (line,) = self.ann.says("TIME")
        self.assertIn(f" 391 ann test.example {int(self.house.wall())} ", line)

    def test_other_servers_are_unknown(self) -> None:
        for command in ("ADMIN", "INFO", "MOTD", "TIME", "VERSION"):
            self.says(self.ann, f"{command} other.example", ":test.example 402 ann other.example :No such server")
            self.assertNotIn("402", self.numbers(f"{command} TEST.example"))
            self.assertNotIn("402", self.numbers(f"{command} ann"))

    def test_message_of_the_day(self) -> None:
        self.says(self.ann, "MOTD", ":test.example 422 ann :MOTD File is missing")
        self.house.codecs.facts = Facts(name="test.example", motd=("Be kind.",))
        bob = self.guest("bob")
        self.assertEqual(
            [line.partition(" bob ")[2] for line in bob.says("MOTD")],
            [":- test.example Message of the day - ", ":- Be kind.", ":End of /MOTD command"],
        )

    def test_counts(self) -> None:
        self.guest("bob")
        self.ann.says("JOIN #x", "MODE ann +i")
        lines = self.ann.says("LUSERS")
        self.assertIn("There are 1 users and 1 invisible", lines[0])
        self.assertEqual(lines[3], ":test.example 254 ann 1 :channels formed")
