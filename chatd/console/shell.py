"""A terminal worth typing in: one operator at the prompt.

Rule: it runs on the terminals' thread and asks the desk for everything; what it shows has been made harmless. Ctrl-C
stops what is under way, Ctrl-D leaves. Lines are kept per operator, so that Ctrl-R finds them the next day.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any, Final

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application
from prompt_toolkit.application.current import create_app_session
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import ANSI
from prompt_toolkit.history import History as Lines
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import FormattedTextControl, Layout
from prompt_toolkit.layout import Window as Pane
from prompt_toolkit.output import Output
from prompt_toolkit.shortcuts import CompleteStyle

from chatd.console import shown
from chatd.console.channel import Channel, Terminal, paced
from chatd.console.desk import Desk, Outcome, Question
from chatd.console.history import History
from chatd.console.loop import Loop
from chatd.console.manhole import Manhole
from chatd.console.terminal import Keyboard, Screen, output
from chatd.console.verbs import DONE, REFUSED, Answer, Live, Operator, Row

PROMPT: Final = "chatd> "
MOST_TERMINALS: Final = 16
STOP_SECONDS: Final = 2.0  # until what was stopped has said so
LIVE_LINES: Final = 500  # that wait to be shown
LEAVE: Final = {"exit", "quit", "logout", "bye", "tata"}
PYTHON: Final = "py"


class Shells:
    """All terminals: opens one for a channel, if there is room."""

    def __init__(self, desk: Desk, loop: Loop) -> None:
        self._desk = desk
        self._loop = loop
        self.open_now: set[Shell] = set()

    def open(self, channel: Channel) -> Terminal | None:
        """A shell for this channel; none where too many are open or the operator has gone."""
        operator = channel.operator
        if operator is None or len(self.open_now) >= MOST_TERMINALS:
            return None
        shell = Shell(self._desk, self._loop, channel, operator)
        self.open_now.add(shell)
        shell.ended = lambda: self.open_now.discard(shell)
        self._desk.came(shell, operator)
        self._loop.start(shell.interact())
        return shell


class Shell:
    """One terminal. `feed`, `resized`, `close` are the reactor's, everything else the terminals' thread's."""

    def __init__(self, desk: Desk, loop: Loop, channel: Channel, operator: Operator) -> None:
        self.desk = desk
        self.loop = loop
        self.channel = channel
        self.operator = operator
        self.ended: Callable[[], None] = lambda: None
        self.keyboard = Keyboard()
        self.screen = Screen(loop, channel)
        self.coloured = b"NO_COLOR" not in channel.environment and channel.term != "dumb"
        self._history = History(desk.service.folder.console, operator)
        self._lines: list[str] = []
        self._output: Output | None = None
        self._session: PromptSession[str] | None = None
        self._app: Application[Any] | None = None
        self._status = DONE

    # ---- the reactor's side ----

    def feed(self, data: bytes) -> None:
        """Keys."""
        self.loop.call(self.keyboard.feed, data)

    def resized(self) -> None:
        """The window has another size."""
        self.loop.call(self._draw_again)

    def close(self) -> None:
        """The other end has gone."""
        self.loop.call(self.keyboard.close)

    def _end(self) -> None:
        self.desk.left(self)
        self.ended()
        self.channel.end(self._status)

    # ---- the terminals' side ----

    def _draw_again(self) -> None:
        app = self._app or (self._session.app if self._session is not None else None)
        if app is not None and app.is_running:
            app._on_resize()

    async def interact(self) -> None:
        """Everything, from the greeting to the end."""
        try:
            self._output = output(self.screen, self.channel, self.coloured)
            with create_app_session(input=self.keyboard, output=self._output):
                await self._talk()
        except (EOFError, asyncio.CancelledError):
            pass
        finally:
            self.loop.tell(self._end)

    async def _talk(self) -> None:
        self._lines = self._history.load()
        self._session = session = PromptSession[str](
            history=_remembered(self._lines), completer=Tab(self), complete_while_typing=False,
            complete_style=CompleteStyle.COLUMN, reserve_space_for_menu=6, enable_history_search=False,
            enable_open_in_editor=False, enable_system_prompt=False, enable_suspend=False,
        )  # fmt: skip
        self.print(
            [f"chatd console: {self.operator.name}, {self.operator.role}. `help` lists the verbs, Tab completes."]
        )
        while True:
            try:
                line = await session.prompt_async(self._prompt(), set_exception_handler=False, handle_sigint=False)
            except KeyboardInterrupt:
                continue
            line = self._recalled(line.strip())
            if line in LEAVE:
                return
            if line:
                self._keep(line)
                await self._carry_out(line)

    def _prompt(self) -> ANSI:
        return ANSI(shown.painted(PROMPT, shown.CYAN, self.coloured))

    def _recalled(self, line: str) -> str:
        """`!12` and `!!` are lines of the history."""
        if line == "!!" and self._lines:
            line = self._lines[-1]
        elif line.startswith("!") and line[1:].isdigit() and 0 < int(line[1:]) <= len(self._lines):
            line = self._lines[int(line[1:]) - 1]
        else:
            return line
        self.print([line])
        return line

    def _keep(self, line: str) -> None:
        self._lines.append(line)
        self._history.append(line)

    async def _carry_out(self, line: str) -> None:
        current = await self.loop.ask(lambda: self.channel.operator)
        if current is None:
            self.print(["Your key has been taken out of authorized_keys. Goodbye."])
            self._status = REFUSED
            raise EOFError
        self.operator = current
        if line.split()[0] == "color":
            self.coloured = line.split()[-1] not in ("off", "never", "no")
            return
        outcome = await self._answer(line, False)
        if outcome is not None and isinstance(outcome.found, Question):
            if not await self._sure(outcome.found.text):
                self.print(["Nothing was done."])
                return
            outcome = await self._answer(line, True)
        if outcome is not None:
            await self._show(outcome)

    async def _answer(self, line: str, certain: bool) -> Outcome | None:
        """What the line comes to; Ctrl-C stops it. None where it does not even say that it was stopped."""
        asked = asyncio.ensure_future(self.loop.ask(self.desk.run, self.operator, line, certain, None, self))
        stopped = asyncio.Event()
        with self.keyboard.attach(self._watch(stopped)):
            waiting = asyncio.ensure_future(stopped.wait())
            await asyncio.wait((asked, waiting), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
        if not asked.done():
            self.loop.tell(self.desk.stop, self)
            await asyncio.wait((asked,), timeout=STOP_SECONDS)
        if self.keyboard.closed:
            raise EOFError
        if not asked.done():
            asked.cancel()
            self.print(["^C (what was begun goes on; `audit` says how it ended)"])
            return None
        outcome: Outcome = asked.result()
        self._status = outcome.status
        return outcome

    def _watch(self, stopped: asyncio.Event) -> Callable[[], None]:
        def look() -> None:
            if self.keyboard.stopped() or self.keyboard.closed:
                stopped.set()

        return look

    async def _sure(self, text: str) -> bool:
        try:
            said = await PromptSession[str]().prompt_async(
                f"{text} [y/N] ", set_exception_handler=False, handle_sigint=False
            )
        except KeyboardInterrupt:
            return False
        return said.strip().lower() in ("y", "yes")

    async def _show(self, outcome: Outcome) -> None:
        found = outcome.found
        if isinstance(found, Live):
            await self._follow(outcome, found)
        elif isinstance(found, Answer):
            if outcome.verb == PYTHON and not found.status:
                await Manhole(self).interact()
            elif outcome.json:
                rows = [shown.as_json(outcome.verb, row) for row in paced(found.rows)]
                await self._page(rows + [found.note][: bool(found.note)])
            else:
                await self._page(shown.answer(found, self.channel.columns, outcome.coloured(self.coloured), paced))

    # ---- what is long, and what goes on ----

    def print(self, lines: Iterable[str]) -> None:
        """Show lines."""
        self.screen.write("".join(line + "\n" for line in lines))
        self.screen.flush()

    async def _page(self, lines: list[str]) -> None:
        """Show lines, a window at a time."""
        while lines:
            room = max(1, self.channel.rows - 1)
            if len(lines) <= room:
                self.print(lines)
                return
            self.print(lines[:room])
            lines = lines[room:]
            key = await self._more(len(lines))
            if key == "q":
                return
            if key == "line":
                self.print(lines[:1])
                lines = lines[1:]

    async def _more(self, left: int) -> str:
        """Wait for a key: `q`, `line` or `page`."""
        keys = KeyBindings()
        for names, meant in ((("q", "Q", "c-c", "c-d", "escape"), "q"), (("enter", "down", "j"), "line"),
                             ((" ", "pagedown", "f"), "page")):  # fmt: skip
            for name in names:
                keys.add(name, eager=True)(_exit_with(meant))
        text = f"-- {left} more lines: space, Enter, q --"
        control = FormattedTextControl(ANSI(shown.painted(text, "7", self.channel.term != "dumb")))
        self._app = Application(layout=Layout(Pane(control, height=1)), key_bindings=keys, erase_when_done=True)
        try:
            return str(await self._app.run_async(set_exception_handler=False, handle_sigint=False))
        finally:
            self._app = None

    async def _follow(self, outcome: Outcome, live: Live) -> None:
        """Rows as they come, until Ctrl-C, q or its time is over."""
        waiting: deque[str] = deque(maxlen=LIVE_LINES)
        something, stopped = asyncio.Event(), asyncio.Event()
        put = _putter(self, outcome, waiting, something)
        stop = await self.loop.ask(live.start, put)
        end = asyncio.get_running_loop().time() + live.seconds
        self.print([shown.painted("(Ctrl-C or q stops)", shown.DIM, self.coloured)])

        def look() -> None:
            pressed = self.keyboard.stopped() or any(press.data in "qQ" for press in self.keyboard.read_keys())
            if pressed or self.keyboard.closed:
                stopped.set()
                something.set()

        try:
            with self.keyboard.attach(look):
                while not stopped.is_set() and (left := end - asyncio.get_running_loop().time()) > 0:
                    with_timeout = asyncio.wait_for(something.wait(), left)
                    try:
                        await with_timeout
                    except TimeoutError:
                        break
                    something.clear()
                    self.print(list(waiting))
                    waiting.clear()
        finally:
            self.loop.tell(stop)
        if self.keyboard.closed:
            raise EOFError


def _exit_with(meant: str) -> Callable[[KeyPressEvent], None]:
    def leave(event: KeyPressEvent) -> None:
        event.app.exit(result=meant)

    return leave


def _putter(shell: Shell, outcome: Outcome, waiting: deque[str], something: asyncio.Event) -> Callable[[Row], None]:
    """Where the reactor puts rows: made text here, shown on the terminals' thread."""

    def take(line: str) -> None:
        waiting.append(line)
        something.set()

    def put(row: Row) -> None:
        line = shown.as_json(outcome.verb, row) if outcome.json else shown.live(row, shell.channel.columns)
        shell.loop.call(take, line)

    return put


def _remembered(lines: list[str]) -> Lines:
    history = InMemoryHistory()
    for line in lines:
        history.append_string(line)
    return history


class Tab(Completer):
    """What the desk offers."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Nothing at once: the desk is asked."""
        return ()

    async def get_completions_async(
        self, document: Document, complete_event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        """What may stand in place of the word before the cursor."""
        shell = self._shell
        word, found = await shell.loop.ask(shell.desk.complete, shell.operator, document.text_before_cursor)
        for one in found:
            yield Completion(one.text, -len(word), display_meta=one.about[:60])
