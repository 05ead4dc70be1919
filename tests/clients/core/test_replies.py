"""Tests of clients.core.replies: which events answer a wish, and how long one is made to wait."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from clients.core import intents as i
from clients.core.replies import ANSWERS, MOST_WAIT, is_answer, sane
from clients.core.requests import _TABLE


class AnswerTests(SynchronousTestCase):
    """The table."""

    def test_of_everything_that_is_asked(self) -> None:
        self.assertEqual(set(ANSWERS), set(_TABLE))

    def test_one_kind_only(self) -> None:
        members = i.ListMembers("#g")
        self.assertTrue(is_answer(members, m.MemberList(1, "#g", [])))
        for event in (m.Done(1), m.GroupList(1, []), m.Pong(1, 5)):
            self.assertFalse(is_answer(members, event))
        self.assertFalse(is_answer(i.InviteTo("#g", "bob"), m.GroupList(1, [])))


class SaneTests(SynchronousTestCase):
    """Times to wait."""

    @given(st.floats())
    def test_always_a_time(self, retry: float) -> None:
        found = sane(m.Failed(1, "busy", "Later.", retry=retry))
        assert isinstance(found, m.Failed)
        self.assertTrue(0.0 <= found.retry <= MOST_WAIT, found.retry)
        if 0.0 <= retry <= MOST_WAIT:
            self.assertEqual(found.retry, retry)

    def test_the_ends(self) -> None:
        found = {retry: sane(m.Failed(1, "busy", "", retry=retry)) for retry in (-5.0, math.inf, -math.inf, 1e300)}
        waits = [event.retry for event in found.values() if isinstance(event, m.Failed)]
        self.assertEqual(waits, [0.0, MOST_WAIT, 0.0, MOST_WAIT])

    def test_nothing_else_is_touched(self) -> None:
        event = m.Pong(1, 5)
        self.assertIs(sane(event), event)
