"""Tests of clients.core.show: the seed's words, word for word, and nothing that acts."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from chatd.archive import ReaderIs
from clients.core import answers as a
from clients.core import intents as i
from clients.core import notices as n
from clients.core.show import Style, clock, lines

PLAIN = Style(now=int(time.time() * 1000), me="alice")
NOW = PLAIN.now


def said(conversation: str, text: str = "hi", **more: Any) -> n.Said:
    """A message."""
    return n.Said(conversation, 1, NOW, "alice", b"i", text, **{"security": "first-seen", **more})


def sent(to: str, state: str, **more: Any) -> n.Outcome:
    """How a message of one's own fares."""
    return n.Outcome(b"i", to, "hi", state, **{"security": "first-seen", **more})


def answer(intent: i.Intent, event: Any, **more: Any) -> n.Answered:
    """The server's answer."""
    return n.Answered(intent, event, **more)


SEED = [
    (n.Welcomed("a", (), 0, ()), "Welcome to chat room. Enter 'tata' anytime to exit"),
    (n.Came("albert", "online"), "albert joined the conversation"),
    (n.Came("albert", "offline"), "albert left the conversation"),
    (n.Came("tesla", "lost"), "tesla left the conversation unexpectedly"),
    (n.Said("#lobby", 1, NOW, "albert", b"i", "world"), "albert: world"),
    (said("dm:alice:bob", peer="alice"), "(Private) alice: hi"),
    (sent("@bob", "sent"), "(Private to bob) You: hi"),
    (said("#g1", edits=b"i"), "[g1] alice (edited): hi"),
    (sent("@bob", "sent", edits=b"i"), "(Private to bob) You (edited): hi"),
    (sent("#lobby", "sent", edits=b"i"), "You (edited): hi"),
    (said("#g1"), "[g1] alice: hi"),
    (n.Passing("gast", "@alice", b"i", NOW, "hi"), "[PLAIN] (Private, not kept) gast: hi"),
    (n.Passing("alice", "@gast", b"i", NOW, "hi", own=True), "[PLAIN] (Private to gast, not kept) You: hi"),
    (n.Passing("bob", "#g1", b"i", NOW, "hi", least="o"), "[PLAIN] [g1] (To operators, not kept) bob: hi"),
    (n.Passing("bob", "#g1", b"i", NOW, "hi", least="v"), "[PLAIN] [g1] (To those with a voice, not kept) bob: hi"),
    (n.Passing("bob", "#g1", b"i", NOW, "hi"), "[PLAIN] [g1] (Not kept) bob: hi"),
    (sent("@gast", "passed", security="plain"), "[PLAIN] (Private to gast, not kept) You: hi"),
    (sent("#g1", "passed", security="plain"), "[PLAIN] [g1] (To operators, not kept) You: hi"),
    (n.TakenAway("#g1", 2, "bob", "typo"), "bob took a message away in group 'g1': typo"),
    (n.TakenAway("dm:alice:bob", 2, "bob"), "bob took a message away."),
    (n.Lost("The connection broke.", 1.0), "DISCONNECTED!!"),
    (n.Ended("left"), "DISCONNECTED!!"),
    (n.Ended("unreachable", "Connection refused."), "Can't connect to the server: Connection refused."),
    (sent("@bob", "stored"), "bob is currently inactive. Message will be delivered when they reconnect."),
    (
        n.Refused("no-such-user", "x", ("zed",), intent=i.Tell(("@zoe",), "hi")),
        "Requested user <<zoe>> not found! Please choose another. Did you mean zed?",
    ),
    (
        n.Refused("not-a-member", "x", intent=i.Tell(("#g1",), "hi")),
        "Cannot send message. Group 'g1' does not exist or you are not a member. `/group g1` to join.",
    ),
    (
        answer(i.JoinGroup("#g1"), a.GroupInfo(1, a.Position("#g1", 0, 0), 1, True)),
        "Group 'g1' created successfully.",
    ),
    (answer(i.JoinGroup("#g1"), a.GroupInfo(1, a.Position("#g1", 0, 0), 2)), "Joined group 'g1' successfully."),
    (
        answer(i.JoinGroup("#g1"), a.GroupInfo(1, a.Position("#g1", 0, 0), 2), known=True),
        "You are already in group 'g1'.",
    ),
]


