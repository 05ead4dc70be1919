"""What a port may look up at once: who somebody is now, how many there are, what a session has been told.

Rule: it only reads. What is seen here is what has been said: names and hosts change when a turn leaves, so a line that
is made at a release shows whom it means as they were then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatd.core import metadata
from chatd.core.hub import Hub
from chatd.core.names import BadName, fold
from chatd.core.people import profile
from chatd.core.search import counts
from chatd.core.turn import Refused
from chatd.core.users import Session, User
from chatd.people import Counts, Profile
from chatd.wire.offer import offered, path_of

IDS: Final = 100  # for so many the random part is drawn at once
ID_RANDOM: Final = 10  # bytes of an id behind its time, as RFC 9562 wants them: 4 bits of version, 2 of variant
_VERSION_AND_VARIANT: Final = int.from_bytes((0x7 << 76 | 0b10 << 62).to_bytes(ID_RANDOM, "big") * IDS, "big")
_FREE: Final = int.from_bytes((0xFFF << 64 | (1 << 62) - 1).to_bytes(ID_RANDOM, "big") * IDS, "big")


class Lookup:
    """A port's view of the hub."""

    def __init__(
        self, hub: Hub, wall: Callable[[], float], random: Callable[[int], bytes], strangers: Callable[[], int]
    ) -> None:
        self._hub = hub
        self._wall = wall
        self._random = random
        self._strangers = strangers
        self._ids = b""  # drawn, and not given out
        self._next_id = 0
        self.links = ""  # where browsers find files; empty: nowhere

    def now(self) -> int:
        """The time in ms."""
        return int(self._wall() * 1000)

    def id(self) -> bytes:
        """A new message id: a UUIDv7 (RFC 9562, section 5.7)."""
        at = self._next_id
        if at == len(self._ids):
            drawn = int.from_bytes(self._random(ID_RANDOM * IDS), "big")
            self._ids = (drawn & _FREE | _VERSION_AND_VARIANT).to_bytes(ID_RANDOM * IDS, "big")
            at = 0
        self._next_id = at + ID_RANDOM
        return int(self._wall() * 1000).to_bytes(6, "big") + self._ids[at : at + ID_RANDOM]

    # ---- files ----

    def link(self, tags: str) -> str:
        """Where a browser finds the file that a message offers, to stand behind its text; nothing where it does not."""
        offer = offered(tags) if self.links and tags else None
        blob = self._hub.blobs.by_id.get(offer.id) if offer is not None else None
        return f" {self.links}{path_of(blob)}" if blob is not None and blob.name else ""

    # ---- people ----

    def source(self, name: str) -> str:
        """`nick!ident@host` of whom an event means by this name."""
        return self._hub.users.source(name)

    def person(self, name: str) -> Profile | None:
        """What may be seen of whom an event means by this name."""
        user = self._hub.users.known(name)
        return profile(user, self.now()) if user is not None else None

    def user(self, name: str) -> User | None:
        """Whom an event means by this name; only to be read."""
        return self._hub.users.known(name)

    def counts(self) -> Counts:
        """How many there are."""
        return counts(self._hub, 0, self._strangers())

    # ---- sessions ----

    def nick(self, session: Session) -> str:
        """What this session's user is called now; empty for strangers."""
        return session.user.nick if session.user is not None else ""

    def name(self, session: Session) -> str:
        """The name of this session's user; empty for strangers."""
        return session.user.name if session.user is not None else ""

    def check_nick(self, session: Session, nick: str) -> str:
        """Whether a stranger may be called so: empty, or the code of the refusal."""
        try:
            name = fold(nick)
        except BadName:
            return "bad-name"
        users = self._hub.users
        for user in (users.by_key.get(name.key), users.by_skeleton.get(name.skeleton)):
            if user is not None and user is not getattr(session.proof, "account", None):
                return "name-taken" if user.sessions or user.guest else "name-owned"
        return ""

    def check_metadata(self, key: str, value: str) -> tuple[str, str]:
        """Whether somebody may carry this: empty, or the code of the refusal and its text."""
        try:
            metadata.checked(self._hub, key, value)
        except Refused as refusal:
            return refusal.code, refusal.text
        return "", ""

    def joined(self, session: Session) -> list[str]:
        """The groups this session's user is in."""
        assert session.user is not None
        return [group.name for group in session.user.conversations.values() if not group.direct]

    def groups(self, session: Session) -> list[str]:
        """The groups this session's user may see."""
        user = session.user
        assert user is not None
        return [
            group.name
            for group in self._hub.conversations.groups.values()
            if group.size() and ("s" not in group.modes or group.member(user) is not None)
        ]

    def invitations(self, session: Session) -> list[str]:
        """The groups this session's user is invited to."""
        assert session.user is not None
        number = session.user.id
        groups = self._hub.conversations.groups.values()
        return [group.name for group in groups if number in group.members and group.members[number].invited]

    def hides(self, group: str) -> bool:
        """Whether those without a mode are not to be seen in a group, not even by themselves."""
        found = self._hub.conversations.named(group)
        return found is not None and "u" in found.modes

    def modes(self, group: str, name: str) -> str:
        """The letters of somebody's modes in a group."""
        found, user = self._hub.conversations.named(group), self._hub.users.known(name)
        member = found.member(user) if found is not None and user is not None else None
        return member.modes if member is not None else ""

    def watched(self, session: Session) -> list[str]:
        """The names that this session monitors."""
        return list(session.watching.values())

    def recode(self, session: Session) -> None:
        """The session's codec is another one from here on."""
        for audience in self._hub.audiences(session):
            audience.recode()

    def told(self, session: Session) -> list[tuple[str, int]]:
        """Conversations with the newest seq this session was sent and its device has not acknowledged."""
        device, user = session.device, session.user
        if device is None or user is None:
            return []
        sent = [(conversation, conversation.head) for conversation in session.live]
        sent += session.behind.items()
        told = []
        for conversation, seq in sent:
            member = conversation.members.get(user.id)
            if member is not None and seq > device.cursors.get(conversation.id, member.since):
                told.append((conversation.name, seq))
        return told
