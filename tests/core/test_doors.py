"""Doors of encrypted groups: which name leads where, who asks to be let in, who is told, what there is no room for."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption as e
from chatd import messages as m
from chatd import moderation as o
from chatd.core import staff
from chatd.core.limits import Limits
from tests.core.test_circles import CircleScene
from tests.kit import House, Peer
from tests.sealed import Log

DOOR = e.door_of("hw1")


class DoorOf(SynchronousTestCase):
    """What a name becomes."""

    def test_the_same_in_whatever_letters(self) -> None:
        for name in ("hw1", "#hw1", "HW1", "\uff28\uff37\uff11"):
            self.assertEqual(e.door_of(name), DOOR)
        self.assertEqual(len({e.door_of(name) for name in ("hw1", "hw2", "", "##hw1", "h w1")}), 5)
        self.assertEqual(len(e.door_of("\ud800")), 16)


class DoorScene(CircleScene):
    """Alice has made a group that is found at a door."""

    def makes(self, peer: Peer, nonce: bytes = b"n" * 16, door: bytes = DOOR) -> Log:
        log = Log(peer.name, nonce)
        self.does(peer, "create", [nonce, self.uik(peer), True, door], log)
        return log

    def found(self, peer: Peer, door: bytes = DOOR) -> tuple[bytes, str]:
        """What the server says is there."""
        answer = self.granted(peer, e.AskDoor, door)
        return answer.group, answer.open

    def knocks(self, peer: Peer) -> list[tuple[bytes, str]]:
        """Who asks at somebody's groups."""
        return self.granted(peer, e.AskKnocks).who  # type: ignore[no-any-return]

    def refused_door(self, code: str, peer: Peer, nonce: bytes = b"o" * 16, door: bytes = DOOR) -> Any:
        """Somebody may not make a group there."""
        self.forget()
        log = Log(peer.name, nonce)
        blob = log.entry(peer, "create", [nonce, self.uik(peer), True, door])
        return self.refused(code, peer, e.AppendGroup, log.gid, blob)


