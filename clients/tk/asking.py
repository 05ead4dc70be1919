"""What opens a profile, asked for in a window before there is another one.

Rule: as in the line face: nothing that is typed is shown, and what a person must know is said.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from tkinter import simpledialog
from typing import Any

from clients.core.ring import system_ring
from clients.core.vault import Opening


def opening(root: Any, tell: Callable[[str], None]) -> Opening:
    """How this program opens a profile; `tell` is given what a person must know."""

    def ask(question: str) -> str:
        return simpledialog.askstring("chat", question, show="•", parent=root) or ""

    return Opening(None, ask, cache(system_ring), tell)
