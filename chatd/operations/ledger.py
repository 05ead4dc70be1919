"""The life of one message, as staff see it: who, when, how large, to which device; never what it says.

Rule: as of the package. A message is named by its id (32 hexadecimal digits, or the first eight or more of them), or by
its place: `#group:17`, `@alice:@bob:17`.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, fail, inlineCallbacks

from chatd.core import ledger
from chatd.core.groups import Conversation
from chatd.core.ledger import Life
from chatd.entries import Row
from chatd.operations.service import Refused, Service

MOST = 20
ID = re.compile(r"[0-9a-f]{8,32}")
PLACE = re.compile(r"(?:(?P<group>#[^:]+)|@?(?P<one>[^:]+):@?(?P<two>[^:]+)):(?P<seq>[0-9]{1,18})")


def explain(service: Service, what: str) -> Deferred[list[Life]]:
    """What became of a message; of several where the digits fit several (`MOST` at most). Fails with Refused."""
    word = what.strip().lower().replace("-", "")
    if ID.fullmatch(word):
        located = service.read(service.store.locate, bytes.fromhex(word[: len(word) // 2 * 2]), MOST)
        rows = located.addCallback(lambda places: service.read(_read, service, places))
        return rows.addCallback(partial(_lives, service))
    found = PLACE.fullmatch(what.strip())
    if found is None:
        return fail(
            Refused("bad-argument", "A message is its id (the first eight digits will do), #group:SEQ, or @a:@b:SEQ.")
        )
    try:
        conversation = _conversation(service, found)
    except Refused:
        return fail()
    read = service.read(_read, service, [(conversation.id, int(found["seq"]))])
    return read.addCallback(partial(_lives, service))


def _conversation(service: Service, found: re.Match[str]) -> Conversation:
    hub = service.hub
    if found["group"]:
        group = hub.conversations.named(found["group"])
        if group is None:
            raise Refused("no-such-group", f"There is no group {found['group']!r}.")
        return group
    low, high = sorted((service.user(found["one"]).id, service.user(found["two"]).id))
    conversation = hub.conversations.direct.get((low, high))
    if conversation is None:
        raise Refused("no-such-message", "The two have not written to each other.")
    return conversation


def _one(service: Service, conversation: int, seq: int) -> list[Row]:
    return [row for row in service.store.read(conversation, seq - 1, seq, 1) if row.seq == seq]


def _read(service: Service, places: list[tuple[int, int]]) -> list[tuple[int, Row]]:
    return [(conversation, row) for conversation, seq in places for row in _one(service, conversation, seq)]


@inlineCallbacks
def _lives(service: Service, rows: list[tuple[int, Row]]) -> Generator[Deferred[Any], Any, list[Life]]:
    found = []
    for number, row in rows:
        conversation = service.hub.conversations.by_id.get(number)
        if conversation is not None:
            life = yield service.in_turns(ledger.living(service.hub, conversation, row, service.now()))
            found.append(life)
    if not found:
        raise Refused("no-such-message", "There is no such message, or not any more; its group may have ended.")
    return found
