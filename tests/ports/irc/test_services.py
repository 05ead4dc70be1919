"""Tests of `chatd.ports.irc.services`: NickServ."""

from __future__ import annotations

from tests.irc import PASSWORD, IrcPeer, IrcScene


class NickServTests(IrcScene):
    """What is said to the service."""

    def setUp(self) -> None:
        super().setUp()
        self.ann = self.guest("ann")

    def told(self, text: str, peer: IrcPeer | None = None) -> str:
        """The last thing the service says."""
        lines = [line for line in (peer or self.ann).says(f"PRIVMSG NickServ :{text}") if "NOTICE" in line]
        self.assertTrue(lines and lines[-1].startswith(":NickServ!NickServ@services NOTICE "), lines)
        return lines[-1].partition(" :")[2]

    def test_help_for_what_it_does_not_know(self) -> None:
        self.assertGreater(len(self.ann.says("PRIVMSG NickServ :nonsense")), 3)
        self.assertGreater(len(self.ann.says("NS")), 3)

    def test_register_and_identify(self) -> None:
        self.assertIn("logged in as ann", self.told(f"REGISTER {PASSWORD.replace(' ', '-')}"))
        self.ann.says("QUIT")
        bob = self.guest("bob")
        self.assertNotIn("logged in", self.told("IDENTIFY ann wrong-word", bob))
        self.assertIn("logged in as ann", self.told(f"IDENTIFY ann {PASSWORD.replace(' ', '-')}", bob))

    def test_settings(self) -> None:
        ann = self.account("carol")
        self.assertEqual(self.told("SET always-on true", ann), "always-on is on.")
        self.assertEqual(self.told("set ALWAYS-ON off", ann), "always-on is off.")
        self.assertEqual(self.told("SET multiclient off", ann), "multiclient is off.")
        other = IrcPeer(self.house)
        self.assertNotIn(" 001 ", "".join(other.login("carol", PASSWORD)))
        self.assertIn("account", self.told("SET always-on on"))  # a guest has nothing that could be on

    def test_another_password(self) -> None:
        dora = self.account("dora")
        self.assertNotIn("changed", self.told("PASSWD wrong another-word", dora))
        self.assertIn("password", self.told(f"PASSWD {PASSWORD}", dora).lower())

    def test_nothing_answers_a_notice(self) -> None:
        self.says(self.ann, "NOTICE NickServ :HELP")
