"""Tests of `chatd.ports.irc.accounts`: REGISTER (draft/account-registration)."""

from __future__ import annotations

from chatd.admission import Policy
from tests.irc import PASSWORD, IrcPeer, IrcScene
from tests.kit import House


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

    def test_the_name_is_kept(self) -> None:
        self.account("ann").says("QUIT")
        self.house.restart()
        other = IrcPeer(self.house)
        self.assertIn(" 433 ", "".join(other.register("ann")))
        self.assertIn(" 001 ann ", "".join(self.again_lines()))

    def again_lines(self) -> list[str]:
        """Ann logs in."""
        return IrcPeer(self.house).login("ann", PASSWORD)
