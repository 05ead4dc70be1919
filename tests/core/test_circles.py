"""Encrypted groups: the order of entries, who may append and read, who is told, and what there is no room for."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from chatd import blobs as b
from chatd import encryption as e
from chatd import messages as m
from chatd.core import staff
from chatd.core.limits import Limits
from tests.kit import House, Peer
from tests.sealed import Log, Owner, SealedScene, device, encode, sign


class CircleScene(SealedScene):
    """Alice has made a group."""

    def setUp(self) -> None:
        super().setUp()
        self.log = self.makes(self.alice)

    def makes(self, peer: Peer, nonce: bytes = b"n" * 16) -> Log:
        """Somebody makes a group."""
        log = Log(peer.name, nonce)
        self.does(peer, "create", [nonce, self.uik(peer), False], log)
        return log

    def uik(self, peer: Peer) -> bytes:
        """Somebody's user key."""
        return self.owners[peer.name].uik

    def does(self, peer: Peer, op: str, arg: Any, log: Log | None = None) -> bytes:
        """Somebody appends the next entry."""
        log = log or self.log
        blob = log.entry(peer, op, arg)
        self.granted(peer, e.AppendGroup, log.gid, blob)
        return log.took(blob)

    def adds(self, peer: Peer, *others: Peer) -> None:
        """Somebody adds others."""
        for other in others:
            self.does(peer, "add", [other.name, self.uik(other)])

    def may_not(self, code: str, peer: Peer, op: str, arg: Any, **wrong: Any) -> None:
        """Somebody is refused."""
        self.forget()
        self.refused(code, peer, e.AppendGroup, self.log.gid, self.log.entry(peer, op, arg, **wrong))


