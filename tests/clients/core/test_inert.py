"""Tests of clients.core.inert: what a face finds there is the wire's own."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd.wire import inert as wire
from clients.core import inert


class InertTests(SynchronousTestCase):
    """The same functions under another roof."""

    def test_they_are_the_same(self) -> None:
        for name in inert.__all__:
            self.assertIs(getattr(inert, name), getattr(wire, name))
