"""The vocabulary of people: who somebody is, how they come in without a device of ours, what others see of them.

Rule: as in `messages`. A person's `name` is the account's (or the guest's); their `nick` is what IRC shows, mostly the
same. Nothing here carries a password in an event.
"""

from __future__ import annotations

import msgspec

from chatd.messages import Value


class Profile(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What may be seen of a person in a list. `role`: in the group that was asked for, as letters of `qaohv`."""

    name: str
    nick: str
    account: str  # empty: a guest
    ident: str
    host: str
    realname: str
    state: str  # online, away, offline
    operator: bool = False
    bot: bool = False
    modes: str = ""
    group: str = ""
    idle: int = 0  # seconds
    since: int = 0
    away: str = ""


# ---- commands: coming in -----------------------------------------------------------------------------------------


class Prove(Value, frozen=True, tag="prove"):
    """One step of SASL (RFC 4422): `mechanism` in the first step only; an empty mechanism and `*` data abort."""

    ref: int
    mechanism: str
    data: bytes


class Register(Value, frozen=True, tag="register"):
    """Claim a name by a password, without a device (before or after coming in).

    `other`: make an account for somebody else (operators of the server); answered by `done`.
    """

    ref: int
    name: str
    password: str
    invitation: str = ""
    other: bool = False


class Arrive(Value, frozen=True, tag="arrive"):
    """Come in: as the account that was proved, else as a guest. `nick` need not be the account's name."""

    ref: int
    nick: str
    ident: str
    realname: str


class SetNick(Value, frozen=True, tag="nick"):
    """Be called otherwise."""

    ref: int
    nick: str


class BecomeOperator(Value, frozen=True, tag="operator"):
    """Become an operator of the server by its configuration's name and password."""

    ref: int
    name: str
    password: str


# ---- commands: what others see -----------------------------------------------------------------------------------


class SetProfile(Value, frozen=True, tag="profile"):
    """Change what others see; None leaves it as it is."""

    ref: int
    realname: str | None = None
    bot: bool | None = None
    invisible: bool | None = None
    wallops: bool | None = None
    operator: bool | None = None  # may only be given up
    alone: bool | None = None  # one connection of the line port at a time
    accounts_only: bool | None = None  # no private words of guests, but of those one has written to, or trusts
    no_ctcp: bool | None = None  # none in private


class Trust(Value, frozen=True, tag="trust"):
    """Take private words of somebody, though one takes those of accounts only; or no longer."""

    ref: int
    name: str
    on: bool = True


class SetAlwaysOn(Value, frozen=True, tag="alwayson"):
    """Be seen in one's groups also without a session; None asks."""

    ref: int
    on: bool | None = None


class SetCertificate(Value, frozen=True, tag="certificate"):
    """Tie a TLS client certificate to the account (SHA-256, hex); an empty one is this connection's. `on`: or untie."""

    ref: int
    fingerprint: str = ""
    on: bool = True


class Find(Value, frozen=True, tag="find"):
    """Who fits: a group's name, a nick, or a mask with `*` and `?` over nick, ident, host, realname."""

    ref: int
    mask: str
    operators: bool = False


class Past(Value, frozen=True, tag="past"):
    """Who had this nick."""

    ref: int
    nick: str
    limit: int = 0


class LeaveAll(Value, frozen=True, tag="leaveall"):
    """Leave every group (IRC's JOIN 0); answered by `done` behind a `change` for each."""

    ref: int


class Count(Value, frozen=True, tag="count"):
    """How many people, groups, operators there are."""

    ref: int


class Monitor(Value, frozen=True, tag="monitor"):
    """Hear of the coming and going of these names."""

    ref: int
    add: list[str] = []
    remove: list[str] = []
    clear: bool = False


class Pass(Value, frozen=True, tag="pass"):
    """Say something that is kept nowhere: typing, tags, a guest's private words, a word to a group's operators.

    `kind`: `text`, `notice` or `tags`. `least`: of a group only those with this mode (`v`, `o` ...) or a higher one.
    """

    ref: int
    to: str
    id: bytes
    text: str
    kind: str = "text"
    tags: str = ""
    least: str = ""


class SetMetadata(Value, frozen=True, tag="setmetadata"):
    """Set a key of oneself (`to` empty), a group; None removes it, of the key `*` all of them."""

    ref: int
    to: str
    key: str
    value: str | None = None


class AskMetadata(Value, frozen=True, tag="askmetadata"):
    """Keys of somebody or a group; no keys: all of them."""

    ref: int
    to: str
    keys: list[str] = []


class FollowMetadata(Value, frozen=True, tag="followmetadata"):
    """Hear of changes of these keys (`on`), or no longer; no keys: only ask which ones."""

    ref: int
    keys: list[str]
    on: bool = True


# ---- events ----------------------------------------------------------------------------------------------------


class Challenge(Value, frozen=True, tag="challenge"):
    """The server's step of SASL."""

    ref: int
    data: bytes


class Proved(Value, frozen=True, tag="proved"):
    """SASL is through: whose account it is. `data`: what a mechanism says last."""

    ref: int
    name: str
    data: bytes = b""


class Arrived(Value, frozen=True, tag="arrived"):
    """One is in, without a device of ours: who one is. What one is in follows, a `group` each."""

    ref: int
    name: str
    nick: str
    profile: Profile
    groups: int
    guest: bool


class PersonChanged(Value, frozen=True, tag="personchanged"):
    """Something about somebody with whom one shares a group, or about oneself.

    `change`: `nick` (the new one in `text`), `away` (the text; empty: back), `account` (empty: none), `realname`,
    `host` (the new `ident@host`), `bot` (empty: no longer), `gone` (the last session ended; the reason), `here` (into
    `group`: came back and is seen there again). `nick`: what they were called until now. `group` is `*` where one only
    monitors them. `away`, `here` and `gone` are for line sessions: the frames have `presence`.
    """

    name: str
    nick: str
    change: str
    text: str = ""
    group: str = ""


class ProfileIs(Value, frozen=True, tag="profileis"):
    """How one's own settings stand."""

    ref: int
    always_on: bool
    invisible: bool
    wallops: bool
    bot: bool
    operator: bool
    alone: bool = False
    accounts_only: bool = False
    no_ctcp: bool = False


class ProfileList(Value, frozen=True, tag="profilelist"):
    """The answer to `find`."""

    ref: int
    mask: str
    people: list[Profile]
    more: bool = False


class PastList(Value, frozen=True, tag="pastlist"):
    """The answer to `past`, newest first; `since` of each is when they left."""

    ref: int
    nick: str
    people: list[Profile]


class Counts(Value, frozen=True, tag="counts"):
    """The answer to `count`."""

    ref: int
    people: int
    invisible: int
    operators: int
    strangers: int
    groups: int
    most: int


class Monitored(Value, frozen=True, tag="monitored"):
    """Of those one wants to hear of, these are here, those are not."""

    ref: int
    online: list[Profile]
    offline: list[str]


class Passing(Value, frozen=True, tag="passing"):
    """Something said that is kept nowhere (see `pass`). `to`: a group's name (with `#`), or a person's."""

    sender: str
    to: str
    id: bytes
    at: int
    text: str
    kind: str = "text"
    tags: str = ""
    least: str = ""


class Passed(Value, frozen=True, tag="passed"):
    """The answer to `pass`: it went out. `away`: the peer's text."""

    ref: int
    at: int
    away: str = ""


class Metadata(Value, frozen=True, tag="metadata"):
    """Keys of somebody or a group: the answer, or (ref 0) a change of a followed one by `by`; None: not set."""

    ref: int
    to: str
    values: list[tuple[str, str | None]]
    by: str = ""


class Followed(Value, frozen=True, tag="followed"):
    """The answer to `followmetadata`: all keys that one follows."""

    ref: int
    keys: list[str]


Command = (
    Prove | Register | Arrive | SetNick | BecomeOperator | SetProfile | Trust | SetAlwaysOn | SetCertificate | Find
    | Past | LeaveAll | Count | Monitor | Pass | SetMetadata | AskMetadata | FollowMetadata
)  # fmt: skip

Event = (
    Challenge | Proved | Arrived | PersonChanged | ProfileIs | ProfileList | PastList | Counts | Monitored | Passing
    | Passed | Metadata | Followed
)  # fmt: skip
