"""The vocabulary of the past: pages of a conversation by time or message, what happened besides messages, how far read.

Rule: as in `messages`. Times are milliseconds; a place in a conversation is a time or a message's id.
"""

from __future__ import annotations

import msgspec

from chatd.messages import Message, Value


class Happening(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What happened in a conversation besides messages.

    `kind`: `joined left quit kicked topic modes renamed nick redacted passed`; `text`: see `core/archive.py`.
    """

    at: int
    id: bytes
    sender: str
    kind: str
    text: str


class Place(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A place in a conversation: a message's id, else a time; neither: the end."""

    id: bytes = b""
    at: int = 0


class ReaderIs(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How a message fares with somebody, by the device that is furthest.

    `state`: acknowledged, sent (written to a connection), behind (they read slowly), away, disabled; `at`: since when,
    0 where that is not known (any more).
    """

    name: str
    state: str
    at: int


# ---- commands --------------------------------------------------------------------------------------------------


class Browse(Value, frozen=True, tag="browse"):
    """A page of a conversation: `latest` (after `one`, if given), `before`, `after`, `around` one, `between` two.

    `between` starts at `one` and goes towards `two`, which may be earlier. Places themselves are not included (but
    for `around`). `events`: with what else happened.
    """

    ref: int
    to: str
    way: str
    one: Place
    two: Place = Place()
    limit: int = 100
    events: bool = False


class Targets(Value, frozen=True, tag="targets"):
    """Which conversations have their newest message between two times."""

    ref: int
    after: int
    before: int
    limit: int = 100


class Mark(Value, frozen=True, tag="mark"):
    """One has read a conversation up to this time; 0 asks. It never goes back."""

    ref: int
    to: str
    at: int = 0


class Explain(Value, frozen=True, tag="explain"):
    """What became of a message of one's own: by its seq in a conversation, or its id; neither: the newest."""

    ref: int
    to: str
    seq: int = 0
    id: bytes = b""


# ---- events ----------------------------------------------------------------------------------------------------


class Pages(Value, frozen=True, tag="pages"):
    """The answer to `browse`, oldest first."""

    ref: int
    conversation: str
    messages: list[Message]
    events: list[Happening] = []


class TargetList(Value, frozen=True, tag="targetlist"):
    """The answer to `targets`: conversations and the time of their newest message, oldest first."""

    ref: int
    targets: list[tuple[str, int]]


class Marked(Value, frozen=True, tag="marked"):
    """Up to when one has read a conversation (0: never); with ref 0 another session of one's own said so."""

    ref: int
    conversation: str
    at: int


class Explained(Value, frozen=True, tag="explained"):
    """The answer to `explain`. `at`: accepted; `written`: on disk, at the latest; 0: no longer known.

    `readers` may be cut; `counts` are over those.
    """

    ref: int
    conversation: str
    seq: int
    id: bytes
    at: int
    written: int
    readers: list[ReaderIs]
    counts: list[tuple[str, int]] = []


Command = Browse | Targets | Mark | Explain
Event = Pages | TargetList | Marked | Explained
