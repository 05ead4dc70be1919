"""Tests of clients.core.step: two things that follow one after the other."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from clients.core import notices as n
from clients.core import records as r
from clients.core.step import Step, both


class BothTests(SynchronousTestCase):
    """One after the other; the first says whether the line is closed."""

    def test_what_follows_keeps_its_order(self) -> None:
        one = Step([n.AskName()], [r.Try("a")], [m.Ping(1)])
        other = Step([n.AskPassword()], [r.Try("b")], [m.Ping(2)])
        found = both(one, other)
        self.assertEqual(found.notices, [n.AskName(), n.AskPassword()])
        self.assertEqual(found.records, [r.Try("a"), r.Try("b")])
        self.assertEqual(found.commands, [m.Ping(1), m.Ping(2)])

    def test_the_first_one_stops(self) -> None:
        found = both(Step(stop="why", again=False, retry=3.0), Step())
        self.assertEqual((found.stop, found.again, found.retry), ("why", False, 3.0))
