"""Answers as a terminal shows them and as scripts read them.

Rule: pure. Every value from outside is made harmless here; a table fits the window: the widest columns are cut, with
an ellipsis; colours are few and may be off. What scripts read is JSON, one object a line.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from textwrap import wrap
from typing import Any, Final

import msgspec

from chatd.console.verbs import DONE, Answer, Row, Value
from chatd.wire import inert

Paced = Callable[[Iterable[Any]], Iterable[Any]]
NUMBER: Final = (int, float, type(None))
NARROWEST: Final = 6  # columns are not cut below this
GAP: Final = 2
BOLD, DIM, RED, GREEN, YELLOW, CYAN, PLAIN = ("1", "2", "31", "32", "33", "36", "0")
GOOD: Final = {
    "online": GREEN,
    "ok": GREEN,
    "done": GREEN,
    "offline": DIM,
    "away": YELLOW,
    "refused": RED,
    "failed": RED,
}


def painted(text: str, colour: str, coloured: bool) -> str:
    """A text in a colour, or as it is."""
    return f"\x1b[{colour}m{text}\x1b[{PLAIN}m" if coloured and text else text


def cells(text: str) -> int:
    """How many cells of a terminal a harmless text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def fitted(text: str, width: int) -> str:
    """A text cut or filled to exactly this many cells."""
    taken = cells(text)
    if taken <= width:
        return text + " " * (width - taken)
    kept, room = [], width - 1
    for char in text:
        room -= cells(char)
        if room < 0:
            break
        kept.append(char)
    short = "".join(kept) + "…"
    return short + " " * (width - cells(short))


def shown(value: Value) -> str:
    """One value, harmless and on one line."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.1f}"
    return inert.line(str(value))


def moment(ms: int) -> str:
    """A time in ms as people and scripts read it, in UTC; empty where there is none."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if ms else ""


def span(seconds: float) -> str:
    """How long: `5 s`, `12 min`, `3 h`, `2 d`."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def widths(wanted: Sequence[int], room: int) -> list[int]:
    """How wide each column is so that a line fits, given how wide each would be: the widest gives way first."""
    found = list(wanted)
    while sum(found) + GAP * (len(found) - 1) > room and max(found) > NARROWEST:
        widest = found.index(max(found))
        others = sum(found) - found[widest] + GAP * (len(found) - 1)
        second = max((width for at, width in enumerate(found) if at != widest), default=0)
        found[widest] = max(NARROWEST, room - others, min(second, found[widest] - 1))
    return found


def table(rows: Sequence[Row], room: int, coloured: bool, paced: Paced = iter) -> list[str]:
    """Rows under a heading. `paced` may let others work between rows."""
    columns = list(rows[0])
    texts: list[list[str]] = []
    widest, right = list(map(cells, columns)), [True] * len(columns)
    for row in paced(rows):
        values = [row.get(column) for column in columns]
        texts.append(list(map(shown, values)))
        widest = list(map(max, widest, map(cells, texts[-1])))
        right = [so_far and isinstance(value, NUMBER) for so_far, value in zip(right, values, strict=True)]
    wide = widths(widest, room)
    lines = [painted(_line(columns, wide, right), BOLD, coloured)]
    for text in paced(texts):
        parts = [_cell(part, width, left) for part, width, left in zip(text, wide, right, strict=True)]
        parts = [painted(part, GOOD.get(part.strip(), ""), coloured and part.strip() in GOOD) for part in parts]
        lines.append((" " * GAP).join(parts).rstrip())
    return lines


def _cell(text: str, width: int, right: bool) -> str:
    return text.rjust(width) if right and cells(text) <= width else fitted(text, width)


def _line(texts: Sequence[str], wide: Sequence[int], right: Sequence[bool]) -> str:
    return (" " * GAP).join(_cell(*one) for one in zip(texts, wide, right, strict=True)).rstrip()


def details(row: Row, room: int, coloured: bool) -> list[str]:
    """One thing with its properties below each other."""
    wide = max(map(len, row))
    lines = []
    for key, value in row.items():
        text = shown(value)
        left = max(NARROWEST, room - wide - GAP)
        lines.append(
            painted(key.ljust(wide), BOLD, coloured) + " " * GAP + (text if cells(text) <= left else fitted(text, left))
        )
    return lines


def answer(found: Answer, room: int, coloured: bool, paced: Paced = iter) -> list[str]:
    """An answer for people. `paced` may let others work between rows."""
    lines: list[str] = []
    if found.rows and found.details:
        for row in found.rows:
            lines += [*([""] if lines else []), *details(row, room, coloured)]
    elif found.rows:
        lines += table(found.rows, room, coloured, paced)
    if found.note:
        for note in map(inert.line, found.note.split("\n")):
            wrapped = wrap(note, room, break_on_hyphens=False)
            lines += [painted(part, RED, coloured and found.status != DONE) for part in wrapped]
    return lines


def live(row: Row, room: int) -> str:
    """A row of something that goes on, on one line."""
    return "  ".join(shown(value) for value in row.values() if value not in (None, ""))[: max(20, room)]


def as_json(verb: str, row: Mapping[str, Any]) -> str:
    """One object a line."""
    return msgspec.json.encode({"v": 1, "verb": verb, **row}).decode()
