"""What a node knows of encryption besides people and devices: rates for everybody, and who has written to whom."""

from __future__ import annotations

from typing import get_args

from chatd import encryption as e
from chatd.core.limits import Limits
from chatd.core.sealed import COMMANDS, Sealing
from chatd.core.turn import Refused
from chatd.sealed import GroupSigned, ListMade
from chatd.store.interface import StoreError
from chatd.store.memory import MemoryStore
from tests.kit import House, Scene


class SealingTests(Scene):
    """One node's."""

    def test_every_command_has_a_function(self) -> None:
        self.assertEqual(set(COMMANDS), set(get_args(e.Command)) - {e.ResetIdentity})  # which asks for a password

    def test_rates_hold_for_this_machine_too(self) -> None:
        sealing = Sealing(lambda key, text, signature: True, b"", Limits(claims_burst=2, claims_per_minute=60))
        self.house.people("alice")
        alice = self.house.node.hub.users.find("alice")
        sealing.spend("claim", alice, 1000, 2)
        with self.assertRaises(Refused) as caught:
            sealing.spend("claim", alice, 1000)
        self.assertEqual((caught.exception.code, caught.exception.retry), ("rate-limited", 1.0))
        sealing.spend("claim", alice, 2000)

    def test_answers_cost_what_they_weigh(self) -> None:
        sealing = Sealing(lambda key, text, signature: True, b"", Limits(signed_kib_burst=3, signed_kib_per_second=1))
        self.house.people("alice")
        alice = self.house.node.hub.users.find("alice")
        sealing.spend_bytes(alice, [b"x" * 1024, b"x" * 1024], 1000)
        sealing.spend_bytes(alice, [], 1000)
        self.assertRaises(Refused, sealing.spend_bytes, alice, [], 1000)

    def test_pairs(self) -> None:
        self.house.people("alice", "bob", "carol")
        alice, bob, carol = (self.house.node.hub.users.find(name) for name in ("alice", "bob", "carol"))
        sealing = self.house.node.hub.sealed
        self.assertEqual([sealing.correspond(*pair) for pair in ((alice, bob), (bob, alice), (bob, carol))],
                         [True, False, True])  # fmt: skip
        self.assertEqual([set(sealing.corresponding(one)) for one in (alice, bob, carol)],
                         [{bob}, {alice, carol}, {bob}])  # fmt: skip

    def test_what_is_damaged_is_told(self) -> None:
        self.house.people("alice")
        for entry in (ListMade(1, 1, 1, b"damaged"), GroupSigned(b"g" * 16, 1, b"damaged")):
            store = MemoryStore()
            store.commit([*self.house.store.load().users, entry])
            with self.assertRaises(StoreError) as caught:
                House(store)
            self.assertIn("chatd-admin verify", str(caught.exception))
