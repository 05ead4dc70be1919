"""How far this device has read each conversation: what to drop, what to acknowledge, and when.

Rule: pure. A message is new when its seq is above the cursor and it is not one's own that is known already. The
cursor never jumps over something that has not come: an own message beyond it waits in `ahead` for the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from chatd.messages import Acknowledge, Position

ACK_DELAY: Final = 1.0
ACK_COUNT: Final = 100
KEEP, WATCH, SKIP = "keep", "watch", "skip"  # what is done with messages that come


class Reading:
    """The cursors of one account on this device."""

    def __init__(self, cursors: Mapping[str, int] = {}, ahead: Mapping[str, Iterable[int]] = {}) -> None:
        self.cursors: dict[str, int] = dict(cursors)
        self._ahead: dict[str, set[int]] = {name: set(seqs) for name, seqs in ahead.items()}
        self._unsaid: dict[str, int] = {}
        self._first: float | None = None
        self._last = -ACK_DELAY

    def reset(self) -> None:
        """The server is another one than before (a restored backup): nothing that was known holds."""
        self.cursors.clear()
        self._ahead.clear()
        self._unsaid.clear()
        self._first = None

    def place(self, position: Position, now: float) -> bool:
        """Where the server says we are. Returns whether our cursor moved; where we are further, we say so again."""
        name = position.conversation
        before = self.cursors.get(name, -1)
        self.cursors[name] = max(before, position.cursor)
        self._close_up(name)
        if self.cursors[name] > position.cursor:
            self._note(name, now)
        return self.cursors[name] > before

    def behind(self, conversation: str, head: int, floor: int = 0) -> bool:
        """Whether something up to `head` is still to come."""
        return head > max(self.cursors.get(conversation, 0), floor)

    def forget(self, conversation: str) -> None:
        """One no longer belongs to it."""
        self.cursors.pop(conversation, None)
        self._ahead.pop(conversation, None)
        self._unsaid.pop(conversation, None)

    def rename(self, old: str, new: str) -> None:
        """It has another name."""
        for numbers in (self.cursors, self._unsaid):
            if old in numbers:
                numbers[new] = numbers.pop(old)
        if old in self._ahead:
            self._ahead[new] = self._ahead.pop(old)

    def new(self, conversation: str, seq: int) -> bool:
        """Whether this message has not been here yet."""
        return seq > self.cursors.get(conversation, 0) and seq not in self._ahead.get(conversation, ())

    def came(self, conversation: str, seq: int, now: float) -> None:
        """A message came, in order: everything up to it is here."""
        if seq > self.cursors.get(conversation, 0):
            self.cursors[conversation] = seq
            self._close_up(conversation)
        self._note(conversation, now)

    def own(self, conversation: str, seq: int, now: float) -> None:
        """One's own message was given this seq; others before it may still be on their way."""
        cursor = self.cursors.setdefault(conversation, 0)
        if seq <= cursor:
            return
        self._ahead.setdefault(conversation, set()).add(seq)
        self._close_up(conversation)
        if self.cursors[conversation] > cursor:
            self._note(conversation, now)

    def _close_up(self, conversation: str) -> None:
        """Move the cursor over own messages that follow it without a gap, and forget those it has passed."""
        ahead = self._ahead.get(conversation)
        if not ahead:
            return
        cursor = self.cursors[conversation]
        while cursor + 1 in ahead:
            cursor += 1
        self.cursors[conversation] = cursor
        left = {seq for seq in ahead if seq > cursor}
        if left:
            self._ahead[conversation] = left
        else:
            del self._ahead[conversation]

    def _note(self, conversation: str, now: float) -> None:
        self._unsaid[conversation] = self._unsaid.get(conversation, 0) + 1
        if self._first is None:
            self._first = now

    def deadline(self) -> float | None:
        """When the next acknowledgement is due: at once after a pause, else once a second."""
        return None if self._first is None else max(self._first, self._last + ACK_DELAY)

    def due(self, now: float) -> bool:
        """Whether it is time to acknowledge."""
        when = self.deadline()
        return when is not None and (now >= when or sum(self._unsaid.values()) >= ACK_COUNT)

    def acknowledge(self, now: float) -> list[Acknowledge]:
        """One acknowledgement for each conversation that moved."""
        self._last = now
        said = [Acknowledge(name, self.cursors[name]) for name in self._unsaid if name in self.cursors]
        self.cut()
        return said

    def cut(self) -> None:
        """Nothing is to be said (any more): the next welcome compares the cursors."""
        self._unsaid.clear()
        self._first = None
