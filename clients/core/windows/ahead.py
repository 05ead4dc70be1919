"""Lines typed ahead: whoever asks to be let into a group and types on means that group, not the one they look at still.

Rule: pure. Lines wait for the answer to the join they were typed behind, in order and not more than MOST of them; what
becomes of them is the face's.
"""

from __future__ import annotations

from typing import Final

MOST: Final = 50


class Ahead:
    """What waits behind joins that are not answered yet, oldest first."""

    def __init__(self) -> None:
        self._joins: list[tuple[str, list[str]]] = []
        self._here = False

    def asked(self, group: str) -> None:
        """One has asked to be let into a group: what is typed from now on is for it."""
        self._joins.append((group, []))
        self._here = True

    def elsewhere(self) -> None:
        """One has looked at another conversation meanwhile: what is typed from now on is for that one."""
        self._here = False

    @property
    def waits(self) -> bool:
        """Whether what is typed now waits."""
        return self._here and bool(self._joins)

    def hold(self, text: str) -> bool:
        """Keep a line for the group asked for last; false when there are too many."""
        if sum(len(lines) for _, lines in self._joins) >= MOST:
            return False
        self._joins[-1][1].append(text)
        return True

    def answered(self, group: str) -> list[str]:
        """There is an answer: the lines that waited for it."""
        for place, (asked, lines) in enumerate(self._joins):
            if asked.casefold() == group.casefold():
                del self._joins[place]
                return lines
        return []

    def all(self) -> list[tuple[str, list[str]]]:
        """What waits, by group."""
        return [(group, lines) for group, lines in self._joins if lines]
