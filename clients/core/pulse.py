"""Whether the line still lives: when to ask for a sign of life, and when to give it up.

Rule: pure; seconds are arguments.
"""

from __future__ import annotations

from typing import Final

QUIET: Final = 60.0
SILENT: Final = 120.0
DEAD: Final = 30.0


class Pulse:
    """Of one connection: when the other side was last heard, when we last spoke, since when an answer is due."""

    def __init__(self) -> None:
        self.heard_at = self._spoke = 0.0
        self._pinged: float | None = None

    def began(self, now: float) -> None:
        """The line is open."""
        self.heard_at, self._pinged = now, None

    def heard(self, now: float) -> None:
        """The other side said something."""
        self.heard_at, self._pinged = now, None

    def spoke(self, now: float) -> None:
        """We said something."""
        self._spoke = now

    def deadline(self) -> float:
        """When there is something to decide."""
        if self._pinged is not None:
            return self._pinged + DEAD
        return min(self.heard_at + QUIET, self._spoke + SILENT)

    @property
    def waits(self) -> bool:
        """Is an answer due?"""
        return self._pinged is not None

    def is_dead(self, now: float, greeted: bool) -> bool:
        """No answer to a ping; or, before the login is done, none at all."""
        if self._pinged is not None:
            return now >= self._pinged + DEAD
        return not greeted and now >= self.heard_at + QUIET

    def must_ask(self, now: float) -> bool:
        """Is it time for a ping? Where nothing was heard for long, an answer is due from now on."""
        if now >= self.heard_at + QUIET:
            self._pinged = now
        return self._pinged is not None or now >= self._spoke + SILENT
