"""Tests of `chatd.ports.irc.accounts`: REGISTER (draft/account-registration)."""

from __future__ import annotations

import msgspec

from chatd.admission import Policy
from chatd.auth import make_invitation
from chatd.core import invitations, staff
from chatd.core.limits import Limits
from tests.irc import PASSWORD, IrcPeer, IrcScene
from tests.kit import SECRET, House

FAIL = ":test.example FAIL REGISTER "


class RegisterTests(IrcScene):
    """A name by a password."""

    def test_before_one_is_in(self) -> None:
        ann = IrcPeer(self.house)
        ann.says("CAP LS 302", "NICK ann")
        lines = ann.says(f"REGISTER * * :{PASSWORD}")
        self.assertTrue(lines[0].startswith(":test.example REGISTER SUCCESS ann :"), lines)
        self.assertIn(" 900 * ann!*@* ann :You are now logged in as ann", lines[1])
        self.assertIn(" 001 ann ", ann.says("USER ann 0 * :Ann", "CAP END")[0])
        self.assertIn(" 330 ann ann ann :", "".join(ann.says("WHOIS ann")))

    def test_a_guest_becomes_the_account(self) -> None:
        ann = self.account("ann")
        self.assertIn(" 330 ann ann ann :", "".join(ann.says("WHOIS ann")))
        self.assertIn("FAIL REGISTER ALREADY_AUTHENTICATED", ann.says(f"REGISTER * * :{PASSWORD}")[0])

    def test_refusals(self) -> None:
        self.account("ann")
        stranger = IrcPeer(self.house)
        stranger.says("CAP LS 302")
        bob = self.guest("bob")
        for peer, line, code in (
            (stranger, f"REGISTER * * :{PASSWORD}", "NEED_NICK"),
            (bob, "REGISTER * * abc", "WEAK_PASSWORD"),
            (bob, f"REGISTER other * :{PASSWORD}", "ACCOUNT_NAME_MUST_BE_NICK"),
        ):
            self.assertIn(f"FAIL REGISTER {code} ", peer.says(line)[0], line)

    def test_invitations(self) -> None:
        self.house = House(policy=Policy("test.example", "invite", True))
        bob = self.guest("bob")
        self.assertIn("FAIL REGISTER ", bob.says(f"REGISTER * * :{PASSWORD}")[0])
        self.assertIn("FAIL REGISTER ", bob.says(f"REGISTER * ABCD-EFGH :{PASSWORD}")[0])

    def test_a_mail_address_is_no_invitation(self) -> None:
        self.assertIn("REGISTER SUCCESS bob ", self.guest("bob").says(f"REGISTER * bob@example.org :{PASSWORD}")[0])

    def test_an_account_of_the_class_waits_for_its_code(self) -> None:
        self.house = House(policy=Policy("test.example", "closed", True))
        hub, turn = self.house.node.hub, self.house.node.turn()
        user = staff.add(hub, turn, "bob", "ta")
        until = int(self.house.wall()) + 60
        invitations.offer(hub, turn, b"bobs".hex(), "miller", until * 1000, user=user)
        self.house.settle()
        peer = IrcPeer(self.house)
        self.assertIn(" 433 ", "".join(peer.register("bob")))
        code = make_invitation(SECRET, b"bobs", until)
        self.assertIn("REGISTER SUCCESS bob ", peer.says(f"REGISTER bob {code} :{PASSWORD}")[0])
        self.assertIn(" 001 bob ", "".join(peer.says("NICK bob")))
        self.assertEqual(user.role, "ta")

    def test_the_name_is_kept(self) -> None:
        self.account("ann").says("QUIT")
        self.house.restart()
        other = IrcPeer(self.house)
        self.assertIn(" 433 ", "".join(other.register("ann")))
        self.assertIn(" 001 ann ", "".join(self.again_lines()))

    def again_lines(self) -> list[str]:
        """Ann logs in."""
        return IrcPeer(self.house).login("ann", PASSWORD)


class RefusalTests(IrcScene):
    """Who may, and what it says."""

    def test_before_one_is_in(self) -> None:
        peer = IrcPeer(self.house)
        peer.says("CAP LS 302", "NICK ann")
        self.says(
            peer,
            f"REGISTER * * :{PASSWORD}",
            ":test.example REGISTER SUCCESS ann ...",
            ":test.example 900 * ann!*@* ann :You are now logged in as ann",
        )
        self.assertTrue(any(" 001 ann " in line for line in peer.says("USER a 0 * :A", "CAP END")))

    def test_while_in_it_is_one_person(self) -> None:
        ann = self.guest("ann", "account-notify")
        ann.says("JOIN #a")
        lines = ann.says(f"REGISTER ann * :{PASSWORD}")
        self.assertIn(":test.example REGISTER SUCCESS ann :Your account is registered.", lines)
        self.says(ann, f"REGISTER * * :{PASSWORD}", FAIL + "ALREADY_AUTHENTICATED * ...")

    def test_the_name_is_the_nick(self) -> None:
        self.says(self.guest("ann"), f"REGISTER bob * :{PASSWORD}", FAIL + "ACCOUNT_NAME_MUST_BE_NICK bob ...")
        self.says(IrcPeer(self.house), f"REGISTER * * :{PASSWORD}", FAIL + "NEED_NICK * ...")

    def test_names_that_somebody_has(self) -> None:
        self.account("ann")
        self.guest("gast")
        for name, code in (("ann", "ACCOUNT_EXISTS"), ("gast", "USERNAME_EXISTS"), ("two*", "BAD_ACCOUNT_NAME")):
            self.says(IrcPeer(self.house), f"REGISTER {name} * :{PASSWORD}", f"{FAIL}{code} {name} ...")
        peer = IrcPeer(self.house)
        self.says(peer, "NICK gast", ":test.example 433 * gast ...")
        self.says(peer, f"REGISTER * * :{PASSWORD}", FAIL + "USERNAME_EXISTS gast ...")

    def test_passwords(self) -> None:
        self.says(self.guest("ann"), "REGISTER * * x", FAIL + "WEAK_PASSWORD ann ...")

    def test_where_one_comes_in_first(self) -> None:
        self.house.facts = msgspec.structs.replace(self.house.facts, early=False)
        self.house.start()
        peer = IrcPeer(self.house)
        self.assertIn(" draft/account-registration ", " ".join(peer.says("CAP LS 302")) + " ")
        self.says(peer, f"REGISTER ann * :{PASSWORD}", FAIL + "COMPLETE_CONNECTION_REQUIRED ann ...")

    def test_where_nobody_may(self) -> None:
        self.house = House(policy=Policy("test.example", "closed", True))
        self.says(self.guest("ann"), f"REGISTER * * :{PASSWORD}", FAIL + "REGISTRATION_CLOSED ann ...")

    def test_by_invitation(self) -> None:
        self.house = House(policy=Policy("test.example", "invite", True))
        self.says(self.guest("ann"), f"REGISTER * * :{PASSWORD}", FAIL + "INVITATION_NEEDED ann ...")
        self.says(self.guest("bob"), f"REGISTER * nonsense :{PASSWORD}", FAIL + "INVALID_INVITATION bob ...")

    def test_not_where_others_read_along(self) -> None:
        self.house = House(limits=Limits())
        self.says(self.guest("ann", host="198.51.100.7"), f"REGISTER * * :{PASSWORD}", FAIL + "TLS_NEEDED ann ...")
