"""Whatever a server says instead of an answer, to whatever a client asks: nothing breaks, and without a new connection
all goes on as soon as it answers.

Rule: every question that the client has is lied to with every event there is, some at random and, of what is asked at
each login, all.
"""

from __future__ import annotations

import typing
from typing import Any, get_args

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption as e
from chatd import messages as m
from chatd import people as p
from chatd.wire.pack import Command, Event
from clients.core import notices as n
from clients.core.replies import LATE, PATIENCE
from clients.core.show import lines
from clients.core.style import Style
from tests.clients.core.secure.liar import Town, answered

EVENTS = sorted(get_args(Event), key=lambda kind: str(kind.__name__))
AT_LOGIN = (e.AskLists, e.AskKeys, e.PutKeys, e.AskOffers, e.AskGroup, e.AskOwnGroups)
ASKED = (
    *AT_LOGIN, e.ClaimKeys, e.PutMail, e.AppendGroup, m.Send, m.Join, m.Leave, m.Members, m.Groups, m.Who, m.Whois,
    m.Inbox, m.History, m.Away, m.Devices, m.Ping, m.SetTopic,
)  # fmt: skip
LINES = (
    "/members lab", "/groups", "/who", "/whois bob", "/inbox", "/away lunch", "/devices", "/e2ee", "/topic lab mice",
    "/join open", "/topic open", "/part open", "/group lobby hello", "/members lobby", "/verify bob", "/history",
)  # fmt: skip
PLAIN = Style()
STEP = 5.0


def example(kind: type[Any], ref: int = 0) -> Any:
    """A value of a kind of event, with this ref where it has one."""
    hints = typing.get_type_hints(kind)
    return kind(**{name: ref if name == "ref" else _some(hints[name]) for name in kind.__struct_fields__})


def _some(hint: Any) -> Any:
    origin = typing.get_origin(hint)
    if origin in (list, dict):
        return origin()
    if origin is tuple:
        return tuple(_some(one) for one in get_args(hint))
    if origin is not None:
        return None if type(None) in get_args(hint) else _some(get_args(hint)[0])
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return example(hint)
    return {int: 5, str: "x", bytes: bytes(16), bool: False, float: float("nan")}.get(hint)


