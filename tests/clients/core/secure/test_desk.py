"""Tests of clients.core.secure.desk: what flows get of lists and keys, and how a Step is gathered."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption as e
from chatd import messages as m
from clients.core import notices as n
from clients.core import records as r
from clients.core.e2ee.refusals import Note, Refused
from clients.core.secure.desk import Desk, named
from clients.core.secure.flows import ServerRefused
from tests.clients.core.secure.kit import Phone, Post, meet


class DeskTests(SynchronousTestCase):
    """Alice's, who knows nobody yet."""

    post: Post
    alice: Phone
    bob: Phone

    def setUp(self) -> None:
        self.post, self.alice, self.bob = meet("alice", "bob")
        assert self.alice.session.secure is not None
        self.desk: Desk = self.alice.session.secure._desk

    def test_a_step_has_what_was_shown_kept_and_sent_and_is_given_once(self) -> None:
        batch = self.desk.batch()
        batch.put("t", "row", 1)
        batch.commit()
        self.desk.show(n.AskPassword())
        self.desk.keep(r.Try("x"))
        self.desk.send(m.Ping(1))
        step = self.desk.take()
        self.assertEqual((step.notices, step.commands), ([n.AskPassword()], [m.Ping(1)]))
        self.assertEqual(step.records, [r.Try("x"), r.KeepRows({("t", "row"): b"\x01"})])
        again = self.desk.take()
        self.assertEqual((again.notices, again.records, again.commands), ([], [], []))

    def test_a_list_is_learned_and_the_name_is_as_its_owner_writes_it(self) -> None:
        flow = self.desk.learn("BOB")
        self.assertEqual(next(flow), e.AskLists(0, "BOB", 0))
        with self.assertRaises(StopIteration) as ended:
            flow.send(e.Lists(1, "bob", 0, self.post.lists["bob"]))
        self.assertEqual((ended.exception.value, self.desk.trust("bOb")), ("bob", "first-seen"))

    def test_nobody_else_is_taken_for_them(self) -> None:
        self.assertRaises(Refused, named, self.post.lists["bob"], "carol")
        self.assertRaises(Refused, named, [], "carol")
        self.assertEqual(self.desk.trust("carol"), "plain")

    def test_what_the_server_refuses_ends_it(self) -> None:
        flow = self.desk.learn("carol")
        next(flow)
        self.assertRaises(ServerRefused, flow.send, m.Failed(1, "no-such-user", "no"))

    def test_keys_are_claimed_once_for_each_device_without_a_session(self) -> None:
        self.alice.enter("@bob hello")
        self.assertEqual(len(self.post.sent(e.ClaimKeys)), 1)
        [(_, claim)] = self.post.sent(e.ClaimKeys)
        self.assertEqual(claim.devices, [self.bob.address])

    def test_that_this_device_was_listed_is_no_alarm(self) -> None:
        self.desk.notes([Note("OWN_NEW_DEVICE", "alice", 1, self.desk.device.keys.device)])
        self.desk.notes([Note("GAP", "bob", 2)])
        self.assertEqual(self.desk.take().notices, [n.Secure("GAP", "bob", "@bob", 2)])

    def test_a_flow_that_stopped_says_why(self) -> None:
        self.desk.stopped(Refused("WEAK_KEY", "outbound", "bob"))
        self.desk.stopped(ServerRefused(m.Failed(1, "busy", "later", ["x"], 2.0)))
        self.assertEqual(
            self.desk.take().notices,
            [n.Secure("WEAK_KEY", "bob", detail="outbound"), n.Refused("busy", "later", ("x",), 2.0)],
        )