class MarkTests(SynchronousTestCase):
    """What is not encrypted is marked on each line, save in the lobby; what is encrypted only where more is wanted."""

    def test_a_reason_without_its_full_stop_is_a_sentence_all_the_same(self) -> None:
        lost = n.Lost("Killed (miller (noisy))", 1.0)
        self.assertEqual(lines(lost, Style())[1], "Killed (miller (noisy)). Trying again in 1 s.")

    def test_what_is_not_encrypted(self) -> None:
        for notice, line in (
            (said("dm:alice:bob", peer="alice", security="plain"), "[PLAIN] (Private) alice: hi"),
            (said("#g1", security="plain"), "[PLAIN] [g1] alice: hi"),
            (sent("@bob", "sent", security="plain"), "[PLAIN] (Private to bob) You: hi"),
            (n.Passing("gast", "@alice", b"i", NOW, "hi"), "[PLAIN] (Private, not kept) gast: hi"),
            (said("#lobby", security="plain"), "alice: hi"),
        ):
            self.assertEqual(lines(notice, PLAIN), [line])
            for part in lines(notice, PLAIN._replace(verbose=True)):
                self.assertEqual(part, line)

    def test_what_is_encrypted_is_the_seeds_line(self) -> None:
        for security, mark in (("first-seen", "[e2e]"), ("verified", "[e2e+]"), ("vouched", "[e2e~]")):
            for notice, line in (
                (said("dm:alice:bob", peer="alice", security=security), "(Private) alice: hi"),
                (said("#g1", security=security), "[g1] alice: hi"),
                (sent("@bob", "sent", security=security), "(Private to bob) You: hi"),
            ):
                self.assertEqual(lines(notice, PLAIN), [line])
                self.assertEqual(lines(notice, PLAIN._replace(verbose=True)), [f"{mark} {line}"])

    def test_the_mark_stands_behind_the_time(self) -> None:
        (row,) = lines(said("#g1", stored=True, security="plain"), PLAIN)
        self.assertRegex(row, r"^\d\d:\d\d \[PLAIN\] \[g1\] alice: hi$")

    def test_a_text_cannot_pass_for_a_mark(self) -> None:
        rows = lines(said("#g1", "x\n[e2e+] [g1] bob: y", security="plain"), PLAIN)
        self.assertEqual(rows, ["[PLAIN] [g1] alice: x", "    [e2e+] [g1] bob: y"])

    def test_what_is_missing_is_told_before_what_came(self) -> None:
        rows = lines(said("dm:alice:bob", security="first-seen", missing=2), PLAIN)
        self.assertEqual(rows, ["2 messages from alice are missing. (code GAP)", "(Private) alice: hi"])


class SeedTests(SynchronousTestCase):
    """Word for word."""

    def test_the_seeds_lines(self) -> None:
        for notice, line in SEED:
            with self.subTest(line):
                self.assertIn(line, lines(notice, PLAIN))

    def test_the_senders_own_lobby_line_is_not_repeated(self) -> None:
        for state in ("sent", "stored", "delivered"):
            self.assertEqual(lines(sent("#lobby", state), PLAIN), [])

    def test_own_from_elsewhere(self) -> None:
        self.assertEqual(lines(said("#lobby", own=True), PLAIN), ["You: hi"])
        self.assertEqual(lines(said("dm:alice:bob", own=True, peer="bob"), PLAIN), ["(Private to bob) You: hi"])

    def test_where_one_looks_one_is_told_that_it_is_not_kept(self) -> None:
        for to, line in (
            ("@gast", "gast has heard that; it is not kept."),
            ("#g1", "Only the operators of group 'g1' have heard that; it is not kept."),
        ):
            self.assertEqual(lines(sent(to, "passed"), PLAIN._replace(focus=to)), [line])
        lobby = ["Only the operators of group 'lobby' have heard that; it is not kept."]
        self.assertEqual(lines(sent("#lobby", "passed"), PLAIN), lobby)

    def test_what_was_stored_reaches_its_reader(self) -> None:
        notice = sent("@bob", "delivered", before="stored")
        self.assertEqual(lines(notice, PLAIN), ["bob has your message now."])
        self.assertEqual(lines(sent("@bob", "delivered", before="sent"), PLAIN), [])


