"""Figures of now, the biggest queues, and who is stuck."""

from __future__ import annotations

from chatd import messages as m
from chatd.operations import figures
from tests.operations.kit import StaffScene


class FigureTests(StaffScene):
    """Three people, one of whom does not read."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob, self.carol = self.house.people("alice", "bob", "carol")
        self.carol.lose()
        self.alice.ask(m.Join, "hw3")

    def test_what_there_is(self) -> None:
        self.alice.send("@carol", "hi")
        found = self.done(figures.figures(self.service))
        wanted = {"people": 2, "sessions": 2, "accounts": 3, "groups": 2, "unread": 1, "strangers": 0}
        self.assertEqual({key: found[key] for key in wanted}, wanted)
        self.assertGreater(found["disk-free"], 0)
        self.assertGreater(found["memory"], 1_000_000)

    def test_the_biggest_first(self) -> None:
        self.assertEqual(figures.top(self.service, "unsent", 5), [])
        self.bob.stick()
        for _ in range(5):
            self.alice.send("@bob", "x" * 1000)
        ((session, size),) = figures.top(self.service, "unsent", 5)
        self.assertEqual(session.name, "bob")
        self.assertGreater(size, 3000)
        self.assertEqual([one.name for one, _ in figures.top(self.service, "groups", 1)], ["alice"])
        self.assertEqual([one.name for one, _ in figures.top(self.service, "unread", 5)], ["bob"])

    def test_who_is_stuck_and_why(self) -> None:
        self.assertEqual(figures.stuck(self.service, 5), [])
        self.bob.stick()
        for _ in range(3):
            self.alice.send("@bob", "x")
        self.assertEqual([(one.name, why) for one, why in figures.stuck(self.service, 5)], [("bob", "reads nothing")])
        self.assertEqual(figures.stuck(self.service, 0)[:0], [])
        self.house.clock.advance(self.house.limits.silent_seconds / 2 + 1)
        self.assertEqual({why for _, why in figures.stuck(self.service, 5)}, {"says nothing"})
