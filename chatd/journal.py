"""Group commit: turns wait until their entries are durable, then leave whole and in order.

Rule: one commit at a time; while it runs, turns gather and become the next one. Where some have gathered, the answers
to what has just left are let in too, for at most a few passes of the reactor or a millisecond: what one commit costs,
however small, is paid by half as many. (Ten senders and ten readers, each sender with 30 messages on the way, beside
other work: 230 messages a commit in place of 150, a fifth less CPU a delivery, in four interleaved runs. Beginning the
next one before this one leaves, so that disk and reactor work at once, gained a twentieth only.) What comes while
nothing is under way is committed at once. A failed commit is final: memory is ahead of the disk and is not rolled
back, so the node stops and clients resend.

A cursor alone makes nobody wait, and no commit: it goes with the next one, or after a moment. What is lost of it in a
crash is what a reader has safe already: it comes again, is dropped, and is acknowledged again. So what a turn of
nothing but cursors tells (that a reader has it) is true before it is on disk.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from chatd.core.turn import Turn
from chatd.entries import CursorMoved, Entry, Stored
from chatd.sealed import MailAcknowledged
from chatd.store.interface import Store

CURSOR_SECONDS = 0.2  # how long cursors wait for a commit to go with
MOST_CURSORS = 1000  # and how many
LINGER_PASSES = 4  # of the reactor, before a commit that follows another
BOUNDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)  # seconds of a commit, for the metrics
LINGER_SECONDS = 0.001  # passes are long where there is much else to do

LAZY = frozenset((CursorMoved, MailAcknowledged))  # what makes nobody wait

Run = Callable[..., "Deferred[Any]"]  # runs a blocking function on the writer thread


class Journal:
    """Between turns and their release: `release(turns, stored)` is called with each commit's outcome."""

    def __init__(
        self,
        store: Store,
        run: Run,
        release: Callable[[Sequence[Turn], Iterator[Stored]], None],
        failed: Callable[[Failure], None],
        clock: IReactorTime,
    ) -> None:
        self._store = store
        self._run = run
        self._release = release
        self._failed = failed
        self._clock = clock
        self._waiting: list[Turn] = []
        self._cursors: list[Entry] = []  # of turns that have left
        self._due = False  # the cursors have waited long enough
        self._timer: IDelayedCall | None = None
        self._idle: list[Deferred[None]] = []
        self._asked: list[Deferred[None]] = []  # who waits for the next commit
        self._busy = False  # a commit is under way, or about to begin
        self.dead = False
        self.load = 0  # entries that wait for a commit
        self.messages = 0  # kept since the start, repeats too
        self.times = [0] * (len(BOUNDS) + 1)  # how many commits took up to each of BOUNDS, and how many longer
        self.seconds = 0.0  # all of them together
        self._began = 0.0

    def submit(self, turn: Turn) -> None:
        """Take a turn; it leaves when it and everything before it are durable."""
        self._waiting.append(turn)
        self.load += len(turn.entries)
        if not self._busy:
            self._next()

    def run(self, function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        """Run something else that writes, between commits, on the same thread."""
        return self._run(function, *arguments)

    def drained(self) -> Deferred[None]:
        """Fires when everything submitted so far has left, and the cursors are written."""
        done: Deferred[None] = Deferred()
        self._idle.append(done)
        if not self._busy:
            self._next()
        return done

    def written(self) -> Deferred[None]:
        """Fires when everything submitted so far is on disk, cursors too, whatever comes meanwhile."""
        done: Deferred[None] = Deferred()
        self._asked.append(done)
        if not self._busy:
            self._next()
        return done

    def _next(self) -> None:
        while (self._waiting or self._cursors_due()) and not self._busy and not self.dead:
            self._begin()
        if not self._busy:
            idle, self._idle, self._asked = self._idle + self._asked, [], []
            for done in idle:
                done.callback(None)

    def _begin(self) -> None:
        """Have the store write what waits; where nothing has to be written it leaves at once."""
        turns, self._waiting = self._waiting, []
        entries = self._cursors
        for turn in turns:
            entries += turn.entries
        if not (any(map(_must_wait, turns)) or self._cursors_due()):
            if entries and self._timer is None:
                self._timer = self._clock.callLater(CURSOR_SECONDS, self._moment_over)
            self._release(turns, iter(()))
            return
        self._cursors = []
        self._due = False
        self._busy = True
        self._began = self._clock.seconds()
        asked, self._asked = self._asked, []
        self._run(self._store.commit, entries).addCallbacks(self._durable, self._broken, (turns, len(entries), asked))

    def _cursors_due(self) -> bool:
        """Whether cursors have waited for long enough: a moment, or somebody waits for everything to be written."""
        wanted = self._due or self._idle or self._asked or len(self._cursors) > MOST_CURSORS
        return bool(self._cursors and wanted)

    def _moment_over(self) -> None:
        self._timer = None
        self._due = bool(self._cursors)
        if not self._busy:
            self._next()

    def _durable(self, stored: list[Stored], turns: list[Turn], count: int, asked: list[Deferred[None]]) -> None:
        took = self._clock.seconds() - self._began
        self.times[bisect_left(BOUNDS, took)] += 1
        self.seconds += took
        self.messages += len(stored)
        self.load -= count
        self._release(turns, iter(stored))
        for done in asked:
            done.callback(None)
        self._linger(LINGER_PASSES if any(map(_must_wait, self._waiting)) else 0, self._clock.seconds())

    def _linger(self, passes: int, since: float) -> None:
        """Let in what comes in some more passes, then begin the next commit."""
        if passes and self._clock.seconds() - since < LINGER_SECONDS:
            self._clock.callLater(0, self._linger, passes - 1, since)
        else:
            self._busy = False
            self._next()

    def _broken(self, failure: Failure) -> None:
        self.dead = True
        self._failed(failure)


def _must_wait(turn: Turn) -> bool:
    """Whether a turn keeps anything but cursors."""
    return any(type(entry) not in LAZY for entry in turn.entries)
