"""What each record writes: from values to statements, with everything closed that nobody else shall read.

Rule: pure. It is given a way to look a row up and the seals; the history executes what it says, in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from clients.core import records as r
from clients.core import schema
from clients.core.boxes import Boxes, Place, owner

Row = tuple[Any, ...]
Statements = list[tuple[str, Row]]


class Keeping(NamedTuple):
    """What the functions below are given: the seals of the open profile, and the first row of a query or None."""

    boxes: Boxes
    find: Callable[[str, Row], Row | None]


def statements(keeping: Keeping, account: int, record: r.Record) -> Statements:
    """What to execute for this record."""
    return _KEEPING[type(record)](keeping, account, record)


def row_changed(account: int, place: tuple[str, str], box: bytes | None) -> tuple[str, Row]:
    """Write a box, or take it away."""
    return (schema.DROP_ROW, (account, *place)) if box is None else (schema.KEEP_ROW, (account, *place, box))


# ---- records -----------------------------------------------------------------------------------------------------


def _message(keeping: Keeping, account: int, record: r.KeepMessage) -> Statements:
    place = Place(record.seq, record.at, record.sender, record.id, record.own, record.peer)
    box = keeping.boxes.close_message(account, place, record.text)
    values = (account, account, record.conversation, record.seq, record.at, record.sender, record.id, box)
    return [(schema.KEEP_MESSAGE, (*values, record.own, record.peer))]


def _edit(keeping: Keeping, account: int, record: r.KeepEdit) -> Statements:
    """The newest text stays, in whichever order they come; what was taken away stays away."""
    found = keeping.find(schema.FIND_SAID, (account, record.conversation, record.id, record.sender, account))
    if found is None:
        return []
    box = keeping.boxes.close_message(account, Place(*found), record.text)
    return [(schema.EDIT, (box, record.seq, account, record.conversation, found[0], account, record.seq))]


def _taken(keeping: Keeping, account: int, record: r.TakeAway) -> Statements:
    """The message that has this seq, or the text that came with it."""
    place = (account, record.conversation, record.seq, account)
    found = keeping.find(schema.FIND_MESSAGE, place) or keeping.find(schema.FIND_EDITED, place)
    if found is None:
        return []
    place = (account, record.conversation, found[0], account)
    return [(schema.TAKE_AWAY, (keeping.boxes.close_message(account, Place(*found), record.text), *place))]


def _cursor(keeping: Keeping, account: int, record: r.KeepCursor) -> Statements:
    if record.seq == 0:
        return [(schema.FORGET_CURSOR, (account, record.conversation))]
    return [(schema.KEEP_CURSOR, (account, record.conversation, record.seq))]


def _created(keeping: Keeping, account: int, record: r.KeepCreated) -> Statements:
    return [(schema.KEEP_CREATED, (account, record.conversation, record.created))]


def _apart(keeping: Keeping, account: int, record: r.SetApart) -> Statements:
    place = (account, record.conversation)
    return [
        (schema.MOVE.format("message"), (record.apart, *place)),
        (schema.FORGET_CURSOR, place),
        (schema.FORGET_CREATED, place),
        (schema.KEEP_CREATED, (account, record.apart, record.created)),
    ]


def _rename(keeping: Keeping, account: int, record: r.Rename) -> Statements:
    """What is kept under the new name goes, but for messages: those that have a place there stay where they are."""
    old, new = (account, record.old), (account, record.new)
    moved = (record.new, *old)
    return [
        (schema.FORGET_CURSOR, new),
        (schema.FORGET_CREATED, new),
        *((schema.MOVE.format(table), moved) for table in ("message", "cursor", "created")),
    ]


def _queue(keeping: Keeping, account: int, record: r.Queue) -> Statements:
    item = record.item
    return [(schema.QUEUE, (account, item.id, item.to, keeping.boxes.close_outgoing(account, item), item.at))]


def _unqueue(keeping: Keeping, account: int, record: r.Unqueue) -> Statements:
    return [(schema.UNQUEUE, (record.id,))]


def _epoch(keeping: Keeping, account: int, record: r.Epoch) -> Statements:
    changed: Statements = [(schema.FORGET_CURSORS, (account,))] if record.changed else []
    return [(schema.EPOCH, (record.epoch, account)), *changed]


def _claim(keeping: Keeping, account: int, record: r.Claim) -> Statements:
    token = keeping.boxes.close_token(account, record.token)
    return [
        (schema.RIVAL, (account, record.name, account)),
        (schema.ORPHANS, ()),
        (schema.CLAIM, (record.name, token, record.device, account)),
    ]


def _try(keeping: Keeping, account: int, record: r.Try) -> Statements:
    return [(schema.TRY, (record.name, account))]


def _rows(keeping: Keeping, account: int, record: r.KeepRows) -> Statements:
    seal, table = keeping.boxes.state, owner(account)
    return [
        row_changed(account, (place, row), None if value is None else seal.close(table + place, row, value))
        for (place, row), value in record.changes.items()
    ]


_KEEPING: Final[dict[type[r.Record], Callable[[Keeping, int, Any], Statements]]] = {
    r.KeepMessage: _message,
    r.KeepEdit: _edit,
    r.TakeAway: _taken,
    r.KeepCursor: _cursor,
    r.KeepCreated: _created,
    r.SetApart: _apart,
    r.Rename: _rename,
    r.Queue: _queue,
    r.Unqueue: _unqueue,
    r.Epoch: _epoch,
    r.Claim: _claim,
    r.Try: _try,
    r.KeepRows: _rows,
}
