"""What one round of input decided: entries to keep, then deliveries to let go.

Rule: nothing of a turn is heard before all of its entries are durable; then its items leave in order. A delivery names
all its recipients at once by their audience, which is looked at when it leaves, not when it was decided: who joined
in between has asked for it by an item that left earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from chatd import archive, blobs, encryption, messages, moderation, people
from chatd.entries import Append, Entry

if TYPE_CHECKING:
    from chatd.core.groups import Audience, Conversation
    from chatd.core.users import Session

Command = messages.Command | moderation.Command | people.Command | archive.Command | encryption.Command | blobs.Command
Event = messages.Event | moderation.Event | people.Event | archive.Event | encryption.Event | blobs.Event


class Refused(Exception):
    """A command that may not be carried out; it has changed nothing. `code` is of `docs/protocol.md`."""

    def __init__(self, code: str, text: str, near: list[str] | None = None, retry: float = 0.0) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.near = near or []
        self.retry = retry


class Item(msgspec.Struct, gc=False, eq=False):
    """What every item has in common. Python's search for cycles is not to look at thousands of them."""


class Reply(Item, eq=False):
    """An event for one session."""

    session: Session
    event: Event


class Cast(Item, eq=False):
    """An event for everybody of an audience, but for one session."""

    audience: Audience
    event: Event
    but: Session | None


class Post(Item, eq=False):
    """Messages that one session sends to one conversation in a row: their events are made when the store has given them
    their seqs. `name`, `sender`: as the conversation and the sender were called."""

    conversation: Conversation
    name: str
    sender: str
    session: Session
    said: Sequence[messages.Send]


class Then(Item, eq=False):
    """Something to do in memory when its turn comes to leave (who hears what from here on)."""

    function: Callable[..., None]
    arguments: tuple[Any, ...]


class Turn:
    """One round: `now` is its time in ms."""

    __slots__ = ("entries", "items", "now")

    def __init__(self, now: int) -> None:
        self.now = now
        self.entries: list[Entry] = []
        self.items: list[Item] = []

    def keep(self, entry: Entry) -> None:
        """Make this durable before anything of the turn leaves."""
        self.entries.append(entry)

    def reply(self, session: Session, event: Event) -> None:
        """Tell one session."""
        self.items.append(Reply(session, event))

    def cast(self, audience: Audience, event: Event, but: Session | None = None) -> None:
        """Tell everybody of an audience, but for one session."""
        self.items.append(Cast(audience, event, but))

    def post(
        self, conversation: Conversation, appends: Sequence[Append], session: Session, said: Sequence[messages.Send]
    ) -> None:
        """Keep messages (one for each that was said), tell their readers, and tell their sender that they were
        accepted."""
        self.entries += appends
        self.items.append(Post(conversation, conversation.name, appends[0].sender, session, said))

    def then(self, function: Callable[..., None], *arguments: Any) -> None:
        """Call this when everything before it has left."""
        self.items.append(Then(function, arguments))
