"""Tests of clients.core.e2ee.groups: who reads what, when keys are replaced, when they expire; attacks: see beside."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee import own, pins
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.bodies import Said
from clients.core.e2ee.envelope import GroupInner, Place, content_of, group_conv, pack
from clients.core.e2ee.franking import commit
from clients.core.e2ee.groups import GROUP, IN, OUT, In, Naming, Out
from clients.core.e2ee.keys import GroupReader, GroupSender
from clients.core.e2ee.members import Leave, Whom
from clients.core.e2ee.receiving import Arrived, Dropped
from clients.core.e2ee.signed import encode
from clients.core.e2ee.store import pickled, unpickled
from tests.clients.core.e2ee.kit import DAY, Phone, people, refused, talked


class GroupCase(SynchronousTestCase):
    """Alice's group with bob and carol."""

    def setUp(self) -> None:
        self.server, (self.alice, self.bob, self.carol) = people("alice", "bob", "carol")
        self.everybody = [self.alice, self.bob, self.carol]
        talked(*self.everybody)
        self.gid = self.alice.make_group(self.bob, self.carol)
        self.settle()

    def settle(self, *phones: Phone) -> None:
        """Everybody reads what there is."""
        for _ in range(3):
            for phone in phones or self.everybody:
                phone.fetch()

    def forget(self) -> None:
        """Look only at what comes now."""
        for phone in self.everybody:
            for noted in (phone.shown, phone.notes, phone.dropped, phone.delivered, phone.refusals):
                noted.clear()

    def out(self, phone: Phone) -> GroupSender:
        """Somebody's own session."""
        row = phone.batch().get(OUT, self.gid.hex(), Out)
        assert row is not None
        return unpickled(GroupSender.unseal, row.session)

    def held(self, phone: Phone, sender: Phone) -> list[In]:
        """What somebody can read of a device."""
        batch = phone.batch()
        rows = [batch.get(IN, name, In) for name in batch.rows(IN, sender.device + "/")]
        return [row for row in rows if row is not None]

    def item(self, text: str = "hello", sender: Phone | None = None, to: Phone | None = None) -> Arrived:
        """A group message that the server holds back from one member; the key has come."""
        sender, to = sender or self.alice, to or self.bob
        sender.say_in(self.gid, text)
        waiting, self.server.mail[to.address] = self.server.mail[to.address], []
        for one in waiting[:-1]:
            to.take(one)
        return waiting[-1]

    def code(self, phone: Phone, item: Arrived) -> str:
        """How it is refused."""
        outcome = phone.take(item)
        return outcome.code if isinstance(outcome, Dropped) else ""

    def goes_on(self, sender: Phone | None = None, to: Phone | None = None) -> None:
        """The next honest message still works."""
        sender, to = sender or self.alice, to or self.bob
        to.fetch()
        to.shown.clear()
        sender.say_in(self.gid, "still works")
        to.fetch()
        self.assertEqual(to.texts(), ["still works"])


