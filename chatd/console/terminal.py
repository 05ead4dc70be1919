"""prompt_toolkit over an SSH channel: its keys, its screen, and the one thread on which all operators' terminals run.

Rule: prompt_toolkit wants asyncio, and the server keeps its reactor: so the terminals have one asyncio loop on one
thread of their own, however many there are, made when the first one opens. Nothing of the server is touched from there:
what is asked goes over by `Loop.ask`, what is shown comes back as text. Both ways are bounded.
"""

from __future__ import annotations

import asyncio
import codecs
import threading
from collections.abc import Callable, Coroutine, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, Protocol, cast

from prompt_toolkit.data_structures import Size
from prompt_toolkit.input.base import Input
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from twisted.internet.defer import maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

log = Logger()
MOST_KEYS: Final = 64 * 1024  # typed ahead of what is read
STOP_SECONDS: Final = 5.0


class Reactor(Protocol):
    """What is needed of the server's reactor."""

    def callFromThread(self, callable: Callable[..., object], *args: object, **kwargs: object) -> None:
        """Call it on the reactor's own thread."""


class Window(Protocol):
    """What is needed of an SSH channel."""

    term: str
    columns: int
    rows: int

    def put(self, data: bytes) -> None:
        """Send bytes."""


class Loop:
    """The terminals' thread."""

    def __init__(self, reactor: Reactor) -> None:
        self._reactor = reactor
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run this on the thread (from the reactor); the thread is started where it is not there."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._run, args=(self._loop,), name="console", daemon=True)
            self._thread.start()
        self._loop.call_soon_threadsafe(self._begin, coroutine)

    @staticmethod
    def _run(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.run_forever()
        loop.close()

    def _begin(self, coroutine: Coroutine[Any, Any, None]) -> None:
        assert self._loop is not None
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            error = task.exception()
            assert error is not None
            log.failure("a terminal of the console failed", Failure(error, type(error), error.__traceback__))

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        """Call this on the thread, soon (from the reactor)."""
        if self._loop is not None and not self._loop.is_closed():
            try:
                self._loop.call_soon_threadsafe(function, *arguments)
            except RuntimeError:
                pass  # it has just been closed

    def tell(self, function: Callable[..., object], *arguments: object) -> None:
        """Call this on the reactor, soon (from the thread)."""
        self._reactor.callFromThread(function, *arguments)

    async def ask(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What a function of the reactor's comes to, Deferred or not (from the thread). Raises what it fails with."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()

        def settle(result: Any) -> None:
            if future.done():
                return
            if isinstance(result, Failure) and result.value is not None:
                future.set_exception(result.value)
            else:
                future.set_result(result)

        def back(result: Any) -> None:
            self.call(settle, result)

        self.tell(lambda: maybeDeferred(function, *arguments).addBoth(back))
        return await future

    def stop(self) -> None:
        """End the thread, and what runs on it."""
        loop, thread = self._loop, self._thread
        self._loop = self._thread = None
        if loop is None or thread is None:
            return
        loop.call_soon_threadsafe(self._stop, loop)
        thread.join(STOP_SECONDS)

    def _stop(self, loop: asyncio.AbstractEventLoop) -> None:
        for task in self._tasks:
            task.cancel()
        loop.call_later(0.05, loop.stop)


@contextmanager
def _nothing() -> Generator[None]:
    yield


class Keyboard(Input):
    """What is typed at the other end; `feed` and everything else on the terminals' thread."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pressed: list[KeyPress] = []
        self._parser = Vt100Parser(self._pressed.append)
        self._ready: list[Callable[[], None]] = []
        self._closed = False

    def feed(self, data: bytes) -> None:
        """Keys have come."""
        if len(self._pressed) > MOST_KEYS:
            return
        self._parser.feed(self._decoder.decode(data))
        self._wake()

    def close(self) -> None:
        """No more will come."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        if self._ready:
            self._ready[-1]()

    def read_keys(self) -> list[KeyPress]:
        """What has come."""
        keys = list(self._pressed)
        self._pressed.clear()
        return keys

    def flush_keys(self) -> list[KeyPress]:
        """What has come, an Escape that nothing follows too."""
        self._parser.flush()
        return self.read_keys()

    def stopped(self) -> bool:
        """Whether Ctrl-C is among what has come; it and all before it is forgotten then, the rest stays."""
        places = [place for place, press in enumerate(self._pressed) if press.key == Keys.ControlC]
        if places:
            del self._pressed[: places[-1] + 1]
        return bool(places)

    @property
    def closed(self) -> bool:
        """Whether no more will come."""
        return self._closed

    @contextmanager
    def _attached(self, ready: Callable[[], None]) -> Generator[None]:
        self._ready.append(ready)
        if self._pressed or self._closed:
            asyncio.get_running_loop().call_soon(self._wake)
        try:
            yield
        finally:
            self._ready.remove(ready)

    def attach(self, input_ready_callback: Callable[[], None]) -> AbstractContextManager[None]:
        """Tell this from here on when keys have come."""
        return self._attached(input_ready_callback)

    @contextmanager
    def _detached(self) -> Generator[None]:
        ready, self._ready = self._ready, []
        try:
            yield
        finally:
            self._ready = ready

    def detach(self) -> AbstractContextManager[None]:
        """Tell nobody for a while."""
        return self._detached()

    def raw_mode(self) -> AbstractContextManager[None]:
        """The other end's terminal is raw as it is."""
        return _nothing()

    def cooked_mode(self) -> AbstractContextManager[None]:
        """As `raw_mode`."""
        return _nothing()

    def fileno(self) -> int:
        """There is none."""
        raise NotImplementedError

    def typeahead_hash(self) -> str:
        """Whose keys these are."""
        return f"channel-{id(self)}"


class Screen:
    """The other end's screen as a stream: gathered until `flush`, then handed to the reactor at once."""

    encoding = "utf-8"

    def __init__(self, loop: Loop, window: Window) -> None:
        self._loop = loop
        self._window = window
        self._parts: list[str] = []

    def write(self, text: str) -> None:
        """Show this, with the next flush."""
        self._parts.append(text.replace("\r\n", "\n").replace("\n", "\r\n"))

    def flush(self) -> None:
        """Send it."""
        if self._parts:
            data = "".join(self._parts).encode("utf-8", "replace")
            self._parts.clear()
            self._loop.tell(self._window.put, data)

    def isatty(self) -> bool:
        """It is one."""
        return True


def output(screen: Screen, window: Window, coloured: bool) -> Vt100_Output:
    """prompt_toolkit's way to the screen."""
    return Vt100_Output(
        cast(Any, screen), lambda: Size(rows=window.rows, columns=window.columns), term=window.term,
        default_color_depth=ColorDepth.DEPTH_4_BIT if coloured else ColorDepth.DEPTH_1_BIT,
        enable_cpr=window.term != "dumb",
    )  # fmt: skip
