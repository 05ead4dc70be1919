"""What a face may show, as one frozen value; and the state it is taken from.

Rule: pure. `State` changes only through the session; a face only ever sees a View.
"""

from __future__ import annotations

import unicodedata

import msgspec

from chatd.messages import LOBBY, GroupChange, Position, Presence, Welcome

OFFLINE, CONNECTING, ONLINE = "offline", "connecting", "online"


class Talk(msgspec.Struct, frozen=True):
    """One conversation. `to`: how one writes to it (`@name`, `#group`).

    `security`: of what is said there now: `verified`, `vouched`, `first-seen`, `changed`, `plain`; `encrypted` for a
    group, and `plain` where nothing says otherwise. `paused`: the code of what keeps one from sending, until one
    decides.
    """

    conversation: str
    to: str
    unread: int = 0
    role: str = "member"
    topic: str = ""
    security: str = ""
    encrypted: bool = False
    paused: str = ""


class Security(msgspec.Struct, frozen=True):
    """How a conversation is protected: the last three of a Talk."""

    security: str = ""
    encrypted: bool = False
    paused: str = ""


class View(msgspec.Struct, frozen=True):
    """A snapshot."""

    me: str
    status: str
    focus: str
    talks: tuple[Talk, ...]
    present: tuple[str, ...]
    waiting: int
    guest: bool = False


def fold(name: str) -> str:
    """A name as the server compares it, near enough to find oneself in `dm:a:b`."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).lower())


def peer_of(conversation: str, me: str) -> str:
    """The other one of a direct conversation, folded; empty for a group."""
    parts = conversation.split(":")
    if len(parts) != 3 or parts[0] != "dm":
        return ""
    return parts[2] if parts[1] == fold(me) else parts[1]


class State:
    """What is known of the world while one is logged in."""

    def __init__(self) -> None:
        self.me = ""
        self.guest = False
        self.status = OFFLINE
        self.focus = LOBBY
        self.positions: dict[str, Position] = {}
        self.names: dict[str, str] = {}
        self.unread: dict[str, int] = {}
        self.present: dict[str, str] = {}
        self.heads: dict[str, int] = {}
        self.security: dict[str, Security] = {}

    def welcome(self, welcome: Welcome) -> None:
        """Everything anew."""
        self.me, self.guest, self.status = welcome.name, welcome.guest, ONLINE
        self.positions = {position.conversation: position for position in welcome.conversations}
        self.heads = {position.conversation: position.head for position in welcome.conversations}
        self.present = dict.fromkeys((name for name in welcome.present if name != welcome.name), "online")

    def presence(self, event: Presence) -> str:
        """Somebody's state; returns the one before."""
        before = self.present.get(event.name, "offline")
        if event.state in ("offline", "lost"):
            self.present.pop(event.name, None)
        else:
            self.present[event.name] = event.state
        return before

    def heard(self, conversation: str, sender: str) -> None:
        """A message to count; a direct one also tells how its writer spells the name."""
        self.positions.setdefault(conversation, Position(conversation, 0, 0))
        if not self._is(conversation, self.focus):
            self.unread[conversation] = self.unread.get(conversation, 0) + 1
        if not conversation.startswith("#"):
            self.names[fold(sender)] = sender

    def passing(self, name: str) -> None:
        """Private words, with a guest, that nobody keeps: a conversation all the same, and an open one."""
        conversation = "dm:" + ":".join(sorted((fold(self.me), fold(name))))
        self.positions.setdefault(conversation, Position(conversation, 0, 0))
        self.names.setdefault(fold(name), name)

    def peer(self, conversation: str) -> str:
        """With whom one talks there, as that person writes the name where that is known."""
        folded = peer_of(conversation, self.me)
        return self.names.get(folded, folded)

    def change(self, event: GroupChange) -> bool:
        """A group changed; returns whether it concerns oneself."""
        me = fold(event.name) == fold(self.me)
        if me and event.change in ("left", "kicked"):
            self.leave(event.group, event.change == "left")
        if me and event.change == "joined":
            self.positions.setdefault(event.group, Position(event.group, 0, 0))
        return me

    def leave(self, group: str, willingly: bool = True) -> str:
        """One is no longer in it; returns its name as the server writes it.

        Who was put out keeps looking at it: what they are typing is refused there rather than said in the lobby.
        """
        name = next((known for known in self.positions if fold(known) == fold(group)), group)
        self.positions.pop(name, None)
        self.unread.pop(name, None)
        if willingly and fold(self.focus) == fold(group):
            self.focus = LOBBY
        return name

    def rename(self, old: str, new: str) -> None:
        """A group has another name."""
        position = self.positions.pop(old, None) or Position(old, 0, 0)
        self.positions[new] = msgspec.structs.replace(position, conversation=new)
        for known in (self.unread, self.heads):
            if old in known:
                known[new] = known.pop(old)
        if fold(self.focus) == fold(old):
            self.focus = new

    def look_at(self, to: str) -> None:
        """Bare lines go here from now on."""
        self.focus = to
        for name in [name for name in self.unread if self._is(name, to)]:
            del self.unread[name]

    def _is(self, conversation: str, to: str) -> bool:
        """Whether what one writes to `to` (`#group`, `@name`) goes into this conversation."""
        peer = peer_of(conversation, self.me)
        return fold("@" + peer if peer else conversation) == fold(to)

    def view(self, waiting: int) -> View:
        """The snapshot."""
        talks = tuple(self._talk(position) for position in self.positions.values())
        return View(self.me, self.status, self.focus, talks, tuple(self.present), waiting, self.guest)

    def _talk(self, position: Position) -> Talk:
        name = position.conversation
        to = name if name.startswith("#") else "@" + self.peer(name)
        kept = self.security.get(name, Security("plain"))
        unread = self.unread.get(name, 0)
        return Talk(name, to, unread, position.role, position.topic, kept.security, kept.encrypted, kept.paused)
