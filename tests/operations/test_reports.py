"""Reports as staff see them."""

from __future__ import annotations

from chatd import messages as m
from chatd import moderation as o
from chatd.operations import reports
from chatd.operations.service import Refused
from tests.operations.kit import StaffScene

ID = b"0123456789abcdef"


class ReportTests(StaffScene):
    """Two people, one of them rude."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")
        self.bob.ask(m.Send, "@alice", ID, "rude words")
        self.alice.ask(o.Report, "@bob", 1, "bob", "rude words", "insults")
        self.alice.ask(o.Report, "@bob", 1, "bob", "what was never said", "lies")
        self.alice.ask(o.Report, "@bob", 1, "alice", "rude words", "lies")

    def test_shown_beside_the_log(self) -> None:
        self.assertEqual([one.report for one in reports.listed(self.service)], [3, 2, 1])
        self.assertNotIn("rude words", repr(reports.listed(self.service)))
        for number, log in ((1, "same"), (2, "other"), (3, "other")):
            self.assertEqual(self.done(reports.show(self.service, number)).log, log)
        whole = self.done(reports.show(self.service, 1))
        self.assertEqual((whole.text, whole.summary.reason, whole.summary.sender), ("rude words", "insults", "bob"))
        self.bob.ask(o.Redact, "@alice", ID)
        self.house.commit()
        self.assertEqual(self.done(reports.show(self.service, 1)).log, "gone")

    def test_taken_and_closed(self) -> None:
        self.assertEqual(self.done(reports.take(self.service, 1, "miller")).state, "taken")
        self.assertEqual(self.done(reports.close(self.service, 2, "miller", "A lie.")).note, "A lie.")
        self.assertEqual([one.report for one in reports.listed(self.service)], [3, 1])
        self.assertEqual([one.report for one in reports.listed(self.service, "closed")], [2])
        for waiting in (
            reports.show(self.service, 9),
            reports.take(self.service, 9, "m"),
            reports.close(self.service, 9, "m"),
        ):
            with self.assertRaises(Refused):
                self.done(waiting)
