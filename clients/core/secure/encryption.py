"""Encryption as the session knows it: one object that is told of events and wishes and has its part in every Step.

Rule: it puts the parts together and sends each event and each wish to the one it belongs to; it decides nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from chatd import encryption as e
from chatd import messages as m
from chatd import moderation as o
from chatd import people as p
from chatd.wire.pack import Event
from clients.core import intents as i
from clients.core import notices as n
from clients.core.e2ee import pins, rotating
from clients.core.e2ee.envelope import group_conv
from clients.core.e2ee.groups import GROUP
from clients.core.e2ee.refusals import Refused
from clients.core.outbox import Outgoing
from clients.core.reading import KEEP
from clients.core.secure.adopting import Adopting
from clients.core.secure.arriving import Arriving
from clients.core.secure.backup import Backup
from clients.core.secure.circles import Circles
from clients.core.secure.comparing import Comparing
from clients.core.secure.desk import Desk, Host, Strongbox
from clients.core.secure.devices import Devices
from clients.core.secure.direct import Direct, line
from clients.core.secure.doors import Doors
from clients.core.secure.explaining import Explaining
from clients.core.secure.flows import Flow, ServerRefused, expect
from clients.core.secure.identity import ABSENT, Identity
from clients.core.secure.pictures import KINDS, Pictures
from clients.core.secure.posting import Posting
from clients.core.secure.recovering import Recovering
from clients.core.secure.reporting import Reporting
from clients.core.secure.talks import GROUPS, PREFIX, Talks
from clients.core.secure.talks import TABLE as TALKS
from clients.core.secure.telling import Telling
from clients.core.secure.vouching import Vouching
from clients.core.step import Step
from clients.core.view import fold

FEATURE: Final = "e2ee"


class Encryption:
    """One account's. As long as it is not `on` (a guest, or not logged in) everything is open."""

    def __init__(self, box: Strongbox, host: Host) -> None:
        self._desk = Desk(box, host)
        self._talks = Talks(self._desk)
        self._posting = Posting(self._desk, self._talks)
        self._identity = Identity(self._desk)
        self._direct = Direct(self._desk, self._talks, self._posting, self._identity)
        self._arriving = Arriving(self._desk, self._talks, self._posting)
        self._comparing = Comparing(self._desk, self._arriving.again)
        self._devices = Devices(self._desk, self._posting, self._identity)
        self._backup = Backup(self._desk, self._identity)
        self._recovering = Recovering(self._desk, self._identity, self._devices, self._backup)
        self._circles = Circles(self._desk, self._talks, self._posting, self._arriving, self._identity)
        self._adopting = Adopting(self._desk, self._talks, self._arriving)
        self._doors = Doors(self._desk, self._talks, self._circles, self._adopting, self._identity)
        self._circles.unknown = self._arriving.unknown = self._doors.unknown
        self._circles.is_open = self._is_open
        self._devices.added = self._circles.introduce
        self._recovering.recovered = self._adopting.name_known
        self._identity.after = self._after_login
        telling = Telling(self._desk, self._posting)
        self._pictures = Pictures(self._desk, telling)
        self._vouching = Vouching(self._desk, telling)
        self._reporting = Reporting(self._desk, telling)
        self._explaining = Explaining(self._desk, self._talks)
        rotating.install(self._desk.incoming)
        self._recovering.promise = lambda body: telling.tell_contacts("uik_rotate", body)
        self._arriving.reacts |= {**dict.fromkeys(KINDS, self._pictures.arrived), "report": self._reporting.arrived}
        self._guest = False
        self._there = False
        self._wishes: list[i.Intent] = []

    # ---- the connection ----

    def welcomed(self, now: float, welcome: m.Welcome, greeting: m.Greeting | None, again: bool, fresh: bool) -> None:
        """One is logged in. `again`: it was a reconnect; `fresh`: the account was made just now."""
        self._desk.now = now
        self._guest = welcome.guest
        self._there = greeting is not None and FEATURE in greeting.features
        if welcome.guest:
            if not again:
                self._desk.show(n.Secure("GUEST_OPEN"))
            return
        self._talks.refresh()
        if not self._there or not self._identity.safe:
            self._identity.status = ABSENT
            if not self._identity.safe:
                self._desk.show(n.Secure("LIBRARY_UNSAFE"))
            return
        self._arriving.welcomed(*welcome.mail, greeting.at if greeting is not None else 0)
        self._posting.again()
        self._identity.begin(fresh)
        self._reporting.forget()

    def lost(self) -> None:
        """The line is gone."""
        for intent in self._wishes:
            text = "The connection broke before an answer."
            self._desk.show(n.Refused("not-connected", text, intent=intent))
        self._wishes.clear()
        self._desk.flows.cut()
        for part in (self._posting, self._arriving, self._identity, self._circles, self._doors):
            part.cut()

    def received(self, now: float, event: Event) -> bool:
        """The server said something: whether it belongs here."""
        self._desk.now = now
        here = self._desk.flows.answered(now, event) or self._posting.answered(event)
        act = _EVENTS.get(type(event))
        if not here and act is not None:
            if self._identity.serves:
                act(self, event)
            here = True
        if self._identity.decided:
            self._desk.flows.release()
        return here

    def reconsiders(self) -> bool:
        """Is there a reason to look again at what waits in the outbox? It is told once."""
        laid_down, self._circles.laid_down = self._circles.laid_down, False
        return self._direct.reconsiders() or laid_down

    def resume(self, now: float) -> bool:
        """What was done has been shown: go on with what waited for that. False: nothing did."""
        self._desk.now = now
        return self._desk.flows.resume()

    def take(self) -> Step:
        """What follows for the Step that is being made."""
        groups = self._desk.rows.touched(GROUP)
        if self._desk.rows.touched(pins.TABLE, TALKS) or groups:
            self._talks.refresh()
        if groups:
            self._backup.refresh()
        return self._desk.take()

    def kept(self) -> None:
        """All records are on disk."""
        self._desk.rows.kept()

    def forget(self, before: int) -> None:
        """What was said before a time (ms) is not kept as a proof either, nor to be said again."""
        self._reporting.forget(before)

    def deadline(self) -> float | None:
        """When `tick` has something to do."""
        parts = (self._desk.flows, self._posting, self._arriving, self._pictures, self._doors)
        return min((when for part in parts if (when := part.deadline()) is not None), default=None)

    def tick(self, now: float) -> None:
        """Time has passed."""
        self._desk.now = now
        self._desk.flows.tick(now)
        if self._identity.decided:
            self._desk.flows.release()
        self._posting.tick(now)
        self._pictures.tick()
        self._doors.tick()

    def acknowledge(self, now: float, all_of_them: bool = False) -> None:
        """Say what is due to be acknowledged."""
        self._desk.now = now
        for command in self._arriving.acknowledge(all_of_them):
            self._desk.send(command)

    def idle(self) -> bool:
        """Nothing said or asked is without an answer."""
        return not self._desk.flows.busy() and not len(self._posting)

    def unfinished(self) -> bool:
        """Is this the first login of the device, and are its keys not at the server yet?"""
        return self._identity.unfinished

    def behind(self) -> bool:
        """Is encrypted mail still on its way that was there at the login?"""
        return self._there and not self._guest and self._arriving.behind()

    def waiting(self) -> int:
        """How many messages are encrypted and not yet accepted."""
        return self._posting.waiting()

    # ---- what is said ----

    def takes(self, to: str) -> bool:
        """Is what is said there encrypted (or refused), and not said openly?"""
        if self._guest:
            return False
        if to.startswith("@"):
            return not self._direct.is_plain(to[1:])
        return self._talks.group(to) is not None or not self._is_open(to)

    def _is_open(self, group: str) -> bool:
        """Is one in an open group of this name, or about to be?"""
        return fold(group) in map(fold, self._desk.host.state.positions) or self._desk.host.joins(group)

    def reader(self, to: str) -> str:
        """Whom this means, as the server knows it: it knows no group's name."""
        gid = None if to.startswith("@") else self._talks.group(to)
        return to if gid is None else f"!{gid.hex()}"

    def say(self, now: float, items: list[Outgoing]) -> None:
        """Messages that are in the outbox, and kept."""
        self._desk.now = now
        for item in items:
            (self._direct if item.to.startswith("@") else self._circles).say(item)

    def must_be(self, now: float, item: Outgoing) -> None:
        """The server takes this for encrypted conversations only: the other one has keys now."""
        self._desk.now = now
        self._direct.no_longer_plain(item.to[1:])
        self.say(now, [item])

    def is_refused(self, message: m.Message) -> bool:
        """Something that came openly and should not have: from somebody who encrypts, or for no conversation of one's
        own. It is not shown."""
        if self._guest or message.conversation.startswith("#"):
            return False
        people = message.conversation.split(":")
        other = next((name for name in people[1:] if not self._desk.is_me(name)), "")
        ours = people[0] == "dm" and len(people) == 3 and any(map(self._desk.is_me, people[1:]))
        if ours and fold(message.sender) in map(fold, people[1:]) and (not other or self._desk.pin(other) is None):
            return False
        self._refuse_plain(message.sender)
        return True

    def is_false(self, event: Event) -> bool:
        """Does the server speak of what it knows nothing of: an encrypted conversation, or something said openly by
        who encrypts? It is passed over; what was said is told as refused."""
        if self._guest:
            return False
        if isinstance(event, p.Passing) and fold(event.to) == fold(self._desk.me):
            false = not self._desk.is_me(event.sender) and self._desk.pin(event.sender) is not None
        else:
            false = any(self._talks.is_secret(name) for name in _names(event))
        if false and isinstance(event, (m.Message, p.Passing)):
            self._refuse_plain(event.sender)
        return false

    def without_false_names(self, welcome: m.Welcome) -> m.Welcome:
        """The same, without places that are called as encrypted conversations are here."""
        honest = [place for place in welcome.conversations if not self._talks.is_secret(place.conversation)]
        return msgspec.structs.replace(welcome, conversations=honest)

    def _refuse_plain(self, sender: str) -> None:
        self._desk.show(n.Secure("PLAINTEXT_REFUSED", sender, "@" + sender))

    def kept_as(self, to: str) -> str:
        """Under which name the local history has an encrypted conversation; empty for an open one."""
        if self._guest:
            return ""
        if to.startswith("@"):
            return to if self._desk.pin(to[1:]) is not None else ""
        gid = self._talks.group(to)
        return group_conv(gid) if gid is not None else ""

    def as_shown(self, said: n.Said) -> n.Said:
        """A message of the local history, as faces know it."""
        if not said.conversation.startswith((PREFIX, GROUPS)):
            return said
        security = self._desk.trust(said.peer or said.sender)
        return msgspec.structs.replace(said, conversation=self._talks.shown(said.conversation), security=security)

    # ---- what is wanted ----

    def ask(self, now: float, intent: i.Intent) -> bool:
        """A wish: whether it is dealt with here."""
        self._desk.now = now
        act = None if self._guest else self._act(intent)
        if act is None or (not self._there and not isinstance(intent, i.TalkPlain | i.JoinGroup)):
            return False
        self._wishes.append(intent)
        if isinstance(intent, i.JoinGroup):
            self._doors.begins(intent)
        key = line(intent.name) if isinstance(intent, i.TalkPlain) else "ask"
        self._desk.flows.start(key, self._wish(intent, act(self, intent)))
        return True

    def _act(self, intent: i.Intent) -> Callable[[Encryption, Any], Flow[None]] | None:
        """Who carries it out; None: it is not for encryption."""
        if self._circles.named(intent):
            return lambda self, intent: self._circles.answer(intent)
        if isinstance(intent, i.Explain) and not self._explaining.takes(intent):
            return None
        if isinstance(intent, i.JoinGroup):
            return None if intent.open or self._is_open(intent.group) else Encryption._join
        if isinstance(intent, i.LeaveGroup) and self._doors.waits(intent.group) is not None:
            return lambda self, intent: self._doors.withdraw(intent)
        return _INTENTS.get(type(intent))

    def _join(self, intent: i.JoinGroup) -> Flow[None]:
        """What is secret is found by its name, or by invitation: whoever asks by name may be anybody."""
        if not self._there:
            raise Refused("GROUP_NOT_OPEN", intent.group)
        yield from self._circles.make(intent) if intent.private else self._doors.enter(intent)

    def openly(self) -> list[i.JoinGroup]:
        """Wishes that turned out to be for open groups: the session's. They are told once."""
        return self._doors.openly()

    def _wish(self, intent: i.Intent, flow: Flow[None]) -> Flow[None]:
        """Whatever comes of it is told together with what was asked."""
        try:
            yield from flow
        except Refused as refused:
            user = refused.user
            self._desk.show(n.Secure(refused.code, user, self._desk.to(user), detail=refused.check, intent=intent))
        except ServerRefused as refused:
            failed = refused.failed
            self._desk.show(n.Refused(failed.code, failed.text, tuple(failed.near), failed.retry, intent))
        self._wishes.remove(intent)
        if isinstance(intent, i.JoinGroup):
            self._doors.ends(intent)

    def _inbox(self, intent: i.ReadInbox) -> Flow[None]:
        """What the server knows to be unread, and what only this device can know: after all mail that has come.

        What is shown as it comes is read, as it is in open groups.
        """
        listed = expect((yield m.Inbox(0)), m.InboxList)
        self._arriving.afterwards(lambda: self._tell_inbox(intent, listed.conversations))

    def _tell_inbox(self, intent: i.ReadInbox, positions: list[m.Position]) -> None:
        unread, state = {place.conversation: place for place in positions}, self._desk.host.state
        for name in sorted(self._arriving.heard):
            count = state.unread.get(name, 0) if self._desk.host.receive != KEEP else 0
            place = unread.get(name, m.Position(name, 0, 0))
            if count:
                unread[name] = msgspec.structs.replace(place, head=place.head + count)
        self._desk.show(n.Answered(intent, m.InboxList(0, list(unread.values()))))

    # ---- inside ----

    def _list_changed(self, event: e.ListChanged) -> None:
        if self._desk.is_me(event.name):
            self._identity.changed()
        elif self._desk.pin(event.name) is not None:
            self._desk.flows.once_more("learn:" + fold(event.name), self._learn(event.name))

    def _after_login(self) -> Flow[None]:
        yield from self._devices.ask_offers()
        yield from self._circles.ask_all()
        yield from self._doors.ask()
        self._desk.flows.start("groups", self._adopting.ask())
        self._backup.refresh()

    def _groups(self, intent: i.ListGroups) -> Flow[None]:
        """Those that the server knows by name, and one's own."""
        listed = expect((yield m.Groups(0)), m.GroupList)
        self._desk.show(n.Answered(intent, m.GroupList(0, [*self._circles.summaries(), *listed.groups])))

    def _grew(self, event: e.GroupGrew) -> None:
        if not self._doors.grew(event):
            self._circles.grew(event)

    def _learn(self, name: str) -> Flow[None]:
        yield from self._desk.learn(name)


