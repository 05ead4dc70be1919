"""Tests of clients.core.notices: values that compare and do not change."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd.messages import Message
from clients.core import notices as n


class NoticeTests(SynchronousTestCase):
    """What every notice has in common."""

    def test_values_are_frozen_and_compare(self) -> None:
        said = n.Said("#lobby", 1, 2, "bob", b"i", "hi")
        self.assertEqual(said, n.Said("#lobby", 1, 2, "bob", b"i", "hi"))
        self.assertRaises(AttributeError, setattr, said, "text", "other")

    def test_what_is_taken_away_says_so(self) -> None:
        for reason, text in (("", "(taken away)"), ("typo", "(taken away: typo)")):
            message = Message("#g", 1, 2, "bob", b"i", reason, "redacted")
            self.assertEqual(n.Said.of(message, False, True, ""), n.Said("#g", 1, 2, "bob", b"i", text, stored=True))
