"""Text from the network made harmless before it is shown.

Rule: pure. No control character reaches a terminal: no ESC, C0, C1, CR or DEL, and nothing that turns the direction of
writing or hides. What is taken out stays visible as an escape, so that nobody wonders what was there.
"""

from __future__ import annotations

import unicodedata
from typing import Final

INDENT: Final = "    "
_JOINERS: Final = "\u200c\u200d"  # Persian and emoji need them inside a text; a name does not
_IGNORABLE: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u3164\uffa0")


def text(value: str) -> str:
    """A message's text: newlines become continuation lines that cannot be mistaken for lines of their own."""
    if value.isascii() and value.isprintable():
        return value
    return "".join(map(_text_char, value.replace("\r\n", "\n")))


def line(value: str) -> str:
    """A text that stays on its line."""
    return text(value.replace("\n", " "))


def name(value: str) -> str:
    """A name, where nothing invisible has any business."""
    if value.isascii() and value.isprintable():
        return value
    return "".join(_escape(char) if _hidden(char) or char in _JOINERS else char for char in value)


def _text_char(char: str) -> str:
    if char == "\n":
        return "\n" + INDENT
    if char == "\t":
        return INDENT
    if char in _JOINERS or "\ufe00" <= char <= "\ufe0f":
        return char
    return _escape(char) if _hidden(char) else char


def _hidden(char: str) -> bool:
    """Whether a character controls, hides, or is none."""
    if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return True
    point = ord(char)
    if point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF:
        return True
    return char in _IGNORABLE or 0xFE00 <= point <= 0xFE0F or 0xE0000 <= point <= 0xE0FFF


def _escape(char: str) -> str:
    point = ord(char)
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
