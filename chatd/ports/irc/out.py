"""One line on its way out, and how it looks to clients with different capabilities.

Rule: pure. Who makes a line gives it every tag there is; `format_line` leaves out what a client has not asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from chatd.wire.irc import write, write_tags

# The tags a server sets, and the capability that lets them through; `+...` and any other need message-tags.
NEEDED = {
    "time": "server-time",
    "account": "account-tag",
    "batch": "batch",
    "label": "labeled-response",
    "draft/multiline-concat": "draft/multiline",
}
FORMATS = frozenset(NEEDED.values()) | {"message-tags"}


class Out(NamedTuple):
    """A line: its source (empty: none), command, parameters, and all its tags."""

    source: str
    command: str
    params: tuple[str, ...] = ()
    tags: Mapping[str, str] = {}


def format_line(out: Out, caps: frozenset[str]) -> bytes:
    """The bytes of a line for a client with these capabilities."""
    if not out.tags:
        return write(out.source, out.command, out.params)
    tags = {key: value for key, value in out.tags.items() if NEEDED.get(key, "message-tags") in caps}
    return write(out.source, out.command, out.params, write_tags(tags))


def format_lines(outs: Iterable[Out], caps: frozenset[str]) -> bytes:
    """The bytes of several."""
    return b"".join([format_line(out, caps) for out in outs])


def stamp(at: int) -> str:
    """A time in milliseconds as the tag `time` has it (IRCv3 server-time)."""
    seconds, rest = divmod(at, 1000)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{rest:03d}Z"
