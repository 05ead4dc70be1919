"""What is kept is never taken for new, whatever the clocks do, and little has to be looked up."""

from __future__ import annotations

from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from twisted.trial.unittest import SynchronousTestCase

from chatd.entries import Append
from chatd.store import repeats
from chatd.store.repeats import EARLY, LATE, LENGTH, MARGIN, MOST, NONE, Marks, Window, time_bytes, window_at

NOW = 1_800_000_000_000


def id_at(at: int, number: int = 0) -> bytes:
    """A UUIDv7."""
    return time_bytes(at) + number.to_bytes(10, "big")


def said(id: bytes, sender: str = "alice", at: int = NOW) -> Append:
    """A message."""
    return Append(1, at, sender, id, b"")


class Life(RuleBasedStateMachine):
    """Commits of a server whose clock and whose people's clocks go wrong, with restarts between."""

    def __init__(self) -> None:
        super().__init__()
        self.marks = Marks()
        self.window = repeats.NO_WINDOW
        self.rows: set[tuple[str, bytes]] = set()
        self.runs: list[tuple[int, int]] = []
        self.in_runs: set[tuple[str, bytes]] = set()
        self.ahead: dict[str, int] = {}
        self.now = NOW

    @rule(
        people=some.lists(
            some.tuples(
                some.sampled_from("abc"),
                some.sampled_from((0, 0, 0, 1, 500, -500, -9000, 9000, -MARGIN, 2 * MARGIN, 3000, -3000)),
                some.integers(0, 3),
            ),
            min_size=1, max_size=6,
        ),
        goes_on=some.sampled_from((0, 0, 1, 100, 1500, 20_000, -1500, -MARGIN, MARGIN, -NOW)),
        fails=some.sampled_from((False, False, False, True)),
    )  # fmt: skip
    def commit(self, people: list[tuple[str, int, int]], goes_on: int, fails: bool) -> None:
        """People send, some of it once more."""
        self.now = self.now + goes_on if self.now + goes_on >= 0 else NOW
        batch = [said(id_at(self.now + away, number), sender, self.now) for sender, away, number in people]
        window = self.window
        if not window.since <= self.now < window.until:
            window = window_at(self.now)
        strays = window.strays(batch)
        doubts = self.marks.doubts(batch, window, strays)
        kept = self.rows | self.in_runs
        seen = set()
        for key in [(one.sender, one.id) for one in batch]:
            if key in kept or key in seen:
                assert key in doubts, (key, doubts)
                assert doubts[key] or key not in self.in_runs
            seen.add(key)
        if fails:
            return
        for append in batch:
            key = append.sender, append.id
            if key not in kept:
                (self.rows if append.id in strays else self.in_runs).add(key)
        self.ahead.update(self.marks.news)
        self.marks.news.clear()
        self.window = window
        self.runs.append(window.times)

    @rule()
    def forget(self) -> None:
        """So many people have come."""
        self.marks._forget()

    @rule()
    def restart(self) -> None:
        """Only what is in the file is known."""
        self.marks = Marks(max((high for _, high in self.runs), default=-1), self.ahead.items())
        self.window = repeats.NO_WINDOW


