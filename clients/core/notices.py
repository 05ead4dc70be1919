"""What a client's core tells its face: every notice is one value, and the face decides how it looks.

Rule: values only. Texts in them come from the network: a face makes them inert before it shows them.
"""

from __future__ import annotations

import msgspec

from chatd.messages import GroupChange, Message
from chatd.moderation import ModesChanged
from chatd.wire.pack import Event
from clients.core.edits import edited
from clients.core.intents import Intent
from clients.core.offers import Offer, offered


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
    """A message. `own`: from another session of oneself. `stored`: sent before this login, so tell when.

    `security`: how much its sender's key is trusted (`verified`, `vouched`, `first-seen`, `changed`), or `plain`: the
    server can read it. `missing`: so many messages of that device have not come yet. `file`: what it offers.
    `edits`: it is the new text of the message with this id; of one that is kept, its own.
    """

    conversation: str
    seq: int
    at: int
    sender: str
    id: bytes
    text: str
    own: bool = False
    stored: bool = False
    peer: str = ""
    security: str = "plain"
    missing: int = 0
    file: Offer | None = None
    edits: bytes = b""

    @classmethod
    def of(cls, message: Message, own: bool, stored: bool, peer: str) -> Said:
        """What a message says; one that was taken away says so."""
        text = taken_away(message.text) if message.kind == "redacted" else message.text
        tags = message.tags if message.kind != "redacted" else ""
        file = offered(tags) if tags else None
        return cls(
            message.conversation, message.seq, message.at, message.sender, message.id, text, own, stored, peer,
            file=file, edits=edited(tags) if tags and file is None else b"",
        )  # fmt: skip


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

    `passed`: who is here has it, and it is kept nowhere: a guest, or the operators of a group. `edits`:
    it is the new text of the message with this id.
    """

    id: bytes
    to: str
    text: str
    state: str
    conversation: str = ""
    seq: int = 0
    at: int = 0
    before: str = ""
    security: str = "plain"
    edits: bytes = b""


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
    """The server says something. `old`, `new`: the names of a group, where it has another one now."""

    code: str
    text: str
    old: str = ""
    new: str = ""


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


class AskSecret(Notice, frozen=True):
    """What an intent lacks is wanted, typed without being shown: the account's password, or the recovery code."""

    intent: Intent


class Secure(Notice, frozen=True):
    """Something about encryption. `code`: one of the table of texts (`e2ee/refusals.py`); all else are its arguments.

    `user`: whom it is about; `to`: the conversation, as one writes to it; `number`: how many; `at`: when; `detail`: a
    device, a group, the check that failed. `id`: the message of one's own that was not sent; `intent`: what was asked.
    """

    code: str
    user: str = ""
    to: str = ""
    number: int = 0
    at: int = 0
    detail: str = ""
    id: bytes = b""
    intent: Intent | None = None


class Compare(Notice, frozen=True):
    """The safety number of oneself and somebody: twelve groups of five digits, to be read to each other.

    `trust`: as `Said.security`; `changed`: the number is that of the new key, which was not accepted.
    """

    user: str
    number: str
    trust: str
    changed: bool = False
    intent: Intent | None = None


class CompareShort(Notice, frozen=True):
    """A comparison of short strings. `state`: `asked` (by somebody: accept or cancel), `waiting` (for the other side),
    `compare` (say whether these agree), `done`, `cancelled`, `failed` (they differ, or somebody was in between)."""

    user: str
    state: str
    emoji: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    intent: Intent | None = None


class OwnDevice(msgspec.Struct, frozen=True):
    """One device of one's account. `listed`: others encrypt for it; `sessions`: how many connections it has open;
    `since`: when this device first saw it, in ms (0: not known)."""

    device: str
    this: bool = False
    listed: bool = False
    primary: bool = False
    sessions: int = 0
    waiting: bool = False
    since: int = 0


class OwnDevices(Notice, frozen=True):
    """The devices of one's account; `waiting` ones want to be listed. `code`: the number of one's own key, the same on
    every device of one's own."""

    devices: tuple[OwnDevice, ...]
    code: str = ""
    intent: Intent | None = None


class KeysStatus(Notice, frozen=True):
    """How encryption stands on this device. `counts`: what was refused silently, by code; `people`: by trust;
    `profile`: what opens the files here, in words."""

    device: str
    listed: bool
    primary: bool
    left: int
    code: str = ""
    people: tuple[tuple[str, str], ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    recovery: bool = False
    intent: Intent | None = None
    profile: str = ""


class RecoveryCode(Notice, frozen=True):
    """What opens the copy of the own key that the server keeps: shown once, kept nowhere here."""

    code: str
    intent: Intent | None = None


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
