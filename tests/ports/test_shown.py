"""What a person is shown: each event in words, and no byte of it acts on a terminal."""

from __future__ import annotations

import unicodedata
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd import moderation as o
from chatd import people as p
from chatd.ports import shown
from chatd.ports.shown import PersonCodec

NASTY = some.text(some.one_of(some.characters(codec="utf-8"), some.sampled_from("\x1b\r\n\0\x07\x7f\x9b\u202e\u2066")))
ID = b"i" * 16


class People:
    """Who is who: nobody, or people who have been here since `since`."""

    since = 1_000_000

    def user(self, name: str) -> Any:
        """Somebody."""
        return SimpleNamespace(since=self.since)

    def now(self) -> int:
        """The time in ms."""
        return 1_000_000


class ShownTests(SynchronousTestCase):
    """Events."""

    def setUp(self) -> None:
        self.people = People()
        self.codec = PersonCodec(self.people)

    def shows(self, event: Any) -> list[str]:
        """The lines of an event."""
        return self.codec.encode(event).decode().splitlines()

    def test_what_is_said(self) -> None:
        cases = {
            m.Message("#lobby", 1, 0, "bob", ID, "hi"): ["bob: hi"],
            m.Message("#g", 1, 0, "bob", ID, "one\ntwo", "notice"): ["[g] bob: one", "    two"],
            m.Message("dm:a:b", 1, 0, "bob", ID, "hi"): ["(Private) bob: hi"],
            m.Message("#g", 1, 0, "bob", ID, "", "redacted"): [],
            m.Message("#lobby", 1, 0, "bob", ID, "\x01ACTION waves\x01"): ["* bob waves"],
            p.Passing("bob", "tesla", ID, 0, "hi"): ["(Private) bob: hi"],
            p.Passing("bob", "#g", ID, 0, "hi", least="o"): ["[g] bob: hi"],
            p.Passing("bob", "#g", ID, 0, "", "tags"): [],
            o.Walloped("root", "restart at ten"): ["root: restart at ten"],
            m.Notice("x", "y"): ["Server: y"],
        }
        for event, lines in cases.items():
            self.assertEqual(self.shows(event), lines, event)

    def test_coming_and_going(self) -> None:
        self.assertEqual(self.shows(m.Presence("bob", "online")), ["bob joined the conversation"])
        self.assertEqual(self.shows(m.Presence("bob", "offline")), ["bob left the conversation"])
        self.assertEqual(self.shows(m.Presence("bob", "lost")), ["bob left the conversation unexpectedly"])
        self.assertEqual(self.shows(m.Presence("bob", "away")), ["bob is away"])
        self.assertEqual(self.shows(m.Presence("bob", "away", "lunch")), ["bob is away: lunch"])
        self.people.since = 0
        self.assertEqual(self.shows(m.Presence("bob", "online")), ["bob is back"])

    def test_another_name_is_told_once(self) -> None:
        self.assertEqual(self.shows(m.Presence("bob", "offline", "rob")), ["bob is now called rob"])
        self.assertEqual(self.shows(m.Presence("rob", "online")), [])
        self.assertEqual(self.shows(m.Presence("bob", "online")), ["bob joined the conversation"])

    def test_groups(self) -> None:
        for change in shown.CHANGES:
            (line,) = self.shows(m.GroupChange("#g", change, "bob", "al", "text"))
            self.assertTrue(line.startswith("[g] "), line)
        self.assertEqual(self.shows(m.GroupChange("#g", "unheard-of", "bob")), [])
        self.assertEqual(self.shows(m.GroupChange("#lobby", "joined", "bob")), [])
        self.assertEqual(self.shows(o.Renamed("#g", "#h", "bob")), ["[g] bob renamed the group to h"])

    def test_the_last_word(self) -> None:
        self.assertEqual(self.shows(m.Bye("goodbye", "Come back soon.")), ["DISCONNECTED!!"])
        self.assertEqual(self.shows(m.Bye("x", "")), ["DISCONNECTED!!"])
        self.assertEqual(self.shows(m.Bye("stopping", "The server stops.")), ["The server stops.", "DISCONNECTED!!"])

    def test_what_has_no_words_is_not_shown(self) -> None:
        self.assertEqual(self.codec.encode(m.Delivered("#g", 1, "bob")), b"")

    @given(NASTY, NASTY)
    def test_whatever_comes_is_harmless(self, name: str, text: str) -> None:
        member = m.Member(name, text, text)
        position = m.Position("#" + name, 0, 0, topic=text)
        summary = m.GroupSummary("#" + name, 1, True, True, True, text)
        answers = [
            *shown.groups(m.GroupList(0, [summary])), *shown.members(m.MemberList(0, name, [member])),
            *shown.person(m.Person(0, name, text, text, text, False, [name])), shown.here(m.WhoList(0, [member], 9)),
            *shown.joined(m.GroupInfo(0, position, 1)), *shown.topic(m.GroupInfo(0, position, 1), True),
            *shown.refused(m.Failed(0, "no-such-user", text, [name]), "@" + name),
            *shown.refused(m.Failed(0, "no-such-group", text, [name]), "#" + name),
            *shown.refused(m.Failed(0, "other", text, [name])),
        ]  # fmt: skip
        events = [
            m.Message("#" + name, 1, 0, name, ID, text), m.Presence(name, "away", text), m.Notice(name, text),
            m.Presence(name, "offline", text), m.GroupChange("#" + name, "topic", name, name, text),
            p.Passing(name, name, ID, 0, text), o.Renamed("#" + name, text, name), m.Bye("x", text),
        ]  # fmt: skip
        data = shown.written(answers) + b"".join(map(self.codec.encode, events))
        shows = data.decode().replace("\n", "")
        self.assertEqual([c for c in shows if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs")], [])
        self.assertNotRegex(shows, "[\u202a-\u202e\u2066-\u2069\u200e\u200f]")
