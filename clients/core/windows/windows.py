"""What such a face holds: a window for each conversation, its rows, what is new in it, and where one looks.

Rule: pure; no toolkit, no clock. Every text in a row is inert already. A row is made once and wrapped when it is seen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

LOBBY: Final = "#lobby"
MOST_ROWS: Final = 20_000
QUIET, EVENT, TALK, MENTION = range(4)


@dataclass(slots=True, eq=False)
class Row:
    """One line of a conversation. `kind`: said, own, event, good, bad, faint; `state`: of a message of one's own;
    `number`: counts rows of a window, and never goes back."""

    at: int
    who: str
    text: str
    kind: str = "event"
    id: bytes = b""
    state: str = ""
    mention: bool = False
    number: int = 0


class Window:
    """One conversation. `to`: how one writes to it (`#group`, `@name`)."""

    def __init__(self, to: str) -> None:
        self.to = to
        self.rows: deque[Row] = deque(maxlen=MOST_ROWS)
        self.made = 0
        self.unread = 0
        self.level = QUIET
        self.line: int | None = None  # the number of the first row that was not seen
        self.bottom: int | None = None  # the number of the row at the bottom; None: the newest
        self.draft = ""
        self.loaded = False
        self._own: dict[bytes, Row] = {}

    def add(self, row: Row) -> None:
        """A row below all others."""
        self.made += 1
        row.number = self.made
        self.rows.append(row)
        if row.kind == "own" and row.id:
            self._own[row.id] = row
            if len(self._own) > 1000:
                del self._own[next(iter(self._own))]

    def add_before(self, rows: list[Row]) -> None:
        """Older rows above all others, numbered below 1."""
        first = self.rows[0].number if self.rows else self.made + 1
        for number, row in zip(range(first - len(rows), first), rows, strict=True):
            row.number = number
        if len(self.rows) + len(rows) <= MOST_ROWS:
            self.rows.extendleft(reversed(rows))

    def own(self, id: bytes) -> Row | None:
        """The row of a message of one's own."""
        return self._own.get(id)

    def find(self, id: bytes, who: str) -> Row | None:
        """The row of a message of somebody's."""
        return next((row for row in reversed(self.rows) if row.id == id and row.who == who), None)

    def up(self, last: int) -> Iterator[Row]:
        """Rows from this number upwards."""
        for row in reversed(self.rows):
            if row.number <= last:
                yield row

    def newest(self) -> int:
        """The number of the last row."""
        return self.rows[-1].number if self.rows else 0

    def scroll_to(self, number: int) -> None:
        """Have this row at the bottom; at or beyond the newest, follow what comes."""
        first = self.rows[0].number if self.rows else 0
        self.bottom = None if number >= self.newest() else max(number, first)

    def found(self, down: bool) -> int | None:
        """The nearest row with one's name above (or below) the bottom one."""
        bottom = self.newest() + 1 if self.bottom is None else self.bottom
        marked = [row.number for row in self.rows if row.mention]
        near = [number for number in marked if (number > bottom if down else number < bottom)]
        return (min(near) if down else max(near)) if near else None


class Windows:
    """All of them, in the order in which they came; one is looked at."""

    def __init__(self) -> None:
        self.all: list[Window] = [Window(LOBBY)]
        self.current = self.all[0]
        self.before = self.current

    def find(self, to: str) -> Window | None:
        """The window of a conversation, however its name is written."""
        folded = to.casefold()
        return next((window for window in self.all if window.to.casefold() == folded), None)

    def get(self, to: str) -> Window:
        """The window of a conversation, made where there is none; groups come before people."""
        found = self.find(to)
        if found is None:
            found = Window(to)
            groups = sum(window.to.startswith("#") for window in self.all)
            self.all.insert(groups if to.startswith("#") else len(self.all), found)
        return found

    def drop(self, to: str) -> None:
        """A conversation is over; the lobby stays."""
        window = self.find(to)
        if window is None or window is self.all[0]:
            return
        self.all.remove(window)
        if self.current is window:
            self.look(self.before if self.before in self.all else self.all[0])

    def rename(self, old: str, new: str) -> None:
        """A group has another name."""
        window = self.find(old)
        if window is not None:
            window.to = new

    def look(self, window: Window) -> None:
        """Look at this one: what was new is seen; where one left off is marked until one leaves it again."""
        if window is self.current:
            return
        self.before, self.current.line = self.current, None
        self.current = window
        window.unread, window.level = 0, QUIET

    def add(self, to: str, row: Row, level: int) -> Window:
        """A row for a conversation; where one does not look, it counts as new."""
        window = self.get(to)
        window.add(row)
        if window is not self.current and level > QUIET:
            if window.unread == 0 and window.line is None and level >= TALK:
                window.line = row.number
            window.unread += level >= TALK
            window.level = max(window.level, level)
        return window

    def reword(self, window: Window, row: Row, anew: Row) -> None:
        """A message says something else now, where it stands; that is no news to be counted."""
        row.text, row.mention = anew.text, anew.mention
        if window is not self.current:
            window.level = max(window.level, EVENT)

    def step(self, by: int) -> Window:
        """The next window, or the one before, round and round."""
        return self.all[(self.all.index(self.current) + by) % len(self.all)]

    def busiest(self) -> Window | None:
        """The window with the most urgent news; None where there is none."""
        news = [window for window in self.all if window is not self.current and window.level > QUIET]
        return max(news, key=lambda window: window.level, default=None)
