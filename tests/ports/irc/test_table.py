"""Tests of `chatd.ports.irc.table`: what stands between a line and its function."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd.ports.irc.table import AREAS, COMMANDS, REPLIES
from tests.irc import IrcPeer
from tests.kit import House


class TableTests(SynchronousTestCase):
    """The one table."""

    def test_no_area_takes_anothers_command_or_event(self) -> None:
        self.assertEqual(len(COMMANDS), 1 + sum(len(area.COMMANDS) for area in AREAS))  # CAP has no area
        self.assertEqual(len(REPLIES), sum(len(area.REPLIES) for area in AREAS))

    def test_strangers_may_say_little(self) -> None:
        peer = IrcPeer(House())
        for name, command in COMMANDS.items():
            if not command.before:
                self.assertEqual(peer.says(f"{name} a b c d"), [":test.example 451 * :You have not registered"], name)
        self.assertEqual(peer.says("NONSENSE"), [":test.example 451 * :You have not registered"])

    def test_too_few_parameters(self) -> None:
        peer = IrcPeer(House())
        peer.register("ann")
        for name, command in COMMANDS.items():
            if command.params:
                (line,) = peer.says(name)
                self.assertEqual(line, f":test.example 461 ann {name} :Not enough parameters")

    def test_an_unknown_command(self) -> None:
        peer = IrcPeer(House())
        peer.register("ann")
        self.assertEqual(peer.says("nonsense a"), [":test.example 421 ann NONSENSE :Unknown command"])
