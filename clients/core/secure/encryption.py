"""Encryption as the session knows it: one object that is told of events and wishes and has its part in every Step.

Rule: it puts the parts together and sends each event and each wish to the one it belongs to; it decides nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from chatd import encryption as e
from chatd import messages as m
from chatd.wire.pack import Event
from clients.core import intents as i
from clients.core import notices as n
from clients.core.e2ee.keys import check_library
from clients.core.e2ee.refusals import Refused
from clients.core.outbox import Outgoing
from clients.core.secure.arriving import Arriving
from clients.core.secure.desk import Desk, Host, Strongbox
from clients.core.secure.direct import Direct
from clients.core.secure.flows import Flow
from clients.core.secure.identity import ABSENT, COMING, OFF, READY, UNLISTED, Identity
from clients.core.secure.posting import Posting
from clients.core.secure.talks import Talks
from clients.core.step import Step

FEATURE: Final = "e2ee"


class Encryption:
    """One account's. As long as it is not `on` (a guest, or not logged in) everything is open."""

    def __init__(self, box: Strongbox, host: Host) -> None:
        self._desk = Desk(box, host)
        self._talks = Talks(self._desk)
        self._posting = Posting(self._desk)
        self._direct = Direct(self._desk, self._talks, self._posting)
        self._arriving = Arriving(self._desk, self._talks, self._posting)
        self._identity = Identity(self._desk)
        self._guest = False
        self._there = False
        self._safe = _is_safe()
        self._before = OFF

    # ---- the connection ----

    def welcomed(self, now: float, welcome: m.Welcome, greeting: m.Greeting | None, again: bool) -> None:
        """One is logged in."""
        self._desk.now = now
        self._guest = welcome.guest
        self._there = greeting is not None and FEATURE in greeting.features
        if welcome.guest:
            if not again:
                self._desk.show(n.Secure("GUEST_OPEN"))
            return
        self._talks.introduce()
        self._talks.refresh()
        if not self._there or not self._safe:
            self._identity.status = ABSENT
            if not self._safe:
                self._desk.show(n.Secure("LIBRARY_UNSAFE"))
            return
        self._arriving.welcomed(*welcome.mail, greeting.at if greeting is not None else 0)
        self._posting.again()
        self._identity.begin()
        self._go_on()

    def lost(self) -> None:
        """The line is gone."""
        self._desk.flows.cut()
        for part in (self._posting, self._direct, self._arriving, self._identity):
            part.cut()
        self._before = OFF

    def received(self, now: float, event: Event) -> bool:
        """The server said something: whether it belongs here."""
        self._desk.now = now
        here = self._desk.flows.answered(now, event) or self._posting.answered(event)
        act = _EVENTS.get(type(event))
        if not here and act is not None:
            act(self, event)
            here = True
        self._go_on()
        return here

    def take(self) -> Step:
        """What follows for the Step that is being made."""
        step = self._desk.take()
        if step.records:
            self._talks.refresh()
        return step

    def kept(self) -> None:
        """All records are on disk."""
        self._desk.rows.kept()

    def deadline(self) -> float | None:
        """When `tick` has something to do."""
        parts = (self._desk.flows, self._posting, self._arriving)
        return min((when for part in parts if (when := part.deadline()) is not None), default=None)

    def tick(self, now: float) -> None:
        """Time has passed."""
        self._desk.now = now
        self._desk.flows.tick(now)
        self._posting.tick(now)

    def acknowledge(self, now: float, all_of_them: bool = False) -> None:
        """Say what is due to be acknowledged."""
        self._desk.now = now
        for command in self._arriving.acknowledge(all_of_them):
            self._desk.send(command)

    def idle(self) -> bool:
        """Nothing said or asked is without an answer."""
        return not self._desk.flows.busy() and not len(self._posting)

    def behind(self) -> bool:
        """Is encrypted mail still on its way that was there at the login?"""
        return self._there and not self._guest and self._arriving.behind()

    def waiting(self) -> int:
        """How many messages are encrypted and not yet accepted."""
        return self._posting.waiting()

    # ---- what is said ----

    def takes(self, to: str) -> bool:
        """Is what is said there encrypted (or refused), and not said openly?"""
        return not self._guest and to.startswith("@") and not self._direct.is_plain(to[1:])

    def say(self, now: float, items: list[Outgoing]) -> None:
        """Messages that are in the outbox, and kept."""
        self._desk.now = now
        for item in items:
            if self._identity.status == READY:
                self._direct.say(item)
            elif self._identity.status == UNLISTED:
                self._direct.refuse(item, Refused("DEVICE_NOT_LISTED", "listed", self._desk.me))
            elif self._identity.status == ABSENT:
                code = "SERVER_WITHOUT_E2EE" if self._safe else "LIBRARY_UNSAFE"
                self._direct.refuse(item, Refused(code, "server"))

    def must_be(self, now: float, item: Outgoing) -> None:
        """The server takes this for encrypted conversations only: the other one has keys now."""
        self._desk.now = now
        self._direct.no_longer_plain(item.to[1:])
        self.say(now, [item])

    def is_refused(self, message: m.Message) -> bool:
        """Something that came openly, from somebody who encrypts: it is not shown."""
        people = message.conversation.split(":")
        if self._guest or len(people) != 3 or people[0] != "dm":
            return False
        other = next((name for name in people[1:] if not self._desk.is_me(name)), "")
        if not other or self._desk.pin(other) is None:
            return False
        self._desk.show(n.Secure("PLAINTEXT_REFUSED", message.sender, "@" + message.sender))
        return True

    # ---- what is wanted ----

    def ask(self, now: float, intent: i.Intent) -> bool:
        """A wish: whether it is dealt with here."""
        self._desk.now = now
        if self._guest:
            return False
        act = _INTENTS.get(type(intent))
        if act is None:
            return False
        self._desk.flows.start("ask", act(self, intent))
        return True

    # ---- inside ----

    def _go_on(self) -> None:
        """When it is known how this device stands, what waits in the outbox goes."""
        before, self._before = self._before, self._identity.status
        if self._before not in (OFF, COMING, before):
            host = self._desk.host
            items = [item for item in host.outbox.unsent() if self.takes(item.to)]
            if items:
                self.say(self._desk.now, items)

    def _list_changed(self, event: e.ListChanged) -> None:
        if self._desk.is_me(event.name):
            self._identity.changed()
        elif self._desk.pin(event.name) is not None:
            self._desk.flows.start("learn:" + event.name, self._learn(event.name))

    def _learn(self, name: str) -> Flow[None]:
        yield from self._desk.learn(name)


def _is_safe() -> bool:
    """Does the library refuse worthless keys?"""
    try:
        check_library()
    except Refused:
        return False
    return True


_EVENTS: Final[dict[type[Any], Callable[[Encryption, Any], None]]] = {
    e.Mail: lambda self, event: self._arriving.came(event),
    e.KeysAre: lambda self, event: self._identity.few(event),
    e.ListChanged: Encryption._list_changed,
}
_INTENTS: Final[dict[type[i.Intent], Callable[[Encryption, Any], Flow[None]]]] = {
    i.TalkPlain: lambda self, intent: self._direct.talk_plain(intent, self._there),
}
