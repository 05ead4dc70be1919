"""Whose mail waits, and how much of it: senders, times and sizes, never the text.

Rule: as of the package. What is read from the disk is made numbers on the reader's thread; no text leaves it.
"""

from __future__ import annotations

from heapq import nlargest

import msgspec
from twisted.internet.defer import Deferred

from chatd.operations.service import Service
from chatd.store.interface import Store

PAGE = 200
MOST_READ = 1000
MOST_CONVERSATIONS = 100


class Box(msgspec.Struct, frozen=True):
    """How much of somebody's mail none of their devices has acknowledged."""

    name: str
    state: str
    unread: int
    conversations: int


class Letter(msgspec.Struct, frozen=True):
    """One message that waits. `at` is in ms, `bytes` the size of its text."""

    sender: str
    seq: int
    at: int
    bytes: int
    kind: str


def boxes(service: Service, top: int) -> list[Box]:
    """The accounts with the most private mail waiting, the fullest first."""
    fullest = nlargest(top, service.hub.users.by_id.values(), key=lambda user: user.waiting)
    return [
        Box(user.name, user.state, user.waiting, sum(c.direct for c in user.conversations.values()))
        for user in fullest
        if user.waiting
    ]


def box(service: Service, name: str) -> Deferred[list[Letter]]:
    """What waits for somebody, the oldest of each sender first; a bounded number. Raises Refused."""
    user = service.user(name)
    wanted: list[tuple[int, int, int]] = []
    for conversation in user.conversations.values():
        member = conversation.members[user.id]
        if conversation.direct and member.waiting and len(wanted) < MOST_CONVERSATIONS:
            wanted.append((conversation.id, max(member.acked, conversation.floor), conversation.head))
    return service.read(_letters, service.store, wanted, user.name)


def _letters(store: Store, wanted: list[tuple[int, int, int]], reader: str) -> list[Letter]:
    found: list[Letter] = []
    for conversation, after, head in wanted:
        while after < head and len(found) < MOST_READ:
            rows = store.read(conversation, after, head, PAGE)
            if not rows:
                break
            after = rows[-1].seq
            found += [
                Letter(row.sender, row.seq, row.at, len(row.body), row.content) for row in rows if row.sender != reader
            ]
    return found[:MOST_READ]
