"""Cases A14 to A18 of the specification: a server that lies about groups, and members who know the protocol."""

from __future__ import annotations

from functools import partial

import msgspec

from clients.core.e2ee import own
from clients.core.e2ee.batch import MemoryStorage
from clients.core.e2ee.bodies import GroupHead, GroupKey, Lists, Said
from clients.core.e2ee.envelope import Place, group_conv
from clients.core.e2ee.keys import GroupReader, GroupSender
from clients.core.e2ee.members import Add, Leave, Named, Whom, sign_entry
from clients.core.e2ee.receiving import Dropped
from clients.core.e2ee.signed import encode
from clients.core.e2ee.store import unpickled
from tests.clients.core.e2ee.kit import Phone, refused
from tests.clients.core.e2ee.test_groups import GroupCase, crafted


class MembershipAttacks(GroupCase):
    """A14, A15, A16."""

    def test_a14_nobody_else_is_added(self) -> None:
        mallory = Phone(self.server, "mallory")
        for phone in self.everybody:
            phone.refresh("mallory")
        state = self.bob.groups.row(self.bob.batch(), self.gid).state
        account = own.account(self.bob.batch())
        add = Add("mallory", mallory.me.uik)
        forged = sign_entry(own.account(mallory.batch()), "alice", self.gid, state, "add", add)
        honest = list(self.server.groups[self.gid])
        for blob, code in (
            (forged, "GROUP_OP_BAD_SIGNATURE"),
            (sign_entry(account, "bob", self.gid, state, "add", add), "GROUP_OP_FORBIDDEN"),
        ):
            self.server.groups[self.gid] = [*honest, blob]
            self.assertEqual(refused(lambda: self.carol.follow(self.gid)), code)
            self.carol.say_in(self.gid, "only for us")
            self.assertEqual(self.server.mail[mallory.address], [])
        self.server.groups[self.gid] = honest
        self.goes_on()

    def remove_bob(self) -> None:
        """The server hides it from carol."""
        for phone in self.everybody:
            phone.say_in(self.gid, "before")
        self.settle()
        self.forget()
        self.server.shown_logs["carol", self.gid] = list(self.server.groups[self.gid])
        self.alice.change(self.gid, "remove", Whom("bob"), tell=False)

    def test_a15_a_hidden_removal(self) -> None:
        self.remove_bob()
        self.alice.say_in(self.gid, "without bob")
        self.carol.fetch()
        self.assertEqual(self.carol.texts(), ["without bob"])
        self.assertIn("SERVER_HIDES_GROUP_CHANGE", [note.code for note in self.carol.notes])
        self.assertEqual(refused(lambda: self.carol.say_in(self.gid, "x")), "SERVER_HIDES_GROUP_CHANGE")
        self.server.shown_logs.clear()
        self.carol.follow(self.gid)
        self.assertEqual(self.held(self.carol, self.bob), [])
        self.goes_on(self.carol, self.alice)

    def test_a15_bob_has_copies_of_everything(self) -> None:
        self.remove_bob()
        del self.server.shown_logs["carol", self.gid]
        self.alice.change(self.gid, "name", Named(b"d" * 32))
        self.carol.fetch()
        for phone in (self.alice, self.carol):
            *_, sending = phone.say_in(self.gid, "without bob")
            copy = self.server.arrived(phone, sending.send_id, sending.items[0])
            self.bob.take(copy)
            readers = [unpickled(GroupReader.unseal, row.session) for row in self.held(self.bob, phone)]
            self.assertEqual({refused(partial(one.decrypt, copy.ciphertext)) for one in readers}, {"CANNOT_DECRYPT"})
        self.assertEqual(self.bob.texts(), [])

    def test_a15_a_revoked_phone(self) -> None:
        stolen = Phone(self.server, "bob", self.bob)
        self.alice.refresh("bob")
        self.alice.say_in(self.gid, "before")
        stolen.fetch()
        self.bob.revoke(stolen.device)
        self.alice.refresh("bob")
        *_, sending = self.alice.say_in(self.gid, "after")
        stolen.take(self.server.arrived(self.alice, sending.send_id, sending.items[0]))
        self.assertNotIn("after", stolen.texts())

    def test_a16_another_entry_for_bob(self) -> None:
        dave, erin = Phone(self.server, "dave"), Phone(self.server, "erin")
        self.alice.refresh("dave")
        self.alice.refresh("erin")
        other = self.alice.groups.propose(self.alice.batch(), self.gid, "add", Add("erin", erin.me.uik))
        self.server.shown_logs["bob", self.gid] = [*self.server.groups[self.gid], other]
        self.bob.follow(self.gid)
        self.alice.change(self.gid, "add", Add("dave", dave.me.uik), tell=False)
        self.alice.say_in(self.gid, "for dave")
        self.bob.fetch()
        self.assertEqual((self.bob.texts(), "GROUP_LOG_FORK" in self.bob.codes()), ([], True))
        self.assertEqual(refused(lambda: self.bob.say_in(self.gid, "x")), "GROUP_LOG_FORK")

    def test_a16_only_in_a_message(self) -> None:
        """The head inside a group message is enough."""
        self.alice.say_in(self.gid, "before")
        self.settle()
        self.forget()
        n = self.bob.groups.row(self.bob.batch(), self.gid).state.n
        item = crafted(self, self.alice.batch(), self.alice, head=Place(n, b"x" * 32))
        outcome = self.bob.take(item)
        assert isinstance(outcome, Dropped)
        self.assertEqual((outcome.code, outcome.check, self.bob.texts()), ("GROUP_LOG_FORK", "g-head-fork", []))
        self.assertEqual(refused(lambda: self.bob.say_in(self.gid, "x")), "GROUP_LOG_FORK")
        batch = self.bob.batch()
        self.bob.groups.resume(batch, self.gid)
        batch.commit()
        self.bob.say_in(self.gid, "a person decided")

    def test_a16_only_in_what_is_told(self) -> None:
        """So is the head that is told after a change."""
        n = self.bob.groups.row(self.bob.batch(), self.gid).state.n
        self.forget()
        self.alice.tell(self.bob, "group_head", GroupHead(self.gid, n, b"x" * 32), group_conv(self.gid))
        self.bob.fetch()
        self.assertEqual([(one.code, one.check) for one in self.bob.dropped], [("GROUP_LOG_FORK", "head-fork")])
        self.assertEqual(refused(lambda: self.bob.say_in(self.gid, "x")), "GROUP_LOG_FORK")

    def test_a16_in_the_log_itself(self) -> None:
        state = self.bob.groups.row(self.bob.batch(), self.gid).state
        earlier = msgspec.structs.replace(state, n=state.n - 1, head=state.heads[state.n - 1])
        fork = sign_entry(own.account(self.alice.batch()), "alice", self.gid, earlier, "leave", Leave())
        batch = self.bob.batch()
        notes = self.bob.groups.follow(batch, self.gid, [fork])
        self.assertEqual([note.code for note in notes], ["GROUP_LOG_FORK"])

    def test_a_stranger_cannot_stop_a_group(self) -> None:
        mallory = Phone(self.server, "mallory")
        for n in (1, 99):
            body = GroupHead(self.gid, n, b"x" * 32)
            mallory.tell(self.bob, "group_head", body, group_conv(self.gid))
        self.bob.fetch()
        self.assertEqual(self.bob.codes(), ["NOT_A_MEMBER", "NOT_A_MEMBER"])
        self.bob.say_in(self.gid, "goes out")