class MarksTests(SynchronousTestCase):
    """Pure."""

    def setUp(self) -> None:
        self.window = window_at(NOW)
        self.marks = Marks(NOW + LENGTH + LATE)

    def doubts(self, *appends: Append) -> dict[tuple[str, bytes], bool]:
        """What has to be looked up."""
        return self.marks.doubts(appends, self.window, self.window.strays(appends))

    def test_random_lives(self) -> None:
        for most in (3, repeats.MOST_ABOVE):
            before, repeats.MOST_ABOVE = repeats.MOST_ABOVE, most
            self.addCleanup(setattr, repeats, "MOST_ABOVE", before)
            run_state_machine_as_test(Life)

    def test_rising_ids_are_not_looked_up(self) -> None:
        self.marks = Marks()
        for at in range(0, LENGTH, 7):
            self.assertEqual(self.doubts(said(id_at(NOW + at)), said(id_at(NOW + at, 1)), said(id_at(NOW), "bob")),
                             {} if not at else {("bob", id_at(NOW)): True})  # fmt: skip

    def test_nobody_is_known_after_a_start(self) -> None:
        self.assertEqual(self.doubts(said(id_at(NOW))), {("alice", id_at(NOW)): True})
        self.assertEqual(self.doubts(said(id_at(NOW + 1))), {("alice", id_at(NOW + 1)): True})
        self.window = window_at(NOW + 20_000)
        self.assertEqual(self.doubts(said(id_at(NOW + 20_000)), said(id_at(NOW + 20_001))), {})
        self.assertEqual(self.doubts(said(id_at(NOW + 20_000))), {("alice", id_at(NOW + 20_000)): True})

    def test_ids_that_do_not_rise_are_looked_up_once(self) -> None:
        self.marks = Marks()
        ids = [id_at(NOW + number // 9, number * 7919 % 997) for number in range(900)]
        found = [self.doubts(said(id)) for id in ids]
        self.assertLess(sum(map(bool, found)), 9)  # of the first millisecond
        self.assertTrue(all(self.doubts(said(id)) for id in ids))

    def test_many_that_do_not_rise(self) -> None:
        """Memory for one sender is bounded, and so is how often is looked."""
        self.marks = Marks()
        looked = sum(
            bool(self.doubts(said(id_at(NOW + number // 99, number * 7919 % 997)))) for number in range(20_000)
        )
        self.assertLess(looked, 20_000 / 20)
        self.assertLessEqual(len(self.marks._scattered["alice"].above), repeats.MOST_ABOVE)

    def test_ahead_of_the_time(self) -> None:
        future = id_at(NOW + MARGIN // 2)
        self.marks = Marks()
        self.assertEqual(self.doubts(said(future)), {("alice", future): False})
        self.assertEqual(self.marks.news, {"alice": NOW + MARGIN // 2 + MARGIN})
        self.marks.news.clear()
        self.assertEqual(self.doubts(said(id_at(NOW + MARGIN))), {("alice", id_at(NOW + MARGIN)): False})
        self.assertEqual(self.doubts(said(id_at(NOW))), {("alice", id_at(NOW)): False})
        self.assertEqual(self.marks.news, {})
        self.marks = Marks(NOW, [("alice", NOW + 9), ("bob", NOW - 1)])
        self.window = window_at(NOW + LENGTH)
        self.assertEqual(self.doubts(said(id_at(NOW + 1)), said(id_at(NOW + 1), "bob")),
                         {("alice", id_at(NOW + 1)): False})  # fmt: skip

    def test_many_senders_are_forgotten(self) -> None:
        self.marks = Marks()
        before, repeats.MOST_SENDERS = repeats.MOST_SENDERS, 10
        self.addCleanup(setattr, repeats, "MOST_SENDERS", before)
        for number in range(50):
            self.assertEqual(self.doubts(said(id_at(NOW + number), f"s{number}")), {})
            self.assertLessEqual(len(self.marks._marks), 10)
        self.assertEqual(self.doubts(said(id_at(NOW + 5), "s5")), {("s5", id_at(NOW + 5)): True})

    def test_windows(self) -> None:
        window = window_at(NOW)
        self.assertEqual(window.times, (NOW - EARLY, NOW + LENGTH + LATE))
        self.assertLess(window.times[1] - window.times[0], MOST)
        fine = [said(id_at(NOW - EARLY)), said(id_at(NOW + LENGTH + LATE - 1, 2**80 - 1))]
        self.assertIs(window.strays(fine), NONE)
        odd = [id_at(NOW - EARLY - 1, 2**80 - 1), id_at(NOW + LENGTH + LATE), id_at(NOW)[:15], id_at(NOW) + b"x", b""]
        self.assertEqual(window.strays([*fine, *map(said, odd)]), set(odd))

    def test_no_window_before_there_were_such_ids(self) -> None:
        window: Window = window_at(2000)
        self.assertEqual(window.times, (-1, -1))
        self.assertEqual(window.strays([said(id_at(2000)), said(id_at(NOW))]), {id_at(2000), id_at(NOW)})
        self.assertTrue(window.since <= 5000 < window.until)
