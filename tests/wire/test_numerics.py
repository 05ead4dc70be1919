"""Tests of `chatd.wire.numerics`."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase
from twisted.words.protocols import irc

from chatd.wire import numerics
from chatd.wire.numerics import Numeric

ALL = {name: value for name, value in vars(numerics).items() if isinstance(value, Numeric)}


class NumericTests(SynchronousTestCase):
    """The table against itself, and against Twisted's where that has them."""

    def test_each_number_once(self) -> None:
        numbers = [numeric.number for numeric in ALL.values()]
        self.assertEqual(len(numbers), len(set(numbers)))
        self.assertTrue(all(len(number) == 3 and number.isdigit() for number in numbers))

    def test_names_say_what_they_are(self) -> None:
        for name, numeric in ALL.items():
            others = ("696", "734", "904", "905", "906", "907")
            error = "400" <= numeric.number < "600" or numeric.number in others
            self.assertEqual(name.startswith("ERR_"), error, name)

    def test_as_others_number_them(self) -> None:
        others = {"RPL_INVITELIST": "346", "RPL_ENDOFINVITELIST": "347", "RPL_STATSUPTIME": "242"}  # RFC 2812's names
        for name, numeric in ALL.items():
            known = getattr(irc, name, None)
            if known is not None and name not in others:
                self.assertEqual(numeric.number, known, name)
