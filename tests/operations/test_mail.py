"""Whose mail waits: numbers, senders and times, and never the text."""

from __future__ import annotations

import msgspec

from chatd.operations import mail
from tests.operations.kit import StaffScene

SECRET = "meet me at five"


class MailTests(StaffScene):
    """Carol is away."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob, carol = self.house.people("alice", "bob", "carol")
        carol.lose()
        for number in range(3):
            self.alice.send("@carol", f"{SECRET} {number}")
        self.bob.send("@carol", "ü")

    def test_the_fullest_first(self) -> None:
        self.alice.send("@bob", SECRET)
        found = mail.boxes(self.service, 5)
        self.assertEqual([(box.name, box.unread) for box in found], [("carol", 4), ("bob", 1)])
        self.assertEqual([box.name for box in mail.boxes(self.service, 1)], ["carol"])

    def test_what_waits(self) -> None:
        letters = self.done(mail.box(self.service, "@carol"))
        self.assertEqual([(one.sender, one.bytes) for one in letters],
                         [("alice", len(SECRET) + 2)] * 3 + [("bob", 2)])  # fmt: skip
        self.assertNotIn(SECRET.encode(), msgspec.json.encode(letters))
        self.assertEqual(self.done(mail.box(self.service, "alice")), [])

    def test_only_so_much_is_read(self) -> None:
        self.patch(mail, "MOST_READ", 2)
        self.assertEqual(len(self.done(mail.box(self.service, "carol"))), 2)
