"""The colours of what is shown, on dark and on light, for every face with windows.

Rule: each can be read on its background (WCAG 2.2, 1.4.3), and nothing is told by colour alone.
"""

from __future__ import annotations

import zlib
from typing import Final

BACKGROUNDS: Final = {"dark": "#1c1c1c", "light": "#f4f4f4"}
KINDS: Final = {
    "dark": {
        "time": "#8a8a8a", "said": "#e4e4e4", "own": "#9fd3ff", "event": "#a8a8a8", "faint": "#949494",
        "good": "#8fd18f", "bad": "#ff9e9e", "mention": "#ffe08a", "line": "#d7875f", "state": "#8a8a8a",
    },
    "light": {
        "time": "#626262", "said": "#1c1c1c", "own": "#00457f", "event": "#4e4e4e", "faint": "#5f5f5f",
        "good": "#1f5f1f", "bad": "#9f0000", "mention": "#8f3f00", "line": "#8f3f00", "state": "#626262",
    },
}  # fmt: skip
NICKS: Final = {
    "dark": ("#87d7ff", "#ffaf87", "#afd787", "#ffafd7", "#d7d787", "#afafff", "#87d7af", "#ff9e9e"),
    "light": ("#005f87", "#87470f", "#3f5f00", "#87005f", "#5f5f00", "#4f3fbf", "#005f47", "#9f2020"),
}


def nick(name: str) -> int:
    """Which of the colours of names is a person's: the same everywhere, and on every day."""
    return zlib.crc32(name.casefold().encode()) % len(NICKS["dark"])


def contrast(one: str, other: str) -> float:
    """How far two colours (`#rrggbb`) are apart: 1 to 21 (WCAG 2.2, contrast ratio)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
