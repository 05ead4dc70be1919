"""The safety number of two people: what they read to each other to know that nobody stands between them.

Rule: made of both user keys and names and of nothing else, the same on both sides, and slow enough to compute that
nobody makes a key whose number merely looks right.
"""

from __future__ import annotations

import hashlib
from typing import Final

ROUNDS: Final = 5_200
GROUPS: Final = 6  # of five digits, for each person


def digits(user: str, uik: bytes) -> str:
    """One person's half: thirty digits."""
    name = user.encode()
    found = hashlib.sha512(uik + name).digest()
    for _ in range(ROUNDS - 1):
        found = hashlib.sha512(found + uik + name).digest()
    numbers = (int.from_bytes(found[at : at + 5], "big") % 100_000 for at in range(0, 5 * GROUPS, 5))
    return "".join(f"{number:05}" for number in numbers)


def safety_number(one: tuple[str, bytes], other: tuple[str, bytes]) -> str:
    """Twelve groups of five digits, for two people with their user keys, in whatever order."""
    both = "".join(sorted((digits(*one), digits(*other))))
    return " ".join(both[at : at + 5] for at in range(0, len(both), 5))
