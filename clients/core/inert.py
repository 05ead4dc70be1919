"""Text made harmless before it is shown, for every face.

Rule: a face imports no `chatd`; the function is the one that the line port uses, too.
"""

from __future__ import annotations

from chatd.wire.inert import INDENT, line, name, text

__all__ = ["INDENT", "line", "name", "text"]