class TalkTests(GroupCase):
    """Honest people."""

    def test_everybody_reads_everybody(self) -> None:
        laptop = Phone(self.server, "bob", self.bob)
        tablet = Phone(self.server, "alice", self.alice)
        self.everybody += [laptop, tablet]
        self.alice.refresh("bob")
        self.alice.tell_head(self.gid, joiner=True)
        self.settle()
        self.forget()
        for phone in self.everybody:
            phone.say_in(self.gid, f"from {phone.device}")
        self.settle()
        for phone in self.everybody:
            expected = {f"from {other.device}" for other in self.everybody if other is not phone}
            self.assertEqual((set(phone.texts()), phone.codes(), len(phone.shown)), (expected, [], 4))

    def test_one_ciphertext_for_all(self) -> None:
        *_, sending = self.alice.say_in(self.gid, "hello")
        self.assertEqual(len(sending.items), 2)
        self.assertEqual(len({(item.ciphertext, item.commitment, item.sid) for item in sending.items}), 1)

    def test_a_key_is_not_kept_to_be_said_again(self) -> None:
        key, message = self.alice.say_in(self.gid, "hello")
        rows = self.alice.storage.rows("sent")
        self.assertEqual((key.send_id.hex() in rows, message.send_id.hex() in rows), (False, True))

    def test_who_joins_reads_what_comes_after(self) -> None:
        dave = Phone(self.server, "dave")
        before = self.item("before")
        self.alice.add(self.gid, dave)
        self.alice.say_in(self.gid, "after")
        dave.fetch()
        dave.take(self.server.again(dave.address, before))
        self.assertEqual((dave.texts(), dave.codes()), (["after"], ["DUPLICATE_OR_TOO_OLD"]))
        self.assertEqual(self.held(dave, self.alice)[0].low, 2)
        self.bob.fetch()
        self.bob.say_in(self.gid, "from bob")
        dave.fetch()
        self.assertEqual(dave.texts(), ["after", "from bob"])

    def test_a_key_before_the_introduction_waits(self) -> None:
        dave = Phone(self.server, "dave")
        self.alice.add(self.gid, dave)
        introduction, self.server.mail[dave.address] = self.server.mail[dave.address], []
        self.bob.fetch()
        self.bob.say_in(self.gid, "early")
        dave.fetch()
        self.assertEqual((dave.texts(), {one.code for one in dave.dropped}), ([], {"GROUP_UNKNOWN"}))
        self.assertTrue(all(one.held and not one.told for one in dave.dropped))
        self.server.mail[dave.address] += introduction
        dave.fetch()
        dave.fetch()
        self.assertEqual(dave.texts(), ["early"])

    def name(self, phone: Phone) -> str:
        """What somebody knows it by."""
        return phone.groups.row(phone.batch(), self.gid).naming.name

    def test_the_name_is_told_to_members_and_held_against_the_log(self) -> None:
        dave = Phone(self.server, "dave")
        self.alice.rename(self.gid, "Lab 3", "on mondays")
        self.alice.add(self.gid, dave)
        self.settle(self.bob, dave)
        self.assertEqual([self.name(one) for one in (self.alice, self.bob, dave)], ["Lab 3"] * 3)
        batch = self.carol.batch()
        row = self.carol.groups.row(batch, self.gid)
        false = msgspec.structs.replace(row, naming=Naming("Lab 4", "", b"salt"))
        batch.put(GROUP, self.gid.hex(), false)
        batch.commit()
        self.carol.tell_head(self.gid)
        self.settle(self.bob, dave)
        self.assertEqual((self.name(self.bob), self.name(dave)), ("Lab 3", "Lab 3"))
        self.assertEqual(refused(lambda: self.bob.rename(self.gid, "mine")), "GROUP_OP_FORBIDDEN")
        self.assertNotIn(b"Lab 3", b"".join(self.server.groups[self.gid]))

    def test_an_honest_introduction_after_a_false_one(self) -> None:
        dave = Phone(self.server, "dave")
        self.alice.add(self.gid, dave)
        self.alice.say_in(self.gid, "hello")
        dave.fetch()
        batch = dave.batch()
        dave.groups.abandon(batch, self.gid)
        batch.commit()
        self.assertEqual((dave.storage.rows(GROUP), dave.storage.rows(IN)), ([], []))
        self.alice.tell_head(self.gid, joiner=True)
        dave.fetch()
        self.assertEqual(dave.storage.rows(GROUP), [self.gid.hex()])

    def test_who_leaves_gets_nothing(self) -> None:
        self.carol.change(self.gid, "leave", Leave(), tell=False)
        self.assertEqual(refused(lambda: self.carol.say_in(self.gid, "x")), "NOT_A_MEMBER")
        self.alice.follow(self.gid)
        self.alice.say_in(self.gid, "without carol")
        self.assertEqual(self.server.mail[self.carol.address], [])
        self.assertEqual(refused(lambda: self.alice.groups.row(self.alice.batch(), b"x" * 16)), "GROUP_UNKNOWN")

    def test_what_somebody_who_has_left_said_of_the_log_and_is_known_alarms_nobody(self) -> None:
        self.alice.change(self.gid, "admin", Whom("carol"), tell=False)
        self.settle()
        self.carol.follow(self.gid)
        self.carol.tell_head(self.gid)
        self.carol.change(self.gid, "leave", Leave(), tell=False)
        self.bob.follow(self.gid)
        self.forget()
        self.bob.fetch()
        self.assertEqual((self.bob.codes(), self.bob.dropped), ([], []))
        self.goes_on()

    def test_a_lost_key_is_given_again_to_who_was_addressed(self) -> None:
        self.alice.say_in(self.gid, "first")
        self.settle()
        batch = self.bob.batch()
        for name in list(batch.rows(IN)):
            batch.drop(IN, name)
        batch.commit()
        self.forget()
        self.alice.say_in(self.gid, "lost")
        for _ in range(3):
            self.settle(self.bob, self.alice)
        self.assertEqual((self.bob.texts(), self.bob.codes()), (["lost"], ["NO_GROUP_KEY"]))
        dave = Phone(self.server, "dave")
        sent = self.alice.say_in(self.gid, "not for dave")[-1]
        self.alice.add(self.gid, dave)
        batch = self.alice.batch()
        self.assertEqual(self.alice.groups.resend(batch, dave.me, [sent.send_id], self.server.now, {}), [])
        self.alice.change(self.gid, "remove", Whom("carol"))
        self.assertEqual(self.alice.groups.resend(batch, self.carol.me, [sent.send_id], self.server.now, {}), [])


