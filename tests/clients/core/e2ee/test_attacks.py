"""Cases A1 to A13, A20 and A21 of the specification: a server that lies, and a member who knows the protocol.

Rule: in each, no plaintext leaves, nothing false is shown, and the next honest message still works.
"""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee import own, pins
from clients.core.e2ee.batch import MemoryStorage
from clients.core.e2ee.bodies import Said
from clients.core.e2ee.devices import DeviceList, Entry, enter, peek, sign_list
from clients.core.e2ee.keys import Account, UserKey, device_id
from clients.core.e2ee.numbers import safety_number
from clients.core.e2ee.prekeys import OneTimeKey
from clients.core.e2ee.receiving import Arrived, Delivered, Dropped
from clients.core.e2ee.sending import Sent
from clients.core.e2ee.signed import Signed, decode, encode
from tests.clients.core.e2ee.kit import DAY, Phone, Server, people, refused, talked
from tests.clients.core.e2ee.test_receiving import Liar

EVIL = UserKey(b"e" * 32)


class Attack(SynchronousTestCase):
    """Alice, bob and carol, who know each other."""

    def setUp(self) -> None:
        self.server, (self.alice, self.bob, self.carol) = people("alice", "bob", "carol")
        talked(self.alice, self.bob, self.carol)

    def waiting(self, phone: Phone) -> list[Arrived]:
        """Take a mailbox away from its owner."""
        items, self.server.mail[phone.address] = self.server.mail[phone.address], []
        return items

    def said(self, text: str, sender: Phone | None = None, to: Phone | None = None) -> Arrived:
        """An item that the server holds back."""
        sender, to = sender or self.alice, to or self.bob
        sender.say(to.user, text)
        (item,) = self.waiting(to)
        return item

    def goes_on(self, sender: Phone | None = None, to: Phone | None = None) -> None:
        """The next honest message still works."""
        sender, to = sender or self.alice, to or self.bob
        to.fetch()
        to.shown.clear()
        sender.say(to.user, "still works")
        to.fetch()
        self.assertEqual(to.texts(), ["still works"])


class IdentityTests(Attack):
    """A1 and A21."""

    def fake(self, server: Server) -> Phone:
        """A bob of the server's own making."""
        elsewhere = Server()
        elsewhere.lists = {"bob": []}
        fake = Phone(elsewhere, "bob")
        server.lists["bob"] = elsewhere.lists["bob"]
        server.keys[fake.address] = elsewhere.keys[fake.address]
        server.mail[fake.address] = []
        return fake

    def test_a1_first_contact(self) -> None:
        server, (alice, bob) = people("alice", "bob")
        fake = self.fake(server)
        alice.say("bob", "hello")
        seen_by_alice = safety_number(("alice", alice.me.uik), ("bob", pins.current(alice.batch(), "bob").uik))
        bob.refresh("alice")
        seen_by_bob = safety_number(("bob", bob.me.uik), ("alice", pins.current(bob.batch(), "alice").uik))
        self.assertNotEqual(seen_by_alice, seen_by_bob)
        self.assertEqual((server.mail[bob.address], len(server.mail[fake.address])), ([], 1))

    def test_a1_after_pinning(self) -> None:
        fake = self.fake(self.server)
        batch = self.alice.batch()
        notes = pins.learn(batch, "bob", self.server.lists["bob"])
        batch.commit()
        self.assertEqual([note.code for note in notes], ["IDENTITY_CHANGED"])
        self.assertEqual(refused(lambda: self.alice.say("bob", "secret")), "IDENTITY_CHANGED")
        self.assertEqual((self.waiting(self.bob), self.waiting(fake)), ([], []))

    def test_a21_no_keys_before_and_after(self) -> None:
        dave = Phone(self.server, "dave", upload=False)
        self.assertEqual(refused(lambda: self.alice.say("dave", "x")), "NO_ONE_TIME_KEY")
        self.server.lists["erin"] = []
        self.assertEqual(refused(lambda: self.alice.say("erin", "x")), "NO_E2EE_KEYS")
        self.server.lists["bob"] = []
        self.alice.refresh("bob")
        self.server.never_stale = True
        self.goes_on()
        self.assertEqual((self.waiting(dave), self.alice.outgoing.unsent(self.alice.batch())), ([], []))
        stranger = Phone(self.server, "frank")
        self.assertEqual(refused(lambda: stranger.say("bob", "x")), "NO_E2EE_KEYS")


