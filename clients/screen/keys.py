"""The keys that weechat's and irssi's fingers know, beside the toolkit's readline ones.

Rule: a key calls the face or changes the input line, nothing else. The table of what there is, is `HELP`: `F1` shows
it, and a test presses each key of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition, completion_is_selected, has_completions, is_searching
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys

from clients.core.windows.face import WindowsFace
from clients.core.windows.typed import Past, clean_paste, is_large

HELP: Final = (
    ("Enter", "send"),
    ("Alt-Enter, Ctrl-J", "a new line in the message"),
    ("Tab, Shift-Tab", "complete: commands, @names, #groups, ids, :emoji, paths after /file who"),
    ("Up, Down", "what you sent here before; Up on an empty line: edit your last message"),
    ("Ctrl-Up, Ctrl-Down", "what you sent anywhere; Ctrl-R: search it"),
    ("Ctrl-A E B F W U K Y T", "edit as in a shell; so do Alt-B F D, and Ctrl-_ undoes"),
    ("PgUp, PgDn", "scroll; Alt-Home, Alt-End: to the ends"),
    ("Alt-1 to Alt-9", "another conversation"),
    ("Ctrl-N, Ctrl-P", "the next one, the one before; so do Alt-Right, Alt-Left"),
    ("Alt-A", "the one with news"),
    ("Alt-U", "where the unread begins"),
    ("Alt-P, Alt-N", "where your name is, further up, further down"),
    ("Ctrl-L", "draw anew; Ctrl-Z: suspend"),
    ("Ctrl-C", "empty the line; twice: leave, as Ctrl-D on an empty line and 'tata' do"),
    ("F1", "this, as ? on an empty line; /help for the commands"),
)


class Paste:
    """A large paste that waits for a decision."""

    def __init__(self) -> None:
        self.text = ""

    def note(self) -> str:
        """What is asked."""
        if not self.text:
            return ""
        return f"Paste of {self.text.count(chr(10)) + 1} lines: s sends it as one message, e edits it, c drops it"


class Bound:
    """Bindings for one face. `clock`: seconds that only go forward."""

    def __init__(self, face: WindowsFace, buffer: Buffer, paste: Paste, clock: Callable[[], float]) -> None:
        self.bindings = KeyBindings()
        self._face, self._buffer, self._paste, self._clock = face, buffer, paste, clock
        pasting = Condition(lambda: bool(paste.text))
        talking = ~pasting & ~is_searching
        self._decide(pasting)
        self._sending(talking)
        self._moving(talking)
        self._looking(talking)
        self._leaving(talking)

    def _bind(self, when: Any, *keys: str) -> Callable[[Callable[[KeyPressEvent], None]], Any]:
        return self.bindings.add(*keys, filter=when)

    # ---- a paste ----

    def _decide(self, pasting: Condition) -> None:
        """One key decides; others do nothing, so that nobody sends what they did not mean to."""

        @self._bind(pasting, Keys.Any)
        def _(event: KeyPressEvent) -> None:
            return None

        @self._bind(pasting, "s")
        def _(event: KeyPressEvent) -> None:
            text, self._paste.text = self._paste.text, ""
            self._face.line(self._buffer.text + text)

        @self._bind(pasting, "e")
        def _(event: KeyPressEvent) -> None:
            text, self._paste.text = self._paste.text, ""
            self._buffer.insert_text(text)

        for key in ("c", "c-c", "escape"):

            @self._bind(pasting, key)
            def _(event: KeyPressEvent) -> None:
                self._paste.text = ""

    def _pasted(self, event: KeyPressEvent) -> None:
        text = clean_paste(event.data)
        if self._face.question is not None:
            self._buffer.insert_text(text.split("\n")[0])
        elif is_large(text):
            self._paste.text = text
        else:
            self._buffer.insert_text(text)

    # ---- the input line ----

    def _sending(self, talking: Any) -> None:
        @self._bind(talking & ~completion_is_selected, "enter")
        def _(event: KeyPressEvent) -> None:
            self._face.line(self._buffer.text)

        @self._bind(talking & completion_is_selected, "enter")
        def _(event: KeyPressEvent) -> None:
            self._buffer.complete_state = None

        for keys in (("c-j",), ("escape", "enter")):

            @self._bind(talking, *keys)
            def _(event: KeyPressEvent) -> None:
                if self._face.question is None:
                    self._buffer.insert_text("\n")

        self.bindings.add(Keys.BracketedPaste, filter=talking)(self._pasted)
        asked = Condition(lambda: self._face.question is not None)

        @self._bind(talking & ~asked, "tab")
        def _(event: KeyPressEvent) -> None:
            self._complete(1)

        @self._bind(talking & ~asked, "s-tab")
        def _(event: KeyPressEvent) -> None:
            self._complete(-1)

    def _complete(self, by: int) -> None:
        """Take the only completion at once; of several show the menu and go through it."""
        buffer = self._buffer
        if buffer.complete_state:
            (buffer.complete_next if by > 0 else buffer.complete_previous)()
        else:
            buffer.start_completion(insert_common_part=True)

    # ---- history ----

    def _moving(self, talking: Any) -> None:
        first = Condition(lambda: self._buffer.document.cursor_position_row == 0)
        last = Condition(lambda: self._buffer.document.on_last_line)
        free = talking & ~has_completions

        def past() -> Past:
            return self._face.past(self._face.windows.current)

        moves: tuple[tuple[str, Any, Callable[[], str | None]], ...] = (
            ("up", free & first, lambda: self._face.back(self._buffer.text)),
            ("down", free & last, lambda: past().forward()),
            ("c-up", free, lambda: self._face.everything.back(self._buffer.text)),
            ("c-down", free, lambda: self._face.everything.forward()),
        )
        for key, when, move in moves:

            @self._bind(when, key)
            def _(event: KeyPressEvent, move: Callable[[], str | None] = move) -> None:
                text = move()
                if text is not None and self._face.question is None:
                    self._buffer.text = text
                    self._buffer.cursor_position = len(text)

    # ---- conversations ----

    def _looking(self, talking: Any) -> None:
        face = self._face
        for number in range(1, 10):

            @self._bind(talking, "escape", str(number))
            def _(event: KeyPressEvent, number: int = number) -> None:
                if number <= len(face.windows.all):
                    face.look(face.windows.all[number - 1])

        for keys, by in ((("c-n",), 1), (("c-p",), -1), (("escape", "right"), 1), (("escape", "left"), -1)):

            @self._bind(talking & ~has_completions, *keys)
            def _(event: KeyPressEvent, by: int = by) -> None:
                face.look(face.windows.step(by))

        @self._bind(talking, "escape", "a")
        def _(event: KeyPressEvent) -> None:
            busiest = face.windows.busiest()
            if busiest is not None:
                face.look(busiest)

        self._scrolling(talking)

    def _scrolling(self, talking: Any) -> None:
        face = self._face
        scrolls: tuple[tuple[tuple[str, ...], Callable[[int], None]], ...] = (
            (("pageup",), lambda height: face.scroll(-max(height - 6, 1))),
            (("pagedown",), lambda height: face.scroll(max(height - 6, 1))),
            (("escape", "home"), lambda height: face.scroll(-(10**9))),
            (("escape", "end"), lambda height: face.scroll_to(None)),
            (("escape", "u"), lambda height: self._to_unread(height)),
            (("escape", "p"), lambda height: self._to_mention(False)),
            (("escape", "n"), lambda height: self._to_mention(True)),
        )
        for keys, scroll in scrolls:

            @self._bind(talking, *keys)
            def _(event: KeyPressEvent, scroll: Callable[[int], None] = scroll) -> None:
                scroll(event.app.output.get_size().rows)

    def _to_unread(self, height: int) -> None:
        line = self._face.windows.current.line
        if line is not None:
            self._face.scroll_to(line + max(height - 8, 1))

    def _to_mention(self, down: bool) -> None:
        found = self._face.windows.current.found(down)
        if found is not None:
            self._face.scroll_to(found)

    # ---- leaving, and the rest ----

    def _leaving(self, talking: Any) -> None:
        face, buffer = self._face, self._buffer
        empty = Condition(lambda: not buffer.text)

        @self._bind(~is_searching & Condition(lambda: not self._paste.text), "c-c")
        def _(event: KeyPressEvent) -> None:
            if buffer.text:
                buffer.reset()
            else:
                face.interrupt(self._clock())

        @self._bind(talking & empty, "c-d")
        def _(event: KeyPressEvent) -> None:
            face.leave()

        @self._bind(talking, "c-z")
        def _(event: KeyPressEvent) -> None:
            event.app.suspend_to_background()

        @self._bind(talking, "f1")
        def _(event: KeyPressEvent) -> None:
            face.help(HELP)

        @self._bind(talking & empty & Condition(lambda: face.question is None), "?")
        def _(event: KeyPressEvent) -> None:
            face.help(HELP)