class Appending(CircleScene):
    """Who may do what."""

    def test_members_come_and_go(self) -> None:
        self.adds(self.alice, self.bob, self.carol)
        self.does(self.alice, "admin", ["bob"])
        self.does(self.bob, "remove", ["alice"])
        self.does(self.carol, "leave", [])
        self.does(self.bob, "name", [bytes(32)])
        circle = self.house.node.hub.sealed.circles.by_gid[self.log.gid]
        self.assertEqual(set(circle.members), {"bob"})
        self.house.restart()
        circle = self.house.node.hub.sealed.circles.by_gid[self.log.gid]
        self.assertEqual((set(circle.members), circle.head, len(circle.entries)), ({"bob"}, self.log.head, 7))
        self.does(self.bob.again(), "add", ["alice", self.uik(self.alice)])

    def test_somebody_was_quicker(self) -> None:
        self.adds(self.alice, self.bob)
        self.does(self.alice, "admin", ["bob"])
        late = self.log.entry(self.bob, "add", ["carol", self.uik(self.carol)])
        self.adds(self.alice, self.carol)
        self.forget()
        self.refused("conflict", self.bob, e.AppendGroup, self.log.gid, late)
        self.may_not("conflict", self.bob, "name", [bytes(32)], n=self.log.n)
        self.may_not("conflict", self.bob, "name", [bytes(32)], prev=bytes(32))
        self.may_not("conflict", self.alice, "create", [self.log.nonce, self.uik(self.alice), False])

    def test_a_lost_answer(self) -> None:
        blob = self.does(self.alice, "add", ["bob", self.uik(self.bob)])
        before = self.house.store.load_sealed()
        self.granted(self.alice, e.AppendGroup, self.log.gid, blob)
        last = self.does(self.bob, "leave", [])
        self.granted(self.bob, e.AppendGroup, self.log.gid, last)
        self.assertEqual(len(self.house.store.load_sealed().groups), len(before.groups) + 1)

    def test_only_admins_change_it_and_everybody_may_leave(self) -> None:
        self.adds(self.alice, self.bob)
        for op, arg in (
            ("add", ["carol", self.uik(self.carol)]), ("remove", ["alice"]), ("admin", ["bob"]), ("unadmin", ["alice"]),
            ("name", [bytes(32)]), ("policy", [True]),
        ):  # fmt: skip
            self.may_not("not-allowed", self.bob, op, arg)
            self.may_not("no-such-group", self.carol, op, arg)
        self.does(self.alice, "policy", [True])
        self.does(self.bob, "add", ["carol", self.uik(self.carol)])
        self.may_not("not-allowed", self.bob, "remove", ["carol"])
        self.does(self.bob, "leave", [])
        self.may_not("not-a-member", self.bob, "leave", [])

    def test_forged_entries(self) -> None:
        self.adds(self.alice, self.bob)
        assert self.alice.keys
        carol = ["carol", self.uik(self.carol)]
        self.may_not("bad-blob", self.bob, "add", carol, user="alice")
        self.may_not("bad-blob", self.bob, "add", carol, device=device(self.alice))
        self.may_not("bad-blob", self.alice, "add", carol, gid=bytes(16))
        self.may_not("bad-blob", self.alice, "dance", [])
        self.may_not("bad-blob", self.alice, "add", [carol[0]])
        self.may_not("bad-blob", self.alice, "add", [carol[0], carol[1], 1])
        self.may_not("bad-blob", self.alice, "add", [b"x" * 3000, carol[1]])
        raw = msgspec.msgpack.decode(self.log.entry(self.alice, "add", carol))[0]
        for blob in (
            encode([raw, bytes(64)]),
            encode(sign(self.alice.keys.private, "otk", msgspec.msgpack.decode(raw))),
        ):
            self.refused("bad-signature", self.alice, e.AppendGroup, self.log.gid, blob)
        self.refused("bad-blob", self.alice, e.AppendGroup, self.log.gid, b"\xff" * 100)

    def test_groups_ids_are_made_of_their_makers(self) -> None:
        nonce, log = b"m" * 16, Log("bob", b"m" * 16)
        for arg in ([b"?" * 16, self.uik(self.bob), False], [nonce, self.uik(self.alice), False]):
            self.forget()
            self.refused("bad-blob", self.bob, e.AppendGroup, log.gid, log.entry(self.bob, "create", arg))

    def test_what_makes_no_sense(self) -> None:
        self.adds(self.alice, self.bob)
        self.house.people("dave")
        self.may_not("already-in-group", self.alice, "add", ["bob", self.uik(self.bob)])
        self.may_not("user-not-in-group", self.alice, "remove", ["carol"])
        self.may_not("user-not-in-group", self.alice, "admin", ["carol"])
        self.may_not("no-such-user", self.alice, "add", ["nobody", bytes(32)])
        self.may_not("conflict", self.alice, "add", ["dave", bytes(32)])
        self.may_not("conflict", self.alice, "add", ["carol", self.uik(self.bob)])
        self.may_not("conflict", self.alice, "add", ["Carol", self.uik(self.carol)])

    def test_only_listed_devices(self) -> None:
        phone = self.second(self.alice, on_list=False)
        self.may_not("not-listed", phone, "policy", [True])

    def test_limits(self) -> None:
        limits = Limits(circles_made=2, circle_members=2, circle_entries_burst=9)
        self.house = House(limits=limits)
        self.alice, self.bob, self.carol = (self.comes(name) for name in ("alice", "bob", "carol"))
        self.log = self.makes(self.alice)
        self.adds(self.alice, self.bob)
        self.may_not("group-full", self.alice, "add", ["carol", self.uik(self.carol)])
        self.makes(self.alice, b"o" * 16)
        other = Log("alice", b"p" * 16)
        self.forget()
        blob = other.entry(self.alice, "create", [other.nonce, self.uik(self.alice), False])
        self.refused("too-many-groups", self.alice, e.AppendGroup, other.gid, blob)
        circle = self.house.node.hub.sealed.circles.by_gid[self.log.gid]
        self.house.node.hub.limits = msgspec.structs.replace(limits, circle_bytes=circle.size + 10)
        for code in ("list-full",) * 4 + ("rate-limited",):
            self.may_not(code, self.alice, "policy", [True])

    def test_how_many_groups_one_is_in(self) -> None:
        self.house = House(limits=Limits(groups=1))
        self.alice, self.bob = self.comes("alice"), self.comes("bob")
        self.log = self.makes(self.alice)
        mine = self.makes(self.bob)
        self.forget()
        added = self.log.entry(self.alice, "add", ["bob", self.uik(self.bob)])
        self.assertEqual(self.refused("too-many-groups", self.alice, e.AppendGroup, self.log.gid, added).near, ["bob"])
        self.does(self.bob, "leave", [], mine)
        self.adds(self.alice, self.bob)
        other = Log("bob", b"o" * 16)
        self.forget()
        blob = other.entry(self.bob, "create", [other.nonce, self.uik(self.bob), False])
        self.refused("too-many-groups", self.bob, e.AppendGroup, other.gid, blob)

    def test_how_often_one_makes_a_group(self) -> None:
        self.house = House(limits=Limits(groups_made_burst=1))
        self.alice = self.comes("alice", host="192.0.2.9")
        self.makes(self.alice)
        other = Log("alice", b"o" * 16)
        self.forget()
        blob = other.entry(self.alice, "create", [other.nonce, self.uik(self.alice), False])
        self.refused("rate-limited", self.alice, e.AppendGroup, other.gid, blob)

    def test_a_group_ends_with_its_last_member(self) -> None:
        self.adds(self.alice, self.bob)
        self.does(self.alice, "leave", [])
        self.does(self.bob, "leave", [])
        self.assertEqual(self.house.store.load_sealed().groups, [])
        self.forget()
        self.refused("no-such-group", self.alice, e.AskGroup, self.log.gid)
        for house in (self.house.restart, lambda: None):
            house()
            self.assertEqual(self.house.node.hub.sealed.circles.by_gid, {})

    @given(st.binary(max_size=300))
    def test_any_bytes(self, blob: bytes) -> None:
        told = [self.log.gid, 2, self.log.head, "alice", device(self.alice), "add", blob]
        assert self.alice.keys
        for entry in (blob, encode([blob, bytes(64)]), encode(sign(self.alice.keys.private, "group", told))):
            self.alice.take()
            self.alice.ask(e.AppendGroup, self.log.gid, entry)
            (answer,) = self.alice.take()
            assert isinstance(answer, m.Failed)
            self.assertIn(answer.code, ("bad-blob", "rate-limited"))


