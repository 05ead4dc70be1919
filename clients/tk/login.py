"""The first window's login section: where to, and as whom; and the questions that come on the way in.

Rule: it only asks. What it is told is a plain value, and what is wrong with it is said beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import ttkbootstrap as tb

from clients.tk.fonts import TEXT, like


class Wanted(NamedTuple):
    """What somebody filled in."""

    server: str
    name: str
    plaintext: bool
    guest: bool


class Login:
    """The section. `go` is called with what was filled in."""

    def __init__(self, parent: Any, go: Callable[[Wanted], None]) -> None:
        self._go = go
        self.frame = frame = tb.Frame(parent, padding=40)
        tb.Label(frame, text="chat", font=like(TEXT, 26, "bold")).grid(row=0, columnspan=2, pady=(0, 4))
        tb.Label(frame, text="Where is your class, and who are you?").grid(row=1, columnspan=2, pady=(0, 20))
        self.server = self._entry(2, "Server")
        self.name = self._entry(3, "User name")
        self.plaintext, self.guest = tb.BooleanVar(), tb.BooleanVar()
        tb.Checkbutton(frame, text="as a guest, without an account", variable=self.guest).grid(
            row=4, column=1, sticky="w", pady=4
        )
        tb.Checkbutton(frame, text="without TLS (this machine only)", variable=self.plaintext).grid(
            row=5, column=1, sticky="w", pady=4
        )
        self.button = tb.Button(frame, text="Connect", bootstyle="primary", command=self._pressed)
        self.button.grid(row=6, column=1, sticky="we", pady=(16, 8))
        self.told = tb.Label(frame, bootstyle="danger", wraplength=round(parent.winfo_fpixels("315p")), justify="left")
        self.told.grid(row=7, columnspan=2, sticky="we")
        for entry in (self.server, self.name):
            entry.bind("<Return>", lambda event: self._pressed())

    def _entry(self, row: int, label: str) -> Any:
        tb.Label(self.frame, text=label).grid(row=row, column=0, sticky="e", padx=(0, 12), pady=4)
        entry = tb.Entry(self.frame, width=36)
        entry.grid(row=row, column=1, sticky="we", pady=4)
        return entry

    def fill(self, server: str, name: str, plaintext: bool = False) -> None:
        """What is known already; one types where something is missing."""
        for entry, text in ((self.server, server), (self.name, name)):
            entry.delete(0, "end")
            entry.insert(0, text)
        self.plaintext.set(plaintext)
        (self.name if server else self.server).focus_set()

    def say(self, text: str, problem: bool = True) -> None:
        """What is wrong, or (not a problem) to be known; empty: nothing."""
        self.told.configure(text=text, bootstyle="danger" if problem else "secondary")

    def _pressed(self) -> None:
        server = self.server.get().strip()
        if not server:
            self.say("Which server? A host name, and a port where it is not the usual one.")
            self.server.focus_set()
            return
        self.say("")
        self._go(Wanted(server, self.name.get().strip(), bool(self.plaintext.get()), bool(self.guest.get())))
