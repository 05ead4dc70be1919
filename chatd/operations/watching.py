"""What happens, while it happens: who comes and goes, who says how much to whom, what somebody's program asks.

Rule: metadata only: names, kinds, numbers, sizes. Nobody watching costs the node one look at an attribute for each
command and message; a listener is told so many things a second, and how many were left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from chatd.core.turn import Command, Post
from chatd.core.users import Session
from chatd.encryption import PutMail
from chatd.entries import Stored
from chatd.messages import Send

if TYPE_CHECKING:
    from chatd.operations.service import Service

PER_SECOND = 50


class Seen(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that happened. `at` is in ms; `kind` is came, went, message, sealed
    (encrypted mail, when it is handed in), command or left-out."""

    at: int
    kind: str
    who: str = ""
    to: str = ""
    what: str = ""
    number: int = 0
    bytes: int = 0


Listener = Callable[[Seen], None]


class Feed:
    """Tells listeners; is plugged into the node only while there are some."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._listeners: list[Listener] = []

    def add(self, listener: Listener) -> Callable[[], None]:
        """Tell this from here on, until what is returned is called."""
        if not self._listeners:
            self._service.node.watchers.append(self)
            self._service.node.observe(self)
        self._listeners.append(listener)

        def remove() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)
                if not self._listeners:
                    self._service.node.watchers.remove(self)
                    self._service.node.observe(None)

        return remove

    def _tell(self, kind: str, who: str, to: str = "", what: str = "", number: int = 0, size: int = 0) -> None:
        seen = Seen(self._service.now(), kind, who, to, what, number, size)
        for listener in list(self._listeners):
            listener(seen)

    # ---- the node's side ----

    def arrived(self, name: str, address: tuple[str, int]) -> None:
        """A session is in."""
        self._tell("came", name)

    def departed(self, name: str, address: tuple[str, int], lost: bool) -> None:
        """A session is out."""
        self._tell("went", name, what="lost" if lost else "")

    def received(self, session: Session, command: Command) -> None:
        """Somebody's program asks for something."""
        if session.user is None:
            return
        if isinstance(command, PutMail):
            others = [name for name in command.lists if name != session.user.name]
            self._tell(
                "sealed",
                session.user.name,
                " ".join(others),
                "",
                0,
                sum(len(item.ciphertext) for item in command.items),
            )
        else:
            to = getattr(command, "group", "") or getattr(command, "conversation", "")
            self._tell("command", session.user.name, str(to), type(command).__name__.lower())

    def posted(self, post: Post, said: Send, stored: Stored, state: str) -> None:
        """A message is on disk and leaves."""
        what = "repeat" if stored.repeat else state
        self._tell("message", post.sender, post.name, what, stored.seq, len(said.text.encode()))


def watch(
    service: Service, put: Listener, user: str = "", group: str = "", kinds: tuple[str, ...] = ()
) -> Callable[[], None]:
    """Tell `put` what happens: of one person, in one group, of these kinds (where given); stop by what is returned."""
    room, left_out, second = PER_SECOND, 0, 0

    def listen(seen: Seen) -> None:
        nonlocal room, left_out, second
        if (kinds and seen.kind not in kinds) or (group and seen.to != group) or (user and not _is_of(seen, user)):
            return
        if seen.at // 1000 != second:
            if left_out:
                put(Seen(seen.at, "left-out", number=left_out))
            room, left_out, second = PER_SECOND, 0, seen.at // 1000
        if room:
            room -= 1
            put(seen)
        else:
            left_out += 1

    return service.feed.add(listen)


def _is_of(seen: Seen, user: str) -> bool:
    if seen.to.startswith("dm:"):
        return seen.who == user or user.casefold() in seen.to.split(":")[1:]
    return user in (seen.who, *seen.to.split())
