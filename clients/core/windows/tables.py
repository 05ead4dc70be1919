"""Rows with columns, as `/help`, `/keys` and `/devices` have: where a line goes on that is too long.

Rule: pure. Columns are two blanks or more apart; what does not fit goes on below its own column, if that leaves room.
"""

from __future__ import annotations

import re
from typing import Final

_GAP: Final = re.compile(r"(?<=\S) {2,}(?=\S)")


def is_table(text: str) -> bool:
    """Whether a text has columns, or stands in one; what somebody said in several lines does not."""
    return "\n" not in text and (text.startswith("  ") or _GAP.search(text) is not None)


def hang(text: str, room: int) -> int:
    """The column at which a text goes on: where the last one begins in the first two thirds of `room`, else its own."""
    if not is_table(text):
        return 0
    columns = [gap.end() for gap in _GAP.finditer(text) if 3 * gap.end() <= 2 * room]
    return columns[-1] if columns else min(len(text) - len(text.lstrip(" ")), room // 2)
