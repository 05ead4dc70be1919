"""What the windows of a Tk program show, as text: the program runs as it is, and an onlooker in it reads its widgets.

    python -m tests.process.onlooker FILE [arguments of chat-gui]

Rule: it knows Tk's kinds of widgets and none of ours. What is not in sight is not read; what is hidden while it is
typed is hidden here, too. The file holds a JSON list of lines, from top to bottom, and is replaced when they change.
"""

from __future__ import annotations

import json
import os
import sys
import tkinter
from pathlib import Path
from typing import Any

SECONDS = 0.03


def shown(root: Any) -> list[str]:
    """The lines in sight, in all windows."""
    found: list[tuple[int, int, list[str]]] = []
    rest = [root]
    while rest:
        widget = rest.pop()
        rest += widget.winfo_children()
        read = READ.get(widget.winfo_class())
        if read is not None and widget.winfo_viewable():
            found.append((widget.winfo_rooty(), widget.winfo_rootx(), read(widget)))
    return [line for _, _, lines in sorted(found) for line in lines]


def _text(widget: Any) -> list[str]:
    wide, high = widget.winfo_width(), widget.winfo_height()
    return str(widget.get("@0,0", f"@{wide},{high} lineend")).splitlines()


def _entry(widget: Any) -> list[str]:
    text, mask = str(widget.get()), str(widget.cget("show"))
    return [mask * len(text) if mask else text]


def _tree(widget: Any) -> list[str]:
    return [str(widget.item(one, "text")) for one in widget.get_children() if widget.bbox(one)]


def _label(widget: Any) -> list[str]:
    return [str(widget.cget("text"))]


def _chosen(widget: Any) -> list[str]:
    return [str(widget.get())]


READ = {
    "Text": _text, "TEntry": _entry, "TCombobox": _chosen, "Treeview": _tree, "TLabel": _label, "TButton": _label,
    "TCheckbutton": _label, "TRadiobutton": _label,
}  # fmt: skip


class Onlooker:
    """Notes what is shown, when it is something else than before."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before: list[str] | None = None

    def look(self) -> None:
        """Once."""
        root = tkinter._get_default_root("look")  # type: ignore[attr-defined]
        lines = shown(root)
        if lines != self._before:
            self._before = lines
            beside = self._path.with_suffix(".new")
            beside.write_text(json.dumps(lines), "utf-8")
            os.replace(beside, self._path)


def main() -> int:
    """Run the program, looked at."""
    from twisted.internet import reactor
    from twisted.internet.task import LoopingCall

    from clients.tk.__main__ import main as chat_gui

    looking = LoopingCall(Onlooker(Path(sys.argv.pop(1))).look)
    running: Any = reactor
    running.callWhenRunning(looking.start, SECONDS)
    return chat_gui()


if __name__ == "__main__":
    sys.exit(main())
