"""Colours, with enough contrast on dark and on light: the terminal's own sixteen where they do, ours where not.

Rule: nothing is told by colour alone; every state that has a colour has a word or a mark, too.
"""

from __future__ import annotations

import zlib
from typing import Final

NICKS: Final = 8

DARK: Final = {
    "title": "bg:#1f3a5f #ffffff",
    "title.mark": "bg:#1f3a5f #ffe08a bold",
    "title.open": "bg:#5f2f1f #ffffff bold",
    "bar": "bg:#303030 #e4e4e4",
    "bar.strong": "bg:#303030 #ffe08a bold",
    "bar.bad": "bg:#303030 #ff9e9e bold",
    "list": "#bcbcbc",
    "list.current": "bg:#1f3a5f #ffffff bold",
    "list.talk": "#ffffff bold",
    "list.mention": "#ffe08a bold",
    "edge": "#6c6c6c",
    "time": "#8a8a8a",
    "said": "",
    "own": "#9fd3ff",
    "event": "#a8a8a8",
    "faint": "#949494",
    "good": "#8fd18f",
    "bad": "#ff9e9e",
    "mention": "#ffe08a bold",
    "line": "#d7875f",
    "day": "#8a8a8a",
    "state": "#8a8a8a",
    "prompt": "#8fb8ff bold",
    "question": "bg:#5f5f1f #ffffff bold",
}

LIGHT: Final = DARK | {
    "title": "bg:#1f3a5f #ffffff",
    "bar": "bg:#d0d0d0 #202020",
    "bar.strong": "bg:#d0d0d0 #5f2f00 bold",
    "bar.bad": "bg:#d0d0d0 #8f0000 bold",
    "list": "#444444",
    "list.current": "bg:#1f3a5f #ffffff bold",
    "list.talk": "#000000 bold",
    "list.mention": "#8f3f00 bold",
    "edge": "#767676",
    "time": "#626262",
    "own": "#00457f",
    "event": "#4e4e4e",
    "faint": "#5f5f5f",
    "good": "#1f5f1f",
    "bad": "#9f0000",
    "mention": "#8f3f00 bold",
    "line": "#8f3f00",
    "day": "#626262",
    "state": "#626262",
    "prompt": "#00457f bold",
}

_NICKS_DARK: Final = ("#87d7ff", "#ffaf87", "#afd787", "#ffafd7", "#d7d787", "#afafff", "#87d7af", "#ff9e9e")
_NICKS_LIGHT: Final = ("#005f87", "#87470f", "#3f5f00", "#87005f", "#5f5f00", "#4f3fbf", "#005f47", "#9f2020")

BACKGROUNDS: Final = {"dark": "#1c1c1c", "light": "#f4f4f4"}
THEMES: Final = {
    "dark": DARK | {f"nick{number}": colour for number, colour in enumerate(_NICKS_DARK)},
    "light": LIGHT | {f"nick{number}": colour for number, colour in enumerate(_NICKS_LIGHT)},
    "plain": dict.fromkeys(DARK, "") | {"title": "reverse", "title.open": "reverse bold", "title.mark": "reverse bold",
             "bar": "reverse", "bar.strong": "reverse bold", "bar.bad": "reverse bold", "list.current": "reverse",
             "list.talk": "bold", "list.mention": "bold underline", "mention": "bold", "question": "reverse"}
    | {f"nick{number}": "bold" for number in range(NICKS)},
}  # fmt: skip


def nick(name: str) -> str:
    """The style of a name: the same one everywhere, and on every day."""
    return f"class:nick{zlib.crc32(name.casefold().encode()) % NICKS}"


def contrast(one: str, other: str) -> float:
    """How far two colours (`#rrggbb`) are apart: 1 to 21 (WCAG 2.2, contrast ratio)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
