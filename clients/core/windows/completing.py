"""What Tab offers: commands, people, groups, ids that are in sight, and emoji by their Unicode names.

Rule: pure. It reads one View and what was shown last, offers what fits the word at the cursor, and changes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final, NamedTuple

from clients.core import inert
from clients.core.commands import ALIASES, COMMANDS, help_lines
from clients.core.view import View

_WORD: Final = re.compile(r"\S*\Z")
_EMOJI: Final = re.compile(r":([a-z0-9_+-]{2,})\Z")
_EMOJI_RANGES: Final = ((0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1FAFF), (0x2600, 0x27BF))
_TAKES_GROUP: Final = frozenset((
    *("group", "join", "part", "invite", "kick", "ban", "unban", "bans", "role", "mode", "key", "slow", "rename"),
    *("topic", "announce", "members", "focus"),
))  # fmt: skip
_TAKES_ID: Final = frozenset(("get", "accept", "decline", "report"))
_ID: Final = re.compile(r"(?<!\w)[0-9a-f]{8,32}(?!\w)")
MOST: Final = 50


class Offer(NamedTuple):
    """A completion: `text` stands for the last `typed` characters; `shown` in the menu, with what it is `about`."""

    text: str
    typed: int
    shown: str
    about: str = ""


def offers(before: str, view: View, shown: Iterable[str] = ()) -> list[Offer]:
    """The completions for the text before the cursor. `shown`: what is in sight, the newest first."""
    emoji = _EMOJI.search(before)
    if emoji is not None:
        return list(_emoji(emoji.group(1)))
    match = _WORD.search(before)
    word = match.group() if match else ""
    named = before.split()
    if len(named) == 1 + bool(word) and named[0].startswith("/") and named[0][1:].lower() in _TAKES_ID:
        ids = list(_ids(word, shown))
        if ids or named[0] != "/report":
            return ids
    return list(_words(before[: len(before) - len(word)], word, view))


def _ids(start: str, shown: Iterable[str]) -> Iterator[Offer]:
    """Ids of files and messages that somebody can see, each with the line it is in."""
    found: dict[str, str] = {}
    for line in shown:
        for id in _ID.findall(line):
            found.setdefault(id, line)
    for id, line in list(found.items())[:MOST]:
        if id.startswith(start.lower()):
            yield Offer(id + " ", len(start), id, line)


def _words(before: str, word: str, view: View) -> Iterator[Offer]:
    first = not before.strip()
    if first and word.startswith("/"):
        yield from _commands(word[1:].lower())
        return
    command = before.split()[0][1:].lower() if before.startswith("/") else ""
    bare = command in _TAKES_GROUP
    if word.startswith("#") or (bare and not word.startswith("@")):
        yield from _groups(view, word if word.startswith("#") else "#" + word, len(word))
    if word.startswith("@") or not word.startswith("#"):
        yield from _people(view, word, first, command)


def _people(view: View, word: str, first: bool, command: str) -> Iterator[Offer]:
    """Names; at the beginning of a line a bare name is an address: `bob: `."""
    if not word and not command:
        return
    tail = ": " if first and not word.startswith("@") else " "
    last = word.rpartition(",@")[2] if ",@" in word else word.removeprefix("@")
    talks = (talk.to[1:] for talk in view.talks if talk.to.startswith("@"))
    yield from _fitting({*view.present, *talks} - {view.me}, last, len(last), tail)


def _groups(view: View, start: str, typed: int) -> Iterator[Offer]:
    yield from _fitting({talk.to for talk in view.talks if talk.to.startswith("#")}, start, typed, " ")


def _fitting(names: Iterable[str], start: str, typed: int, tail: str) -> Iterator[Offer]:
    for name in sorted(names, key=str.casefold):
        if name.casefold().startswith(start.casefold()):
            yield Offer(name + tail, typed, inert.name(name))


def _commands(start: str) -> Iterator[Offer]:
    """Other names of a command are offered only where nothing else fits."""
    fitting = [word for word in sorted(COMMANDS) if word.startswith(start)]
    for word in [word for word in fitting if word not in ALIASES] or fitting:
        usage, *_ = help_lines(word)
        yield Offer(word + " ", len(start), "/" + word, usage.partition("  ")[2])


def _emoji(start: str) -> Iterator[Offer]:
    found = [(name, char) for name, char in emoji().items() if name.startswith(start)]
    found += [(name, char) for name, char in emoji().items() if start in name and not name.startswith(start)]
    for name, char in found[:MOST]:
        yield Offer(char + " ", len(start) + 1, f"{char} {name}")


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
