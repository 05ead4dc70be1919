"""Reports of open messages: somebody shows one to staff, who take it up and close it.

Rule: what is kept is what the reporter sent (or, where they sent none, what the log has); whether it is what was said
is looked up when staff look at it. Reports of encrypted messages are mail to those who moderate (`reporting`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from chatd import messages as m
from chatd import moderation as o
from chatd.core.archive import View, view
from chatd.core.groups import Conversation, check_reason
from chatd.core.sanctions import STAFF
from chatd.core.turn import Refused, Turn
from chatd.core.users import Session, User
from chatd.entries import Directory, ReportGone, ReportSet, Row

if TYPE_CHECKING:
    from chatd.core.hub import Hub

MOST: Final = 1_000
STATES: Final = ("open", "taken", "closed")
NOTHING: Final = "The log has no such message, or no longer. (What is encrypted from end to end: see /report alone.)"


def load(hub: Hub, directory: Directory) -> None:
    """Those that were kept."""
    hub.reports = {record.report: record for record in directory.reports}


def report(hub: Hub, session: Session, command: o.Report, turn: Turn) -> View:
    """Which conversation to look into. Raises Refused for what nobody may report."""
    user = session.user
    assert user is not None
    if user.guest:
        raise Refused("guest", "Guests report nothing; make an account, or tell a member of staff.")
    seen = view(hub, session, command.to)
    if seen is None or not isinstance(seen.conversation, Conversation):
        raise Refused("no-such-message", NOTHING)
    if command.seq and not max(seen.after, seen.conversation.floor) < command.seq <= seen.conversation.head:
        raise Refused("no-such-message", NOTHING)
    if command.sender:
        hub.users.find(command.sender)
    check_reason(hub, command.reason)
    if len(command.text.encode()) > hub.limits.text_bytes:
        raise Refused("text-too-long", f"A message has at most {hub.limits.text_bytes} bytes.")
    hub.check_space()
    hub.spend("report", user, turn.now)
    return seen


def keep(hub: Hub, session: Session, command: o.Report, seen: View, rows: list[Row], turn: Turn) -> None:
    """Keep the report of one of these messages, and tell the staff who are here. Raises Refused."""
    user = session.user
    assert user is not None
    readable = [row for row in rows if row.seq > seen.after and row.content != "redacted"]
    found = [row for row in readable if command.seq == row.seq or not (command.seq or _is_of(hub, row, user))]
    if not found:
        raise Refused("no-such-message", NOTHING)
    _make_room(hub, turn)
    row, number = found[-1], max(hub.reports, default=0) + 1
    sender = hub.users.find(command.sender).name if command.sender else row.sender
    text = command.text or row.body.decode("utf-8", "replace")
    where = seen.conversation.name
    _keep(hub, turn, ReportSet(number, user.name, where, row.seq, sender, text, command.reason, turn.now))
    told = m.Notice("reported", f"{user.name} reports a message of {sender} in {where} (report {number}).")
    turn.then(_tell_staff, hub, told)
    turn.reply(session, m.Done(command.ref))


def _is_of(hub: Hub, row: Row, user: User) -> bool:
    return hub.users.get(row.sender) is user


def _make_room(hub: Hub, turn: Turn) -> None:
    """The oldest that are closed go; where all are open, nobody's report is dropped for another."""
    if len(hub.reports) < MOST:
        return
    oldest = next((number for number, record in sorted(hub.reports.items()) if record.state == "closed"), None)
    if oldest is None:
        raise Refused("list-full", "Staff have more reports than they can look at; tell one of them yourself.")
    del hub.reports[oldest]
    turn.keep(ReportGone(oldest))


def _tell_staff(hub: Hub, told: m.Notice) -> None:
    staff = [
        session for user in hub.everyone.users if user.role in STAFF and not user.guest for session in user.sessions
    ]
    if staff:
        hub.outside.cast(staff, told)


def _keep(hub: Hub, turn: Turn, record: ReportSet) -> None:
    hub.reports[record.report] = record
    turn.keep(record)


# ---- what staff do -----------------------------------------------------------------------------------------------


def set_state(hub: Hub, turn: Turn, number: int, state: str, by: str, note: str = "") -> ReportSet:
    """Take a report up, or close it (and tell its reporter, if they are here). Raises Refused."""
    old = hub.reports.get(number)
    if old is None:
        raise Refused("no-such-report", f"There is no report {number}.")
    if state not in STATES:
        raise Refused("bad-argument", f"A report is {', '.join(STATES)}.")
    check_reason(hub, note)
    record = msgspec.structs.replace(old, state=state, by=by, note=note or old.note, changed=turn.now)
    _keep(hub, turn, record)
    reporter = hub.users.get(record.reporter)
    if state == "closed" and old.state != "closed" and reporter is not None:
        text = f"Your report of a message of {record.sender} in {record.conversation} is closed."
        for session in reporter.sessions:
            turn.reply(session, m.Notice("report-closed", text + (f" {note}" if note else "")))
    return record
