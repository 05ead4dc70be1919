"""Masks: people by `nick!ident@host` with `*` and `?`, or by their account.

Rule: pure functions. A mask has one form, whatever letters it was written in: that is what is kept, shown, compared.
`a:name` means an account; `m:` before either kind takes only the word away, not the entry (an extended ban; EXTBAN
is `,am`). `?` and `*` have no escape. Matching takes time in proportion to the mask times the text, never more.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from chatd.core.users import User

ACCOUNT: Final = "a:"
MUTE: Final = "m:"
_KINDS: Final = {"a": ACCOUNT, "account": ACCOUNT, "m": MUTE, "mute": MUTE}
_EXTENDED = re.compile(r"~?([^:!@*?]*):(.*)")


class BadMask(ValueError):
    """This cannot be a mask; the text says in one sentence why."""


def normal(text: str, most: int) -> str:
    """A mask in its one form, with at most so many characters. Raises BadMask."""
    if not text or len(text) > most:
        raise BadMask(f"A mask has 1 to {most} characters.")
    mask = _folded(text)
    if not mask.isprintable() or " " in mask or "," in mask:
        raise BadMask("A mask has no spaces and no commas.")
    extended = _EXTENDED.fullmatch(mask)
    mask = _extended(extended[1], extended[2], most) if extended is not None else _whole(mask)
    if len(mask) > most:
        raise BadMask(f"A mask has at most {most} characters.")
    return mask


def _extended(kind: str, rest: str, most: int) -> str:
    known = _KINDS.get(kind)
    if known is None:
        raise BadMask(f"There are no masks of the kind {kind!r}; there are a:account and m:mask.")
    if known == ACCOUNT:
        if not rest or set(rest) & set(":!@"):
            raise BadMask("After a: comes the name of an account.")
        return ACCOUNT + rest
    if rest.startswith(("m:", "mute:", "~m:", "~mute:")):
        raise BadMask("m: comes once.")
    return MUTE + normal(rest, most)


def _whole(mask: str) -> str:
    """With all three parts: `nick` is `nick!*@*`, `ident@host` is `*!ident@host`."""
    nick, bang, rest = mask.partition("!")
    if not bang:
        nick, rest = ("*", mask) if "@" in mask else (mask, "*@*")
    ident, _, host = rest.partition("@")
    return f"{nick or '*'}!{ident or '*'}@{host or '*'}"


def mutes(mask: str) -> bool:
    """Whether it only takes the word away."""
    return mask.startswith(MUTE)


def means(mask: str, user: User) -> bool:
    """Whether a mask (in its one form) means this person, whatever follows from that."""
    mask = mask.removeprefix(MUTE)
    if mask.startswith(ACCOUNT):
        return not user.guest and fits(mask.removeprefix(ACCOUNT), user.name)
    return fits(mask, user.source)


def any_means(masks: Iterable[str], user: User) -> bool:
    """Whether one of these means this person."""
    return any(means(mask, user) for mask in masks)


def fits(pattern: str, text: str) -> bool:
    """Whether a text, in whatever letters, fits a pattern with `*` and `?` that is folded."""
    return _compiled(pattern).fullmatch(_folded(text)) is not None


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    """For comparison only: one case, one width, one way to write accents."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    """The first place where a part fits is as good as any other, so nothing is tried twice (atomic groups)."""
    first, *rest = (re.escape(part).replace(r"\?", ".") for part in re.sub(r"\*+", "*", pattern).split("*"))
    if not rest:
        return re.compile(first, re.DOTALL)
    *middle, last = rest
    inner = "".join(f"(?>.*?{part})" for part in middle)
    return re.compile(f"{first}{inner}.*{last}", re.DOTALL)
