"""How large the main window is, and where one beside it appears: in its middle, above it, and with an edge.

Rule: a window never stands where its parent is not, whatever the desktop would do with it; and it ends where one sees
it end, also on a desktop that frames nothing.
"""

from __future__ import annotations

from typing import Any, Final

import ttkbootstrap as tb

SIZE: Final = ("750p", "525p")  # points, as letters are: 1000 by 700 pixels where an inch has 96 of them
LEAST: Final = ("570p", "315p")


def size(root: Any) -> None:
    """Have the main window as large as its letters need it, but no larger than the screen."""
    screen = root.winfo_screenwidth(), root.winfo_screenheight()
    at_first, least = (
        [min(root.winfo_pixels(length), most) for length, most in zip(lengths, screen, strict=True)]
        for lengths in (SIZE, LEAST)
    )
    root.geometry(f"{at_first[0]}x{at_first[1]}")
    root.minsize(*least)


def place(window: Any, parent: Any) -> None:
    """Put a window over the middle of another one, and let it have the keyboard."""
    edge = tb.Style.get_instance().colors.secondary
    window.configure(highlightthickness=1, highlightbackground=edge, highlightcolor=edge)
    window.transient(parent)
    window.resizable(False, False)
    window.update_idletasks()
    left = parent.winfo_rootx() + (parent.winfo_width() - window.winfo_reqwidth()) // 2
    top = parent.winfo_rooty() + (parent.winfo_height() - window.winfo_reqheight()) // 2
    window.geometry(f"+{max(left, 0)}+{max(top, 0)}")
    window.focus_set()
