"""What Tab offers: verbs, their options, names of people and groups, and choices.

Rule: pure; names come from outside, and come sorted and bounded. Only what the operator's role may is offered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from chatd.console.parser import split
from chatd.console.verbs import COMMON, Argument, Operator, Trouble, Verb

MOST: Final = 100
Names = Callable[[str, str], Sequence[str]]
"""Given a kind (`user`, `group`) and how a name begins: the names that do."""


class Candidate(NamedTuple):
    """What may stand in place of the word that is being typed, and what it is."""

    text: str
    about: str = ""


def complete(before: str, operator: Operator, table: Mapping[str, Verb], names: Names) -> tuple[str, list[Candidate]]:
    """The word that is being typed, and what it may become; `before` is the line up to the cursor."""
    try:
        words = split(before)
    except Trouble:
        return "", []
    word = words.pop() if before and not before[-1].isspace() and words else ""
    mine = {name: verb for name, verb in table.items() if operator.may(verb.role)}
    if words and words[0] == "help":
        return word, _verbs(words[1:], word, mine)[:MOST]
    found = _verbs(words, word, mine)
    for count in (2, 1):
        verb = mine.get(" ".join(words[:count])) if len(words) >= count else None
        if verb is not None:
            return word, (found + _arguments(verb, words[count:], word, names))[:MOST]
    return word, found[:MOST]


def _verbs(words: Sequence[str], word: str, mine: Mapping[str, Verb]) -> list[Candidate]:
    """The next word of verbs that begin with these."""
    found: dict[str, Candidate] = {}
    for name, verb in mine.items():
        parts = name.split()
        if parts[: len(words)] == list(words) and len(parts) > len(words) and parts[len(words)].startswith(word):
            text = parts[len(words)]
            whole = len(parts) == len(words) + 1
            if whole or text not in found:
                found[text] = Candidate(text, verb.help if whole else f"{name} ...")
    return list(found.values())


def _arguments(verb: Verb, behind: Sequence[str], word: str, names: Names) -> list[Candidate]:
    options = {one.name: one for one in (*verb.arguments, *COMMON) if one.name.startswith("--")}
    last = options.get(behind[-1]) if behind else None
    if last is not None and last.kind != "flag":
        return _values(last, word, names)
    if word.startswith("-"):
        return [Candidate(one.name, one.help) for one in options.values() if one.name.startswith(word)]
    taken = _plain(behind, options)
    places = [one for one in verb.arguments if not one.name.startswith("--")]
    if taken < len(places):
        return _values(places[taken], word, names)
    return _values(places[-1], word, names) if places and places[-1].kind == "text" else []


def _plain(behind: Sequence[str], options: Mapping[str, Argument]) -> int:
    """How many of these words are neither options nor their values."""
    count, skip = 0, False
    for word in behind:
        option = options.get(word.partition("=")[0])
        if skip or option is not None:
            skip = not skip and option is not None and option.kind != "flag" and "=" not in word
        else:
            count += 1
    return count


def _values(argument: Argument, word: str, names: Names) -> list[Candidate]:
    if argument.choices:
        return [Candidate(choice, argument.help) for choice in argument.choices if choice.startswith(word)]
    if argument.kind == "user":
        sign = "@" if word.startswith("@") else ""
        return [Candidate(sign + name, "") for name in names("user", word.removeprefix("@"))]
    if argument.kind == "group":
        sign = "#" if word.startswith("#") else ""
        return [Candidate(sign + name.removeprefix("#"), "") for name in names("group", word.removeprefix("#"))]
    return []
