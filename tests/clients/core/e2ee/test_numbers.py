"""Tests of clients.core.e2ee.numbers: the same on both sides, another for any other key."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee.numbers import digits, safety_number

ALICE, BOB = ("alice", b"a" * 32), ("bob", b"b" * 32)


class NumberTests(SynchronousTestCase):
    """What people compare."""

    def test_form(self) -> None:
        self.assertRegex(safety_number(ALICE, BOB), r"\A(\d{5} ){11}\d{5}\Z")
        self.assertEqual(safety_number(ALICE, BOB), safety_number(BOB, ALICE))

    def test_it_never_changes(self) -> None:
        self.assertEqual(digits(*ALICE), "610840738504443272949418253157")

    def test_another_key_or_name(self) -> None:
        self.assertEqual(len({digits(*ALICE), digits("alice", b"c" * 32), digits("alicf", b"a" * 32)}), 3)
