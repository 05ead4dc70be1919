"""How much the log says, by namespace, and its lines as they come.

Rule: what is set for a while goes back by itself. The only file that looks at who writes the log.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
    LogPublisher,
    formatEvent,
    globalLogPublisher,
)
from zope.interface import implementer

LEVELS = ("debug", "info", "warn", "error", "critical")


class Levels:
    """How much the log says, by namespace; what is set for a while goes back by itself."""

    def __init__(self, clock: Any, publisher: LogPublisher = globalLogPublisher) -> None:
        self._clock, self._publisher = clock, publisher
        self._predicate = LogLevelFilterPredicate(defaultLogLevel=LogLevel.info)
        self._timers: dict[str, Any] = {}
        self._set: dict[str, str] = {}
        self._wrapped: list[tuple[ILogObserver, ILogObserver]] = []

    def install(self) -> None:
        """Put a filter before everything that writes the log now."""
        for observer in list(self._publisher._observers):
            filtered = FilteringLogObserver(observer, [self._predicate])
            self._publisher.removeObserver(observer)
            self._publisher.addObserver(filtered)
            self._wrapped.append((observer, filtered))

    def remove(self) -> None:
        """Take the filters away."""
        for observer, filtered in self._wrapped:
            self._publisher.removeObserver(filtered)
            self._publisher.addObserver(observer)
        self._wrapped.clear()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def set(self, namespace: str, level: str, seconds: float) -> None:
        """Let a namespace (empty: all) say what is at least this, for so long."""
        timer = self._timers.pop(namespace, None)
        if timer is not None:
            timer.cancel()
        self._predicate.setLogLevelForNamespace(namespace, LogLevel.levelWithName(level))
        self._set[namespace] = level
        self._timers[namespace] = self._clock.callLater(seconds, self._reset, namespace)

    def _reset(self, namespace: str) -> None:
        del self._timers[namespace], self._set[namespace]
        self._predicate.clearLogLevels()
        for other, level in self._set.items():
            self._predicate.setLogLevelForNamespace(other, LogLevel.levelWithName(level))

    def listed(self) -> list[tuple[str, str, int]]:
        """What is set for a while: namespace, level, seconds left."""
        now = self._clock.seconds()
        return [
            (namespace, self._set[namespace], int(timer.getTime() - now)) for namespace, timer in self._timers.items()
        ]


def tail(put: Callable[[str, str, str], None], publisher: LogPublisher = globalLogPublisher) -> Callable[[], None]:
    """Give every line of the log to `put` (level, namespace, text), until what is returned is called."""

    @implementer(ILogObserver)
    def observe(event: LogEvent) -> None:
        level = event.get("log_level")
        put(level.name if level is not None else "", str(event.get("log_namespace", "")), formatEvent(event))

    publisher.addObserver(observe)
    return lambda: publisher.removeObserver(observe)
