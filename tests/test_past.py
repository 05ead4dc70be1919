"""Pages of the past: every walk meets everything once and in order, over every store; redaction; who waits."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd import archive as a
from chatd import messages as m
from chatd import moderation as o
from chatd.core import archive
from chatd.core.archive import View, Wanted
from chatd.core.groups import Conversation
from chatd.core.limits import Limits
from chatd.core.turn import Refused, Turn
from chatd.entries import Append, ConversationMade, Row
from chatd.past import Found, browse
from chatd.store.interface import Store
from chatd.store.memory import MemoryStore
from chatd.store.sqlite import SqliteStore
from tests.kit import House, Scene

Made = list[tuple[int, str]]
"""How many ms later, and what."""
START = 1_000_000
END = a.Place()


class Item(NamedTuple):
    """One thing of the past, as the test made it: a message, or what happened."""

    id: bytes
    at: int
    said: bool


# ---- what is made -------------------------------------------------------------------------------------------------

SMALL, LARGE = b"x", b"x" * 90_000  # of large ones three fill a page
things = st.lists(
    st.tuples(st.sampled_from([0, 0, 0, 1, 3]), st.sampled_from(["say", "say", "shout", "note", "pass"])),
    min_size=1,
    max_size=30,
)
limits = st.integers(1, 9)
commits = st.integers(1, 7)  # how many are in one commit


class Log:
    """A group in a store, with what was said and what happened in it in the order in which it was."""

    def __init__(self, store: Store, number: int, made: Made, together: int) -> None:
        self.store = store
        record = ConversationMade(number, f"#log{number}", f"#log{number}", None, 0)
        store.commit([record])
        self.group = Conversation(record, record.name)
        self.hub: Any = SimpleNamespace(lobby=None, full=False)
        self.sender = f"alice{number}"  # whose ids are new
        self.items: list[Item] = []
        self.small = True
        turn = Turn(START)
        for place, (later, what) in enumerate(made):
            turn.now += later
            self._make(turn, place, what)
            if len(turn.entries) >= together:
                self._commit(turn)
        self._commit(turn)

    def _make(self, turn: Turn, number: int, what: str) -> None:
        identity = b"%016d" % number
        if what in ("note", "pass"):
            chosen = turn.now.to_bytes(6, "big") + identity[6:] if what == "pass" else b""
            at, id = archive.note(self.hub, self.group, turn, "topic", "alice", str(number), chosen)
            self.items.append(Item(id, at, False))
            return
        self.small = self.small and what == "say"
        at = max(turn.now, self.group.at, self.group.noted)
        self.group.at = at
        turn.keep(Append(self.group.id, at, self.sender, identity, SMALL if what == "say" else LARGE))
        self.items.append(Item(identity, at, True))

    def _commit(self, turn: Turn) -> None:
        self.store.commit(turn.entries)
        turn.entries.clear()

    def page(self, way: str, one: a.Place, two: a.Place = END, *, limit: int, events: bool, floor: int = 0,
             after: int = 0, name: str = "") -> list[Item]:  # fmt: skip
        """What a page has, in one order, as a client would put it."""
        wanted = Wanted(View(self.group, after, name), way, one, two, limit, events)
        head = sum(item.said for item in self.items)
        return merged(browse(self.store, wanted, head, floor))

    def seen(self, events: bool) -> list[Item]:
        """Everything there is for who wants to see what happened, too, or not."""
        return [item for item in self.items if events or item.said]


def merged(found: Found) -> list[Item]:
    """Both lists in one: at equal times what happened was first."""
    both = [(event.at, 0, at, Item(event.id, event.at, False)) for at, event in enumerate(found.events)]
    both += [(row.at, 1, row.seq, Item(row.id, row.at, True)) for row in found.rows]
    return [item for *_, item in sorted(both)]


class Walks(SynchronousTestCase):
    """Whatever was said and happened, and however many of it at the same time; over every store."""

    def setUp(self) -> None:
        self.stores = (MemoryStore(), SqliteStore(self.mktemp()))
        self.count = 0
        for store in self.stores:
            self.addCleanup(store.close)
            store.load()

    def logs(self, made: Made, together: int) -> Iterator[Log]:
        """A log of these things in each store."""
        self.count += 1
        for store in self.stores:
            yield Log(store, self.count, made, together)

    def fits(self, log: Log, page: list[Item], expected: list[Item], limit: int, newest: bool) -> None:
        """A page is the newest or oldest of what may be on it; it may be short where messages are long, never empty."""
        best = expected[-limit:] if newest else expected[:limit]
        if log.small:
            self.assertEqual(page, best)
        elif best:
            self.assertTrue(page)
        self.assertEqual(page, best[len(best) - len(page) :] if newest else best[: len(page)])

    @given(things, commits, limits, st.booleans(), st.booleans())
    def test_every_walk_meets_everything_once_and_in_order(
        self, made: Made, together: int, limit: int, events: bool, back: bool
    ) -> None:
        for log in self.logs(made, together):
            walked: list[Item] = []
            place = a.Place() if back else a.Place(at=1)
            while page := log.page("before" if back else "after", place, limit=limit, events=events):
                walked = page + walked if back else walked + page
                self.assertLessEqual(len(walked), len(log.items))
                place = a.Place(page[0 if back else -1].id)
            self.assertEqual(walked, log.seen(events))

    @given(things, commits, limits, st.booleans(), st.data())
    def test_pages_from_anything(
        self, made: Made, together: int, limit: int, events: bool, data: st.DataObject
    ) -> None:
        for log in self.logs(made, together):
            at = data.draw(st.integers(0, len(log.items) - 1))
            place = a.Place(log.items[at].id)
            before = [item for item in log.items[:at] if events or item.said]
            itself = [item for item in log.items[at : at + 1] if events or item.said]
            after = [item for item in log.items[at + 1 :] if events or item.said]
            self.fits(log, log.page("before", place, limit=limit, events=events), before, limit, True)
            self.fits(log, log.page("after", place, limit=limit, events=events), after, limit, False)
            self.fits(log, log.page("latest", place, limit=limit, events=events), after, limit, True)
            if log.small:
                half = limit // 2
                around = before[max(0, len(before) - half) :] + (itself + after)[: limit - half]
                self.assertEqual(log.page("around", place, limit=limit, events=events), around)

    @given(things, commits, limits, st.booleans(), st.data())
    def test_pages_between_two(self, made: Made, together: int, limit: int, events: bool, data: st.DataObject) -> None:
        for log in self.logs(made, together):
            ends = st.integers(0, len(log.items) - 1)
            one, two = data.draw(ends), data.draw(ends)
            places = a.Place(log.items[one].id), a.Place(log.items[two].id)
            inside = [item for item in log.items[min(one, two) + 1 : max(one, two)] if events or item.said]
            page = log.page("between", *places, limit=limit, events=events)
            self.fits(log, page, inside, limit, two < one)

    @given(things, commits, limits, st.booleans(), st.integers(-1, 30), st.integers(-1, 30))
    def test_pages_from_a_time(self, made: Made, together: int, limit: int, events: bool, one: int, two: int) -> None:
        for log in self.logs(made, together):
            seen = log.seen(events)
            one, two = START + one, START + two
            place = a.Place(at=one)
            early = [item for item in seen if item.at < one]
            late = [item for item in seen if item.at > one]
            self.fits(log, log.page("before", place, limit=limit, events=events), early, limit, True)
            self.fits(log, log.page("after", place, limit=limit, events=events), late, limit, False)
            self.fits(log, log.page("latest", place, limit=limit, events=events), late, limit, True)
            inside = [item for item in seen if min(one, two) < item.at < max(one, two)]
            page = log.page("between", place, a.Place(at=two), limit=limit, events=events)
            self.fits(log, page, inside, limit, two < one)

    @given(things, commits, limits, st.booleans(), st.data())
    def test_what_is_gone_and_what_was_before_one_came(
        self, made: Made, together: int, limit: int, back: bool, data: st.DataObject
    ) -> None:
        for log in self.logs(made, together):
            said = [item for item in log.items if item.said]
            floor, after = data.draw(st.integers(0, len(said))), data.draw(st.integers(0, len(said)))
            walked: list[Item] = []
            place = a.Place() if back else a.Place(at=1)
            way = "before" if back else "after"
            while page := log.page(way, place, limit=limit, events=False, floor=floor, after=after):
                walked = page + walked if back else walked + page
                place = a.Place(page[0 if back else -1].id)
            self.assertEqual(walked, said[max(floor, after) :])

    @given(things, things, st.booleans())
    def test_a_newcomer_sees_what_happened_from_their_coming_on(self, before: Made, after: Made, told: bool) -> None:
        for log in self.logs(before, 3):
            joined = len(log.items)
            since = sum(item.said for item in log.items)
            turn = Turn(START + 1000)
            at, id = archive.note(log.hub, log.group, turn, "joined", "bob")
            if told:
                log.items.append(Item(id, at, False))
            else:
                turn.entries.clear()  # an auditorium does not tell who comes
            for number, (later, what) in enumerate(after, 100):
                turn.now += later
                log._make(turn, number, what)
            log._commit(turn)
            seen = log.items[joined:]
            if not told:  # then it is only sure of what is after the first message
                first = next((at for at, item in enumerate(seen) if item.said), len(seen))
                seen = seen[first:]
            page = log.page("latest", a.Place(), limit=100, events=True, after=since, name="bob")
            self.assertEqual(page, seen[len(seen) - len(page) :])
            if log.small:
                self.assertEqual(page, seen)

    def test_what_is_no_place(self) -> None:
        for log in self.logs([(0, "say"), (0, "note")], 1):
            for id in (b"?", b"x" * 16, START.to_bytes(6, "big"), b"\xff" * 64):
                with self.assertRaises(Refused) as refused:
                    log.page("before", a.Place(id), limit=1, events=False)
                self.assertEqual(refused.exception.code, "no-such-message")

    def test_hundreds_at_once(self) -> None:
        for log in self.logs([(0, "note")] * 400 + [(0, "say")] + [(0, "pass")] * 200, 50):
            for back in (False, True):
                walked: list[Item] = []
                place = a.Place() if back else a.Place(at=1)
                while page := log.page("before" if back else "after", place, limit=7, events=True):
                    walked = page + walked if back else walked + page
                    place = a.Place(page[0 if back else -1].id)
                self.assertEqual(walked, log.items)

    def test_times_never_go_back(self) -> None:
        for log in self.logs(
            [(0, "say"), (0, "note"), (0, "note"), (0, "say"), (0, "note"), (5, "note"), (0, "say")], 3
        ):
            times = [item.at - START for item in log.items]
            self.assertEqual(times, [0, 1, 1, 1, 2, 5, 5])


# ---- over a node --------------------------------------------------------------------------------------------------


class PastScene(Scene):
    """Alice, who made #hw1, and Bob, who is in it."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob, self.carol = self.house.people("alice", "bob", "carol")
        self.granted(self.alice, m.Join, "hw1")
        self.granted(self.bob, m.Join, "hw1")
        self.forget()

    def forget(self) -> None:
        """What has come is of no interest."""
        for peer in self.house.peers:
            peer.take()

    @property
    def group(self) -> Conversation:
        """The group."""
        return self.house.node.hub.conversations.groups["#hw1"]


