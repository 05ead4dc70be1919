"""Modes of groups, in letters and in words: what is typed, and what a face shows.

Rule: pure. Which modes there are, and who may change them, is the server's business: an unknown letter is sent, and
refused there. Here is only what each one takes, and what it is called (docs/protocol.md, Groups).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from chatd.moderation import ModeChange

LISTS: Final = {
    "b": "Who is banned from group '{group}'",
    "e": "Exceptions from the bans of group '{group}'",
    "I": "Who needs no invitation to group '{group}'",
}
MEMBERS: Final = {"q": "owner", "a": "admin", "o": "op", "h": "halfop", "v": "voice"}
TOLD: Final = frozenset({*MEMBERS, "m"})
"""Whose changes are told as changes of the group, too."""
_WORDS: Final = {
    "i": "by invitation only",
    "s": "strangers do not see it",
    "m": "only those with a voice speak",
    "M": "only accounts speak",
    "n": "nobody speaks from outside",
    "t": "only operators set the topic",
    "R": "only accounts come in",
    "C": "no CTCP",
    "u": "members without a mode of their own do not see each other",
    "U": "what members without a mode of their own say goes to operators only",
    "k": "a key is needed",
    "l": "at most {} members",
    "f": "{} seconds between two messages",
    "b": "{} is banned",
    "e": "{} is excepted from bans",
    "I": "{} needs no invitation",
    **{letter: "{} is " + word for letter, word in MEMBERS.items()},
}
_ENDED: Final = {"k": "no key is needed", "l": "any number of members", "f": "no waiting between messages"}
_SILENT: Final = "m:"


def takes(letter: str, on: bool) -> bool:
    """Whether a word belongs to this change."""
    return letter in MEMBERS or letter in LISTS or (on and letter in "klf")


def changes(words: Sequence[str]) -> tuple[ModeChange, ...] | None:
    """`+mo-v bob carol` as changes; None where a word is missing or left over."""
    made: list[ModeChange] = []
    waiting: deque[int] = deque()
    for word in words:
        if waiting:
            place = waiting.popleft()
            word = word.lstrip("@") if made[place].mode in MEMBERS else word
            made[place] = msgspec.structs.replace(made[place], argument=word)
            continue
        if word[0] not in "+-":
            return None
        on = True
        for letter in word:
            if letter in "+-":
                on = letter == "+"
                continue
            if takes(letter, on):
                waiting.append(len(made))
            made.append(ModeChange(on, letter))
    return tuple(made) if made and not waiting else None


def masks(word: str) -> tuple[str, ...]:
    """What means somebody in a list: a mask as it is; of a name the account, and whoever has it as a nick."""
    name = word.removeprefix("@")
    if not name or set(name) & set("!@*?:") or name.startswith("~"):
        return (word,)
    return "a:" + name, name


def letters(made: Iterable[ModeChange]) -> str:
    """As IRC writes it: `+mo-v bob carol`."""
    text, words, sign = "", [], ""
    for change in made:
        if sign != (sign := "+" if change.on else "-"):
            text += sign
        text += change.mode
        if change.argument and (change.on or change.mode not in _ENDED):
            words.append(change.argument)
    return " ".join([text, *words])


def meaning(change: ModeChange) -> str:
    """What a mode that is set means; empty where that is not known here."""
    words = _WORDS.get(change.mode, "")
    if change.mode == "b" and change.argument.startswith(_SILENT):
        return f"{change.argument.removeprefix(_SILENT)} may not speak"
    return words.format(change.argument)


def sentence(made: Iterable[ModeChange]) -> str:
    """Changes in letters, and what they mean."""
    made = list(made)
    told = "; ".join(words for words in map(_told, made) if words)
    return letters(made) + (f" ({told})" if told else "")


def _told(change: ModeChange) -> str:
    meant = meaning(change)
    return meant if change.on or not meant else _ENDED.get(change.mode, f"no longer: {meant}")
