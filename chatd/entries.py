"""What is kept: the entries that a turn gives to the journal, and the records that a store gives back.

Rule: frozen values without behaviour; this file imports nothing of ours. They never go on the wire. Times are
milliseconds since 1970 in UTC.
"""

from __future__ import annotations

import msgspec


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What every entry has in common."""


class UserMade(Entry, frozen=True):
    """An account. `key` is the folded name, `skeleton` its look-alike form; both are unique."""

    user: int
    name: str
    key: str
    skeleton: str
    role: str
    created: int
    verifier: str = ""


class VerifierSet(Entry, frozen=True):
    """An account's Argon2id verifier (PHC string); empty: no password."""

    user: int
    verifier: str


class DeviceMade(Entry, frozen=True):
    """A device of an account."""

    device: str
    user: int
    ed25519: bytes
    curve25519: bytes
    created: int


class ConversationMade(Entry, frozen=True):
    """A group (`name` and `key` set) or a direct conversation (`users` set, in ascending order)."""

    conversation: int
    name: str
    key: str
    users: tuple[int, int] | None
    created: int
    private: bool = False
    announce: bool = False
    topic: str = ""


class ConversationSet(Entry, frozen=True):
    """A group's policy and topic as they are now."""

    conversation: int
    private: bool
    announce: bool
    topic: str


class MemberSet(Entry, frozen=True):
    """Somebody belongs to a conversation with this role (`invited` too); sees what comes after `since`."""

    conversation: int
    user: int
    role: str
    since: int


class MemberGone(Entry, frozen=True):
    """Somebody no longer belongs to a group; the cursors of their devices for it go too."""

    conversation: int
    user: int


class Append(Entry, frozen=True):
    """A message for a conversation's log; the store gives it its seq. (sender, id) is unique."""

    conversation: int
    at: int
    sender: str
    id: bytes
    body: bytes
    content: str = "text"


class CursorMoved(Entry, frozen=True):
    """A device has acknowledged a conversation up to `seq`."""

    device: str
    conversation: int
    seq: int


class InvitationUsed(Entry, frozen=True):
    """A one-time invitation was used up."""

    invitation: str
    user: int
    at: int


class Stored(msgspec.Struct, frozen=True, gc=False):
    """Where an append came to rest; `repeat`: it was there already, these are the first one's seq and time."""

    seq: int
    at: int
    repeat: bool = False


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A message read back from a log. A store may keep it as the array of its fields: a new one goes to the end."""

    seq: int
    at: int
    sender: str
    id: bytes
    body: bytes
    content: str = "text"


class LogState(msgspec.Struct, frozen=True, gc=False):
    """Where a conversation's log stands: newest seq and its time, and up to where it was purged."""

    conversation: int
    head: int
    at: int
    floor: int


class Directory(msgspec.Struct, frozen=True):
    """Everything of a store but the messages: what a node has in memory."""

    epoch: str
    users: list[UserMade] = []
    devices: list[DeviceMade] = []
    conversations: list[ConversationMade] = []
    members: list[MemberSet] = []
    logs: list[LogState] = []
    cursors: list[CursorMoved] = []
    invitations: list[InvitationUsed] = []
