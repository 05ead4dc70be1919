"""Tests of clients.core.e2ee.receiving: one item, one transaction; what is refused changes nothing."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee import pins
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.bodies import OLM_KINDS, Body, Lists, Receipt
from clients.core.e2ee.devices import Entry
from clients.core.e2ee.envelope import ABOUT_GROUPS, Inner
from clients.core.e2ee.receiving import Arrived, Delivered, Dropped, Quarantined
from clients.core.e2ee.refusals import Behind, Note
from clients.core.e2ee.sending import Outgoing, Sent
from clients.core.e2ee.sessions import Sealer
from tests.clients.core.e2ee.kit import DAY, Phone, people, refused, talked

HOUR = 3_600_000


class Liar(Outgoing):
    """A member of the service who knows the protocol: what lies inside is theirs to choose."""

    def __init__(self, honest: Outgoing, **lies: Any) -> None:
        super().__init__(honest._entropy)
        self._lies = lies

    def _inner(self, batch: Batch, said: Sent, to: Entry, seq: int) -> Inner:
        return msgspec.structs.replace(super()._inner(batch, said, to, seq), **self._lies)


class ReceiveTests(SynchronousTestCase):
    """Alice to bob."""

    def setUp(self) -> None:
        self.server, (self.alice, self.bob) = people("alice", "bob")
        talked(self.alice, self.bob)

    def item(self, text: str = "hello", kind: str = "msg", body: Body | None = None) -> Arrived:
        """What waits for bob after alice said something."""
        self.alice.say("bob", text, kind, body)
        (item,) = self.server.mail[self.bob.address]
        self.server.mail[self.bob.address] = []
        return item

    def dropped(self, item: Arrived) -> Dropped:
        """It is refused."""
        outcome = self.bob.take(item)
        assert isinstance(outcome, Dropped), outcome
        return outcome

    def test_delivered(self) -> None:
        outcome = self.bob.take(self.item())
        assert isinstance(outcome, Delivered)
        self.assertEqual(
            (outcome.sender.user, outcome.kind, outcome.trust, outcome.receipt), ("alice", "msg", "seen", False)
        )
        self.assertEqual((self.bob.texts(), outcome.missing, outcome.notes), (["hello"], 0, []))

    def test_the_callers_rows_are_in_the_same_transaction(self) -> None:
        item = self.item()
        before = dict(self.bob.disk.kept)

        def fails(batch: Batch, delivered: Delivered) -> None:
            batch.put("history", "x", "half")
            raise OSError("the power went")

        self.assertRaises(OSError, self.bob.incoming.receive, item, 0, False, fails)
        self.assertEqual(self.bob.disk.kept, before)
        self.bob.take(item)
        self.assertEqual(self.bob.texts(), ["hello"])

    def test_again_by_the_servers_id(self) -> None:
        item = self.item()
        self.bob.take(item)
        before = dict(self.bob.disk.kept)
        found = self.dropped(item)
        self.assertEqual((found.code, found.check, found.told), ("DUPLICATE", "mail-id", False))
        self.assertEqual(
            {key for key, value in self.bob.disk.kept.items() if before.get(key) != value}, {("count", "DUPLICATE")}
        )

    def test_quarantined_and_acknowledged(self) -> None:
        item = msgspec.structs.replace(self.item(), commitment=b"x" * 32)
        found = self.dropped(item)
        self.assertEqual((found.code, found.told, found.reset), ("COMMITMENT_MISMATCH", True, False))
        kept = self.bob.batch().get("quarantine", item.mail_id.hex(), Quarantined)
        assert kept is not None
        self.assertEqual((kept.item, kept.code), (item, "COMMITMENT_MISMATCH"))
        self.assertEqual(self.dropped(item).code, "DUPLICATE")
        batch = self.bob.batch()
        self.bob.incoming.forget(batch, self.server.now + DAY)
        batch.commit()
        self.assertEqual((self.bob.storage.rows("quarantine"), self.bob.storage.rows("mail")), ([], []))
        self.assertNotEqual(self.bob.storage.rows("seen"), [])

    def test_who_is_unknown_is_asked_for_once(self) -> None:
        carol = Phone(self.server, "carol")
        carol.say("bob", "hi")
        (item,) = self.server.mail[self.bob.address]
        found = self.assertRaises(Behind, self.bob.incoming.receive, item, self.server.now)
        self.assertEqual((found.user, found.since), ("carol", 0))
        outcome = self.bob.incoming.receive(item, self.server.now, fresh=True)
        self.assertIsInstance(outcome, Dropped)
        self.assertEqual(outcome.code if isinstance(outcome, Dropped) else "", "UNKNOWN_DEVICE")

    def test_unknown_types(self) -> None:
        self.assertEqual(self.dropped(msgspec.structs.replace(self.item(), type="rsa")).check, "item-type")

    def test_what_waits_for_a_decision_is_held(self) -> None:
        item = self.item()
        pin = pins.find(self.bob.batch(), "alice")
        assert pin is not None
        batch = self.bob.batch()
        batch.put(pins.TABLE, "alice", msgspec.structs.replace(pin, trust=pins.CHANGED, offered=b"n" * 32))
        batch.commit()
        found = self.dropped(item)
        self.assertEqual((found.code, found.held, self.bob.texts()), ("IDENTITY_CHANGED", True, []))
        batch = self.bob.batch()
        pins.compared(batch, "alice", pin.uik)
        batch.commit()
        self.assertEqual(self.bob.incoming.held(self.bob.batch(), "alice"), [item])
        self.assertEqual(self.bob.incoming.held(self.bob.batch(), "ali"), [])
        self.bob.take(item)
        self.assertEqual((self.bob.texts(), self.bob.storage.rows("held")), (["hello"], []))

    def test_a_tampered_store_is_not_the_items_fault(self) -> None:
        item = self.item()
        self.bob.disk.kept["olm", self.alice.device] = b"nonsense"
        self.assertEqual(refused(lambda: self.bob.incoming.receive(item, self.server.now)), "STORE_TAMPERED")
        self.assertEqual(self.bob.storage.rows("quarantine"), [])

    def test_gaps(self) -> None:
        items = [self.item(str(number)) for number in range(4)]
        notes = [self.bob.take(items[at]).notes for at in (0, 3, 1, 2)]
        self.assertEqual([len(one) for one in notes], [0, 1, 0, 0])
        self.assertEqual(notes[1], [Note("GAP", "alice", 2)])
        self.assertEqual([one.missing for one in self.bob.delivered[-4:]], [0, 2, 1, 0])

    def test_muted_after_a_hundred_and_still_understood(self) -> None:
        bad = msgspec.structs.replace(self.item(), ciphertext=b"nonsense")
        told = 0
        for number in range(102):
            found = self.dropped(msgspec.structs.replace(bad, mail_id=number.to_bytes(16, "big")))
            told += found.told
            self.assertEqual([note.code for note in found.notes], ["SENDER_MUTED"] if number == 100 else [])
        self.assertEqual(told, 100)
        self.bob.take(self.item("still here"))
        self.assertEqual(self.bob.texts(), ["still here"])
        self.server.now += HOUR
        self.assertTrue(self.dropped(msgspec.structs.replace(bad, mail_id=b"m" * 16)).told)

    def test_lists_past_the_server(self) -> None:
        """Only one's own can be told."""
        carol = Phone(self.server, "carol")
        item = self.item(kind="devlist", body=Lists(self.server.lists["carol"]))
        self.assertEqual(self.dropped(item).code, "DEVLIST_WRONG_USER")
        self.assertIsNone(pins.find(self.bob.batch(), "carol"))
        self.assertEqual(carol.user, "carol")

    def test_a_lie_about_my_own_list_does_not_stop_me(self) -> None:
        self.alice.outgoing = Liar(self.alice.outgoing, r_list=msgspec.structs.replace(self.place(), version=9))
        self.bob.take(self.item())
        self.assertEqual([note.code for note in self.bob.notes], ["SERVER_HIDES_DEVLIST"])
        self.assertEqual(self.bob.texts(), ["hello"])
        self.bob.say("alice", "goes out")

    def test_a_fork_of_their_list_stops_sending_to_them(self) -> None:
        self.alice.outgoing = Liar(self.alice.outgoing, s_list=msgspec.structs.replace(self.place(), hash=b"x" * 32))
        self.assertEqual(self.dropped(self.item()).code, "DEVLIST_FORK")
        self.assertEqual((self.bob.texts(), refused(lambda: self.bob.say("alice", "x"))), ([], "DEVLIST_FORK"))

    def place(self) -> Any:
        """Alice's view of her own list."""
        inner = self.alice.outgoing._inner(self.alice.batch(), SENT, self.bob.me, 1)
        return inner.s_list