class RotationTests(GroupCase):
    """When a key is replaced."""

    def test_not_without_reason(self) -> None:
        self.alice.say_in(self.gid, "one")
        first = self.out(self.alice).id
        self.alice.say_in(self.gid, "two")
        self.assertEqual(self.out(self.alice).id, first)

    def rotated(self, act: Any) -> bool:
        """Is it another one after this?"""
        self.alice.say_in(self.gid, "before")
        first = self.out(self.alice).id
        act()
        self.alice.say_in(self.gid, "after")
        return self.out(self.alice).id != first

    def test_a_member_removed(self) -> None:
        self.assertTrue(self.rotated(lambda: self.alice.change(self.gid, "remove", Whom("carol"))))

    def test_a_device_revoked(self) -> None:
        laptop = Phone(self.server, "bob", self.bob)
        self.alice.refresh("bob")

        def revoke() -> None:
            self.bob.revoke(laptop.device)
            self.alice.refresh("bob")

        self.assertTrue(self.rotated(revoke))
        self.assertNotIn("after", laptop.texts())

    def test_age(self) -> None:
        def wait(days: int) -> None:
            self.server.now += days * DAY

        self.assertFalse(self.rotated(lambda: wait(6)))
        self.assertTrue(self.rotated(lambda: wait(7)))

    def test_a_hundred_messages(self) -> None:
        for number in range(100):
            self.alice.say_in(self.gid, str(number))
        first = self.out(self.alice)
        self.assertEqual(first.index, 100)
        self.alice.say_in(self.gid, "more")
        self.assertEqual((self.out(self.alice).id == first.id, self.out(self.alice).index), (False, 1))

    def test_asked_for(self) -> None:
        def rotate() -> None:
            batch = self.alice.batch()
            self.alice.groups.rotate(batch, self.gid)
            batch.commit()

        self.assertTrue(self.rotated(rotate))

    def test_a_rolled_back_state(self) -> None:
        def roll_back() -> None:
            batch = self.alice.batch()
            self.alice.outgoing.login_state(batch, 1_000)
            batch.commit()

        self.assertTrue(self.rotated(roll_back))

    def test_somebody_added_gets_the_present_one(self) -> None:
        dave = Phone(self.server, "dave")
        self.assertFalse(self.rotated(lambda: self.alice.add(self.gid, dave)))

    def test_a_changed_identity_gets_no_key(self) -> None:
        fake = Phone(self.server, "bob")
        batch = self.alice.batch()
        pins.learn(batch, "bob", self.server.lists["bob"][1:])
        batch.commit()
        sent = self.alice.say_in(self.gid, "not for a new bob")
        self.assertEqual({item.to_user for one in sent for item in one.items}, {"carol"})
        _, notes = self.alice.groups.targets(self.alice.batch(), self.gid)
        self.assertEqual([(note.code, note.user) for note in notes], [("IDENTITY_CHANGED", "bob")])
        self.assertEqual(self.server.mail[fake.address], [])


