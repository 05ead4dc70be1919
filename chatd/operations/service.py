"""The running server, as the operations see it.

Rule: `act` is the one way to change something: the function gets the hub and the turn, checks everything, changes, and
may raise Refused; what it returns is told when the turn has left, that is when it is on disk.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from typing import Any, Concatenate, ParamSpec, TypeVar

from twisted.internet.defer import Deferred, fail, inlineCallbacks
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from chatd.config import Settings
from chatd.core.hub import Hub
from chatd.core.turn import Refused as Refused
from chatd.core.turn import Turn
from chatd.core.users import User
from chatd.courtesy import REST
from chatd.data import DataFolder
from chatd.journal import Run
from chatd.node import Node
from chatd.operations.apart import Run as Apart
from chatd.operations.drain import Drain
from chatd.operations.levels import Levels
from chatd.operations.meter import Meter
from chatd.operations.watching import Feed
from chatd.store.interface import Store
from chatd.tls import Certificates

P = ParamSpec("P")
T = TypeVar("T")


class Service:
    """One running server: what the tap has made, for those who may ask it things.

    `read` runs a function on a reader's thread, `apart` runs `chatd-admin` in a process of its own. `reload` does what
    SIGHUP does, and returns what it could not do. `filed` gives the settings as files and environment have them now;
    raises BadConfig.
    """

    def __init__(
        self, node: Node, store: Store, folder: DataFolder, certificates: Certificates, clock: IReactorTime, read: Run,
        apart: Apart, *, settings: Callable[[], Settings], filed: Callable[[], Settings],
        reload: Callable[[], list[str]], wall: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self.node = node
        self.store = store
        self.folder = folder
        self.certificates = certificates
        self.clock = clock
        self.read = read
        self.apart = apart
        self.settings = settings
        self.filed = filed
        self.reload = reload
        self.wall = wall
        self.began = clock.seconds()
        self.drain = Drain(node, clock)
        self.meter = Meter(clock, wall)
        self.levels = Levels(clock)
        self.feed = Feed(self)

    @property
    def hub(self) -> Hub:
        """The live state: read it, change it by `act` only."""
        return self.node.hub

    def now(self) -> int:
        """The time in ms."""
        return int(self.wall() * 1000)

    def user(self, name: str) -> User:
        """Who has this name, with or without `@`. Raises Refused `no-such-user` with similar names."""
        return self.hub.users.find(name.removeprefix("@"))

    def act(
        self, function: Callable[Concatenate[Hub, Turn, P], T], *arguments: P.args, **named: P.kwargs
    ) -> Deferred[T]:
        """Have the hub changed by `function(hub, turn, ...)`; fires with what it returned when that is durable.

        Fails with Refused, and then nothing has been changed.
        """
        turn = self.node.turn()
        try:
            result = function(self.hub, turn, *arguments, **named)
        except Refused:
            return fail()
        done: Deferred[T] = Deferred()
        turn.then(self._later, done, result)
        return done

    @inlineCallbacks
    def in_turns(self, steps: Iterator[T | None]) -> Generator[Deferred[None], None, T]:
        """What the first of these steps that gives anything gives. Between any two everybody else goes on, and there is
        a rest: the writer's thread wants Python's lock often in a commit, and waits for a busy reactor each time."""
        while (found := next(steps)) is None:
            yield deferLater(self.clock, REST)
        return found

    def _later(self, done: Deferred[Any], result: Any) -> None:
        """Not within the release: what somebody does with the result is not to hold it up, or to break it."""
        self.clock.callLater(0, done.callback, result)
