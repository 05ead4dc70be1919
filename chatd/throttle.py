"""How often strangers may try: failures counted by account and address, newcomers by address.

Rule: successes are not counted, so that a school behind one address is not punished for its size; a guess is counted
before it is known to be wrong, so that many at once are as few as one after the other. This machine and trusted
networks have no limits per address.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from chatd.core.limits import Buckets, Limits, prefix
from chatd.core.names import BadName, fold
from chatd.core.turn import Refused


class Caller(Protocol):
    """Who tries: a session, or somebody who has none."""

    @property
    def address(self) -> tuple[str, int]:
        """Where they come from."""


class Throttle:
    """Counts. Times are in ms."""

    def __init__(self, limits: Limits, trusted: Callable[[str], bool]) -> None:
        self._trusted = trusted
        self._newcomers = Buckets(limits.signups_per_minute / 60, limits.signups_burst)
        per_account, per_prefix = limits.login_failures_per_account_and_prefix, limits.login_failures_per_prefix
        self._by_account = Buckets(per_account / 60, per_account)
        self._by_prefix = Buckets(per_prefix / 60, per_prefix)

    def newcomer(self, caller: Caller, now: int) -> None:
        """Count a new account or guest: each has a rate of its own, so there are only so many from one address."""
        if not self._trusted(caller.address[0]):
            _wait(self._newcomers.take(prefix(caller.address[0]), now / 1000))

    def check(self, name: str, caller: Caller, now: int) -> None:
        """May somebody try to be this account? Raises Refused `throttled`."""
        _wait(self._by_account.wait(_account(name, caller), now / 1000))
        if not self._trusted(caller.address[0]):
            _wait(self._by_prefix.wait(prefix(caller.address[0]), now / 1000))

    def guess(self, name: str, caller: Caller, now: int) -> None:
        """Count a try against the account; `right` takes it back."""
        self._by_account.take(_account(name, caller), now / 1000)

    def right(self, name: str, caller: Caller) -> None:
        """It was the right one."""
        self._by_account.forget(_account(name, caller))

    def wrong(self, caller: Caller, now: int) -> None:
        """It was not: that counts against the address, too."""
        self._by_prefix.take(prefix(caller.address[0]), now / 1000)


def _account(name: str, caller: Caller) -> str:
    """What failures are counted by: the name in whatever letters, from one address."""
    try:
        key = fold(name).key
    except BadName:
        key = "?"
    return f"{key}|{prefix(caller.address[0])}"


def _wait(seconds: float) -> None:
    if seconds:
        raise Refused("throttled", f"Too many attempts; try again in {seconds:.0f} s.", retry=seconds)