class ExpiryTests(GroupCase):
    """Receivers enforce it too."""

    def test_an_index_too_high(self) -> None:
        self.alice.say_in(self.gid, "first")
        self.settle()
        row = self.alice.batch().get(OUT, self.gid.hex(), Out)
        assert row is not None
        session = self.out(self.alice)
        for _ in range(205):
            session.encrypt(b"")
        batch = self.alice.batch()
        batch.put(
            OUT, self.gid.hex(), msgspec.structs.replace(row, session=pickled(session, self.alice.random.randbytes))
        )
        self.assertEqual(self.code(self.bob, crafted(self, batch, self.alice)), "GROUP_KEY_EXPIRED")

    def test_an_old_session(self) -> None:
        item = self.item()
        self.server.now += 8 * DAY + 1
        self.assertEqual(self.code(self.bob, item), "GROUP_KEY_EXPIRED")

    def test_a_day_after_its_successor(self) -> None:
        late, too_late = self.item("late"), self.item("too late")
        batch = self.alice.batch()
        self.alice.groups.rotate(batch, self.gid)
        batch.commit()
        self.bob.take(self.item("new"))
        self.server.now += DAY
        self.bob.take(late)
        self.server.now += 1
        self.assertEqual(self.code(self.bob, too_late), "GROUP_KEY_EXPIRED")
        self.assertEqual(self.bob.texts(), ["new", "late"])
        batch = self.bob.batch()
        self.bob.groups.forget(batch, self.server.now)
        batch.commit()
        self.assertEqual(len(self.held(self.bob, self.alice)), 1)

    def test_what_was_read_cannot_be_read_again_from_the_disk(self) -> None:
        """V5."""
        items = [self.item(str(number)) for number in range(4)]
        for at in (0, 2, 3):
            self.bob.take(items[at])
        (row,) = self.held(self.bob, self.alice)
        self.assertEqual((row.low, sorted(row.ahead)), (1, [2, 3]))
        reader = unpickled(GroupReader.unseal, row.session)
        self.assertEqual(
            (reader.first, refused(lambda: reader.decrypt(items[0].ciphertext))), (1, "DUPLICATE_OR_TOO_OLD")
        )
        self.bob.take(items[1])
        (row,) = self.held(self.bob, self.alice)
        self.assertEqual((row.low, row.ahead, unpickled(GroupReader.unseal, row.session).first), (4, {}, 4))
        self.assertEqual(self.bob.texts(), ["0", "2", "3", "1"])


def crafted(
    case: GroupCase, batch: Batch, sender: Phone, kind: str = "gmsg", body: bytes = b"", **lies: Any
) -> Arrived:
    """A group message by a member who knows the protocol."""
    row = batch.get(OUT, case.gid.hex(), Out)
    assert row is not None
    session = unpickled(GroupSender.unseal, row.session)
    mine, state = own.myself(batch), sender.groups.row(batch, case.gid).state
    inner = GroupInner(
        1, kind, sender.random.randbytes(16), mine.user, mine.device, mine.ed25519, group_conv(case.gid),
        Place(state.n, state.head), session.id, session.index, 0, b"k" * 32, body or encode(Said("crafted")),
    )  # fmt: skip
    inner = msgspec.structs.replace(inner, **lies)
    ciphertext = session.encrypt(pack(inner))
    batch.put(OUT, case.gid.hex(), msgspec.structs.replace(row, session=pickled(session, sender.random.randbytes)))
    return Arrived(
        sender.random.randbytes(16), bytes(16), sender.user, sender.device, "megolm", group_conv(case.gid),
        commit(inner.kf, content_of(inner)), ciphertext, session.id,
    )  # fmt: skip


class BytesTests(GroupCase):
    """Whatever comes, the next honest message opens."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.shared = None

    shared: Any = None

    def setUp(self) -> None:
        if type(self).shared is None:
            super().setUp()
            self.alice.say_in(self.gid, "first")
            self.settle()
            type(self).shared = (self.server, self.alice, self.bob, self.carol, self.gid)
        self.server, self.alice, self.bob, self.carol, self.gid = type(self).shared
        self.everybody = [self.alice, self.bob, self.carol]

    @given(st.binary(max_size=400), st.booleans())
    def test_any_bytes(self, raw: bytes, encrypted: bool) -> None:
        session = self.out(self.alice)
        ciphertext = session.encrypt(raw) if encrypted else raw
        item = Arrived(
            self.bob.random.randbytes(16), bytes(16), "alice", self.alice.device, "megolm", group_conv(self.gid),
            bytes(32), ciphertext, session.id,
        )  # fmt: skip
        self.assertIn(self.code(self.bob, item), ("CANNOT_DECRYPT", "MALFORMED", "DUPLICATE_OR_TOO_OLD"))

    @given(st.integers(0, 10_000), st.integers(1, 255))
    def test_a_byte_changed(self, at: int, flip: int) -> None:
        batch = self.alice.batch()
        item = crafted(self, batch, self.alice)
        batch.commit()
        if self.out(self.alice).index > 90:
            batch = self.alice.batch()
            self.alice.groups.rotate(batch, self.gid)
            batch.commit()
            self.alice.say_in(self.gid, "next session")
            self.settle()
        changed = bytearray(item.ciphertext)
        changed[at % len(changed)] ^= flip
        self.bob.shown.clear()
        self.bob.take(msgspec.structs.replace(item, ciphertext=bytes(changed), mail_id=self.bob.random.randbytes(16)))
        self.bob.take(item)
        self.assertEqual(self.bob.texts(), ["crafted"])
