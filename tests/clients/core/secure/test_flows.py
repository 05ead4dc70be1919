"""Tests of clients.core.secure.flows: one after the other, answered by number, dropped with the connection."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd.wire.pack import Command
from clients.core.e2ee.refusals import Refused
from clients.core.replies import PATIENCE
from clients.core.secure.flows import MOST_TRIES, Flow, Flows, ServerRefused, Wait, done, expect


class FlowTests(SynchronousTestCase):
    """Flows that ping."""

    def setUp(self) -> None:
        self.sent: list[Command] = []
        self.ended: list[str] = []
        self.stopped: list[Exception] = []
        self.refs = iter(range(1, 1000))
        self.now = 0.0
        self.flows = Flows(lambda: next(self.refs), self.sent.append, self.stopped.append, lambda: self.now)

    def ping(self, name: str, times: int = 1) -> Flow[None]:
        """Ask so often, then note the name."""
        for _ in range(times):
            expect((yield m.Ping(0)), m.Pong)
        self.ended.append(name)

    def answer(self, ref: int) -> bool:
        """The server answers."""
        return self.flows.answered(0.0, m.Pong(ref, 0))

    def test_what_asks_nothing_is_done_at_once(self) -> None:
        self.flows.start("a", self.ping("one", 0))
        self.assertEqual((self.ended, self.flows.busy()), (["one"], False))

    def test_of_one_key_only_the_first_runs(self) -> None:
        for name in ("one", "two", "three"):
            self.flows.start("a", self.ping(name))
        self.flows.start("b", self.ping("other"))
        self.assertEqual(self.sent, [m.Ping(1), m.Ping(2)])
        self.assertTrue(self.answer(1))
        self.assertEqual((self.ended, self.sent[-1]), (["one"], m.Ping(3)))

    def test_an_answer_to_nobody_is_not_ours(self) -> None:
        self.assertFalse(self.answer(9))
        self.flows.start("a", self.ping("one"))
        self.assertTrue(self.answer(1))
        self.assertFalse(self.answer(1))

    def test_what_is_urgent_goes_before_what_waits_in_order(self) -> None:
        self.flows.start("a", self.ping("running"))
        self.flows.start("a", self.ping("waiting"))
        self.flows.start("a", self.ping("first"), first=True)
        self.flows.start("a", self.ping("second"), first=True)
        for ref in range(1, 5):
            self.answer(ref)
        self.assertEqual(self.ended, ["running", "first", "second", "waiting"])
        self.flows.start("a", self.ping("again"))
        self.flows.start("a", self.ping("last"))
        self.flows.start("a", self.ping("urgent"), first=True)
        for ref in range(5, 8):
            self.answer(ref)
        self.assertEqual(self.ended[4:], ["again", "urgent", "last"])

    def test_a_refusal_is_told_and_the_next_one_runs(self) -> None:
        def refuse() -> Flow[None]:
            yield m.Ping(0)
            raise Refused("WEAK_KEY")

        self.flows.start("a", refuse())
        self.flows.start("a", self.ping("next", 0))
        self.answer(1)
        self.assertEqual([type(one) for one in self.stopped], [Refused])
        self.assertEqual((self.ended, self.flows.busy()), (["next"], False))

    def test_an_answer_of_another_kind_is_a_refusal(self) -> None:
        self.flows.start("a", self.ping("one"))
        self.flows.answered(0.0, m.Done(1))
        self.flows.start("a", self.ping("two"))
        self.flows.answered(0.0, m.Failed(2, "no", "no"))
        codes = [one.failed.code for one in self.stopped if isinstance(one, ServerRefused)]
        self.assertEqual(codes, ["unexpected", "no"])

    def test_a_busy_server_is_asked_again(self) -> None:
        self.flows.start("a", self.ping("one"))
        self.flows.answered(5.0, m.Failed(1, "busy", "later", retry=3.0))
        self.assertEqual((self.flows.deadline(), self.flows.busy("a")), (8.0, True))
        self.flows.tick(7.9)
        self.assertEqual(len(self.sent), 1)
        self.flows.tick(8.0)
        self.assertEqual((self.sent[-1], self.flows.deadline()), (m.Ping(2), PATIENCE))
        self.answer(2)
        self.assertEqual(self.ended, ["one"])

    def test_all_are_dropped_with_the_connection(self) -> None:
        self.flows.start("a", self.ping("one"))
        self.flows.start("a", self.ping("two"))
        self.flows.answered(0.0, m.Failed(1, "busy", "later"))
        self.flows.cut()
        self.assertFalse(self.answer(1))
        self.assertEqual((self.ended, self.flows.busy(), self.flows.deadline()), ([], False, None))

    def test_what_is_not_answered_is_refused(self) -> None:
        self.now = 1_000.0
        self.flows.start("a", self.ping("one"))
        self.assertEqual(self.flows.deadline(), 1_000.0 + PATIENCE)
        self.flows.tick(999.0 + PATIENCE)
        self.assertEqual(self.stopped, [])
        self.flows.tick(1_000.0 + PATIENCE)
        (told,) = self.stopped
        assert isinstance(told, ServerRefused)
        self.assertEqual((told.failed.code, self.flows.busy(), self.flows.deadline()), ("no-answer", False, None))
        self.assertFalse(self.answer(1))

    def test_a_server_that_never_has_time_is_given_up(self) -> None:
        self.flows.start("a", self.ping("one"))
        for number in range(MOST_TRIES):
            self.flows.answered(self.now, m.Failed(len(self.sent), "busy", "later"))
            self.assertEqual((len(self.sent), self.stopped), (number + 1, []))
            self.now += 1.0
            self.flows.tick(self.now)
        self.flows.answered(self.now, m.Failed(len(self.sent), "busy", "later"))
        self.assertEqual((len(self.stopped), self.flows.busy()), (1, False))

    def test_some_wait(self) -> None:
        def patient() -> Flow[None]:
            yield Wait(4.0)
            self.ended.append("waited")

        self.now = 10.0
        self.flows.start("a", patient())
        self.assertEqual((self.flows.deadline(), self.sent, self.flows.busy()), (14.0, [], True))
        self.flows.tick(13.9)
        self.assertEqual(self.ended, [])
        self.flows.tick(14.0)
        self.assertEqual((self.ended, self.flows.busy()), (["waited"], False))

    def test_done_is_nothing_else(self) -> None:
        done(m.Done(1))
        for other in (m.Failed(1, "no", "no"), m.Pong(1, 5)):
            self.assertRaises(ServerRefused, done, other)
