"""`py`: a Python prompt inside the live service, for the role debug and where the configuration allows it.

Rule: a line is in the audit log before it runs, and how it ended behind it. Lines run beside the reactor
(`python.py`); Ctrl-C interrupts one, and there is a limit to how long one may take and to how many may be left running.
"""

from __future__ import annotations

import asyncio
import re
import rlcompleter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory

from chatd.console.history import History
from chatd.console.python import Line, Watchdog, complete, runner
from chatd.console.verbs import Operator
from chatd.wire import inert

if TYPE_CHECKING:
    from chatd.console.shell import Shell

LINE_SECONDS: Final = 60.0
MOST_RUNNING: Final = 4
_WORD: Final = re.compile(r"[\w.]+")
MOST_CHARS: Final = 16_000
GREETING: Final = (
    "Python in the live service. `service`, `node` and `hub` are there; lines run beside the reactor,",
    "run(function, ...) on it. Everything typed is in the audit log. Ctrl-D goes back.",
)


class Manhole:
    """One Python prompt, in a shell."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        service = shell.desk.service
        self.namespace: dict[str, Any] = {
            "__name__": "__console__", "service": service, "node": service.node, "hub": service.hub,
            "run": runner(shell.loop.tell),
        }  # fmt: skip
        self._running: list[Line] = []

    async def interact(self) -> None:
        """Until Ctrl-D."""
        shell = self._shell
        history = History(shell.desk.service.folder.console, shell.operator, "-py")
        lines = InMemoryHistory()
        for line in history.load():
            lines.append_string(line)
        session: PromptSession[str] = PromptSession(
            history=lines, completer=Attributes(self.namespace), complete_while_typing=False, enable_suspend=False,
            enable_open_in_editor=False, enable_system_prompt=False,
        )  # fmt: skip
        watchdog = Watchdog(shell.loop.tell, lambda text: shell.loop.call(self._say, text))
        watchdog.start()
        shell.print(GREETING)
        shell._session, before = session, shell._session
        try:
            await self._lines(session, history)
        finally:
            shell._session = before
            watchdog.stop()

    async def _lines(self, session: PromptSession[str], history: History) -> None:
        shell, source = self._shell, ""
        while True:
            try:
                line = await session.prompt_async(
                    "... " if source else ">>> ", set_exception_handler=False, handle_sigint=False
                )
            except KeyboardInterrupt:
                source = ""
                continue
            except EOFError:
                if shell.keyboard.closed:
                    raise
                return
            source = f"{source}\n{line}" if source else line
            if len(source) > MOST_CHARS:
                self._say("That is too long.")
                source = ""
            elif source.strip() and complete(source) and (not line[:1].isspace() or "\n" not in source):
                history.append(source)
                if not await self._run(source):
                    return
                source = ""
            elif not source.strip():
                source = ""

    def _say(self, text: str) -> None:
        self._shell.print([inert.line(line) for line in text.rstrip("\n").split("\n")] if text else [])

    async def _run(self, source: str) -> bool:
        """Run one statement; whether the operator may go on."""
        shell = self._shell
        operator: Operator | None = await shell.loop.ask(lambda: shell.channel.operator)
        if operator is None or not operator.may("debug") or not await shell.loop.ask(shell.desk.python):
            self._say("You may not do that any more.")
            return False
        self._running = [line for line in self._running if line.is_alive()]
        if len(self._running) >= MOST_RUNNING:
            self._say(f"{MOST_RUNNING} lines are still running; wait for one of them to end.")
            return True
        number = await shell.loop.ask(shell.desk.note, operator, "py", "begins", {"line": source})
        began = asyncio.get_running_loop().time()
        text, result = await self._wait(source)
        ms = int((asyncio.get_running_loop().time() - began) * 1000)
        await shell.loop.ask(shell.desk.note, operator, "py", result, {}, number, ms)
        self._say(text)
        return True

    async def _wait(self, source: str) -> tuple[str, str]:
        """What the line showed, and how it ended."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[str] = loop.create_future()

        def settle(text: str) -> None:
            if not done.done():
                done.set_result(text)

        line = Line(source, self.namespace, lambda text: self._shell.loop.call(settle, text))
        self._running.append(line)

        def look() -> None:
            if self._shell.keyboard.stopped() or self._shell.keyboard.closed:
                line.interrupt()
                loop.call_later(0.5, settle, "^C: it goes on by itself until its next step.\n")

        with self._shell.keyboard.attach(look):
            line.start()
            try:
                return await asyncio.wait_for(asyncio.shield(done), LINE_SECONDS), "done"
            except TimeoutError:
                line.interrupt()
                return f"It took longer than {LINE_SECONDS:.0f} s and was given up.\n", "too late"


class Attributes(Completer):
    """Python's own completion: names, and attributes of what a dotted name means."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._completer = rlcompleter.Completer(namespace)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """What may follow."""
        word = document.get_word_before_cursor(pattern=_WORD)
        if not word:
            return
        for state in range(100):
            found = self._completer.complete(word, state)
            if not isinstance(found, str):
                return
            yield Completion(found, -len(word))
