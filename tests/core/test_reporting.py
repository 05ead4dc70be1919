"""Reports: who moderates, and what the server says of its tags."""

from __future__ import annotations

from typing import Any

from chatd import encryption as e
from chatd.admission import Policy
from tests.kit import House, Peer
from tests.sealed import SealedScene, item


class Reporting(SealedScene):
    """Carol moderates."""

    def setUp(self) -> None:
        super().setUp()
        self.house.node.hub.users.find("carol").role = "staff"
        self.sends(self.alice, item(self.bob, ciphertext=b"an insult"))
        (self.mail,) = self.bob.of(e.Mail)
        self.forget()

    def genuine(self, peer: Peer, **wrong: Any) -> bool:
        """What the server says of the mail, or of something like it."""
        told = {"commitment": self.mail.commitment, "tag": self.mail.tag, "sender": "alice",
                "conversation": self.mail.conversation, "at": self.mail.at} | wrong  # fmt: skip
        answer = self.granted(peer, e.CheckReport, *told.values())
        assert isinstance(answer, e.ReportChecked)
        return answer.genuine

    def test_to_whom(self) -> None:
        self.house.people("dave")
        self.house.node.hub.users.find("dave").role = "staff"  # who has no keys, and could read no report
        self.assertEqual(self.granted(self.alice, e.AskModerators), e.Moderators(self.alice.ref, ["carol"]))

    def test_what_was_sent_is_genuine_and_nothing_else(self) -> None:
        self.assertTrue(self.genuine(self.carol))
        for wrong in (
            {"commitment": bytes(32)}, {"tag": bytes(33)}, {"tag": b""}, {"tag": self.mail.tag[:-1]},
            {"tag": b"\0" + self.mail.tag[1:]}, {"sender": "bob"}, {"conversation": "dm:alice:carol"},
            {"at": self.mail.at + 1},
        ):  # fmt: skip
            self.assertFalse(self.genuine(self.carol, **wrong), wrong)

    def test_only_those_who_moderate_ask(self) -> None:
        good = (self.mail.commitment, self.mail.tag, "alice", self.mail.conversation, self.mail.at)
        self.refused("not-allowed", self.bob, e.CheckReport, *good)
        for code, place, wrong in (
            ("bad-blob", 0, b"x"), ("bad-blob", 1, bytes(65)), ("bad-blob", 4, -1), ("bad-blob", 4, 2**63),
            ("bad-argument", 2, "x" * 301), ("bad-argument", 3, "x" * 301),
        ):  # fmt: skip
            arguments = [*good[:place], wrong, *good[place + 1 :]]
            self.refused(code, self.carol, e.CheckReport, *arguments)

    def test_keys_are_kept_and_change_once_a_year(self) -> None:
        self.house.restart()
        self.house.node.hub.users.find("carol").role = "staff"
        carol = self.carol.again()
        self.assertTrue(self.genuine(carol))
        for year, genuine in ((1, True), (2, False), (3, False)):
            self.house.seconds += 366 * 86_400
            self.house.advance(3_700)
            carol = carol.again()
            self.assertEqual((year, self.genuine(carol)), (year, genuine))
        self.assertEqual([key.number for key in self.house.store.load_sealed().tag_keys], [3, 4])
        alice, bob = self.alice.again(), self.bob.again()
        bob.take()
        self.sends(alice, item(bob))
        (self.mail,) = bob.of(e.Mail)
        self.assertTrue(self.genuine(carol))

    def test_a_server_that_keeps_out_of_it(self) -> None:
        self.house = House(policy=Policy("test.example", "open", True, report_tags=False))
        self.alice, self.bob = self.comes("alice"), self.comes("bob")
        self.sends(self.alice, item(self.bob))
        self.assertEqual(self.bob.last(e.Mail).tag, b"")
        self.assertEqual(self.house.store.load_sealed().tag_keys, [])
