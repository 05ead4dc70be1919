"""Emptying the server before it stops or is looked after: told to people, then they are let go, and nobody comes in.

Rule: as of the package. First a time in which everything goes on and people are told; then the listeners take no new
connections (they wait in the system's queue) and the sessions end, a slice at a time, so that not everybody comes back
in the same moment. The console and the metrics go on. `undo` takes it back at any point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd import messages as m
from chatd.core.turn import Refused
from chatd.node import GOODBYE_SECONDS, Node

SLICE: Final = 200  # sessions
SLICE_SECONDS: Final = 0.05
REMIND_SECONDS: Final = 10.0
LONGEST_SECONDS: Final = 86_400.0
SAY_CHARS: Final = 300
BEGUN, DRAINING, DRAINED, OPEN = "announced", "draining", "drained", "open"


class Listener(Protocol):
    """What there is to a port: Twisted's have it."""

    def stopReading(self) -> None:
        """Take no new connections."""

    def startReading(self) -> None:
        """Take them again."""


class Drain:
    """Where it stands: `state` is open, announced, draining or drained. `ports` and `stop` are the tap's."""

    def __init__(self, node: Node, clock: IReactorTime) -> None:
        self.state = OPEN
        self.ports: Iterable[Listener] = ()
        self.stop: Callable[[], object] = lambda: None
        self.at = 0.0
        self._node = node
        self._clock = clock
        self._stops = False
        self._last = 0.0  # when somebody was told to go
        self._calls: list[IDelayedCall] = []

    def begin(self, seconds: float = 0.0, say: str = "", stop: bool = False) -> int:
        """Begin in so many seconds; `stop`: and then end the server. Returns how many sessions are told.

        Raises Refused where it has begun, or for what cannot be.
        """
        if self.state != OPEN and not (stop and self.state == DRAINED):
            raise Refused("already", f"The server is {self.state}; take that back first.")
        if not 0 <= seconds <= LONGEST_SECONDS:
            raise Refused("bad-argument", "From now to a day from now.")
        if len(say) > SAY_CHARS or not (say.isprintable() or not say):
            raise Refused("bad-argument", f"One line of at most {SAY_CHARS} characters.")
        self._stops, self.state, self.at = stop, BEGUN, self._clock.seconds() + seconds
        if seconds:
            self._tell(seconds, say)
            if seconds > 2 * REMIND_SECONDS:
                self._later(seconds - REMIND_SECONDS, self._tell, REMIND_SECONDS, say)
        self._later(seconds, self._shut, say)
        return len(self._node.sessions)

    def undo(self) -> str:
        """Go on as before; returns what it was. Raises Refused where nothing is to be taken back."""
        if self.state == OPEN:
            raise Refused("not-allowed", "The server is open.")
        was, self.state = self.state, OPEN
        for call in self._calls:
            if call.active():
                call.cancel()
        self._calls.clear()
        for port in self.ports if was != BEGUN else ():
            port.startReading()
        self._cast(m.Notice("undrained", "The server goes on after all."))
        return was

    def _later(self, seconds: float, function: Callable[..., object], *arguments: object) -> None:
        self._calls = [call for call in self._calls if call.active()]
        self._calls.append(self._clock.callLater(seconds, function, *arguments))

    def _tell(self, seconds: float, say: str) -> None:
        what = "stops" if self._stops else "lets everybody go for a while"
        text = f"The server {what} in {seconds:.0f} s; your program will come back by itself."
        self._cast(m.Notice("draining", f"{text} {say}".rstrip(), seconds))

    def _cast(self, notice: m.Notice) -> None:
        self._node.turn().cast(self._node.hub.everyone, notice)

    def _shut(self, say: str) -> None:
        self.state = DRAINING
        for port in self.ports:
            port.stopReading()
        for stranger in self._node.newcomers():
            stranger.link.end(self._bye(say))
        self._let_go(say)

    def _bye(self, say: str) -> m.Bye:
        what = "is stopping" if self._stops else "is being looked after"
        return m.Bye("draining", f"The server {what}; your program will come back by itself. {say}".rstrip())

    def _let_go(self, say: str) -> None:
        """A slice of those who are here; when all are gone it is done. Who does not go is cut off after a while."""
        node, here = self._node, list(self._node.sessions)
        if not here:
            self.state = DRAINED
            if self._stops:
                self.stop()
            return
        turn = node.turn()
        staying = [session for session in here if not session.over]
        for session in staying[:SLICE]:
            node.hub.depart(session, False, turn, "The server lets everybody go")
            turn.then(node.end, session, self._bye(say))
        if staying:
            self._last = self._clock.seconds()
        elif self._clock.seconds() - self._last > GOODBYE_SECONDS:
            for session in here:
                session.link.abort()
        self._later(SLICE_SECONDS, self._let_go, say)
