"""Names that begin with something."""

from __future__ import annotations

from chatd import messages as m
from chatd.operations.names import MOST, beginning
from tests.operations.kit import StaffScene


class NameTests(StaffScene):
    """What Tab offers."""

    def test_people_and_groups(self) -> None:
        alice, *_ = self.house.people("Alice", "albert", "bob")
        alice.ask(m.Join, "hw3")
        self.assertEqual(beginning(self.service, "user", "AL"), ["Alice", "albert"])
        self.assertEqual(beginning(self.service, "group", ""), ["hw3", "lobby"])
        self.assertEqual(beginning(self.service, "group", "h"), ["hw3"])
        self.assertEqual(beginning(self.service, "colour", "b"), [])

    def test_only_so_many(self) -> None:
        self.house.people(*[f"p{number:03}" for number in range(MOST + 5)])
        self.assertEqual(len(beginning(self.service, "user", "p")), MOST)
