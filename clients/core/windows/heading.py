"""What stands over a conversation and before what one types there: whose it is, and who can read it.

Rule: pure. It is told in words, and an open conversation says so wherever it is written to.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from clients.core import alerts, inert
from clients.core.answers import LOBBY
from clients.core.view import Talk

OPEN: Final = "everybody here and the server read this"
OPEN_TALK: Final = "not encrypted: the server can read this"


class Heading(NamedTuple):
    """`mark`: as `[e2e]`; `words`: who can read it; `alarm`: it is open, or something is wrong with a key."""

    name: str
    mark: str
    words: str
    alarm: bool
    topic: str


def heading(talk: Talk | None, to: str) -> Heading:
    """Of a conversation."""
    security = talk.security if talk is not None else ""
    mark = alerts.mark_of(talk) if talk is not None and to != LOBBY else ""
    is_open = security == alerts.PLAIN or to == LOBBY
    words = OPEN if to == LOBBY else OPEN_TALK if is_open else alerts.WORDS.get(security, "")
    topic = inert.line(talk.topic) if talk is not None and talk.topic else ""
    return Heading(inert.name(to), mark, words, is_open or security == alerts.CHANGED, topic)


def prompt(talk: Talk | None, to: str) -> str:
    """What stands before the input: where it goes, and who can read it there."""
    mark = alerts.mark_of(talk) if talk is not None and to != LOBBY else ""
    return "You: " if to == LOBBY else f"{mark} You [{inert.name(to.removeprefix('#'))}]: ".lstrip()
