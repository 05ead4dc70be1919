"""Users, their devices, and the sessions they have open.

Rule: a name belongs to one account or one guest at a time, also in other letters' clothes (folded key and look-alike
skeleton are both unique); an account's alias (the nick it came with, where that is not its name) counts as a name
until its last session ends. Presence is counted from sessions, never flagged. What others see of somebody (`nick`,
`host`, `source`, who has which name in `shown`) changes when a turn leaves; names themselves at once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

from chatd.core.belongings import Box, Chain, Feed, Prekeys
from chatd.core.names import BadName, Name, fold, near
from chatd.core.turn import Refused
from chatd.entries import DeviceMade, NameKept, SanctionSet, UserMade

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatd.core.groups import Conversation
    from chatd.core.turn import Event
    from chatd.messages import Message

IDENT = "chat"
NOTHING: frozenset[str] = frozenset()
PLAIN = re.compile(r"[a-z0-9_.-]+")  # a name that can be part of a host


class Codec(Protocol):
    """Turns an event into one protocol's bytes; the same object for all sessions that want the same bytes."""

    def encode(self, event: Event) -> bytes:
        """The bytes of one event, ready to be written; none where this protocol does not tell it."""

    def encode_all(self, events: Sequence[Event]) -> bytes:
        """The bytes of several, one behind the other."""


class Link(Protocol):
    """What the core's neighbours need of a connection."""

    codec: Codec
    paused: bool

    def encode(self, event: Event) -> bytes:
        """One event that is for this session alone, as the session wants it."""

    def encode_all(self, events: Sequence[Event]) -> bytes:
        """Several of them, one behind the other."""

    def page(self, conversation: str, messages: Sequence[Message]) -> bytes:
        """Stored messages of one conversation, which this session has not heard."""

    def write(self, data: bytes) -> None:
        """Send bytes; what one release has for a session comes in one call."""

    @staticmethod
    def write_all(links: Sequence[Any], data: bytes) -> None:
        """Send the same bytes to each of these links, which want the same codec's."""

    def write_parts(self, parts: Sequence[bytes]) -> None:
        """The same of several pieces, which the kernel may put together."""

    def hold(self, reason: str) -> None:
        """Read nothing more from it until every reason is released."""

    def release(self, reason: str) -> None:
        """A reason for not reading is over."""

    def nudge(self) -> bool:
        """It has been silent: ask for a sign of life. Whether none is needed."""

    def admitted(self) -> None:
        """Somebody has logged in."""

    def end(self, event: Event) -> None:
        """Say this last, and close."""

    def abort(self) -> None:
        """Cut it at once."""


class User:
    """An account, or a guest (negative id, gone when the last session ends).

    `name` is who they are, `nick` what they are called; a guest's is the same. Times are in ms.
    """

    __slots__ = ("accounts_only", "active", "alias", "alone", "always_on", "away", "banned", "bot", "certificates",
                 "chains", "conversations", "devices", "disabled", "guest", "host", "id", "ident", "invisible", "key",
                 "markers", "metadata", "muted", "name", "nick", "no_ctcp", "operator", "realname", "role", "scram",
                 "sessions", "since", "skeleton", "source", "trusted", "verifier", "waiting", "wallops")  # fmt: skip

    def __init__(self, record: UserMade, guest: bool = False, host: str = "") -> None:
        self.id = record.user
        self.name = self.nick = record.name
        self.key = record.key
        self.skeleton = record.skeleton
        self.alias: Name | None = None
        self.role = record.role
        self.verifier = record.verifier
        self.scram = record.scram
        self.certificates: set[str] = set()
        self.guest = guest
        self.ident = IDENT
        self.host = host or (f"{record.key}.user" if PLAIN.fullmatch(record.key) else f"{record.user}.id")
        self.realname = ""
        self.bot = self.invisible = self.wallops = self.operator = self.always_on = False
        self.metadata: dict[str, str] = {}
        self.accounts_only = self.no_ctcp = False
        self.trusted: dict[User, None] = {}  # whose private words are taken whatever else is said
        self.alone = False  # takes one line session at a time
        self.banned: SanctionSet | None = None  # see core/sanctions.py; each may have ended
        self.muted: SanctionSet | None = None
        self.disabled: SanctionSet | None = None
        self.since = self.active = 0  # when the first of the open sessions came; when they last sent something
        self.away = ""
        self.waiting = 0  # direct messages from others that no device has acknowledged (an upper bound)
        self.markers: dict[str, int] = {}  # up to when they have read what (`Conversation.marked`)
        self.devices: dict[str, Device] = {}
        self.chains: list[Chain] = []  # signed lists of devices, one for each user key, the newest last
        self.sessions: dict[Session, None] = {}
        self.conversations: dict[int, Conversation] = {}
        self.look()

    def dwell(self) -> None:
        """An account has the host that goes with its name."""
        self.host = f"{self.key}.user" if PLAIN.fullmatch(self.key) else f"{self.id}.id"
        self.look(self.name)

    def look(self, nick: str = "", ident: str = "", host: str = "") -> None:
        """Be seen like this from here on; what is empty stays."""
        self.nick, self.ident, self.host = nick or self.nick, ident or self.ident, host or self.host
        self.source = f"{self.nick}!{self.ident}@{self.host}"

    @property
    def state(self) -> str:
        """`online`, `away` or `offline`."""
        if not self.sessions:
            return "offline"
        return "away" if self.away else "online"

    @property
    def seen(self) -> bool:
        """Whether their groups see them: they are here, or want to be seen always."""
        return bool(self.sessions) or self.always_on


