"""Tests of `chatd.ports.irc.listing`: the filters of LIST."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from chatd.messages import GroupSummary
from chatd.ports.irc.listing import Wanted
from tests.irc import IrcScene

MINUTE = 60_000
NOW = 1_000 * MINUTE
HW3 = GroupSummary("#hw3", 2, True, False, False, "due", NOW - 5 * MINUTE, NOW - 2 * MINUTE, 2)
TEA = GroupSummary("#[tea]", 9, False, False, False, "", NOW - 500 * MINUTE, 0, 9)


class WantedTests(SynchronousTestCase):
    """What fits."""

    def found(self, text: str) -> list[str]:
        """The groups that a filter shows."""
        return [group.group for group in (HW3, TEA) if Wanted(text).fits(group, NOW)]

    def test_names(self) -> None:
        for text in ("", "*", "#*", "#hw?,#[tea]", "#HW3,*TEA]"):
            self.assertEqual(self.found(text), ["#hw3", "#[tea]"], text)
        self.assertEqual(self.found("#hw*"), ["#hw3"])
        self.assertEqual(self.found("!*hw*"), ["#[tea]"])
        self.assertEqual(self.found("#nothing"), [])

    def test_people(self) -> None:
        self.assertEqual(self.found(">2"), ["#[tea]"])
        self.assertEqual(self.found("<9,>1"), ["#hw3"])

    def test_times(self) -> None:
        self.assertEqual(self.found("C<10"), ["#hw3"])
        self.assertEqual(self.found("C>10"), ["#[tea]"])
        self.assertEqual(self.found("T<10"), ["#hw3"])
        self.assertEqual(self.found("T>10"), [])  # no topic was ever set

    @given(some.text(max_size=60))
    def test_any_text(self, text: str) -> None:
        self.found(text)


class ListTests(IrcScene):
    """LIST over the wire."""

    def test_filters(self) -> None:
        ann, bob = self.guest("ann"), self.guest("bob")
        ann.says("JOIN #one,#two", "TOPIC #two :a topic")
        bob.says("JOIN #two")
        self.says(
            bob,
            "LIST >1",
            ":test.example 321 bob Channel ...",
            ":test.example 322 bob #two 2 :a topic",
            ":test.example 323 bob :End of LIST",
        )
        self.assertEqual(len(bob.says("LIST #one,#two")), 4)