class ListTests(Attack):
    """A2 and A3."""

    def refuses(self, blob: bytes, code: str) -> None:
        """The server shows this list; nothing of it is believed."""
        honest = self.server.lists["bob"]
        self.server.lists["bob"] = [*honest, blob]
        self.assertEqual(refused(lambda: self.alice.refresh("bob")), code)
        self.server.lists["bob"] = honest
        self.goes_on()
        self.assertNotIn("evil", {item.device for item in self.server.carried})

    def test_a2_a_device_added_by_the_server(self) -> None:
        pin = pins.find(self.bob.batch(), "bob")
        assert pin is not None
        known = pins.current(self.bob.batch(), "bob")
        bob = known.uik
        value = DeviceList(
            "bob", bob, 2, known.hash, [*peek(pin.chain[-1])[1].devices, enter(Account.make(), "bob", bob)]
        )
        self.refuses(encode(EVIL.sign("devlist", encode(value))), "DEVLIST_BAD_SIGNATURE")

    def test_a3_a_swapped_key(self) -> None:
        signed = decode(self.server.lists["bob"][0], Signed)
        raw = signed.raw.replace(self.bob.me.curve25519, Account.make().keys.curve25519)
        server, (alice, _) = people("alice", "bob")
        server.lists["bob"] = [encode(Signed(raw, signed.signature))]
        self.assertEqual(refused(lambda: alice.say("bob", "x")), "DEVLIST_BAD_SIGNATURE")

    def test_a3_somebody_elses_device_as_ones_own(self) -> None:
        mallory = Phone(self.server, "mallory")
        theirs = peek(self.server.lists["bob"][0])[1].devices[0]
        seed = mallory.batch().get("uik", "", bytes)
        assert seed is not None
        known = pins.current(mallory.batch(), "mallory")
        self.alice.refresh("mallory")
        self.server.lists["mallory"].append(sign_list(UserKey(seed), "mallory", known, [theirs]))
        self.assertEqual(refused(lambda: self.alice.refresh("mallory")), "DEVICE_NOT_SELF_SIGNED")


class KeyTests(SynchronousTestCase):
    """A4 and A5: at first contact."""

    def setUp(self) -> None:
        self.server, (self.alice, self.bob, self.carol) = people("alice", "bob", "carol")

    def refuses(self, blob: bytes, code: str) -> None:
        """The server hands this out: no session, nothing queued, and then the right one works."""
        self.server.claims[self.bob.address] = blob
        self.assertEqual(refused(lambda: self.alice.say("bob", "x")), code)
        self.assertEqual((self.alice.storage.rows("olm"), self.alice.storage.rows("outbox")), ([], []))
        self.assertEqual(self.server.mail[self.bob.address], [])
        self.server.claims.clear()
        self.alice.say("bob", "hello")
        self.bob.fetch()
        self.assertEqual(self.bob.texts(), ["hello"])

    def test_a4_the_servers_own_key(self) -> None:
        evil = Account.make()
        value = OneTimeKey("bob", self.bob.device, 0, evil.keys.curve25519, False, self.server.now)
        self.refuses(encode(evil.signed("otk", encode(value))), "OTK_BAD_SIGNATURE")

    def test_a4_a_worthless_key(self) -> None:
        value = OneTimeKey("bob", self.bob.device, 0, bytes(32), False, self.server.now)
        self.refuses(encode(own.account(self.bob.batch()).signed("otk", encode(value))), "WEAK_KEY")

    def test_a4_a_key_of_another_device(self) -> None:
        value = OneTimeKey("bob", "x" * 16, 0, b"k" * 32, False, self.server.now)
        self.refuses(encode(own.account(self.bob.batch()).signed("otk", encode(value))), "OTK_WRONG_DEVICE")

    def test_a4_an_old_fallback_key(self) -> None:
        self.server.keys[self.bob.address] = []
        self.server.now += 40 * DAY
        self.assertEqual(refused(lambda: self.alice.say("bob", "x")), "FALLBACK_TOO_OLD")
        self.assertEqual((self.alice.storage.rows("olm"), self.alice.storage.rows("outbox")), ([], []))

    def test_a5_one_key_for_two(self) -> None:
        self.server.claims[self.bob.address] = self.server.keys[self.bob.address][0]
        self.alice.say("bob", "from alice")
        self.carol.say("bob", "from carol")
        self.server.claims.clear()
        self.bob.fetch()
        self.assertEqual((self.bob.texts(), self.bob.codes()), (["from alice"], ["CANNOT_DECRYPT"]))
        for _ in range(2):
            self.carol.fetch()
            self.bob.fetch()
        self.assertEqual(self.bob.texts(), ["from alice", "from carol"])
        self.carol.say("bob", "and on")
        self.bob.fetch()
        self.assertEqual((self.bob.texts()[-1], self.bob.codes()), ("and on", ["CANNOT_DECRYPT"]))


