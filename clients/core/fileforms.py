"""From the words behind `/file` and its relatives to what a person wants.

Rule: pure, as in `forms.py`. A path is all that stands behind whom it is for, spaces included; quotes round it go.
"""

from __future__ import annotations

import re

from clients.core import intents as i
from clients.core.intents import Intent

_WHO = re.compile(r"(?:@?[^\s,]+(?:,\s*@?[^\s,]+)*)(?=\s)")

_WORD = re.compile(r"(\"[^\"]+\"|'[^']+'|\S+)(?:\s+(.+))?")


def send(rest: str) -> Intent | None:
    """`/file bob essay.pdf`, `/file #hw3 "my essay.pdf"`, `/file @a,@b ~/essay.pdf`: a bare word is a person."""
    match = _WHO.match(rest)
    path = unquoted(rest[match.end() :].strip()) if match else ""
    if match is None or not path:
        return None
    return i.SendFile(readers(match.group()), path)


def readers(words: str) -> tuple[str, ...]:
    """Whom a file is for: `@a,@b`, `a,b` or `#group`."""
    names = (name.strip() for name in words.split(","))
    return tuple(dict.fromkeys(name if name[0] in "@#" else "@" + name for name in names if name.strip("@#")))


def unquoted(text: str) -> str:
    """A path without the quotes that were put round it, as for a shell."""
    return text[1:-1] if len(text) > 2 and text[0] == text[-1] and text[0] in "\"'" else text


def get(rest: str) -> Intent | None:
    """`/get ID`, `/get ID folder`, `/get "my essay.pdf"`."""
    match = _WORD.fullmatch(rest.strip())
    return i.GetFile(unquoted(match[1]), unquoted((match[2] or "").strip())) if match else None


def decline(rest: str) -> Intent | None:
    """`/decline ID`."""
    return i.DeclineFile(unquoted(rest.strip())) if rest.strip() else None
