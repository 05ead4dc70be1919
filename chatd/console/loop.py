"""The one thread on which all operators' terminals run.

Rule: prompt_toolkit wants asyncio, and the server keeps its reactor: so the terminals have one asyncio loop on one
thread of their own, however many there are, made when the first one opens. Nothing of the server is touched from there:
what is asked goes over by `Loop.ask`. Measured beside other work, on two cores: a key comes back after 7 ms (Conch's
own line editor: 0.7), a prompt is there after 100 ms (75), a terminal takes 0.8 MB (0.05), the first one 8 MB more.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol

from twisted.internet.defer import maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

log = Logger()
STOP_SECONDS: Final = 5.0


class Reactor(Protocol):
    """What is needed of the server's reactor."""

    def callFromThread(self, callable: Callable[..., object], *args: object, **kwargs: object) -> None:
        """Call it on the reactor's own thread."""


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
