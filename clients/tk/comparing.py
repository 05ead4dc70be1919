"""The safety number in a window of its own: the number to be read out, the same as a QR code, and what to press.

Rule: it shows what the core worked out; pressing a button is typing the command that stands beside it.
"""

from __future__ import annotations

import io
import tkinter
from collections.abc import Callable
from typing import Any, Final

import ttkbootstrap as tb

from clients.core import inert
from clients.core import notices as n
from clients.tk.fonts import FIXED, TEXT, like
from clients.tk.placing import place

SCALE: Final = 5


def picture(number: str) -> bytes:
    """The number as a QR code, a PNG."""
    import segno

    made = io.BytesIO()
    segno.make("".join(number.split()), error="m", micro=False).save(made, kind="png", scale=SCALE, border=2)
    return made.getvalue()


class Comparing:
    """One comparison. `say` types a command."""

    def __init__(self, root: Any, notice: n.Compare, say: Callable[[str], None]) -> None:
        who = inert.name(notice.user)
        self.window = window = tb.Toplevel(master=root, title=f"Verify {who}")
        self._say, self._who = say, notice.user
        frame = tb.Frame(window, padding=24)
        frame.pack(fill="both", expand=True)
        tb.Label(frame, text=f"Is this really {who}?", font=like(TEXT, 14, "bold")).pack()
        tb.Label(frame, text=f"Compare with {who}, in person or by voice. Both of you see the same number.").pack(
            pady=8
        )
        groups = inert.line(notice.number).split()
        rows = "\n".join("  ".join(groups[place : place + 4]) for place in range(0, len(groups), 4))
        self.number = tb.Label(frame, text=rows, font=like(FIXED, 15), justify="center")
        self.number.pack(pady=8)
        self._image = tkinter.PhotoImage(data=picture(notice.number), master=window)
        tb.Label(frame, image=self._image).pack(pady=8)
        buttons = tb.Frame(frame)
        buttons.pack(pady=(12, 0))
        self.same = tb.Button(buttons, text="They are the same", bootstyle="success", command=self._yes)
        self.same.pack(side="left", padx=6)
        later = tb.Button(buttons, text="Not now", bootstyle="secondary-outline", command=window.destroy)
        later.pack(side="left")
        window.bind("<Escape>", lambda event: window.destroy())
        place(window, root)
        later.focus_set()  # nobody says by mistake that they are the same

    def _yes(self) -> None:
        self._say(f"/verify @{self._who} yes")
        self.window.destroy()
