"""Which conversation a name means: a group ends and its name is given again; a group gets another name.

Rule: pure. What tells two groups of one name apart is when each was made (`Position.created`). What this device has of
the earlier one goes under a name that no group can have, and nothing is thrown away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from chatd.messages import Position


class Conversations:
    """When each group was made that this device knows, by name; also those of earlier ones that were set apart."""

    def __init__(self, created: Mapping[str, int] = {}) -> None:
        self.created: dict[str, int] = dict(created)

    def is_another(self, position: Position) -> bool:
        """Whether this name has meant another group until now."""
        before = self.created.get(position.conversation, 0)
        return 0 < before != position.created > 0

    def note(self, position: Position) -> bool:
        """This is what the name means. Returns whether that is to be kept."""
        name = position.conversation
        fresh = name.startswith("#") and position.created > 0 and self.created.get(name) != position.created
        if fresh:
            self.created[name] = position.created
        return fresh

    def set_apart(self, name: str, at: int) -> str:
        """Until this time the name meant another group; returns what that one is called from now on."""
        apart = f"{name} (until {_day(at)})"
        number = 2
        while apart in self.created:
            apart, number = f"{name} (until {_day(at)}, {number})", number + 1
        self.created[apart] = self.created.pop(name, 0)
        return apart

    def rename(self, old: str, new: str) -> None:
        """A group has another name."""
        if old in self.created:
            self.created[new] = self.created.pop(old)

    def renamed(self, cursors: Iterable[str], positions: Iterable[Position]) -> dict[str, str]:
        """Groups that have got another name while nobody told us: the old name and the new one.

        One of those that are read here is gone, one that was made at the same time is there, and no third fits.
        """
        there = {position.conversation: position.created for position in positions}
        gone: dict[int, list[str]] = {}
        come: dict[int, list[str]] = {}
        for name in cursors:
            if name not in there and name in self.created:
                gone.setdefault(self.created[name], []).append(name)
        for name, created in there.items():
            if name.startswith("#") and self.created.get(name) != created:
                come.setdefault(created, []).append(name)
        pairs = [(gone[created], come[created]) for created in gone.keys() & come.keys() if created]
        return {old[0]: new[0] for old, new in pairs if len(old) == len(new) == 1}


def is_apart(name: str) -> bool:
    """Whether this is the name of something that was set apart: no group's has a space."""
    return " (until " in name


def _day(at: int) -> str:
    try:
        return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d")
    except (ValueError, OverflowError, OSError):
        return str(at)
