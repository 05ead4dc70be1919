"""What Tab offers: commands, people, groups, emoji by their Unicode names, and after `/file who` paths.

Rule: it reads one View and offers what fits the word at the cursor; it never changes anything. Paths are looked at
only where one is being typed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Final

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

from clients.core import inert
from clients.core.commands import ALIASES, COMMANDS, help_lines
from clients.core.view import View

_PATH: Final = re.compile(r"\s*/file\s+\S+\s+(.*)", re.DOTALL)
_WORD: Final = re.compile(r"\S*\Z")
_EMOJI: Final = re.compile(r":([a-z0-9_+-]{2,})\Z")
_EMOJI_RANGES: Final = ((0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1FAFF), (0x2600, 0x27BF))
_TAKES_GROUP: Final = frozenset((
    *("group", "join", "part", "invite", "kick", "ban", "unban", "bans", "role", "mode", "key", "slow", "rename"),
    *("topic", "announce", "members", "focus"),
))  # fmt: skip
MOST: Final = 50


class ChatCompleter(Completer):
    """Completion in a conversation. `view` gives what is known now."""

    def __init__(self, view: Callable[[], View]) -> None:
        self._view = view
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """The completions for the text before the cursor."""
        before = document.text_before_cursor
        path = _PATH.fullmatch(before)
        if path is not None:
            typed = path.group(1)
            yield from self._paths.get_completions(Document(typed, len(typed)), complete_event)
            return
        emoji = _EMOJI.search(before)
        if emoji is not None:
            yield from _emoji(emoji.group(1))
            return
        match = _WORD.search(before)
        word = match.group() if match else ""
        yield from self._words(before[: len(before) - len(word)], word)

    def _words(self, before: str, word: str) -> Iterator[Completion]:
        first = not before.strip()
        if first and word.startswith("/"):
            yield from _commands(word[1:].lower())
            return
        command = before.split()[0][1:].lower() if before.startswith("/") else ""
        bare = command in _TAKES_GROUP
        if word.startswith("#") or (bare and not word.startswith("@")):
            yield from _offer(self._groups(), word if word.startswith("#") else "#" + word, len(word))
        if word.startswith("@") or not word.startswith("#"):
            yield from self._people(word, "@" if word.startswith("@") else "", first, command)

    def _people(self, word: str, mark: str, first: bool, command: str) -> Iterator[Completion]:
        """Names, with the mark if it was typed; at the beginning of a line a bare name is an address: `bob: `."""
        if not word and not command:
            return
        tail = ": " if first and not mark else " "
        last = word.rpartition(",@")[2] if ",@" in word else word.removeprefix("@")
        for name in self._names():
            if name.casefold().startswith(last.casefold()):
                yield Completion(name + tail, -len(last), inert.name(name))

    def _names(self) -> list[str]:
        view = self._view()
        talks = [talk.to[1:] for talk in view.talks if talk.to.startswith("@")]
        return sorted({*view.present, *talks} - {view.me}, key=str.casefold)

    def _groups(self) -> list[str]:
        return sorted({talk.to for talk in self._view().talks if talk.to.startswith("#")}, key=str.casefold)


def _offer(words: Iterable[str], start: str, typed: int) -> Iterator[Completion]:
    for word in words:
        if word.casefold().startswith(start.casefold()):
            yield Completion(word + " ", -typed, inert.name(word))


def _commands(start: str) -> Iterator[Completion]:
    """Other names of a command are offered only where nothing else fits."""
    fitting = [word for word in sorted(COMMANDS) if word.startswith(start)]
    for word in [word for word in fitting if word not in ALIASES] or fitting:
        usage, *_ = help_lines(word)
        yield Completion(word + " ", -len(start), "/" + word, usage.partition("  ")[2])


def _emoji(start: str) -> Iterator[Completion]:
    found = [(name, char) for name, char in emoji().items() if name.startswith(start)]
    found += [(name, char) for name, char in emoji().items() if start in name and not name.startswith(start)]
    for name, char in found[:MOST]:
        yield Completion(char + " ", -len(start) - 1, f"{char} {name}")


@cache
def emoji() -> dict[str, str]:
    """Symbols by their Unicode names, written as one types them."""
    found: dict[str, str] = {}
    for first, last in _EMOJI_RANGES:
        for point in range(first, last + 1):
            name = unicodedata.name(chr(point), "")
            if name:
                found[re.sub(r"[^a-z0-9+-]+", "_", name.lower())] = chr(point)
    return found
