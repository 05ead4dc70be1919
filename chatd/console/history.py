"""What an operator has typed, kept over sessions: one file for each key, bounded.

Rule: it blocks, and is called off the reactor. A file that is damaged or gone costs the history, nothing else. Only the
operator's own lines are in it; verbs take no secrets.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from chatd.console.verbs import Operator

MOST_LINES: Final = 1000
MOST_CHARS: Final = 4096  # of a line


class History:
    """The lines of one operator, in a folder."""

    def __init__(self, folder: str, operator: Operator, kind: str = "") -> None:
        name = hashlib.sha256(operator.key.encode()).hexdigest()[:32]
        self.path = Path(folder) / f"history-{name}{kind}"

    def load(self) -> list[str]:
        """The lines, the oldest first."""
        try:
            text = self.path.read_text("utf-8", "replace")
        except OSError:
            return []
        return [line[:MOST_CHARS] for line in text.splitlines() if line][-MOST_LINES:]

    def append(self, line: str) -> None:
        """Keep one more; when there are too many, the older half goes."""
        line = " ".join(line.split())[:MOST_CHARS]
        if not line:
            return
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            with open(descriptor, "a", encoding="utf-8") as file:
                file.write(line + "\n")
            if self.path.stat().st_size > MOST_LINES * 200:
                self._shorten()
        except OSError:
            pass  # a full disk costs the history only

    def _shorten(self) -> None:
        kept = self.load()[-MOST_LINES // 2 :]
        part = self.path.with_suffix(".part")
        part.write_text("".join(line + "\n" for line in kept), "utf-8")
        part.chmod(0o600)
        part.replace(self.path)
