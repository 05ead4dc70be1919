"""The outlet: what is unsent is bounded, a reader that takes nothing is cut, reasons for not reading add up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd.core.limits import Limits
from chatd.ports.session import Outlet, channel_of
from chatd.wire.pack import Event
from tests.kit import House
from tests.test_straight import Way


class Codec:
    """Events as their names."""

    def encode(self, event: Event) -> bytes:
        """The name."""
        return f"<{type(event).__name__}>".encode()

    def encode_all(self, events: Sequence[Event]) -> bytes:
        """Their names."""
        return b"".join(map(self.encode, events))


class RecordingTransport(StringTransport):
    """Notes what is asked of it."""

    def __init__(self) -> None:
        super().__init__(lenient=True)
        self.calls: list[str] = []

    def loseConnection(self) -> None:
        """Noted."""
        self.calls.append("lose")

    def abortConnection(self) -> None:
        """Noted."""
        self.calls.append("abort")

    def unregisterProducer(self) -> None:
        """Noted."""
        self.calls.append("unregister")
        super().unregisterProducer()


class RecordingServer:
    """Notes what a port says."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []

    def lagging(self, session: Any) -> None:
        """Noted."""
        self.calls.append(("lagging", session))

    def room(self, session: Any) -> None:
        """Noted."""
        self.calls.append(("room", session))


class OutletTests(SynchronousTestCase):
    """Outlet."""

    def setUp(self) -> None:
        self.clock, self.transport, self.server = Clock(), RecordingTransport(), RecordingServer()
        self.outlet = Outlet(self.transport, Codec(), self.clock, Limits(unsent_bytes=10, stall_seconds=30))
        server: Any = self.server
        self.outlet.server, self.outlet.session = server, "session"

    def test_writes_go_through_while_there_is_room(self) -> None:
        for data in (b"a", b"b"):
            self.outlet.write(data)
        self.assertEqual(self.transport.value(), b"ab")
        self.assertEqual(self.server.calls, [])

    def test_what_does_not_fit_waits_and_goes_in_order(self) -> None:
        self.outlet.pauseProducing()
        for data in (b"a", b"b", b"c"):
            self.outlet.write(data)
        self.assertEqual(self.transport.value(), b"")
        self.outlet.resumeProducing()
        self.assertEqual(self.transport.value(), b"abc")
        self.assertEqual(self.server.calls, [("room", "session")])

    def test_paused_again_in_the_middle_of_the_queue(self) -> None:
        self.outlet.pauseProducing()
        for data in (b"a", b"b", b"c"):
            self.outlet.write(data)
        taken: list[bytes] = []

        def write(data: bytes) -> None:
            taken.append(data)
            self.outlet.pauseProducing()

        self.transport.write = write  # type: ignore[method-assign]
        for number in range(1, 4):
            self.outlet.resumeProducing()
            self.assertEqual(taken, [b"a", b"b", b"c"][:number])
        self.assertEqual(self.server.calls, [])
        self.outlet.resumeProducing()
        self.assertEqual(self.server.calls, [("room", "session")])

    def test_too_much_unsent_is_told_and_the_reader_is_not_read_from(self) -> None:
        self.outlet.pauseProducing()
        self.outlet.write(b"x" * 10)
        self.assertEqual((self.server.calls, self.transport.producerState), ([], "producing"))
        self.outlet.write(b"x")
        self.assertEqual((self.server.calls, self.transport.producerState), ([("lagging", "session")], "paused"))
        self.outlet.resumeProducing()
        self.assertEqual(self.transport.producerState, "producing")
        self.assertEqual(self.server.calls[-1], ("room", "session"))

    def test_a_reader_that_takes_nothing_for_thirty_seconds_is_cut(self) -> None:
        self.outlet.pauseProducing()
        self.outlet.write(b"x")
        self.clock.advance(29.9)
        self.assertEqual(self.transport.calls, [])
        self.clock.advance(0.2)
        self.assertEqual(self.transport.calls, ["abort"])

    def test_a_reader_that_takes_something_in_time_stays(self) -> None:
        for _ in range(10):
            self.outlet.pauseProducing()
            self.clock.advance(29)
            self.outlet.resumeProducing()
        self.clock.advance(100)
        self.assertEqual(self.transport.calls, [])

    def test_end_says_a_last_word_and_closes(self) -> None:
        self.outlet.end(m.Bye("goodbye", ""))
        self.outlet.end(m.Bye("again", ""))
        self.outlet.write(b"too late")
        self.assertEqual(self.transport.value(), b"<Bye>")
        self.assertEqual(self.transport.calls, ["unregister", "lose"])
        self.assertTrue(self.outlet.ending())
        self.outlet.gone()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_end_waits_for_what_is_unsent(self) -> None:
        self.outlet.pauseProducing()
        self.outlet.write(b"x")
        self.outlet.end(m.Bye("goodbye", ""))
        self.assertEqual(self.transport.calls, [])
        self.outlet.resumeProducing()
        self.assertEqual(self.transport.value(), b"x<Bye>")
        self.assertEqual(self.transport.calls, ["unregister", "lose"])
        self.assertEqual(self.server.calls, [])

    def test_end_does_not_wait_for_ever(self) -> None:
        for paused in (False, True):
            self.setUp()
            if paused:
                self.outlet.pauseProducing()
            self.outlet.end(m.Bye("goodbye", ""))
            self.transport.calls.clear()
            self.clock.advance(31)
            self.assertEqual(self.transport.calls, ["abort"], paused)

    def test_nothing_is_done_on_a_connection_that_is_gone(self) -> None:
        self.outlet.pauseProducing()
        self.outlet.write(b"x")
        self.outlet.gone()
        self.outlet.write(b"y")
        self.outlet.end(m.Bye("goodbye", ""))
        self.outlet.hold("busy")
        self.outlet.release("busy")
        self.outlet.abort()
        self.clock.advance(100)
        self.assertEqual((self.transport.value(), self.transport.calls), (b"", []))
        self.assertEqual(self.transport.producerState, "producing")

    def test_what_answers_its_own_questions_is_held_but_is_no_lagging(self) -> None:
        self.outlet.pauseProducing()
        self.outlet.asked_for = 15
        self.outlet.write(b"a" * 15)
        self.assertEqual((self.server.calls, self.outlet.held()), ([], True))
        self.outlet.write(b"b" * 11)
        self.assertEqual(self.server.calls, [("lagging", "session")])
        self.outlet.resumeProducing()
        self.assertEqual((self.outlet.asked_for, self.outlet.held()), (0, False))

    def test_who_is_not_read_from_need_give_no_sign_of_life(self) -> None:
        self.assertEqual((self.outlet.nudge(), self.outlet.held()), (False, False))
        self.outlet.hold("rate")
        self.assertEqual((self.outlet.nudge(), self.outlet.held(), self.outlet.held("rate")), (True, True, False))

    def test_say_is_one_event(self) -> None:
        self.outlet.say(m.Done(1))
        self.assertEqual(self.transport.value(), b"<Done>")

    @given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans())))
    def test_it_is_read_when_there_is_no_reason_left(self, steps: list[tuple[str, bool]]) -> None:
        self.setUp()
        reasons = set()
        for reason, hold in steps:
            if hold:
                self.outlet.hold(reason)
                reasons.add(reason)
            else:
                self.outlet.release(reason)
                reasons.discard(reason)
            self.assertEqual(self.transport.producerState == "paused", bool(reasons))

    @given(st.lists(st.one_of(st.binary(min_size=1, max_size=8), st.booleans())))
    def test_everything_arrives_once_in_order(self, steps: list[bytes | bool]) -> None:
        self.setUp()
        written = b""
        for step in steps:
            if step is True:
                self.outlet.pauseProducing()
            elif step is False:
                self.outlet.resumeProducing()
            else:
                self.outlet.write(step)
                written += step
        self.outlet.resumeProducing()
        self.assertEqual(self.transport.value(), written)
        self.assertEqual(self.outlet._queued, 0)