class ReplayTests(Attack):
    """A6 to A9."""

    def test_a6_replayed(self) -> None:
        item = self.said("once")
        self.bob.take(item)
        self.bob.take(item)
        self.bob.take(self.server.again(self.bob.address, item))
        self.bob.fetch()
        self.assertEqual(
            (self.bob.texts(), self.bob.codes()), (["once"], ["DUPLICATE", "DUPLICATE_OR_TOO_OLD", "DUPLICATE"])
        )
        self.goes_on()

    def test_a7_a_first_message_on_the_fallback_key(self) -> None:
        dave = Phone(self.server, "dave")
        self.server.keys[dave.address] = []
        self.alice.say("dave", "once")
        (item,) = self.waiting(dave)
        dave.take(item)
        dave.refresh("alice")
        places = [
            at
            for at in range(len(item.ciphertext) - 33)
            if item.ciphertext[at : at + 2] in (b"\x0a\x20", b"\x12\x20", b"\x1a\x20")
        ]
        flipped = []
        for at in places[:3]:
            changed = bytearray(item.ciphertext)
            changed[at + 33] ^= 0x80
            flipped.append(bytes(changed))
        self.assertEqual(len(flipped), 3)
        for ciphertext in (item.ciphertext, *flipped):
            dave.take(self.server.again(dave.address, item, ciphertext=ciphertext))
        batch = dave.batch()
        batch.drop("olm", self.alice.device)
        batch.commit()
        dave.take(self.server.again(dave.address, item))
        self.assertEqual(dave.texts(), ["once"])
        self.assertEqual(len(dave.codes()), 5)
        self.assertLessEqual(set(dave.codes()), {"DUPLICATE", "DUPLICATE_OR_TOO_OLD"})
        self.assertIn("DUPLICATE", dave.codes()[1:])

    def test_a8_reversed(self) -> None:
        for number in range(30):
            self.alice.say("bob", str(number))
        self.server.mail[self.bob.address].reverse()
        self.bob.fetch()
        in_order = [text for _, text in sorted(zip(self.bob.seqs, self.bob.texts(), strict=True))]
        self.assertEqual(in_order, [str(number) for number in range(30)])
        self.assertEqual({note.code for note in self.bob.notes}, {"GAP"})
        self.assertEqual((self.bob.codes(), self.bob.delivered[-1].missing), ([], 0))
        self.goes_on()

    def test_a9_one_dropped(self) -> None:
        self.said("lost")
        self.alice.say("bob", "next")
        self.bob.fetch()
        self.assertEqual((self.bob.texts(), [note.code for note in self.bob.notes]), (["next"], ["GAP"]))
        self.goes_on()