REFUSALS = {"", "MALFORMED", "BINDING_MISMATCH", "GROUP_UNKNOWN"}
SENT = Sent("dm:alice:bob", "msg", b"i" * 16, 0, b"k" * 32, b"", [])


class BytesTests(SynchronousTestCase):
    """Whatever comes, the next honest message opens."""

    SERVER, PEOPLE = people("alice", "bob")

    def setUp(self) -> None:
        self.alice, self.bob = self.PEOPLE
        talked(self.alice, self.bob)

    @given(st.binary(max_size=500), st.sampled_from(["olm0", "olm1", "megolm", ""]), st.binary(max_size=40))
    def test_any_bytes(self, raw: bytes, kind: str, rest: bytes) -> None:
        item = Arrived(
            self.bob.random.randbytes(16), bytes(16), "alice", self.alice.device, kind, "dm:alice:bob", bytes(32), raw,
            rest.hex(), 0, rest,
        )  # fmt: skip
        self.assertIsInstance(self.bob.take(item), Dropped)

    @given(st.integers(0, 10_000), st.integers(1, 255))
    def test_a_byte_changed(self, at: int, flip: int) -> None:
        self.alice.say("bob", "hello")
        (item,) = self.SERVER.mail[self.bob.address]
        self.SERVER.mail[self.bob.address] = []
        changed = bytearray(item.ciphertext)
        changed[at % len(changed)] ^= flip
        self.bob.shown.clear()
        self.bob.take(msgspec.structs.replace(item, ciphertext=bytes(changed), mail_id=self.bob.random.randbytes(16)))
        self.bob.take(item)
        self.assertEqual(self.bob.texts(), ["hello"])

    @given(st.sampled_from(sorted(OLM_KINDS)), st.binary(max_size=500))
    def test_any_body_of_every_kind(self, kind: str, raw: bytes) -> None:
        """In an envelope that is right in everything else."""
        conv = "gid:" + bytes(16).hex() if kind in ABOUT_GROUPS else "dm:alice:bob"
        honest = self.alice.outgoing
        self.alice.outgoing = Liar(honest, kind=kind, body=raw, conv=conv)
        self.alice.tell(self.bob, "receipt", Receipt([]), conv)
        self.alice.outgoing = honest
        for outcome in self.bob.fetch():
            self.assertIn(outcome.code if isinstance(outcome, Dropped) else "", REFUSALS)

    @given(st.lists(st.binary(max_size=300), max_size=4))
    def test_any_lists_past_the_server(self, chain: list[bytes]) -> None:
        self.alice.tell(self.bob, "devlist", Lists([*self.SERVER.lists["alice"], *chain]))
        for outcome in self.bob.fetch():
            self.assertIn(outcome.code if isinstance(outcome, Dropped) else "", REFUSALS)
        self.bob.say("alice", "goes out")

    @given(st.binary(max_size=300))
    def test_signed_and_encrypted_nonsense(self, raw: bytes) -> None:
        """A member who encrypts whatever they like."""
        batch = self.alice.batch()
        kind, ciphertext = Sealer(batch, 0, {}, self.alice.random.randbytes).seal(self.bob.me, raw)
        mail_id, device = self.bob.random.randbytes(16), self.alice.device
        item = Arrived(mail_id, bytes(16), "alice", device, kind, "dm:alice:bob", bytes(32), ciphertext)
        outcome = self.bob.take(item)
        self.assertEqual(outcome.code if isinstance(outcome, Dropped) else "", "MALFORMED")