class Finding(DoorScene):
    """A name leads to one group."""

    def test_it_is_found_by_who_knows_the_name(self) -> None:
        self.assertEqual(self.found(self.carol), (self.log.gid, ""))
        self.assertEqual(self.found(self.carol, e.door_of("hw2")), (b"", ""))
        self.assertEqual(self.found(self.carol, b""), (b"", ""))
        self.assertEqual(self.found(self.carol, e.door_of("lobby")), (b"", "#lobby"))
        self.house.restart()
        self.assertEqual(self.found(self.carol.again()), (self.log.gid, ""))

    def test_of_two_one_is_made(self) -> None:
        refused = self.refused_door("group-exists", self.bob)
        self.assertEqual(refused.near, ["!" + self.log.gid.hex()])
        for wrong in (b"x", b"x" * 15, b"x" * 17):
            self.refused_door("bad-blob", self.bob, door=wrong)

    def test_the_door_is_shut_moved_and_gone(self) -> None:
        other = e.door_of("mice")
        self.does(self.alice, "policy", [True, other])
        self.assertEqual((self.found(self.bob), self.found(self.bob, other)), ((b"", ""), (self.log.gid, "")))
        bobs = self.makes(self.bob, b"o" * 16)
        self.may_not("group-exists", self.alice, "policy", [True, DOOR])
        self.does(self.alice, "policy", [True])
        self.assertEqual(self.found(self.bob, other), (b"", ""))
        self.house.restart()
        self.alice, self.bob = self.alice.again(), self.bob.again()
        self.assertEqual((self.found(self.bob), self.found(self.bob, other)), ((bobs.gid, ""), (b"", "")))
        self.does(self.bob, "leave", [], bobs)
        self.does(self.alice, "policy", [True, DOOR])
        self.assertEqual(self.found(self.bob), (self.log.gid, ""))
        self.does(self.alice, "leave", [])
        self.assertEqual(self.found(self.bob), (b"", ""))
        self.makes(self.bob, b"p" * 16)

    def test_only_admins_move_it(self) -> None:
        self.adds(self.alice, self.bob)
        self.may_not("not-allowed", self.bob, "policy", [True, e.door_of("mine")])

    def test_an_open_group_and_an_encrypted_one_have_not_one_name(self) -> None:
        for name in ("#hw1", "HW1"):
            self.forget()
            refused = self.refused("encrypted-group", self.carol, m.Join, name)
            self.assertIn("`chat`", refused.text)
        guest = self.house.greeted()
        guest.ask(m.Enter, "gast")
        guest.take()
        self.refused("encrypted-group", guest, m.Join, "#hw1")
        self.granted(self.carol, m.Join, "#Essay")
        refused = self.refused_door("group-exists", self.bob, door=e.door_of("ESSAY"))
        self.assertEqual((refused.near, self.found(self.bob, e.door_of("essay"))), (["#Essay"], (b"", "#Essay")))
        self.refused("encrypted-group", self.carol, o.Rename, "#essay", "#hw1")
        self.granted(self.carol, o.Rename, "#essay", "#hw7")
        self.assertEqual(self.found(self.bob, e.door_of("essay")), (b"", ""))
        self.assertEqual(self.found(self.bob, e.door_of("hw7")), (b"", "#hw7"))
        self.granted(self.carol, m.Leave, "#hw7")
        self.makes(self.bob, b"o" * 16, e.door_of("hw7"))

    def test_staff_make_none_either(self) -> None:
        from chatd.core import membership
        from chatd.core.turn import Refused

        turn = self.house.node.turn()
        self.assertEqual(self.assertRaises(Refused, membership.found, self.house.node.hub, turn, "hw1").code,
                         "encrypted-group")  # fmt: skip

    def test_guests_ask_nothing(self) -> None:
        guest = self.house.greeted(encrypted=True)
        guest.ask(m.Enter, "gast")
        guest.take()
        for question in ((e.AskDoor, DOOR), (e.Knock, self.log.gid), (e.AskKnocks,)):
            self.refused("guest", guest, *question)

    def test_how_often_names_are_tried(self) -> None:
        self.house = House(limits=Limits(doors_burst=2))
        self.alice, self.bob = self.comes("alice"), self.comes("bob")
        self.found(self.bob), self.found(self.bob)
        self.forget()
        self.refused("rate-limited", self.bob, e.AskDoor, DOOR)


