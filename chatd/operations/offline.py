"""A stopped server's folder, worked on as the running server would be: a node without a reactor.

Rule: the folder's lock is held meanwhile; what is done is durable when `act` returns, or it raises.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from chatd.admission import Policy
from chatd.auth import Passwords
from chatd.core.hub import Hub
from chatd.core.limits import Limits
from chatd.core.turn import Turn
from chatd.data import DataFolder
from chatd.node import Node
from chatd.store.interface import Store

P = ParamSpec("P")
T = TypeVar("T")
Run = Callable[..., "Deferred[Any]"]


class Offline:
    """A folder that is locked, and its node. `open_store` gives the store at a path."""

    def __init__(self, folder: DataFolder, open_store: Callable[[str], Store], limits: Limits) -> None:
        self._folder = folder
        self._failures: list[Failure] = []
        self._clock = Clock()
        run: Run = maybeDeferred
        folder.acquire()
        try:
            self._store = open_store(folder.database)
            self.node = Node(
                self._store, limits, Policy("", "closed", False), folder.secret(), Passwords(run), clock=self._clock,
                wall=time.time, write=run, read=run, failed=self._failures.append,
            )  # fmt: skip
        except BaseException:
            folder.release()
            raise

    def __enter__(self) -> Offline:
        return self

    def __exit__(self, *_: object) -> None:
        self._store.close()
        self._folder.release()

    def act(self, function: Callable[Concatenate[Hub, Turn, P], T], *arguments: P.args, **named: P.kwargs) -> T:
        """Change the hub by `function(hub, turn, ...)`; returns its result when that is on disk. Raises Refused, or
        what the store says."""
        result = function(self.node.hub, self.node.turn(), *arguments, **named)
        self._clock.pump([0] * 10)
        if self._failures:
            self._failures[0].raiseException()
        return result
