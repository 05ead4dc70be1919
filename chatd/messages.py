"""The vocabulary of the wire: what a client may ask (commands) and what it is told (events).

Rule: frozen values without behaviour; this file imports nothing of ours. On the wire a value is a MessagePack
array that opens with its tag (`docs/protocol.md`): a new field is added at the end with a default, so that an
older reader ignores it and an older writer leaves it out. Times are milliseconds since 1970 in UTC.
"""

from __future__ import annotations

from typing import Final

import msgspec

PROTOCOL_VERSIONS: Final = (1,)
FEATURES: Final[tuple[str, ...]] = ("resume", "receipts", "e2ee")
LOBBY: Final = "#lobby"
LOGIN_LABEL: Final = b"chatd/v1/login\0"
SIGNUP_LABEL: Final = b"chatd/v1/signup\0"
DEVICE_LABEL: Final = b"device\0"
EXPORTER_LABEL: Final = b"EXPORTER-Channel-Binding"  # RFC 9266, section 4.2


class Value(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="is"):
    """What every value on the wire has in common."""


# ---- commands: client to server --------------------------------------------------------------------------------


class Hello(Value, frozen=True, tag="hello"):
    """The first frame of a connection: which protocol versions and features the client knows."""

    versions: list[int]
    features: list[str] = []
    client: str = ""


