"""How far this device has counted its outgoing mail, told to the system's keyring too: a disk that knows less is old.

Rule: the server says the same at each login; this is for a server that does not. A keyring that is gone, locked or slow
says nothing, and nothing waits for it long: it is a second witness, not a condition.
"""

from __future__ import annotations

from typing import Final

from clients.core.ring import Ring, RingError, within

SECONDS: Final = 2.0
HIGHEST: Final = 2**63 - 1


class Sentinel:
    """The counters of one profile. `name`: what the keyring calls them; random, so that it says nothing of whose."""

    def __init__(self, ring: Ring | None, name: str) -> None:
        self._ring = ring
        self._name = name
        self._known: dict[int, int] = {}

    def highest(self, account: int) -> int:
        """The counter that the keyring remembers for an account; 0 where it remembers none."""
        ring = self._ring
        if ring is None:
            return 0
        try:
            found = within(SECONDS, lambda: ring.read(self._called(account)))
        except RingError:
            self._ring = None
            return 0
        text = found or ""
        known = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
        self._known[account] = known if known <= HIGHEST else 0
        return self._known[account]

    def note(self, account: int, counter: int) -> None:
        """This account's mail was counted so far. It never goes back."""
        ring = self._ring
        if ring is None or counter <= self._known.get(account, 0):
            return
        try:
            within(SECONDS, lambda: ring.write(self._called(account), str(counter)))
            self._known[account] = counter
        except RingError:
            self._ring = None

    def _called(self, account: int) -> str:
        return f"{self._name}-{account}"
