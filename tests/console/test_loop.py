"""The terminals' thread: what is asked goes over and comes back, failures too; it ends when it is told to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import Empty, Queue
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.trial.unittest import SynchronousTestCase

from chatd.console.loop import Loop


class Passes:
    """A reactor whose thread is the test's, when the test lets it run."""

    def __init__(self) -> None:
        self.calls: Queue[Callable[[], object]] = Queue()

    def callFromThread(self, callable: Callable[..., object], *args: object, **kwargs: object) -> None:
        """For the next pass."""
        self.calls.put(lambda: callable(*args, **kwargs))

    def until(self, done: threading.Event) -> None:
        """Run until something has happened on the other thread."""
        while not done.is_set():
            try:
                self.calls.get(timeout=0.01)()
            except Empty:
                continue


class LoopTests(SynchronousTestCase):
    """One real thread."""

    def setUp(self) -> None:
        self.reactor = Passes()
        self.loop = Loop(self.reactor)
        self.addCleanup(self.loop.stop)
        self.done = threading.Event()
        self.found: list[Any] = []

    async def asks(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Ask, and note what comes of it and on which thread it was done."""
        try:
            self.found.append(await self.loop.ask(function, *arguments))
        except Exception as error:
            self.found.append(type(error))
        self.found.append(threading.current_thread().name)
        self.done.set()

    def test_what_is_asked_happens_on_the_reactors_thread(self) -> None:
        self.loop.start(self.asks(lambda: threading.current_thread().name))
        self.reactor.until(self.done)
        self.assertEqual(self.found, [threading.current_thread().name, "console"])

    def test_what_comes_later_and_what_fails(self) -> None:
        later: Deferred[int] = Deferred()
        self.loop.start(self.asks(lambda: later))
        self.reactor.callFromThread(later.callback, 5)
        self.reactor.until(self.done)
        self.done.clear()
        self.loop.start(self.asks(lambda: fail(KeyError("no"))))
        self.reactor.until(self.done)
        self.assertEqual(self.found, [5, "console", KeyError, "console"])

    async def waits(self) -> None:
        """A terminal at which nobody types."""
        self.loop.tell(self.done.set)
        await asyncio.sleep(60)

    def test_all_terminals_share_one_thread_that_ends(self) -> None:
        before = threading.active_count()
        for _ in range(3):
            self.done.clear()
            self.loop.start(self.waits())
            self.reactor.until(self.done)
        self.assertEqual(threading.active_count(), before + 1)
        self.loop.stop()
        self.assertEqual(threading.active_count(), before)
        self.loop.call(print)
        self.loop.stop()

    def test_a_mistake_in_a_terminal_is_logged(self) -> None:
        async def mistake() -> None:
            self.loop.tell(self.done.set)
            raise ZeroDivisionError

        self.loop.start(mistake())
        self.reactor.until(self.done)
        self.loop.stop()
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
