"""Signed lists of devices: what follows, what is refused, who hears of it, and what a device that is off it loses."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from chatd import encryption as e
from chatd import messages as m
from chatd.core import staff
from chatd.core.limits import Limits
from chatd.core.turn import Refused
from tests.kit import House, Keys, Peer
from tests.sealed import Owner, SealedScene, device, encode, item, one_time, sign


class Putting(SealedScene):
    """The next list."""

    def test_a_chain_grows_and_is_kept_for_ever(self) -> None:
        other = self.second(self.alice)
        third = self.puts_list(self.alice, self.alice)
        chain = self.granted(self.bob, e.AskLists, "Alice").chain
        self.assertEqual((len(chain), chain[2]), (3, third))
        for since, count in ((1, 2), (3, 0), (9, 0), (-5, 3)):
            self.assertEqual(len(self.granted(other, e.AskLists, "alice", since).chain), count)
        self.house.restart()
        bob = self.bob.again()
        self.assertEqual(self.granted(bob, e.AskLists, "alice").chain, chain)
        self.assertEqual(self.house.node.hub.users.find("alice").chains[-1].devices, {device(self.alice)})

    def test_nobody_has_lists_who_made_none(self) -> None:
        self.house.people("dave")
        self.assertEqual(self.granted(self.alice, e.AskLists, "dave"), e.Lists(self.alice.ref, "dave", 0, []))
        self.refused("no-such-user", self.alice, e.AskLists, "davey")

    def test_who_has_lists_keeps_the_name_that_is_signed_in_them(self) -> None:
        with self.assertRaises(Refused) as raised:
            staff.rename(self.house.node.hub, self.house.node.turn(), "alice", "alicia", "miller")
        self.assertEqual(raised.exception.code, "not-allowed")
        self.assertEqual(self.house.node.hub.users.find("alice").name, "alice")

    def test_what_does_not_follow(self) -> None:
        owner, keys = self.owners["alice"], self.alice.keys
        assert keys is not None
        mallory = Owner("alice", b"other")
        for code, blob in (
            ("conflict", owner.list(keys, version=1)), ("conflict", owner.list(keys, version=3)),
            ("conflict", owner.list(keys, prev=bytes(32))),
            ("bad-signature", owner.list(keys, key=mallory.key)), ("bad-signature", mallory.list(keys)),
            ("bad-blob", owner.list(keys, user="bob")), ("bad-blob", owner.list()),
            ("bad-blob", owner.list(keys, keys)),
            ("bad-blob", b""), ("bad-blob", b"\xc1"), ("bad-blob", b"x" * 20_000), ("bad-blob", encode([b"", b""])),
            ("bad-blob", encode([encode(["alice"]), bytes(64)])),
        ):  # fmt: skip
            self.refused(code, self.alice, e.PutList, blob)
        owner.took(self.granted_list(owner.list(keys)))

    def granted_list(self, blob: bytes) -> bytes:
        """Alice puts this list."""
        self.granted(self.alice, e.PutList, blob)
        return blob

    def test_devices_that_are_not_hers(self) -> None:
        owner, mine, other = self.owners["alice"], self.alice.keys, self.bob.keys
        assert mine is not None and other is not None
        stranger = Keys(b"stranger")
        for code, entry in (
            ("no-such-device", owner.entry(stranger)), ("no-such-device", owner.entry(other)),
            ("bad-blob", owner.entry(mine, user="bob")), ("bad-blob", owner.entry(mine, uik=bytes(32))),
            ("bad-blob", owner.entry(mine, curve25519=bytes(32))),
            ("bad-blob", owner.entry(mine, ed25519=other.public.ed25519)),
            ("bad-signature", [owner.entry(mine)[0], bytes(64)]),
            ("bad-signature", sign(other.private, "device", msgspec.msgpack.decode(owner.entry(mine)[0]))),
            ("bad-signature", sign(mine.private, "devlist", msgspec.msgpack.decode(owner.entry(mine)[0]))),
        ):  # fmt: skip
            self.refused(code, self.alice, e.PutList, owner.list(entry))

    def test_only_accounts_with_devices(self) -> None:
        guest = self.house.guest("gast")
        self.refused("guest", guest, e.PutList, b"")
        line = self.house.caller("dora")
        self.refused("guest", line, e.AskLists, "alice")

    def test_how_often(self) -> None:
        self.house = House(limits=Limits(lists_made_burst=3, lists_bytes=2_000))
        self.alice = self.comes("alice")
        self.forget()
        keys = self.alice.keys
        assert keys is not None
        for _ in range(2):
            self.puts_list(self.alice, self.alice)
        refusal = self.refused("rate-limited", self.alice, e.PutList, self.owners["alice"].list(keys))
        self.assertGreater(refusal.retry, 0)
        self.house.advance(4000)
        alice = self.alice.again()
        for _ in range(2):
            self.puts_list(alice, alice)
        self.refused("list-full", alice, e.PutList, self.owners["alice"].list(keys))

    @given(st.binary(max_size=500))
    def test_any_bytes(self, blob: bytes) -> None:
        for kind, arguments in (
            (e.PutList, (blob,)), (e.PutKeys, ([blob],)), (e.PutKeys, ([], b"\x92" + blob)),
            (e.PutList, (encode([blob, bytes(64)]),)), (e.PutKeys, ([encode([blob, bytes(64)])],)),
        ):  # fmt: skip
            ref = self.alice.ask(kind, *arguments)
            (answer,) = [event for event in self.alice.take() if getattr(event, "ref", None) == ref]
            if isinstance(answer, m.Failed):
                self.assertIn(answer.code, ("bad-blob", "rate-limited"))


class Hearing(SealedScene):
    """Who is told of another list."""

    def changed(self, *peers: Peer) -> list[list[e.ListChanged]]:
        """What these have heard."""
        return [peer.of(e.ListChanged) for peer in peers]

    def test_own_sessions_and_those_one_writes_to(self) -> None:
        phone = self.second(self.alice)
        self.sends(self.bob, item(self.alice))
        self.forget()
        self.puts_list(self.alice, self.alice, phone)
        told = [e.ListChanged("alice", 3)]
        self.assertEqual(self.changed(phone, self.bob, self.carol, self.alice), [told, told, [], []])

    def test_also_those_of_before_a_restart(self) -> None:
        self.sends(self.alice, item(self.bob))
        self.house.restart()
        alice, bob, carol = self.alice.again(), self.bob.again(), self.carol.again()
        self.forget()
        self.puts_list(alice, alice)
        self.assertEqual(self.changed(bob, carol), [[e.ListChanged("alice", 2)], []])

    def test_those_with_whom_one_has_an_open_conversation(self) -> None:
        dave, eve = self.house.greeted(encrypted=True), self.house.greeted()
        dave.sign_up("dave")
        eve.sign_up("eve")
        for peer in (dave, eve):
            self.granted(peer, m.Send, "@alice", self.house.random(16), "hi")
        self.forget()
        self.puts_list(self.alice, self.alice)
        self.assertEqual(self.changed(dave, eve), [[e.ListChanged("alice", 2)], []])  # eve's program knows no lists


class Losing(SealedScene):
    """A device that is not on the list any more."""

    def test_its_mail_and_keys_are_gone(self) -> None:
        phone = self.second(self.alice)
        self.granted(phone, e.PutKeys, [one_time(phone, 1), one_time(phone, 2)], one_time(phone, 3, fallback=True))
        self.granted(self.bob, e.ClaimKeys, [("alice", device(phone))])
        self.sends(self.bob, item(phone, self.alice), item(phone))
        self.puts_list(self.alice, self.alice)
        self.assertEqual(self.house.store.read_mail(device(phone), 0, 99, 99), [])
        self.assertEqual(len(self.house.store.read_mail(device(self.alice), 0, 99, 99)), 1)
        self.assertEqual(self.granted(phone, e.AskKeys), e.KeysAre(phone.ref, 0, 1, False, 0))
        self.refused("no-such-device", self.bob, e.ClaimKeys, [("alice", device(phone))])
        stale = self.sends(self.bob, item(phone), alice=2)
        self.assertEqual(stale, e.Stale(self.bob.ref, ["alice"]))
        self.refused("not-listed", phone, e.ClaimKeys, [("bob", device(self.bob))])

    def test_its_numbers_go_on_when_it_comes_back(self) -> None:
        phone = self.second(self.alice)
        self.sends(self.bob, item(phone), item(phone))
        self.puts_list(self.alice, self.alice)
        self.house.restart()
        self.alice, self.bob, phone = self.alice.again(), self.bob.again(), phone.again()
        self.assertEqual(phone.last(m.Welcome).mail, (2, 2))
        self.puts_list(self.alice, self.alice, phone)
        phone.take()
        self.sends(self.bob, item(phone))
        self.assertEqual([mail.seq for mail in phone.of(e.Mail)], [3])
