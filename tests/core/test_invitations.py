"""Invitations: several uses, into a group, for one account, taken back."""

from __future__ import annotations

from chatd import messages as m
from chatd import people as p
from chatd.admission import Policy
from chatd.auth import make_invitation
from chatd.core import invitations, sanctions, staff
from chatd.core.turn import Refused
from chatd.entries import InvitationSet
from tests.kit import SECRET, House, Keys, Peer, Scene


class Invited(Scene):
    """A house where one needs an invitation."""

    def setUp(self) -> None:
        self.house = House(policy=Policy("s", "open", True))
        (self.alice,) = self.house.people("alice")
        self.granted(self.alice, m.Join, "#hw3", private=True)
        self.policy("invite")

    def policy(self, registration: str) -> None:
        """How newcomers are taken from here on."""
        self.house.policy = self.house.node.admission.policy = Policy("s", registration, True)

    @property
    def hub(self):
        return self.house.node.hub

    def code(self, identity: bytes, days: int = 1) -> str:
        """The code of an identity."""
        return make_invitation(SECRET, identity, int(self.house.wall()) + days * 86400)

    def offer(self, identity: bytes, **more) -> InvitationSet:
        """As the console does it."""
        until = int(self.house.wall() + 86400) * 1000
        made = invitations.offer(self.hub, self.house.node.turn(), identity.hex(), "miller", until, **more)
        self.house.settle()
        return made

    def comes(self, name: str, code: str) -> Peer:
        """Somebody new signs up."""
        peer = self.house.greeted()
        peer.sign_up(name, code)
        return peer

    def code_of(self, peer: Peer) -> str:
        """Why not."""
        self.assertEqual(peer.of(m.Welcome), [])
        return peer.last(m.Failed).code


class Uses(Invited):
    """How often, and how long."""

    def test_several_and_no_more_also_after_a_restart(self) -> None:
        self.offer(b"class", uses=3)
        for number in range(2):
            self.assertTrue(self.comes(f"pupil-{number}", self.code(b"class")).of(m.Welcome))
        self.house.restart()
        self.assertTrue(self.comes("pupil-3", self.code(b"class")).of(m.Welcome))
        self.assertEqual(self.code_of(self.comes("pupil-4", self.code(b"class"))), "bad-invitation")

    def test_taken_back(self) -> None:
        self.offer(b"class", uses=3)
        for identity in (b"class", b"plain"):  # known, and known by its code only
            invitations.revoke(self.hub, self.house.node.turn(), identity.hex(), "miller")
            self.house.settle()
            self.house.restart()
            self.assertEqual(self.code_of(self.comes("bob", self.code(identity))), "bad-invitation")
            with self.assertRaises(Refused):
                invitations.revoke(self.hub, self.house.node.turn(), identity.hex(), "miller")

    def test_what_cannot_be(self) -> None:
        for uses, user in ((0, None), (10_001, None), (2, self.hub.users.find("alice"))):
            with self.assertRaises(Refused):
                self.offer(b"x", uses=uses, user=user)
        self.assertEqual(self.hub.invitations.offers, {})

    def test_into_a_group(self) -> None:
        self.offer(b"class", uses=2, group=self.hub.conversations.groups["#hw3"])
        bob = self.comes("bob", self.code(b"class"))
        self.assertEqual([p.conversation for p in bob.last(m.Welcome).conversations], ["#lobby", "#hw3"])
        self.assertEqual(self.alice.of(m.GroupChange)[-1].name, "bob")
        self.alice.send("#hw3", "hello")
        self.assertEqual(bob.texts(), ["hello"])
        self.granted(self.alice, m.Leave, "#hw3")
        self.granted(bob, m.Leave, "#hw3")
        carol = self.comes("carol", self.code(b"class"))  # the group is no more
        self.assertEqual(len(carol.last(m.Welcome).conversations), 1)

    def test_where_registration_is_open_it_leads_to_the_group_too(self) -> None:
        self.policy("open")
        self.offer(b"class", group=self.hub.conversations.groups["#hw3"])
        self.assertEqual(len(self.comes("bob", self.code(b"class")).last(m.Welcome).conversations), 2)
        self.assertEqual(self.code_of(self.comes("carol", "mistyped")), "bad-invitation")
        self.policy("closed")
        self.assertEqual(self.code_of(self.comes("dan", self.code(b"other"))), "registration-closed")


