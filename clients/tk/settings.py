"""What `/set` can do, in a window: one choice a line, and nothing happens before it is saved.

Rule: it knows no setting but by the core's table, and saving is typing `/set` for each that was changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import ttkbootstrap as tb

from clients.core.app import SETTINGS
from clients.tk.fonts import TEXT, like
from clients.tk.placing import place

WORDS: Final = {
    "theme": "Colours",
    "notify": "When somebody writes to you",
    "files": "Fetch files unasked, up to",
    "keep": "Keep here what was said",
    "times": "Times in `chat --plain`",
}
NOTES: Final = {"keep": "What is older is deleted on this device; what the server has stays there."}


class Settings:
    """The dialog. `setting` reads one, `say` types a command."""

    def __init__(self, root: Any, setting: Callable[[str], str], say: Callable[[str], None]) -> None:
        self._setting, self._say = setting, say
        self.window = window = tb.Toplevel(master=root, title="Settings")
        frame = tb.Frame(window, padding=24)
        frame.pack(fill="both", expand=True)
        tb.Label(frame, text="Settings", font=like(TEXT, 14, "bold")).grid(columnspan=2, sticky="w", pady=(0, 12))
        self.choices: dict[str, Any] = {}
        for key, words in sorted(SETTINGS.items(), key=_order):
            self.choices[key] = self._row(frame, key, words)
        buttons = tb.Frame(frame)
        buttons.grid(columnspan=2, sticky="e", pady=(16, 0))
        self.save = tb.Button(buttons, text="Save", bootstyle="primary", command=self._save)
        self.save.pack(side="right", padx=(6, 0))
        tb.Button(buttons, text="Cancel", bootstyle="secondary-outline", command=window.destroy).pack(side="right")
        window.bind("<Escape>", lambda event: window.destroy())
        window.bind("<Return>", lambda event: self._save())
        place(window, root)
        self.choices["theme"].focus_set()

    def _row(self, frame: Any, key: str, words: tuple[str, ...]) -> Any:
        """One setting."""
        tb.Label(frame, text=WORDS.get(key, key)).grid(column=0, sticky="e", padx=(0, 12), pady=4)
        row = frame.grid_size()[1] - 1
        choice = tb.Combobox(frame, values=words, state="readonly", width=12)
        choice.set(self._setting(key))
        choice.grid(row=row, column=1, sticky="w", pady=4)
        for wheel in ("<MouseWheel>", "<Button-4>", "<Button-5>"):
            choice.bind(wheel, lambda event: "break")  # nobody means that who scrolls
        if key in NOTES:
            room = round(frame.winfo_fpixels("240p"))
            tb.Label(frame, text=NOTES[key], bootstyle="secondary", wraplength=room).grid(columnspan=2, sticky="e")
        return choice

    def _save(self) -> None:
        """What was changed."""
        for key, choice in self.choices.items():
            if choice.get() != self._setting(key):
                self._say(f"/set {key} {choice.get()}")
        self.window.destroy()


def _order(item: tuple[str, Any]) -> int:
    return list(WORDS).index(item[0]) if item[0] in WORDS else len(WORDS)
