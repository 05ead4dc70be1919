"""Python lines in the live service, so that they cannot hold it up: each on a thread of its own.

Rule: a line looks at the server's objects from beside the reactor; what has to happen on the reactor itself says
`run(function, ...)`, and is broken off after half a second, a `time.sleep` too. What a line shows is of a bounded
size. A watchdog tells the log where the reactor is when it does not come round.
"""

from __future__ import annotations

import ast
import ctypes
import io
import reprlib
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from types import FrameType
from typing import Any, Final

from twisted.internet.defer import maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

log = Logger()
REACTOR_SECONDS: Final = 0.5  # what one `run` may take of the reactor
ANSWER_SECONDS: Final = 30.0  # what it may take until a Deferred fires
MOST_CHARS: Final = 8000  # of what one line shows
LATE_SECONDS: Final = 1.0
BEAT_SECONDS: Final = 0.25


class Blocked(Exception):
    """A function took too much of the reactor's time and was broken off."""


_short = reprlib.Repr()
_short.maxlevel, _short.maxdict, _short.maxlist, _short.maxtuple, _short.maxset = 4, 50, 50, 50, 50
_short.maxstring, _short.maxother = 1000, 1000


def short(value: object) -> str:
    """A value's repr, of bounded size."""
    text = _short.repr(value)
    return text if len(text) <= MOST_CHARS else text[:MOST_CHARS] + " ..."


class Printed(io.TextIOBase):
    """What a line prints, up to a bound."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.room = MOST_CHARS

    def write(self, text: str) -> int:
        """Keep it, if there is room."""
        if self.room > 0:
            self.parts.append(text[: self.room] + (" ...\n" if len(text) > self.room else ""))
        self.room -= len(text)
        return len(text)

    def line(self, *values: object, sep: str = " ", end: str = "\n") -> None:
        """What `print` is to the lines typed here: the server's own output is not theirs."""
        self.write(sep.join(map(str, values)) + end)

    def text(self) -> str:
        """All of it."""
        return "".join(self.parts)


def complete(source: str) -> bool:
    """Whether a text is a whole statement (a wrong one, too), or goes on in the next line."""
    from codeop import compile_command

    try:
        return compile_command(source, "<console>", "exec") is not None
    except (SyntaxError, ValueError, OverflowError):
        return True


def execute(source: str, namespace: dict[str, Any]) -> str:
    """Run a statement here and now; what it printed, its value's repr, or its traceback."""
    printed = Printed()
    namespace["print"] = printed.line
    try:
        tree = ast.parse(source, "<console>")
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "<console>", "exec"), namespace)  # noqa: S102 - that is what it is for
        if last is not None:
            assert isinstance(last, ast.Expr)
            value = eval(compile(ast.Expression(last.value), "<console>", "eval"), namespace)  # noqa: S307
            if value is not None:
                namespace["_"] = value
                printed.write(short(value) + "\n")
    except KeyboardInterrupt:
        printed.write("KeyboardInterrupt\n")
    except BaseException as error:
        frames = error.__traceback__.tb_next if error.__traceback__ is not None else None
        printed.write("".join(traceback.format_exception(type(error), error, frames, limit=-20)))
    return printed.text()


class Line(threading.Thread):
    """One line under way. `done` is called on its thread."""

    def __init__(self, source: str, namespace: dict[str, Any], done: Callable[[str], None]) -> None:
        super().__init__(name="py", daemon=True)
        self._source, self._namespace, self._done = source, namespace, done

    def run(self) -> None:
        """Run it, and tell."""
        try:
            text = execute(self._source, self._namespace)
        except KeyboardInterrupt:
            text = "KeyboardInterrupt\n"
        self._done(text)

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in it at its next step; what sleeps, sleeps on (and holds up nobody)."""
        if self.ident is not None and self.is_alive():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.ident), ctypes.py_object(KeyboardInterrupt))


def limited(function: Callable[..., Any], *arguments: Any, seconds: float = REACTOR_SECONDS) -> Any:
    """Call it on the main thread, for so long at most. Raises Blocked."""
    if threading.current_thread() is not threading.main_thread():
        return function(*arguments)
    running = True

    def late(number: int, frame: FrameType | None) -> None:
        if running:
            raise Blocked(f"{getattr(function, '__name__', 'it')} took more than {seconds} s of the reactor")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return function(*arguments)
    finally:
        running = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def runner(tell: Callable[..., object]) -> Callable[..., Any]:
    """`run(function, ...)`: on the reactor, waited for here. `tell` calls something on the reactor, soon."""

    def run(function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function on the reactor's thread and wait for what it comes to, a Deferred's result too."""
        future: Future[Any] = Future()

        def there() -> None:
            maybeDeferred(limited, function, *arguments).addBoth(back)

        def back(result: Any) -> None:
            if isinstance(result, Failure):
                future.set_exception(result.value)
            else:
                future.set_result(result)

        tell(there)
        return future.result(ANSWER_SECONDS)

    return run


class Watchdog(threading.Thread):
    """Sees whether the reactor comes round; while somebody is at a Python prompt."""

    def __init__(self, tell: Callable[..., object], report: Callable[[str], None]) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._tell, self._report = tell, report
        self._beat = time.monotonic()
        self._reactor = 0
        self._over = threading.Event()
        self.reports = 0

    def run(self) -> None:
        """Until `stop`."""
        told = False
        while not self._over.wait(BEAT_SECONDS):
            self._tell(self._beats)
            late = time.monotonic() - self._beat > LATE_SECONDS
            if late and not told:
                self._say()
            told = late

    def _beats(self) -> None:
        self._beat = time.monotonic()
        self._reactor = threading.get_ident()

    def _say(self) -> None:
        frame = sys._current_frames().get(self._reactor)
        where = "".join(traceback.format_stack(frame, limit=8)) if frame is not None else "nobody knows where\n"
        self.reports += 1
        log.error("the reactor has not come round for {seconds} s:\n{where}", seconds=LATE_SECONDS, where=where)
        self._report(f"The service stands still, in:\n{where}")

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
