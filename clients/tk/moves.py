"""Files on their way: a bar for each, with what is left and a button that stops it.

Rule: a bar is there as long as its file moves; what becomes of a file is said in the conversation.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import ttkbootstrap as tb

from clients.core import show
from clients.core.moving import Moving
from clients.core.style import Style

MOST: Final = 4


class Moves:
    """The bars. `say` types a command."""

    def __init__(self, parent: Any, say: Callable[[str], None]) -> None:
        self._parent, self._say = parent, say
        self.bars: dict[bytes, tuple[Any, Any, Any, Any]] = {}

    def show(self, moving: list[Moving]) -> None:
        """Be up to date."""
        now = {one.offer.id: one for one in moving[:MOST]}
        for gone in self.bars.keys() - now.keys():
            self.bars.pop(gone)[0].destroy()
        for id, one in now.items():
            if id not in self.bars:
                self.bars[id] = self._made(id)
            _, label, bar, _ = self.bars[id]
            label.configure(text=" ".join(show.lines(one, Style())))
            bar.configure(maximum=max(one.offer.size, 1), value=one.done)

    def _made(self, id: bytes) -> tuple[Any, Any, Any, Any]:
        frame = tb.Frame(self._parent, padding=(12, 4))
        frame.pack(side="top", fill="x")
        label = tb.Label(frame)
        label.pack(side="left")
        stop = tb.Button(
            frame, text="Stop", bootstyle="danger-outline", command=partial(self._say, f"/decline {id.hex()}")
        )
        stop.pack(side="right")
        bar = tb.Progressbar(frame, length=200)
        bar.pack(side="right", padx=12)
        return frame, label, bar, stop
