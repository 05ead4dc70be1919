"""A turn keeps entries and lets items go, both in the order in which they were decided."""

from __future__ import annotations

from typing import cast

from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd.core.groups import Audience, Conversation
from chatd.core.turn import Cast, Post, Refused, Reply, Then, Turn
from chatd.core.users import Link, Session
from chatd.entries import Append, ConversationMade, MemberSet


class TurnTests(SynchronousTestCase):
    """Turn."""

    def test_items_are_in_order_and_a_post_is_an_entry_too(self) -> None:
        turn, session = Turn(17), Session(cast(Link, None), ("127.0.0.1", 1))
        group = Conversation(ConversationMade(1, "#a", "#a", None, 0), "#a")
        append = Append(1, 17, "alice", b"i", b"hi")
        made = MemberSet(1, 1, "owner", 0)
        turn.keep(made)
        turn.reply(session, m.Done(1))
        turn.post(group, [append], session, [m.Send(2, "#a", b"i", "hi")])
        turn.cast(group.audience, m.GroupChange("#a", "left", "bob"), session)
        turn.then(print, "x")
        self.assertEqual(turn.entries, [made, append])
        self.assertEqual([type(item) for item in turn.items], [Reply, Post, Cast, Then])
        self.assertEqual(turn.now, 17)

    def test_a_cast_names_an_audience_not_people(self) -> None:
        turn, audience = Turn(0), Audience()
        turn.cast(audience, m.Presence("alice", "online"))
        (item,) = turn.items
        assert isinstance(item, Cast)
        self.assertIs(item.audience, audience)
        self.assertIsNone(item.but)

    def test_a_refusal_has_a_code_and_words(self) -> None:
        refused = Refused("guest", "Guests cannot.", near=["a"], retry=2.5)
        self.assertEqual(
            (refused.code, str(refused), refused.near, refused.retry), ("guest", "Guests cannot.", ["a"], 2.5)
        )
        self.assertEqual((Refused("guest", "").near, Refused("guest", "").retry), ([], 0.0))