class DeviceKeys(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One installation's public keys; the id is made of the keys, so it cannot be given to others."""

    device: str
    ed25519: bytes
    curve25519: bytes


class SignUp(Value, frozen=True, tag="signup"):
    """Claim a name for a device's keys. The signature covers the greeting's challenge and the channel."""

    ref: int
    name: str
    keys: DeviceKeys
    signature: bytes
    invitation: str = ""


class Login(Value, frozen=True, tag="login"):
    """Prove to be a device of an account by signing the greeting's challenge and the channel."""

    ref: int
    name: str
    device: str
    signature: bytes


class Link(Value, frozen=True, tag="link"):
    """Add this device to an account by its password."""

    ref: int
    name: str
    password: str
    keys: DeviceKeys
    signature: bytes


class Enter(Value, frozen=True, tag="enter"):
    """Come in as a guest: a name without an account; lobby and open groups only, no mailbox."""

    ref: int
    name: str


class Resume(Value, frozen=True, tag="resume"):
    """Go on with an earlier login by the token of its welcome."""

    ref: int
    token: bytes


class Send(Value, frozen=True, tag="send"):
    """Send text to `@name` or `#group`. `id`: 16 bytes, a UUIDv7; a repeat of the same id gets the first answer.

    `kind`: `text` or `notice` (which no program answers). `tags`: client-only message tags as IRCv3 writes them.
    """

    ref: int
    to: str
    id: bytes
    text: str
    kind: str = "text"
    tags: str = ""


class Acknowledge(Value, frozen=True, tag="ack"):
    """Everything of this conversation up to `seq` is safe with this device. No reply."""

    conversation: str
    seq: int


class Join(Value, frozen=True, tag="join"):
    """Join a group, making it where it does not exist (unless `create` is false)."""

    ref: int
    group: str
    create: bool = True
    private: bool = False
    key: str = ""


class Leave(Value, frozen=True, tag="leave"):
    """Stop being a member of a group."""

    ref: int
    group: str
    reason: str = ""


class Invite(Value, frozen=True, tag="invite"):
    """Invite somebody to a group; a private group is entered in no other way."""

    ref: int
    group: str
    name: str


class Kick(Value, frozen=True, tag="kick"):
    """Remove a member from a group (operators and owners)."""

    ref: int
    group: str
    name: str
    reason: str = ""


class SetRole(Value, frozen=True, tag="role"):
    """Make a member `owner`, `op` or `member` of a group (owners)."""

    ref: int
    group: str
    name: str
    role: str


class SetPolicy(Value, frozen=True, tag="policy"):
    """Change what a group allows (owners and operators); None leaves a setting as it is."""

    ref: int
    group: str
    private: bool | None = None
    announce: bool | None = None


class SetTopic(Value, frozen=True, tag="topic"):
    """Set a group's topic; None asks for it."""

    ref: int
    group: str
    topic: str | None = None


class Members(Value, frozen=True, tag="members"):
    """Who belongs to a group."""

    ref: int
    group: str


class Groups(Value, frozen=True, tag="groups"):
    """The groups one may see: own ones, and the open ones."""

    ref: int


class Who(Value, frozen=True, tag="who"):
    """Who is here now."""

    ref: int


class Whois(Value, frozen=True, tag="whois"):
    """What may be known about one person."""

    ref: int
    name: str


class Away(Value, frozen=True, tag="away"):
    """Say that one is away, and why; an empty text ends it."""

    ref: int
    text: str = ""


class Inbox(Value, frozen=True, tag="inbox"):
    """Where each of one's conversations stands: head, own cursor, what is unread."""

    ref: int


class History(Value, frozen=True, tag="history"):
    """A page of a conversation: the newest `limit` messages before `before` (0: the end), oldest first."""

    ref: int
    to: str
    before: int = 0
    limit: int = 50


class SetPassword(Value, frozen=True, tag="password"):
    """Set or change the account's password; `old` is needed where there is one. An empty `new` removes it."""

    ref: int
    new: str
    old: str = ""


class Devices(Value, frozen=True, tag="devices"):
    """The devices of one's account."""

    ref: int


class Ping(Value, frozen=True, tag="ping"):
    """Ask for a pong: everything this connection asked before has been answered when it comes."""

    ref: int


class Quit(Value, frozen=True, tag="quit"):
    """Leave for good; the server says goodbye and closes."""

    ref: int
    reason: str = ""


# ---- events: server to client ----------------------------------------------------------------------------------


class Greeting(Value, frozen=True, tag="greeting"):
    """The answer to a hello. A changed epoch says that the server was restored from a backup: resynchronise."""

    version: int
    epoch: str
    features: list[str]
    challenge: bytes
    server: str
    at: int
    registration: str = "open"
    guests: bool = True
    text_limit: int = 16384


class Position(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where one conversation stands for one device.

    `floor`: messages up to here are no longer kept. `heard`: up to where the others have acknowledged.
    """

    conversation: str
    head: int
    cursor: int
    floor: int = 0
    heard: int = 0
    role: str = "member"
    topic: str = ""
    private: bool = False
    announce: bool = False
    topic_by: str = ""
    topic_at: int = 0
    created: int = 0
    marker: int = 0  # up to when one has read it; see archive.Mark


class Welcome(Value, frozen=True, tag="welcome"):
    """The login is done: who one is, how to resume, one's conversations, and who else is here.

    `mail`: up to where this device has acknowledged its encrypted mail, and the newest there is (feature `e2ee`).
    """

    ref: int
    name: str
    token: bytes
    conversations: list[Position]
    present: list[str]
    present_count: int
    role: str = "student"
    guest: bool = False
    mail: tuple[int, int] = (0, 0)


class Failed(Value, frozen=True, tag="failed"):
    """A command did nothing. `code` is stable; `near` has similar names; `retry` is in seconds."""

    ref: int
    code: str
    text: str
    near: list[str] = []
    retry: float = 0.0


class Accepted(Value, frozen=True, tag="accepted"):
    """A message is on disk. `state`: `sent` (a reader is on), `stored` (nobody is) or `delivered` (a reader has it)."""

    ref: int
    conversation: str
    seq: int
    at: int
    state: str


class Message(Value, frozen=True, tag="message"):
    """A message of a conversation one belongs to. Its identity is (conversation, seq); seqs have no gaps."""

    conversation: str
    seq: int
    at: int
    sender: str
    id: bytes
    text: str
    kind: str = "text"
    tags: str = ""


class Delivered(Value, frozen=True, tag="delivered"):
    """A reader has acknowledged everything one sent to this conversation up to `seq`."""

    conversation: str
    seq: int
    by: str


class Presence(Value, frozen=True, tag="presence"):
    """Somebody came (`online`), left (`offline`), was cut off (`lost`), or is `away`."""

    name: str
    state: str
    text: str = ""


class GroupInfo(Value, frozen=True, tag="group"):
    """The answer to a join, a policy or a topic: how the group stands.

    `created`: it was made just now; `already`: one was in before; `at` and `id`: of what one did, as in `change`.
    """

    ref: int
    position: Position
    members: int
    created: bool = False
    already: bool = False
    at: int = 0
    id: bytes = b""


class GroupChange(Value, frozen=True, tag="change"):
    """Somebody changed a group: `joined left kicked invited role topic private open announce talk`; `by` did it.

    `at` and `id`: as in the conversation's past, where it is kept (`archive.Happening`).
    """

    group: str
    change: str
    name: str
    by: str = ""
    text: str = ""
    at: int = 0
    id: bytes = b""


class Member(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One person of a list."""

    name: str
    role: str
    state: str
    modes: str = ""


class MemberList(Value, frozen=True, tag="memberlist"):
    """The answer to `members`. `secret`: strangers do not see the group."""

    ref: int
    group: str
    members: list[Member]
    secret: bool = False


class GroupSummary(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One group of a list."""

    group: str
    members: int
    joined: bool
    private: bool
    announce: bool
    topic: str = ""
    created: int = 0
    topic_at: int = 0
    present: int = 0


class GroupList(Value, frozen=True, tag="grouplist"):
    """The answer to `groups`."""

    ref: int
    groups: list[GroupSummary]


class WhoList(Value, frozen=True, tag="wholist"):
    """The answer to `who`; `count` is right even where the list was cut."""

    ref: int
    people: list[Member]
    count: int


class Person(Value, frozen=True, tag="person"):
    """The answer to `whois`."""

    ref: int
    name: str
    role: str
    state: str
    text: str
    guest: bool
    groups: list[str]
    nick: str = ""
    ident: str = ""
    host: str = ""
    realname: str = ""
    modes: list[str] = []  # one's modes in each of `groups`
    idle: int = 0
    since: int = 0
    operator: bool = False
    bot: bool = False
    secure: bool = False
    certificate: str = ""
    address: str = ""


class InboxList(Value, frozen=True, tag="inboxlist"):
    """The answer to `inbox`."""

    ref: int
    conversations: list[Position]


class DeviceList(Value, frozen=True, tag="devicelist"):
    """The answer to `devices`: ids, and how many sessions each has open."""

    ref: int
    devices: list[tuple[str, int]]


class Page(Value, frozen=True, tag="page"):
    """The answer to `history`, oldest first; `more`: there is something before it."""

    ref: int
    conversation: str
    messages: list[Message]
    more: bool


class Done(Value, frozen=True, tag="done"):
    """A command was carried out (and is on disk, where that matters); `at`, `id`: as in a `change`, if that is kept."""

    ref: int
    at: int = 0
    id: bytes = b""


class Pong(Value, frozen=True, tag="pong"):
    """The answer to a ping."""

    ref: int
    at: int


class Notice(Value, frozen=True, tag="notice"):
    """The server says something: `slow-down`, `draining`, `invited` ..."""

    code: str
    text: str
    retry: float = 0.0


class Bye(Value, frozen=True, tag="bye"):
    """The last event of a connection, with the reason for its end."""

    code: str
    text: str


Command = (
    Hello | SignUp | Login | Link | Enter | Resume | Send | Acknowledge | Join | Leave | Invite | Kick | SetRole
    | SetPolicy | SetTopic | Members | Groups | Who | Whois | Away | Inbox | History | SetPassword | Devices | Ping
    | Quit
)  # fmt: skip

Event = (
    Greeting | Welcome | Failed | Accepted | Message | Delivered | Presence | GroupInfo | GroupChange | MemberList
    | GroupList | WhoList | Person | InboxList | DeviceList | Page | Done | Pong | Notice | Bye
)  # fmt: skip
