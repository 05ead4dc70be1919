"""The toolkit's side of a face: the application, the input line, redrawing, notifications.

Rule: the only file that has the application. It runs in the reactor's own loop (asyncio) and takes the terminal for
as long as it runs; whatever ends it, the terminal is as it was before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import Completer, DummyCompleter, DynamicCompleter
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.styles import DynamicStyle, Style

from clients.core.windows.face import WindowsFace
from clients.screen.complete import ChatCompleter
from clients.screen.keys import Bound, Paste
from clients.screen.layout import Parts
from clients.screen.theme import THEMES
from clients.screen.wrap import clip

FRAME: Final = 1 / 30
ESCAPE_SECONDS: Final = 0.05  # how long an ESC may be the beginning of an Alt key
TOLD_COLUMNS: Final = 120
KNOW_OSC_9: Final = ("iTerm.app", "WezTerm", "ghostty")


class Toolkit:
    """The screen of one face. `where`: the server, as the status shows it; `setting` reads one of the client's."""

    def __init__(
        self, where: str, environment: Mapping[str, str], setting: Callable[[str], str], colour: bool,
        input: Input | None = None, output: Output | None = None,
    ) -> None:  # fmt: skip
        self._where = where
        self._environment = environment
        self._setting = setting
        self._colour = colour
        self._input, self._output = input, output
        self._completer: Completer = DummyCompleter()
        self._application: Application[None] | None = None
        self.buffer = Buffer(
            multiline=True, history=InMemoryHistory(), completer=DynamicCompleter(lambda: self._completer)
        )  # fmt: skip
        self.paste = Paste()

    def build(self, face: WindowsFace) -> Application[None]:
        """The application for a face."""
        self._completer = ChatCompleter(face.offers)
        bound = Bound(face, self.buffer, self.paste, time.monotonic)
        parts = Parts(face, self.buffer, self._where, lambda: self.paste.note() or face.note())
        styles = {name: Style.from_dict(theme) for name, theme in THEMES.items()}
        style = DynamicStyle(lambda: styles[self._setting("theme") if self._colour else "plain"])
        application: Application[None] = Application(
            parts.layout, key_bindings=bound.bindings, full_screen=True, input=self._input, output=self._output,
            style=style, include_default_pygments_style=False, min_redraw_interval=FRAME,
            max_render_postpone_time=FRAME, terminal_size_polling_interval=None,
            color_depth=None if self._colour else ColorDepth.DEPTH_1_BIT,
        )  # fmt: skip
        application.ttimeoutlen = ESCAPE_SECONDS
        self._application = application
        return application

    def redraw(self) -> None:
        """Draw soon: at most thirty times a second, however much comes."""
        if self._application is not None:
            self._application.invalidate()

    def notify(self, who: str, text: str) -> None:
        """Ring, or tell the desktop where the terminal is known to pass that on (OSC 9); both texts are inert."""
        how = self._setting("notify")
        if self._application is None or how == "off":
            return
        output = self._application.output
        if how == "desktop" and self._environment.get("TERM_PROGRAM") in KNOW_OSC_9:
            output.write_raw(f"\x1b]9;{clip(f'{who}: {text}', TOLD_COLUMNS)}\x1b\\".replace("\n", " "))
        else:
            output.bell()
        output.flush()

    def put(self, text: str) -> None:
        """Have this in the input line."""
        self.buffer.text = text
        self.buffer.cursor_position = len(text)

    def typed(self) -> str:
        """What stands in the input line."""
        return self.buffer.text

    def taken(self, recall: bool) -> None:
        """Empty the input line; `recall`: Ctrl-R finds it again."""
        self.buffer.reset(append_to_history=recall)
