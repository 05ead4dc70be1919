"""Reports of open messages: kept as they were sent, told to staff, taken and closed."""

from __future__ import annotations

from chatd import messages as m
from chatd import moderation as o
from chatd.core import reports
from chatd.core.limits import Limits
from chatd.core.turn import Refused
from tests.kit import House, Scene

ID = b"0123456789abcdef"


class Reports(Scene):
    """Bob is rude, Alice reports it, Miller is staff."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob, self.miller = self.house.people("alice", "bob", "miller")
        self.house.node.hub.users.find("miller").role = "staff"
        self.granted(self.bob, m.Send, "@alice", ID, "rude words")

    def test_kept_and_told(self) -> None:
        self.granted(self.alice, o.Report, "@bob", 1, "bob", "rude words", "insults")
        notice = self.miller.last(m.Notice)
        self.assertEqual(notice.code, "reported")
        self.assertIn("alice reports a message of bob in dm:alice:bob (report 1)", notice.text)
        self.assertEqual(self.bob.of(m.Notice), [])
        self.house.restart()
        record = self.house.node.hub.reports[1]
        self.assertEqual((record.reporter, record.sender, record.seq, record.text, record.reason, record.state),
                         ("alice", "bob", 1, "rude words", "insults", "open"))  # fmt: skip

    def test_the_newest_of_somebody_else(self) -> None:
        self.granted(self.bob, m.Send, "@alice", b"2" * 16, "ruder words")
        self.granted(self.alice, m.Send, "@bob", b"3" * 16, "why?")
        self.granted(self.alice, o.Report, "@bob", reason="insults")
        record = self.house.node.hub.reports[1]
        self.assertEqual((record.seq, record.sender, record.text), (2, "bob", "ruder words"))
        self.granted(self.alice, o.Report, "@bob", 1)
        self.assertEqual(self.house.node.hub.reports[2].text, "rude words")
        self.refused("no-such-message", self.alice, o.Report, "#lobby")
        self.granted(self.bob, o.Redact, "@alice", ID)
        self.refused("no-such-message", self.alice, o.Report, "@bob", 1)

    def test_taken_and_closed(self) -> None:
        self.granted(self.alice, o.Report, "@bob", 1, "bob", "rude words", "insults")
        hub = self.house.node.hub
        reports.set_state(hub, self.house.node.turn(), 1, "taken", "miller")
        self.house.settle()
        self.alice.take()
        reports.set_state(hub, self.house.node.turn(), 1, "closed", "miller", "Spoken to.")
        self.house.settle()
        self.assertIn("is closed. Spoken to.", self.alice.last(m.Notice).text)
        self.house.restart()
        self.assertEqual(
            (self.house.node.hub.reports[1].state, self.house.node.hub.reports[1].by), ("closed", "miller")
        )
        for number, state in ((2, "taken"), (1, "lost")):
            with self.assertRaises(Refused):
                reports.set_state(self.house.node.hub, self.house.node.turn(), number, state, "miller")

    def test_only_what_one_may_read(self) -> None:
        self.granted(self.bob, m.Join, "#private", private=True)
        self.granted(self.bob, m.Send, "#private", b"p" * 16, "hi")
        self.refused("no-such-group", self.alice, o.Report, "#private", 1, "bob", "hi", "")
        for seq in (2, -1, 1 << 62):
            self.refused("no-such-message", self.alice, o.Report, "@bob", seq, "bob", "hi", "")
        self.refused("no-such-user", self.alice, o.Report, "@bob", 1, "nobody", "hi", "")
        self.refused("text-too-long", self.alice, o.Report, "@bob", 1, "bob", "x" * 17_000, "")
        self.refused("text-too-long", self.alice, o.Report, "@bob", 1, "bob", "x", "x" * 500)
        self.refused("no-such-message", self.alice, o.Report, "@miller", 1, "miller", "hi", "")
        self.refused("guest", self.house.guest("guest"), o.Report, "#lobby", 1, "bob", "hi", "")

    def test_how_many(self) -> None:
        self.house = House(limits=Limits(reports_burst=3, reports_per_hour=60))
        alice = self.house.person("alice", "198.51.100.7")
        alice.send("#lobby", "hi")
        for _ in range(3):
            self.granted(alice, o.Report, "#lobby", 1, "alice", "hi", "")
        self.refused("rate-limited", alice, o.Report, "#lobby", 1, "alice", "hi", "")

    def test_the_list_is_bounded_and_no_open_one_is_dropped(self) -> None:
        hub = self.house.node.hub
        self.granted(self.alice, o.Report, "@bob", 1, "bob", "x", "")
        for number in range(2, reports.MOST + 1):
            hub.reports[number] = hub.reports[1]
        self.refused("list-full", self.alice, o.Report, "@bob", 1, "bob", "x", "")
        reports.set_state(hub, self.house.node.turn(), 1, "closed", "miller")
        self.house.settle()
        self.granted(self.alice, o.Report, "@bob", 1, "bob", "x", "")
        self.assertEqual(
            (len(hub.reports), 1 in hub.reports, reports.MOST + 1 in hub.reports), (reports.MOST, False, True)
        )
        self.assertEqual([record.report for record in self.house.store.load().reports], [reports.MOST + 1])