class Device:
    """One installation of an account, with its cursors: conversation id to the last seq acknowledged.

    `box`: its encrypted mail.
    """

    __slots__ = ("box", "cursors", "curve25519", "ed25519", "id", "prekeys", "session", "user")

    def __init__(self, record: DeviceMade, user: User) -> None:
        self.id = record.device
        self.ed25519 = record.ed25519
        self.curve25519 = record.curve25519
        self.user = user
        self.cursors: dict[int, int] = {}
        self.prekeys = Prekeys()
        self.box = Box()
        self.session: Session | None = None


class Session:
    """One live connection. `behind`: conversations that still have stored messages for it, with the last seq sent.

    `line`: it came in by the line port, without a device of its own; `lobby`: it hears the lobby; `encrypted`: it
    understands encryption, and from its welcome on `feed` says how far it has been sent its device's mail.
    """

    __slots__ = ("address", "behind", "certificate", "device", "encrypted", "feed", "following", "heard", "held",
                 "known", "line", "link", "live", "lobby", "metered", "over", "proof", "pumping", "secure", "slowed",
                 "user", "watching")  # fmt: skip

    def __init__(self, link: Link, address: tuple[str, int]) -> None:
        self.link = link
        self.address = address
        self.user: User | None = None
        self.device: Device | None = None
        self.live: dict[Conversation, None] = {}
        self.behind: dict[Conversation, int] = {}
        self.known: dict[str, Conversation] = {}  # what `to` meant the last time
        self.held: list[Any] | None = None  # commands that wait for the answer to an earlier one
        self.proof: Any = None  # what admission needs: challenge, binding, failures so far
        self.heard = 0.0
        self.metered = True
        self.pumping = False
        self.slowed = False
        self.over = False
        self.line = False
        self.lobby = True
        self.encrypted = False
        self.feed: Feed | None = None
        self.secure = False
        self.certificate = ""  # of the TLS client: SHA-256, hex
        self.following = NOTHING  # of which keys of metadata it hears
        self.watching: dict[str, str] = {}  # whose coming and going it hears of: folded name to what it typed


