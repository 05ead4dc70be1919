"""A row as screen lines of a certain width: words stay whole where they can, wide characters count twice.

Rule: pure. Columns are counted as the toolkit counts them (wcwidth); what follows a first line is indented like it.
"""

from __future__ import annotations

from prompt_toolkit.utils import get_cwidth


def wrap(text: str, first: int, rest: int) -> list[str]:
    """The lines of a text: the first has so many columns, the others `rest`. Never empty; newlines begin a line."""
    lines: list[str] = []
    for part in text.split("\n"):
        lines += _wrapped(part, first if not lines else rest, rest)
    return lines


def _wrapped(text: str, first: int, rest: int) -> list[str]:
    room, rest = max(first, 1), max(rest, 1)
    if text.isascii() and len(text) <= room:
        return [text]
    lines: list[str] = []
    while text:
        cut = _fits(text, room)
        if cut < len(text):
            space = text.rfind(" ", 1, cut + 1)
            if space > cut // 3:
                lines.append(text[:space])
                text = text[space + 1 :]
            else:
                lines.append(text[:cut])
                text = text[cut:]
        else:
            lines.append(text)
            text = ""
        room = rest
    return lines or [""]


def _fits(text: str, room: int) -> int:
    """How many characters, and at least one, fit into so many columns."""
    if text.isascii():
        return min(room, len(text)) or 1
    used = 0
    for place, char in enumerate(text):
        used += get_cwidth(char)
        if used > room:
            return max(place, 1)
    return len(text)


def columns(text: str) -> int:
    """How many columns a text takes."""
    return len(text) if text.isascii() else get_cwidth(text)


def clip(text: str, room: int) -> str:
    """A text in at most so many columns; what is cut ends with an ellipsis."""
    if columns(text) <= room:
        return text
    kept = text[: _fits(text, room - 1)]
    return (kept if columns(kept) < room else "") + "…" if room > 0 else ""