def _names(event: Any) -> tuple[str, ...]:
    """Which conversations the server speaks of, where it is not the answer to a question."""
    match event:
        case m.Message() | m.Delivered() | o.Redacted():
            return (event.conversation,)
        case m.GroupChange():
            return (event.group,)
        case o.Renamed():
            return (event.group, event.name)
        case o.ModesChanged(ref=0):
            return (event.group,)
        case m.GroupInfo():
            return (event.position.conversation,)
        case p.Passing():
            return (event.to,)
    return ()


_EVENTS: Final[dict[type[Any], Callable[[Encryption, Any], None]]] = {
    e.Mail: lambda self, event: self._arriving.came(event),
    e.MailRead: lambda self, event: self._posting.fetched(event),
    e.KeysAre: lambda self, event: self._identity.few(event),
    e.ListChanged: Encryption._list_changed,
    e.GroupGrew: Encryption._grew,
    e.Knocks: lambda self, event: self._doors.knocked(event),
    e.Offers: lambda self, event: self._devices.offered(event.devices),
    e.ResetIs: lambda self, event: self._recovering.announced(event),
}
_INTENTS: Final[dict[type[i.Intent], Callable[[Encryption, Any], Flow[None]]]] = {
    i.ReadInbox: Encryption._inbox,
    i.ListGroups: Encryption._groups,
    i.ListDevices: lambda self, intent: self._devices.show(intent),
    i.Explain: lambda self, intent: self._explaining.explain(intent),
    i.AddDevice: lambda self, intent: self._devices.add(intent),
    i.RevokeDevice: lambda self, intent: self._devices.revoke(intent),
    i.TalkPlain: lambda self, intent: self._direct.talk_plain(intent, self._there),
    i.Verify: lambda self, intent: self._comparing.verify(intent),
    i.AskKeys: lambda self, intent: self._recovering.status(intent),
    i.AskEncryption: lambda self, intent: self._recovering.status(intent),
    i.MakeRecovery: lambda self, intent: self._recovering.make(intent),
    i.Recover: lambda self, intent: self._recovering.recover(intent),
    i.ResetKeys: lambda self, intent: self._recovering.reset(intent),
    i.CompareNow: lambda self, intent: self._pictures.compare(intent),
    i.AskRoster: lambda self, intent: self._vouching.show(intent),
    i.ChangeRoster: lambda self, intent: self._vouching.change(intent),
    i.TrustRosters: lambda self, intent: self._vouching.trust(intent),
    i.Report: lambda self, intent: self._reporting.report(intent),
}
