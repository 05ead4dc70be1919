"""Codes from the console: what they are good for, what is listed of them."""

from __future__ import annotations

from chatd import messages as m
from chatd.admission import Policy
from chatd.auth import make_invitation
from chatd.operations import invitations
from chatd.operations.service import Refused
from tests.kit import SECRET
from tests.operations.kit import StaffScene


class InvitationTests(StaffScene):
    """A server that needs them."""

    def setUp(self) -> None:
        super().setUp()
        self.alice = self.house.person("alice")
        self.alice.ask(m.Join, "#hw3", private=True)
        self.house.node.admission.policy = Policy("s", "invite", True)

    def comes(self, name: str, code: str) -> bool:
        """Whether somebody new is let in."""
        peer = self.house.greeted()
        peer.sign_up(name, code)
        return bool(peer.of(m.Welcome))

    def states(self) -> list[tuple[str, int, str, str]]:
        """What is listed."""
        return [(one.state, one.used, one.group, one.name) for one in invitations.listed(self.service)]

    def test_for_a_group(self) -> None:
        made = self.done(invitations.new(self.service, "miller", "hw3", 2, 3600))
        self.assertEqual((made.group, made.uses), ("#hw3", 2))
        self.assertTrue(self.comes("bob", made.code))
        self.assertEqual(self.states(), [("open", 1, "#hw3", "")])
        self.assertNotIn(made.code, repr(invitations.listed(self.service)))
        self.assertTrue(self.comes("carol", made.code))
        self.assertFalse(self.comes("dan", made.code))
        self.assertEqual(self.states(), [("used", 2, "#hw3", "")])

    def test_taken_back_by_code_and_by_identity(self) -> None:
        for by_code in (True, False):
            made = self.done(invitations.new(self.service, "miller"))
            revoked = self.done(invitations.revoke(self.service, made.code if by_code else made.identity, "miller"))
            self.assertEqual((revoked.state, self.comes("bob", made.code)), ("revoked", False))
        plain = make_invitation(SECRET, b"plain", int(self.house.wall()) + 60)
        self.done(invitations.revoke(self.service, plain, "miller"))
        self.assertFalse(self.comes("bob", plain))

    def test_a_token(self) -> None:
        made = self.done(invitations.token(self.service, "@alice", "miller"))
        self.assertEqual(self.states(), [("open", 0, "", "alice")])
        self.assertTrue(self.comes("alice", made.code))
        self.assertEqual(self.states(), [("used", 1, "", "alice")])

    def test_they_end(self) -> None:
        made = self.done(invitations.new(self.service, "miller", seconds=60))
        self.house.seconds += 60
        self.assertEqual((self.comes("bob", made.code), self.states()), (False, [("ended", 0, "", "")]))

    def test_what_cannot_be(self) -> None:
        for waiting in (
            invitations.new(self.service, "m", "nowhere"), invitations.new(self.service, "m", "lobby"),
            invitations.new(self.service, "m", uses=0), invitations.new(self.service, "m", seconds=1),
            invitations.token(self.service, "nobody", "m"), invitations.revoke(self.service, "nonsense", "m"),
        ):  # fmt: skip
            with self.assertRaises(Refused):
                self.done(waiting)
        self.assertEqual(self.states(), [])
