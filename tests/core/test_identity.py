"""Devices that want to be listed and those that are removed, a new user key, and what is kept for oneself."""

from __future__ import annotations

import hashlib
from typing import Any

from chatd import encryption as e
from chatd import messages as m
from chatd.core import staff
from chatd.core.limits import Limits
from chatd.sealed import Corresponded
from tests.kit import House, Keys, Peer
from tests.sealed import Owner, SealedScene, device, encode, item, one_time

DAY = 86_400


class Offering(SealedScene):
    """A new device asks to be on the list."""

    def offer(self, peer: Peer) -> bytes:
        """What a device says of itself."""
        assert peer.keys is not None
        return encode(self.owners[peer.name].entry(peer.keys))

    def test_ones_other_devices_are_told(self) -> None:
        phone = self.second(self.alice, on_list=False)
        blob = self.offer(phone)
        self.assertEqual(self.granted(phone, e.OfferDevice, blob), e.Offers(phone.ref, [blob]))
        self.assertEqual(self.alice.take(), [e.Offers(0, [blob])])
        self.assertEqual((self.bob.take(), self.granted(self.alice, e.AskOffers).devices), ([], [blob]))
        self.assertEqual(self.granted(self.bob, e.AskOffers).devices, [])
        again = self.alice.again()
        self.assertEqual(again.of(e.Offers), [e.Offers(0, [blob])])
        self.granted(phone, e.OfferDevice, b"")
        self.assertEqual(again.of(e.Offers)[-1], e.Offers(0, []))

    def test_who_is_listed_asks_no_more(self) -> None:
        phone = self.second(self.alice, on_list=False)
        self.granted(phone, e.OfferDevice, self.offer(phone))
        self.puts_list(self.alice, self.alice, phone)
        self.assertEqual(self.granted(self.alice, e.AskOffers).devices, [])
        self.forget()
        self.refused("still-listed", phone, e.OfferDevice, self.offer(phone))

    def test_a_device_speaks_for_itself_only(self) -> None:
        phone = self.second(self.alice, on_list=False)
        assert phone.keys is not None and self.bob.keys is not None
        owner = self.owners["alice"]
        for code, blob in (
            ("bad-blob", self.offer(self.bob)), ("bad-blob", encode(owner.entry(self.bob.keys))),
            ("bad-blob", encode(owner.entry(phone.keys, user="bob"))), ("bad-blob", b"x"),
            ("bad-blob", encode(owner.entry(phone.keys, curve25519=bytes(32)))), ("bad-blob", b"x" * 2_000),
            ("bad-signature", encode([owner.entry(phone.keys)[0], bytes(64)])),
        ):  # fmt: skip
            self.refused(code, phone, e.OfferDevice, blob)


class Removing(SealedScene):
    """A device is taken off the account."""

    def test_its_session_ends_and_it_does_not_come_back(self) -> None:
        phone = self.second(self.alice)
        self.granted(phone, e.PutKeys, [one_time(phone, 1)], one_time(phone, 2, fallback=True))
        self.sends(self.bob, item(phone))
        self.forget()
        self.refused("still-listed", self.alice, e.RemoveDevice, device(phone))
        self.puts_list(self.alice, self.alice)
        self.forget()
        self.granted(self.alice, e.RemoveDevice, device(phone))
        self.assertEqual(phone.last(m.Bye).code, "device-removed")
        self.assertTrue(phone.over)
        for come in (phone.again, phone.resume):
            self.assertEqual(come().code(), "login-refused")
        devices = self.granted(self.alice, m.Devices).devices
        self.assertEqual(devices, [(device(self.alice), 1)])
        found = self.house.store.load_sealed()
        self.assertNotIn(device(phone), [one.device for one in found.keys] + [one.device for one in found.mail])
        self.house.restart()
        self.assertEqual(self.granted(self.alice.again(), m.Devices).devices, devices)

    def test_also_where_its_place_in_a_conversation_is_not_on_disk_yet(self) -> None:
        phone = self.second(self.alice, on_list=False)
        self.house.people("dave")
        dave = self.house.peers[-1]
        self.granted(dave, m.Send, "@alice", self.house.random(16), "hi")
        phone.ack("dm:alice:dave", 1)
        self.granted(self.alice, e.RemoveDevice, device(phone))
        self.house.advance(1)
        self.assertEqual(self.house.failures, [])

    def test_what_cannot_be_removed(self) -> None:
        phone = self.second(self.alice, on_list=False)
        self.house.caller("alice", "alice").lose()
        line = next(name for name in self.house.node.hub.users.find("alice").devices if name.startswith("irc"))
        self.forget()
        for code, name in (
            ("no-such-device", device(self.bob)), ("no-such-device", "?"), ("no-such-device", line),
            ("not-allowed", device(self.alice)),
        ):  # fmt: skip
            self.refused(code, self.alice, e.RemoveDevice, name)
        self.refused("not-listed", phone, e.RemoveDevice, device(self.alice))

    def test_who_has_no_list_may_still_tidy_up(self) -> None:
        (dave,) = self.house.people("dave")
        self.owners["dave"] = Owner("dave")
        other = self.second(dave, on_list=False)
        self.granted(dave, e.RemoveDevice, device(other))
        self.assertTrue(other.over)