class Reading(CircleScene):
    """Who hears of it and may ask."""

    def entries(self, peer: Peer, since: int = 0) -> list[bytes]:
        """What somebody is shown of the log."""
        answer = self.granted(peer, e.AskGroup, self.log.gid, since)
        assert isinstance(answer, e.GroupLog)
        return answer.entries

    def test_members_read_all_and_others_nothing(self) -> None:
        self.adds(self.alice, self.bob)
        self.assertEqual(len(self.entries(self.bob)), 2)
        self.assertEqual((len(self.entries(self.bob, 1)), self.entries(self.bob, 2), len(self.entries(self.bob, -3))),
                         (1, [], 2))  # fmt: skip
        self.forget()
        for peer in (self.carol, self.alice):
            self.refused("no-such-group", peer, e.AskGroup, self.log.gid if peer is self.carol else bytes(16))

    def test_which_ones_one_belongs_to(self) -> None:
        for peer, found in ((self.alice, [self.log.gid]), (self.second(self.alice, on_list=False), [self.log.gid]),
                            (self.bob, [])):  # fmt: skip
            self.assertEqual(self.granted(peer, e.AskOwnGroups).groups, found)
        self.adds(self.alice, self.bob)
        self.assertEqual(self.granted(self.bob, e.AskOwnGroups).groups, [self.log.gid])
        self.does(self.alice, "remove", ["bob"])
        self.assertEqual(self.granted(self.bob, e.AskOwnGroups).groups, [])

    def test_who_was_removed_reads_up_to_that(self) -> None:
        self.adds(self.alice, self.bob)
        self.does(self.alice, "remove", ["bob"])
        self.adds(self.alice, self.carol)
        self.assertEqual((len(self.entries(self.bob)), len(self.entries(self.carol))), (3, 4))
        self.adds(self.alice, self.bob)
        self.assertEqual(len(self.entries(self.bob)), 5)

    def test_who_has_the_name_later_is_somebody_else(self) -> None:
        self.adds(self.alice, self.bob, self.carol)
        self.does(self.alice, "remove", ["carol"])
        for name in ("bob", "carol"):
            staff.delete(self.house.node.hub, self.house.node.turn(), name, "staff")
        self.house.settle()
        bob, carol = self.house.greeted(encrypted=True), self.house.greeted(encrypted=True)
        for peer, name in ((bob, "bob"), (carol, "carol")):
            peer.sign_up(name)
            self.owners[name] = Owner(name, b"another person")
            self.puts_list(peer, peer)
        self.forget()
        for peer in (bob, carol):
            self.refused("no-such-group", peer, e.AskGroup, self.log.gid)
            self.may_not("no-such-group", peer, "leave", [])
        self.does(self.alice, "name", [bytes(32)])
        self.does(self.alice, "remove", ["bob"])
        self.assertEqual((bob.take(), carol.take()), ([], []))
        self.house.restart()
        self.forget()
        self.refused("no-such-group", bob.again(), e.AskGroup, self.log.gid)

    def test_members_are_told_and_whoever_was_removed(self) -> None:
        phone = self.second(self.alice)
        self.adds(self.alice, self.bob)
        self.forget()
        self.adds(self.alice, self.carol)
        told = [e.GroupGrew(self.log.gid, 3)]
        self.assertEqual(
            [peer.of(e.GroupGrew) for peer in (phone, self.bob, self.carol, self.alice)], [told] * 3 + [[]]
        )
        self.forget()
        self.does(self.alice, "remove", ["bob"])
        self.assertEqual(self.bob.take(), [e.GroupGrew(self.log.gid, 4)])
        self.forget()
        self.does(self.alice, "name", [bytes(32)])
        self.assertEqual(self.bob.take(), [])

    def test_companions_hear_of_lists(self) -> None:
        self.adds(self.alice, self.bob)
        self.forget()
        self.puts_list(self.bob, self.bob)
        self.assertEqual([peer.of(e.ListChanged) for peer in (self.alice, self.carol)],
                         [[e.ListChanged("bob", 2)], []])  # fmt: skip

    def test_a_long_log_comes_in_parts(self) -> None:
        for number in range(750):
            self.house.seconds += 1
            self.does(self.alice, "name", [hashlib.sha256(b"%d" % number).digest()])
        found: list[bytes] = []
        parts = 0
        while part := self.entries(self.alice, len(found)):
            found += part
            parts += 1
            self.assertLess(sum(map(len, part)), 140_000)
        self.assertEqual(
            (len(found), hashlib.sha256(msgspec.msgpack.decode(found[-1])[0]).digest()), (751, self.log.head)
        )
        self.assertEqual(parts, 2)

    def test_files_for_its_members(self) -> None:
        folder = self.mktemp()
        os.mkdir(folder)
        self.house = House(files=folder)
        self.alice, self.bob, self.carol = (self.comes(name) for name in ("alice", "bob", "carol"))
        self.log = self.makes(self.alice)
        self.adds(self.alice, self.bob)
        word, identity = "!" + self.log.gid.hex(), b"i" * 16
        self.granted(self.alice, b.CreateBlob, identity, 0, [word])
        self.granted(self.alice, b.CommitBlob, identity, hashlib.sha256(b"").digest())
        self.assertEqual(self.granted(self.bob, b.GetBlob, identity, 0, 1).data, b"")
        self.forget()
        self.refused("no-such-blob", self.carol, b.GetBlob, identity, 0, 1)
        for wrong in (word, "!", "!xy", "!" + "00" * 16):
            self.refused("no-such-group", self.carol, b.CreateBlob, b"j" * 16, 0, [wrong])
        self.does(self.alice, "remove", ["bob"])
        self.forget()
        self.refused("no-such-blob", self.bob, b.GetBlob, identity, 0, 1)

    def test_it_is_no_conversation(self) -> None:
        answer = self.granted(self.alice, m.Groups)
        self.assertEqual([group.group for group in answer.groups], ["#lobby"])
