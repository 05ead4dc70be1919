"""Where a window beside the main one appears: in its middle, and above it.

Rule: a window never stands where its parent is not, whatever the desktop would do with it.
"""

from __future__ import annotations

from typing import Any


def place(window: Any, parent: Any) -> None:
    """Put a window over the middle of another one, and let it have the keyboard."""
    window.transient(parent)
    window.resizable(False, False)
    window.update_idletasks()
    left = parent.winfo_rootx() + (parent.winfo_width() - window.winfo_reqwidth()) // 2
    top = parent.winfo_rooty() + (parent.winfo_height() - window.winfo_reqheight()) // 2
    window.geometry(f"+{max(left, 0)}+{max(top, 0)}")
    window.focus_set()
