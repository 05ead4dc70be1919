"""Tests of clients.core.intents: plain values, each with a meaning somewhere."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core import intents as i


class ValueTests(SynchronousTestCase):
    """What all of them have in common."""

    def test_equal_values_are_one(self) -> None:
        self.assertEqual(i.Tell(("@bob",), "hi"), i.Tell(("@bob",), "hi"))
        self.assertEqual(len({i.Verify("bob"), i.Verify("bob"), i.Verify("bob", "yes")}), 2)

    def test_each_says_what_it_is_for(self) -> None:
        for kind in i.Intent.__subclasses__():
            self.assertTrue(kind.__doc__, kind)
            self.assertFalse((kind.__doc__ or "").startswith(kind.__name__), kind)
