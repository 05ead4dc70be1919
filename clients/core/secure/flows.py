"""Work that must ask the server in between: generators that yield a command and are sent the answer, or a Pause.

Rule: of the flows with one key only the first runs, so that what belongs together keeps its order; all of them are
dropped with the connection. A flow holds nothing that is not on disk, and so nothing is lost with it. None waits for
ever: what the server does not answer is refused, and what it answers with nonsense, too.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable, Generator
from typing import NamedTuple, TypeVar

import msgspec

from chatd.messages import Done, Failed
from chatd.wire.pack import Command, Event
from clients.core.e2ee.refusals import Refused
from clients.core.outbox import LEAST_WAIT, PASSING
from clients.core.replies import NONSENSE, PATIENCE, SILENT

T = TypeVar("T")


MOST_TRIES = 20  # of a question that the server has no time for
MOST_HINTS = 2  # one that is under way and perhaps asked too early, and one after it


class Pause(enum.Enum):
    """What a flow waits for besides answers: that what it did was shown; that this device can send."""

    SHOWN = "shown"
    READY = "ready"


class Wait(msgspec.Struct, frozen=True):
    """What else a flow waits for: so many seconds."""

    seconds: float


Flow = Generator[Command | Pause | Wait, Event, T]


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
    raise ServerRefused(Failed(0, "unexpected", NONSENSE))


def done(event: Event) -> None:
    """The server has done it. Raises ServerRefused."""
    expect(event, Done)


class Asked(NamedTuple):
    """A question of the flow that runs under `key`; None: it only waits. `when`: it is given up, or asked again;
    `tries`: how often the server had no time for it."""

    key: str
    command: Command | None
    when: float
    tries: int = 0


class Flows:
    """Those under way. `send` says a command; `stopped` hears of a refusal that its flow did not deal with; `clock`
    has the seconds of the input that is being dealt with."""

    def __init__(
        self, next_ref: Callable[[], int], send: Callable[[Command], None],
        stopped: Callable[[Refused | ServerRefused], None], clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._next_ref, self._send, self._stopped, self._clock = next_ref, send, stopped, clock
        self._lines: dict[str, deque[Flow[None]]] = {}
        self._urgent: dict[str, int] = {}
        self._asked: dict[int, Asked] = {}
        self._later: list[Asked] = []
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
        if isinstance(event, Failed) and event.code in PASSING and asked.tries < MOST_TRIES:
            when = now + max(event.retry, LEAST_WAIT)
            self._later.append(asked._replace(when=when, tries=asked.tries + 1))
        else:
            self._go_on(asked.key, event)
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
        return min((one.when for one in (*self._later, *self._asked.values())), default=None)

    def tick(self, now: float) -> None:
        """Ask again what the server had no time for, go on where that was waited for, and give up what is overdue."""
        due = [one for one in self._later if one.when <= now]
        self._later = [one for one in self._later if one.when > now]
        late = [self._asked.pop(ref) for ref in [ref for ref, one in self._asked.items() if one.when <= now]]
        for one in due:
            if one.command is None:
                self._go_on(one.key, None)
            else:
                self._ask(one.key, one.command, one.tries)
        for one in late:
            self._go_on(one.key, Failed(0, "no-answer", SILENT))

    def _ask(self, key: str, command: Command, tries: int = 0) -> None:
        ref = self._next_ref()
        self._asked[ref] = Asked(key, command, self._clock() + PATIENCE, tries)
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
                elif isinstance(command, Wait):
                    self._later.append(Asked(key, None, self._clock() + command.seconds))
                else:
                    self._ask(key, command)
                return
            event = None
            line.popleft()
            self._urgent[key] = max(0, self._urgent.get(key, 0) - 1)
            if not line:
                del self._lines[key], self._urgent[key]