class LabelTests(Attack):
    """A10 to A12."""

    def test_a10_to_another_from_another_elsewhere_and_then_properly(self) -> None:
        item = self.said("for bob")
        wrong = self.server.again(self.carol.address, item)
        self.assertEqual(self.code(self.carol, wrong), "CANNOT_DECRYPT")
        relabelled = self.server.again(self.bob.address, item, user="carol", device=self.carol.device)
        self.assertEqual(self.code(self.bob, relabelled), "CANNOT_DECRYPT")
        moved = self.server.again(self.bob.address, item, conv="dm:bob:carol")
        self.assertEqual(self.code(self.bob, moved), "BINDING_MISMATCH")
        self.assertEqual(self.bob.texts(), [])
        self.bob.take(item)
        self.assertEqual((self.bob.texts(), self.carol.texts()), (["for bob"], []))
        self.waiting(self.bob)
        self.waiting(self.carol)
        self.goes_on()
        self.goes_on(self.carol)

    def code(self, phone: Phone, item: Arrived) -> str:
        """How it is refused."""
        outcome = phone.take(item)
        return outcome.code if isinstance(outcome, Dropped) else ""

    def test_a11_bobs_key_listed_as_mallorys(self) -> None:
        mallory = Phone(self.server, "mallory", upload=False)
        account = own.account(mallory.batch())
        bob = self.bob.me.curve25519
        device = device_id(account.keys.ed25519, bob)
        entry = Entry("mallory", mallory.me.uik, device, account.keys.ed25519, bob)
        seed = mallory.batch().get("uik", "", bytes)
        assert seed is not None
        signed = account.signed("device", encode(entry))
        known = pins.current(mallory.batch(), "mallory")
        self.server.lists["mallory"].append(sign_list(UserKey(seed), "mallory", known, [signed]))
        stolen = decode(decode(self.server.keys[self.bob.address].pop(0), Signed).raw, OneTimeKey)
        resigned = OneTimeKey("mallory", device, 0, stolen.key, False, self.server.now)
        self.server.keys["mallory", device] = [encode(account.signed("otk", encode(resigned)))]
        sent = self.alice.say("mallory", "for mallory")
        (item,) = sent.items
        arrived = self.server.arrived(self.alice, sent.send_id, item)
        for conv in ("dm:alice:mallory", "dm:alice:bob"):
            self.assertEqual(
                self.code(self.bob, msgspec.structs.replace(arrived, conv=conv, mail_id=conv.encode()[:16])),
                "BINDING_MISMATCH",
            )
        self.assertEqual(self.bob.texts(), [])
        self.goes_on()

    def test_a11_another_in_ones_own_envelope(self) -> None:
        honest, alice = self.carol.outgoing, self.alice.me
        for lie in (
            {"s_user": "alice"},
            {"s_device": alice.device},
            {"s_ed25519": alice.ed25519},
            {"s_uik": alice.uik},
            {"s_user": "alice", "s_device": alice.device, "s_ed25519": alice.ed25519, "s_uik": alice.uik},
            {"r_user": "alice"},
            {"r_device": alice.device},
            {"r_ed25519": alice.ed25519},
            {"conv": "dm:alice:bob"},
            {"conv": "dm:alice:carol"},
            {"kind": "sync"},
        ):
            self.carol.outgoing = Liar(honest, **lie)
            self.assertEqual(self.code(self.bob, self.said("lie", self.carol)), "BINDING_MISMATCH", lie)
        self.carol.outgoing = honest
        self.assertEqual(self.bob.texts(), [])
        self.goes_on(self.carol)

    def test_a12_a_bit_flipped(self) -> None:
        item = self.said("original")
        shown = []
        for at in range(0, len(item.ciphertext), 7):
            changed = bytearray(item.ciphertext)
            changed[at] ^= 1
            outcome = self.bob.take(self.server.again(self.bob.address, item, ciphertext=bytes(changed)))
            shown += [at] if isinstance(outcome, Delivered) else []
        self.assertEqual(shown, [])
        self.assertEqual(
            self.code(self.bob, self.server.again(self.bob.address, item, commitment=b"x" * 32)), "COMMITMENT_MISMATCH"
        )
        self.bob.take(item)
        self.assertEqual(self.bob.texts(), ["original"])
        self.waiting(self.bob)
        self.goes_on()


