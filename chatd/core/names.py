"""Names of people and groups: what is allowed, when two are the same, when two look the same.

Rule: a name that leaves `fold` is safe to show and safe to compare, and nobody can get a second one that looks
like it: both its key and its skeleton are unique in a store. Three layers, each alone too weak:

* PRECIS (RFC 8264, UsernameCaseMapped of RFC 8265) for the key: no controls, no spaces, no ignorables,
  one case, one width;
* an allow-list, lengths and a single script (UTS 39 section 5.2) out of those that UAX 31 recommends;
* a skeleton (UTS 39 section 4) made of the name *as it is shown*, so that `aIice` and `alice` cannot coexist.

The tables of UTS 39 come from confusable-homoglyphs; they are loaded at the first name that needs them.
"""

from __future__ import annotations

import difflib
import heapq
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import islice
from typing import Final

import msgspec
from precis_i18n import get_profile

MAX_CHARACTERS: Final = 32
MAX_BYTES: Final = 64
MAX_INPUT: Final = 256
"""Longer texts are refused before anything is computed."""
MAX_CANDIDATES: Final = 20_000
"""How many names `near` looks at, at most."""

PUNCTUATION: Final = frozenset("-_.[]{}^|")
"""What a name may have beside letters, marks and digits: the fallback nicks of IRC clients (`alice_`, `alice|`,
`alice^`) must work. Not allowed: backtick and apostrophe (shells, quoting), and all that has a meaning in a command."""

RESERVED: Final = frozenset(
    {
        "server", "system", "chatd", "nickserv", "chanserv", "operserv", "memoserv", "global", "everyone", "all",
        "here", "you", "me", "lobby", "__proto__",
    }
)  # fmt: skip
"""Names that would speak for the server, or mean everybody or oneself in a command; look-alikes included."""

SCRIPTS: Final = frozenset(
    {
        "ARABIC", "ARMENIAN", "BENGALI", "BOPOMOFO", "CYRILLIC", "DEVANAGARI", "ETHIOPIC", "GEORGIAN", "GREEK",
        "GUJARATI", "GURMUKHI", "HAN", "HANGUL", "HEBREW", "HIRAGANA", "KANNADA", "KATAKANA", "KHMER", "LAO",
        "LATIN", "MALAYALAM", "MYANMAR", "ORIYA", "SINHALA", "TAMIL", "TELUGU", "THAANA", "THAI", "TIBETAN",
    }
)  # fmt: skip
"""The recommended scripts of UAX 31, table 5: the tables of look-alikes are good for these only."""

