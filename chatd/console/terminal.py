"""prompt_toolkit over an SSH channel: its keys, and its screen.

Rule: everything here is on the terminals' thread (`loop.py`); what is shown goes to the reactor as bytes, what is typed
comes from there. Both ways are bounded.
"""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, Protocol, cast

from prompt_toolkit.data_structures import Size
from prompt_toolkit.input.base import Input
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output

from chatd.console.loop import Loop

MOST_KEYS: Final = 64 * 1024  # typed ahead of what is read


class Window(Protocol):
    """What is needed of an SSH channel."""

    term: str
    columns: int
    rows: int

    def put(self, data: bytes) -> None:
        """Send bytes."""


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
