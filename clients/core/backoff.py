"""How long to wait before the next try to connect: full jitter, so that a class does not come back in one moment.

Rule: pure; the random number (0 to 1) is an argument.
"""

from __future__ import annotations

from typing import Final

LEAST: Final = 0.5
MOST: Final = 60.0


def delay(attempt: int, chance: float) -> float:
    """Seconds before try number `attempt` (from 1) after a loss."""
    limit = min(MOST, 2 * LEAST * 2.0 ** min(attempt - 1, 16))
    return LEAST + chance * (limit - LEAST)
