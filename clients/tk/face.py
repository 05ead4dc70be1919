"""The core's face with windows, and what a window can show better than rows: a number to compare.

Rule: everything else is the core's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clients.core import notices as n
from clients.core.windows.face import Surface, WindowsFace


class TkFace(WindowsFace):
    """One person at the windows. `compare` opens a window for a number."""

    def __init__(self, surface: Surface, compare: Callable[[n.Compare], Any], done: Callable[[int, str], None],
                 wall: Callable[[], int]) -> None:  # fmt: skip
        super().__init__(surface, done, wall)
        self._compare = compare

    def notice(self, notice: n.Notice) -> None:
        """Show this."""
        super().notice(notice)
        if isinstance(notice, n.Compare):
            self._compare(notice)
