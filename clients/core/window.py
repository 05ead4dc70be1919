"""How many bytes of one transfer may be unanswered: as many as keep the line busy, few enough that chat gets through.

Rule: pure. What is unanswered waits before a message that is said now. So the window grows while the answers come as
fast as the fastest did, and shrinks when they take more than `SLACK` longer: then something queues on the way.
"""

from __future__ import annotations

from typing import Final

PIECE: Final = 131_072  # what one command may have
FIRST: Final = 65_536
LEAST: Final = 16_384
MOST: Final = 1_048_576
ENOUGH: Final = 524_288
SLACK: Final = 0.03  # seconds; chat may be delayed by 0.05
SHRINK: Final = 0.7


class Window:
    """One transfer's window."""

    def __init__(self) -> None:
        self.size = FIRST
        self._best = float("inf")
        self._still = 0  # answers to come of what was on its way when it shrank: they are late for the same reason

    @property
    def piece(self) -> int:
        """How many bytes go at once."""
        return min(PIECE, self.size)

    @property
    def enough(self) -> int:
        """How many bytes there has to be room for, before more is sent: many small steps cost more than few large."""
        return max(self.piece, min(self.size // 2, ENOUGH))

    def answered(self, took: float) -> None:
        """A piece was answered after so many seconds."""
        self._best = min(self._best, took)
        if self._still:
            self._still -= 1
        elif took > self._best + SLACK:
            self._still = self.size // self.piece
            self.size = max(LEAST, int(self.size * SHRINK))
        else:
            self.size = min(MOST, self.size + LEAST)


class Pace:
    """How fast a transfer is, over its last seconds."""

    SPAN: Final = 5.0

    def __init__(self, now: float, done: int) -> None:
        self._marks = [(now, done)]

    def note(self, now: float, done: int) -> None:
        """So much is done by now."""
        marks = self._marks
        if now - marks[-1][0] >= 0.1:
            marks.append((now, done))
        while len(marks) > 2 and now - marks[1][0] > self.SPAN:
            marks.pop(0)

    def rate(self, now: float, done: int) -> float:
        """Bytes a second; 0 where that is not known yet."""
        at, was = self._marks[0]
        return (done - was) / (now - at) if now - at > 0.05 else 0.0
