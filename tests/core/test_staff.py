"""What staff do with accounts: roles, names, their end; all of it also after a restart."""

from __future__ import annotations

from chatd import messages as m
from chatd.core import staff
from chatd.core.turn import Refused
from tests.kit import Scene, state_of

ID = b"0123456789abcdef"


class StaffScene(Scene):
    """A house whose staff are at the console."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")

    def do(self, function, *arguments):
        """As the console does it."""
        found = function(self.house.node.hub, self.house.node.turn(), *arguments)
        self.house.settle()
        return found

    def not_done(self, code: str, function, *arguments) -> None:
        """It is refused, and changes nothing."""
        before = state_of(self.house)
        with self.assertRaises(Refused) as raised:
            self.do(function, *arguments)
        self.assertEqual((raised.exception.code, state_of(self.house)), (code, before))


class Roles(StaffScene):
    """Who is what."""

    def test_a_role(self) -> None:
        self.assertEqual(self.do(staff.set_role, "@bob", "staff").role, "staff")
        self.house.restart()
        bob = self.bob.again()
        self.assertEqual(bob.last(m.Welcome).role, "staff")
        self.house.node.hub.users.find("bob").operator = True
        self.assertFalse(self.do(staff.set_role, "bob", "ta").operator)
        self.not_done("bad-argument", staff.set_role, "bob", "king")
        self.not_done("no-such-user", staff.set_role, "nobody", "staff")
        self.house.guest("guest")
        self.not_done("guest", staff.set_role, "guest", "staff")

    def test_a_new_account(self) -> None:
        self.do(staff.add, "carol", "ta")
        self.house.restart()
        self.assertEqual(self.house.node.hub.users.find("carol").role, "ta")
        self.not_done("name-taken", staff.add, "CAROL")
        self.not_done("bad-name", staff.add, "a b")
        self.not_done("bad-argument", staff.add, "dan", "king")


class Names(StaffScene):
    """Who is called what."""

    def test_another_name(self) -> None:
        self.granted(self.alice, m.Send, "@bob", ID, "one")
        self.bob.ack("dm:alice:bob", 1)
        self.do(staff.rename, "bob", "Robert", "miller")
        bye = self.bob.last(m.Bye)
        self.assertEqual((bye.code, "Robert" in bye.text), ("renamed", True))
        self.assertEqual(self.alice.of(m.Presence)[-1], m.Presence("bob", "offline"))
        self.alice.take()
        bob = self.bob.again()  # who signs under the name of before
        self.assertEqual(bob.last(m.Welcome).name, "Robert")
        self.assertEqual(self.alice.of(m.Presence), [m.Presence("Robert", "online")])
        for to, identity in (("@robert", b"r" * 16), ("@bob", b"b" * 16)):
            self.assertEqual(self.granted(self.alice, m.Send, to, identity, "two").conversation, "dm:alice:robert")
        self.assertEqual([(x.sender, x.conversation) for x in bob.of(m.Message)], [("alice", "dm:alice:robert")] * 2)
        self.house.restart()
        self.assertEqual(self.bob.again().last(m.Welcome).name, "Robert")
        self.assertEqual(self.house.node.hub.users.find("bob").source, "Robert!chat@robert.user")

    def test_nobody_passes_for_who_one_was(self) -> None:
        self.do(staff.rename, "bob", "robert", "miller")
        for _ in range(2):
            peer = self.house.greeted()
            peer.sign_up("bob")
            self.assertEqual(peer.code(), "name-taken")
            self.house.restart()
        self.do(staff.rename, "robert", "bob", "miller")
        self.house.restart()
        self.assertEqual(self.house.node.hub.users.find("robert").name, "bob")

    def test_only_the_letters(self) -> None:
        self.do(staff.rename, "bob", "Bob", "miller")
        self.house.restart()
        self.assertEqual((self.bob.again().last(m.Welcome).name, self.house.store.load().names), ("Bob", []))

    def test_what_cannot_be(self) -> None:
        self.not_done("name-taken", staff.rename, "bob", "alice", "miller")
        self.not_done("name-taken", staff.rename, "bob", "bob", "miller")
        self.not_done("bad-name", staff.rename, "bob", "a b", "miller")


class Ends(StaffScene):
    """An account that is no more."""

    def test_deleted(self) -> None:
        for peer in (self.alice, self.bob):
            self.granted(peer, m.Join, "#hw3")
        self.granted(self.bob, m.Join, "#bobs")
        self.granted(self.bob, m.Send, "@alice", ID, "one")
        self.granted(self.alice, m.Join, "#party")
        self.granted(self.alice, m.Invite, "#party", "bob")
        keys = self.bob.keys
        self.assertEqual(self.do(staff.delete, "bob", "miller"), "deleted-2")
        self.assertEqual(self.bob.last(m.Bye).code, "deleted")
        self.assertEqual([x.change for x in self.alice.of(m.GroupChange)][-1], "kicked")
        self.refused("no-such-user", self.alice, m.Send, "@bob", b"x" * 16, "hi")
        self.refused("disabled", self.alice, m.Send, "@deleted-2", b"x" * 16, "hi")
        self.house.restart()
        peer = self.house.greeted()
        assert keys is not None
        peer.login("bob", keys)
        self.assertEqual(peer.code(), "login-refused")
        self.house.person("bob")  # the name is free
        found = self.house.store.load()
        self.assertEqual(sorted(user.name for user in found.users), ["alice", "bob", "deleted-2"])
        self.assertEqual({member.user for member in found.members}, {1})
        self.assertEqual([c.name for c in found.conversations if c.name], ["#lobby", "#hw3", "#party"])
        alice = self.alice.again()
        self.assertEqual([x.text for x in alice.of(m.Message)], ["one"])
        self.not_done("no-such-user", staff.delete, "nobody", "miller")
