"""Reports of open messages, for staff.

Rule: as of the package, with one exception that the reporter has made: a report shows the text that was reported, as
the reporter sent it, and whether the log has the same.
"""

from __future__ import annotations

import msgspec
from twisted.internet.defer import Deferred, fail

from chatd.core import reports
from chatd.core.groups import Conversation
from chatd.entries import ReportSet, Row
from chatd.operations.service import Refused, Service

MOST = 1000


class Summary(msgspec.Struct, frozen=True):
    """A report without its text. Times in ms."""

    report: int
    state: str
    reporter: str
    sender: str
    conversation: str
    seq: int
    reason: str
    at: int
    by: str
    note: str
    changed: int


class Whole(msgspec.Struct, frozen=True):
    """A report with its text. `log`: the log has the `same` from that sender, or `other`, or it is `gone`."""

    summary: Summary
    text: str
    log: str


def listed(service: Service, state: str = "") -> list[Summary]:
    """The reports that are open, taken or closed (empty: not closed), the newest first."""
    found = sorted(service.hub.reports.values(), key=lambda record: -record.report)
    wanted = [record for record in found if (record.state == state if state else record.state != "closed")]
    return [_summary(record) for record in wanted[:MOST]]


def _summary(record: ReportSet) -> Summary:
    return Summary(
        record.report, record.state, record.reporter, record.sender, record.conversation, record.seq, record.reason,
        record.at, record.by, record.note, record.changed,
    )  # fmt: skip


def show(service: Service, number: int) -> Deferred[Whole]:
    """One of them, with its text. Fails with Refused."""
    record = service.hub.reports.get(number)
    if record is None:
        return fail(Refused("no-such-report", f"There is no report {number}."))
    conversation = _conversation(service, record.conversation)
    read = service.read(_row, service, conversation.id if conversation is not None else 0, record.seq)
    return read.addCallback(lambda row: Whole(_summary(record), record.text, _compared(service, record, row)))


def _conversation(service: Service, name: str) -> Conversation | None:
    conversations = service.hub.conversations
    if name.startswith("#"):
        return conversations.named(name)
    return next((direct for direct in conversations.direct.values() if direct.name == name), None)


def _row(service: Service, conversation: int, seq: int) -> Row | None:
    return next((row for row in service.store.read(conversation, seq - 1, seq, 1) if row.seq == seq), None)


def _compared(service: Service, record: ReportSet, row: Row | None) -> str:
    if row is None or row.content == "redacted":
        return "gone"
    users = service.hub.users
    same = users.get(row.sender) is users.get(record.sender) and row.body == record.text.encode()
    return "same" if same else "other"


def take(service: Service, number: int, by: str) -> Deferred[Summary]:
    """Somebody sees to it. Fails with Refused."""
    return service.act(reports.set_state, number, "taken", by).addCallback(_summary)


def close(service: Service, number: int, by: str, note: str = "") -> Deferred[Summary]:
    """It is done with; the reporter is told, with the note. Fails with Refused."""
    return service.act(reports.set_state, number, "closed", by, note).addCallback(_summary)
