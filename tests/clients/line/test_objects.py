"""Tests of clients.line.objects: the fields scripts hold on to, one object a line, nothing that acts."""

from __future__ import annotations

import json
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from chatd.archive import ReaderIs
from clients.core import answers as a
from clients.core import intents as i
from clients.core import notices as n
from clients.core.e2ee.refusals import CODES
from clients.line import objects

PAGE = Path(__file__).parents[3] / "docs" / "scripts.md"
AT = 1_795_341_600_000


class FormTests(SynchronousTestCase):
    """The documented fields."""

    def test_a_message_to_me(self) -> None:
        said = n.Said("dm:alice:bob", 7, AT, "alice", b"\x01" * 16, "hi", peer="alice")
        self.assertEqual(
            objects.lines(said, "bob"),
            ['{"v":1,"event":"message","id":"01010101010101010101010101010101","from":"alice","to":"@bob",'
             '"conversation":"dm:alice:bob","seq":7,"at":"2026-11-22T10:00:00Z","text":"hi","e2ee":"plain"}'],
        )  # fmt: skip

    def test_what_edits_another_message_says_which(self) -> None:
        edit = n.Said("#g", 7, AT, "alice", b"", "hi", edits=b"\x01" * 16)
        self.assertEqual(objects.message(edit, "bob")["edits"], "01" * 16)
        self.assertEqual(objects.outcome(n.Outcome(b"", "@bob", "x", "sent", edits=b"\x02"))["edits"], "02")
        self.assertNotIn("edits", objects.message(n.Said("#g", 7, AT, "alice", b"", "hi"), "bob"))

    def test_where_a_message_went(self) -> None:
        own = n.Said("dm:alice:bob", 1, AT, "bob", b"", "x", own=True, peer="alice")
        self.assertEqual(objects.message(own, "bob")["to"], "@alice")
        self.assertEqual(objects.message(n.Said("#g", 1, AT, "alice", b"", "x"), "bob")["to"], "#g")

    def test_what_is_kept_nowhere(self) -> None:
        said = n.Passing("gast", "@bob", b"\x01" * 16, AT, "hi")
        self.assertEqual(
            objects.lines(said, "bob"),
            ['{"v":1,"event":"passing","id":"01010101010101010101010101010101","from":"gast","to":"@bob",'
             '"at":"2026-11-22T10:00:00Z","text":"hi","least":"","e2ee":"plain"}'],
        )  # fmt: skip
        own = n.Passing("bob", "@gast", b"", AT, "x", own=True)
        group = n.Passing("zoe", "#g", b"", AT, "x", least="h")
        self.assertEqual([objects.passing(one, "bob")["to"] for one in (own, group)], ["@gast", "#g"])

    def test_how_a_message_was_protected(self) -> None:
        for security in ("first-seen", "verified", "vouched", "plain"):
            said = n.Said("#g", 1, AT, "alice", b"", "x", security=security)
            self.assertEqual(objects.message(said, "bob")["e2ee"], security)
            self.assertEqual(objects.outcome(n.Outcome(b"", "@bob", "x", "sent", security=security))["e2ee"], security)

    def test_encryption(self) -> None:
        device = n.OwnDevice("abcd", this=True, listed=True, primary=True, sessions=1, since=AT)
        status = n.KeysStatus("abcd", True, True, 50, "12345", (("bob", "verified"),), (("DUPLICATE", 3),), True,
                              profile="opened by a passphrase.")  # fmt: skip
        for notice, shown in (
            (n.Secure("GAP", "bob", "@bob", 2, AT, "", b"\1"),
             {"event": "e2ee", "code": "GAP", "class": "note", "text": "2 messages from bob are missing.",
              "user": "bob", "to": "@bob", "number": 2, "detail": "", "id": "01", "at": "2026-11-22T10:00:00Z"}),
            (n.Compare("bob", "12345 67890", "changed", True),
             {"event": "compare", "user": "bob", "number": "12345 67890", "e2ee": "changed", "changed": True}),
            (n.CompareShort("bob", "compare", ("Dog",), (1234,)),
             {"event": "comparing", "user": "bob", "state": "compare", "pictures": ["Dog"], "numbers": [1234]}),
            (n.OwnDevices((device,), "12345"),
             {"event": "device", "device": "abcd", "this": True, "listed": True, "primary": True, "sessions": 1,
              "waiting": False, "since": "2026-11-22T10:00:00Z"}),
            (status,
             {"event": "keys", "device": "abcd", "listed": True, "primary": True, "left": 50, "number": "12345",
              "recovery": True, "people": {"bob": "verified"}, "refused": {"DUPLICATE": 3},
              "profile": "opened by a passphrase."}),
            (n.RecoveryCode("ABCD"), {"event": "recovery", "code": "ABCD"}),
        ):  # fmt: skip
            self.assertEqual([json.loads(row) for row in objects.lines(notice, "alice")], [{"v": 1, **shown}])

    def test_the_fields_are_those_of_the_page(self) -> None:
        rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE.read_text("utf-8"), re.M))
        for notice in (
            n.Said("#g", 1, AT, "alice", b"", "x"), n.Outcome(b"", "@bob", "x", "sent"), n.Secure("GAP", "bob"),
            n.Compare("bob", "1", "changed"), n.CompareShort("bob", "compare"), n.OwnDevices((n.OwnDevice("abcd"),)),
            n.KeysStatus("abcd", True, True, 50), n.RecoveryCode("ABCD"),
        ):  # fmt: skip
            found = json.loads(objects.lines(notice, "alice")[0])
            (listed,) = re.findall(r"`([a-z0-9]+(?: [a-z0-9]+)+|code)`", rows[found["event"]])[:1]
            self.assertEqual(set(listed.split()), set(found) - {"v", "event"}, found["event"])

    def test_every_code_has_its_object(self) -> None:
        for code in CODES:
            (row,) = objects.lines(n.Secure(code, "bob"), "alice")
            found = json.loads(row)
            self.assertEqual((found["v"], found["event"], found["code"]), (1, "e2ee", code))
            self.assertEqual(found["class"], CODES[code].kind)

    def test_modes(self) -> None:
        made = [a.ModeChange(True, "k", "word")]
        listed = [{"on": True, "mode": "k", "argument": "word"}]
        for notice, shown in (
            (n.Answered(i.AskModes(), a.GroupModes(1, "#g", made, AT)),
             {"event": "modes", "group": "#g", "created": "2026-11-22T10:00:00Z", "modes": listed}),
            (n.Answered(i.ChangeModes("", ()), a.ModesChanged(1, "#g", "bob", made)),
             {"event": "modeschanged", "group": "#g", "by": "bob", "changes": listed}),
            (n.ModesSet(a.ModesChanged(0, "#g", "bob", made)),
             {"event": "modeschanged", "group": "#g", "by": "bob", "changes": listed}),
            (n.Answered(i.ListMasks(), a.MaskList(1, "#g", "b", [a.Mask("x!*@*", "bob", AT)])),
             {"event": "mask", "group": "#g", "mode": "b", "mask": "x!*@*", "by": "bob", "at": "2026-11-22T10:00:00Z"}),
        ):  # fmt: skip
            self.assertEqual([json.loads(row) for row in objects.lines(notice, "bob")], [{"v": 1, **shown}])

    def test_an_error(self) -> None:
        shown = json.loads(objects.refusal(n.Refused("not-allowed", "no.", ("x",))))
        self.assertEqual(
            shown, {"v": 1, "event": "error", "code": "not-allowed", "text": "no. Did you mean x?", "near": ["x"]}
        )

    def test_an_impossible_time(self) -> None:
        self.assertEqual(objects.when(2**62), "")

    def test_a_page_knows_the_other_one(self) -> None:
        page = a.Page(1, "dm:alice:bob", [a.Message("dm:alice:bob", 1, AT, who, b"", "x") for who in "ab"], False)
        rows = [json.loads(row) for row in objects.lines(n.Answered(i.ReadHistory("@bob"), page), "a")]
        self.assertEqual([row["from"] for row in rows], ["a", "b"])

    def test_every_kind_of_notice(self) -> None:
        place = a.Position("#g", 5, 2)
        for notice, event in (
            (n.Outcome(b"i", "@bob", "x", "stored"), "sent"),
            (n.Welcomed("a", (), 0, ()), "welcome"),
            (n.Came("a", "lost"), "presence"),
            (n.TakenAway("#g", 1, "a"), "redacted"),
            (n.Changed(a.GroupChange("#g", "joined", "a")), "change"),
            (n.Told("x", "y"), "notice"),
            (n.Local(("x",)), "local"),
            (n.Lost("x", 1.0), "disconnected"),
            (n.Ended("left"), "left"),
            (n.Ended("unreachable", "x"), "error"),
            (n.Answered(i.ListPeople(), a.WhoList(1, [a.Member("a", "b", "c")], 1)), "person"),
            (n.Answered(i.ListGroups(), a.GroupList(1, [])), None),
            (n.Answered(i.ReadInbox(), a.InboxList(1, [place])), "conversation"),
            (n.Answered(i.JoinGroup("#g"), a.GroupInfo(1, place, 1)), "group"),
            (n.Answered(i.ListDevices(), a.DeviceList(1, [("d", 1)])), "device"),
            (n.Answered(i.Explain(), a.Explained(1, "#g", 1, b"i", 5, 0, [ReaderIs("b", "away", 0)])), "explained"),
            (n.Answered(i.GoAway(), a.Done(1)), "done"),
            (n.Found("x", (n.Said("#g", 1, AT, "a", b"", "x"),)), "message"),
        ):
            rows = [json.loads(row) for row in objects.lines(notice, "a")]
            self.assertEqual([row["event"] for row in rows], [event] if event else [])
            self.assertTrue(all(row["v"] == 1 for row in rows))


class InertTests(SynchronousTestCase):
    """Whatever the network says."""

    @given(some.text(some.characters(exclude_categories=["Cs"])))
    def test_one_line_of_ascii_and_the_text_survives(self, text: str) -> None:
        [row] = objects.lines(n.Said("#g", 1, AT, text, b"", text), "bob")
        self.assertTrue(row.isascii() and row.isprintable())
        self.assertEqual(json.loads(row)["text"], text)
