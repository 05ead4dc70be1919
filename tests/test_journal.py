"""Group commit: whole turns, in order, nothing before it is durable, and nothing at all after a failure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from chatd.core.turn import Turn
from chatd.entries import Append, ConversationMade, CursorMoved, DeviceMade, Stored, UserMade
from chatd.journal import CURSOR_SECONDS, LINGER_PASSES, LINGER_SECONDS, MOST_CURSORS, Journal
from tests.kit import FrailStore, Later


class JournalTests(SynchronousTestCase):
    """Journal over a store whose commits happen when told."""

    def setUp(self) -> None:
        self.store, self.later = FrailStore(), Later(slow=True)
        self.store.commit([ConversationMade(1, "#lobby", "#lobby", None, 0)])
        self.left: list[list[int]] = []
        self.stored: list[Stored] = []
        self.failures: list[Failure] = []
        self.count = 0
        self.clock = Clock()
        self.journal = Journal(self.store, self.later, self.release, self.failures.append, self.clock)

    def release(self, turns: Sequence[Turn], stored: Iterator[Stored]) -> None:
        """Note what leaves."""
        self.left.append([turn.now for turn in turns])
        self.stored += list(stored)

    def disk(self) -> bool:
        """What is to be written is on disk, and the reactor has gone round until nothing was left to do."""
        ran = self.later.run()
        self.clock.advance(0)
        return ran

    def submit(self, entries: int, cursors: int = 0) -> None:
        """The next turn, with so many messages, behind so many cursors."""
        self.count += 1
        turn = Turn(self.count)
        for number in range(cursors):
            turn.keep(CursorMoved("phone", 1, number + 1))
        for number in range(entries):
            turn.keep(Append(1, 0, "alice", b"%d.%d" % (self.count, number), b"hi"))
        self.journal.submit(turn)

    def test_nothing_leaves_before_its_commit(self) -> None:
        self.submit(1)
        self.assertEqual(self.left, [])
        self.assertEqual(self.journal.load, 1)
        self.disk()
        self.assertEqual((self.left, self.stored, self.journal.load), ([[1]], [Stored(1, 0)], 0))

    def test_turns_gather_while_a_commit_runs_and_go_as_one(self) -> None:
        for entries in (1, 2, 0, 3):
            self.submit(entries)
        self.assertEqual(len(self.later.waiting), 1)
        self.disk()
        self.assertEqual(self.left, [[1]])
        self.assertEqual(len(self.later.waiting), 1)
        self.disk()
        self.assertEqual(self.left, [[1], [2, 3, 4]])
        self.assertEqual([x.seq for x in self.stored], [1, 2, 3, 4, 5, 6])

    def test_a_commit_that_follows_another_lets_some_more_in(self) -> None:
        """For some passes or a moment; not where nothing waits, and what comes then is committed at once."""
        for seconds, passes in ((0.0, LINGER_PASSES), (LINGER_SECONDS / 2, 2), (LINGER_SECONDS, 1)):
            self.setUp()
            self.submit(1)
            self.submit(1)
            self.later.run()
            for _ in range(passes):
                self.submit(1)
                self.assertEqual((self.left, self.later.waiting), ([[1]], []))
                self.clock.rightNow += seconds
                (call,), self.clock.calls = self.clock.calls, []
                call.func(*call.args)
            self.assertEqual(len(self.later.waiting), 1)
            self.later.run()
            self.assertEqual(self.left, [[1], list(range(2, 3 + passes))])
        self.setUp()
        self.submit(1)
        self.disk()
        self.submit(1)
        self.assertEqual(len(self.later.waiting), 1)

    def test_a_failed_commit_keeps_nothing_back_that_was_durable(self) -> None:
        self.submit(1)
        self.submit(1)
        self.disk()
        self.store.broken = True
        self.disk()
        self.assertEqual((self.left, self.journal.dead, len(self.failures)), ([[1]], True, 1))

    def test_a_turn_without_entries_does_not_overtake(self) -> None:
        self.submit(1)
        self.submit(0)
        self.assertEqual(self.left, [])
        self.disk()
        self.assertEqual(self.left, [[1], [2]])

    def test_a_turn_without_entries_leaves_at_once_when_nothing_waits(self) -> None:
        self.submit(0)
        self.assertEqual((self.left, self.later.waiting), ([[1]], []))

    def test_a_failed_commit_is_the_end(self) -> None:
        self.submit(1)
        self.store.broken = True
        self.submit(1)
        self.disk()
        for entries in (0, 1):
            self.submit(entries)
        self.store.broken = False
        while self.disk():
            pass
        self.assertEqual((self.left, self.journal.dead, len(self.failures)), ([], True, 1))
        self.assertEqual(self.store.load().logs[0].head, 0)

    def test_cursors_alone_wait_for_nothing_and_go_with_the_next_commit(self) -> None:
        self.submit(0, cursors=2)
        self.assertEqual((self.left, self.later.waiting, self.journal.load), ([[1]], [], 2))
        self.submit(1)
        self.submit(0, cursors=1)
        self.submit(1, cursors=1)
        self.assertEqual([[type(e) for e in c[2][0]] for c in self.later.waiting], [[CursorMoved, CursorMoved, Append]])
        self.store.commit([UserMade(1, "a", "a", "a", "", 0), DeviceMade("phone", 1, b"", b"", 0)])
        while self.disk():
            pass
        self.assertEqual((self.left, self.journal.load), ([[1], [2], [3, 4]], 0))
        self.clock.advance(CURSOR_SECONDS)
        self.assertEqual(self.later.waiting, [])

    def test_cursors_alone_are_written_after_a_moment(self) -> None:
        self.submit(0, cursors=1)
        self.clock.advance(CURSOR_SECONDS * 0.9)
        self.submit(0, cursors=1)
        self.assertEqual(self.later.waiting, [])
        self.clock.advance(CURSOR_SECONDS * 0.2)
        self.assertEqual(len(self.later.waiting[0][2][0]), 2)
        self.submit(0, cursors=1)
        self.assertEqual(self.left, [[1], [2]])
        self.store.commit([UserMade(1, "a", "a", "a", "", 0), DeviceMade("phone", 1, b"", b"", 0)])
        self.disk()
        self.assertEqual((self.left, self.later.waiting), ([[1], [2], [], [3]], []))
        self.clock.advance(CURSOR_SECONDS)
        self.disk()
        self.assertEqual((self.left[4:], self.journal.load), ([[]], 0))

    def test_only_so_many_cursors_wait(self) -> None:
        self.submit(0, cursors=MOST_CURSORS)
        self.submit(0, cursors=1)
        self.assertEqual((self.left, len(self.later.waiting[0][2][0])), ([[1]], MOST_CURSORS + 1))

    def test_drained_waits_for_cursors(self) -> None:
        self.store.commit([UserMade(1, "a", "a", "a", "", 0), DeviceMade("phone", 1, b"", b"", 0)])
        for entries in (0, 1):
            self.submit(entries, cursors=1)
            self.submit(0, cursors=1)
            done = self.journal.drained()
            while self.later.waiting:
                self.assertNoResult(done)
                self.disk()
            self.successResultOf(done)
            self.assertEqual(self.journal.load, 0)

    def test_drained_fires_when_everything_before_has_left(self) -> None:
        self.assertEqual(self.successResultOf(self.journal.drained()), None)
        self.submit(1)
        self.submit(1)
        done = self.journal.drained()
        self.disk()
        self.assertNoResult(done)
        self.disk()
        self.successResultOf(done)
        self.assertEqual(self.left, [[1], [2]])

    def test_written_waits_for_what_came_before_and_for_nothing_more(self) -> None:
        """What a backup asks first: cursors do not have to have waited, and it comes to an end however much comes."""
        self.store.commit([UserMade(1, "a", "a", "a", "", 0), DeviceMade("phone", 1, b"", b"", 0)])
        self.assertEqual(self.successResultOf(self.journal.written()), None)
        self.submit(0, cursors=1)
        done = self.journal.written()
        self.assertNoResult(done)
        self.disk()
        self.successResultOf(done)
        self.assertEqual([(cursor.device, cursor.seq) for cursor in self.store.load().cursors], [("phone", 1)])
        self.submit(1)
        self.submit(1, cursors=2)
        done = self.journal.written()
        for _ in range(2):
            self.assertNoResult(done)
            self.submit(1)
            self.disk()
        self.successResultOf(done)
        self.assertTrue(self.later.waiting)
        self.assertEqual([cursor.seq for cursor in self.store.load().cursors], [2])

    def test_something_else_that_writes_is_run_on_the_same_thread(self) -> None:
        done = self.journal.run(lambda a: a + 1, 4)
        self.assertNoResult(done)
        self.disk()
        self.assertEqual(self.successResultOf(done), 5)

    @given(st.lists(st.one_of(st.none(), st.floats(0, 1), st.integers(-2, 4)), max_size=40))
    def test_whole_in_order_and_with_what_is_theirs(self, steps: list[int | float | None]) -> None:
        self.setUp()
        self.store.commit([UserMade(1, "a", "a", "a", "", 0), DeviceMade("phone", 1, b"", b"", 0)])
        entries = []
        for step in steps:
            if step is None:
                self.disk()
            elif isinstance(step, float):
                self.clock.advance(step)
            else:
                entries.append(max(step, 0))
                self.submit(max(step, 0), max(-step, 0))
            self.assertLessEqual(len(self.later.waiting), 1)
        self.clock.advance(CURSOR_SECONDS)
        while self.disk():
            self.clock.advance(CURSOR_SECONDS)
        self.assertEqual([now for turns in self.left for now in turns], list(range(1, len(entries) + 1)))
        self.assertEqual([x.seq for x in self.stored], list(range(1, sum(entries) + 1)))
        self.assertEqual(self.journal.load, 0)
