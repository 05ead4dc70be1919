"""Accounts by a password, certificates tied to them, and who becomes an operator of the server."""

from __future__ import annotations

import hashlib

from chatd import messages as m
from chatd import people
from chatd.admission import Policy
from chatd.auth import make_invitation, make_verifier
from chatd.core.limits import Limits
from tests.kit import SECRET, House, Peer, Scene, state_of

AFAR = "198.51.100.7"
BINDING = hashlib.sha256(b"this channel").digest()
ONE, OTHER = "5a" * 32, "a5" * 32
PASSWORD = "correct horse"
OPERATORS = {"staff": make_verifier("open sesame")}


class CredentialScene(Scene):
    """Connections with TLS."""

    def stranger(self, certificate: str = "") -> Peer:
        """Somebody from afar who has said hello."""
        peer = self.house.greeted(AFAR, BINDING, certificate)
        peer.take()
        return peer

    def arrived(self, nick: str, certificate: str = "") -> Peer:
        """A guest."""
        peer = self.stranger(certificate)
        peer.arrive(nick)
        assert peer.of(people.Arrived), peer.events
        peer.take()
        return peer

    def account(self, name: str, certificate: str = "") -> Peer:
        """Somebody with an account and no device, who is in."""
        peer = self.stranger(certificate)
        peer.ask(people.Register, name, PASSWORD)
        peer.arrive(name)
        assert not peer.last(people.Arrived).guest
        peer.take()
        return peer

    def turned_away(self, code: str, peer: Peer) -> m.Failed:
        """The newest refusal has this code."""
        failed = peer.last(m.Failed)
        self.assertEqual((failed.code, failed.ref), (code, peer.ref), failed.text)
        return failed