class Channels(SynchronousTestCase):
    """What TLS says of a connection."""

    def test_with_and_without_tls_and_a_certificate(self) -> None:
        house, binding, shown = House(), b"b" * 32, "5a" * 32
        self.assertEqual(channel_of(house.peer(binding=binding, certificate=shown).transport), (binding, shown))
        self.assertEqual(channel_of(house.peer(binding=binding).transport), (binding, ""))
        self.assertEqual(channel_of(house.peer().transport), (b"", ""))
        for other in (object(), StringTransport()):
            self.assertEqual(channel_of(other), (b"", ""))


LIMITS = Limits(unsent_bytes=10**9, stall_seconds=30)
FULL = 300  # bytes that wait in a transport until its producer is paused
SIZES = st.sampled_from([1, 20, 150, 400])
WHO = st.integers(0, 3)
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("all"), SIZES, st.sets(WHO)),
        st.tuples(st.sampled_from(["write", "parts"]), SIZES, WHO),
        st.tuples(st.just("room"), SIZES, WHO),
        st.tuples(st.sampled_from(["turn", "turn", "turn", "note", "end", "abort", "break"]), st.just(0), WHO),
    ),
    max_size=40,
)


class Noting(Outlet):
    """An outlet whose port wants to see some writes."""

    noted = 0

    def write(self, data: bytes) -> None:
        """Count those."""
        self.noted += self.unnoted
        self.unnoted = False
        super().write(data)

    def note(self) -> None:
        """See the next one."""
        self.unnoted, self.direct = True, None


