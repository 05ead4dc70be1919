"""Tests of clients.core.secure.devices: devices that are listed, and devices that are struck out."""

from __future__ import annotations

import random

from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption as e
from clients.core import notices as n
from clients.core.e2ee import own
from clients.core.e2ee.batch import Batch, MemoryStorage
from clients.core.e2ee.devices import enter
from clients.core.e2ee.keys import Account
from clients.core.e2ee.signed import encode
from clients.core.secure.devices import MOST_TOLD
from tests.clients.core.secure.kit import Phone, Post, meet, pass_time, settle


class DeviceTests(SynchronousTestCase):
    """Alice has one device and gets another; bob writes to her."""

    post: Post
    alice: Phone
    bob: Phone

    def setUp(self) -> None:
        self.post, self.alice, self.bob = meet("alice", "bob")
        self.second = Phone(self.post, "alice").come()

    def all(self) -> None:
        """Until nothing moves, and a little time."""
        pass_time(self.post, 3.0, self.alice, self.bob, self.second)

    def add(self) -> None:
        """The second one is listed."""
        self.alice.enter(f"/devices add {self.second.address[1]}")
        self.all()

    def test_it_is_offered_and_added(self) -> None:
        settle(self.alice)
        told = self.alice.face.take(n.Secure)
        self.assertEqual([(one.code, one.detail) for one in told], [("DEVICE_OFFERED", self.second.address[1])])
        self.add()
        self.assertEqual(self.alice.codes(), ["DEVICE_ADDED"])
        self.assertEqual(self.second.codes(), ["DEVICE_NOT_LISTED", "DEVICE_LISTED"])

    def test_since_when_each_is_known_here(self) -> None:
        begun = self.post.now()
        self.post.clock.advance(3_600)
        self.alice.enter("/devices")
        self.post.clock.advance(3_600)
        for phone in (self.alice, self.alice.kill().come()):
            phone.enter("/devices")
            table = phone.face.take(n.OwnDevices)[-1].devices
            since = {one.device: one.since - begun for one in table}
            self.assertEqual(since, {self.alice.address[1]: 0, self.second.address[1]: 3_600_000})

    def test_both_have_what_is_said_and_what_one_of_them_says(self) -> None:
        self.add()
        self.bob.enter("@alice to both")
        self.second.enter("@bob from the second")
        self.all()
        said = [(one.text, one.own, one.peer) for one in self.alice.face.take(n.Said)]
        self.assertEqual(said, [("to both", False, "bob"), ("from the second", True, "bob")])
        self.assertEqual([text for _, text, _ in self.second.texts()], ["to both"])
        self.assertEqual(self.alice.kept("@bob"), [("bob", "to both"), ("alice", "from the second")])
        self.assertEqual([text for _, text, _ in self.bob.texts()], ["from the second"])

    def test_the_list_says_which_is_which(self) -> None:
        self.alice.enter("/devices")
        [told] = self.alice.face.take(n.OwnDevices)
        found = {one.device: (one.this, one.listed, one.primary, one.waiting) for one in told.devices}
        mine, other = self.alice.address[1], self.second.address[1]
        self.assertEqual(found, {mine: (True, True, True, False), other: (False, False, False, True)})
        self.assertEqual(len(told.code), 30)

    def test_a_device_that_has_not_asked_is_not_added(self) -> None:
        settle(self.alice)
        self.alice.codes()
        for device in ("a" * 16, self.alice.address[1], self.bob.address[1]):
            self.alice.enter(f"/devices add {device}")
        self.assertEqual(self.alice.codes(), ["NO_SUCH_DEVICE"] * 3)
        self.assertEqual(len(self.post.lists["alice"]), 1)

    def test_an_offer_that_is_forged_is_not_signed(self) -> None:
        self.post.offers[self.second.address] = self.post.offers[self.second.address][:-1] + b"x"
        self.alice.enter(f"/devices add {self.second.address[1]}")
        self.assertIn("DEVICE_NOT_SELF_SIGNED", self.alice.codes())
        self.assertEqual(len(self.post.lists["alice"]), 1)

    def test_a_new_device_that_was_shown_another_key_is_not_added(self) -> None:
        """It has signed whose it is, with the key that it believes; its id stands on its screen."""
        liar, batch = random.Random(5).randbytes, Batch(MemoryStorage())
        self.post.lists["alice"], true = [own.begin(batch, "alice", Account.make(), liar)], self.post.lists["alice"]
        third = Phone(self.post, "alice").come()
        self.post.lists["alice"] = true
        self.alice.face.notices.clear()
        self.alice.enter(f"/devices add {third.address[1]}")
        self.assertEqual(self.alice.codes()[-1], "LINK_OTHER_KEY")
        self.assertEqual(len(self.post.lists["alice"]), 1)

    def test_offers_that_are_none_and_too_many_of_them(self) -> None:
        settle(self.alice)
        self.alice.face.notices.clear()
        mine = self.alice.session.secure
        assert mine is not None
        pin = mine._desk.pin("alice")
        assert pin is not None
        forged = [self.post.offers[self.second.address][:-1] + b"x", b"", b"x" * 4_000]
        others = [encode(enter(Account.make(), "bob", pin.uik)), encode(enter(Account.make(), "alice", b"x" * 32))]
        self.alice.line.tell(e.Offers(0, [*forged, *others]))
        settle(self.alice)
        self.assertEqual(self.alice.codes(), [])
        for _ in range(3):
            flood = [encode(enter(Account.make(), "alice", pin.uik)) for _ in range(20)]
            self.alice.line.tell(e.Offers(0, flood))
            settle(self.alice)
        told = self.alice.codes()
        self.assertEqual((set(told), len(told)), ({"DEVICE_OFFERED"}, MOST_TOLD - 1))

    def test_only_who_has_the_key_lists_devices(self) -> None:
        self.add()
        third = Phone(self.post, "alice").come()
        self.second.enter(f"/devices add {third.address[1]}")
        self.assertIn("NOT_PRIMARY", self.second.codes())

    def test_a_device_that_was_struck_out_gets_nothing_more(self) -> None:
        self.add()
        self.bob.enter("@alice one")
        self.all()
        self.second.texts()
        self.alice.enter(f"/devices revoke {self.second.address[1]}")
        self.all()
        self.assertIn("DEVICE_REVOKED", self.alice.codes())
        self.assertEqual(len(self.post.sent(e.RemoveDevice)), 1)
        self.bob.enter("@alice two")
        self.all()
        self.assertEqual(self.second.texts(), [])
        self.assertEqual([text for _, text, _ in self.alice.texts()], ["one", "two"])

    def test_contacts_hear_of_it_though_the_server_hides_it(self) -> None:
        self.add()
        self.bob.enter("@alice one")
        self.all()
        self.post.hidden["alice"] = 2
        self.alice.enter(f"/devices revoke {self.second.address[1]}")
        self.all()
        self.bob.enter("@alice two")
        last = [mail for name, mail in self.post.sent(e.PutMail) if name == "bob"][-1]
        self.assertNotIn(self.second.address, [to for item in last.items for to in item.to])

    def test_oneself_is_not_struck_out(self) -> None:
        self.alice.codes()
        self.alice.enter(f"/devices revoke {self.alice.address[1]}")
        self.assertIn("NO_SUCH_DEVICE", self.alice.codes())
        self.assertEqual(self.post.sent(e.RemoveDevice), [])

    def test_an_added_device_is_an_alarm_where_nobody_added_it(self) -> None:
        self.add()
        third = Phone(self.post, "alice").come()
        self.second.codes()
        self.alice.enter(f"/devices add {third.address[1]}")
        self.all()
        told = [(one.code, one.detail) for one in self.second.face.take(n.Secure)]
        self.assertIn(("OWN_NEW_DEVICE", third.address[1]), told)