class Resetting(SealedScene):
    """All devices are lost, or the user key is."""

    def anew(self, *keys: Keys | None) -> tuple[Owner, bytes]:
        """Alice's new key and its first list."""
        owner = Owner("alice", b"new")
        return owner, owner.list(*[one for one in keys if one is not None])

    def lost(self) -> Peer:
        """Alice comes back with her password and a new device; the others are lost."""
        return self.second(self.alice, on_list=False)

    def reset(self, peer: Peer, blob: bytes, password: str = "correct horse") -> Any:
        """Somebody begins anew."""
        ref = peer.ask(e.ResetIdentity, blob, password)
        self.house.commit()
        (answer,) = [event for event in peer.take() if getattr(event, "ref", None) == ref]
        return answer

    def test_it_takes_a_day_and_everybody_is_told(self) -> None:
        phone = self.lost()
        owner, blob = self.anew(phone.keys)
        self.sends(self.bob, item(self.alice))
        self.forget()
        at = self.reset(phone, blob).at
        self.assertEqual(at, int(self.house.wall() * 1000) + DAY * 1000)
        self.assertEqual((self.alice.take(), self.bob.take()), ([e.ResetIs(0, at)], []))
        again = self.alice.again()
        self.assertEqual(again.of(e.ResetIs), [e.ResetIs(0, at)])
        self.house.seconds += DAY - 10
        self.house.advance(5)
        self.assertEqual(len(self.granted(self.bob, e.AskLists, "alice", 0).chain), 1)
        self.forget()
        self.house.advance(10)
        self.assertEqual(self.bob.of(e.ListChanged), [e.ListChanged("alice", 1)])
        self.assertEqual(phone.of(e.ResetIs), [e.ResetIs(0, 0)])
        for since in (0, 1, 7):  # whoever knows another chain is shown this one
            self.assertEqual(self.granted(self.bob, e.AskLists, "alice", since).chain, [blob])
        old = self.granted(self.bob, e.AskLists, "alice", 0, 1).chain
        self.assertEqual((len(old), self.granted(self.bob, e.AskLists, "alice", 0, 3).chain), (1, []))
        self.house.restart()
        self.assertEqual(self.granted(self.bob.again(), e.AskLists, "alice", 5).chain, [blob])
        self.assertEqual(self.house.store.load_sealed().resets, [])
        phone = phone.again()
        self.owners["alice"] = owner
        owner.took(blob)
        self.puts_list(phone, phone)

    def test_older_programs_are_told_nothing_they_do_not_know(self) -> None:
        phone = self.lost()
        _, blob = self.anew(phone.keys)
        self.reset(phone, blob)
        assert self.alice.keys is not None
        plain = self.house.greeted()
        plain.login("alice", self.alice.keys)
        self.assertEqual((plain.of(e.ResetIs), plain.over), ([], False))
        line = self.house.caller("alice", "alice")
        self.assertEqual((line.of(e.ResetIs), line.over), ([], False))

    def test_it_waits_through_a_restart(self) -> None:
        phone = self.lost()
        _, blob = self.anew(phone.keys)
        self.reset(phone, blob)
        self.house.restart()
        self.house.seconds += DAY + 1
        self.house.advance(5)
        self.assertEqual(self.granted(self.bob.again(), e.AskLists, "alice").chain, [blob])

    def test_devices_that_are_not_on_the_new_list_lose_their_mail(self) -> None:
        phone = self.lost()
        _, blob = self.anew(phone.keys)
        self.reset(phone, blob)
        self.sends(self.bob, item(self.alice))
        self.house.seconds += DAY + 1
        self.house.advance(5)
        self.assertEqual(self.house.store.read_mail(device(self.alice), 0, 9, 9), [])

    def test_any_device_stops_it(self) -> None:
        phone = self.lost()
        _, blob = self.anew(phone.keys)
        self.reset(phone, blob)
        self.forget()
        self.assertEqual(self.granted(self.alice, e.ResetIdentity, b""), e.ResetIs(self.alice.ref, 0))
        self.assertEqual(phone.take(), [e.ResetIs(0, 0)])
        self.granted(self.alice, e.ResetIdentity, b"")
        self.assertEqual(phone.take(), [])
        self.house.seconds += DAY + 1
        self.house.advance(5)
        self.assertEqual(len(self.granted(self.bob, e.AskLists, "alice").chain), 1)
        self.assertEqual(self.house.store.load_sealed().resets, [])

    def test_a_device_that_has_gone_meanwhile(self) -> None:
        phone = self.lost()
        _, blob = self.anew(phone.keys)
        self.reset(phone, blob)
        self.granted(self.alice, e.RemoveDevice, device(phone))
        self.house.seconds += DAY + 1
        self.house.advance(5)
        self.assertEqual(self.granted(self.bob, e.AskLists, "alice", 1).chain, [])
        self.assertEqual((self.house.store.load_sealed().resets, self.house.failures), ([], []))

    def test_what_is_refused(self) -> None:
        phone = self.lost()
        owner, blob = self.anew(phone.keys)
        same = Owner("alice")
        assert phone.keys is not None
        self.assertEqual(self.reset(phone, blob, "wrong horse").code, "login-refused")
        for code, wrong in (
            ("bad-blob", b"x"), ("conflict", owner.list(phone.keys, version=2)),
            ("bad-signature", owner.list(phone.keys, key=same.key)), ("bad-blob", same.list(phone.keys)),
            ("no-such-device", owner.list(Keys(b"stranger"))),
        ):  # fmt: skip
            self.refused(code, phone, e.ResetIdentity, wrong, "correct horse")
        self.assertEqual(self.house.store.load_sealed().resets, [])
        (dave,) = self.house.people("dave")
        self.refused("not-allowed", dave, e.ResetIdentity, blob)

    def test_without_a_password(self) -> None:
        _, blob = self.anew(self.alice.keys)
        self.assertGreater(self.reset(self.alice, blob, "").at, 0)

    def test_not_in_the_clear(self) -> None:
        phone = self.lost()
        _, blob = self.anew(phone.keys)
        far = self.house.greeted("192.0.2.7", encrypted=True)
        assert phone.keys is not None
        far.login("alice", phone.keys)
        far.take()
        self.forget()
        self.refused("tls-needed", far, e.ResetIdentity, blob, "correct horse")


