"""Tests of clients.core.conversations: two groups of one name are two, one group of two names is one."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core.conversations import Conversations, is_apart
from tests.clients.kit import position

DAY = 1_795_341_600_000  # 2026-11-22


class CreatedTests(SynchronousTestCase):
    """What a name means."""

    def test_another_one_only_where_both_times_are_known(self) -> None:
        known = Conversations({"#g": 5})
        for created, another in ((5, False), (6, True), (4, True), (0, False)):
            self.assertEqual(known.is_another(position("#g", created=created)), another)
        self.assertFalse(known.is_another(position("#h", created=6)))
        self.assertFalse(Conversations({"#g": 0}).is_another(position("#g", created=6)))

    def test_what_is_new_is_to_be_kept_and_only_of_groups(self) -> None:
        known = Conversations()
        self.assertEqual([known.note(position("#g", created=at)) for at in (0, 5, 5, 6)], [False, True, False, True])
        self.assertFalse(known.note(position("dm:alice:bob", created=5)))
        self.assertEqual(known.created, {"#g": 6})

    def test_set_apart_under_names_that_no_group_has_and_each_once(self) -> None:
        known = Conversations({"#g": 5})
        names = []
        for created in (6, 7, 8):
            names.append(known.set_apart("#g", DAY))
            known.note(position("#g", created=created))
        self.assertEqual(names, ["#g (until 2026-11-22)", "#g (until 2026-11-22, 2)", "#g (until 2026-11-22, 3)"])
        self.assertEqual(known.created, {names[0]: 5, names[1]: 6, names[2]: 7, "#g": 8})
        self.assertTrue(all(map(is_apart, names)))
        self.assertFalse(is_apart("#g") or is_apart("dm:a:b"))

    def test_an_impossible_time(self) -> None:
        self.assertEqual(Conversations().set_apart("#g", 2**62), f"#g (until {2**62})")


class RenamedTests(SynchronousTestCase):
    """Another name for the same group."""

    def test_told(self) -> None:
        known = Conversations({"#g": 5})
        known.rename("#g", "#h")
        known.rename("#x", "#y")
        self.assertEqual(known.created, {"#h": 5})

    def test_found_by_when_it_was_made(self) -> None:
        known = Conversations({"#g": 5, "#kept": 6, "#left": 7})
        there = [position("#h", created=5), position("#kept", created=6), position("#new", created=7)]
        self.assertEqual(known.renamed(["#g", "#kept"], there), {"#g": "#h"})

    def test_not_where_it_could_be_another(self) -> None:
        known = Conversations({"#a": 5, "#b": 5})
        self.assertEqual(known.renamed(["#a", "#b"], [position("#h", created=5)]), {})
        self.assertEqual(known.renamed(["#a"], [position("#h", created=5), position("#i", created=5)]), {})
        self.assertEqual(Conversations({"#a": 0}).renamed(["#a"], [position("#h")]), {})
