"""Python's garbage collector while a program starts: off. All that is imported stays, and looking through it again and
again is a tenth of a start.

Rule: whoever calls `off` has `settled` called when the reactor runs.
"""

from __future__ import annotations

import gc


def off() -> None:
    """A program begins."""
    gc.disable()


def settled() -> None:
    """It is up: what is there by now stays and is not looked at again; rubbish is looked for in what comes."""
    gc.freeze()
    gc.enable()
