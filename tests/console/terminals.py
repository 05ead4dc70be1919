"""A terminal of the console in memory: a shell, its screen as a person sees it (pyte), its keys.

Rule: no thread: the terminals' loop runs here when it is told to, and what it asks of the reactor happens at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pyte

from chatd.console.loop import Loop
from chatd.console.shell import Shell, Shells
from chatd.console.verbs import Operator
from tests.console.kit import ConsoleScene, operator


class Here:
    """A reactor whose thread is this one."""

    def callFromThread(self, callable: Callable[..., object], *args: object, **kwargs: object) -> None:
        """Now."""
        callable(*args, **kwargs)


class SameThread(Loop):
    """The terminals' loop on this thread."""

    def __init__(self) -> None:
        super().__init__(Here())
        self._loop = asyncio.new_event_loop()

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Begin, and run when told to."""
        self._begin(coroutine)

    def turn(self, seconds: float = 0.0) -> None:
        """Let everything run that can."""
        assert self._loop is not None
        for _ in range(10):
            self._loop.run_until_complete(asyncio.sleep(0))
        if seconds:
            self._loop.run_until_complete(asyncio.sleep(seconds))

    def stop(self) -> None:
        """End what runs, and the loop."""
        loop, self._loop = self._loop, None
        assert loop is not None
        for task in list(self._tasks):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


class Window:
    """What a shell needs of a channel, and the screen behind it."""

    def __init__(self, who: Operator, columns: int, rows: int) -> None:
        self.term, self.columns, self.rows = "xterm-256color", columns, rows
        self.environment: dict[bytes, bytes] = {}
        self.operator: Operator | None = who
        self.screen = pyte.HistoryScreen(columns, rows, history=2000)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.answers: Callable[[bytes], None] = lambda data: None
        self.status: int | None = None

    def put(self, data: bytes) -> None:
        """The console shows something; asked where the cursor is, a terminal says so."""
        self.raw += data
        self.stream.feed(data)
        if b"\x1b[6n" in data:
            cursor = self.screen.cursor
            self.answers(f"\x1b[{cursor.y + 1};{cursor.x + 1}R".encode())

    def end(self, status: int) -> None:
        """The console closes it."""
        self.status = status

    def lines(self) -> list[str]:
        """What the screen shows."""
        return [line.rstrip() for line in self.screen.display if line.strip()]

    def all(self) -> str:
        """With what has scrolled away."""
        gone = ["".join(row[x].data for x in range(self.columns)).rstrip() for row in self.screen.history.top]
        return "\n".join([*gone, *self.lines()])


class TerminalScene(ConsoleScene):
    """A house, and one operator at a terminal."""

    role = "admin"

    def setUp(self) -> None:
        super().setUp()
        self.loop = SameThread()
        self.addCleanup(self.loop.stop)
        self.shells = Shells(self.desk, self.loop)
        self.window, self.shell = self.terminal()

    def terminal(self, role: str = "", columns: int = 80, rows: int = 24) -> tuple[Window, Shell]:
        """One more."""
        window = Window(operator(role or self.role), columns, rows)
        shell: Any = self.shells.open(window)  # type: ignore[arg-type]
        assert shell is not None
        window.answers = shell.feed
        self.turn()
        return window, shell

    def turn(self) -> None:
        """Let everything run that can, here and in the house."""
        for _ in range(4):
            self.loop.turn(0.004)
            self.house.commit()

    def type(self, text: str) -> None:
        """Keys."""
        self.shell.feed(text.encode())
        self.turn()

    def enter(self, line: str) -> None:
        """A line and Enter."""
        self.type(line)
        self.type("\r")

    def resize(self, columns: int, rows: int) -> None:
        """The window has another size."""
        self.window.columns, self.window.rows = columns, rows
        self.window.screen.resize(rows, columns)
        self.shell.resized()
        self.turn()

    def shows(self, *texts: str) -> None:
        """These are on the screen, at the latest after some turns."""
        self.until(lambda: all(text in "\n".join(self.window.lines()) for text in texts), " and ".join(texts))

    def at_prompt(self) -> None:
        """The operator is asked for a line."""
        self.until(lambda: self.window.lines()[-1:] == ["chatd>"], "the prompt")

    def until(self, done: Callable[[], bool], what: str) -> None:
        """Let things run until this is so: prompt_toolkit draws when it finds the time."""
        for _ in range(500):
            if done():
                return
            self.turn()
        self.fail(f"{what!r} is not there:\n{self.window.all()}")
