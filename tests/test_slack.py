"""Memory is given back behind many comings, once, and when nobody talks."""

from __future__ import annotations

import platform

from twisted.trial.unittest import SynchronousTestCase

from chatd.slack import MANY, Slack, give_back


class SlackTests(SynchronousTestCase):
    """What is counted, and what is done."""

    def test_behind_many_and_when_it_is_calm(self) -> None:
        done: list[int] = []
        slack = Slack(lambda: done.append(1))
        for _ in range(2):
            slack.look(MANY - 1, 0)
        self.assertEqual(done, [])  # too few
        for said in (7, 9):
            slack.look(MANY, said)
        self.assertEqual(done, [])  # somebody talks
        slack.look(MANY + 1, 9)
        self.assertEqual(done, [])  # somebody comes
        for _ in range(3):
            slack.look(MANY + 1, 9)
        self.assertEqual(done, [1])  # once
        for _ in range(2):
            slack.look(2 * MANY + 1, 9)
        self.assertEqual(done, [1, 1])

    def test_what_is_free_goes(self) -> None:
        parts = [bytes(20_000) for _ in range(1000)]
        del parts[::2]
        given = give_back()
        if platform.libc_ver()[0] == "glibc":
            self.assertTrue(given)
        self.assertEqual(sum(map(len, parts)), 20_000 * len(parts))
