"""The parts of the screen and where they stand, in the toolkit's terms.

Rule: it draws what `draw.py` makes of the windows and decides nothing. Only what is in sight is drawn, however long a
conversation is.
"""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit.application import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout import (
    BufferControl,
    ConditionalContainer,
    Float,
    FloatContainer,
    HSplit,
    Layout,
    UIContent,
    UIControl,
    VSplit,
)
from prompt_toolkit.layout import Window as Pane
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.layout.menus import CompletionsMenu
from prompt_toolkit.layout.processors import ConditionalProcessor, PasswordProcessor
from prompt_toolkit.widgets import SearchToolbar

from clients.core.windows.face import WindowsFace
from clients.core.windows.heading import prompt
from clients.screen import draw
from clients.screen.wrap import clip, columns

INPUT_LINES = 6
PROMPT_COLUMNS = 40


class Drawn(UIControl):
    """A part whose lines a function makes for its width and height."""

    def __init__(self, lines: Callable[[int, int], list[draw.Fragments]], low: bool = False) -> None:
        self._lines = lines
        self._low = low

    def create_content(self, width: int, height: int) -> UIContent:
        """The lines; `low`: at the bottom of the part."""
        made = self._lines(width, height)
        if self._low:
            made = [[] for _ in range(height - len(made))] + made
        return UIContent(get_line=lambda number: _styled(made[number]), line_count=len(made), show_cursor=False)


def _styled(fragments: draw.Fragments) -> StyleAndTextTuples:
    return list(fragments)


class Parts:
    """The whole screen of one face."""

    def __init__(self, face: WindowsFace, buffer: Buffer, where: str, note: Callable[[], str]) -> None:
        self._face, self._where, self._note = face, where, note
        asked = Condition(lambda: face.question is not None)
        hidden = Condition(lambda: face.question is not None and face.question.hidden)
        wide = Condition(lambda: get_app().output.get_size().columns >= draw.LIST_FROM)
        search = SearchToolbar()
        control = BufferControl(
            buffer, search_buffer_control=search.control,
            input_processors=[ConditionalProcessor(PasswordProcessor(), hidden)],
        )  # fmt: skip
        self.input = Pane(control, height=self._height(buffer), wrap_lines=True, dont_extend_height=True)
        listed = VSplit([
            Pane(Drawn(self._listed), width=draw.LIST_COLUMNS),
            Pane(width=1, char="│", style="class:edge"),
        ])  # fmt: skip
        typed = VSplit([Pane(Drawn(self._prompt), width=self._prompt_width, height=Dimension(min=1)), self.input])
        self._screen = HSplit([
            Pane(Drawn(self._title), height=1),
            VSplit([ConditionalContainer(listed, wide), Pane(Drawn(self._rows, low=True))]),
            Pane(Drawn(self._status), height=1),
            search,
            typed,
        ])  # fmt: skip
        menu = Float(CompletionsMenu(max_height=8, scroll_offset=1), xcursor=True, ycursor=True)
        self._asked = asked
        self.layout = Layout(FloatContainer(self._screen, [menu]), self.input)

    def _height(self, buffer: Buffer) -> Callable[[], Dimension]:
        return lambda: Dimension(min=1, max=INPUT_LINES, preferred=buffer.document.line_count)

    def _rows(self, width: int, height: int) -> list[draw.Fragments]:
        return draw.rows(self._face.windows.current, width, height)

    def _listed(self, width: int, height: int) -> list[draw.Fragments]:
        return draw.listed(self._face.windows, width, height)

    def _title(self, width: int, height: int) -> list[draw.Fragments]:
        return [draw.title(self._face.talk(), self._face.windows.current.to, width)]

    def _status(self, width: int, height: int) -> list[draw.Fragments]:
        return [draw.status(self._face.windows, self._face.view(), self._where, width, self._note())]

    def _label(self) -> str:
        face = self._face
        if face.question is not None:
            return face.question.prompt
        return clip(prompt(face.talk(), face.windows.current.to), PROMPT_COLUMNS)

    def _prompt_width(self) -> Dimension:
        return Dimension.exact(columns(self._label()))

    def _prompt(self, width: int, height: int) -> list[draw.Fragments]:
        return [[("class:question" if self._asked() else "class:prompt", self._label())]]
