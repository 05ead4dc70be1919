"""Tests of clients.core.trust: every case of the decision."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core.trust import SYSTEM, decide, grouped

OLD, NEW = "aa" * 32, "bb" * 32


class DecideTests(SynchronousTestCase):
    """What to do with a certificate."""

    def test_vouched_is_taken_and_remembered(self) -> None:
        decision = decide("h:1", NEW, True, "", False)
        self.assertEqual((decision.verdict, decision.how, decision.pin), ("go", "system", SYSTEM))

    def test_vouched_replaces_a_pin(self) -> None:
        self.assertEqual(decide("h:1", NEW, True, OLD, False).pin, SYSTEM)
        self.assertIsNone(decide("h:1", NEW, True, SYSTEM, False).pin)

    def test_unknown_is_asked_about(self) -> None:
        decision = decide("h:1", NEW, False, "", False)
        self.assertEqual((decision.verdict, decision.pin), ("ask", None))

    def test_unknown_is_pinned_where_that_was_allowed(self) -> None:
        decision = decide("h:1", NEW, False, "", True)
        self.assertEqual((decision.verdict, decision.how, decision.pin), ("go", "new", NEW))

    def test_the_pinned_one_is_taken(self) -> None:
        decision = decide("h:1", OLD, False, OLD, False)
        self.assertEqual((decision.verdict, decision.how, decision.pin), ("go", "pinned", None))

    def test_a_changed_one_is_refused_always(self) -> None:
        for trust_new in (False, True):
            decision = decide("h:1", NEW, False, OLD, trust_new)
            self.assertEqual((decision.verdict, decision.pin), ("refuse", None))
            for part in (grouped(OLD), grouped(NEW), "chat unpin h:1", "Nothing was sent"):
                self.assertIn(part, decision.text)

    def test_a_fall_from_the_systems_trust_is_refused(self) -> None:
        self.assertEqual(decide("h:1", NEW, False, SYSTEM, True).verdict, "refuse")

    def test_grouped(self) -> None:
        self.assertEqual(grouped("00ff1a"), "00:FF:1A")
