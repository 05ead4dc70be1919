"""Tests of `chatd.ports.irc.help`: it is about what there is."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd.ports.irc.help import HELP, INDEX
from chatd.ports.irc.table import COMMANDS

OF_PROGRAMS = {"ACCEPT", "ADMIN", "AUTHENTICATE", "BATCH", "CAP", "HELP", "HELPOP", "INFO", "KILL", "LINKS",
               "LUSERS", "MOTD", "NICKSERV", "NS", "PASS", "PING", "PONG", "STATS", "TAGMSG", "TIME", "USER",
               "USERHOST", "VERSION", "WALLOPS"}  # fmt: skip
"""What no newcomer types, or what says everything when it is typed."""


class HelpTests(SynchronousTestCase):
    """HELP."""

    def test_of_every_command_that_people_type(self) -> None:
        self.assertEqual(set(HELP) - set(COMMANDS), set())
        self.assertEqual(set(COMMANDS) - set(HELP) - OF_PROGRAMS, set())

    def test_the_index_names_them_all(self) -> None:
        words = " ".join(INDEX).split()
        self.assertEqual([name for name in HELP if name not in words], [])

    def test_lines_fit(self) -> None:
        for lines in (*HELP.values(), INDEX):
            self.assertTrue(all(0 < len(line) < 300 for line in lines))