class Crowd:
    """Some connections over sockets that are narrow."""

    def __init__(self, straight: bool, room: int, bite: int) -> None:
        self.ways = [Way(straight, room, bite) for _ in range(4)]
        for way in self.ways:
            way.transport.bufferSize = FULL
        self.aborted: set[int] = set()
        self.outlets = [Noting(way.transport, Codec(), Clock(), LIMITS) for way in self.ways]

    def do(self, deed: str, data: bytes, who: Any) -> None:
        """One step; who is gone or is about to go does no more of it."""
        if deed == "all":
            Outlet.write_all([self.outlets[number] for number in sorted(who)], data)
            return
        way, outlet = self.ways[who], self.outlets[who]
        if deed == "write":
            outlet.write(data)
        elif deed == "parts":
            outlet.write_parts([data[:1], data[1:9], data[9:]])
        elif deed == "room":
            way.socket.room += len(data)
        elif deed == "note":
            outlet.note()
        elif deed == "end":
            outlet.end(m.Bye("bye", ""))
        elif deed == "abort":
            outlet.abort()
            self.aborted.add(who)  # Twisted tells that it is over in the next pass
            way.reactor.writers.add(way.transport)
        elif deed == "break":
            way.socket.broken = True
        else:
            self.turn(who)

    def turn(self, who: int) -> None:
        """One pass of the reactor for one of them."""
        way = self.ways[who]
        if way.turn() is not None or who in self.aborted:
            way.reactor.writers.clear()
            way.transport.connected = 0
            self.outlets[who].gone()

    def drain(self) -> None:
        """Everybody reads everything."""
        for who, way in enumerate(self.ways):
            way.socket.room = 10**9
            while way.reactor.writers:
                self.turn(who)


class TogetherTests(SynchronousTestCase):
    """The same bytes for many, by the shortest way and by Twisted's own."""

    @given(DEEDS, st.sampled_from([0, 100, 10**9]), st.sampled_from([30, 200, 10**9]))
    @example([("all", 1, {0}), ("write", 150, 0), ("all", 1, {0})], 100, 30)  # what did not fit is not overtaken
    @example([("all", 1, {0}), ("all", 150, {0}), ("all", 1, {0})], 100, 30)
    @example([("all", 1, {0}), ("parts", 150, 0), ("all", 1, {0})], 100, 30)
    @example([("parts", 150, 0), ("turn", 0, 0), ("parts", 20, 0), ("all", 1, {0})], 100, 30)
    @example([("all", 1, {0}), ("end", 0, 0), ("all", 1, {0})], 10**9, 10**9)  # nothing comes behind the last word
    def test_everybody_gets_the_same_by_both_ways(
        self, deeds: list[tuple[str, int, Any]], room: int, bite: int
    ) -> None:
        crowds = [Crowd(False, room, bite), Crowd(True, room, bite)]
        written = [b""] * 4
        over: set[int] = set()
        cut: set[int] = set()
        for number, (deed, size, who) in enumerate(deeds):
            data = bytes([number]) * size
            for crowd in crowds:
                crowd.do(deed, data, who)
            if deed in ("all", "write", "parts"):
                for one in who - over if deed == "all" else {who} - over:
                    written[one] += data
            elif deed == "end" and who not in over:
                written[who] += b"<Bye>"
                over.add(who)
            elif deed in ("abort", "break"):
                cut.add(who)
        for crowd in crowds:
            crowd.drain()
            for one, way in enumerate(crowd.ways):
                self.assertTrue(written[one].startswith(way.socket.taken), one)
                if one not in cut:
                    self.assertEqual(way.socket.taken, written[one])
        plain, straight = ([outlet.noted for outlet in crowd.outlets] for crowd in crowds)
        self.assertEqual(plain, straight)

    def test_pieces_leave_in_one_system_call(self) -> None:
        outlet = Crowd(True, 10**9, 10**9).outlets[0]
        outlet.write(b"hello")
        outlet.write_parts([b" ", b"world", b"!"])
        socket = outlet._transport.socket
        self.assertEqual((socket.taken, socket.calls, socket.gathered), (b"hello world!", 2, 1))

    def test_pieces_are_noted_too(self) -> None:
        outlet = Crowd(True, 10**9, 10**9).outlets[0]
        outlet.note()
        outlet.write_parts([b"a", b"b", b"c"])
        self.assertEqual((outlet.noted, outlet.unnoted), (1, False))

    def test_what_ends_the_shortest_way(self) -> None:
        """Whatever the transport's own bytes are: those of TLS may be gone while it wants no more."""
        for deed in (Outlet.pauseProducing, Outlet.abort, Outlet.gone, lambda outlet: outlet.end(m.Bye("bye", ""))):
            outlet = Crowd(True, 10**9, 10**9).outlets[0]
            outlet.write(b"hello")
            self.assertIsNot(outlet.direct, None)
            deed(outlet)
            self.assertIs(outlet.direct, None)

    def test_one_system_call_each_and_none_of_epoll(self) -> None:
        crowd = Crowd(True, 10**9, 10**9)
        for _ in range(3):
            Outlet.write_all(crowd.outlets, b"hello")
        for way in crowd.ways:
            self.assertEqual((way.socket.taken, way.socket.calls, way.reactor.asked), (b"hello" * 3, 3, 0))
