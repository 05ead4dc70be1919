"""Which messages may be here already: known in memory, nearly always without looking at the disk.

Rule: a message is (sender, id) once. Clients make ids that begin with their time in milliseconds (UUIDv7) and that
rise, so of each sender the highest id is remembered, its mark: what is above it is new. Only what is not above it is
looked up (`known.py`). A mark may be too high, which costs a look, and never too low. After a start no mark is known:
then it is what no id that was kept before can be above, the floor.

Of most messages there is no row for their ids, since their ids say when they came: within a window of some seconds
around the commit's time. A window, with the place where it begins, is a row of the table `run`; a message whose id
lies in its run's window is found by looking through that run. Any other one (a client's clock is wrong, it was sent
long ago, its id is no UUIDv7) has a row in `message`, which lies in order of the ids. One from the future must be
known when its time has come, too: its sender stands in the table `ahead`, and of those in it each message is looked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from chatd.entries import Append

ID_BYTES: Final = 16
TIME_BYTES: Final = 6
LAST_TIME: Final = 2 ** (8 * TIME_BYTES) - 1
# Milliseconds: how much older and younger than its commit's time an id may be at least, and how long a run is. The
# wider, the fewer ids have rows of their own, and the more there is to look through for one.
EARLY: Final = 2000
LATE: Final = 1000
LENGTH: Final = 1000
MOST: Final = 60_000  # how long no window is; those that were written with other figures stay readable
FIRST_TIME: Final = 1 << 40  # 2004: what is earlier is no time of a server's clock, and no UUIDv7's
MARGIN: Final = 1 << 26  # 18 hours: who is ahead of the time is noted for longer, and so rarely
MOST_SENDERS = 50_000
MOST_ABOVE = 1000  # ids of one sender
TOP: Final = b"\xff" * ID_BYTES  # a mark that nothing is above

Key = tuple[str, bytes]
"""Sender and id."""


def time_bytes(at: int) -> bytes:
    """How ids of this time begin."""
    return min(max(0, at), LAST_TIME).to_bytes(TIME_BYTES, "big")


def time_of(id: bytes) -> int:
    """When an id was made, in ms, if it is a UUIDv7."""
    return int.from_bytes(id[:TIME_BYTES], "big")


class Window(NamedTuple):
    """Which ids are found without a row: 16 bytes, from `low` on and before `high`; while `since` <= at < `until`."""

    since: int
    until: int
    low: bytes
    high: bytes

    @property
    def times(self) -> tuple[int, int]:
        """From when to before when, as it stands in the table; negative where there is nothing to write."""
        return (self.since - EARLY, self.until + LATE) if self.high else (-1, -1)

    def strays(self, appends: Sequence[Append]) -> frozenset[bytes]:
        """The ids that need rows."""
        low, high = self.low, self.high
        ids = [append.id for append in appends]
        if min(ids) >= low and max(ids) < high and set(map(len, ids)) == {ID_BYTES}:
            return NONE
        return frozenset([id for id in ids if not low <= id < high or len(id) != ID_BYTES])


NONE: Final[frozenset[bytes]] = frozenset()
NO_WINDOW: Final = Window(0, 0, b"", b"")


def window_at(at: int) -> Window:
    """The window of a run that begins at this time."""
    if at < FIRST_TIME:
        return Window(0, FIRST_TIME, b"", b"")
    return Window(at, at + LENGTH, time_bytes(at - EARLY), time_bytes(at + LENGTH + LATE))


class Scattered:
    """Of a sender whose ids do not always rise, or are ahead of the time: what is not one of `above` and not below
    `floor` is new, or has a row where they are `ahead`."""

    __slots__ = ("above", "ahead", "floor")

    def __init__(self, floor: bytes, ahead: int = -1) -> None:
        self.floor = floor
        self.above: set[bytes] = set()
        self.ahead = ahead  # ms: none of their ids is later, of those that were when they came

    def maybe(self, id: bytes) -> bool:
        """Whether it may be kept already, elsewhere than in rows of the future."""
        return id <= self.floor or id in self.above

    def add(self, id: bytes) -> None:
        """It is new."""
        self.above.add(id)
        if len(self.above) > MOST_ABOVE:
            both = sorted(self.above)
            self.floor = both[MOST_ABOVE // 2]
            self.above = set(both[MOST_ABOVE // 2 + 1 :])


class Marks:
    """Of every sender how high their ids are. `floor`: no id that is kept is later, but of who is `ahead`."""

    def __init__(self, floor: int = -1, ahead: Iterable[tuple[str, int]] = ()) -> None:
        self._floor = time_bytes(floor) if floor >= 0 else b""
        self._scattered = {sender: Scattered(self._floor, until) for sender, until in ahead if until >= floor}
        self._marks = dict.fromkeys(self._scattered, TOP)
        self.news: dict[str, int] = {}  # who is ahead until when, and it is not written yet

    def doubts(self, appends: Sequence[Append], window: Window, strays: frozenset[bytes]) -> dict[Key, bool]:
        """Those that may be kept already, or are here twice; False where only rows have to be looked at. All others
        are new. From now on all of them are known."""
        found: dict[Key, bool] = {}
        if strays:
            self._take_strays(appends, window, strays, found)
        else:
            marks, floor = self._marks, self._floor
            for append in appends:
                id, sender = append.id, append.sender
                if id > marks.get(sender, floor):
                    marks[sender] = id
                else:
                    self._doubt(sender, id, found)
        if len(self._marks) > MOST_SENDERS:
            self._forget()
        return found

    def _take_strays(
        self, appends: Sequence[Append], window: Window, strays: frozenset[bytes], found: dict[Key, bool]
    ) -> None:
        for append in appends:
            id, sender = append.id, append.sender
            if id in strays and (id >= window.high or len(id) != ID_BYTES):
                scattered = self._scatter(sender)
                self._ahead(sender, scattered, time_of(id) if len(id) == ID_BYTES else LAST_TIME)
                found[sender, id] = found.get((sender, id), False) or scattered.maybe(id)
            elif id > self._marks.get(sender, self._floor):
                self._marks[sender] = id
            else:
                self._doubt(sender, id, found)

    def _doubt(self, sender: str, id: bytes, found: dict[Key, bool]) -> None:
        scattered = self._scatter(sender)
        if scattered.maybe(id):
            found[sender, id] = True
            return
        scattered.add(id)
        if scattered.ahead >= 0:
            found[sender, id] = False

    def _scatter(self, sender: str) -> Scattered:
        scattered = self._scattered.get(sender)
        if scattered is None:
            scattered = self._scattered[sender] = Scattered(self._marks.get(sender, self._floor))
            self._marks[sender] = TOP
        return scattered

    def _ahead(self, sender: str, scattered: Scattered, at: int) -> None:
        if at > scattered.ahead:
            scattered.ahead = self.news[sender] = min(at + MARGIN, LAST_TIME)

    def _forget(self) -> None:
        """So many senders: the marks of all become one, but for who is ahead."""
        scattered = self._scattered
        floors = [mark for sender, mark in self._marks.items() if sender not in scattered]
        floors += [max(one.above, default=one.floor) for one in scattered.values() if one.ahead < 0]
        floor = max(floors, default=self._floor)
        self._floor = max(floor, self._floor)
        self._scattered = {sender: one for sender, one in scattered.items() if one.ahead >= 0}
        self._marks = dict.fromkeys(self._scattered, TOP)
