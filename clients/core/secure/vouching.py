"""Rosters as a person meets them: signing one's own, looking at what others signed, taking somebody's word or not.

Rule: what a roster does is `e2ee/rosters.py`'s. It goes to every device of everybody on it, each by itself.
"""

from __future__ import annotations

from clients.core import intents as i
from clients.core import notices as n
from clients.core.e2ee.refusals import Refused
from clients.core.e2ee.rosters import Heard, Rosters
from clients.core.secure.desk import Desk
from clients.core.secure.flows import Flow
from clients.core.secure.telling import Telling


class Vouching:
    """The rosters of this account."""

    def __init__(self, desk: Desk, telling: Telling) -> None:
        self._desk, self._telling = desk, telling
        self._rosters = Rosters(desk.incoming)

    def show(self, intent: i.AskRoster) -> Flow[None]:
        """Which rosters there are, or who is on those of one name."""
        yield from ()
        every = self._rosters.all(self._desk.batch())
        found = [heard for heard in every if intent.roster in ("", heard.roster.name)]
        if not found:
            raise Refused("ROSTER_UNKNOWN" if intent.roster else "ROSTER_NONE", intent.roster)
        self._desk.show(*(self._notice(heard, intent, heard is found[-1]) for heard in found))

    def change(self, intent: i.ChangeRoster) -> Flow[None]:
        """Sign the next version, and give it to everybody on it."""
        desk, users = self._desk, list[str]()
        for name in intent.names:
            users.append((yield from desk.learn(name)))
        batch = desk.batch()
        add, remove = (users, []) if intent.on else ([], users)
        body = self._rosters.sign(batch, intent.roster, add, remove)
        audience = self._rosters.audience(batch, intent.roster)
        batch.commit()
        for entry in audience:
            self._telling.tell(entry, "roster", body)
        people = len(self._own(intent.roster).roster.people)
        desk.show(n.Secure("ROSTER_SIGNED", number=people, detail=intent.roster, intent=intent))

    def trust(self, intent: i.TrustRosters) -> Flow[None]:
        """Take somebody's word, or no longer."""
        desk = self._desk
        user = yield from desk.learn(intent.name)
        batch = desk.batch()
        notes = self._rosters.trust(batch, user) if intent.on else []
        if not intent.on:
            self._rosters.distrust(batch, user)
        batch.commit()
        desk.notes(notes)
        code = "ROSTER_TRUSTED" if intent.on else "ROSTER_DISTRUSTED"
        desk.show(n.Secure(code, user, desk.to(user), intent=intent))

    def _own(self, name: str) -> Heard:
        every = self._rosters.all(self._desk.batch())
        return next(one for one in every if (one.by, one.roster.name) == (self._desk.me, name))

    def _notice(self, heard: Heard, intent: i.AskRoster, last: bool) -> n.Secure:
        people, asked = heard.roster.people, intent if last else None
        if intent.roster:
            names = ", ".join(person.user for person in people) or "nobody"
            return n.Secure("ROSTER_PEOPLE", heard.by, number=len(people), detail=names, intent=asked)
        code = "ROSTER_COUNTS" if heard.counts else "ROSTER_HEARD"
        return n.Secure(code, heard.by, number=len(people), detail=heard.roster.name, intent=asked)