class Asking(PastScene):
    """Pages, and who waits for them."""

    def test_a_page_comes_in_order_and_holds_only_who_asked(self) -> None:
        self.alice.send("#hw1", "one", b"1" * 16)
        self.house.reader.slow = True
        self.alice.tell(a.Browse(7, "#hw1", "latest", a.Place()), m.Ping(8))
        self.bob.ask(m.Ping)
        self.assertEqual((self.alice.of(a.Pages), self.alice.of(m.Pong), len(self.bob.of(m.Pong))), ([], [], 1))
        self.house.commit()
        self.alice.read()
        answers = [event for event in self.alice.events if getattr(event, "ref", 0) in (7, 8)]
        self.assertEqual([type(event) for event in answers], [a.Pages, m.Pong])
        page = self.alice.last(a.Pages)
        self.assertEqual([(x.seq, x.id, x.text) for x in page.messages], [(1, b"1" * 16, "one")])

    def test_what_the_same_connection_said_is_on_it(self) -> None:
        self.alice.tell(m.Send(5, "#hw1", b"1" * 16, "one"), a.Browse(6, "#hw1", "latest", a.Place()))
        self.assertEqual([x.text for x in self.alice.last(a.Pages).messages], ["one"])

    def test_no_such_place_is_said_and_the_session_goes_on(self) -> None:
        self.refused("no-such-message", self.alice, a.Browse, "#hw1", "before", a.Place(b"?"))
        self.alice.tell(a.Browse(7, "#hw1", "before", a.Place(b"?")), m.Ping(8))
        self.assertEqual([type(event) for event in self.alice.take()], [m.Failed, m.Pong])

    def test_messages_and_events_together_are_as_many_as_asked_for(self) -> None:
        for number in range(6):
            self.alice.send("#hw1", str(number))
            self.granted(self.alice, m.SetTopic, "#hw1", f"topic {number}")
        self.granted(self.bob, a.Browse, "#hw1", "latest", a.Place(), limit=5, events=True)
        page = self.bob.last(a.Pages)
        self.assertEqual([x.text for x in page.messages], ["4", "5"])
        self.assertEqual([x.text for x in page.events], ["topic 3", "topic 4", "topic 5"])
        events, messages = [x.at for x in page.events], [x.at for x in page.messages]
        times = [events[0], messages[0], events[1], messages[1], events[2]]
        self.assertEqual(times, sorted(times))

    def test_an_event_is_a_place_and_was_told_with_its_id(self) -> None:
        self.alice.send("#hw1", "before")
        self.bob.take()
        self.granted(self.alice, m.SetTopic, "#hw1", "due")
        (told,) = [change for change in self.bob.of(m.GroupChange) if change.change == "topic"]
        self.alice.send("#hw1", "after")
        self.granted(self.bob, a.Browse, "#hw1", "after", a.Place(told.id))
        self.assertEqual([x.text for x in self.bob.last(a.Pages).messages], ["after"])
        self.granted(self.bob, a.Browse, "#hw1", "around", a.Place(told.id), limit=1, events=True)
        (event,) = self.bob.last(a.Pages).events
        self.assertEqual((event.at, event.id, event.sender, event.kind), (told.at, told.id, "alice", "topic"))

    def test_a_store_that_cannot_be_read_ends_that_connection_only(self) -> None:
        def broken(*_: object) -> list[Row]:
            raise OSError("bad sector")

        self.house.store.read_before = broken  # type: ignore[method-assign,assignment]
        self.alice.send("#hw1", "one")
        self.alice.ask(a.Browse, "#hw1", "latest", a.Place())
        self.assertTrue(self.alice.transport.aborted)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.granted(self.bob, m.Ping)


