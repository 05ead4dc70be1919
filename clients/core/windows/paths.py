"""Paths, as they are being typed behind `/file who`.

Rule: it looks into one folder, and offers no name that could not be shown as it is: control characters, broken bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from typing import Final

from clients.core import inert
from clients.core.windows.completing import MOST, Offer

LOOKED_AT: Final = 10_000  # entries of a folder: a person waits for the answer


def _fits(name: str, start: str) -> bool:
    return name.startswith(start) and (start != "" or not name.startswith(".")) and inert.name(name) == name


def paths(typed: str) -> Iterator[Offer]:
    """What the last part of a path could be; hidden names only behind a dot, folders with a slash behind them."""
    folder, start = os.path.split(typed)
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as entries:
            found = [
                entry.name + os.sep * entry.is_dir() for entry in islice(entries, LOOKED_AT) if _fits(entry.name, start)
            ]
    except (OSError, ValueError):  # no such folder, or not ours; a NUL in it
        return
    for name in sorted(found, key=str.casefold)[:MOST]:
        yield Offer(name, len(start), name)
