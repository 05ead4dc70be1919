"""What a face must do, and the face that does nothing.

Rule: the core calls these and nothing else of a face; a face calls App and nothing else of the core but its values.
"""

from __future__ import annotations

from typing import Protocol

from clients.core.notices import Notice


class Gone(Exception):
    """Whoever was shown something is no longer there: nothing of it counts as seen, and there is no going on."""


class Face(Protocol):
    """Whoever shows a conversation to a person or a script."""

    def notice(self, notice: Notice) -> None:
        """Show this. A message counts as shown after the next `flush`."""

    def flush(self) -> None:
        """Let what was shown really be out: the core acknowledges it after this. Raises Gone where it cannot be."""


class NullFace:
    """Shows nothing."""

    def notice(self, notice: Notice) -> None:
        """Ignore it."""

    def flush(self) -> None:
        """Nothing is held back."""
