"""Tests of clients.core.answers: what a face finds there is the protocol's own."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import archive, messages, moderation
from clients.core import answers


class AnswerTests(SynchronousTestCase):
    """The same values under another roof."""

    def test_they_are_the_same(self) -> None:
        for name in answers.__all__:
            origin = next(module for module in (messages, moderation, archive) if hasattr(module, name))
            self.assertIs(getattr(answers, name), getattr(origin, name))
