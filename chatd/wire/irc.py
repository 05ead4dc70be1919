"""IRC lines to and from plain values, message tags too (modern.ircdocs.horse; IRCv3 message-tags).

Rule: pure; no Twisted, no state. Whatever bytes come in, the answer is a Line, None for an empty one, or BadLine, never
another exception; whatever text goes out, it is one line: CR, LF and NUL never get out. Parsing is our own: Twisted's
`IRCClient` drops the connection at text that is not UTF-8 and knows no tags, `irctokens` costs 3.4 us a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

LINE_BYTES: Final = 512  # without tags, with CR LF
CLIENT_TAG_BYTES: Final = 4096  # with `@` and the space
TAG_BYTES: Final = 8191  # all of them, with `@` and the space
MOST_PARAMS: Final = 64  # more than any command has; RFC 2812's 15 would cut CAP REQ and MODE short for some

_ESCAPED: Final = str.maketrans({";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n", "\0": ""})
_MEANT: Final = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}
_ESCAPES: Final = re.compile(r"\\(.?)", re.DOTALL)
_INERT: Final = str.maketrans({"\r": " ", "\n": " ", "\0": ""})


class BadLine(Exception):
    """A line that cannot be read. `code`: `too-long`, `tags-too-long`, `not-utf8`, `malformed`.

    `line`: what it seems to have been, so that the answer can name the command and carry the label; not to be obeyed.
    """

    def __init__(self, code: str, line: Line | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.line = line


class Text(str):
    """A last parameter that is written with its colon even where it could do without."""

    __slots__ = ()


class Line(NamedTuple):
    """One line that came in. `command` is in capitals."""

    command: str
    params: list[str]
    tags: Mapping[str, str] = {}
    source: str = ""


def parse(data: bytes) -> Line | None:
    """The line of these bytes (without CR LF); None where there is nothing in it. Raises BadLine."""
    try:
        return _parse(data)
    except UnicodeDecodeError:
        raise BadLine("not-utf8", _seemingly(data)) from None


def _seemingly(data: bytes) -> Line | None:
    """The line without what is no UTF-8."""
    try:
        return _parse(data.decode("utf-8", "ignore").encode())
    except BadLine:
        return None


def _parse(data: bytes) -> Line | None:
    tags: Mapping[str, str] = {}
    if data[:1] == b"@":
        raw, _, data = data.partition(b" ")
        if len(raw) + 1 > CLIENT_TAG_BYTES:
            raise BadLine("tags-too-long")
        tags = parse_tags(_text(raw[1:]))
    if len(data) > LINE_BYTES - 2:
        raise BadLine("too-long")
    text = _text(data).lstrip(" ")
    source = ""
    if text[:1] == ":":
        source, _, text = text[1:].partition(" ")
        text = text.lstrip(" ")
    head, colon, trailing = text.partition(" :")
    params = [word for word in head.split(" ") if word]
    if not params:
        if tags or source or colon:
            raise BadLine("malformed")
        return None
    command = params.pop(0)
    if colon:
        params.append(trailing)
    if len(params) > MOST_PARAMS:
        raise BadLine("malformed")
    return Line(command.upper(), params, tags, source)


def _text(data: bytes) -> str:
    if b"\0" in data:
        raise BadLine("malformed")
    return data.decode()


def parse_tags(text: str) -> dict[str, str]:
    """Tags as they stand between `@` and the space; the last of two with one name counts."""
    tags: dict[str, str] = {}
    for tag in text.split(";"):
        key, _, value = tag.partition("=")
        if key:
            tags[key] = unescape(value) if "\\" in value else value
    return tags


def unescape(value: str) -> str:
    """What a tag's value means; a lone backslash at the end means nothing, an unknown escape its letter."""
    return _ESCAPES.sub(lambda found: _MEANT.get(found[1], found[1]), value)


def escape(value: str) -> str:
    """A value as a tag may carry it."""
    return value.translate(_ESCAPED)


def write_tags(tags: Mapping[str, str]) -> str:
    """Tags as they stand between `@` and the space."""
    return ";".join(f"{key}={escape(value)}" if value else key for key, value in tags.items())


def inert(text: str) -> str:
    """Text that cannot end a line. Nearly all is printable, and to see that is a tenth of the other way's work."""
    return text if text.isprintable() else text.translate(_INERT)


def write(source: str, command: str, params: Sequence[str] = (), tags: str = "") -> bytes:
    """One line with CR LF. The last parameter may hold anything but CR, LF, NUL, which become spaces or go.

    Middle parameters that could not be read again (empty, with a space or a colon in front) are a mistake of the
    caller; what such a one would break is kept together by `*`.
    """
    parts = [f"@{tags} " if tags else "", f":{inert(source)} " if source else "", command]
    for param in params[:-1]:
        clean = inert(param).replace(" ", "_")
        parts.append(" " + clean if clean and clean[0] != ":" else " *" + clean)
    if params:
        last = inert(params[-1])
        marked = type(params[-1]) is Text or not last or last[0] == ":" or " " in last
        parts.append(" :" + last if marked else " " + last)
    return "".join(parts).encode("utf-8", "replace") + b"\r\n"


def cut(line: str, room: int, whole: bool = False) -> Iterator[str]:
    """One line's text in pieces of at most `room` bytes, at spaces where there are any, never within a character.

    The space where it is cut is left out, unless the pieces are to make a `whole` again.
    """
    room = max(room, 8)
    data = line.encode("utf-8", "replace")
    while len(data) > room:
        end = data.rfind(b" ", room // 2, room if whole else room + 1)
        if end < 0:
            end = room
            while end > 1 and data[end] & 0xC0 == 0x80:
                end -= 1
            yield data[:end].decode()
            data = data[end:]
        else:
            yield data[: end + whole].decode()
            data = data[end + 1 :]
    yield data.decode()