class Redacting(PastScene):
    """A text that is taken away is gone everywhere."""

    ID = b"1" * 16

    def setUp(self) -> None:
        super().setUp()
        self.alice.send("#hw1", "secret", self.ID)
        self.alice.send("#hw1", "not secret", b"2" * 16)
        self.forget()

    def texts(self, peer: Any) -> list[tuple[str, str]]:
        """What somebody finds in the log."""
        self.granted(peer, m.History, "#hw1")
        return [(x.kind, x.text) for x in peer.last(m.Page).messages]

    def test_everybody_hears_and_it_stays_so_over_a_restart(self) -> None:
        ref = self.alice.ask(o.Redact, "#hw1", self.ID, "typo")
        (mine,), (heard,) = self.alice.of(o.Redacted), self.bob.of(o.Redacted)
        self.assertEqual(mine, o.Redacted("#hw1", 1, self.ID, "alice", "typo", ref, mine.at, mine.noted))
        self.assertEqual(heard, msgspec.structs.replace(mine, ref=0))
        expected = [("redacted", "typo"), ("text", "not secret")]
        self.assertEqual(self.texts(self.bob), expected)
        self.house.restart()
        bob = self.bob.again()
        self.assertEqual(bob.texts(), ["typo", "not secret"])
        self.assertEqual(self.texts(bob), expected)
        self.granted(bob, a.Browse, "#hw1", "latest", a.Place(), events=True)
        event = bob.last(a.Pages).events[-1]
        self.assertEqual((event.kind, event.sender, event.text), ("redacted", "alice", f"{self.ID.hex()} typo"))

    def test_a_page_that_was_read_before_it_does_not_bring_it_back(self) -> None:
        for kind, more in ((m.History, ()), (a.Browse, ("latest", a.Place()))):
            self.house.reader.slow = True
            self.bob.ask(kind, "#hw1", *more)
            ((done, function, arguments),) = self.house.reader.waiting
            read = function(*arguments)
            self.house.reader.waiting.clear()
            self.house.reader.slow = False
            self.alice.ask(o.Redact, "#hw1", self.ID if kind is m.History else b"2" * 16, "gone")
            done.callback(read)
            self.house.settle()
            answers = [event for event in self.bob.take() if isinstance(event, m.Page | a.Pages)]
            self.assertEqual([x.text for x in answers[0].messages][-1 if kind is a.Browse else 0], "gone")

    def test_who_is_fed_from_the_store_hears_it_too(self) -> None:
        self.house.reader.slow = True
        bob = self.bob.again()
        self.alice.ask(o.Redact, "#hw1", self.ID)
        self.house.reader.waiting.reverse()
        self.house.reader.run(1)  # his page waits
        self.house.settle()
        self.assertEqual(([event.seq for event in bob.of(o.Redacted)], bob.texts()), ([1], []))
        self.house.commit()
        self.assertEqual(bob.texts(), ["", "not secret"])

    def test_twice_at_once_is_once(self) -> None:
        self.bob.send("#hw1", "mine", b"3" * 16)
        self.house.reader.slow = True
        for peer in (self.alice, self.bob):
            peer.take()
            peer.ask(o.Redact, "#hw1", b"3" * 16, peer.name)
        self.house.commit()
        self.assertEqual([event.by for event in self.alice.of(o.Redacted)], ["alice"])
        self.assertEqual(self.bob.code(), "no-such-message")

    def test_who_asked_has_gone_meanwhile(self) -> None:
        guest = self.house.guest("gast")
        self.granted(guest, m.Join, "hw1")
        guest.send("#hw1", "mine", b"3" * 16)
        self.alice.send("#hw1", "mine", b"4" * 16)
        self.house.reader.slow = True
        for peer, id in ((guest, b"3" * 16), (self.alice, b"4" * 16)):
            peer.ask(o.Redact, "#hw1", id)
            peer.lose()
        self.bob.take()
        self.house.commit()
        self.assertEqual([event.id for event in self.bob.of(o.Redacted)], [b"4" * 16])  # an account keeps its word

    def test_things_have_changed_meanwhile(self) -> None:
        self.granted(self.alice, m.SetPassword, "correct horse")
        self.phone = self.house.greeted()
        self.phone.link("alice", "correct horse")
        self.house.reader.slow = True
        self.bob.ask(o.Redact, "#hw1", self.ID)
        self.alice.ask(m.Kick, "hw1", "bob")
        self.house.commit()
        self.assertEqual(self.bob.code(), "not-a-member")
        self.alice.ask(o.Redact, "#hw1", self.ID)
        self.phone.ask(m.Leave, "hw1")  # it has ended, and then there is another one of that name
        self.bob.ask(m.Join, "hw1")
        self.phone.ask(m.Join, "hw1")
        self.house.commit()
        self.assertEqual(self.alice.code(), "no-such-message")
        self.assertEqual(self.house.failures, [])

    def test_many(self) -> None:
        for number in range(1100):
            self.alice.send("#hw1", "x", b"%016d" % number)
        for number in range(1100):
            self.alice.ask(o.Redact, "#hw1", b"%016d" % number)
        self.assertEqual(len(self.house.node.past._taken), 1000)
        self.assertEqual(self.house.failures, [])

    def test_what_is_purged(self) -> None:
        self.house = House(limits=Limits(retention_days=1))
        (alice,) = self.house.people("alice")
        alice.send("#lobby", "old", self.ID)
        self.house.clock.advance(86_400 * 3)
        self.house.node.sweep()
        self.house.settle()
        alice = alice.again() if alice.over else alice
        self.refused("no-such-message", alice, o.Redact, "#lobby", self.ID)
