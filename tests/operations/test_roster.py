"""The class's list from the console: a dry run, the codes, the sheet."""

from __future__ import annotations

from chatd import messages as m
from chatd.core.roster import PART
from chatd.operations import roster
from chatd.operations.service import Refused
from tests.kit import House, state_of
from tests.operations.kit import StaffScene, service_of

CLASS = "name,role,groups,full_name\nmiller,staff,,\nbob,,lab1,Bob Bates\n"


class RosterTests(StaffScene):
    """A file, and what comes of it."""

    def test_dry_then_real_then_nothing(self) -> None:
        before = state_of(self.house)
        dry = self.done(roster.sync(self.service, CLASS, "miller", dry_run=True))
        self.assertEqual((dry.dry, dry.groups, dry.tickets, dry.people), (True, ["#lab1"], [], 2))
        self.assertEqual(state_of(self.house), before)
        real = self.done(roster.sync(self.service, CLASS, "miller"))
        self.assertEqual((real.changes, real.dry), (dry.changes, False))
        again = self.done(roster.sync(self.service, CLASS, "miller"))
        self.assertEqual((again.changes, again.groups, again.tickets), ([], [], []))
        self.assertEqual(roster.sheet(self.service), sorted(real.tickets, key=lambda ticket: ticket.name))
        bob = self.house.greeted()
        code = next(ticket.code for ticket in real.tickets if ticket.name == "bob")
        bob.sign_up("bob", code)
        self.assertTrue(bob.of(m.Welcome))
        self.assertEqual([ticket.name for ticket in roster.sheet(self.service)], ["miller"])

    def test_a_large_one_is_done_in_parts(self) -> None:
        """Others are served in between; what they do may end it, and then it says how far it came."""
        rows = [f"p{number:04},,lab1" for number in range(3 * PART)]
        text = "\n".join(["name,role,groups", "miller,staff,", *rows])
        self.house = House(slow=True)
        self.service = service_of(self.house, self.mktemp())
        other = self.house.greeted()
        waiting = roster.sync(self.service, text, "miller")
        self.assertEqual(len(self.service.hub.users.by_key), 0)
        for _ in range(2):  # it is parsed, planned here, and its plan is looked at
            self.house.reader.run()
            self.house.settle()
        self.assertEqual(len(self.service.hub.users.by_key), PART)
        other.sign_up(f"p{2 * PART:04}")
        with self.assertRaises(Refused) as raised:
            self.done(waiting)
        self.assertIn(f"{2 * PART} of {3 * PART + 1} things are done: p{2 * PART:04} has come", raised.exception.text)
        again = self.done(roster.sync(self.service, text, "miller", adopt=True))
        self.assertEqual(len(again.changes), PART + 1)
        self.assertEqual(self.done(roster.sync(self.service, text, "miller")).changes, [])
        self.assertEqual(len(roster.sheet(self.service)), 3 * PART)

    def test_a_sheet_to_print(self) -> None:
        self.done(roster.sync(self.service, CLASS, "miller"))
        lines = roster.printed(roster.sheet(self.service), "chat.example")
        ticket = roster.sheet(self.service)[0]
        self.assertEqual(lines[:2], ["Bob Bates", "    name  bob"])
        self.assertEqual(lines[3], f"    chat --invitation {ticket.code} bob@chat.example")

    def test_what_is_wrong(self) -> None:
        before = state_of(self.house)
        for text in ("name,role\nbob,king\n", "x" * (roster.MOST_BYTES + 1)):
            for dry in (True, False):
                with self.assertRaises(Refused):
                    self.done(roster.sync(self.service, text, "miller", dry_run=dry))
        with self.assertRaises(Refused) as raised:
            self.done(roster.sync(self.service, "name,role\nbob,king\n", "miller"))
        self.assertIn("line 2: ", raised.exception.near[0])
        self.assertEqual(state_of(self.house), before)