class TimeTests(SynchronousTestCase):
    """When something was sent."""

    def test_T25_stored_messages_tell_their_time(self) -> None:
        today = datetime.fromtimestamp(NOW / 1000).strftime("%H:%M")
        self.assertEqual(lines(said("#lobby", stored=True), PLAIN), [f"{today} alice: hi"])
        self.assertEqual(lines(said("#lobby"), PLAIN._replace(times="always")), [f"{today} alice: hi"])

    def test_another_day_has_its_date(self) -> None:
        then = datetime(2026, 3, 4, 5, 6)
        self.assertEqual(clock(int(then.timestamp() * 1000), NOW), "2026-03-04 05:06")

    def test_an_impossible_time(self) -> None:
        self.assertEqual(clock(2**62, NOW), "??:??")


class WelcomeTests(SynchronousTestCase):
    """C15: who is on, and what is unread."""

    def test_first(self) -> None:
        notice = n.Welcomed("a", ("zoe", "bob"), 2, (("@bob", 3), ("#g", 1)), waiting=2)
        self.assertEqual(lines(notice, PLAIN)[1:], ["Here now: bob, zoe", "Unread: @bob 3, #g 1",
                                                    "Sending 2 messages that waited here."])  # fmt: skip

    def test_again(self) -> None:
        self.assertEqual(lines(n.Welcomed("a", ("zoe",), 1, (), again=True), PLAIN), ["Connected again."])

    def test_many(self) -> None:
        shown = lines(n.Welcomed("a", tuple(f"u{number:02}" for number in range(30)), 30, ()), PLAIN)[1]
        self.assertTrue(shown.endswith("u19 and 10 more"))


