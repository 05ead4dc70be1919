"""Fonts like those of the desktop, larger or bold.

Rule: a named font is asked for its family; its name alone is none, and Tk would take whatever it likes.
"""

from __future__ import annotations

import tkinter.font
from typing import Any, Final

TEXT: Final = "TkDefaultFont"
FIXED: Final = "TkFixedFont"  # every character as wide: what has columns, and numbers to be compared


def like(named: str, size: int = 0, *styles: str) -> tuple[Any, ...]:
    """A font as one of the desktop's, in points (0: as large as that)."""
    actual = tkinter.font.nametofont(named).actual()
    return (actual["family"], size or actual["size"], *styles)


def width(named: str, text: str) -> int:
    """How many pixels a text takes."""
    return tkinter.font.nametofont(named).measure(text)
