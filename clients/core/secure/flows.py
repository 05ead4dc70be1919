"""Work that must ask the server in between: generators that yield a command and are sent the answer, or a Pause.

Rule: of the flows with one key only the first runs, so that what belongs together keeps its order; all of them are
dropped with the connection. A flow holds nothing that is not on disk, and so nothing is lost with it.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable, Generator
from typing import TypeVar

import msgspec

from chatd.messages import Failed
from chatd.wire.pack import Command, Event
from clients.core.e2ee.refusals import Refused
from clients.core.outbox import LEAST_WAIT, PASSING

T = TypeVar("T")


MOST_HINTS = 2  # one that is under way and perhaps asked too early, and one after it


class Pause(enum.Enum):
    """What a flow waits for besides answers: that what it did was shown; that this device can send."""

    SHOWN = "shown"
    READY = "ready"


Flow = Generator[Command | Pause, Event, T]


class ServerRefused(Exception):
    """The server did not do what a flow asked for."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.code)
        self.failed = failed


def expect(event: Event, kind: type[T]) -> T:
    """The answer, if it is one. Raises ServerRefused."""
    if isinstance(event, kind):
        return event
    if isinstance(event, Failed):
        raise ServerRefused(event)
    raise ServerRefused(Failed(0, "unexpected", "The server gave an answer that means nothing here."))


def done(event: Event) -> None:
    """The server has done it. Raises ServerRefused."""
    if isinstance(event, Failed):
        raise ServerRefused(event)


class Flows:
    """Those under way. `send` says a command; `stopped` hears of a refusal that its flow did not deal with."""

    def __init__(
        self, next_ref: Callable[[], int], send: Callable[[Command], None],
        stopped: Callable[[Refused | ServerRefused], None],
    ) -> None:  # fmt: skip
        self._next_ref, self._send, self._stopped = next_ref, send, stopped
        self._lines: dict[str, deque[Flow[None]]] = {}
        self._urgent: dict[str, int] = {}
        self._asked: dict[int, tuple[str, Command]] = {}
        self._later: list[tuple[float, str, Command]] = []
        self._paused: deque[str] = deque()
        self._held: list[str] = []

    def start(self, key: str, flow: Flow[None], first: bool = False) -> None:
        """Begin, after those of this key that are there; `first`: only after the one that runs and others like it."""
        line = self._lines.setdefault(key, deque())
        if not line:
            line.append(flow)
            self._go_on(key, None)
        elif first:
            self._urgent[key] = self._urgent.get(key, 0) + 1
            line.insert(self._urgent[key], flow)
        else:
            line.append(flow)

    def once_more(self, key: str, flow: Flow[None]) -> None:
        """Begin, unless another of this key that looks at the same is still to begin: hints do not pile up."""
        if len(self._lines.get(key, ())) < MOST_HINTS:
            self.start(key, flow)

    def answered(self, now: float, event: Event) -> bool:
        """The server said something: whether it was an answer to a flow."""
        asked = self._asked.pop(getattr(event, "ref", 0), None)
        if asked is None:
            return False
        key, command = asked
        if isinstance(event, Failed) and event.code in PASSING:
            self._later.append((now + max(event.retry, LEAST_WAIT), key, command))
        else:
            self._go_on(key, event)
        return True

    def cut(self) -> None:
        """The connection is gone."""
        self._lines.clear()
        self._urgent.clear()
        self._asked.clear()
        self._later.clear()
        self._paused.clear()
        self._held.clear()

    def resume(self) -> bool:
        """Let one go on that waits for what it did to be shown; false where there is none."""
        if not self._paused:
            return False
        self._go_on(self._paused.popleft(), None)
        return True

    def release(self) -> None:
        """This device can send, or it is known that it cannot: those that wait for that go on."""
        held, self._held = self._held, []
        for key in held:
            self._go_on(key, None)

    def busy(self, key: str = "") -> bool:
        """Is one under way: of this key, or any?"""
        return key in self._lines if key else bool(self._lines)

    def deadline(self) -> float | None:
        """When something is asked again."""
        return min((when for when, _, _ in self._later), default=None)

    def tick(self, now: float) -> None:
        """Ask again what the server had no time for."""
        due = [one for one in self._later if one[0] <= now]
        self._later = [one for one in self._later if one[0] > now]
        for _, key, command in due:
            self._ask(key, command)

    def _ask(self, key: str, command: Command) -> None:
        ref = self._next_ref()
        self._asked[ref] = (key, command)
        self._send(msgspec.structs.replace(command, ref=ref))

    def _go_on(self, key: str, event: Event | None) -> None:
        """Until one of this key asks something, or there is none left."""
        while key in self._lines:
            line = self._lines[key]
            try:
                command = line[0].send(event) if event is not None else next(line[0])
            except StopIteration:
                pass
            except (Refused, ServerRefused) as refused:
                self._stopped(refused)
            else:
                if isinstance(command, Pause):
                    (self._paused if command is Pause.SHOWN else self._held).append(key)
                else:
                    self._ask(key, command)
                return
            event = None
            line.popleft()
            self._urgent[key] = max(0, self._urgent.get(key, 0) - 1)
            if not line:
                del self._lines[key], self._urgent[key]
