"""Encrypted conversations of our own client with the whole server in memory: what one device says, the others read."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core import intents as i
from clients.core import notices as n
from clients.core.e2ee.keys import Account
from tests.clients.house import Visitor
from tests.kit import House

PASSWORD = "correct-horse-battery"


class EncryptedCase(SynchronousTestCase):
    """Alice and bob, with keys, and dora at an old client."""

    def setUp(self) -> None:
        self.house = House()
        self.alice, self.bob = self.visitor("alice"), self.visitor("bob")
        self.visitors = [self.alice, self.bob]

    def visitor(self, name: str, password: str | None = None) -> Visitor:
        """Somebody new."""
        return Visitor(self.house, name, device=Account.make(), password=password).come()

    def all(self) -> None:
        """Until nothing moves, and a little time."""
        for _ in range(4):
            for visitor in self.visitors:
                visitor.settle()
            self.house.clock.advance(1.1)
            for visitor in self.visitors:
                visitor.settle()

    def said(self, visitor: Visitor) -> list[tuple[str, str, str]]:
        """What came: from whom, what, how it was protected."""
        return [(one.sender, one.text, one.security) for one in visitor.take(n.Said)]

    def codes(self, visitor: Visitor) -> list[str]:
        """What was said of encryption."""
        return [one.code for one in visitor.take(n.Secure)]


class DirectTests(EncryptedCase):
    """Between two people."""

    def test_it_is_said_read_and_told(self) -> None:
        self.alice.enter("@bob hello")
        self.all()
        self.assertEqual(self.said(self.bob), [("alice", "hello", "first-seen")])
        self.assertEqual([one.state for one in self.alice.take(n.Outcome)], ["sent", "delivered"])
        self.bob.enter("@alice hello you")
        self.all()
        self.assertEqual(self.said(self.alice), [("bob", "hello you", "first-seen")])
        self.assertEqual(self.codes(self.alice) + self.codes(self.bob), [])

    def test_who_is_away_finds_it_also_after_the_server_was_killed(self) -> None:
        self.bob.leave()
        self.alice.enter("@bob one", "@bob two")
        self.assertEqual([one.state for one in self.alice.take(n.Outcome)], ["stored", "stored"])
        self.house.commit()
        self.house.restart()
        self.bob = self.bob.again()
        self.visitors = [self.bob]
        self.all()
        self.assertEqual([text for _, text, _ in self.said(self.bob)], ["one", "two"])
        self.bob.leave()
        self.bob = self.bob.again()
        self.assertEqual((self.said(self.bob), self.codes(self.bob)), ([], []))

    def test_a_name_that_nobody_has(self) -> None:
        self.alice.enter("@bop hello")
        [refused] = self.alice.take(n.Refused)
        self.assertEqual(refused.code, "no-such-user")

    def test_who_has_no_keys_and_who_gets_some(self) -> None:
        dora = Visitor(self.house, "dora").come()
        self.visitors.append(dora)
        self.alice.enter("@dora hello")
        self.assertEqual(self.codes(self.alice), ["NO_E2EE_KEYS"])
        self.alice.enter("/plain dora yes", "@dora openly")
        self.all()
        self.assertEqual([text for _, text, _ in self.said(dora)], ["openly"])
        dora.leave()
        dora = Visitor(self.house, "dora", dora.history, Account(dora.device._account)).come()
        self.visitors[2] = dora
        self.alice.enter("@dora in secret")
        self.all()
        self.assertEqual(self.said(dora), [("alice", "in secret", "first-seen")])


class DeviceTests(EncryptedCase):
    """Several devices of one person."""

    def test_a_second_one_is_listed_and_revoked(self) -> None:
        self.alice.app.act(i.ChangePassword(PASSWORD))
        self.house.commit()
        self.alice.settle()
        second = Visitor(self.house, "alice", device=Account.make(), password=PASSWORD)
        second.app.start()
        for _ in range(3):
            self.house.commit()
            second.settle()
        self.visitors.append(second)
        self.all()
        self.assertEqual(self.codes(second), ["DEVICE_NOT_LISTED"])
        device = second.device.keys.device
        self.alice.enter(f"/devices add {device}")
        self.all()
        self.assertEqual(self.codes(second), ["DEVICE_LISTED"])
        self.bob.enter("@alice to both")
        self.all()
        self.assertEqual([text for _, text, _ in self.said(self.alice)], ["to both"])
        self.assertEqual([text for _, text, _ in self.said(second)], ["to both"])
        self.alice.enter(f"/devices revoke {device}")
        self.all()
        self.bob.enter("@alice to one")
        self.all()
        self.assertEqual([text for _, text, _ in self.said(self.alice)], ["to one"])
        self.assertEqual(second.face.take(n.Said), [])


class GroupTests(EncryptedCase):
    """Groups by invitation."""

    def test_invited_said_removed(self) -> None:
        carol = self.visitor("carol")
        self.visitors.append(carol)
        self.alice.enter("/join lab private", "/invite lab bob")
        self.all()
        self.alice.enter("/group lab one")
        self.bob.enter("/group lab two")
        self.all()
        self.assertEqual([text for _, text, _ in self.said(self.bob)], ["one"])
        self.assertEqual([text for _, text, _ in self.said(self.alice)], ["two"])
        self.alice.enter("/invite lab carol", "/group lab three", "/kick lab bob", "/group lab four")
        self.all()
        self.assertEqual([text for _, text, _ in self.said(carol)], ["three", "four"])
        self.assertEqual([text for _, text, _ in self.said(self.bob)], ["three"])
        self.assertNotIn("#lab", [talk.to for talk in self.bob.app.view().talks])
        carol.enter("/part lab")
        self.alice.enter("/part lab")
        self.all()
        self.assertNotIn("#lab", [talk.to for talk in self.alice.app.view().talks])

    def test_it_outlives_the_server_and_the_client(self) -> None:
        self.alice.enter("/join lab private", "/invite lab bob")
        self.all()
        self.house.commit()
        self.house.restart()
        self.alice, self.bob = self.alice.again(), self.bob.again()
        self.visitors = [self.alice, self.bob]
        self.all()
        self.bob.enter("/group lab still here")
        self.all()
        self.assertEqual([text for _, text, _ in self.said(self.alice)], ["still here"])
