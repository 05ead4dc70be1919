"""Long work of Python's own on another thread, without being in the reactor's way.

Rule: it rests. The reactor gives Python's lock up at each system call, and whoever computes keeps it for 5 ms then; a
message to a thousand people is a thousand calls. A shorter switch interval was tried and did not help.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

REST: Final = 0.002  # seconds
T = TypeVar("T")


def resting(rows: Iterable[T], every: int, rest: Callable[[float], object] = time.sleep) -> Iterator[T]:
    """The same rows; behind each `every` of them there is a rest."""
    for number, row in enumerate(rows, 1):
        yield row
        if not number % every:
            rest(REST)