class Ending(SealedScene):
    """An account is deleted."""

    def test_nothing_of_it_is_left_and_the_name_is_somebody_elses(self) -> None:
        phone = self.second(self.bob)
        self.sends(self.alice, item(self.bob, phone), item(self.carol, self.bob))
        self.sends(self.bob, item(self.alice))
        self.granted(self.bob, e.PutBackup, b"b")
        self.granted(self.bob, e.PutKeys, [one_time(self.bob, 1)])
        staff.delete(self.house.node.hub, self.house.node.turn(), "bob", "staff")
        self.house.settle()
        found = self.house.store.load_sealed()
        self.assertEqual({made.user for made in found.lists}, {1, 3})
        self.assertEqual((found.keys, found.backups, found.corresponded), ([], [], [Corresponded(1, 3)]))
        self.assertEqual({one.device for one in found.mail}, {device(self.alice), device(self.carol)})
        self.forget()
        self.refused("no-such-user", self.alice, e.AskLists, "bob")
        self.puts_list(self.alice, self.alice)
        bob = self.comes("bob")
        self.assertEqual(len(self.granted(self.alice, e.AskLists, "bob").chain), 1)
        self.sends(self.alice, item(bob))
        self.house.restart()
        self.assertEqual(len(bob.again().of(e.Mail)), 1)
        self.assertEqual(self.house.failures, [])


class Keeping(SealedScene):
    """The backup."""

    def test_it_comes_back_as_it_was(self) -> None:
        self.assertEqual(self.granted(self.alice, e.AskBackup).blob, b"")
        self.granted(self.alice, e.PutBackup, b"b" * 65_536)
        self.house.restart()
        alice = self.alice.again()
        self.assertEqual(self.granted(alice, e.AskBackup), e.Backup(alice.ref, b"b" * 65_536))
        self.granted(alice, e.PutBackup, b"")
        self.assertEqual((self.granted(alice, e.AskBackup).blob, self.house.store.load_sealed().backups), (b"", []))

    def test_a_new_device_reads_it_and_only_a_listed_one_writes_it(self) -> None:
        self.granted(self.alice, e.PutBackup, b"b")
        phone = self.second(self.alice, on_list=False)
        self.assertEqual(self.granted(phone, e.AskBackup).blob, b"b")
        self.forget()
        self.refused("not-listed", phone, e.PutBackup, b"")
        self.refused("bad-blob", self.alice, e.PutBackup, b"b" * 65_537)

    def test_nothing_is_written_over_that_one_has_not_seen(self) -> None:
        self.granted(self.alice, e.PutBackup, b"one", b"")
        self.granted(self.alice, e.PutBackup, b"two", hashlib.sha256(b"one").digest())
        self.forget()
        for before in (hashlib.sha256(b"one").digest(), b"x"):
            self.refused("conflict", self.alice, e.PutBackup, b"three", before)
        self.assertEqual(self.granted(self.alice, e.AskBackup).blob, b"two")

    def test_how_often(self) -> None:
        self.house = House(limits=Limits(backups_burst=2, books_burst=1))
        alice = self.comes("alice")
        self.granted(alice, e.PutBackup, b"w")
        for _ in range(2):
            self.granted(alice, e.AskBackup)
        self.forget()
        self.refused("rate-limited", alice, e.AskBackup)
        self.refused("rate-limited", alice, e.PutBackup, b"x")