class KeyAttacks(GroupCase):
    """A17 and A18."""

    def setUp(self) -> None:
        super().setUp()
        self.alice.say_in(self.gid, "first")
        self.settle()
        self.forget()

    def hand(self, sender: Phone, key: bytes, session_id: str, index: int, gid: bytes = b"", conv: str = "") -> None:
        """Somebody sends bob a group key."""
        state = self.bob.groups.row(self.bob.batch(), self.gid).state
        body = GroupKey(gid or self.gid, session_id, key, index, state.n, state.head)
        sender.tell(self.bob, "group_key", body, conv or group_conv(self.gid))
        self.bob.fetch()

    def test_a17_alices_key_as_carols(self) -> None:
        (before,) = self.held(self.bob, self.alice)
        session = self.out(self.alice)
        self.hand(self.carol, session.key, session.id, session.index)
        self.assertEqual(self.held(self.bob, self.alice), [before])
        item = self.item("from alice")
        relabelled = self.server.again(self.bob.address, item, user="carol", device=self.carol.device)
        self.assertEqual(self.code(self.bob, relabelled), "BINDING_MISMATCH")
        self.bob.take(item)
        self.assertEqual(self.bob.texts(), ["from alice"])

    def test_a17_a_second_key_for_a_known_session(self) -> None:
        (before,) = self.held(self.bob, self.alice)
        session = self.out(self.alice)
        self.hand(self.alice, session.key, session.id, session.index)
        self.assertEqual(self.held(self.bob, self.alice), [before])

    def test_a17_a_key_that_is_not_what_it_says(self) -> None:
        fresh = GroupSender()
        self.hand(self.carol, fresh.key, "other", 0)
        self.hand(self.carol, fresh.key, fresh.id, 1)
        self.hand(self.carol, b"nonsense", fresh.id, 0)
        self.hand(self.carol, fresh.key, fresh.id, 0, conv=group_conv(b"x" * 16))
        checks = [(one.code, one.check) for one in self.bob.dropped]
        expected = [("BINDING_MISMATCH", "key-session"), ("BINDING_MISMATCH", "key-index"), ("MALFORMED", "group-key")]
        self.assertEqual(checks, [*expected, ("BINDING_MISMATCH", "key-conv")])
        mallory = Phone(self.server, "mallory")
        self.hand(mallory, fresh.key, fresh.id, 0)
        self.assertEqual((self.bob.codes()[-1], self.held(self.bob, self.carol)), ("NOT_A_MEMBER", []))

    def test_a17_relabelled_by_the_server(self) -> None:
        item = self.item("from alice")
        relabelled = self.server.again(self.bob.address, item, user="carol", device=self.carol.device)
        self.assertEqual(self.code(self.bob, relabelled), "NO_GROUP_KEY")
        elsewhere = self.server.again(self.bob.address, item, conv=group_conv(b"x" * 16))
        self.assertEqual(self.code(self.bob, elsewhere), "GROUP_UNKNOWN")
        other = self.alice.make_group(self.bob)
        self.bob.fetch()
        moved = self.server.again(self.bob.address, item, conv=group_conv(other))
        self.assertEqual(self.code(self.bob, moved), "BINDING_MISMATCH")
        nowhere = self.server.again(self.bob.address, item, conv="gid:nonsense")
        self.assertEqual(self.code(self.bob, nowhere), "MALFORMED")
        self.bob.take(item)
        self.assertEqual(self.bob.texts(), ["from alice"])

    def test_a17_control_messages_stay_in_their_channel(self) -> None:
        batch = self.alice.batch()
        control = crafted(self, batch, self.alice, kind="devlist", body=encode(Lists([])))
        self.assertEqual(self.code(self.bob, control), "UNKNOWN_KIND")
        self.alice.tell(self.bob, "gmsg", Said("in the wrong channel"))
        self.alice.tell(self.bob, "rsa", Said("unknown"))
        self.bob.fetch()
        self.assertEqual((self.bob.codes(), self.bob.texts()), (["UNKNOWN_KIND"] * 3, []))

    def test_every_field_of_a_members_own_envelope(self) -> None:
        batch, bob = self.alice.batch(), self.carol.me
        for lie in (
            {"s_user": "carol"},
            {"s_device": bob.device},
            {"s_ed25519": bob.ed25519},
            {"conv": "dm:alice:bob"},
            {"session_id": "other"},
            {"index": 77},
        ):
            self.assertEqual(self.code(self.bob, crafted(self, batch, self.alice, **lie)), "BINDING_MISMATCH", lie)
        wrong = msgspec.structs.replace(crafted(self, batch, self.alice), commitment=b"x" * 32)
        self.assertEqual(self.code(self.bob, wrong), "COMMITMENT_MISMATCH")
        self.assertEqual(self.code(self.bob, crafted(self, batch, self.alice)), "")
        self.assertEqual(self.bob.texts(), ["crafted"])

    def test_a18_replayed(self) -> None:
        item = self.item("once")
        self.bob.take(item)
        self.assertEqual(self.code(self.bob, self.server.again(self.bob.address, item)), "DUPLICATE_OR_TOO_OLD")
        later, last = self.item("later"), self.item("last")
        self.bob.take(last)
        self.assertEqual(self.code(self.bob, self.server.again(self.bob.address, last)), "DUPLICATE")
        self.bob.take(later)
        self.assertEqual(self.bob.texts(), ["once", "last", "later"])

    def test_a18_an_index_used_again(self) -> None:
        backup = MemoryStorage(self.alice.disk.kept)
        held_back, seen = self.item("held back"), self.item("first text")
        self.bob.take(seen)
        self.alice.restart(backup)
        self.item("x")
        again = self.item("second text")
        self.assertEqual(self.code(self.bob, again), "GROUP_INDEX_REUSED")
        self.bob.take(held_back)
        self.assertEqual(self.code(self.bob, self.server.again(self.bob.address, again)), "DUPLICATE_OR_TOO_OLD")
        self.assertEqual(self.bob.texts(), ["first text", "held back"])

    def test_the_head_of_another_group(self) -> None:
        self.alice.tell(self.bob, "group_head", GroupHead(self.gid, 1, b"x" * 32), group_conv(b"x" * 16))
        self.bob.fetch()
        self.assertEqual(self.bob.dropped[-1].check, "head-conv")
        self.bob.say_in(self.gid, "goes out")
