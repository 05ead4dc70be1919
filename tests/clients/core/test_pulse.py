"""Tests of clients.core.pulse: when a line is asked for a sign of life, and when it is given up."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core.pulse import DEAD, QUIET, SILENT, Pulse


class PulseTests(SynchronousTestCase):
    """A line that was opened at second 0."""

    def setUp(self) -> None:
        self.pulse = Pulse()
        self.pulse.began(0.0)
        self.pulse.spoke(0.0)

    def test_it_is_asked_when_nothing_was_heard_for_long(self) -> None:
        self.assertEqual(self.pulse.deadline(), QUIET)
        self.assertFalse(self.pulse.must_ask(QUIET - 1))
        self.assertTrue(self.pulse.must_ask(QUIET))
        self.assertTrue(self.pulse.waits)

    def test_it_is_dead_when_there_is_no_answer(self) -> None:
        self.pulse.must_ask(QUIET)
        self.assertEqual(self.pulse.deadline(), QUIET + DEAD)
        self.assertFalse(self.pulse.is_dead(QUIET + DEAD - 1, greeted=True))
        self.assertTrue(self.pulse.is_dead(QUIET + DEAD, greeted=True))

    def test_every_sign_of_life_begins_it_anew(self) -> None:
        self.pulse.must_ask(QUIET)
        self.pulse.heard(QUIET + 1)
        self.assertFalse(self.pulse.waits)
        self.assertFalse(self.pulse.is_dead(QUIET + DEAD, greeted=True))

    def test_who_only_listens_says_something_now_and_then(self) -> None:
        self.pulse.heard(SILENT)
        self.assertEqual(self.pulse.deadline(), SILENT)
        self.assertTrue(self.pulse.must_ask(SILENT))
        self.assertFalse(self.pulse.waits)

    def test_a_login_that_goes_on_for_ever_is_given_up(self) -> None:
        self.assertFalse(self.pulse.is_dead(QUIET - 1, greeted=False))
        self.assertTrue(self.pulse.is_dead(QUIET, greeted=False))
        self.assertFalse(self.pulse.is_dead(QUIET, greeted=True))
