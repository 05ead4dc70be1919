"""Somebody at a full screen over a house in memory: real keys go in, and what a terminal would show comes out.

Rule: the toolkit runs in a loop of its own with a pipe for the keyboard and pyte for the terminal. Nothing waits for
time: `press` returns when the loop has nothing left to do at once.
"""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pyte
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from clients.core.windows.face import WindowsFace
from clients.screen.surface import Toolkit
from tests.clients.house import Visitor
from tests.kit import House

ROUNDS = 30  # of the loop: a key passes through a handful of callbacks


class Terminal(io.StringIO):
    """Where the toolkit writes: a terminal in memory."""

    encoding = "utf-8"

    def __init__(self, columns: int, rows: int) -> None:
        super().__init__()
        self.screen = pyte.HistoryScreen(columns, rows)
        self.stream = pyte.Stream(self.screen)
        self.raw = ""

    def write(self, text: str) -> int:
        self.raw += text
        self.stream.feed(text)
        return len(text)

    def fileno(self) -> int:
        raise io.UnsupportedOperation


class Seat(Visitor):
    """A person with the full screen."""

    def __init__(self, house: House, name: str, columns: int = 80, rows: int = 20, **more: Any) -> None:
        super().__init__(house, name, **more)
        self.size = Size(rows, columns)
        self.terminal = Terminal(columns, rows)
        self.ended: tuple[int, str] | None = None
        self.keyboard: Any = None
        self.toolkit: Any = None
        self.screen: Any = None
        self.application: Any = None

    def sit(self, keyboard: Any) -> None:
        """Build the screen and come in."""
        self.keyboard = keyboard
        output = Vt100_Output(self.terminal, lambda: self.size, term="xterm-256color")
        self.toolkit = Toolkit("test:1", {"TERM_PROGRAM": "WezTerm"}, self.app.setting, True, keyboard, output)
        self.screen = WindowsFace(self.toolkit, self._done, lambda: int(self.house.wall() * 1000))
        self.app.face = self.screen
        self.application = self.toolkit.build(self.screen)

    def _done(self, code: int, text: str) -> None:
        self.ended = (code, text)

    async def pump(self) -> None:
        """Let everything happen that can happen now, and draw."""
        for _ in range(ROUNDS):
            await asyncio.sleep(0)
        self.settle()
        for _ in range(ROUNDS):
            await asyncio.sleep(0)
        self.application._redraw()

    async def press(self, *keys: str) -> list[str]:
        """Press keys, one after the other; returns what is then on the terminal."""
        for key in keys:
            self.keyboard.send_text(key)
            await self.pump()
        return self.rows()

    def rows(self) -> list[str]:
        """The terminal, without blanks at the ends of lines."""
        return [row.rstrip() for row in self.terminal.screen.display]

    def input(self) -> str:
        """The line being typed, with what stands before it but for the mark of who can read it."""
        return re.sub(r"^\[[^\]]*\] (?=You)", "", self.rows()[-1])


def seated(
    story: Callable[[Seat], Awaitable[None]], house: House | None = None, name: str = "alice", **more: Any
) -> Seat:  # fmt: skip
    """Run a story of somebody at a screen, from the login on."""

    async def run() -> Seat:
        with create_pipe_input() as keyboard:
            seat = Seat(house or House(), name, **more)
            seat.sit(keyboard)
            task = asyncio.ensure_future(seat.application.run_async(set_exception_handler=False, handle_sigint=False))
            await asyncio.sleep(0)
            seat.screen.begin(seat.app)
            await seat.pump()
            try:
                await story(seat)
            finally:
                if not task.done():
                    seat.application.exit()
                await task
            return seat

    return asyncio.run(run())
