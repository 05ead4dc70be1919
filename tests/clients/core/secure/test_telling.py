"""Tests of clients.core.secure.telling: what a device is told arrives in order, also where a key must be claimed."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption as e
from clients.core.e2ee import pins
from clients.core.e2ee.bodies import Comparing, Receipt
from clients.core.e2ee.receiving import Delivered
from clients.core.secure.telling import Telling
from tests.clients.core.secure.kit import Phone, Post, meet, pass_time


class TellingTests(SynchronousTestCase):
    """Alice's program to bob's."""

    post: Post
    alice: Phone
    bob: Phone

    def setUp(self) -> None:
        self.post, self.alice, self.bob = meet("alice", "bob")
        self.alice.enter("/verify bob")
        secure, other = self.alice.session.secure, self.bob.session.secure
        assert secure is not None and other is not None
        self.desk = secure._desk
        self.telling = Telling(self.desk, secure._posting)
        self.heard: list[Delivered] = []
        other._arriving.reacts |= {"receipt": self.heard.append, "sas_cancel": self.heard.append}

    def test_in_order(self) -> None:
        (entry,) = pins.current(self.desk.batch(), "bob").devices.values()
        for number in range(9):
            self.telling.tell(entry, "sas_cancel", Comparing(bytes([number]) * 16, self.desk.device.keys.device))
        self.telling.tell(entry, "receipt", Receipt([b"i" * 16]))
        self.alice.enter("/who")
        pass_time(self.post, 3.0, self.alice, self.bob)
        kinds = [delivered.kind for delivered in self.heard]
        self.assertEqual(kinds, [*["sas_cancel"] * 9, "receipt"])
        numbers = [
            delivered.body.transaction[0] for delivered in self.heard[:9] if isinstance(delivered.body, Comparing)
        ]
        self.assertEqual(numbers, list(range(9)))
        self.assertEqual(len([1 for name, _ in self.post.sent(e.ClaimKeys) if name == "alice"]), 1)
