"""Reports: what somebody was sent, shown to the moderators and to nobody else, with the proof that it was said.

Rule: a moderator believes neither the reporter nor the server alone. The commitment says what was said, and by the
server's tag it was sent: `judge` checks the first half when the report comes, `checked` takes the server's word for the
second, which it gives without having seen a text. What fails either is not shown as said by anybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from clients.core.e2ee import own, pins
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.bodies import MOST_REASON, Reported, Said, read_body
from clients.core.e2ee.devices import Entry
from clients.core.e2ee.franking import Content, Evidence, judge
from clients.core.e2ee.receiving import Delivered, Incoming
from clients.core.e2ee.refusals import Check, Note, Refused, require
from clients.core.e2ee.signed import digest, encode

TABLE: Final = "report"
MOST_FILED: Final = 100  # of one reporter, until they are looked at
UNCHECKED: Final = "unchecked"
GENUINE: Final = "genuine"
KINDS: Final = {"msg": Said, "gmsg": Said}  # what people say to others; not what programs do


class Filed(msgspec.Struct, array_like=True, frozen=True):
    """A report at a moderator's. `state`: unchecked until the server has answered, genuine then; false ones go."""

    by: str
    reported: Reported
    at: int
    state: str = UNCHECKED

    @property
    def id(self) -> str:
        """By which it is found again: the same report twice is one."""
        return digest(encode([self.by, self.reported.evidence]))[:8].hex()

    @property
    def said(self) -> Said:
        """What is reported."""
        content = self.reported.evidence.content
        body = read_body(dict(KINDS), content.kind, content.body)
        assert isinstance(body, Said)
        return body


class Question(NamedTuple):
    """What the server is asked: it learns that this was reported, and not what it says."""

    commitment: bytes
    tag: bytes
    sender: str
    conversation: str
    at: int


class Arriving(NamedTuple):
    """A report that comes, from whom, and how many of theirs wait."""

    reporter: str
    content: Content
    waiting: int


def _had_it(it: Arriving) -> bool:
    """Of two people's conversation only the two have anything to report; of a group the members."""
    conv = it.content.conv
    return conv.startswith("gid:") or (conv.startswith("dm:") and it.reporter in conv.removeprefix("dm:").split(":"))


REPORT_CHECKS: Final = (
    Check[Arriving]("report-kind", "REPORT_FALSE", lambda it: it.content.kind in KINDS),
    Check[Arriving]("report-party", "REPORT_FALSE", _had_it),
    Check[Arriving]("report-many", "REPORT_FALSE", lambda it: it.waiting < MOST_FILED),
)


def report(evidence: Evidence, reason: str) -> Reported:
    """What goes to `audience` (`Outgoing.tell`, kind `report`). Raises Refused: this is no proof, of this nobody is
    told."""
    judge(evidence)
    if not evidence.tag:
        raise Refused("REPORT_UNPROVABLE", "report-tag", evidence.content.s_user)
    return Reported(evidence, reason.encode()[:MOST_REASON].decode("utf-8", "ignore"))


def audience(batch: Batch, moderators: Iterable[str]) -> list[Entry]:
    """The devices of the moderators, as far as their keys are known and not changed. Raises Refused: of none."""
    me = own.myself(batch).user
    found: list[Entry] = []
    for user in dict.fromkeys(moderators):
        pin = pins.find(batch, user)
        known = pin.known() if pin and pin.trust != pins.CHANGED and user != me else None
        found += known.devices.values() if known else []
    if not found:
        raise Refused("NO_MODERATORS", "report-audience")
    return found


class Reports:
    """At a moderator's: those that came."""

    def __init__(self, incoming: Incoming) -> None:
        incoming.hooks["report"] = self._arrived

    def filed(self, batch: Batch) -> list[Filed]:
        """All there are, the oldest first."""
        found = [batch.get(TABLE, row, Filed) for row in batch.rows(TABLE)]
        return sorted((one for one in found if one), key=lambda one: one.at)

    def unchecked(self, batch: Batch) -> list[tuple[str, Question]]:
        """What the server is still to be asked, by the id of the report."""
        waiting = [one for one in self.filed(batch) if one.state == UNCHECKED]
        return [(one.id, _question(one.reported.evidence)) for one in waiting]

    def checked(self, batch: Batch, report_id: str, genuine: bool) -> list[Note]:
        """The server's answer. A false report is forgotten; of a genuine one the moderator is told."""
        filed = next((one for one in self.filed(batch) if one.id == report_id), None)
        if filed is None:
            return []
        if not genuine:
            batch.drop(TABLE, filed.id)
            return [Note("REPORT_FALSE", filed.by)]
        batch.put(TABLE, filed.id, msgspec.structs.replace(filed, state=GENUINE))
        return [Note("REPORT_RECEIVED", filed.by, 0, filed.reported.reason)]

    def close(self, batch: Batch, report_id: str) -> None:
        """It has been dealt with."""
        for filed in self.filed(batch):
            if filed.id == report_id:
                batch.drop(TABLE, filed.id)

    def _arrived(self, batch: Batch, delivered: Delivered, now: int) -> list[Note]:
        body, reporter = delivered.body, delivered.sender.user
        assert isinstance(body, Reported)
        content = body.evidence.content
        waiting = sum(one.by == reporter for one in self.filed(batch))
        require(REPORT_CHECKS, Arriving(reporter, content, waiting), reporter)
        try:
            judge(body.evidence)
            read_body(dict(KINDS), content.kind, content.body)
        except Refused as refused:
            raise Refused("REPORT_FALSE", refused.check, reporter) from refused
        filed = Filed(reporter, body, now)
        batch.put(TABLE, filed.id, filed)
        return []


def _question(evidence: Evidence) -> Question:
    content = evidence.content
    return Question(evidence.commitment, evidence.tag, content.s_user, content.conv, evidence.at)
