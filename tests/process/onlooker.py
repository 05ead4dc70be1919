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


def shown(tk: Any) -> list[str]:
    """The lines in sight, in all windows. `tk`: the interpreter, which also knows the widgets that Tk itself makes."""
    found: list[tuple[int, int, list[str]]] = []
    rest = ["."]
    while rest:
        path = rest.pop()
        rest += tk.splitlist(tk.call("winfo", "children", path))
        read = READ.get(str(tk.call("winfo", "class", path)))
        if read is not None and int(tk.call("winfo", "viewable", path)):
            place = int(tk.call("winfo", "rooty", path)), int(tk.call("winfo", "rootx", path))
            found.append((*place, read(tk, path)))
    return [line for _, _, lines in sorted(found) for line in lines]


def _text(tk: Any, path: str) -> list[str]:
    wide, high = tk.call("winfo", "width", path), tk.call("winfo", "height", path)
    return str(tk.call(path, "get", "@0,0", f"@{wide},{high} lineend")).splitlines()


def _entry(tk: Any, path: str) -> list[str]:
    text, mask = str(tk.call(path, "get")), str(tk.call(path, "cget", "-show"))
    return [mask * len(text) if mask else text]


def _chosen(tk: Any, path: str) -> list[str]:
    return [str(tk.call(path, "get"))]


def _choices(tk: Any, path: str) -> list[str]:
    return [str(one) for one in tk.splitlist(tk.call(path, "get", 0, "end"))]


def _tree(tk: Any, path: str) -> list[str]:
    rows = tk.splitlist(tk.call(path, "children", ""))
    return [str(tk.call(path, "item", one, "-text")) for one in rows if tk.call(path, "bbox", one)]


def _label(tk: Any, path: str) -> list[str]:
    return [str(tk.call(path, "cget", "-text"))]


READ = {
    "Text": _text, "TEntry": _entry, "TCombobox": _chosen, "Listbox": _choices, "Treeview": _tree, "TLabel": _label,
    "TButton": _label, "TCheckbutton": _label, "TRadiobutton": _label,
}  # fmt: skip


class Onlooker:
    """Notes what is shown, when it is something else than before."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before: list[str] | None = None

    def look(self) -> None:
        """Once."""
        root = tkinter._get_default_root("look")  # type: ignore[attr-defined]
        lines = shown(root.tk)
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
