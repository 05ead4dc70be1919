"""Tests of clients.core.e2ee.sas: honest people see the same, and nobody between them can make it so."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee import sas
from clients.core.e2ee.keys import Ritual
from clients.core.e2ee.sas import Side, Start
from tests.clients.core.e2ee.kit import refused

ALICE = Side("alice", "a" * 16, b"A" * 32, b"1" * 32)
BOB = Side("bob", "b" * 16, b"B" * 32, b"2" * 32)
START = Start(b"t" * 16, "alice", ALICE.device)


class SasTests(SynchronousTestCase):
    """Alice starts, bob accepts."""

    def setUp(self) -> None:
        self.alice, self.bob, self.eve = Ritual(), Ritual(), Ritual()
        self.info = sas.info(ALICE, BOB, self.alice.public, self.bob.public, START.transaction)

    def test_honest(self) -> None:
        committed = sas.commitment(self.bob.public, START)
        sas.check_key(self.bob.public, committed, START, "bob")
        self.alice.meet(self.bob.public)
        self.bob.meet(self.alice.public)
        one, other = sas.short(self.alice, self.info), sas.short(self.bob, self.info)
        self.assertEqual((one, len(one.emoji), len(one.numbers)), (other, 7, 3))
        sas.check_tag(self.bob, sas.tag(self.alice, ALICE, self.info), ALICE, self.info)
        sas.check_tag(self.alice, sas.tag(self.bob, BOB, self.info), BOB, self.info)

    def test_a_swapped_key(self) -> None:
        """Without the commitment the one between could try keys until both strings agree."""
        committed = sas.commitment(self.bob.public, START)
        call = lambda: sas.check_key(self.eve.public, committed, START, "bob")  # noqa: E731
        self.assertEqual(refused(call), "BINDING_MISMATCH")
        other = msgspec.structs.replace(START, transaction=b"u" * 16)
        self.assertEqual(refused(lambda: sas.check_key(self.bob.public, committed, other, "bob")), "BINDING_MISMATCH")
        second = Ritual()
        self.alice.meet(self.eve.public)
        self.bob.meet(second.public)
        seen_by_alice = sas.short(self.alice, sas.info(ALICE, BOB, self.alice.public, self.eve.public, b"t" * 16))
        seen_by_bob = sas.short(self.bob, sas.info(ALICE, BOB, second.public, self.bob.public, b"t" * 16))
        self.assertNotEqual(seen_by_alice, seen_by_bob)

    def test_the_mac_is_over_what_the_pin_has(self) -> None:
        self.alice.meet(self.bob.public)
        self.bob.meet(self.alice.public)
        tag = sas.tag(self.alice, ALICE, self.info)
        for lie in ({"uik": b"E" * 32}, {"list_hash": b"3" * 32}, {"user": "eve"}, {"device": "e" * 16}):
            side = msgspec.structs.replace(ALICE, **lie)
            call = lambda side=side: sas.check_tag(self.bob, tag, side, self.info)  # noqa: E731
            self.assertEqual(refused(call), "BINDING_MISMATCH", lie)

    def test_what_the_strings_depend_on(self) -> None:
        found = {self.info, sas.info(BOB, ALICE, self.alice.public, self.bob.public, START.transaction)}
        for lie in ({"uik": b"E" * 32}, {"user": "eve"}, {"device": "e" * 16}):
            side = msgspec.structs.replace(BOB, **lie)
            found.add(sas.info(ALICE, side, self.alice.public, self.bob.public, START.transaction))
        found.add(sas.info(ALICE, BOB, self.alice.public, self.eve.public, START.transaction))
        found.add(sas.info(ALICE, BOB, self.alice.public, self.bob.public, b"u" * 16))
        self.assertEqual(len(found), 7)

    def test_names_of_emoji(self) -> None:
        self.assertEqual((len(sas.EMOJI), len(set(sas.EMOJI))), (64, 64))
