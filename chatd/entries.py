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
    scram: str = ""


class VerifierSet(Entry, frozen=True):
    """An account's Argon2id verifier (PHC string), and the one for SCRAM-SHA-256; empty: no password."""

    user: int
    verifier: str
    scram: str = ""


class UserSet(Entry, frozen=True):
    """What an account has chosen: to be seen in its groups always, and what it calls itself."""

    user: int
    always_on: bool
    realname: str
    bot: bool = False


class CertificateSet(Entry, frozen=True):
    """A TLS client certificate (SHA-256, hex) that proves an account; a fingerprint proves one account only."""

    fingerprint: str
    user: int


class CertificateGone(Entry, frozen=True):
    """It proves nothing any more."""

    fingerprint: str


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
    modes: str = ""  # letters of core/modes.py, sorted
    password: str = ""  # IRC's channel key
    limit: int = 0
    topic: str = ""
    topic_by: str = ""
    topic_at: int = 0


class ConversationSet(Entry, frozen=True):
    """A group's modes and topic as they are now."""

    conversation: int
    modes: str
    password: str = ""
    limit: int = 0
    topic: str = ""
    topic_by: str = ""
    topic_at: int = 0


class ConversationRenamed(Entry, frozen=True):
    """A group has another name."""

    conversation: int
    name: str
    key: str


class ConversationClosed(Entry, frozen=True):
    """A group has no members left: its name is free, its members, masks and markers are gone; its log goes with age."""

    conversation: int


class MaskSet(Entry, frozen=True):
    """A mask on one of a group's lists (`mode`: b, e, I)."""

    conversation: int
    mode: str
    mask: str
    by: str
    at: int


class MaskGone(Entry, frozen=True):
    """A mask is off the list."""

    conversation: int
    mode: str
    mask: str


class MemberSet(Entry, frozen=True):
    """Somebody belongs to a conversation; sees what comes after `since`.

    `role`: `invited`, `member`, or the words for their modes in descending order: `owner`, `op+voice` ...
    """

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
    content: str = "text"  # text, notice, event, redacted
    tags: str = ""


class CursorMoved(Entry, frozen=True):
    """A device has acknowledged a conversation up to `seq`."""

    device: str
    conversation: int
    seq: int


class MarkerMoved(Entry, frozen=True):
    """Somebody says to have read a conversation up to this time; never back."""

    user: int
    conversation: int
    at: int


class MetadataSet(Entry, frozen=True):
    """A key of an account (`conversation` 0) or of a group (`user` 0); an empty value takes it away."""

    user: int
    conversation: int
    key: str
    value: str


class Happened(Entry, frozen=True):
    """What happened in a conversation besides messages; it has no seq and nobody acknowledges it."""

    conversation: int
    at: int
    id: bytes
    sender: str
    kind: str  # as in archive.Happening
    text: str


class Redaction(Entry, frozen=True):
    """A message's text goes for ever; its place in the log stays, with content `redacted` and the reason as body."""

    conversation: int
    seq: int
    by: str
    reason: str


class BlobMade(Entry, frozen=True):
    """An upload has begun. `readers`: who may fetch it, as words: `@` and a user, `#` and a conversation, `!` and the
    hex of an encrypted group; `name` and `type` of a file that is sent in clear."""

    blob: bytes
    user: int
    size: int
    at: int
    readers: str
    name: str = ""
    type: str = ""
    committed: int = 0
    sha256: bytes = b""


class BlobCommitted(Entry, frozen=True):
    """An upload is whole, and its bytes are on the disk."""

    blob: bytes
    committed: int
    sha256: bytes


class BlobReaders(Entry, frozen=True):
    """A blob is for fewer from here on; `readers` as in BlobMade."""

    blob: bytes
    readers: str


class BlobGone(Entry, frozen=True):
    """A blob is no longer kept; its bytes are taken away after this."""

    blob: bytes


class InvitationUsed(Entry, frozen=True):
    """An invitation was used by this account, which nobody does twice."""

    invitation: str
    user: int
    at: int


class InvitationSet(Entry, frozen=True):
    """What is known of an invitation besides its code: how often it may be used (0: it was taken back), until when,
    into which group it leads (0: none), and whose account it opens (0: it makes a new one)."""

    invitation: str
    uses: int
    until: int
    conversation: int
    user: int
    by: str
    at: int


class AccountSet(Entry, frozen=True):
    """What an account is called, and its role, as they are now."""

    user: int
    name: str
    key: str
    skeleton: str
    role: str


class NameKept(Entry, frozen=True):
    """A name that an account had before: nobody else has it."""

    user: int
    name: str
    key: str
    skeleton: str


class UserGone(Entry, frozen=True):
    """An account is deleted: what it had and had chosen is gone. Its number stays, for what it has said to others."""

    user: int


class SanctionSet(Entry, frozen=True):
    """What is done about an account, or (`user` 0) about guests from a network. `kind`: ban, mute, disabled.

    `until` 0: for ever.
    """

    kind: str
    user: int
    network: str
    until: int
    reason: str
    by: str
    at: int


class SanctionGone(Entry, frozen=True):
    """It is over."""

    kind: str
    user: int
    network: str


class RosterSet(Entry, frozen=True):
    """An account of the class's list, with the numbers of the groups that the list has put it into."""

    user: int
    groups: str


class ReportSet(Entry, frozen=True):
    """Somebody reports a message: what they say of it, and what has become of that. `state`: open, taken, closed.

    `text`: as the reporter sent it.
    """

    report: int
    reporter: str
    conversation: str
    seq: int
    sender: str
    text: str
    reason: str
    at: int
    state: str = "open"
    by: str = ""
    note: str = ""
    changed: int = 0


class ReportGone(Entry, frozen=True):
    """An old report is forgotten."""

    report: int


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
    tags: str = ""


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
    settings: list[UserSet] = []
    certificates: list[CertificateSet] = []
    masks: list[MaskSet] = []
    markers: list[MarkerMoved] = []
    metadata: list[MetadataSet] = []
    invitations: list[InvitationUsed] = []
    blobs: list[BlobMade] = []
    offers: list[InvitationSet] = []
    names: list[NameKept] = []
    sanctions: list[SanctionSet] = []
    roster: list[RosterSet] = []
    reports: list[ReportSet] = []
    newest: int = 0  # the highest number of a conversation, closed ones included: the next one's is higher