class Accounts(Invited):
    """A code that opens an account."""

    def setUp(self) -> None:
        super().setUp()
        self.policy("closed")
        self.bob = staff.add(self.hub, self.house.node.turn(), "bob")
        self.offer(b"bobs", user=self.bob)

    def test_the_name_waits_for_its_code(self) -> None:
        for policy in ("closed", "open"):
            self.policy(policy)
            self.assertEqual(self.code_of(self.comes("bob", "")), "invitation-needed")
            self.assertEqual(self.code_of(self.comes("carol", self.code(b"bobs"))), "bad-invitation")
        self.alice.send("@bob", "welcome")
        bob = self.comes("BOB", self.code(b"bobs"))
        self.assertEqual((bob.last(m.Welcome).name, bob.texts()), ("bob", ["welcome"]))
        self.assertIs(self.bob, self.hub.users.find("bob"))
        self.assertEqual(self.code_of(self.comes("bob", self.code(b"bobs"))), "bad-invitation")
        self.house.restart()
        self.assertTrue(bob.again().of(m.Welcome))

    def test_a_password_instead_of_a_device(self) -> None:
        line = self.house.greeted()
        line.ask(p.Register, "bob", "correct horse", self.code(b"bobs"))
        self.assertEqual(line.last(p.Proved).name, "bob")
        line.arrive("bob")
        self.assertTrue(line.of(p.Arrived))
        again = self.house.greeted()
        again.plain("bob", "correct horse")
        self.assertTrue(again.of(p.Proved))

    def test_who_has_forgotten_the_password(self) -> None:
        bob = self.comes("bob", self.code(b"bobs"))
        self.granted(bob, m.SetPassword, "correct horse")
        self.offer(b"token", user=self.bob)
        laptop = self.comes("bob", self.code(b"token"))
        self.granted(laptop, m.SetPassword, "battery staple")  # the old one is not asked for
        for password, right in (("correct horse", False), ("battery staple", True)):
            peer = self.house.greeted()
            peer.plain("bob", password)
            self.assertEqual(bool(peer.of(p.Proved)), right)

    def test_only_the_newest_code_of_an_account_is_good(self) -> None:
        self.offer(b"newer", user=self.bob)
        self.assertEqual(self.code_of(self.comes("bob", self.code(b"bobs"))), "bad-invitation")
        self.assertTrue(self.comes("bob", self.code(b"newer")).of(m.Welcome))

    def test_what_opens_an_account_goes_with_it(self) -> None:
        self.offer(b"newer", user=self.bob)
        self.offer(b"class", uses=3)
        self.house.restart()
        self.assertEqual(len(self.hub.invitations.of(self.bob.id)), 2)
        staff.delete(self.hub, self.house.node.turn(), "bob", "miller")
        self.house.settle()
        self.assertEqual(self.hub.invitations.of(self.bob.id), [])
        self.assertEqual(list(self.hub.invitations.offers), [b"class".hex()])

    def test_banned_all_the_same(self) -> None:
        sanctions.impose(self.hub, self.house.node.turn(), "ban", "bob", "miller")
        self.assertEqual(self.code_of(self.comes("bob", self.code(b"bobs"))), "banned")
        line = self.house.greeted()
        line.ask(p.Register, "bob", "correct horse", self.code(b"bobs"))
        self.assertEqual((line.code(), self.bob.verifier), ("banned", ""))
        sanctions.lift(self.hub, self.house.node.turn(), "ban", "bob")
        self.assertTrue(self.comes("bob", self.code(b"bobs")).of(m.Welcome))

    def test_a_device_of_somebody_else(self) -> None:
        peer = self.house.greeted()
        assert self.alice.keys is not None
        peer.name, peer.keys = "bob", Keys(b"?")
        peer.keys = self.alice.keys
        peer.ask(m.SignUp, "bob", peer.keys.public, peer.signature(m.SIGNUP_LABEL, "bob"), self.code(b"bobs"))
        self.assertEqual(self.code_of(peer), "login-refused")
        self.assertTrue(self.comes("bob", self.code(b"bobs")).of(m.Welcome))