class Knocking(DoorScene):
    """Somebody wants to be let in."""

    def test_members_are_told_now_and_later(self) -> None:
        self.granted(self.bob, e.Knock, self.log.gid)
        asks = [(self.log.gid, "bob")]
        self.assertEqual(self.alice.of(e.Knocks), [e.Knocks(0, asks)])
        self.assertEqual((self.knocks(self.alice), self.knocks(self.bob), self.knocks(self.carol)), (asks, [], []))
        self.house.restart()
        self.assertEqual(self.knocks(self.alice.again()), asks)

    def test_again_is_told_again_and_kept_once(self) -> None:
        for _ in range(2):
            self.forget()
            self.granted(self.bob, e.Knock, self.log.gid)
            self.assertEqual(len(self.alice.of(e.Knocks)), 1)
        self.assertEqual(len(self.house.store.load_sealed().knocks), 1)

    def test_who_is_in_asks_no_more(self) -> None:
        self.granted(self.bob, e.Knock, self.log.gid)
        self.granted(self.carol, e.Knock, self.log.gid)
        self.adds(self.alice, self.bob)
        self.assertEqual(self.knocks(self.alice), [(self.log.gid, "carol")])
        self.granted(self.carol, e.Knock, self.log.gid, False)
        self.granted(self.carol, e.Knock, self.log.gid, False)
        self.assertEqual((self.knocks(self.alice), self.house.store.load_sealed().knocks), ([], []))

    def test_a_members_other_device_asks_who_is_here(self) -> None:
        self.adds(self.alice, self.bob)
        phone = self.second(self.bob)
        self.granted(phone, e.Knock, self.log.gid)
        self.assertEqual(
            [peer.of(e.Knocks) for peer in (self.alice, self.bob)], [[e.Knocks(0, [(self.log.gid, "bob")])]] * 2
        )
        self.assertEqual((self.knocks(self.alice), self.house.store.load_sealed().knocks), ([], []))

    def test_nobody_waits_at_a_door_that_is_gone(self) -> None:
        self.granted(self.bob, e.Knock, self.log.gid)
        self.does(self.alice, "policy", [False])
        self.assertEqual((self.knocks(self.alice), self.house.store.load_sealed().knocks), ([], []))
        self.forget()
        self.refused("no-such-group", self.bob, e.Knock, self.log.gid)
        self.refused("no-such-group", self.bob, e.Knock, bytes(16))
        self.does(self.alice, "policy", [True, DOOR])
        self.granted(self.bob, e.Knock, self.log.gid)
        self.does(self.alice, "leave", [])
        self.assertEqual(self.house.store.load_sealed().knocks, [])

    def test_an_account_that_is_deleted(self) -> None:
        self.granted(self.bob, e.Knock, self.log.gid)
        staff.delete(self.house.node.hub, self.house.node.turn(), "bob", "staff")
        self.house.settle()
        self.assertEqual((self.knocks(self.alice), self.house.store.load_sealed().knocks), ([], []))
        self.house.restart()
        self.assertEqual(self.knocks(self.alice.again()), [])

    def test_members_let_in_but_not_whom_others_removed(self) -> None:
        self.adds(self.alice, self.bob)
        self.adds(self.bob, self.carol)
        self.does(self.carol, "leave", [])
        self.adds(self.bob, self.carol)
        self.does(self.alice, "remove", ["carol"])
        self.house.restart()
        self.alice, self.bob, self.carol = (peer.again() for peer in (self.alice, self.bob, self.carol))
        self.may_not("not-allowed", self.bob, "add", ["carol", self.uik(self.carol)])
        self.granted(self.carol, e.Knock, self.log.gid)
        self.adds(self.alice, self.carol)
        self.does(self.carol, "leave", [])
        self.adds(self.bob, self.carol)

    def test_few_are_told_at_once_and_admins_first(self) -> None:
        self.house = House(limits=Limits(knocks_told=2))
        self.alice, self.bob, self.carol, dave = (self.comes(name) for name in ("alice", "bob", "carol", "dave"))
        self.log = self.makes(self.alice)
        self.adds(self.alice, self.bob, self.carol)
        self.does(self.alice, "admin", ["carol"])
        self.forget()
        self.granted(dave, e.Knock, self.log.gid)
        self.assertEqual([len(peer.of(e.Knocks)) for peer in (self.alice, self.bob, self.carol)], [1, 0, 1])
        self.assertEqual(len(self.knocks(self.bob)), 1)

    def test_only_listed_devices(self) -> None:
        phone = self.second(self.bob, on_list=False)
        self.refused("not-listed", phone, e.Knock, self.log.gid)

    def test_limits(self) -> None:
        self.house = House(limits=Limits(knocks=1, circle_knocks=1, groups=2, doors_burst=99))
        self.alice, self.bob, self.carol = (self.comes(name) for name in ("alice", "bob", "carol"))
        self.log = self.makes(self.alice)
        other = self.makes(self.alice, b"o" * 16, e.door_of("other"))
        self.granted(self.bob, e.Knock, self.log.gid)
        self.granted(self.bob, e.Knock, self.log.gid)
        self.forget()
        self.refused("too-many-knocks", self.bob, e.Knock, other.gid)
        self.refused("too-many-knocks", self.carol, e.Knock, self.log.gid)
        self.granted(self.bob, e.Knock, self.log.gid, False)
        for nonce in (b"p" * 16, b"q" * 16):
            self.makes(self.bob, nonce, b"")
        self.forget()
        self.refused("too-many-groups", self.bob, e.Knock, other.gid)
