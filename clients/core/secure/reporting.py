"""Reports: showing a message to the moderators, and, for a moderator, asking the server about what was shown.

Rule: the proof of a message is kept in the transaction that keeps the message, closed like all else, and forgotten with
the server's key that made it. A moderator sees a report when the server has said that it is genuine, and not before.
"""

from __future__ import annotations

from typing import Final

from chatd import encryption as e
from clients.core import intents as i
from clients.core import notices as n
from clients.core.e2ee import reports
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.franking import Evidence
from clients.core.e2ee.receiving import Delivered
from clients.core.e2ee.refusals import Note, Refused
from clients.core.e2ee.reports import KINDS, Filed, Reports
from clients.core.e2ee.signed import decode
from clients.core.secure.desk import Desk
from clients.core.secure.flows import Flow, ServerRefused, expect
from clients.core.secure.telling import Telling

TABLE: Final = "evidence"
YEAR: Final = 366 * 86_400_000  # ms: so long the server keeps the keys of its tags
MOST_KEPT: Final = 20_000
MOST_LISTED: Final = 10
SHOWN_TEXT: Final = 60
SHORTEST: Final = 6


class Reporting:
    """Both sides of a report."""

    def __init__(self, desk: Desk, telling: Telling) -> None:
        self._desk, self._telling = desk, telling
        self._reports = Reports(desk.incoming)
        desk.incoming.hooks.update(dict.fromkeys(KINDS, self._keep))

    # ---- who was sent something ----

    def _keep(self, batch: Batch, delivered: Delivered, now: int) -> list[Note]:
        """The proof of what somebody else said."""
        if delivered.sender.user != self._desk.me and delivered.evidence.tag:
            batch.put(TABLE, delivered.msg_id.hex(), delivered.evidence)
        return []

    def forget(self, before: int = 0) -> None:
        """What nobody can prove any more, and what is from before a time (ms). Ids begin with one; none is opened."""
        batch, oldest = self._desk.batch(), max(before, self._desk.wall() - YEAR).to_bytes(6, "big").hex()
        self._desk.outgoing.forget(batch, before)
        rows = list(batch.rows(TABLE))
        for place, row in enumerate(rows):
            if row < oldest or place < len(rows) - MOST_KEPT:
                batch.drop(TABLE, row)
        if batch.changes:
            batch.commit()

    def report(self, intent: i.Report) -> Flow[None]:
        """Show a message to the moderators; or say which ones could be."""
        desk, batch = self._desk, self._desk.batch()
        if not intent.id:
            self._list(batch, intent)
            return
        evidence = self._evidence(batch, intent.id)
        body = reports.report(evidence, intent.reason)
        users = []
        for name in expect((yield e.AskModerators(0)), e.Moderators).names:
            try:
                users.append((yield from desk.learn(name)))
            except (Refused, ServerRefused):
                continue  # who has no keys, or false ones, or is gone, is not shown it
        for entry in reports.audience(desk.batch(), users):
            self._telling.tell(entry, "report", body)
        told = [user for user in users if not desk.is_me(user)]
        desk.show(n.Secure("REPORT_SENT", evidence.content.s_user, detail=", ".join(told), intent=intent))

    def _evidence(self, batch: Batch, start: str) -> Evidence:
        rows = list(batch.rows(TABLE, start.lower())) if len(start) >= SHORTEST else []
        kept = batch.get(TABLE, rows[0], Evidence) if len(rows) == 1 else None
        if kept is None:
            raise Refused("NO_SUCH_MESSAGE", start)
        return kept

    def _list(self, batch: Batch, intent: i.Report) -> None:
        rows = list(batch.rows(TABLE))
        kept = [(row, found) for row in rows if (found := batch.get(TABLE, row, Evidence)) is not None]
        kept = sorted(kept, key=lambda one: one[1].at)[-MOST_LISTED:]
        if not kept:
            raise Refused("NOTHING_TO_REPORT", "evidence")
        for row, evidence in kept:
            detail = f"{_unique(row, rows)}  {_text(evidence)[:SHOWN_TEXT]}"
            asked = intent if row == kept[-1][0] else None
            self._desk.show(
                n.Secure("REPORTABLE", evidence.content.s_user, at=evidence.at, detail=detail, intent=asked)
            )

    # ---- moderators ----

    def arrived(self, delivered: Delivered) -> None:
        """A report came: the server is asked."""
        self._desk.flows.start("reports", self._check())

    def _check(self) -> Flow[None]:
        desk = self._desk
        for report_id, question in self._reports.unchecked(desk.batch()):
            try:
                answer = expect((yield e.CheckReport(0, *question)), e.ReportChecked)
            except ServerRefused:
                return  # it is asked again with the next one
            batch = desk.batch()
            filed = next(one for one in self._reports.filed(batch) if one.id == report_id)
            notes = self._reports.checked(batch, report_id, answer.genuine)
            batch.commit()
            if answer.genuine:
                desk.show(n.Secure("REPORT_RECEIVED", filed.by, detail=_told(filed)))
            else:
                desk.notes(notes)


def _told(filed: Filed) -> str:
    content = filed.reported.evidence.content
    return f"{content.s_user} said: {filed.said.text!r}. Why: {filed.reported.reason or '-'}"


def _text(evidence: Evidence) -> str:
    return decode(evidence.content.body, KINDS[evidence.content.kind]).text


def _unique(row: str, rows: list[str]) -> str:
    """As much of an id as tells it from all others."""
    for length in range(SHORTEST, len(row)):
        if sum(other.startswith(row[:length]) for other in rows) == 1:
            return row[:length]
    return row
