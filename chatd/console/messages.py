"""Verbs about messages: what became of one, and what people have reported.

Rule: as of `verbs`. A report has the text that its reporter handed over to staff; nothing else here has any text.
"""

from __future__ import annotations

from typing import Any, Final

from twisted.internet.defer import Deferred

from chatd.console.shown import moment
from chatd.console.verbs import Answer, Argument, Call, Value, Verb
from chatd.operations import ledger, reports

STATES: Final = ("open", "taken", "closed")


def explain(call: Call) -> Deferred[Answer]:
    """What became of a message."""
    return ledger.explain(call.service, call["message"]).addCallback(_lives)


def _lives(lives: list[Any]) -> Answer:
    rows: list[dict[str, Value]] = []
    for life in lives:
        whole: dict[str, Value] = {
            "message": life.id.hex(), "in": life.conversation, "seq": life.seq, "from": life.sender,
            "kind": life.kind, "bytes": life.size,
        }  # fmt: skip
        rows.append({**whole, "what": "accepted", "who": life.sender, "device": "", "at": moment(life.accepted)})
        if life.written:
            rows.append({**whole, "what": "on disk", "who": "", "device": "", "at": moment(life.written)})
        rows += [
            {**whole, "what": fate.state, "who": fate.name, "device": fate.device[:12], "at": moment(fate.at)}
            for fate in life.fates
        ]
    if not rows:
        return Answer(note="There is no such message.")
    first = lives[0]
    note = f"{first.conversation} {first.seq}, from {first.sender}, {first.size} bytes ({first.kind})."
    if len(lives) == 1:
        rows = [{key: row[key] for key in ("what", "who", "device", "at", "message")} for row in rows]
    return Answer(rows, note if len(lives) == 1 else f"{len(lives)} messages.")


def _summary(one: reports.Summary) -> dict[str, Value]:
    return {
        "report": one.report, "state": one.state, "by": one.reporter, "about": one.sender, "in": one.conversation,
        "why": one.reason, "at": moment(one.at), "taken-by": one.by, "note": one.note,
    }  # fmt: skip


def reports_list(call: Call) -> Answer:
    """What has been reported."""
    rows = [_summary(one) for one in reports.listed(call.service, call["state"] or "")]
    return Answer(rows, "" if rows else "Nothing has been reported that is not closed.")


def reports_show(call: Call) -> Deferred[Answer]:
    """One report."""
    return reports.show(call.service, call["report"]).addCallback(_whole)


def _whole(one: reports.Whole) -> Answer:
    row: dict[str, Value] = {**_summary(one.summary), "seq": one.summary.seq, "reported-text": one.text, "log": one.log}
    return Answer([row], "The text is as the reporter sent it; `log` says whether the log has the same.", details=True)


def reports_take(call: Call) -> Deferred[Answer]:
    """See to it."""
    done = reports.take(call.service, call["report"], call.operator.name)
    return done.addCallback(lambda one: Answer([_summary(one)], details=True))


def reports_close(call: Call) -> Deferred[Answer]:
    """Be done with it."""
    done = reports.close(call.service, call["report"], call.operator.name, call["note"] or "")
    return done.addCallback(lambda one: Answer([_summary(one)], "Who reported it is told.", details=True))


REPORT: Final = Argument("report", "number", "its number")
VERBS: Final = (
    Verb("message explain", "staff", explain, "what became of a message, device by device; not what it says",
         "message explain #hw3:17",
         (Argument("message", "word", "its id (eight digits will do), #group:SEQ or @a:@b:SEQ"),)),
    Verb("reports list", "staff", reports_list, "what people have reported", "reports list --state open",
         (Argument("--state", "word", "only these", False, STATES),)),
    Verb("reports show", "staff", reports_show, "one report, with the text that was handed over", "reports show 3",
         (REPORT,)),
    Verb("reports take", "staff", reports_take, "see to a report", "reports take 3", (REPORT,), changes=True),
    Verb("reports close", "staff", reports_close, "be done with a report; who made it is told",
         "reports close 3 talked to both",
         (REPORT, Argument("note", "text", "what they are told", False)), changes=True),
)  # fmt: skip
