"""Comparing pictures with somebody who is here, too: what a person types, and what their program answers.

Rule: the order and the checks are `e2ee/comparing.py`'s; here its outcomes are sent and shown. A comparison lives as
long as the program.
"""

from __future__ import annotations

from typing import Final

import msgspec

from clients.core import intents as i
from clients.core import notices as n
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.comparing import SHOWN, Comparisons, Ended, Outcome, Strings, Tell, Wanted
from clients.core.e2ee.receiving import Delivered
from clients.core.e2ee.refusals import Refused
from clients.core.secure.desk import Desk
from clients.core.secure.flows import Flow
from clients.core.secure.telling import Telling

KINDS: Final = ("sas_start", "sas_accept", "sas_key", "sas_mac", "sas_cancel")
STATES: Final = {"SAS_DONE": "done", "SAS_FAILED": "failed", "SAS_MISMATCH": "failed"}  # all others: cancelled


class Pictures:
    """All comparisons of this program."""

    def __init__(self, desk: Desk, telling: Telling) -> None:
        self._desk, self._telling = desk, telling
        self._comparisons = Comparisons(desk.entropy)

    def compare(self, intent: i.CompareNow) -> Flow[None]:
        """Begin, take part, say yes or no."""
        desk = self._desk
        if desk.is_me(intent.name):
            raise Refused("VERIFY_SELF", "self", desk.me)
        user = yield from desk.learn(intent.name)
        batch = desk.batch()
        self._carry(batch, self._act(batch, user, intent.answer), user, intent)

    def arrived(self, delivered: Delivered) -> None:
        """A step of the other side."""
        desk, user = self._desk, delivered.sender.user
        if user in desk.host.ignored:
            return
        batch = desk.batch()
        self._carry(batch, self._comparisons.arrived(batch, delivered, desk.wall()), user)

    def deadline(self) -> float | None:
        """When one has taken too long, as `desk.now` counts."""
        until = self._comparisons.until
        return None if until is None else self._desk.now + max(0, until - self._desk.wall()) / 1000

    def tick(self) -> None:
        """Time has passed."""
        if self._comparisons.until is not None:
            batch = self._desk.batch()
            self._carry(batch, self._comparisons.expire(batch, self._desk.wall()), "")

    def _act(self, batch: Batch, user: str, answer: str) -> list[Outcome]:
        comparisons = self._comparisons
        if answer == "yes":
            return comparisons.confirm(batch, user)
        if answer == "no":
            no = comparisons.deny if comparisons.phase(user) == SHOWN else comparisons.cancel
            return no(batch, user)
        return comparisons.start(batch, user, self._desk.wall())

    def _carry(self, batch: Batch, outcomes: list[Outcome], user: str, intent: i.CompareNow | None = None) -> None:
        """Send what is for the other side, show what is for the person; a wish is answered by the last of it."""
        batch.commit()
        shown: list[n.CompareShort] = []
        for outcome in outcomes:
            match outcome:
                case Tell():
                    self._telling.tell(outcome.to, outcome.kind, outcome.body)
                case Wanted(who):
                    shown.append(n.CompareShort(who, "asked"))
                case Strings(who, short):
                    shown.append(n.CompareShort(who, "compare", tuple(short.emoji), tuple(short.numbers)))
                case Ended(who, code):
                    shown.append(n.CompareShort(who, STATES.get(code, "cancelled")))
        if intent is not None:
            last = shown.pop() if shown else n.CompareShort(user, "waiting")
            shown.append(msgspec.structs.replace(last, intent=intent))
        self._desk.show(*shown)
