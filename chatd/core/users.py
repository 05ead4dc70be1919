"""Users, their devices, and the sessions they have open.

Rule: a name belongs to one account or one guest at a time, also in other letters' clothes (folded key and look-alike
skeleton are both unique); presence is counted from sessions, never flagged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from chatd.core.names import BadName, fold, near
from chatd.core.turn import Refused
from chatd.entries import DeviceMade, UserMade

if TYPE_CHECKING:
    from chatd.core.groups import Conversation
    from chatd.messages import Event


class Codec(Protocol):
    """Turns an event into one protocol's bytes; the same object for all sessions that want the same bytes."""

    def encode(self, event: Event) -> bytes:
        """The bytes of one event, ready to be written."""


class Link(Protocol):
    """What the core's neighbours need of a connection."""

    codec: Codec
    paused: bool

    def write(self, data: bytes) -> None:
        """Send bytes; what one release has for a session comes in one call."""

    def hold(self, reason: str) -> None:
        """Read nothing more from it until every reason is released."""

    def release(self, reason: str) -> None:
        """A reason for not reading is over."""

    def admitted(self) -> None:
        """Somebody has logged in."""

    def end(self, event: Event) -> None:
        """Say this last, and close."""

    def abort(self) -> None:
        """Cut it at once."""


class User:
    """An account, or a guest (negative id, gone when the last session ends)."""

    __slots__ = ("away", "conversations", "devices", "guest", "id", "key", "name", "role", "sessions", "skeleton",
                 "verifier", "waiting")  # fmt: skip

    def __init__(self, record: UserMade, guest: bool = False) -> None:
        self.id = record.user
        self.name = record.name
        self.key = record.key
        self.skeleton = record.skeleton
        self.role = record.role
        self.verifier = record.verifier
        self.guest = guest
        self.away = ""
        self.waiting = 0  # direct messages from others that no device has acknowledged (an upper bound)
        self.devices: dict[str, Device] = {}
        self.sessions: dict[Session, None] = {}
        self.conversations: dict[int, Conversation] = {}

    @property
    def state(self) -> str:
        """`online`, `away` or `offline`."""
        if not self.sessions:
            return "offline"
        return "away" if self.away else "online"


class Device:
    """One installation of an account, with its cursors: conversation id to the last seq acknowledged."""

    __slots__ = ("cursors", "ed25519", "id", "session", "user")

    def __init__(self, record: DeviceMade, user: User) -> None:
        self.id = record.device
        self.ed25519 = record.ed25519
        self.user = user
        self.cursors: dict[int, int] = {}
        self.session: Session | None = None


class Session:
    """One live connection. `behind`: conversations that still have stored messages for it, with the last seq sent."""

    __slots__ = ("address", "behind", "device", "heard", "held", "known", "link", "live", "metered", "over", "proof",
                 "pumping", "slowed", "user")  # fmt: skip

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


class Users:
    """The directory of people."""

    def __init__(self) -> None:
        self.by_id: dict[int, User] = {}
        self.by_key: dict[str, User] = {}
        self.by_name: dict[str, User] = {}
        self.by_skeleton: dict[str, User] = {}
        self.devices: dict[str, Device] = {}
        self.next_id = 1
        self.next_guest = -1

    def add(self, user: User) -> None:
        """Put a user in; the name has been checked."""
        self.by_id[user.id] = user
        self.by_key[user.key] = user
        self.by_name[user.name] = user
        self.by_skeleton[user.skeleton] = user
        self.next_id = max(self.next_id, user.id + 1)

    def remove(self, user: User) -> None:
        """Take a guest out."""
        del self.by_id[user.id], self.by_key[user.key], self.by_name[user.name], self.by_skeleton[user.skeleton]

    def add_device(self, record: DeviceMade) -> Device:
        """Put a device in."""
        user = self.by_id[record.user]
        device = user.devices[record.device] = self.devices[record.device] = Device(record, user)
        return device

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

    def reserve(self, name: str, role: str, now: int, guest: bool = False) -> UserMade:
        """The record of a new user. Raises Refused `bad-name` or `name-taken`; changes nothing."""
        try:
            folded = fold(name)
        except BadName as error:
            raise Refused("bad-name", str(error)) from None
        if folded.key in self.by_key:
            raise Refused("name-taken", "Username already taken!")
        twin = self.by_skeleton.get(folded.skeleton)
        if twin is not None:
            raise Refused("name-taken", f"Username already taken! It looks like {twin.name!r}.", near=[twin.name])
        number = self.next_guest if guest else self.next_id
        return UserMade(number, folded.display, folded.key, folded.skeleton, role, now)
