"""What each part of the screen shows, as styled text: the rows of a conversation, the list, title and status.

Rule: pure. It only reads the windows; a part is drawn for a width and a height and never larger than that.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from clients.core import inert
from clients.core.view import ONLINE, Talk, View
from clients.core.windows.heading import heading
from clients.core.windows.tables import hang
from clients.core.windows.windows import EVENT, MENTION, TALK, Row, Window, Windows
from clients.screen import theme
from clients.screen.wrap import clip, columns, wrap

Fragments = list[tuple[str, str]]

NICK_COLUMNS: Final = 12
LIST_COLUMNS: Final = 20
LIST_FROM: Final = 60  # columns of a screen from which on there is a list
WIDE: Final = 80  # columns of a conversation from which on all texts begin below each other
TIME_FORMAT: Final = "%H:%M"
LEVELS: Final = {EVENT: ("list", "·"), TALK: ("list.talk", "*"), MENTION: ("list.mention", "!")}


# ---- a conversation ----------------------------------------------------------------------------------------------


def rows(window: Window, width: int, height: int) -> list[Fragments]:
    """The lines of a conversation, the bottom row last; fewer than `height` where there are no more."""
    last = window.newest() if window.bottom is None else window.bottom
    lines: list[Fragments] = []
    below: Row | None = None
    for row in window.up(last):
        if below is not None and _day(below.at) != _day(row.at):
            lines.append(_ruled("day", _day(below.at), width))
        lines += reversed(row_lines(row, width))
        if row.number == window.line:
            lines.append(_ruled("line", "new", width))
        below = row
        if len(lines) >= height:
            break
    else:
        if below is not None:
            lines.append(_ruled("day", _day(below.at), width))
    return lines[:height][::-1]


def row_lines(row: Row, width: int) -> list[Fragments]:
    """One row: time, who, text."""
    who = clip(row.who, NICK_COLUMNS)
    column = 0 if not who and width < WIDE else NICK_COLUMNS
    left = len(_time(row.at)) + 1 + column + 3
    room = max(width - left, 8)
    pad = " " * max(column - columns(who), 0)
    kind = "mention" if row.mention else row.kind
    end = f" {row.state}" if row.state else ""
    indent = " " * (0 if row.who else hang(row.text, room))
    texts = wrap(row.text, room - columns(end), room - len(indent))
    bar = ("class:mention", " » ") if row.mention else ("class:edge", " │ ")
    name = ("class:own", who) if row.kind == "own" else (theme.nick(row.who), who)
    first: Fragments = [("class:time", _time(row.at) + " "), ("", pad), name, bar, (f"class:{kind}", texts[0])]
    lines = [first]
    for text in texts[1:]:
        lines.append([("", " " * (left - 3)), bar, (f"class:{kind}", indent + (text.lstrip() if indent else text))])
    if end:
        lines[-1].append(("class:state", end))
    return lines


def _ruled(kind: str, text: str, width: int) -> Fragments:
    shown = f"── {text} "
    return [(f"class:{kind}", clip(shown + "─" * max(width - columns(shown), 0), width))]


def _time(at: int) -> str:
    try:
        return datetime.fromtimestamp(at / 1000).strftime(TIME_FORMAT)
    except (ValueError, OverflowError, OSError):
        return "??:??"


def _day(at: int) -> str:
    try:
        return datetime.fromtimestamp(at / 1000).strftime("%A %Y-%m-%d")
    except (ValueError, OverflowError, OSError):
        return "another day"


# ---- the list ----------------------------------------------------------------------------------------------------


def listed(windows: Windows, width: int, height: int) -> list[Fragments]:
    """The conversations, numbered as Alt-1 to Alt-9 reach them; the current one is always among them."""
    here = windows.all.index(windows.current)
    first = min(max(here - height + 1, 0), max(len(windows.all) - height, 0))
    return [
        _entry(number, window, window is windows.current, width)
        for number, window in enumerate(windows.all[first : first + height], first + 1)
    ]


def _entry(number: int, window: Window, current: bool, width: int) -> Fragments:
    style, mark = LEVELS.get(window.level, ("list", " "))
    if current:
        style, mark = "list.current", ">"
    count = f" {window.unread}" if window.unread else ""
    name = clip(f"{number if number < 10 else ' '}{mark}{inert.name(window.to)}", width - len(count))
    return [(f"class:{style}", name + " " * (width - columns(name) - len(count)) + count)]


# ---- title and status --------------------------------------------------------------------------------------------


def title(talk: Talk | None, to: str, width: int) -> Fragments:
    """Whose conversation this is, who can read it, and its topic."""
    over = heading(talk, to)
    style = "class:title.open" if over.alarm else "class:title.mark"
    parts: Fragments = [("class:title", f" {over.name} ")]
    parts += [(style, f" {part} ") for part in (over.mark, over.words) if part]
    if over.topic:
        parts.append(("class:title", f" {over.topic}"))
    return cut(parts, width, "class:title")


def status(windows: Windows, view: View, where: str, width: int, note: str = "") -> Fragments:
    """Who one is, whether the line is open, what waits, where there are news."""
    online = view.status == ONLINE
    parts: Fragments = [("class:bar" if online else "class:bar.bad", f" {view.status} ")]
    parts.append(("class:bar", f" {view.me or '?'}@{where} "))
    if view.waiting:
        parts.append(("class:bar.strong", f" {view.waiting} to be sent "))
    if windows.current.bottom is not None:
        parts.append(("class:bar.strong", " more below (Alt-End) "))
    news = [
        f"{number}:{window.to}{'!' if window.level == MENTION else ''}"
        for number, window in enumerate(windows.all, 1)
        if window is not windows.current and window.level >= TALK
    ]
    if news:
        parts.append(("class:bar.strong", f" new: {' '.join(news)} "))
    if note:
        parts.append(("class:bar.strong", f" {note} "))
    return cut(parts, width, "class:bar")


def cut(parts: Fragments, width: int, rest: str) -> Fragments:
    """These parts in exactly so many columns."""
    made: Fragments = []
    room = width
    for style, text in parts:
        shown = clip(text, room)
        if room > 0 and shown:
            made.append((style, shown))
            room -= columns(shown)
    return [*made, (rest, " " * room)] if room > 0 else made