class RevokedTests(Attack):
    """A13: a stolen device, and a server that hides that it was struck out."""

    def test_a13(self) -> None:
        stolen = Phone(self.server, "bob", self.bob)
        self.alice.say("bob", "before")
        self.bob.fetch()
        stolen.fetch()
        self.alice.fetch()
        self.server.hidden["alice", "bob"] = 2
        self.server.never_stale = True
        self.bob.revoke(stolen.device)
        self.alice.say("bob", "while it is hidden")
        self.assertIn(stolen.device, self.addressed(self.alice))
        self.bob.notes.clear()
        self.alice.notes.clear()
        self.bob.fetch()
        self.assertEqual([note.code for note in self.bob.notes], ["PEER_HAS_OLD_LIST"])
        self.alice.fetch()
        self.assertEqual([note.code for note in self.alice.notes], ["SERVER_HIDES_DEVLIST", "CONTACT_LOST_DEVICE"])
        self.alice.say("bob", "after")
        self.assertEqual(self.addressed(self.alice), [self.bob.device])
        stolen.say("alice", "it is me")
        self.alice.fetch()
        self.assertEqual((self.alice.texts(), self.alice.codes()), ([], ["UNKNOWN_DEVICE"]))
        self.goes_on()
        self.goes_on(self.bob, self.alice)

    def addressed(self, phone: Phone) -> list[str]:
        """The devices that the last thing somebody said was for."""
        rows = [phone.batch().get("sent", row, Sent) for row in phone.storage.rows("sent")]
        said = [row for row in rows if row is not None and row.kind == "msg"]
        return [one.device for one in max(said, key=lambda row: max(one.seq for one in row.to)).to]

    def test_a13_a_message_without_the_list_stops_sending(self) -> None:
        self.server.hidden["alice", "bob"] = 1
        self.server.never_stale = True
        Phone(self.server, "bob", self.bob)
        self.bob.say("alice", "news")
        self.alice.fetch()
        self.assertEqual(
            (self.alice.texts(), [note.code for note in self.alice.notes]), (["news"], ["SERVER_HIDES_DEVLIST"])
        )
        self.assertEqual(refused(lambda: self.alice.say("bob", "x")), "SERVER_HIDES_DEVLIST")
        self.server.hidden.clear()
        self.alice.refresh("bob")
        self.goes_on()


class CrashTests(Attack):
    """A20."""

    def test_a20_killed_after_commit_before_network(self) -> None:
        batch = self.alice.batch()
        self.alice.outgoing.send(batch, ["bob"], "dm:alice:bob", "msg", Said("once"), self.server.now, {})
        batch.commit()
        self.alice.restart()
        for sending in self.alice.outgoing.unsent(self.alice.batch()):
            self.alice.post(sending, ["bob"])
        self.bob.fetch()
        self.assertEqual(self.bob.texts(), ["once"])

    def test_a20_answer_lost(self) -> None:
        batch = self.alice.batch()
        sending = self.alice.outgoing.send(batch, ["bob"], "dm:alice:bob", "msg", Said("once"), self.server.now, {})
        batch.commit()
        self.server.put(self.alice, sending)
        self.alice.restart()
        for again in self.alice.outgoing.unsent(self.alice.batch()):
            self.alice.post(again, ["bob"])
        self.bob.fetch()
        self.assertEqual((self.bob.texts(), self.bob.codes()), (["once"], []))

    def test_a20_killed_before_commit_and_before_ack(self) -> None:
        item = self.said("once")
        batch = self.bob.batch()
        self.bob.incoming.open(batch, item, self.server.now)
        self.bob.restart()
        self.bob.take(item)
        self.bob.restart()
        self.bob.take(item)
        self.assertEqual((self.bob.texts(), self.bob.codes()), (["once"], ["DUPLICATE"]))
        self.goes_on()

    def test_a20_restored_from_a_backup(self) -> None:
        backup = MemoryStorage(self.alice.disk.kept)
        self.alice.say("bob", "after the backup")
        self.bob.fetch()
        self.alice.restart(backup)
        batch = self.alice.batch()
        note = self.alice.outgoing.login_state(batch, self.server.counters[self.alice.address])
        batch.commit()
        assert note is not None
        self.assertEqual((note.code, self.alice.storage.rows("olm")), ("STATE_ROLLED_BACK", []))
        self.goes_on()
        self.assertEqual(self.bob.codes(), [])
        self.goes_on(self.bob, self.alice)
