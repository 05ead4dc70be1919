"""What was said and is not yet accepted: kept in order, sent again after every reconnect with the first id.

Rule: pure. An item leaves when the server has accepted or finally refused it, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

import msgspec

from clients.core.replies import LATE

# Refusals that pass by themselves: the item stays and goes out again after a while.
PASSING: Final = frozenset({"busy", "rate-limited", "throttled", "not-logged-in"})
LEAST_WAIT: Final = 1.0


def message_id(at: int, random: bytes) -> bytes:
    """A UUIDv7 (RFC 9562, section 5.7) of a time in ms and ten random bytes: such ids are quick to keep in order."""
    marked = bytes((0x70 | random[0] & 0x0F, random[1], 0x80 | random[2] & 0x3F))
    return at.to_bytes(6, "big") + marked + random[3:10]


class Outgoing(msgspec.Struct, frozen=True):
    """One message on its way. `id` is made once, before the first try. `edits`: the message whose new text it is."""

    id: bytes
    to: str
    text: str
    at: int
    edits: bytes = b""


class Outbox:
    """The items by id in the order of saying; `refs` are the tries of this connection."""

    def __init__(self, items: Iterable[Outgoing] = ()) -> None:
        self._items: dict[bytes, Outgoing] = {item.id: item for item in items}
        self._refs: dict[int, bytes] = {}
        self._late: dict[int, float] = {}
        self._later: dict[bytes, float] = {}

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, message_id: bytes) -> bool:
        return message_id in self._items

    def all(self) -> list[Outgoing]:
        """Everything, in order."""
        return list(self._items.values())

    def add(self, item: Outgoing) -> None:
        """Take a new message in."""
        self._items[item.id] = item

    def sent(self, item: Outgoing, ref: int, now: float = 0.0) -> None:
        """It is on the line under this ref. Where nothing comes of it, it is `due` again: the server knows its id."""
        self._refs[ref] = item.id
        self._late[ref] = now + LATE
        self._later.pop(item.id, None)

    def cut(self) -> None:
        """The connection is gone, and with it every try."""
        self._refs.clear()
        self._late.clear()
        self._later.clear()

    def unsent(self) -> list[Outgoing]:
        """Everything that has no try under way and is not to wait, in order."""
        busy = set(self._refs.values()) | set(self._later)
        return [item for item in self._items.values() if item.id not in busy]

    def find(self, ref: int) -> Outgoing | None:
        """The item that a ref stands for."""
        return self._items.get(self._refs.get(ref, b""))

    def once_more(self, ref: int, another: int) -> Outgoing | None:
        """What this ref stands for is tried in another way, under another ref."""
        if ref in self._refs:
            self._late[another] = self._late.pop(ref)
            self._refs[another] = self._refs.pop(ref)
        return self.find(another)

    def drop(self, message_id: bytes) -> None:
        """It is on its way otherwise, or not to be sent."""
        self._items.pop(message_id, None)
        self._later.pop(message_id, None)

    def release(self, ref: int) -> Outgoing | None:
        """This try came to nothing, and is not to be repeated so: the item is unsent again."""
        return self._items.get(self._take(ref))

    def accepted(self, ref: int) -> Outgoing | None:
        """The server has it: it leaves."""
        return self._items.pop(self._take(ref), None)

    def refused(self, ref: int, code: str, retry: float, now: float) -> tuple[Outgoing | None, bool]:
        """The server did not take it: the item, and whether that is final (then it has left)."""
        item = self._items.get(self._take(ref))
        if item is None:
            return None, False
        if code in PASSING:
            self._later[item.id] = now + max(retry, LEAST_WAIT)
            return item, False
        del self._items[item.id]
        return item, True

    def due(self, now: float) -> list[Outgoing]:
        """What has waited long enough."""
        for ref in [ref for ref, when in self._late.items() if when <= now]:
            self.nonsense(ref, now)
        ready = [message_id for message_id, when in self._later.items() if when <= now]
        for message_id in ready:
            del self._later[message_id]
        return [item for item in self._items.values() if item.id in ready]

    def deadline(self) -> float | None:
        """When something is next due."""
        return min((*self._later.values(), *islice(self._late.values(), 1)), default=None)

    def nonsense(self, ref: int, when: float) -> None:
        """The server did not answer this try, or with something that is no answer: it is `due` again then."""
        message_id = self._take(ref)
        if message_id in self._items:
            self._later[message_id] = when

    def _take(self, ref: int) -> bytes:
        """The message whose try this was, which is over; empty for none."""
        self._late.pop(ref, None)
        return self._refs.pop(ref, b"")
