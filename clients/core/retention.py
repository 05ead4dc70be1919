"""How long this device keeps what was said: a person's choice, and what follows from it.

Rule: pure. Who gets at an open profile reads what is in it; what is not kept is not there. The server has a limit of
its own, and what is deleted here is not deleted there.
"""

from __future__ import annotations

from typing import Final

DAY_MS: Final = 86_400_000
CHOICES: Final = ("forever", "7d", "30d", "90d", "180d", "365d")


def oldest(choice: str, now: int) -> int | None:
    """The time in ms before which nothing is kept; None: all is, also where the choice is none that we know."""
    return None if choice not in CHOICES[1:] else now - int(choice.removesuffix("d")) * DAY_MS
