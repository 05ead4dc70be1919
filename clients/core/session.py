"""One account's dialogue with one server: events and intents in; records, commands and notices out.

Rule: pure; time and random numbers are arguments. Every method answers with a Step. Its user first shows the notices,
then keeps the records, then sends the commands: what was not kept is never promised, what was not shown is never
acknowledged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from chatd import messages as m
from chatd import moderation as o
from chatd import people as p
from chatd.wire.pack import Command, Event
from clients.core import edits
from clients.core import intents as i
from clients.core import notices as n
from clients.core import records as r
from clients.core.conversations import Conversations
from clients.core.login import Entrance, Failure, Move
from clients.core.outbox import Outbox, Outgoing
from clients.core.places import Places
from clients.core.pulse import Pulse
from clients.core.reading import KEEP, SKIP, Reading
from clients.core.replies import AGAIN, NONSENSE, PATIENCE, SILENT, is_answer
from clients.core.requests import command
from clients.core.secure.desk import Strongbox
from clients.core.secure.encryption import FEATURE, Encryption
from clients.core.step import Step, both
from clients.core.transfers import Transfers
from clients.core.view import CONNECTING, OFFLINE, ONLINE, State, View, fold

CLIENT: Final = "chat/0.1"
LONGEST_TEXT: Final = 240_000
WAITED: Final = "This waited for the connection, and what is said to guests, or by them, does not wait: say it again."
NOT_ASKED: Final = "The server has let in somebody else than who asked. Nothing was sent; it is tried again."
STATES: Final = frozenset({"sent", "stored", "delivered"})  # of what was accepted
AS_MODES: Final = frozenset({"role", "private", "open", "announce", "talk"})


class Asked(msgspec.Struct, frozen=True):
    """A question to the server that is not answered yet."""

    intent: i.Intent
    at: float
    known: bool = False


class Session:
    """The state of the dialogue. `receive`: `keep` messages, only `watch` or `skip` them (both unacknowledged).

    `box`: what encryption needs of the profile; without it everything is open, as it is for a guest.
    """

    def __init__(
        self, entrance: Entrance, outbox: Outbox, reading: Reading, epoch: str, receive: str = KEEP,
        conversations: Conversations | None = None, box: Strongbox | None = None,
    ) -> None:  # fmt: skip
        self.state = State()
        self.state.me = entrance.who.name
        self.outbox = outbox
        self.reading = reading
        self.conversations = conversations or Conversations()
        self.receive = receive
        self._places = Places(self.state, self.conversations, reading, receive)
        self.ignored: set[str] = set()
        self.greeting: m.Greeting | None = None
        self.entrance = entrance
        self._epoch = epoch
        self._binding = b""
        self._ref = 0
        self._asked: dict[int, Asked] = {}
        self.pulse = Pulse()
        self._waited: frozenset[bytes] = frozenset()
        self._welcomed = False
        self.files: Transfers | None = None
        self.wrote: Callable[[str, bytes, str], bool] = _nobody
        self.secure = Encryption(box, self) if box is not None else None

    # ---- the connection ----

    def connected(self, now: float, binding: bytes) -> Step:
        """The line is open and trusted: open the dialogue. `binding` names the TLS channel."""
        self._binding = binding
        self.pulse.began(now)
        self.state.status = CONNECTING
        features = [feature for feature in m.FEATURES if feature != FEATURE or self.secure is not None]
        return self._say(now, m.Hello(list(m.PROTOCOL_VERSIONS), features, CLIENT))

    def lost(self, now: float) -> Step:
        """The line is gone: what was asked stays unanswered, what was said stays in the outbox."""
        step = Step()
        for asked in self._asked.values():
            if not isinstance(asked.intent, (i.Leave, i.Measure)):
                text = "The connection broke before an answer."
                step.notices.append(n.Refused("not-connected", text, intent=asked.intent))
        self._asked.clear()
        self.outbox.cut()
        self.reading.cut()
        self.entrance.cut()
        self.state.status, self.greeting = OFFLINE, None
        if self.secure is not None:
            self.secure.lost()
        return self._and_encryption(now, step)

    def received(self, now: float, event: Event) -> Step:
        """The server said something."""
        self.pulse.heard(now)
        step = Step()
        if self.secure is None or not (self.secure.is_false(event) or self.secure.received(now, event)):
            act = _EVENTS.get(type(event))
            step = act(self, now, event) if act else self._answered(now, event)
        if self.secure is not None and self.state.status == ONLINE:
            for intent in self.secure.openly():
                step = both(step, self._question(now, intent))
            if self.secure.reconsiders():
                step.commands += self._say_unsent(now)
        return self._and_encryption(now, step)

    def deadline(self) -> float | None:
        """When `tick` has something to do."""
        if self.state.status == OFFLINE:
            return None
        if self.pulse.waits:
            return self.pulse.deadline()
        times = [self.pulse.deadline(), self.reading.deadline(), self.outbox.deadline()]
        times += [asked.at + PATIENCE for asked in self._asked.values()]
        if self.secure is not None:
            times.append(self.secure.deadline())
        return min(when for when in times if when is not None)

    def tick(self, now: float) -> Step:
        """Time has passed."""
        if self.pulse.is_dead(now, self.state.status == ONLINE):
            return Step(stop="The server does not answer.")
        if self.pulse.waits or self.state.status != ONLINE:
            return Step()
        step = self._say(now, *self._acknowledgements(now), *self._tries(now, self.outbox.due(now)))
        step.notices += self._overdue(now)
        if self.secure is not None:
            self.secure.tick(now)
            self.secure.acknowledge(now)
        if self.pulse.must_ask(now):
            step.commands += self._say(now, m.Ping(self.next_ref())).commands
        return self._and_encryption(now, step)

    def settle(self, now: float) -> Step:
        """What is due to be acknowledged after a piece of input."""
        step = Step(commands=self._acknowledgements(now))
        if self.secure is not None and self.state.status == ONLINE:
            self.secure.acknowledge(now)
        return self._and_encryption(now, step)

    def resume(self, now: float) -> Step | None:
        """A Step was carried out: the next one, where something waited for that."""
        if self.secure is None or not self.secure.resume(now):
            return None
        return self._and_encryption(now, Step())

    def kept(self) -> None:
        """All records of all Steps so far are on disk."""
        if self.secure is not None:
            self.secure.kept()

    def _acknowledgements(self, now: float, all_of_them: bool = False) -> list[Command]:
        if self.state.status != ONLINE or not (all_of_them or self.reading.due(now)):
            return []
        return list(self.reading.acknowledge(now))

    # ---- the person ----

    def named(self, now: float, name: str) -> Step:
        """A name was given."""
        move = self.entrance.named(name, self.next_ref())
        return self._move(now, move) if move is not None else Step()

    def say(self, now: float, items: list[Outgoing]) -> Step:
        """Messages: kept first, then sent if there is a line, in any case sent again until accepted."""
        step = Step()
        for item in items:
            if len(item.text.encode(errors="replace")) > LONGEST_TEXT:
                step.notices.append(n.Refused("text-too-long", "This text is too long to be sent.", id=item.id))
                continue
            self.outbox.add(item)
            step.records.append(r.Queue(item))
            if self.state.status != ONLINE:
                step.notices.append(n.Outcome(item.id, item.to, item.text, "waiting", edits=item.edits))
        if self.state.status == ONLINE:
            step.commands = self._say_unsent(now)
        return self._and_encryption(now, step)

    def ask(self, now: float, intent: i.Intent) -> Step:
        """Something that only the server can do or answer."""
        if self.state.status != ONLINE:
            text = "Not connected to the server right now; try again."
            return Step([n.Refused("not-connected", text, intent=intent)])
        acknowledged: list[Command] = []
        if isinstance(intent, (i.Leave, i.ReadInbox)):
            acknowledged = self._acknowledgements(now, True)
            if self.secure is not None:
                self.secure.acknowledge(now, True)
        if self.secure is not None and self.secure.ask(now, intent):
            return self._and_encryption(now, Step(commands=acknowledged))
        return both(self._and_encryption(now, Step(commands=acknowledged)), self._question(now, intent))

    def _question(self, now: float, intent: i.Intent) -> Step:
        """What is asked of the server as it is."""
        ref = self.next_ref()
        asking = command(intent, ref, self.state.focus)
        if asking is None:
            who = "a guest has no keys" if self.state.guest else "this server or this program does not know it"
            return Step([n.Refused("not-available", f"That cannot be done: {who}.", intent=intent)])
        known = isinstance(intent, i.JoinGroup) and intent.group.lower() in map(str.lower, self.state.positions)
        self._asked[ref] = Asked(intent, now, known)
        self.pulse.spoke(now)
        return Step(commands=[asking])

    def idle(self) -> bool:
        """Nothing said or asked is without an answer."""
        return not self._asked and not len(self.outbox) and (self.secure is None or self.secure.idle())

    def unfinished(self) -> bool:
        """Whether this device's keys are still on their way to the server: who leaves now could not be written to."""
        return self.secure is not None and self.secure.unfinished()

    def behind(self) -> bool:
        """Whether stored messages are still on their way."""
        if self.secure is not None and self.secure.behind():
            return True
        positions = self.state.positions.values()
        return any(self.reading.behind(p.conversation, p.head, p.floor) for p in positions)

    def view(self) -> View:
        """What a face may show."""
        return self.state.view(len(self.outbox) + (self.secure.waiting() if self.secure is not None else 0))

    def next_ref(self) -> int:
        """The number of the next question."""
        self._ref = self._ref % (2**31 - 1) + 1
        return self._ref

    def joins(self, group: str) -> bool:
        """Is one asking for an open group of this name?"""
        asked = (asked.intent for asked in self._asked.values())
        return any(isinstance(intent, i.JoinGroup) and fold(intent.group) == fold(group) for intent in asked)

    # ---- inside ----

    def _say(self, now: float, *commands: Command) -> Step:
        if commands:
            self.pulse.spoke(now)
        return Step(commands=list(commands))

    def _and_encryption(self, now: float, step: Step) -> Step:
        """A Step, and what follows for encryption."""
        found = both(step, self.secure.take()) if self.secure is not None else step
        if found.commands:
            self.pulse.spoke(now)
        return found

    def _say_unsent(self, now: float) -> list[Command]:
        """Try all that was said and is not on its way."""
        unsent, secure = self.outbox.unsent(), self.secure
        if secure is None:
            return self._say(now, *self._tries(now, unsent)).commands
        secret = [item for item in unsent if secure.takes(item.to)]
        secure.say(now, secret)
        return self._say(now, *self._tries(now, [item for item in unsent if item not in secret])).commands

    def _tries(self, now: float, items: list[Outgoing]) -> list[Command]:
        """One more try for each of these."""
        tries: list[Command] = []
        for item in items:
            ref = self.next_ref()
            self.outbox.sent(item, ref, now)
            tags = edits.tags(item.edits)
            if self.files is not None and not tags:
                tags = self.files.tags.get(item.id, "")
            tries.append(m.Send(ref, item.to, item.id, item.text, tags=tags))
        return tries

    def _move(self, now: float, move: Move) -> Step:
        """Carry out what the entrance decided."""
        if isinstance(move, n.AskName):
            return Step([move])
        if isinstance(move, Failure):
            refused = n.Refused(move.code, move.text, retry=move.retry)
            return Step([refused], stop=move.text, again=move.retry > 0, retry=move.retry)
        step = self._say(now, move)
        if isinstance(move, (m.SignUp, m.Link)):
            step.records.append(r.Try(move.name))
        return step

    def _greeted(self, now: float, event: m.Greeting) -> Step:
        if self.greeting is not None:
            return Step()  # once is enough
        self.greeting = event
        restored = self._epoch not in ("", event.epoch)
        records: list[r.Record] = []
        if event.epoch != self._epoch:
            self._epoch = event.epoch
            records.append(r.Epoch(event.epoch, restored))
        if restored:
            self.reading.reset()
        step = self._move(now, self.entrance.greeted(event, self._binding, restored, self.next_ref()))
        step.records[:0] = records
        return step

    def _welcome(self, now: float, event: m.Welcome) -> Step:
        if not self.entrance.is_for(event):
            return Step([n.Refused("unexpected", NOT_ASKED)], stop=NOT_ASKED)
        if self.secure is not None:
            event = self.secure.without_false_names(event)
        fresh = not self.entrance.who.claimed and self.entrance.who.password is None
        self.entrance.welcomed(event)
        self.state.welcome(event)
        again, self._welcomed = self._welcomed, True
        step = Step(records=[r.Claim(event.name, event.token, not event.guest)])
        renamed = self.conversations.renamed(self.reading.cursors, event.conversations)
        for old, new in renamed.items():
            step = both(step, self._places.rename(old, new, self._at()))
            step.notices.append(n.Local((f"{old} is called {new} now.",)))
            if self.state.focus == old:
                self.state.look_at(new)
        unread: list[tuple[str, int]] = []
        for position in event.conversations:
            step = both(step, self._places.take(now, position))
            last = max(self.reading.cursors.get(position.conversation, 0), position.floor)
            if position.head > last and position.conversation != m.LOBBY:
                unread.append((position.conversation, position.head - last))
        step.notices.insert(
            0,
            n.Welcomed(event.name, tuple(self.state.present), event.present_count, self._labelled(unread), again,
                       event.guest, len(self.outbox)),
        )  # fmt: skip
        self._waited = frozenset(item.id for item in self.outbox.unsent())
        if self.secure is not None:
            self.secure.welcomed(now, event, self.greeting, again, fresh)
        step.commands = self._say_unsent(now)
        return step

    def _labelled(self, unread: list[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
        """Conversations as one writes to them."""
        label = {talk.conversation: talk.to for talk in self.view().talks}
        return tuple((label.get(name, name), count) for name, count in unread)

    def _at(self) -> int:
        """The server's time in ms, as this connection began."""
        return self.greeting.at if self.greeting is not None else 0

    def _failed(self, now: float, event: m.Failed) -> Step:
        if self.state.status != ONLINE:
            return self._move(now, self.entrance.refused(event, self.next_ref()))
        item = self.outbox.find(event.ref)
        if item is not None and event.code == "guest":
            if item.id not in self._waited:
                return self._pass(now, event.ref)
            event = msgspec.structs.replace(event, text=WAITED)
        secret = event.code == "encrypted-only" and item is not None and item.to.startswith("@")
        if item is not None and secret and self.secure is not None:
            self.outbox.release(event.ref)
            self.secure.must_be(now, item)
            return Step()
        item, final = self.outbox.refused(event.ref, event.code, event.retry, now)
        if item is not None:
            if not final:
                return Step()
            intent = i.Tell((item.to,), item.text)
            refused = n.Refused(event.code, event.text, tuple(event.near), event.retry, intent, item.id)
            return Step([refused], [r.Unqueue(item.id)])
        asked = self._asked.pop(event.ref, None)
        intent_asked = asked.intent if asked else None
        return Step([n.Refused(event.code, event.text, tuple(event.near), event.retry, intent_asked)])

    def _pass(self, now: float, ref: int) -> Step:
        """One of the two is a guest: what is said now reaches who is here, and is kept nowhere.

        Not so what waited for the connection: it may have gone already, and the guest of this name be another one.
        """
        another = self.next_ref()
        item = self.outbox.once_more(ref, another)
        return self._say(now, p.Pass(another, item.to, item.id, item.text)) if item is not None else Step()

    def _passed(self, now: float, event: p.Passed) -> Step:
        item = self.outbox.accepted(event.ref)
        if item is None:
            return Step()
        if item.to.startswith("@"):
            self.state.passing(item.to[1:])
        return Step([n.Outcome(item.id, item.to, item.text, "passed", at=event.at)], [r.Unqueue(item.id)])

    def _passing(self, now: float, event: p.Passing) -> Step:
        """Something said that is kept nowhere; typing and the like are for others."""
        if self.receive == SKIP or event.kind == "tags" or event.sender in self.ignored:
            return Step()
        own = event.sender == self.state.me
        to = event.to if event.to.startswith("#") else "@" + event.to
        if to.startswith("@"):
            self.state.passing(event.to if own else event.sender)
        return Step([n.Passing(event.sender, to, event.id, event.at, event.text, own, event.least)])

    def _accepted(self, now: float, event: m.Accepted) -> Step:
        item = self.outbox.accepted(event.ref)
        if item is None:
            return Step()
        peer = item.to[1:] if item.to.startswith("@") else ""
        if peer:
            self.state.names.setdefault(peer.lower(), peer)
        state = event.state if event.state in STATES else "stored"
        where, mine = event.conversation, self.state.me
        edited = item.edits if self._is_edit(where, item.edits, mine) else b""
        told = n.Outcome(item.id, item.to, item.text, state, where, event.seq, event.at, edits=edited)
        if not event.seq:  # it went to the operators of a group, and is in no log
            return Step([msgspec.structs.replace(told, state="passed")], [r.Unqueue(item.id)])
        kept: r.Record = r.KeepMessage(where, event.seq, event.at, mine, item.id, item.text, True, peer)
        if edited:
            kept = r.KeepEdit(where, edited, mine, event.seq, item.text)
        return Step([told], [r.Unqueue(item.id), kept, self._places.said(now, told)])

    def _delivered(self, now: float, event: m.Delivered) -> Step:
        return Step(self._places.delivered(event.conversation, event.seq))

    def _message(self, now: float, event: m.Message) -> Step:
        if self.receive == SKIP or not self._places.is_new(event):
            return Step()
        if self.secure is not None and self.secure.is_refused(event):
            return self._passed_over(now, event)
        own = event.sender == self.state.me
        peer = "" if event.conversation.startswith("#") else self.state.peer(event.conversation)
        stored = event.seq <= self.state.heads.get(event.conversation, 0)
        said = n.Said.of(event, own, stored, peer)
        if not self._is_edit(said.conversation, said.edits, said.sender):
            said = msgspec.structs.replace(said, edits=b"")
        step = Step()
        if not own:
            self.state.heard(event.conversation, event.sender)
        if event.id not in self.outbox and event.sender not in self.ignored:
            step.notices.append(said)
        moved = self._places.came(now, event)
        if self.receive == KEEP:
            step.records = [*self._kept(said), *moved]
        return step

    def _is_edit(self, conversation: str, edited: bytes, sender: str) -> bool:
        """Only who said something says it anew."""
        return bool(edited) and self.wrote(conversation, edited, sender)

    def _passed_over(self, now: float, event: m.Message) -> Step:
        """It is neither shown nor kept, and does not come again."""
        return Step(records=self._places.came(now, event)) if self.receive == KEEP else Step()

    def _kept(self, said: n.Said) -> list[r.Record]:
        """A message, and the file it offers; of the new text of another one that."""
        where = said.conversation
        if said.edits:
            return [r.KeepEdit(where, said.edits, said.sender, said.seq, said.text)]
        kept = r.KeepMessage(where, said.seq, said.at, said.sender, said.id, said.text, said.own, said.peer)
        offered: list[r.Record] = []
        if said.file is not None and self.files is not None:
            offered = self.files.offered(said.file, where, said.sender, said.at)
        return [kept, *offered]

    def _redacted(self, now: float, event: o.Redacted) -> Step:
        """A text is taken away: here, too."""
        kept = r.TakeAway(event.conversation, event.seq, n.taken_away(event.reason))
        peer = self.state.peer(event.conversation)
        if peer and self.secure is not None and self.secure.kept_as("@" + peer):
            return Step(records=[kept])  # what is shown of them is encrypted, and the server knows no place in it
        return Step([n.TakenAway(event.conversation, event.seq, event.by, event.reason)], [kept])

    def _presence(self, now: float, event: m.Presence) -> Step:
        if event.name == self.state.me:
            return Step()
        before = self.state.presence(event)
        if event.name in self.ignored or (before == event.state and not event.text):
            return Step()
        return Step([n.Came(event.name, event.state, event.text, before)])

    def _changed(self, now: float, event: m.GroupChange) -> Step:
        me = self.state.change(event)
        if me and event.change == "invited":
            return Step()  # a notice says so
        if event.change in AS_MODES and event.by == self.state.me and self._asks(i.ChangeModes):
            return Step()  # the answer says so
        step = Step([n.Changed(event, me)])
        if me and event.change in ("left", "kicked"):
            step.records = self._places.leave(event.group)
        return step

    def _renamed(self, now: float, event: o.Renamed) -> Step:
        """A group has another name: one goes on reading where one was."""
        step = self._places.rename(event.group, event.name, event.at or self._at())
        self.state.rename(event.group, event.name)
        why = f" ({event.reason})" if event.reason else ""
        text = f"{event.by} has renamed {event.group} to {event.name}{why}."
        step.notices.append(n.Told("renamed", text, event.group, event.name))
        return step

    def _asks(self, kind: type[i.Intent]) -> bool:
        return any(isinstance(asked.intent, kind) for asked in self._asked.values())

    def _modes(self, now: float, event: o.ModesChanged) -> Step:
        if event.ref:
            return self._answered(now, event)
        return Step([n.ModesSet(event)]) if event.changes else Step()

    def _mode_refused(self, now: float, event: o.ModeRefused) -> Step:
        """One change of several; the answer is still to come."""
        asked = self._asked.get(event.ref)
        return Step([n.Refused(event.code, event.text, intent=asked.intent)]) if asked is not None else Step()

    def _notice(self, now: float, event: m.Notice) -> Step:
        return Step([n.Told(event.code, event.text)])

    def _bye(self, now: float, event: m.Bye) -> Step:
        """The server closes. Whoever took this device's place keeps it: coming back would only push them out."""
        if event.code == "ended-elsewhere":
            return Step([n.Refused(event.code, event.text)], stop=event.text or event.code, again=False)
        return Step(stop=event.text or event.code, again=event.code != "goodbye")

    def _answered(self, now: float, event: Any) -> Step:
        """The answer to a question."""
        asked = self._asked.pop(getattr(event, "ref", 0), None)  # what is new to this client has perhaps none
        if asked is None:
            self.outbox.nonsense(getattr(event, "ref", 0), now + AGAIN)
            return self._joined_elsewhere(now, event) if isinstance(event, m.GroupInfo) else Step()
        if not is_answer(asked.intent, event):
            return Step([n.Refused("unexpected", NONSENSE, intent=asked.intent)])
        if isinstance(event, m.Page):
            event = msgspec.structs.replace(event, messages=edits.folded(event.messages))
        step = Step([n.Answered(asked.intent, event, asked.known, now - asked.at)])
        if isinstance(event, m.GroupInfo):
            position = event.position
            self.state.positions[position.conversation] = position
            if isinstance(asked.intent, i.JoinGroup) and not asked.known:
                self.state.heads[position.conversation] = position.head
                step = both(step, self._places.take(now, position))
        elif isinstance(asked.intent, i.LeaveGroup):
            step.records = self._places.leave(self.state.leave(asked.intent.group))
        return step

    def _overdue(self, now: float) -> list[n.Notice]:
        """What the server has not answered is not waited for any longer."""
        late = [ref for ref, asked in self._asked.items() if asked.at + PATIENCE <= now]
        return [n.Refused("no-answer", SILENT, intent=self._asked.pop(ref).intent) for ref in late]

    def _joined_elsewhere(self, now: float, event: m.GroupInfo) -> Step:
        """Another of one's own clients has joined a group, and so one is in it, too."""
        position = event.position
        if position.conversation in self.state.positions:
            return Step()
        self.state.positions[position.conversation] = position
        self.state.heads[position.conversation] = position.head
        return self._places.take(now, position)


def _nobody(conversation: str, id: bytes, sender: str) -> bool:
    """Where nothing is kept, nothing can be edited."""
    return False


_EVENTS: Final[dict[type[Any], Callable[[Session, float, Any], Step]]] = {
    m.Greeting: Session._greeted,
    m.Welcome: Session._welcome,
    m.Failed: Session._failed,
    m.Accepted: Session._accepted,
    m.Message: Session._message,
    m.Delivered: Session._delivered,
    o.Redacted: Session._redacted,
    m.Presence: Session._presence,
    m.GroupChange: Session._changed,
    o.Renamed: Session._renamed,
    o.ModesChanged: Session._modes,
    o.ModeRefused: Session._mode_refused,
    p.Passed: Session._passed,
    p.Passing: Session._passing,
    m.Notice: Session._notice,
    m.Bye: Session._bye,
}
