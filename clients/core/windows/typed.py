"""The line being typed: what was typed before, for each conversation and for all of them, and what is pasted.

Rule: pure. Going back in history never loses what one had begun: it is the newest entry until it is sent.
"""

from __future__ import annotations

from typing import Final

MOST_KEPT: Final = 500
PASTE_LINES: Final = 3


class Past:
    """What was sent, oldest first, and where one is in it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._at: int | None = None
        self._begun = ""
        self._edit = ""

    def add(self, line: str) -> None:
        """A line was sent."""
        if line and (not self.lines or self.lines[-1] != line):
            self.lines.append(line)
            del self.lines[:-MOST_KEPT]
        self._at = None

    def back(self, now: str, edit: str = "") -> str | None:
        """The line before; `now` is what stands in the input. None where there is none. `edit`: where one begins, this
        comes before what was sent."""
        if self._at is None:
            self._begun, self._edit = now, edit
        lines = self._all()
        at = len(lines) if self._at is None else self._at
        if at == 0:
            return None
        self._at = at - 1
        return lines[self._at]

    def forward(self) -> str | None:
        """The line after, and last what one had begun; None where one is at the end."""
        if self._at is None:
            return None
        self._at += 1
        lines = self._all()
        if self._at < len(lines):
            return lines[self._at]
        self._at = None
        return self._begun

    def _all(self) -> list[str]:
        return [*self.lines, self._edit] if self._edit else self.lines


def clean_paste(data: str) -> str:
    """Pasted text with newlines as one types them; a newline at its end goes."""
    return data.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def is_large(data: str) -> bool:
    """Whether to ask what should become of a paste."""
    return data.count("\n") >= PASTE_LINES