class NonsenseTests(SynchronousTestCase):
    """Alice and bob, who have talked, and their encrypted group; the server lies to alice."""

    def setUp(self) -> None:
        self.town = Town("alice", "bob")
        self.alice, self.bob = self.town.people
        self.wire = self.alice.wire
        self.alice.enter("@bob hello", "/join lab private", "/invite lab bob")
        self.town.live(3)
        self.number = 0

    def wait(self, seconds: float) -> None:
        """Time passes, in longer steps than `Town.live` has, but none in which a line would be given up."""
        for _ in range(max(1, round(seconds / STEP))):
            self.town.house.advance(min(STEP, seconds))
            self.town.settle()

    def holds(self, why: str) -> None:
        """The server answers again: what was said goes, and comes, once."""
        self.wire.honest()
        self.wait(PATIENCE + LATE)
        self.number += 1
        mine, theirs = f"from alice {self.number}", f"from bob {self.number}"
        self.alice.enter(f"@bob {mine}", f"/group lab {mine}")
        self.bob.enter(f"@alice {theirs}", f"/group lab {theirs}")
        self.wait(5.0)
        heard = [said.text for said in self.bob.face.take(n.Said)]
        self.assertEqual(heard.count(mine), 2, (why, heard, self.alice.codes(), self.alice.face.take(n.Refused)))
        self.assertEqual([said.text for said in self.alice.face.take(n.Said)].count(theirs), 2, why)
        self.assertTrue(self.alice.session.idle(), why)
        for notice in self.alice.face.notices:
            lines(notice, PLAIN)
        for person in self.town.people:
            person.face.notices.clear()

    def lie(self, asked: type[Command], said: type[Event]) -> None:
        """This instead of an answer."""
        self.wire.answers[asked] = lambda command: [example(said, getattr(command, "ref", 0))]

    def test_there_is_an_example_of_everything(self) -> None:
        for kind in EVENTS:
            self.assertIsInstance(example(kind, 7), kind)
            self.assertEqual(getattr(example(kind, 7), "ref", 7), 7)

    @settings(max_examples=25, deadline=None)
    @given(st.sampled_from(ASKED), st.sampled_from(EVENTS), st.sampled_from(LINES))
    def test_instead_of_any_answer(self, asked: type[Command], said: type[Event], line: str) -> None:
        why = f"{asked.__name__} {said.__name__} {line}"
        self.lie(asked, said)
        self.alice.enter(line, "@bob meanwhile", "/group lab meanwhile")
        self.wait(20.0)
        self.holds(why)

    @settings(max_examples=25, deadline=None)
    @given(st.sampled_from(AT_LOGIN), st.sampled_from(EVENTS))
    def test_at_the_login(self, asked: type[Command], said: type[Event]) -> None:
        self.lie(asked, said)
        self.wire.cut()
        self.wait(30.0)
        self.alice.enter("@bob meanwhile")
        self.holds(f"{asked.__name__} {said.__name__}")

    def test_who_waits_is_told_when_it_takes_long(self) -> None:
        self.lie(e.AskKeys, m.Pong)
        self.wire.cut()
        self.wait(5.0)
        self.alice.face.notices.clear()
        self.alice.enter("@bob are you there?")
        self.assertEqual(self.alice.codes(), [])
        self.wait(30.0)
        self.assertEqual(self.alice.codes(), ["NOT_READY"])
        before = len(self.wire.sent)
        self.wait(600.0)
        self.assertLess(len(self.wire.sent) - before, 60)
        self.holds("AskKeys Pong")

    def test_a_refusal_that_is_never_final(self) -> None:
        """Also where one is asked to wait for ever."""
        for retry in (float("nan"), float("inf"), -1.0, 1e300):
            self.wire.answers[e.AskLists] = answered(m.Failed, "rate-limited", "Later.", retry=retry)
            self.wire.cut()
            self.wait(20.0)
            self.wire.honest()
            self.wait(1_000.0)
            self.holds(f"retry {retry}")

    def test_passed_means_that_it_was_taken(self) -> None:
        """What only looks like an answer to something said is one: there is nothing to be told apart by."""
        self.wait(10.0)
        self.alice.states()
        self.lie(m.Send, p.Passed)
        self.alice.enter("/group lobby hello")
        self.assertEqual(self.alice.states(), ["passed"])
        self.holds("Send Passed")

    def test_nonsense_is_told_as_that(self) -> None:
        self.lie(m.Members, m.Pong)
        self.alice.face.notices.clear()
        self.alice.enter("/members lobby")
        self.assertEqual((self.alice.refusals(), self.alice.face.take(n.Answered)), (["unexpected"], []))
        self.assertTrue(self.alice.session.idle())

    def test_silence_is_told_as_that(self) -> None:
        self.wire.answers[m.Members] = lambda command: []
        self.alice.face.notices.clear()
        self.alice.enter("/members lobby")
        self.wait(PATIENCE + STEP)
        self.assertEqual(self.alice.refusals(), ["no-answer"])
        self.assertTrue(self.alice.session.idle())

    def test_what_was_said_openly_goes_again_until_it_is_taken(self) -> None:
        self.alice.enter("/focus lobby")
        for said, seconds in ((m.Pong, 2 * STEP), (e.GroupGrew, LATE + STEP)):
            self.bob.face.notices.clear()
            self.lie(m.Send, said)
            self.alice.enter("hello")
            self.wire.honest()
            self.wait(seconds)
            self.assertEqual([text for text, _ in self.bob.texts()], ["hello"])
