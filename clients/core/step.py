"""What follows from one input to a client's session, as one value.

Rule: values only. Its user first shows the notices, then keeps the records in one transaction, then sends the commands.
"""

from __future__ import annotations

import msgspec

from chatd.wire.pack import Command
from clients.core import notices as n
from clients.core import records as r


class Step(msgspec.Struct):
    """What follows from one input. `stop`: close the connection, for this reason; `again`: open it anew, not before
    `retry` seconds."""

    notices: list[n.Notice] = []
    records: list[r.Record] = []
    commands: list[Command] = []
    stop: str = ""
    again: bool = True
    retry: float = 0.0


def both(one: Step, other: Step) -> Step:
    """What follows from two things, one after the other; only the first may stop."""
    notices, records = one.notices + other.notices, one.records + other.records
    return Step(notices, records, one.commands + other.commands, one.stop, one.again, one.retry)