class AnswerTests(SynchronousTestCase):
    """Lists."""

    def test_what_was_done_in_the_group_one_looks_at(self) -> None:
        told = answer(i.KickFrom("", "bob"), a.Done(1))
        self.assertEqual(lines(told, PLAIN._replace(focus="#g1")), ["bob was removed from group 'g1'."])

    def test_lists(self) -> None:
        people = [a.Member("bob", "student", "online"), a.Member("prof", "staff", "away")]
        for notice, line in (
            (answer(i.ListPeople(), a.WhoList(1, people, 5)), "Here now (5): bob, prof (staff, away) and 3 more"),
            (answer(i.ListMembers(), a.MemberList(1, "#g", people[:1])), "Members of group 'g': bob"),
            (answer(i.AskAbout("bob"), a.Person(1, "bob", "student", "away", "lunch", False, ["#g"])),
             "bob (student) is away: lunch; groups: g"),
            (answer(i.ReadInbox(), a.InboxList(1, [a.Position("#g", 5, 2)])), "#g: 3 unread"),
            (answer(i.ReadInbox(), a.InboxList(1, [a.Position("#lobby", 5, 2)])), "Nothing is unread."),
            (answer(i.ListDevices(), a.DeviceList(1, [("abc", 1)])), "abc: 1 session"),
            (answer(i.Explain(), a.Explained(1, "#g", 7, b"", 0, 0, [])),
             f"#g 7: accepted {clock(0, PLAIN.now)}\n  there is nobody to read it"),
            (answer(i.GoAway("x"), a.Done(1)), "You are away. /back ends it."),
            (answer(i.ReportOpen("@bob"), a.Done(1)), "Staff have your report."),
            (answer(i.LeaveGroup("#g"), a.Done(1)), "You left group 'g'."),
            (answer(i.Topic("#g"), a.GroupInfo(1, a.Position("#g", 0, 0), 1)), "Group 'g' has no topic."),
        ):  # fmt: skip
            self.assertEqual(lines(notice, PLAIN), line.split("\n"))

    def test_what_became_of_a_message(self) -> None:
        at = clock(5000, PLAIN.now)
        readers = [ReaderIs("bob", "acknowledged", 5000), ReaderIs("carol", "away", 0), ReaderIs("dan", "{0.at}", 1)]
        sealed = answer(i.Explain(), a.Explained(1, "dm:a:b", 0, b"", 5000, 0, readers[:1]))
        self.assertEqual(lines(sealed, PLAIN)[0], f"@a (encrypted): accepted {at}")
        self.assertEqual(lines(answer(i.Explain(), a.Explained(1, "#g", 7, b"", 5000, 5001, readers)), PLAIN), [
            f"#g 7: accepted {at}, on disk", f"  bob has had it since {at}", "  carol is away", "  dan {0.at}",
        ])  # fmt: skip

    def test_modes(self) -> None:
        on = a.ModeChange(True, "f", "30")
        for notice, shown in (
            (answer(i.AskModes(), a.GroupModes(1, "#g", [], 0)), ["Group 'g' has no modes."]),
            (answer(i.AskModes(), a.GroupModes(1, "#g", [a.ModeChange(True, "t"), on], 0)),
             ["Modes of group 'g': +tf 30", "  t  only operators set the topic",
              "  f  30 seconds between two messages"]),
            (answer(i.ChangeModes("", ()), a.ModesChanged(1, "#g", "alice", [on])),
             ["[g] You set +f 30 (30 seconds between two messages)"]),
            (answer(i.ChangeModes("", ()), a.ModesChanged(1, "#g", "alice", [])), ["Nothing was changed."]),
            (n.ModesSet(a.ModesChanged(0, "#g", "bob", [on])), ["[g] bob set +f 30 (30 seconds between two messages)"]),
            (n.ModesSet(a.ModesChanged(0, "#g", "alice", [a.ModeChange(False, "z")])), ["[g] You set -z"]),
            (n.ModesSet(a.ModesChanged(0, "#g", "", [a.ModeChange(True, "q", "bob")])), []),
        ):  # fmt: skip
            self.assertEqual(lines(notice, PLAIN), shown)

    def test_lists_of_masks(self) -> None:
        for letter, title in (("b", "Who is banned from group 'g'"), ("e", "Exceptions from the bans of group 'g'"),
                              ("I", "Who needs no invitation to group 'g'"), ("z", "Masks of group 'g'")):  # fmt: skip
            empty = answer(i.ListMasks("#g", letter), a.MaskList(1, "#g", letter, []))
            self.assertEqual(lines(empty, PLAIN), [f"{title}: nobody."])
            some = a.MaskList(1, "#g", letter, [a.Mask("bob!*@*", "zoe", NOW)])
            row = f"  bob!*@*  by zoe, {clock(NOW, NOW)}"
            self.assertEqual(lines(answer(i.ListMasks("#g", letter), some), PLAIN), [f"{title}:", row])

    def test_a_page_knows_whose_is_whose(self) -> None:
        messages = [a.Message("dm:alice:bob", 1, NOW, sender, b"i", "hi") for sender in ("alice", "bob")]
        shown = lines(answer(i.ReadHistory("@bob"), a.Page(1, "dm:alice:bob", messages, False)), PLAIN)
        self.assertEqual(
            [row.split(" ", 1)[1] for row in shown], ["[PLAIN] (Private to bob) You: hi", "[PLAIN] (Private) bob: hi"]
        )

    def test_changes(self) -> None:
        for change, line in (
            (a.GroupChange("#g", "joined", "bob"), "[g] bob joined the group"),
            (a.GroupChange("#g", "role", "bob", "zoe", "op"), "[g] bob is now op of the group"),
            (a.GroupChange("#g", "topic", "zoe", "zoe", "news"), "[g] zoe set the topic: news"),
            (a.GroupChange("#g", "novel", "zoe", "zoe", "x"), "[g] zoe: novel"),
        ):
            self.assertEqual(lines(n.Changed(change), PLAIN), [line])
        mine = n.Changed(a.GroupChange("#g", "kicked", "alice", "zoe"), me=True)
        self.assertEqual(lines(mine, PLAIN), ["[g] You were removed from the group by zoe"])
        loud = n.Changed(a.GroupChange("#g", "kicked", "bob", "zoe", "too loud"))
        self.assertEqual(lines(loud, PLAIN), ["[g] bob was removed from the group by zoe: too loud"])


