"""Where this device is in each conversation: what its name means, what is new in it, who waits to hear they are read.

Rule: pure; no commands. What changes on disk is in the Step that each method answers with.
"""

from __future__ import annotations

from typing import Final

import msgspec

from chatd.messages import Message, Position
from clients.core import notices as n
from clients.core import records as r
from clients.core.conversations import Conversations
from clients.core.reading import KEEP, WATCH, Reading
from clients.core.step import Step
from clients.core.view import State

MOST_TOLD: Final = 1000


class Places:
    """The places of one account on this device. `receive`: what is done with messages that come, as in `Session`."""

    def __init__(self, state: State, conversations: Conversations, reading: Reading, receive: str) -> None:
        self._state = state
        self._conversations = conversations
        self._reading = reading
        self._receive = receive
        self._told: dict[tuple[str, int], n.Outcome] = {}
        self._seen: dict[str, int] = {}

    def take(self, now: float, position: Position) -> Step:
        """Take the server's word for where this device is, unless it is further already (in this very group)."""
        name = position.conversation
        another = self._conversations.is_another(position)
        step = self._set_apart(name, position.created) if another else Step()
        if self._conversations.note(position):
            step.records.append(r.KeepCreated(name, position.created))
        self._seen.setdefault(name, position.cursor)
        if self._reading.place(position, now):
            step.records.append(self._cursor(name))
        return step

    def rename(self, old: str, new: str, at: int) -> Step:
        """A group has another name: what is known of it goes with it. `at`: ms, what had that name until then ends."""
        step = self._set_apart(new, at) if new in self._conversations.created else Step()
        self._conversations.rename(old, new)
        self._reading.rename(old, new)
        if old in self._seen:
            self._seen[new] = self._seen.pop(old)
        self._told = {(new if name == old else name, seq): told for (name, seq), told in self._told.items()}
        step.records.append(r.Rename(old, new))
        return step

    def leave(self, group: str) -> list[r.Record]:
        """One is no longer a member: after coming back one reads from there, not from an old cursor."""
        self._reading.forget(group)
        return [r.KeepCursor(group, 0)]

    def is_new(self, event: Message) -> bool:
        """Whether this message has not been here yet."""
        if self._receive == WATCH:
            return event.seq > self._seen.get(event.conversation, 0)
        return self._reading.new(event.conversation, event.seq)

    def came(self, now: float, event: Message) -> list[r.Record]:
        """It has come; where messages are kept, the cursor goes behind it."""
        if self._receive != KEEP:
            self._seen[event.conversation] = event.seq
            return []
        self._reading.came(event.conversation, event.seq, now)
        return [self._cursor(event.conversation)]

    def said(self, now: float, told: n.Outcome) -> r.Record:
        """One's own message has its place; unless a reader has it already, its sender waits to hear that."""
        if told.state != "delivered":
            self._told[told.conversation, told.seq] = told
            if len(self._told) > MOST_TOLD:
                del self._told[next(iter(self._told))]
        self._reading.own(told.conversation, told.seq, now)
        return self._cursor(told.conversation)

    def delivered(self, conversation: str, seq: int) -> list[n.Notice]:
        """A reader has everything up to here: whatever was waiting for that is told once."""
        places = [place for place in self._told if place[0] == conversation and place[1] <= seq]
        waited = [self._told.pop(place) for place in places]
        return [msgspec.structs.replace(told, state="delivered", before=told.state) for told in waited]

    def _set_apart(self, name: str, at: int) -> Step:
        """The name means another group from now on, which begins anew; what was in the one before stays findable."""
        apart = self._conversations.set_apart(name, at)
        self._reading.forget(name)
        self._seen.pop(name, None)
        self._state.unread.pop(name, None)
        self._told = {place: told for place, told in self._told.items() if place[0] != name}
        text = f"{name} is another group than before. What is kept here of the earlier one: /history {apart}"
        return Step([n.Local((text,))], [r.SetApart(name, apart, self._conversations.created[apart])])

    def _cursor(self, name: str) -> r.Record:
        return r.KeepCursor(name, self._reading.cursors[name])
