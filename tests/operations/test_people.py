"""Who is here, who has an account, and putting somebody out."""

from __future__ import annotations

from chatd import messages as m
from chatd.operations import people
from chatd.operations.service import Refused
from tests.kit import state_of
from tests.operations.kit import StaffScene

NAMES = ("alice", "bob", "gustav")


class PeopleTests(StaffScene):
    """Three people, one of them a guest, one of them away."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")
        self.guest = self.house.guest("gustav")

    def test_who_is_here(self) -> None:
        found, count = people.who(self.service)
        self.assertEqual([(one.name, one.role, one.state) for one in found],
                         [(name, "guest" if name == "gustav" else "student", "online") for name in NAMES])  # fmt: skip
        self.assertEqual((count, found[0].addresses, found[0].sessions), (3, ["127.0.0.1"], 1))

    def test_filters_and_bounds(self) -> None:
        self.alice.ask(m.Away, "lunch")
        for wanted, names in (("@AL", ["alice"]), ("guest", ["gustav"]), ("away", ["alice"]), ("x", [])):
            self.assertEqual([one.name for one in people.who(self.service, wanted)[0]], names)
        found, count = people.who(self.service, "", 2)
        self.assertEqual((len(found), count), (2, 3))

    def test_sessions_and_idle_time(self) -> None:
        self.house.clock.advance(30)
        (one,) = people.sessions(self.service, "@alice")
        self.assertEqual(
            (one.name, one.kind, one.address, one.silent, one.tls), ("alice", "frames", "127.0.0.1", 30, False)
        )
        self.assertEqual(people.who(self.service)[0][0].idle, 30_000)
        self.assertRaises(Refused, people.sessions, self.service, "zoe")

    def test_accounts_by_name_without_guests(self) -> None:
        self.bob.lose()
        found, count = self.done(people.accounts(self.service))
        self.assertEqual(
            [(one.name, one.state, one.devices) for one in found], [("alice", "online", 1), ("bob", "offline", 1)]
        )
        self.assertEqual(count, 2)
        for wanted, most, listed, there in (("b", 5, 1, 1), ("", 1, 1, 2), ("ta", 5, 0, 0)):
            some, count = self.done(people.accounts(self.service, wanted, most))
            self.assertEqual((len(some), count), (listed, there))
        self.assertTrue(people.account(self.service, "@gustav").guest)

    def test_kick_ends_every_session_and_says_why(self) -> None:
        self.assertEqual(self.done(people.kick(self.service, "@alice", "miller", "enough")), 1)
        self.assertTrue(self.alice.over)
        self.assertIn("enough", self.alice.last(m.Bye).text)
        before = state_of(self.house)
        for name in ("alice", "zoe"):
            with self.assertRaises(Refused):
                self.done(people.kick(self.service, name, "miller", "again"))
        self.assertEqual(state_of(self.house), before)