class Registering(CredentialScene):
    """A name by a password."""

    def test_before_coming_in(self) -> None:
        peer = self.stranger()
        peer.ask(people.Register, "Alice", PASSWORD)
        self.assertEqual(peer.take(), [people.Proved(peer.ref, "Alice")])
        peer.arrive("alice")
        arrived = peer.last(people.Arrived)
        self.assertEqual((arrived.name, arrived.nick.lower(), arrived.guest), ("Alice", "alice", False))
        self.house.restart()
        peer = self.stranger()
        peer.plain("alice", PASSWORD)
        self.assertEqual(peer.take(), [people.Proved(peer.ref, "Alice")])

    def test_after_coming_in_one_is_the_account(self) -> None:
        peer, other = self.arrived("alice"), self.house.person("bob")
        peer.ask(m.Join, "#talk")
        other.ask(m.Join, "#talk")
        peer.take()
        before = self.house.node.hub.users.find("alice").host
        self.assertEqual(self.granted(peer, people.Register, "ALICE", PASSWORD), people.Proved(peer.ref, "alice"))
        user = self.house.node.hub.users.find("alice")
        self.assertEqual((user.guest, [group.name for group in user.conversations.values()]), (False, ["#talk"]))
        self.assertNotEqual(user.host, before)
        self.refused("already", peer, people.Register, "alice", PASSWORD)
        peer.lose()
        other.send("#talk", "while you were away")
        self.house.restart()
        peer = self.stranger()
        peer.plain("alice", PASSWORD)
        peer.arrive("alice")
        self.assertEqual(peer.texts(), ["while you were away"])

    def test_a_guest_registers_their_own_name_only(self) -> None:
        peer = self.arrived("alice")
        self.refused("account-name-must-be-nick", peer, people.Register, "allegra", PASSWORD)

    def test_names_that_are_somebodys(self) -> None:
        self.house.person("alice")
        self.house.guest("root")
        other = self.account("bob")
        self.granted(other, people.SetNick, "robert")
        for name, code in (
            ("alice", "account-exists"), ("A1ice", "account-exists"), ("root", "name-taken"),
            ("bob", "account-exists"), ("robert", "account-exists"),
            ("", "bad-account-name"), ("two words", "bad-account-name"), ("system", "bad-account-name"),
        ):  # fmt: skip
            peer = self.stranger()
            before = state_of(self.house)
            peer.ask(people.Register, name, PASSWORD)
            self.turned_away(code, peer)
            self.assertEqual(state_of(self.house), before)

    def test_weak_passwords(self) -> None:
        for password in ("", "short", "x" * 2_000, "tab\tand bell\a"):
            peer = self.stranger()
            peer.ask(people.Register, "alice", password)
            self.turned_away("weak-password", peer)
        self.refused("weak-password", self.arrived("bob"), people.Register, "bob", "short")

    def test_not_where_others_read_along(self) -> None:
        peer = self.house.greeted(AFAR)
        peer.ask(people.Register, "alice", PASSWORD)
        self.turned_away("tls-needed", peer)

    def test_once_a_connection(self) -> None:
        peer = self.stranger()
        peer.ask(people.Register, "alice", PASSWORD)
        peer.ask(people.Register, "allegra", PASSWORD)
        self.turned_away("already", peer)
        self.refused("already", self.house.person("bob"), people.Register, "bob", PASSWORD)

    def test_closed_and_by_invitation(self) -> None:
        self.house = House(policy=Policy("s", "closed", True))
        peer = self.stranger()
        peer.ask(people.Register, "alice", PASSWORD)
        self.turned_away("registration-closed", peer)
        self.house = House(policy=Policy("s", "invite", True))
        code = make_invitation(SECRET, b"12345", int(self.house.wall()) + 60)
        for given, expected in (("", "invitation-needed"), ("1234-5678", "bad-invitation")):
            peer = self.stranger()
            peer.ask(people.Register, "alice", PASSWORD, given)
            self.turned_away(expected, peer)
        peer.ask(people.Register, "alice", PASSWORD, code)
        self.assertEqual(peer.last(people.Proved).name, "alice")
        self.house.restart()
        peer = self.stranger()
        peer.ask(people.Register, "bob", PASSWORD, code)
        self.turned_away("bad-invitation", peer)

    def test_two_at_once_want_one_name_and_have_one_invitation(self) -> None:
        self.house = House(policy=Policy("s", "invite", True))
        code = make_invitation(SECRET, b"12345", int(self.house.wall()) + 60)
        self.house.hasher.slow = True
        peers = [self.stranger() for _ in range(2)]
        for peer, name in zip(peers, ("alice", "bob"), strict=True):
            peer.ask(people.Register, name, PASSWORD, code)
        self.house.commit()
        self.assertEqual([type(peer.take()[0]) for peer in peers], [people.Proved, m.Failed])
        self.house = House()
        self.house.hasher.slow = True
        peers = [self.stranger() for _ in range(2)]
        for peer in peers:
            peer.ask(people.Register, "alice", PASSWORD)
        self.house.commit()
        self.assertEqual([type(peer.read()[0]) for peer in peers], [people.Proved, m.Failed])
        self.turned_away("account-exists", peers[1])

    def test_the_name_changed_while_it_was_hashed(self) -> None:
        """A guest's commands wait for the hash; somebody else takes no name that is not free."""
        self.house.hasher.slow = True
        peer, other = self.arrived("alice"), self.arrived("bob")
        peer.ask(people.Register, "alice", PASSWORD)
        peer.ask(people.SetNick, "allegra")
        other.ask(people.SetNick, "alice")
        self.assertEqual((peer.of(people.Proved), other.code()), ([], "name-taken"))
        self.house.commit()
        user = self.house.node.hub.users.find("allegra")
        self.assertEqual((user.name, user.guest), ("alice", False))

    def test_gone_while_it_was_hashed(self) -> None:
        self.house.hasher.slow = True
        for make in (self.stranger, lambda: self.arrived("alice")):
            peer, before = make(), self.house.store.load()
            peer.ask(people.Register, "alice", PASSWORD)
            peer.lose()
            self.house.commit()
            self.assertEqual(self.house.store.load(), before)
            self.assertIsNone(self.house.node.hub.users.get("alice"))

    def test_on_disk_when_it_is_said(self) -> None:
        self.house = House(slow=True)
        peer = self.stranger()
        self.house.commit()
        peer.ask(people.Register, "alice", PASSWORD)
        self.house.hasher.run()
        self.house.settle()
        self.assertEqual(peer.of(people.Proved), [])
        self.house.commit()
        self.assertEqual(len(peer.of(people.Proved)), 1)
        (record,) = self.house.store.load().users
        self.assertTrue(record.verifier.startswith("$argon2id$"))
        self.assertTrue(record.scram.startswith("SCRAM-SHA-256$"))

    def test_newcomers_of_one_address_have_an_end(self) -> None:
        self.house = House(limits=Limits(signups_burst=2))
        for name in ("alice", "bob"):
            peer = self.stranger()
            peer.ask(people.Register, name, "short")  # does not count
            peer.ask(people.Register, name, PASSWORD)
            self.assertTrue(peer.of(people.Proved))
        peer = self.stranger()
        peer.ask(people.Register, "carol", PASSWORD)
        self.turned_away("throttled", peer)

    def test_nobody_on_a_full_disk(self) -> None:
        peer = self.stranger()
        self.house.node.hub.full = True
        peer.ask(people.Register, "alice", PASSWORD)
        self.turned_away("storage-full", peer)


