"""Tests of clients.core.windows.rows: which window a notice goes to, and how urgent it is."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from chatd.messages import GroupChange, GroupInfo, Message, Page, Position
from clients.core import intents as i
from clients.core import notices as n
from clients.core.view import ONLINE, Talk, View
from clients.core.windows.rows import mentions, placed
from clients.core.windows.windows import EVENT, MENTION, QUIET, TALK

VIEW = View("alice", ONLINE, "#hw3", (Talk("#lobby", "#lobby"), Talk("dm:alice:bob", "@bob")), ("bob",), 0)
NOW = 1_800_000_000_000


class PlacedTests(SynchronousTestCase):
    """Notices, one by one."""

    def where(self, notice: n.Notice) -> list[tuple[str, str, int]]:
        """Window, text and level of each row."""
        return [(one.to, one.row.text, one.level) for one in placed(notice, VIEW, NOW)]

    def said(self, conversation: str, text: str, **more: object) -> n.Said:
        """A message of bob's."""
        return n.Said(conversation, 1, NOW, "bob", b"1" * 16, text, **more)  # type: ignore[arg-type]

    def test_messages(self) -> None:
        self.assertEqual(self.where(self.said("#lobby", "hi")), [("#lobby", "hi", TALK)])
        self.assertEqual(self.where(self.said("#lobby", "hi Alice!")), [("#lobby", "hi Alice!", MENTION)])
        self.assertEqual(self.where(self.said("dm:alice:bob", "hi", peer="bob")), [("@bob", "hi", MENTION)])
        self.assertEqual(self.where(self.said("dm:alice:bob", "hi", peer="bob", own=True)), [("@bob", "hi", QUIET)])

    def test_what_is_open_where_the_rest_is_encrypted_says_so(self) -> None:
        view = View(
            "alice", ONLINE, "#hw3", (Talk("dm:alice:bob", "@bob", security="first-seen", encrypted=True),), (), 0
        )
        for security, text in (("plain", "[PLAIN] hi"), ("first-seen", "hi")):
            said = self.said("dm:alice:bob", "hi", peer="Bob", security=security)
            self.assertEqual([one.row.text for one in placed(said, view, NOW)], [text])

    def test_what_is_kept_nowhere_says_so(self) -> None:
        passing = n.Passing("bob", "@alice", b"1" * 16, NOW, "hi")
        self.assertEqual(self.where(passing), [("@bob", "hi (not kept)", MENTION)])

    def test_ones_own_words_once(self) -> None:
        sent = n.Outcome(b"1" * 16, "@bob", "hi", "stored", "dm:alice:bob", 1, NOW)
        first, second = placed(sent, VIEW, NOW)
        self.assertEqual((first.to, first.row.kind, first.row.state), ("@bob", "own", "✓"))
        self.assertIn("bob is currently inactive", second.row.text)
        self.assertEqual(self.where(n.Outcome(b"1" * 16, "@bob", "hi", "delivered", before="stored")), [])

    def test_who_comes_is_seen_in_the_lobby_and_where_one_talks_with_them(self) -> None:
        self.assertEqual(
            self.where(n.Came("bob", "online")),
            [("#lobby", "bob joined the conversation", EVENT), ("@bob", "bob joined the conversation", QUIET)],
        )

    def test_what_happens_to_a_group(self) -> None:
        change = n.Changed(GroupChange("#hw4", "topic", "bob", "bob", "due Friday"))
        self.assertEqual(self.where(change), [("#hw4", "bob set the topic: due Friday", EVENT)])
        kicked = n.Changed(GroupChange("#hw4", "kicked", "alice", "bob"), me=True)
        self.assertEqual([level for _, _, level in self.where(kicked)], [MENTION])

    def test_the_answer_to_a_join_is_in_the_groups_window(self) -> None:
        answer = n.Answered(i.JoinGroup("#new"), GroupInfo(1, Position("#new", 0, 0), 1, created=True))
        self.assertEqual(self.where(answer), [("#new", "Group 'new' created successfully.", QUIET)])

    def test_what_encryption_says_is_in_its_conversation(self) -> None:
        changed = n.Secure("IDENTITY_CHANGED", "bob", "@bob")
        ((to, text, level),) = self.where(changed)
        self.assertEqual((to, level), ("@bob", MENTION))
        self.assertIn("/verify bob", text)
        self.assertEqual([level for _, _, level in self.where(n.Secure("GAP", "bob", "@bob", 2))], [EVENT])

    def test_what_one_asked_of_encryption_is_also_where_one_looks(self) -> None:
        answer = n.Secure("VERIFIED", "bob", "@bob", intent=i.Verify("bob", "yes"))
        (there, text, level), here = self.where(answer)
        self.assertEqual((there, level, here), ("@bob", EVENT, ("#hw3", text, QUIET)))
        only = n.Secure("VERIFIED", "bob", "#HW3", intent=i.Verify("bob", "yes"))
        self.assertEqual([to for to, _, _ in self.where(only)], ["#HW3"])

    def test_another_name_is_told_in_the_groups_window(self) -> None:
        told = n.Told("renamed", "bob has renamed #a to #b.", "#a", "#b")
        self.assertEqual(self.where(told), [("#b", "Server: bob has renamed #a to #b.", EVENT)])
        self.assertEqual(self.where(n.Told("motd", "hi")), [("#hw3", "Server: hi", QUIET)])

    def test_the_answer_about_a_topic_is_where_one_looks(self) -> None:
        answer = n.Answered(i.Topic("#new"), GroupInfo(1, Position("#new", 0, 0), 1))
        self.assertEqual(self.where(answer), [("#hw3", "Group 'new' has no topic.", QUIET)])

    def test_what_was_said_earlier_has_its_own_time(self) -> None:
        old = self.said("#hw3", "one\ntwo", security="plain", stored=True)
        lines = "[PLAIN] [hw3] bob: one\n    two"
        at = NOW - 86_400_000
        (found,) = placed(n.Found("one", (msgspec.structs.replace(old, at=at),)), VIEW, NOW)
        self.assertEqual((found.to, found.row.at, found.row.text), ("#hw3", at, lines))
        message = Message("#hw3", 1, at, "bob", b"1" * 16, "one")
        for more, rows in ((False, 1), (True, 2)):
            page = n.Answered(i.ReadHistory("#hw3"), Page(1, "#hw3", [message], more))
            self.assertEqual(len(placed(page, VIEW, NOW)), rows)
            self.assertEqual(placed(page, VIEW, NOW)[-1].row.at, at)
        self.assertEqual(self.where(n.Found("x", ())), [("#hw3", "Nothing found.", QUIET)])
        empty = n.Answered(i.ReadHistory("#hw3"), Page(1, "#hw3", [], False))
        self.assertEqual(self.where(empty), [("#hw3", "There are no messages yet.", QUIET)])

    def test_refusals_are_where_one_wrote_and_where_one_looks(self) -> None:
        refused = n.Refused("mailbox-full", "Full.", intent=i.Tell(("@bob",), "hi"))
        self.assertEqual(self.where(refused), [("@bob", "Full.", QUIET), ("#hw3", "Full.", QUIET)])
        here = n.Refused("mailbox-full", "Full.", intent=i.Tell(("#HW3",), "hi"))
        self.assertEqual(self.where(here), [("#hw3", "Full.", QUIET)])
        self.assertEqual(self.where(n.Refused("usage", "No.")), [("#hw3", "No.", QUIET)])

    def test_everything_else_where_one_looks(self) -> None:
        self.assertEqual([to for to, _, _ in self.where(n.Lost("gone", 1.0))], ["#hw3", "#hw3"])
        self.assertEqual(self.where(n.Local(("x",), i.Focus("#g"))), [])
        self.assertEqual(self.where(n.Local(("x",))), [("#hw3", "x", QUIET)])
        self.assertEqual(self.where(n.AskPassword()), [])


class MentionTests(SynchronousTestCase):
    """One's name as a word."""

    def test_mentions(self) -> None:
        for text, found in (
            ("alice", True),
            ("hi ALICE, you", True),
            ("malice", False),
            ("alice_", False),
            ("", False),
        ):
            self.assertEqual(mentions(text, "alice"), found, text)
        self.assertFalse(mentions("anything", ""))
        self.assertTrue(mentions("c++ is here", "c++"))
