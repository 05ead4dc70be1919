"""What was said, as a text that grows: rows of the window one looks at, in the palette's colours.

Rule: only what is new is put in, so a long conversation costs what its news cost. It is never longer than MOST rows;
what is older comes when one scrolls to its top.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import ttkbootstrap as tb

from clients.core.windows import palette
from clients.core.windows.tables import hang, is_table
from clients.core.windows.windows import Row, Window
from clients.tk.fonts import FIXED, TEXT, like, width

MOST: Final = 400
OFFERED: Final = re.compile(r" {2}- {2}(/get [0-9a-f]+)\Z")
BOLD: Final = ("mention", "line")


class Display:
    """The conversation. `older`: somebody has scrolled to the top; `say`: somebody has pressed this command."""

    def __init__(self, parent: Any, older: Callable[[], None], say: Callable[[str], None]) -> None:
        self._say = say
        self.frame = tb.Frame(parent)
        self.text = tb.Text(
            self.frame, autostyle=False, state="disabled", wrap="word", relief="flat", borderwidth=0, padx=12, pady=8,
            spacing1=2, spacing3=2, cursor="arrow", takefocus=True, highlightthickness=1,
        )  # fmt: skip
        scroll = tb.Scrollbar(self.frame, command=self.text.yview)
        self.text.configure(yscrollcommand=scroll.set)
        scroll.pack(side="right", fill="y")
        self.text.pack(side="left", fill="both", expand=True)
        self._older = older
        self._window: Window | None = None
        self._first = self._last = self._top = 0
        self._states: dict[int, str] = {}
        self._texts: dict[int, str] = {}
        self._day = ""
        self._line: int | None = None
        self._indent = self._column = 1  # pixels: where a text begins, and a character of a table
        for sequence in ("<Prior>", "<Button-4>", "<MouseWheel>", "<Home>"):
            self.text.bind(sequence, self._up, add="+")

    def dress(self, theme: str) -> None:
        """Take the colours of `dark` or `light`."""
        kinds, background = palette.KINDS[theme], palette.BACKGROUNDS[theme]
        self.text.configure(
            background=background, foreground=kinds["said"], highlightbackground=background, padx=12, pady=8
        )
        for kind, colour in kinds.items():
            self.text.tag_configure(kind, foreground=colour, font=like(TEXT, 0, *(("bold",) if kind in BOLD else ())))
        for number, colour in enumerate(palette.NICKS[theme]):
            self.text.tag_configure(f"nick{number}", foreground=colour, font=like(TEXT, 0, "bold"))
        self._indent, self._column = width(TEXT, "00:00  "), width(FIXED, "0")
        self.text.tag_configure("row", lmargin2=self._indent)
        self.text.tag_configure("table", font=like(FIXED))
        self.text.tag_configure("link", underline=True)
        self.text.tag_raise("sel")

    def show(self, window: Window) -> None:
        """Be up to date with a window: everything of another one, of the same one what is new."""
        if window is not self._window or window.line != self._line or not self._follows(window):
            self._fill(window)
            return
        at_end = self.text.yview()[1] >= 0.999
        fresh = [row for row in window.up(window.newest()) if row.number > self._last]
        with self._writing():
            self._append(reversed(fresh))
        self._reword(window)
        self._restate(window)
        if fresh and at_end:
            self.text.see("end")

    def scroll(self, pages: int) -> None:
        """Up (negative) or down."""
        self.text.yview_scroll(pages, "pages")
        if pages < 0:
            self._up()

    def _follows(self, window: Window) -> bool:
        """Whether what is shown goes on where it ended."""
        behind = window.newest() - self._last
        return 0 <= behind < MOST and bool(window.rows) and window.rows[0].number >= self._top

    def _fill(self, window: Window, rows: int = MOST) -> None:
        self._window, self._line, self._states, self._day = window, window.line, {}, ""
        self._texts = {}
        self._top = window.rows[0].number if window.rows else 0
        shown: list[Row] = []
        for row in window.up(window.newest()):
            if len(shown) >= rows:
                break
            shown.append(row)
        shown.reverse()
        self._first = shown[0].number if shown else 0
        self._last = self._first - 1
        with self._writing():
            self.text.delete("1.0", "end")
            self._append(shown)
        self.text.see("end")

    def _up(self, event: Any = None) -> None:
        """At the top: what is older, and one stays where one was."""
        if self._window is None or self.text.yview()[0] > 0.001:
            return
        first, had = self._first, self._window.rows[0].number if self._window.rows else 0
        if first <= had:
            self._older()
            if not self._window.rows or self._window.rows[0].number == had:
                return  # this is where it begins
        count = self._last - self._first + 1
        self._fill(self._window, count + MOST)
        if self._first < first:
            self.text.see(f"row{first}")

    # ---- rows ----

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """In here the text can be changed, by us only."""
        self.text.configure(state="normal")
        yield
        self.text.configure(state="disabled")

    def _append(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self._row(row)
            self._last = row.number

    def _row(self, row: Row) -> None:
        put = self.text.insert
        day = _day(row.at)
        if day != self._day:
            self._day = day
            put("end", f"{day}\n", ("time", "row"))
        if row.number == self._line:
            put("end", f"── new {'─' * 40}\n", ("line", "row"))
        put("end", f"{_time(row.at)}  ", ("time", "row"))
        self.text.mark_set(f"row{row.number}", "end-1c linestart")
        self.text.mark_gravity(f"row{row.number}", "left")
        if row.who:
            put("end", f"{row.who}  ", ("own" if row.kind == "own" else f"nick{palette.nick(row.who)}", "row"))
        kind = "mention" if row.mention else row.kind
        offered = OFFERED.search(row.text) if row.kind == "said" else None
        text = row.text[: offered.start(1)] if offered else row.text
        put("end", ("» " if row.mention else "") + text, (kind, *self._layout(row), f"text{row.number}"))
        if row.id:
            self._texts[row.number] = row.text
        if offered:
            self._link(offered[1], row.number)
        if row.state:
            self._states[row.number] = row.state
            tag = f"state{row.number}"
            put("end", f"  {row.state}", ("state", "row", tag))
        put("end", "\n", "row")

    def _link(self, command: str, number: int) -> None:
        """A command that may be pressed."""
        tag = f"link{number}"
        self.text.insert("end", command, ("own", "row", "link", tag))
        self.text.tag_bind(tag, "<Button-1>", lambda event: self._say(command))
        self.text.tag_bind(tag, "<Enter>", lambda event: self.text.configure(cursor="hand2"))
        self.text.tag_bind(tag, "<Leave>", lambda event: self.text.configure(cursor="arrow"))

    def _layout(self, row: Row) -> tuple[str, ...]:
        """What has columns keeps them, and goes on below its last one."""
        if row.who or not is_table(row.text):
            return ("row",)
        room = max(self.text.winfo_width() - self._indent, 1) // self._column
        hanging = f"hang{hang(row.text, room)}"
        self.text.tag_configure(hanging, lmargin2=self._indent + int(hanging[4:]) * self._column)
        return ("table", hanging)

    def _reword(self, window: Window) -> None:
        """What was said anew, where it stands."""
        changed = [row for row in window.up(self._last) if self._texts.get(row.number, row.text) != row.text]
        for row in changed:
            self._texts[row.number] = row.text
            tag = f"text{row.number}"
            found = self.text.tag_ranges(tag)
            if found:
                text, kind = ("» " if row.mention else "") + row.text, "mention" if row.mention else row.kind
                with self._writing():
                    self.text.delete(found[0], found[1])
                    self.text.insert(found[0], text, (kind, *self._layout(row), tag))

    def _restate(self, window: Window) -> None:
        """The marks behind one's own messages, where they have changed."""
        changed = [row for row in window.up(self._last) if self._states.get(row.number, row.state) != row.state]
        for row in changed:
            self._states[row.number] = row.state
            found = self.text.tag_ranges(f"state{row.number}")
            if found:
                with self._writing():
                    self.text.delete(found[0], found[1])
                    self.text.insert(found[0], f"  {row.state}", ("state", "row", f"state{row.number}"))


def _time(at: int) -> str:
    try:
        return datetime.fromtimestamp(at / 1000).strftime("%H:%M")
    except (ValueError, OverflowError, OSError):
        return "??:??"


def _day(at: int) -> str:
    try:
        return datetime.fromtimestamp(at / 1000).strftime("%A %Y-%m-%d")
    except (ValueError, OverflowError, OSError):
        return "another day"
