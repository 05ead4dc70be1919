"""What a client's core tells its face: every notice is one value, and the face decides how it looks.

Rule: values only. Texts in them come from the network: a face makes them inert before it shows them.
"""

from __future__ import annotations

import msgspec

from chatd.messages import GroupChange, Message
from chatd.moderation import ModesChanged
from chatd.wire.pack import Event
from clients.core.intents import Intent


class Notice(msgspec.Struct, frozen=True):
    """What every notice has in common."""


class Security(msgspec.Struct, frozen=True):
    """What protects the connection. `how`: `system`, `pinned`, `new` (pinned just now) or `none` (no TLS)."""

    how: str = "none"
    version: str = ""
    fingerprint: str = ""
    expires: str = ""


class Connected(Notice, frozen=True):
    """The line is open, and the certificate is in order."""

    security: Security


class AskName(Notice, frozen=True):
    """A name is needed. `code` says why the last one was not taken (empty: the first time)."""

    code: str = ""
    text: str = ""


class AskTrust(Notice, frozen=True):
    """The server's certificate is unknown here: is this its fingerprint?"""

    server: str
    fingerprint: str


class Welcomed(Notice, frozen=True):
    """The login is done. `again`: it was a reconnect. `unread`: conversations and how much they hold."""

    name: str
    present: tuple[str, ...]
    present_count: int
    unread: tuple[tuple[str, int], ...]
    again: bool = False
    guest: bool = False
    waiting: int = 0


class Said(Notice, frozen=True):
    """A message. `own`: from another session of oneself. `stored`: sent before this login, so tell when."""

    conversation: str
    seq: int
    at: int
    sender: str
    id: bytes
    text: str
    own: bool = False
    stored: bool = False
    peer: str = ""

    @classmethod
    def of(cls, message: Message, own: bool, stored: bool, peer: str) -> Said:
        """What a message says; one that was taken away says so."""
        text = taken_away(message.text) if message.kind == "redacted" else message.text
        return cls(message.conversation, message.seq, message.at, message.sender, message.id, text, own, stored, peer)


def taken_away(reason: str) -> str:
    """What stands for a text that is no more."""
    return f"(taken away: {reason})" if reason else "(taken away)"


class TakenAway(Notice, frozen=True):
    """The text of a message is no more."""

    conversation: str
    seq: int
    by: str
    reason: str = ""


class Outcome(Notice, frozen=True):
    """How a message of one's own fares: `waiting` (no connection), `sent`, `stored` or `delivered`.

    `passed`: who is here has it, and it is kept nowhere: a guest, or the operators of a group.
    """

    id: bytes
    to: str
    text: str
    state: str
    conversation: str = ""
    seq: int = 0
    at: int = 0
    before: str = ""


class Refused(Notice, frozen=True):
    """Something was not done. `intent` is what was asked, where that is known."""

    code: str
    text: str
    near: tuple[str, ...] = ()
    retry: float = 0.0
    intent: Intent | None = None
    id: bytes = b""


class Answered(Notice, frozen=True):
    """The server's answer to an intent. `known`: for a join, whether one belonged to the group before."""

    intent: Intent
    event: Event
    known: bool = False
    took: float = 0.0


class Came(Notice, frozen=True):
    """Somebody's presence changed; `before` is the state they were in."""

    name: str
    state: str
    text: str = ""
    before: str = "offline"


class Changed(Notice, frozen=True):
    """A group was changed; `me`: it concerns oneself."""

    event: GroupChange
    me: bool = False


class ModesSet(Notice, frozen=True):
    """Somebody else changed modes of a group. What also comes as Changed (roles, announcements) is in it, too."""

    event: ModesChanged


class Passing(Notice, frozen=True):
    """Something said that is kept nowhere: to oneself, or to a group. `own`: from another session of oneself.

    `to`: `@name` or `#group`; `least`: only to those with this mode or a higher one (`h`: operators of whatever kind).
    """

    sender: str
    to: str
    id: bytes
    at: int
    text: str
    own: bool = False
    least: str = ""


class Told(Notice, frozen=True):
    """The server says something."""

    code: str
    text: str


class Local(Notice, frozen=True):
    """The client itself says something, in lines."""

    lines: tuple[str, ...]
    intent: Intent | None = None


class Found(Notice, frozen=True):
    """What a search of the local history found, oldest first."""

    text: str
    messages: tuple[Said, ...]


class AskPassword(Notice, frozen=True):
    """A new password is wanted, typed without being shown."""


class Lost(Notice, frozen=True):
    """The connection ended; the next try is in `retry` seconds. `still`: it was gone already, a try has failed."""

    reason: str
    retry: float
    still: bool = False


class Ended(Notice, frozen=True):
    """The client is done. `code`: `left`, `unreachable` (never connected), `untrusted`, `changed` (certificate),
    `refused` (no login), `waiting` (not everything was accepted in time), `disk`, `gone` (nobody reads what is shown).
    """

    code: str
    text: str = ""