TOGETHER: Final = (
    frozenset({"HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"HAN", "BOPOMOFO"}),
    frozenset({"HAN", "HANGUL"}),
)
"""Scripts that are written together and count as one (UTS 39, table 1a: Japanese, Chinese, Korean)."""

_PLAIN = re.compile(r"[A-Za-z0-9_\[\]{}^|.-]+")
_DOTTED = re.compile(r"([ijl])(\W*?)\u0307")
_HEBREW_POINTS = (*range(0x5B0, 0x5BE), 0x5BF, 0x5C1, 0x5C2, 0x5C4, 0x5C5, 0x5C7)  # a name is the same without them
_PROLONGED = "\u30fc"  # the kana length mark: the one letter without a script that names need
_PRESERVED = get_profile("UsernameCasePreserved")
_MAPPED = get_profile("UsernameCaseMapped")


class BadName(ValueError):
    """This cannot be a name; the text says in one sentence why, or what to do. Safe to show: it has no raw input."""


class Name(msgspec.Struct, frozen=True, gc=False):
    """A name in its three forms: as shown, for comparison (`alice`), and as it looks (equal: look-alikes)."""

    display: str
    key: str
    skeleton: str


def fold(text: str) -> Name:
    """What somebody typed, as a person's name; spaces around it do not count. Raises BadName."""
    return _folded(_bounded(text, "name"))


def fold_group(text: str) -> Name:
    """What somebody typed, as a group's name, with or without its `#`; all forms begin with `#`. Raises BadName."""
    return _folded_group(_bounded(text, "group name").removeprefix("#"))


def near(name: str, candidates: Iterable[str], n: int = 3) -> list[str]:
    """Up to `n` of the `candidates` that somebody who typed `name` may have meant, best first, whatever their case.

    Looks at 20,000 candidates at most. First a cheap count of common letters, then a real comparison of the best 40.
    """
    typed = name[: 2 * MAX_CHARACTERS].lower()
    size, letters = len(typed), frozenset(typed + typed.upper())
    slack = 1 + size // 3
    common = letters.intersection
    rated = [
        (len(common(key)) - abs(len(key) - size), key)
        for key in islice(candidates, MAX_CANDIDATES)
        if -slack <= len(key) - size <= slack
    ]
    best = {key.lower(): key for _, key in heapq.nlargest(40, rated)}
    return [best[key] for key in difflib.get_close_matches(typed, best, n, 0.6)]


def skeleton(display: str) -> str:
    """How a name looks: equal for two names that can be taken for each other (UTS 39 section 4, then case).

    A function of the UTS 39 skeleton of the name as shown, so whatever that takes for equal stays equal. The table
    says that capital I looks like small l. Therefore lower case comes *after* it, or `aIice` would pass beside `alice`;
    but in a name of capitals that stroke is an I, or `ALICE` would be `allce`, and `aIice` pass beside it. A dot over
    i or j is there already: `i` with U+0307 looks the same, and the Turkish capital is another case of i.
    """
    look = _DOTTED.sub(_undotted, _look(display))
    others = [char for char in look if char not in "lO" and char.lower() != char.upper()]
    if len(others) > 1 and all(char.isupper() for char in others):
        look = look.replace("l", "i")
    return _look(look.casefold())


# ---- the steps of a fold ---------------------------------------------------------------------------------------


def _bounded(text: str, noun: str) -> str:
    if len(text) > MAX_INPUT:
        raise BadName(f"That {noun} is too long: {MAX_CHARACTERS} characters at most.")
    return text.strip()


@lru_cache(maxsize=8192)
def _folded(text: str) -> Name:
    name = _checked(text, "name")
    if name.key in RESERVED or not _reserved_skeletons().isdisjoint((name.skeleton, skeleton(name.key))):
        raise BadName("That name is reserved for the server, or looks like one that is. Choose another.")
    return name


@lru_cache(maxsize=8192)
def _folded_group(text: str) -> Name:
    name = _checked(text, "group name")
    return Name("#" + name.display, "#" + name.key, "#" + name.skeleton)


@cache
def _reserved_skeletons() -> frozenset[str]:
    return frozenset(map(skeleton, RESERVED))


def _checked(text: str, noun: str) -> Name:
    if not text:
        raise BadName(f"The {noun} is empty: type at least one letter.")
    if _PLAIN.fullmatch(text):  # for these PRECIS changes nothing but the case: about 95 of 100 names
        display, key = text, text.lower()
    else:
        display, key = _precis(text, noun)
        _check_scripts(display, noun)
    _check_lengths(display, key, noun)
    _check_shape(display, noun)
    return Name(display, key, skeleton(display))


def _precis(text: str, noun: str) -> tuple[str, str]:
    try:
        display = str(_PRESERVED.enforce(unicodedata.normalize("NFC", text)))
        key = str(_MAPPED.enforce(display)).replace("i\u0307", "i")  # the Turkish capital, lowered
    except UnicodeEncodeError as error:
        raise BadName(_why(text, error, noun)) from None
    for char in display:
        if unicodedata.category(char)[0] not in "LMN" and char not in PUNCTUATION:
            raise BadName(_not_allowed(char, noun))
    return display, key


def _why(text: str, error: UnicodeEncodeError, noun: str) -> str:
    if error.reason.endswith("bidi_rule"):
        return f"A {noun} written from right to left must begin and end with its own letters or digits."
    part = error.object[error.start : error.end] if error.start >= 0 else ""
    return _not_allowed(part or text[:1], noun)


def _not_allowed(char: str, noun: str) -> str:
    char = char[:1]
    if char.isspace():
        return f"A {noun} cannot have spaces: use _ or - instead."
    shown = char if char.isprintable() and unicodedata.category(char)[0] in "LNPS" else f"U+{ord(char):04X}"
    return f"The character {shown} is not allowed in a {noun}: use letters, digits and any of - _ . [ ] {{ }} ^ |"


def _check_lengths(display: str, key: str, noun: str) -> None:
    if max(len(display), len(key)) > MAX_CHARACTERS:
        raise BadName(f"That {noun} is too long: {MAX_CHARACTERS} characters at most.")
    if max(len(display.encode()), len(key.encode())) > MAX_BYTES:
        raise BadName(f"That {noun} is too long: {MAX_BYTES} bytes of UTF-8 at most.")


def _check_shape(display: str, noun: str) -> None:
    if display[0] in "-.":
        raise BadName(f"A {noun} cannot begin with {display[0]}: begin with a letter or a digit.")
    if display[-1] == "." or ".." in display:
        raise BadName(f"A {noun} cannot end with a dot or have two together.")
    if not any(char.isalnum() for char in display):
        raise BadName(f"A {noun} needs at least one letter or digit.")


def _check_scripts(display: str, noun: str) -> None:
    scripts: set[str] = set()
    zeros: set[int] = set()
    marks = ""
    for index, char in enumerate(display):
        kind = unicodedata.category(char)
        script = _script(char)
        if kind[0] == "M":
            marks = _check_mark(display[index - 1] if index else "", char, marks, noun)
        else:
            marks = ""
            if kind[0] == "L" and script == "COMMON" and char != _PROLONGED:
                raise BadName(_not_allowed(char, noun))
        if kind == "Nd":
            zeros.add(ord(char) - unicodedata.decimal(char))
        scripts.add(("KATAKANA" if "HIRAGANA" not in scripts else "HIRAGANA") if char == _PROLONGED else script)
    _check_one_script(scripts - {"COMMON", "INHERITED"}, noun)
    if len(zeros) > 1:
        raise BadName(f"A {noun} cannot mix digits of different scripts.")


def _check_mark(before: str, mark: str, marks: str, noun: str) -> str:
    """The marks on the present letter with this one; at most three, none twice in a row (UTS 39 section 5.4)."""
    if not before or unicodedata.category(before)[0] not in "LM":
        raise BadName(f"A {noun} cannot have an accent without a letter before it.")
    if marks[-1:] == mark or len(marks) == 3:
        raise BadName(f"A {noun} cannot have so many accents on one letter.")
    return marks + mark


def _check_one_script(scripts: set[str], noun: str) -> None:
    for script in sorted(scripts - SCRIPTS):
        raise BadName(f"A {noun} cannot be written with {script.capitalize()} letters here.")
    if len(scripts) > 1 and not any(scripts <= together for together in TOGETHER):
        mixed = " and ".join(script.capitalize() for script in sorted(scripts))
        raise BadName(f"A {noun} cannot mix alphabets ({mixed}): use one of them.")


# ---- the tables ------------------------------------------------------------------------------------------------


def _undotted(match: re.Match[str]) -> str:
    return ("j" if match[1] == "j" else "i") + match[2]


def _look(text: str) -> str:
    """The skeleton of UTS 39 section 4: decompose, put each character's prototype in its place, decompose.

    The table also has letters with their accents (ȧ looks like å), which that never meets: so composed, too, before
    and after (an accent may meet its letter only by the prototype).
    """
    if text.isascii():
        return text.translate(_prototypes())
    for form in ("NFC", "NFD", "NFC"):
        text = unicodedata.normalize(form, text).translate(_prototypes())
    return unicodedata.normalize("NFD", text)


@cache
def _prototypes() -> dict[int, str]:
    """From each character that looks like another to its prototype.

    The library has the pairs in both directions. They form stars: a prototype has all its look-alikes, a look-alike
    only its prototype. Where a star is one pair, either may be the prototype: skeletons are only compared. Ours: the
    kana length mark is a hyphen, which PRECIS makes of the full-width hyphen that the table has.
    """
    from confusable_homoglyphs.confusables import confusables_data

    bare = {source.replace("\u200e", ""): links for source, links in confusables_data.items()}
    degree = {source: len(links) for source, links in bare.items()}
    found: dict[int, str] = {}
    for source, links in bare.items():
        target = links[0]["c"].replace("\u200e", "")
        if len(source) == 1 and len(links) == 1 and target:
            pair = len(target) == 1 and degree[target] == 1
            found[ord(source)] = min(source, target) if pair else target
    found |= {code: "-" for code, target in found.items() if target == _PROLONGED} | {ord(_PROLONGED): "-"}
    return found | dict.fromkeys(_HEBREW_POINTS, "")


@cache
def _script_ranges() -> tuple[list[int], list[tuple[int, str]]]:
    from confusable_homoglyphs.categories import categories_data

    names: list[str] = categories_data["iso_15924_aliases"]
    ranges = sorted((low, high, names[script]) for low, high, script, _ in categories_data["code_points_ranges"])
    return [low for low, _, _ in ranges], [(high, script) for _, high, script in ranges]


def _script(char: str) -> str:
    lows, rest = _script_ranges()
    index = bisect_right(lows, ord(char)) - 1
    high, script = rest[index] if index >= 0 else (-1, "UNKNOWN")
    return script if ord(char) <= high else "UNKNOWN"
