"""Lines that come in: cut, bounded, in turn, and no faster than they are dealt with."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatd.core.limits import Limits
from chatd.messages import Bye
from chatd.ports.session import Outlet
from chatd.ports.typed import LATER, UNANSWERED, Typed, TypedLink
from tests.kit import Transport


class Deaf:
    """A node that hears nothing; `allowed` is how many lines it lets in."""

    def __init__(self) -> None:
        self.allowed = 1_000_000
        self.calls: list[object] = []

    def open(self, *arguments: object, **more: object) -> str:
        """A session."""
        return "session"

    def heard(self, session: str) -> None:
        """Something came."""

    def may(self, session: str, lines: int = 1) -> int:
        """One line fewer."""
        self.allowed -= 1
        return 1 if self.allowed >= 0 else 0

    def end_later(self, session: str, event: Bye) -> None:
        """It is over."""
        self.calls.append(event.code)

    def close(self, session: str, lost: bool) -> None:
        """It is gone."""
        self.calls.append(lost)


class Link(TypedLink):
    """Shows events as they are."""

    def render(self, event: bytes) -> bytes:
        """The event."""
        return event


class Echo(Typed):
    """Notes its lines."""

    MAX_LENGTH = 20
    MOST_SKIPPED = 60

    def connectionMade(self) -> None:
        self.lines: list[str] = []
        self.open_questions = 0
        self.open(Link(self.transport, None, self.clock, self.bounds))  # type: ignore[arg-type]

    def lineReceived(self, line: bytes) -> None:
        self.lines.append(line.decode())

    def lineLengthExceeded(self, line: bytes) -> None:
        self.lines.append("(too long)")

    def unanswered(self) -> int:
        return self.open_questions


class TypedTests(SynchronousTestCase):
    """Lines."""

    def setUp(self) -> None:
        self.clock, self.node = Clock(), Deaf()
        self.transport = Transport(self.clock)
        self.typed = Echo(self.node, Limits(unsent_bytes=100), self.clock)
        self.transport.protocol = self.typed
        self.typed.makeConnection(self.transport)

    def says(self, *parts: bytes) -> list[str]:
        """What was dealt with after these."""
        for part in parts:
            self.transport.deliver(part)
        lines, self.typed.lines = self.typed.lines, []
        return lines

    def test_lines_are_cut_wherever_they_are_split(self) -> None:
        data = b"one\ntwo\r\n\nthree\n"
        for at in range(len(data)):
            self.assertEqual(self.says(data[:at], data[at:]), ["one", "two\r", "", "three"], at)
        self.assertEqual(self.says(*(bytes([byte]) for byte in data)), ["one", "two\r", "", "three"])

    def test_half_a_line_waits(self) -> None:
        self.assertEqual(self.says(b"hel"), [])
        self.assertEqual(self.says(b"lo\n"), ["hello"])

    def test_a_line_too_long_is_told_once_and_in_its_place(self) -> None:
        self.assertEqual(self.says(b"a\n" + b"x" * 21, b"y" * 10, b"\nb\n"), ["a", "(too long)", "b"])
        self.assertEqual(self.says(b"x" * 21, b"\n" + b"y" * 21 + b"\n"), ["(too long)", "y" * 21])

    def test_a_line_without_end_ends_it(self) -> None:
        for number in range(70):
            self.transport.deliver(b"x" * 10)
            self.assertLessEqual(len(self.typed._rest), 20, number)
        self.assertEqual(self.node.calls, ["too-long"])
        self.assertEqual(self.says(b"\nafter\n"), ["(too long)"])

    def test_who_is_too_fast_is_not_read_and_loses_nothing(self) -> None:
        self.node.allowed = 2
        self.assertEqual(self.says(b"1\n2\n3\n4\n"), ["1", "2"])
        self.assertEqual(self.transport.producerState, "paused")
        self.node.allowed = 1
        self.clock.advance(LATER)
        self.assertEqual(self.says(b"5\n"), ["3"])
        self.node.allowed = 9
        self.clock.advance(LATER)
        self.assertEqual((self.says(), self.transport.producerState), (["4", "5"], "producing"))

    def test_what_comes_although_it_is_not_read_waits_its_turn(self) -> None:
        self.node.allowed = 1
        self.transport.deliver(b"1\n2\n")
        self.typed.dataReceived(b"3\n")  # TLS has read more at once
        self.node.allowed = 9
        self.clock.advance(LATER)
        self.assertEqual(self.says(), ["1", "2", "3"])

    def test_questions_without_answers_have_an_end(self) -> None:
        self.typed.open_questions = UNANSWERED
        self.assertEqual(self.says(b"1\n"), [])
        self.typed.open_questions = UNANSWERED // 2
        self.typed.outlet.encode(b"")
        self.clock.advance(0)
        self.assertEqual(self.says(), [])
        self.typed.open_questions -= 1
        self.typed.outlet.encode(b"")
        self.clock.advance(0)
        self.assertEqual((self.says(), self.transport.producerState), (["1"], "producing"))

    def test_who_is_held_for_another_reason_waits(self) -> None:
        self.typed.outlet.hold("answer")
        self.typed.outlet.hold("rate")
        self.typed.dataReceived(b"1\n2\n")
        self.typed.outlet.release("answer")
        self.clock.advance(0)
        self.assertEqual(self.says(), [])
        self.typed.outlet.release("rate")
        self.clock.advance(0)
        self.assertEqual(self.says(), ["1", "2"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_after_the_end_nothing_is_heard(self) -> None:
        self.typed.deaf = True
        self.assertEqual(self.says(b"1\n"), [])
        self.typed.connectionLost()
        self.assertEqual(self.node.calls, [False])

    def test_a_loss_while_lines_wait(self) -> None:
        self.node.allowed = 0
        self.says(b"1\n")
        self.typed.connectionLost()
        self.assertEqual((self.node.calls, self.clock.getDelayedCalls()), ([True], []))

    def test_answers_to_own_questions_do_not_count_as_lagging(self) -> None:
        lagging: list[object] = []
        outlet: Outlet = self.typed.outlet
        outlet.server = self.node  # type: ignore[assignment]
        self.node.lagging = lagging.append  # type: ignore[attr-defined]
        self.node.room = lambda session: None  # type: ignore[attr-defined]
        outlet.pauseProducing()
        outlet.write(outlet.encode(b"a" * 150))  # type: ignore[arg-type]
        self.assertEqual((lagging, outlet.held()), ([], True))
        outlet.write(b"b" * 101)
        self.assertEqual(lagging, ["session"])
        outlet.resumeProducing()
        self.assertEqual((outlet.held(), outlet.asked_for), (False, 0))
