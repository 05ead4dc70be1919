"""The picture of the program in a desktop's lists of windows: something said, with more to come.

Rule: it is drawn, in a millisecond; a file would have to be found and unpacked before the window is seen.
"""

from __future__ import annotations

import tkinter
from math import sqrt
from typing import Any, Final

SIZE: Final = 64
BUBBLE, DOT = "#0d6efd", "#ffffff"
TOP, LOW, ROUND = 6, 48, 14  # the bubble's first row, the one below its last, and the radius of its corners
TAIL: Final = 12  # so many rows more
DOTS: Final = ((18, 27), (32, 27), (46, 27))
DOT_ROUND: Final = 5


def icon(root: Any) -> tkinter.PhotoImage:
    """It, transparent where it is not drawn. Whoever shows it has to keep it."""
    image = tkinter.PhotoImage(width=SIZE, height=SIZE, master=root)
    for row in range(TOP, LOW):
        inset = _inset(min(row - TOP, LOW - 1 - row))
        image.put(BUBBLE, (2 + inset, row, SIZE - 2 - inset, row + 1))
    for row in range(TAIL):
        image.put(BUBBLE, (14, LOW + row, 14 + TAIL - row, LOW + row + 1))
    for x, y in DOTS:
        for row in range(-DOT_ROUND, DOT_ROUND + 1):
            wide = round(sqrt((DOT_ROUND + 0.5) ** 2 - row**2))
            image.put(DOT, (x - wide, y + row, x + wide, y + row + 1))
    return image


def _inset(row: int) -> int:
    """How far a row begins inside of the bubble's edge, so many rows from its top or bottom."""
    return 0 if row >= ROUND else round(ROUND - sqrt(ROUND**2 - (ROUND - row - 0.5) ** 2))
