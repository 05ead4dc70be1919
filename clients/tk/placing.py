"""Where a window beside the main one appears: in its middle, above it, and with an edge.

Rule: a window never stands where its parent is not, whatever the desktop would do with it; and it ends where one sees
it end, also on a desktop that frames nothing.
"""

from __future__ import annotations

from typing import Any

import ttkbootstrap as tb


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
