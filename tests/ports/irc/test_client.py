"""Tests of `chatd.ports.irc.client`: what one line is answered with, and under which label."""

from __future__ import annotations

from tests.irc import IrcScene

CAPS = ("labeled-response", "batch", "echo-message")


class LabelTests(IrcScene):
    """IRCv3 labeled-response."""

    def setUp(self) -> None:
        super().setUp()
        self.ann = self.guest("ann", *CAPS)

    def test_one_line(self) -> None:
        self.says(self.ann, "@label=1 PING x", "@label=1 :test.example PONG test.example :x")

    def test_none(self) -> None:
        self.says(self.ann, "@label=2 PONG x", "@label=2 :test.example ACK")

    def test_several_are_a_batch(self) -> None:
        self.says(
            self.ann,
            "@label=3 JOIN #x",
            "@label=3 :test.example BATCH +b1 labeled-response",
            "@batch=b1 :ann!~ann@* JOIN #x",
            "@batch=b1 :test.example 353 ann = #x :@ann",
            "@batch=b1 :test.example 366 ann #x :End of NAMES list",
            ":test.example BATCH -b1",
        )

    def test_several_commands_of_one_line(self) -> None:
        self.says(
            self.ann,
            "@label=4 PRIVMSG nobody,ann :hi",
            ":ann!~ann@* PRIVMSG ann :hi",
            "@label=4 :test.example BATCH +b1 labeled-response",
            "@batch=b1 :test.example 401 ann nobody :No such nick/channel",
            "@batch=b1 :ann!~ann@* PRIVMSG ann :hi",
            ":test.example BATCH -b1",
        )

    def test_a_label_is_cut(self) -> None:
        self.says(self.ann, f"@label={'x' * 80} PONG y", f"@label={'x' * 64} :test.example ACK")

    def test_without_the_capability_there_is_none(self) -> None:
        bob = self.guest("bob", "batch")
        self.says(bob, "@label=5 PING x", ":test.example PONG test.example :x")


class OrderTests(IrcScene):
    """Rule 2 of the line port: a PONG is behind everything that was caused before its PING."""

    def test_everything_in_order(self) -> None:
        ann = self.guest("ann")
        lines = ann.says("JOIN #x", "MODE #x +m", "NICK anna", "WHOIS anna", "NONSENSE", "PING end")
        commands = [line.split(" ")[1] for line in lines]
        self.assertEqual(commands[:6], ["JOIN", "353", "366", "MODE", "NICK", "311"])
        self.assertEqual(commands[-2:], ["421", "PONG"])
        self.assertIn(" 421 anna ", lines[-2])
