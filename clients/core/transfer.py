"""What files that go up and files that come down have in common: one transfer, pure.

Rule: `go` does what can be done next, `answered` takes the server's answer to something asked, `worked` the disk's. At
most one job of a transfer is with the disk, and what is unanswered stays within its window.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec

from chatd import messages as m
from chatd.wire.pack import Command
from clients.core import jobs as j
from clients.core import notices as n
from clients.core import offers as o
from clients.core import records as r
from clients.core.intents import Intent
from clients.core.moving import MOVING, Moving
from clients.core.offers import Kept
from clients.core.outbox import Outgoing
from clients.core.window import Pace, Window

TELL_SECONDS: Final = 0.5  # between two notices of one transfer
PASSING: Final = frozenset({"rate-limited", "busy", "throttled"})  # refusals that are over soon
RETRY_SECONDS: Final = 2.0
TRIES: Final = 3
CORRUPT: Final = "FILE_CORRUPT"
STEPS: Final = "steps"  # what is written down so is called, behind the file's row and a dot
GONE: Final = "The file is not there any more."


class Moves(msgspec.Struct):
    """What follows from one input. `says`: messages that offer a file."""

    notices: list[n.Notice] = []
    records: list[r.Record] = []
    commands: list[Command] = []
    jobs: list[j.Job] = []
    says: list[Outgoing] = []

    def __add__(self, other: Moves) -> Moves:
        return Moves(
            self.notices + other.notices, self.records + other.records, self.commands + other.commands,
            self.jobs + other.jobs, self.says + other.says,
        )  # fmt: skip


class Desk(NamedTuple):
    """What transfers are given: numbers for commands, random bytes, where files go that are fetched, and where it is
    written down what was sealed of those that are sent."""

    ref: Callable[[bytes], int]
    entropy: Callable[[int], bytes]
    downloads: str
    sending: str


class Transfer:
    """One file on its way. `kept` is its row; `moving`: it has a line, and its turn."""

    def __init__(self, kept: Kept, desk: Desk, intent: Intent | None = None) -> None:
        self.kept = kept
        self.intent = intent
        self.moving = self.busy = False
        self.done = 0  # bytes of the blob
        self.retry_at: float | None = None
        self.tries = 0
        self._desk = desk
        self._window = Window()
        self._pace: Pace | None = None
        self._told = float("-inf")
        self._asked: dict[int, tuple[float, int]] = {}

    @property
    def over(self) -> bool:
        """Whether there is nothing more to do."""
        return self.kept.state not in o.UNDER_WAY

    @property
    def has_turn(self) -> bool:
        """Whether it takes a place among those that move."""
        return not self.over and self.kept.state != o.OFFERING

    def go(self, now: float) -> Moves:
        """Do what can be done."""
        raise NotImplementedError

    def answered(self, now: float, event: Any) -> Moves:
        """The server has answered what was asked."""
        raise NotImplementedError

    def worked(self, now: float, outcome: j.Outcome) -> Moves:
        """The disk has done a job."""
        raise NotImplementedError

    def rest(self) -> None:
        """The line is gone, or all has to be asked anew."""
        self.moving = False
        self._asked.clear()
        self._pace = None

    def hears(self, ref: int, now: float, answer: Any) -> bool:
        """Whether this ref is still waited for; the window learns from how long it took."""
        asked = self._asked.pop(ref, None)
        if asked is not None and asked[1] and not isinstance(answer, m.Failed):
            self._window.answered(now - asked[0])
        return asked is not None

    # ---- for its two kinds ----

    def _ref(self, now: float, size: int = 0) -> int:
        """A number for a command whose answer is waited for; `size`: the bytes it stands for."""
        ref = self._desk.ref(self.kept.offer.id)
        self._asked[ref] = (now, size)
        return ref

    def _flying(self) -> int:
        return sum(size for _, size in self._asked.values())

    def _change(self, **changes: Any) -> list[r.Record]:
        """The file stands otherwise from here on, and that is kept."""
        self.kept = msgspec.structs.replace(self.kept, **changes)
        return [keep(self.kept)]

    def _fail(self, code: str, text: str, **changes: Any) -> Moves:
        records = self._change(state=o.FAILED, why=text, **changes)
        self.rest()
        return Moves([self.news(o.FAILED, code=code, text=text)], records)

    def _later(self, now: float, seconds: float) -> Moves:
        """Begin anew after a while."""
        self.rest()
        self.retry_at = now + max(seconds, RETRY_SECONDS)
        return Moves()

    def _moved(self, now: float) -> Moves:
        """Some bytes more are done: say so, but not too often."""
        if self._pace is None:
            self._pace = Pace(now, self._file_bytes())
        self._pace.note(now, self._file_bytes())
        if now - self._told < TELL_SECONDS:
            return Moves()
        self._told = now
        return Moves([self.news(MOVING, now)])

    def _file_bytes(self) -> int:
        """How much of the file is done."""
        whole = self.kept.blob_size
        return self.kept.offer.size * self.done // whole if whole else 0

    def news(self, state: str, now: float = 0.0, **more: Any) -> Moving:
        """How it stands."""
        kept, done = self.kept, self._file_bytes()
        rate = self._pace.rate(now, done) if self._pace is not None else 0.0
        left = (kept.offer.size - done) / rate if rate > 0 else -1.0
        who = kept.to if kept.way == o.UP else (kept.sender,)
        return Moving(kept.offer, kept.way, state, who, done, rate, left, kept.path, at=now, **more)


def keep(kept: Kept) -> r.Record:
    """The record of a file's row."""
    return r.KeepRows({(o.TABLE, kept.row): o.pack(kept)})
