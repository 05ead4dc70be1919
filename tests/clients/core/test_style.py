"""Tests of clients.core.style: colours and times."""

from __future__ import annotations

from datetime import datetime

from twisted.trial.unittest import SynchronousTestCase

from clients.core.style import Style, clock

NOON = int(datetime(2026, 11, 23, 12, 0).timestamp() * 1000)


class StyleTests(SynchronousTestCase):
    """How, and to whom."""

    def test_colour_is_put_round_a_text_and_round_nothing(self) -> None:
        self.assertEqual(Style(colour=True).paint("bad", "no"), "\x1b[31mno\x1b[0m")
        self.assertEqual(Style(colour=True).paint("bad", ""), "")
        self.assertEqual(Style().paint("bad", "no"), "no")

    def test_today_needs_no_date(self) -> None:
        self.assertEqual(clock(NOON - 7_200_000, NOON), "10:00")
        self.assertEqual(clock(NOON - 86_400_000, NOON), "2026-11-22 12:00")

    def test_a_time_that_is_none(self) -> None:
        self.assertEqual(clock(2**62, NOON), "??:??")