class Certificates(CredentialScene):
    """What may be tied to an account."""

    def test_tied_is_kept_and_untied_is_gone(self) -> None:
        peer = self.account("alice", ONE)
        self.granted(peer, people.SetCertificate)
        self.granted(peer, people.SetCertificate)
        (kept,) = self.house.store.load().certificates
        self.assertEqual((kept.fingerprint, kept.user), (ONE, self.house.node.hub.users.find("alice").id))
        self.house.restart()
        peer = self.stranger(ONE)
        peer.ask(people.Prove, "EXTERNAL", b"")
        peer.arrive("alice")
        self.granted(peer, people.SetCertificate, bytes.fromhex(ONE).hex(":").upper(), False)
        self.assertEqual(self.house.store.load().certificates, [])
        self.refused("no-certificate", peer, people.SetCertificate, "", False)
        peer = self.stranger(ONE)
        peer.ask(people.Prove, "EXTERNAL", b"")
        self.turned_away("sasl-failed", peer)

    def test_only_one_that_was_shown(self) -> None:
        """Or somebody could tie another one's, who would then be logged in as somebody else without knowing."""
        peer = self.account("alice", ONE)
        self.refused("no-certificate", peer, people.SetCertificate, OTHER)
        self.granted(peer, people.SetCertificate, ONE)
        self.refused("no-certificate", self.account("bob"), people.SetCertificate)
        self.refused("no-certificate", self.account("carol"), people.SetCertificate, ONE)

    def test_one_account_each(self) -> None:
        self.granted(self.account("alice", ONE), people.SetCertificate)
        bob = self.account("bob", ONE)
        self.refused("certificate-taken", bob, people.SetCertificate)
        self.refused("no-certificate", bob, people.SetCertificate, ONE, False)

    def test_what_is_no_fingerprint(self) -> None:
        peer = self.account("alice", ONE)
        for text in ("x", ONE[:-1], ONE + "0", "zz" * 32):
            for on in (True, False):
                self.refused("no-certificate", peer, people.SetCertificate, text, on)

    def test_guests_have_none(self) -> None:
        self.refused("guest", self.arrived("gast", ONE), people.SetCertificate)

    def test_there_is_an_end(self) -> None:
        self.house = House(limits=Limits(certificates=1))
        self.granted(self.account("alice", ONE), people.SetCertificate)
        peer = self.stranger(OTHER)
        peer.plain("alice", PASSWORD)
        peer.arrive("alice")
        self.refused("too-many-certificates", peer, people.SetCertificate)
        self.house.node.hub.full = True
        self.refused("too-many-certificates", peer, people.SetCertificate)
        self.granted(peer, people.SetCertificate, ONE, False)
        self.refused("storage-full", peer, people.SetCertificate)

    def test_not_before_coming_in(self) -> None:
        peer = self.stranger(ONE)
        peer.ask(people.SetCertificate)
        self.turned_away("not-logged-in", peer)


class Operators(CredentialScene):
    """By the configuration, or as staff."""

    def setUp(self) -> None:
        self.house = House(policy=Policy("s", "open", True, (), OPERATORS))

    def is_operator(self, name: str) -> bool:
        """Whether somebody is one."""
        return self.house.node.hub.users.find(name).operator

    def test_by_the_configuration(self) -> None:
        for peer in (self.arrived("gast"), self.account("alice"), self.house.person("bob")):
            told = self.granted(peer, people.BecomeOperator, "staff", "open sesame")
            assert isinstance(told, people.ProfileIs)
            self.assertTrue(told.operator)
            self.assertTrue(self.is_operator(peer.name))

    def test_wrong(self) -> None:
        peer = self.account("alice")
        texts = {
            self.refused("login-refused", peer, people.BecomeOperator, *given).text
            for given in (("staff", "wrong"), ("nobody", "open sesame"), ("alice", PASSWORD))
        }
        self.assertEqual(len(texts), 1)
        self.assertFalse(self.is_operator("alice"))

    def test_unknown_ones_are_hashed_too(self) -> None:
        peer = self.account("alice")
        self.house.hasher.slow = True
        for name in ("staff", "nobody"):
            peer.ask(people.BecomeOperator, name, "wrong password")
            self.assertEqual((peer.take(), len(self.house.hasher.waiting)), ([], 1))
            self.house.commit()
            peer.take()

    def test_staff_by_their_own_password(self) -> None:
        peer, other = self.account("alice"), self.account("bob")
        for name, role in (("alice", "staff"), ("bob", "admin")):
            self.house.node.hub.users.find(name).role = role
        self.refused("login-refused", other, people.BecomeOperator, "alice", PASSWORD)
        self.granted(peer, people.BecomeOperator, "ALICE", PASSWORD)
        self.granted(other, people.BecomeOperator, "bob", PASSWORD)

    def test_throttled(self) -> None:
        peer = self.account("alice")
        for _ in range(3):
            self.refused("login-refused", peer, people.BecomeOperator, "staff", "wrong")
        self.refused("throttled", peer, people.BecomeOperator, "staff", "open sesame")

    def test_over_with_the_last_session(self) -> None:
        peer = self.account("alice")
        self.granted(peer, people.BecomeOperator, "staff", "open sesame")
        peer.lose()
        peer = self.stranger()
        peer.plain("alice", PASSWORD)
        peer.arrive("alice")
        self.assertFalse(self.is_operator("alice"))

    def test_not_where_others_read_along_and_not_before_coming_in(self) -> None:
        peer = self.house.greeted(AFAR)
        peer.arrive("gast")
        peer.ask(people.BecomeOperator, "staff", "open sesame")
        self.turned_away("tls-needed", peer)
        peer = self.stranger()
        peer.ask(people.BecomeOperator, "staff", "open sesame")
        self.turned_away("not-logged-in", peer)

    def test_the_configuration_may_change(self) -> None:
        self.house.node.configure(self.house.limits, Policy("s", "open", True))
        self.refused("login-refused", self.account("alice"), people.BecomeOperator, "staff", "open sesame")
