"""A small line editor: bytes of a terminal in, what was meant out; and the one row that shows it.

Rule: pure; it knows no terminal. A paste is one piece of text, its newlines are kept. Unknown keys do nothing.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable
from typing import Final, NamedTuple

NEWLINE_MARK: Final = "\u23ce"
HISTORY: Final = 500
LONGEST_PASTE: Final = 1_000_000


class Key(NamedTuple):
    """Something the person did that is not editing: `line` (with text), `interrupt`, `end`, `suspend`, `clear`."""

    kind: str
    text: str = ""


def char_width(char: str) -> int:
    """How many columns a terminal gives to a character."""
    if char == "\n":
        return 1
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def width(text: str) -> int:
    """How many columns a text needs."""
    return sum(map(char_width, text))


def uncoloured(prompt: str) -> str:
    """A prompt without its colours."""
    return _COLOUR.sub("", prompt)


_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[ -~]|[^\[O])", re.DOTALL)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_PASTE_BEGIN, _PASTE_END = "\x1b[200~", "\x1b[201~"


class Editor:
    """The text being typed, where the cursor is, and what was typed before."""

    def __init__(self) -> None:
        self.text = ""
        self.at = 0
        self.hidden = False
        self.remembers = True  # whether the lines typed now can be brought back
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._pasting = self._too_long = False
        self._history: list[str] = []
        self._place = 0
        self._draft = ""
        self._offset = 0

    def feed(self, data: bytes) -> list[Key]:
        """Take in what the terminal sent."""
        self._rest += self._decoder.decode(data)
        keys: list[Key] = []
        while self._rest:
            taken = self._paste() if self._pasting else self._one(keys)
            if not taken:
                break
        return keys

    def take(self) -> str:
        """What was typed, which ends it."""
        text, self.text, self.at, self._offset = self.text, "", 0, 0
        if text.strip() and self.remembers and not self.hidden and self._history[-1:] != [text]:
            self._history.append(text)
            del self._history[:-HISTORY]
        self._place = len(self._history)
        return text

    def row(self, prompt: str, columns: int) -> tuple[str, int]:
        """The visible row (prompt and as much text as fits, scrolled to the cursor) and the cursor's column."""
        shown = "".join(NEWLINE_MARK if c == "\n" else c for c in self.text)
        if self.hidden:
            shown = ""
        at = 0 if self.hidden else self.at
        before = width(uncoloured(prompt))
        room = max(4, columns - before - 1)
        self._offset = min(self._offset, at)
        while width(shown[self._offset : at]) > room:
            self._offset += 1
        visible, used = "", 0
        for char in shown[self._offset :]:
            used += char_width(char)
            if used > room:
                break
            visible += char
        return prompt + visible, before + width(shown[self._offset : at])

    # ---- one thing at a time ----

    def _paste(self) -> bool:
        """Everything up to the end of a paste is text."""
        end = self._rest.find(_PASTE_END)
        if end < 0:
            if len(self._rest) > LONGEST_PASTE or self._too_long:
                self._too_long = True  # nobody wants to send that
                self._rest = self._rest[-len(_PASTE_END) :]
            return False
        pasted, self._rest = self._rest[:end], self._rest[end + len(_PASTE_END) :]
        self._pasting = False
        if self._too_long:
            self._too_long = False
            return True
        self._insert(pasted.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n"))
        return True

    def _one(self, keys: list[Key]) -> bool:
        """One key; False where the rest of it has not come yet."""
        if self._rest[0] != "\x1b":
            char, self._rest = self._rest[0], self._rest[1:]
            self._char(char, keys)
            return True
        match = _ESCAPE.match(self._rest)
        if match is None:
            if len(self._rest) > 32:
                self._rest = self._rest[1:]
                return True
            return False
        self._rest = self._rest[match.end() :]
        if match.group() == _PASTE_BEGIN:
            self._pasting = True
        elif match.group() in _KEYS:
            _KEYS[match.group()](self)
        return True

    def _char(self, char: str, keys: list[Key]) -> None:
        if char in "\r\n":
            keys.append(Key("line", self.take()))
        elif char == "\x04" and self.text:
            self._delete()
        elif char in _MEANINGS:
            keys.append(Key(_MEANINGS[char]))
        elif char in _KEYS:
            _KEYS[char](self)
        elif char >= " ":
            self._insert(char)

    def _insert(self, text: str) -> None:
        typed = (c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
        clean = "".join(typed).replace("\t", "    ")
        self.text = self.text[: self.at] + clean + self.text[self.at :]
        self.at += len(clean)

    # ---- keys ----

    def _before(self) -> int:
        """One visible character to the left; marks go with their letter."""
        at = self.at - 1
        while at > 0 and char_width(self.text[at]) == 0:
            at -= 1
        return max(at, 0)

    def _after(self) -> int:
        at = self.at + 1
        while at < len(self.text) and char_width(self.text[at]) == 0:
            at += 1
        return min(at, len(self.text))

    def _left(self) -> None:
        self.at = self._before()

    def _right(self) -> None:
        self.at = self._after()

    def _home(self) -> None:
        self.at = 0

    def _end(self) -> None:
        self.at = len(self.text)

    def _cut(self, begin: int, end: int) -> None:
        self.text = self.text[:begin] + self.text[end:]
        self.at = begin

    def _backspace(self) -> None:
        if self.at:
            self._cut(self._before(), self.at)

    def _delete(self) -> None:
        self._cut(self.at, self._after())

    def _to_begin(self) -> None:
        self._cut(0, self.at)

    def _to_end(self) -> None:
        self._cut(self.at, len(self.text))

    def _word_start(self) -> int:
        """Where the word before the cursor begins."""
        return len(re.sub(r"\S+\s*$", "", self.text[: self.at]))

    def _word(self) -> None:
        self._cut(self._word_start(), self.at)

    def _word_left(self) -> None:
        self.at = self._word_start()

    def _word_right(self) -> None:
        match = re.match(r"\s*\S+", self.text[self.at :])
        self.at += match.end() if match else 0

    def _older(self) -> None:
        self._recall(self._place - 1)

    def _newer(self) -> None:
        self._recall(self._place + 1)

    def _recall(self, place: int) -> None:
        """Another line of those typed before; what is being typed is kept below them."""
        if self.hidden or not 0 <= place <= len(self._history):
            return
        if self._place == len(self._history):
            self._draft = self.text
        self._place = place
        self.text = self._history[place] if place < len(self._history) else self._draft
        self._end()


_MEANINGS: Final = {"\x03": "interrupt", "\x04": "end", "\x1a": "suspend", "\x0c": "clear"}
_KEYS: Final[dict[str, Callable[[Editor], None]]] = {
    "\x01": Editor._home, "\x05": Editor._end, "\x02": Editor._left, "\x06": Editor._right,
    "\x0b": Editor._to_end, "\x15": Editor._to_begin, "\x17": Editor._word,
    "\x7f": Editor._backspace, "\x08": Editor._backspace, "\x10": Editor._older, "\x0e": Editor._newer,
    "\x1b[D": Editor._left, "\x1bOD": Editor._left, "\x1b[C": Editor._right, "\x1bOC": Editor._right,
    "\x1b[A": Editor._older, "\x1bOA": Editor._older, "\x1b[B": Editor._newer, "\x1bOB": Editor._newer,
    "\x1b[H": Editor._home, "\x1bOH": Editor._home, "\x1b[1~": Editor._home, "\x1b[7~": Editor._home,
    "\x1b[F": Editor._end, "\x1bOF": Editor._end, "\x1b[4~": Editor._end, "\x1b[8~": Editor._end,
    "\x1b[3~": Editor._delete, "\x1bb": Editor._word_left, "\x1bf": Editor._word_right,
    "\x1b[1;5D": Editor._word_left, "\x1b[1;5C": Editor._word_right, "\x1b\x7f": Editor._word,
}  # fmt: skip
