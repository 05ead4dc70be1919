"""A group's whole log, read from its first entry on by a device of a member that has seen nothing of it yet.

Rule: every entry is checked as a member checks it. An entry by a device that its owner has struck out since counts only
where that person's own listed devices stand behind it: by a later entry, or by a page of one's own (`book.py`).
Otherwise who holds a stolen device could tell newcomers another past. Who cannot be sure waits to be introduced.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from clients.core.e2ee import book, own, pins
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.bodies import GroupHead
from clients.core.e2ee.envelope import group_conv
from clients.core.e2ee.groups import GROUP, GroupRow, Naming
from clients.core.e2ee.members import LogEntry, State, apply
from clients.core.e2ee.receiving import Delivered, Incoming
from clients.core.e2ee.refusals import Check, Note, require
from clients.core.e2ee.signed import Signed, decode


class Replayed(NamedTuple):
    """A log that was read to its end: the state it makes, `former` (the newest entry of each person that only a device
    that was struck out has signed, and none of theirs since), what one's own page says, and who one is."""

    state: State
    former: dict[str, int]
    page: book.Page | None
    user: str
    uik: bytes


def _agrees(it: Replayed) -> bool:
    return it.page is None or it.state.head_of(it.page.n) in (None, it.page.head)


REPLAY_CHECKS: Final = (
    Check[Replayed]("replay-member", "NOT_A_MEMBER", lambda it: it.state.has(it.user, it.uik)),
    Check[Replayed]("replay-whole", "SERVER_HIDES_GROUP_CHANGE", lambda it: it.page is None or it.page.n <= it.state.n),
    Check[Replayed]("replay-page", "GROUP_LOG_FORK", _agrees),
    Check[Replayed](
        "replay-former",
        "UNKNOWN_DEVICE",
        lambda it: all(it.page is not None and n <= it.page.n for n in it.former.values()),
    ),
)
PAGE_CHECKS: Final = (
    Check[Delivered](
        "page-conv",
        "BINDING_MISMATCH",
        lambda it: isinstance(it.body, GroupHead) and it.conv == group_conv(it.body.gid),
    ),
)


def adopt(batch: Batch, gid: bytes, chain: list[bytes], fresh: frozenset[str] = frozenset()) -> GroupRow:
    """A group that one is in, by its whole log. `fresh`: of whom the server was asked for newer lists.

    Raises Refused: nothing changes; and Behind where somebody's lists are not known.
    """
    state: State | None = None
    former: dict[str, int] = {}
    for blob in chain:
        entry = decode(decode(blob, Signed).raw, LogEntry)
        state = apply(state, blob, gid, lambda user: pins.ever(batch, user), entry.user in fresh)
        known = pins.current(batch, entry.user)
        if entry.device in known.devices:
            former.pop(entry.user, None)
        else:
            former[entry.user] = entry.n
    mine = own.myself(batch)
    if state is None:
        state = State(gid, 0, b"", {})
    found = book.page(batch, gid)
    require(REPLAY_CHECKS, Replayed(state, former, found, mine.user, mine.uik), mine.user)
    row = named(GroupRow(state), found)
    batch.put(GROUP, gid.hex(), row)
    book.forget(batch, gid)
    return row


def named(row: GroupRow, found: book.Page | None) -> GroupRow:
    """With the name that a page gives it, if its log has the digest of that name."""
    if row.naming != Naming() or found is None or found.naming.digest != row.state.name_digest:
        return row
    return msgspec.structs.replace(row, naming=found.naming)


def install(incoming: Incoming) -> None:
    """Listen for what one's own other devices say of groups that this one has no log of."""
    usual = incoming.hooks["group_head"]

    def arrived(batch: Batch, delivered: Delivered, now: int) -> list[Note]:
        body, sender = delivered.body, delivered.sender
        assert isinstance(body, GroupHead)
        known = batch.raw(GROUP, body.gid.hex()) is not None
        if known or body.snapshot is not None or sender.user != own.myself(batch).user:
            return usual(batch, delivered, now)
        require(PAGE_CHECKS, delivered, sender.user)
        book.note(batch, book.Page(body.gid, body.n, body.head, body.name, body.topic, body.salt))
        return []

    incoming.hooks["group_head"] = arrived