class Users:
    """The directory of people."""

    def __init__(self) -> None:
        self.by_id: dict[int, User] = {}
        self.by_key: dict[str, User] = {}  # of names and aliases, like the next two
        self.by_name: dict[str, User] = {}
        self.by_skeleton: dict[str, User] = {}
        self.shown: dict[str, User] = {}  # guests whose coming has been told and whose going has not
        self.lasting: dict[User, None] = {}  # accounts that want to be seen always
        self.marked: dict[User, None] = {}  # all who are here invisibly or as operators, and perhaps who were
        self.devices: dict[str, Device] = {}
        self.certificates: dict[str, User] = {}  # of TLS clients, by fingerprint: whom they prove
        self.next_id = 1
        self.next_guest = -1

    def add(self, user: User) -> None:
        """Put a user in; the name has been checked."""
        self.by_id[user.id] = user
        self._put(user, Name(user.name, user.key, user.skeleton))
        self.next_id = max(self.next_id, user.id + 1)

    def remove(self, user: User) -> None:
        """Take a guest out."""
        del self.by_id[user.id]
        self.marked.pop(user, None)
        self._take(user, Name(user.name, user.key, user.skeleton))

    def _put(self, user: User, name: Name) -> None:
        self.by_key[name.key] = self.by_name[name.display] = self.by_skeleton[name.skeleton] = user

    def _take(self, user: User, name: Name) -> None:
        for names, text in (
            (self.by_key, name.key), (self.by_name, name.display), (self.by_skeleton, name.skeleton)
        ):  # fmt: skip
            if names.get(text) is user:
                del names[text]

    def rename(self, guest: User, name: Name) -> None:
        """Give a guest another name, which has been checked; the old one is free."""
        self._take(guest, Name(guest.name, guest.key, guest.skeleton))
        guest.name, guest.key, guest.skeleton = name.display, name.key, name.skeleton
        self._put(guest, name)

    def rename_account(self, user: User, name: Name) -> None:
        """Give an account another name, which has been checked; the old one stays its own. Nobody is here as it.

        It is seen as before until it is told to `dwell`, when that has been told.
        """
        self.by_key[name.key] = self.by_name[name.display] = self.by_skeleton[name.skeleton] = user
        user.name, user.key, user.skeleton = name.display, name.key, name.skeleton

    def keep(self, record: NameKept) -> None:
        """A name that an account had before."""
        self._put(self.by_id[record.user], Name(record.name, record.key, record.skeleton))

    def forget(self, user: User, name: Name) -> None:
        """An account is deleted: nothing is left but a number, under a name that nobody wants. Nobody is here as it."""
        for names in (self.by_key, self.by_name, self.by_skeleton):
            for text in [text for text, holder in names.items() if holder is user]:
                del names[text]
        for device in user.devices:
            del self.devices[device]
        for fingerprint in list(user.certificates):
            self.untie(fingerprint)
        self.lasting.pop(user, None)
        user.devices.clear()
        user.chains.clear()
        user.metadata.clear()
        user.markers.clear()
        user.verifier = user.scram = user.realname = ""
        user.bot = user.always_on = False
        user.role = "student"
        self._put(user, name)
        user.name, user.key, user.skeleton = name.display, name.key, name.skeleton

    def call(self, user: User, name: Name) -> None:
        """Have an account found by another name, too, which has been checked; one that it had before is free."""
        self.release(user)
        if name.display != user.name:
            user.alias = name
            self._put(user, name)

    def release(self, user: User) -> None:
        """An account's alias is free."""
        if user.alias is not None:
            self._take(user, user.alias)
            user.alias = None
            self._put(user, Name(user.name, user.key, user.skeleton))  # the two may have looked the same

    def tie(self, user: User, fingerprint: str) -> None:
        """This certificate proves this account."""
        self.certificates[fingerprint] = user
        user.certificates.add(fingerprint)

    def untie(self, fingerprint: str) -> None:
        """It proves nothing any more."""
        self.certificates.pop(fingerprint).certificates.discard(fingerprint)

    def add_device(self, record: DeviceMade) -> Device:
        """Put a device in."""
        user = self.by_id[record.user]
        device = user.devices[record.device] = self.devices[record.device] = Device(record, user)
        return device

    def remove_device(self, device: Device) -> None:
        """Take a device out."""
        del device.user.devices[device.id], self.devices[device.id]

    def get(self, name: str) -> User | None:
        """Who has this name, in whatever letters."""
        user = self.by_name.get(name)
        if user is None:
            try:
                user = self.by_key.get(fold(name).key)
            except BadName:
                return None
        return user

    def find(self, name: str) -> User:
        """Who has this name. Raises Refused `no-such-user` with similar names."""
        user = self.get(name)
        if user is None:
            raise Refused("no-such-user", f"There is nobody named {name!r}.", near=near(name, self.by_name))
        return user

    def known(self, name: str) -> User | None:
        """Whom an event means by this name when it leaves: a guest may have gone, or be called otherwise, since."""
        return self.shown.get(name) or self.get(name)

    def source(self, name: str) -> str:
        """`nick!ident@host` of whom an event means by this name."""
        user = self.known(name)
        return user.source if user is not None else f"{name}!{IDENT}@gone"

    def checked(self, name: str, but: User | None = None, owned: bool = False) -> Name:
        """A name that nobody (`but` this user) has. Raises Refused `bad-name` or `name-taken`; changes nothing.

        `owned`: say `name-owned` where it is an account's.
        """
        try:
            folded = fold(name)
        except BadName as error:
            raise Refused("bad-name", str(error)) from None
        holder = self.by_key.get(folded.key)
        if holder is not None and holder is not but:
            if owned and holder.key == folded.key and not holder.guest:
                raise Refused("name-owned", f"{holder.name} is somebody's account.")
            raise Refused("name-taken", "Username already taken!")
        twin = self.by_skeleton.get(folded.skeleton)
        if twin is not None and twin is not but:
            alias = twin.alias
            shown = alias.display if alias is not None and alias.skeleton == folded.skeleton else twin.name
            raise Refused("name-taken", f"Username already taken! It looks like {shown!r}.", near=[shown])
        return folded

    def reserve(self, name: str, role: str, now: int, guest: bool = False, but: User | None = None) -> UserMade:
        """The record of a new user. Raises Refused `bad-name` or `name-taken`; changes nothing."""
        folded = self.checked(name, but)
        number = self.next_guest if guest else self.next_id
        return UserMade(number, folded.display, folded.key, folded.skeleton, role, now)
