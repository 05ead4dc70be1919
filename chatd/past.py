"""Reading what is past: pages of messages and of what else happened, and the message whose text is to be taken away.

Rule: the hub says whether one may (`chatd.core.archive`); the store is asked off the reactor, and meanwhile only the
asking session waits. A place is exact: what lies on it is on no page before it and on no page after it, and of two
things of the same time each has its side.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.python.failure import Failure

from chatd import archive as a
from chatd import messages as m
from chatd import moderation as o
from chatd.core import archive, ledger, reports
from chatd.core.archive import LATEST, View, Wanted
from chatd.core.groups import Conversation
from chatd.core.talks import Talk
from chatd.core.turn import Refused, Turn
from chatd.core.users import Session
from chatd.entries import Happened, Row
from chatd.journal import Run
from chatd.store.interface import Store

if TYPE_CHECKING:
    from chatd.node import Node

TAKEN = 1000  # redactions
SEARCHED = 10_000  # of what happened around a time
SLACK = 60_000  # ms

Readable = Store | Talk
Key = tuple[int, bytes, int]
"""Where something happened: time, id, 0; with -1 it is just before it."""
LATE: Final = b"\xff" * 65  # later than every id of the same time


class Past:
    """What a node reads for those who ask."""

    def __init__(self, node: Node, store: Store, read: Run) -> None:
        self._node = node
        self._store = store
        self._read = read
        self._taken: dict[tuple[int, int], str] = {}  # the newest redactions: a page may have been read before them

    def message(self, conversation: Conversation | Talk, row: Row) -> m.Message:
        """A stored message as it is told."""
        text, content, tags = row.body.decode("utf-8", "replace"), row.content, row.tags
        if self._taken and (conversation.id, row.seq) in self._taken:
            text, content, tags = self._taken[conversation.id, row.seq], "redacted", ""
        return m.Message(conversation.name, row.seq, row.at, row.sender, row.id, text, content, tags)

    def ask(self, session: Session, command: Any, turn: Turn) -> None:
        """Somebody asks for what is past: the answer comes when it has been read."""
        wanted = self._node.hub.apply(session, command, turn)
        if wanted is not None:
            self._node.hold(session)
            turn.then(self._begin, session, command, wanted)

    def _begin(self, session: Session, command: Any, wanted: Any) -> None:
        """Everything before the command has left: now it shows where the end is."""
        found: Deferred[Any] = WAYS[type(command)][0](self, command, wanted)
        found.addCallback(lambda read: WAYS[type(command)][1](self, session, command, wanted, read))
        found.addErrback(self._refused, session, command.ref)
        found.addErrback(self._unreadable, session)
        found.addBoth(lambda _: self._node.go_on(session))

    def _refused(self, failure: Failure, session: Session, ref: int) -> None:
        failure.trap(Refused)
        assert isinstance(failure.value, Refused)
        self._node.hub.refuse(session, ref, failure.value, self._node.turn())

    def _unreadable(self, failure: Failure, session: Session) -> None:
        self._node.unreadable(failure, session)

    # ---- what is read, and what is said then ----

    def _read_history(self, command: m.History, seen: View) -> Deferred[list[Row]]:
        end = seen.conversation.head + 1
        before = min(max(0, command.before) or end, end)
        limit = max(1, min(command.limit, self._node.hub.limits.history_page))
        if isinstance(seen.conversation, Talk):
            return succeed(seen.conversation.read_before(0, before, limit))
        return self._read(self._store.read_before, seen.conversation.id, before, limit)

    def _tell_history(self, session: Session, command: m.History, seen: View, rows: list[Row]) -> None:
        conversation = seen.conversation
        messages = [self.message(conversation, row) for row in rows if row.seq > seen.after]
        more = bool(messages) and messages[0].seq > max(seen.after, conversation.floor) + 1
        self._node.turn().reply(session, m.Page(command.ref, conversation.name, messages, more))

    def _read_pages(self, command: a.Browse, wanted: Wanted) -> Deferred[Found]:
        conversation = wanted.view.conversation
        if isinstance(conversation, Talk):
            return maybeDeferred(browse, conversation, wanted, conversation.head, conversation.floor)
        return self._read(browse, self._store, wanted, conversation.head, conversation.floor)

    def _tell_pages(self, session: Session, command: a.Browse, wanted: Wanted, found: Found) -> None:
        conversation = wanted.view.conversation
        messages = [self.message(conversation, row) for row in found.rows]
        events = [a.Happening(one.at, one.id, one.sender, one.kind, one.text) for one in found.events]
        self._node.turn().reply(session, a.Pages(command.ref, conversation.name, messages, events))

    def _read_doomed(self, command: o.Redact, seen: View) -> Deferred[list[Row]]:
        return self._read(messages_with, self._store, seen.conversation.id, command.id)

    def _tell_redacted(self, session: Session, command: o.Redact, seen: View, rows: list[Row]) -> None:
        rows = [row for row in rows if (seen.conversation.id, row.seq) not in self._taken]
        if session.user is None or session.user.id not in self._node.hub.users.by_id:
            return  # a guest who has gone
        turn = self._node.turn()
        seq = archive.take_away(self._node.hub, session, command, seen, rows, turn)
        if self._node.transfers is not None:
            (row,) = (row for row in rows if row.seq == seq)
            self._node.transfers.withdraw(seen.conversation, row, turn)
        self._taken[seen.conversation.id, seq] = command.reason
        if len(self._taken) > TAKEN:
            del self._taken[next(iter(self._taken))]

    def _read_own(self, command: a.Explain, seen: View) -> Deferred[list[Row]]:
        number = seen.conversation.id
        if command.id:
            return self._read(messages_with, self._store, number, command.id)
        if not command.seq:  # the newest, if it is among the last
            limit = self._node.hub.limits.history_page
            return self._read(self._store.read_before, number, seen.conversation.head + 1, limit)
        seq = max(1, min(command.seq, seen.conversation.head))
        return self._read(self._store.read, number, seq - 1, seq, 1)

    def _read_reported(self, command: o.Report, seen: View) -> Deferred[list[Row]]:
        last = command.seq or seen.conversation.head
        limit = 1 if command.seq else self._node.hub.limits.history_page
        return self._read(self._store.read_before, seen.conversation.id, last + 1, limit)

    def _keep_report(self, session: Session, command: o.Report, seen: View, rows: list[Row]) -> None:
        reports.keep(self._node.hub, session, command, seen, rows, self._node.turn())

    def _tell_own(self, session: Session, command: a.Explain, seen: View, rows: list[Row]) -> None:
        rows = [row for row in rows if row.seq > seen.after and (row.seq == command.seq or not command.seq)]
        ledger.tell(self._node.hub, session, command, seen, rows, self._node.turn())


WAYS: Final[dict[type, tuple[Callable[..., Deferred[Any]], Callable[..., None]]]] = {
    m.History: (Past._read_history, Past._tell_history),
    a.Browse: (Past._read_pages, Past._tell_pages),
    o.Redact: (Past._read_doomed, Past._tell_redacted),
    a.Explain: (Past._read_own, Past._tell_own),
    o.Report: (Past._read_reported, Past._keep_report),
}


# ---- on a reader's thread ----------------------------------------------------------------------------------------


class Found(NamedTuple):
    """A page: both lists are ascending."""

    rows: list[Row]
    events: list[Happened]


class Spot(NamedTuple):
    """A place in a log: the messages `first` to `last` lie on it (none if `last` is smaller), and what happened from
    `low` to `high`."""

    first: int
    last: int
    low: Key
    high: Key


def key(event: Happened) -> Key:
    """Where it happened."""
    return event.at, event.id, 0


def messages_with(store: Readable, conversation: int, id: bytes) -> list[Row]:
    """The messages with this id."""
    return [row for seq in store.find(conversation, id) for row in store.read(conversation, seq - 1, seq, 1)]


def browse(store: Readable, wanted: Wanted, head: int, floor: int) -> Found:
    """Read a page. Raises Refused `no-such-message` where a place is none."""
    return Browsing(store, wanted, head, floor).found()


class Browsing:
    """One page's reading. `head`: the newest message there is for now, `floor`: the newest that is no more."""

    def __init__(self, store: Readable, wanted: Wanted, head: int, floor: int) -> None:
        self._store = store
        self._wanted = wanted
        self._number = wanted.view.conversation.id
        self._floor = max(wanted.view.after, floor)
        self._opened = self._coming() if wanted.events and wanted.view.name else (-1, b"", 0)
        self._begin = Spot(0, self._floor, (-1, b"", 0), (-1, b"", 0))
        self._end = Spot(head + 1, head + 1, (LATEST, b"", 0), (LATEST, b"", 0))

    def found(self) -> Found:
        """The page."""
        way, limit = self._wanted.way, self._wanted.limit
        one = self._spot(self._wanted.one)
        if way == "latest":
            return self._newest(self._begin if one is self._end else one, self._end, limit)
        if way == "before":
            return self._newest(self._begin, one, limit)
        if way == "after":
            return self._oldest(one, self._end, limit)
        if way == "between":
            two = self._spot(self._wanted.two)
            if (one.low, one.first) <= (two.low, two.first):
                return self._oldest(one, two, limit)
            return self._newest(two, one, limit)
        before = self._newest(self._begin, one, limit // 2)
        edge = (one.low[0], one.low[1], -1)
        after = self._oldest(Spot(0, one.first - 1, edge, edge), self._end, limit - limit // 2)
        return Found(before.rows + after.rows, before.events + after.events)

    # ---- places ----

    def _spot(self, place: a.Place) -> Spot:
        """Where a place is: a message, what happened, all that is from one time, or the end."""
        if place.id:
            return self._spot_of(place.id)
        if not place.at:
            return self._end
        first = self._store.seq_at(self._number, place.at) + 1
        last = self._store.seq_at(self._number, place.at + 1)
        return Spot(first, last, (place.at, b"", -1), (place.at, LATE, 0))

    def _spot_of(self, id: bytes) -> Spot:
        rows = messages_with(self._store, self._number, id)
        if rows:
            where = (rows[0].at, LATE, 0)
            return Spot(rows[0].seq, rows[0].seq, where, where)
        made = int.from_bytes(id[:6], "big")  # ours begin with their time, others with about the time
        for slack in (1, SLACK):
            found = self._store.happenings(self._number, made - slack, made + slack, SEARCHED, False)
            event = next((event for event in found if event.id == id), None)
            if event is not None:
                last = self._store.seq_at(self._number, event.at)
                return Spot(last + 1, last, key(event), key(event))
        raise Refused("no-such-message", "There is no message with this id, or not any more.")

    def _coming(self) -> Key:
        """Where a newcomer came: of what happened between the last message before that and the first one after it,
        their joining; without it, only what is after that message may be told."""
        after, name = self._wanted.view.after, self._wanted.view.name
        around = {row.seq: row.at for row in self._store.read(self._number, max(0, after - 1), after + 1, 2)}
        early, late = around.get(after, -1), around.get(after + 1, LATEST)
        for event in reversed(self._store.happenings(self._number, early, late + 1, SEARCHED, True)):
            if event.kind == "joined" and event.sender == name:
                return event.at, event.id, -1
        return late, LATE, 0

    # ---- pages ----

    def _newest(self, low: Spot, high: Spot, limit: int) -> Found:
        """The last ones between two places."""
        after = max(low.last, self._floor)
        before = min(high.first, self._end.first)
        rows = self._store.read_before(self._number, before, limit) if limit and before > after + 1 else []
        whole = not rows or rows[0].seq <= after + 1
        events = self._happened(low.high, high.low, limit, True)
        if not whole:
            events = [event for event in events if event.at > rows[0].at]
        rows = [row for row in rows if row.seq > after]
        return _cut(rows, events, slice(max(0, len(rows) + len(events) - limit), None))

    def _oldest(self, low: Spot, high: Spot, limit: int) -> Found:
        """The first ones between two places."""
        after = max(low.last, self._floor)
        upto = min(high.first, self._end.first) - 1
        rows = self._store.read(self._number, after, upto, limit) if limit and upto > after else []
        whole = not rows or rows[-1].seq >= upto
        events = self._happened(low.high, high.low, limit, False)
        if not whole:
            events = [event for event in events if event.at <= rows[-1].at]
        return _cut(rows, events, slice(0, limit))

    def _happened(self, low: Key, high: Key, limit: int, newest: bool) -> list[Happened]:
        """What happened between two places, at least the first or last `limit`, in order."""
        low = max(low, self._opened)
        count = limit if self._wanted.events else 0
        while count:
            found = self._store.happenings(self._number, low[0] - 1, high[0] + 1, count, newest)
            fit = sorted((event for event in found if low < key(event) < high), key=key)
            if len(found) < count or len(fit) >= limit:
                return fit
            count *= 2
        return []


def _cut(rows: list[Row], events: list[Happened], part: slice) -> Found:
    """Both in one order, of which only a part is wanted; at equal times what happened was first."""
    both = sorted([(event.at, 0, at) for at, event in enumerate(events)] + [(row.at, 1, row.seq) for row in rows])[part]
    seqs = {place for _, is_row, place in both if is_row}
    places = {place for _, is_row, place in both if not is_row}
    return Found([row for row in rows if row.seq in seqs], [event for at, event in enumerate(events) if at in places])
