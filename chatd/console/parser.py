"""A typed line to a verb and its values: quoted much as for a shell, bounded, and clear about what is wrong.

Rule: pure. The longest name that fits is the verb (`group add` before `group`); an option may stand anywhere; what is
not understood is a Trouble that says how it is typed and what was probably meant.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from chatd.console.verbs import COMMON, USAGE, Argument, Trouble, Verb

LONGEST: Final = 16_384  # characters of a line
SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
LONGEST_DURATION: Final = 10 * 365 * 86_400
DURATION: Final = re.compile(r"([0-9]{1,9})([smhdw]?)")
NUMBER: Final = re.compile(r"[0-9]{1,9}")
ESCAPED: Final = re.compile(r"""\\(['"\s\\])""")
# `--option=` and what is quoted; or just that; or up to the next space that no backslash stands before
WORD: Final = re.compile(
    r"""(--[\w-]+=)?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')(?=\s|$)|((?!(?:--[\w-]+=)?["'])(?:\\.|[^\s\\]|\\$)+)""",
    re.DOTALL,
)


class Parsed(NamedTuple):
    """A verb and what it was given, by the names of its arguments without their hyphens."""

    verb: Verb
    values: Mapping[str, Any]

    @property
    def told(self) -> dict[str, Any]:
        """What was said, for the audit log."""
        said = {key: value for key, value in self.values.items() if value not in (None, False)}
        if "input" in said:
            said["input"] = f"{len(said['input'])} characters"
        return said


def split(line: str) -> list[str]:
    """The words of a line. Raises Trouble where a quote does not end.

    Not quite as a shell does it: a quote begins at a word's beginning only (or behind `=`), so that who announces
    `Thursday's lab` need not think of it; `ssh` hands words over without the quotes that they were typed in.
    """
    if len(line) > LONGEST:
        raise Trouble(f"A line has at most {LONGEST} characters.", USAGE)
    words: list[str] = []
    rest = line.strip()
    while rest:
        found = WORD.match(rest)
        if found is None:
            raise Trouble("A quote does not end; write \\' or \\\" for the sign itself.", USAGE)
        before, quoted, bare = found.groups()
        words.append(_bare(before or "") + (ESCAPED.sub(r"\1", quoted[1:-1]) if quoted else _bare(bare or "")))
        rest = rest[found.end() :].lstrip()
    return words


def _bare(text: str) -> str:
    return ESCAPED.sub(r"\1", text)


def find(words: Sequence[str], table: Mapping[str, Verb]) -> tuple[Verb, list[str]]:
    """The verb that some words begin with, and the words behind it. Raises Trouble."""
    for count in (2, 1):
        verb = table.get(" ".join(words[:count]))
        if verb is not None and len(words) >= count:
            return verb, list(words[count:])
    first = words[0] if words else ""
    parts = [name for name in table if name.split()[0] == first]
    if parts:
        raise Trouble(f"{first} what? One of: {', '.join(parts)}.", USAGE, parts)
    near = difflib.get_close_matches(" ".join(words[:2]), table, 3, 0.6) or difflib.get_close_matches(first, table, 3)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise Trouble(f"There is no verb {first[:60]!r}.{hint} `help` lists them all.", USAGE, near)


def parse(line: str, table: Mapping[str, Verb]) -> Parsed:
    """What a line means. Raises Trouble."""
    words = split(line)
    if words and words[0].endswith("?") and len(words) <= 2:  # `who?` is `help who`
        words = ["help", words[0].rstrip("?")]
    elif words and words[-1].endswith("?") and " ".join(words)[:-1] in table:
        words = ["help", *" ".join(words)[:-1].split()]
    verb, rest = find(words, table)
    values: dict[str, Any] = {}
    plain: list[str] = []
    while rest:
        word = rest.pop(0)
        if word == "--":
            plain += rest
            break
        if word.startswith("--") and len(word) > 2:
            _take_option(verb, word, rest, values)
        else:
            plain.append(word)
    _take_words(verb, plain, values)
    return Parsed(verb, values)


def _take_option(verb: Verb, word: str, rest: list[str], values: dict[str, Any]) -> None:
    name, sign, value = word.partition("=")
    known = {one.name: one for one in (*verb.arguments, *COMMON) if one.name.startswith("--")}
    option = known.get(name)
    if option is None:
        near = difflib.get_close_matches(name, known, 1)
        hint = f" Did you mean {near[0]}?" if near else f" It is typed so: {verb.usage}"
        raise Trouble(f"{verb.name} has no option {name[:60]!r}.{hint}", USAGE, near)
    if option.kind == "flag":
        if sign:
            raise Trouble(f"{name} takes no value.", USAGE)
        values[name.strip("-")] = True
        return
    if not sign:
        if not rest:
            raise Trouble(f"{name} needs a value: {option.help}.", USAGE)
        value = rest.pop(0)
    values[name.strip("-")] = understood(option, value)


def _take_words(verb: Verb, plain: list[str], values: dict[str, Any]) -> None:
    for argument in (one for one in verb.arguments if not one.name.startswith("--")):
        if not plain:
            if argument.required and not values.get("help"):
                raise Trouble(f"{verb.name} needs {argument.name.upper()}. It is typed so: {verb.usage}", USAGE)
            continue
        if argument.kind == "text":
            values[argument.name], plain = " ".join(plain), []
        else:
            values[argument.name] = understood(argument, plain.pop(0))
    if plain and not values.get("help"):
        raise Trouble(f"That is too much: {plain[0][:60]!r}. It is typed so: {verb.usage}", USAGE)


def understood(argument: Argument, text: str) -> Any:
    """The value of one word. Raises Trouble."""
    if argument.choices:
        if text not in argument.choices:
            near = difflib.get_close_matches(text, argument.choices, 1)
            raise Trouble(f"{argument.name} is one of {', '.join(argument.choices)}, not {text[:60]!r}.", USAGE, near)
        return text
    if argument.kind == "number":
        if not NUMBER.fullmatch(text):
            raise Trouble(f"{argument.name} is a number, not {text[:60]!r}.", USAGE)
        return int(text)
    if argument.kind == "duration":
        return duration(text)
    if argument.kind == "user":
        return text.removeprefix("@")
    if argument.kind == "group":
        return text if text.startswith("#") else f"#{text}"
    return text


def duration(text: str) -> float:
    """Seconds: `90`, `90s`, `10m`, `2h`, `7d`, `1w`. Raises Trouble."""
    found = DURATION.fullmatch(text)
    seconds = int(found[1]) * SECONDS[found[2] or "s"] if found else 0
    if not 0 < seconds <= LONGEST_DURATION:
        raise Trouble(
            f"A time is a number with s, m, h, d or w (10m, 7d), at most ten years, not {text[:60]!r}.", USAGE
        )
    return float(seconds)
