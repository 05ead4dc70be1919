"""Names of files that others chose, made harmless: one leaf that every system can write and every eye can read.

Rule: whatever comes in, what goes out is never empty, never a path, never hidden, never a device, never invisible, and
going through again changes nothing. It is a proposal: who writes the file never overwrites another one.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

NAMELESS: Final = "file"
LONGEST: Final = 200  # bytes of UTF-8: systems allow 255, and ".part" or " (2)" must still fit
LONGEST_ENDING: Final = 20
# What Windows refuses in names, and what it takes for a device whatever follows the first dot.
_FORBIDDEN: Final = re.compile(r'[<>:"|?*]')
_DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³])", re.IGNORECASE)
# Controls, formats (bidi among them), surrogates, private use, unassigned, separators of lines and paragraphs.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")  # letters and marks that show nothing


def leaf(name: str) -> str:
    """A name for a file that arrived under this one."""
    name = re.split(r"[/\\]", name)[-1]
    name = unicodedata.normalize("NFC", "".join(_seen(character) for character in name))
    name = _trimmed(_FORBIDDEN.sub("_", name))
    if _DEVICE.fullmatch(name.split(".")[0].rstrip()):
        name = "_" + name
    if name.startswith("-"):
        name = "_" + name[1:]  # else it is an option to the next command that meets it
    return _shortened(name) or NAMELESS


def _seen(character: str) -> str:
    """The character, a plain space for any other one, nothing for what cannot be seen."""
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in _UNSEEN or character in _BLANK else character


def _trimmed(name: str) -> str:
    """Single spaces, so that no ending is pushed out of sight; no dot in front, no dot or space behind."""
    return " ".join(name.split()).lstrip(". ").rstrip(". ")


def _shortened(name: str) -> str:
    """Cut to what a file system takes, with its ending."""
    if len(name.encode()) <= LONGEST:
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode()) > LONGEST_ENDING:
        stem, dot, ending = name, "", ""
    room = LONGEST - len((dot + ending).encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(". ") + dot + ending
