"""What opens a profile, asked for in a window before there is another one.

Rule: as in the line face: nothing that is typed is shown, and what a person must know is said.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from tkinter import simpledialog
from typing import Any

from clients.core.ring import system_ring
from clients.core.vault import Opening, read_passphrase


def opening(root: Any, tell: Callable[[str], None], path: str = "") -> Opening:
    """How this program opens a profile; `tell` is given what a person must know. `path`: of a file with the passphrase.

    Raises ProfileError where that cannot be read.
    """

    def ask(question: str) -> str:
        return simpledialog.askstring("chat", question, show="•", parent=root) or ""

    return Opening(read_passphrase(path) if path else None, ask, cache(system_ring), tell)