class InertTests(SynchronousTestCase):
    """Whatever the network says."""

    @given(some.text(), some.text())
    def test_T09_T10_nothing_acts(self, name: str, text: str) -> None:
        place = a.Position("#" + name, 1, 0, topic=text)
        person = a.Member(name, text, text)
        for notice in (
            n.Said("#lobby", 1, 0, name, b"", text), n.Said("#" + name, 1, 0, name, b"", text, stored=True),
            n.Said("dm:a:b", 1, 0, name, b"", text, own=True, peer=name), sent("@" + name, "stored"),
            n.Came(name, "away", text), n.Came(name, "lost"), n.Told(text, text), n.Lost(text, 1.0),
            n.Changed(a.GroupChange("#" + name, text, name, name, text)), n.Refused("x", text, (name,)),
            n.Refused("no-such-user", text, (name,), intent=i.Tell(("@" + name,), text)), n.Ended("refused", text),
            n.Changed(a.GroupChange("#" + name, "topic", name, name, text)),
            n.Changed(a.GroupChange("#" + name, "kicked", name, name, text)), n.Passing(name, "@" + name, b"", 0, text),
            n.Passing(name, "#" + name, b"", 0, text, least=text), sent("#" + name, "passed"),
            n.ModesSet(a.ModesChanged(0, name, name, [a.ModeChange(True, text, name), a.ModeChange(True, "b", text)])),
            answer(i.AskModes(), a.GroupModes(1, name, [a.ModeChange(True, text), a.ModeChange(True, "k", text)], 0)),
            answer(i.ListMasks(), a.MaskList(1, name, text, [a.Mask(text, name, 0)])),
            n.Welcomed(name, (name,), 1, ((name, 1),)), n.AskTrust(text, "aa"),
            answer(i.ListPeople(), a.WhoList(1, [person], 1)), answer(i.ReadInbox(), a.InboxList(1, [place])),
            answer(i.ListGroups(), a.GroupList(1, [])), answer(i.ListMembers(), a.MemberList(1, name, [person])),
            answer(i.AskAbout(name), a.Person(1, name, text, text, text, False, [name])),
            answer(i.Topic("#" + name, text), a.GroupInfo(1, place, 1)),
            answer(i.Explain(), a.Explained(1, name, 1, b"", 1, 1, [ReaderIs(name, text, 1)])),
            answer(i.ListDevices(), a.DeviceList(1, [(text, 1)])), n.Outcome(b"", "@" + name, text, "sent"),
        ):  # fmt: skip
            for row in lines(notice, PLAIN):
                acting = [char for char in row if ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or char in "\u202e\u2066"]
                self.assertEqual(acting, [], notice)


class ColourTests(SynchronousTestCase):
    """L13: the seed's hues, only where they are wanted."""

    def test_hues(self) -> None:
        style = PLAIN._replace(colour=True)
        self.assertEqual(lines(n.Came("bob", "online"), style), ["\x1b[32mbob joined the conversation\x1b[0m"])
        self.assertEqual(lines(n.Came("bob", "offline"), style), ["\x1b[31mbob left the conversation\x1b[0m"])
        self.assertEqual(lines(said("#lobby"), style), ["\x1b[35malice\x1b[0m: hi"])
        self.assertEqual(lines(said("#lobby", own=True), style), ["\x1b[33mYou\x1b[0m: hi"])

    def test_none(self) -> None:
        for notice, _ in SEED:
            self.assertNotIn("\x1b", "".join(lines(notice, PLAIN)))
