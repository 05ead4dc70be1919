"""What LIST asks for (ELIST=CMNTU): masks, masks that must not fit, how many people, how old group and topic are.

Rule: pure; a filter that cannot be read fits nothing, so that a slip does not show everything.
"""

from __future__ import annotations

import re
from fnmatch import translate
from typing import Final

from chatd.messages import GroupSummary

COMPARED: Final = re.compile(r"([CT]?)([<>])(\d{1,9})")


class Wanted:
    """The filters of one LIST; all have to fit, of several masks one."""

    def __init__(self, text: str) -> None:
        self._compared: list[tuple[str, str, int]] = []
        self._masks: list[re.Pattern[str]] = []
        self._not: list[re.Pattern[str]] = []
        for part in text.split(","):
            found = COMPARED.fullmatch(part)
            if found is not None:
                self._compared.append((found[1], found[2], int(found[3])))
            elif part[:1] == "!":
                self._not.append(_mask(part[1:]))
            elif part:
                self._masks.append(_mask(part))

    def fits(self, group: GroupSummary, now: int) -> bool:
        """Whether a group is shown; `now` in ms."""
        name = group.group.lower()
        if self._masks and not any(mask.fullmatch(name) for mask in self._masks):
            return False
        if any(mask.fullmatch(name) for mask in self._not):
            return False
        return all(self._holds(group, now, *compared) for compared in self._compared)

    @staticmethod
    def _holds(group: GroupSummary, now: int, what: str, sign: str, number: int) -> bool:
        if not what:
            value = float(group.present)
        else:
            since = group.created if what == "C" else group.topic_at
            if not since:
                return False
            value = (now - since) / 60_000  # minutes
        return value < number if sign == "<" else value > number


def _mask(text: str) -> re.Pattern[str]:
    return re.compile(translate(text.lower().replace("[", "[[]")))
