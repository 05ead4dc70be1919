"""What leaves: one write a link, each event encoded once per protocol, in order, and nobody hears their own message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd.core.groups import Conversation, Member
from chatd.core.turn import Event, Turn
from chatd.core.users import Session, User
from chatd.entries import Append, ConversationMade, Stored, UserMade
from chatd.release import Release


class Words:
    """A codec that writes words and counts them."""

    silent = False  # it has no words for anything

    def __init__(self) -> None:
        self.count = 0

    def encode(self, event: Event) -> bytes:
        """An event as words."""
        self.count += 1
        if self.silent:
            return b""
        if isinstance(event, m.Message):
            return f"<{event.sender}:{event.text}@{event.conversation}{event.seq}>".encode()
        if isinstance(event, m.Accepted):
            return f"<ok {event.ref} {event.conversation}{event.seq} {event.state}>".encode()
        return f"<{type(event).__name__} {getattr(event, 'ref', getattr(event, 'name', ''))}>".encode()

    def encode_all(self, events: Sequence[Event]) -> bytes:
        """Several, each as words."""
        return b"".join(map(self.encode, events))


class RecordingLink:
    """A link that keeps each write."""

    paused = False

    def __init__(self, codec: Words) -> None:
        self.codec = codec
        self.writes: list[bytes] = []

    def encode(self, event: Event) -> bytes:
        """As the others get it."""
        return self.codec.encode(event)

    def encode_all(self, events: Sequence[Event]) -> bytes:
        """Several of them."""
        return b"".join([self.encode(event) for event in events])

    def write(self, data: bytes) -> None:
        """Keep it."""
        self.writes.append(data)

    def write_parts(self, parts: Sequence[bytes]) -> None:
        """Keep what they are together."""
        self.write(b"".join(parts))

    @staticmethod
    def write_all(links: Sequence[RecordingLink], data: bytes) -> None:
        """Keep it in each."""
        for link in links:
            link.write(data)


def session(codec: Words, number: int, name: str) -> Session:
    """Somebody's session."""
    link: Any = RecordingLink(codec)
    made = Session(link, ("127.0.0.1", number))
    made.user = User(UserMade(number, name, name, name, "student", 0))
    made.user.sessions[made] = None
    return made


class ReleaseTests(SynchronousTestCase):
    """Release."""

    def setUp(self) -> None:
        self.codec, self.other = Words(), Words()
        self.alice, self.bob = session(self.codec, 1, "alice"), session(self.codec, 2, "bob")
        self.carol = session(self.other, 3, "carol")
        self.people = [self.alice, self.bob, self.carol]
        self.groups = [self.group(1, "#a"), self.group(2, "#b")]
        self.seqs = {1: 0, 2: 0}

    def group(self, number: int, name: str) -> Conversation:
        """A group with everybody in it."""
        group = Conversation(ConversationMade(number, name, name, None, 0), name)
        for person in self.people:
            assert person.user is not None
            group.members[person.user.id] = Member(person.user, "member", 0)
            group.audience.add(person)
        return group

    def post(self, turn: Turn, sender: Session, group: Conversation, text: str, ref: int = 7) -> Stored:
        """A message in a turn, and what the store will say of it."""
        assert sender.user is not None
        append = Append(group.id, 0, sender.user.name, b"", text.encode())
        turn.post(group, [append], sender, [m.Send(ref, group.name, b"", text)])
        self.seqs[group.id] += 1
        return Stored(self.seqs[group.id], 0)

    def let_go(self, turns: list[Turn], stored: list[Stored]) -> list[list[bytes]]:
        """Release turns; the writes of each person."""
        release = Release()
        release.turns(turns, iter(stored))
        release.write()
        links: list[Any] = [person.link for person in self.people]
        writes = [link.writes for link in links]
        for link in links:
            link.writes = []
        return writes

    def test_one_write_for_everything_of_one_release(self) -> None:
        turn = Turn(0)
        stored = [self.post(turn, self.alice, self.groups[0], text) for text in ("x", "y")]
        turn.reply(self.bob, m.Done(3))
        stored.append(self.post(turn, self.alice, self.groups[1], "z"))
        alice, bob, carol = self.let_go([turn], stored)
        self.assertEqual(alice, [b"<ok 7 #a1 sent><ok 7 #a2 sent><ok 7 #b1 sent>"])
        self.assertEqual(bob, [b"<alice:x@#a1><alice:y@#a2><Done 3><alice:z@#b1>"])
        self.assertEqual(carol, [b"<alice:x@#a1><alice:y@#a2><alice:z@#b1>"])

    def test_a_message_is_encoded_once_per_protocol(self) -> None:
        for number in range(4, 40):
            self.groups[0].audience.add(session(self.codec, number, f"p{number}"))
        turn = Turn(0)
        stored = [self.post(turn, self.alice, self.groups[0], "x")]
        self.let_go([turn], stored)
        self.assertEqual((self.codec.count, self.other.count), (2, 1))  # the message, and `accepted`

    def test_a_cast_is_encoded_once_and_leaves_one_out(self) -> None:
        turn = Turn(0)
        turn.cast(self.groups[0].audience, m.Presence("alice", "online"), self.alice)
        self.assertEqual(self.let_go([turn], []), [[], [b"<Presence alice>"], [b"<Presence alice>"]])
        self.assertEqual((self.codec.count, self.other.count), (1, 1))

    def test_a_cast_to_some_sessions(self) -> None:
        release = Release()
        release.cast([self.bob, self.carol, self.alice], m.Presence("alice", "online"), self.alice)
        release.cast([], m.Presence("nobody", "online"))
        release.write()
        links: list[Any] = [person.link for person in self.people]
        self.assertEqual([link.writes for link in links], [[], [b"<Presence alice>"], [b"<Presence alice>"]])
        self.assertEqual((self.codec.count, self.other.count), (1, 1))

    def test_what_a_protocol_has_no_words_for_is_not_written(self) -> None:
        self.codec.silent = True
        turn = Turn(0)
        stored = [self.post(turn, self.carol, self.groups[0], "x"), self.post(turn, self.alice, self.groups[0], "y")]
        turn.cast(self.groups[0].audience, m.Presence("alice", "online"))
        turn.reply(self.bob, m.Done(3))
        alice, bob, carol = self.let_go([turn], stored)
        self.assertEqual((alice, bob), ([], []))
        self.assertEqual(carol, [b"<ok 7 #a1 sent><alice:y@#a2><Presence alice>"])

    def test_what_is_for_one_session_is_as_it_wants_it(self) -> None:
        link: Any = self.alice.link
        link.encode = lambda event: b"(mine)"
        turn = Turn(0)
        stored = [self.post(turn, self.alice, self.groups[0], "x")]
        turn.reply(self.alice, m.Done(3))
        alice, bob, _ = self.let_go([turn], stored)
        self.assertEqual((alice, bob), ([b"(mine)(mine)"], [b"<alice:x@#a1>"]))

    def test_what_comes_between_messages_stays_between_them(self) -> None:
        turn = Turn(0)
        stored = [self.post(turn, self.alice, self.groups[0], "before")]
        turn.cast(self.groups[0].audience, m.GroupChange("#a", "topic", "alice"))
        stored.append(self.post(turn, self.alice, self.groups[0], "after"))
        _, bob, _ = self.let_go([turn], stored)
        self.assertEqual(bob, [b"<alice:before@#a1><GroupChange alice><alice:after@#a2>"])

    def test_whoever_comes_in_between_hears_the_rest_only(self) -> None:
        dave = session(self.codec, 4, "dave")
        self.people.append(dave)
        turn = Turn(0)
        stored = [self.post(turn, self.alice, self.groups[0], "before")]
        turn.then(self.groups[0].audience.add, dave)
        stored.append(self.post(turn, self.alice, self.groups[0], "after"))
        turn.then(self.groups[0].audience.discard, self.bob)
        stored.append(self.post(turn, self.alice, self.groups[0], "later"))
        _, bob, _, heard = self.let_go([turn], stored)
        self.assertEqual(bob, [b"<alice:before@#a1><alice:after@#a2>"])
        self.assertEqual(heard, [b"<alice:after@#a2><alice:later@#a3>"])

    def test_a_repeat_is_answered_and_told_nobody(self) -> None:
        turn = Turn(0)
        self.post(turn, self.alice, self.groups[0], "x")
        alice, bob, carol = self.let_go([turn], [Stored(5, 0, True)])
        self.assertEqual((alice, bob, carol), ([b"<ok 7 #a5 stored>"], [], []))

    @given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1), st.sampled_from("pprc")), max_size=30))
    def test_order_of_a_conversation_is_the_logs_and_nobody_hears_themselves(
        self, steps: list[tuple[int, int, str]]
    ) -> None:
        self.setUp()
        turns, stored, said = [], [], []
        for number, (who, which, what) in enumerate(steps):
            turn = Turn(number)
            if what == "p":
                stored.append(self.post(turn, self.people[who], self.groups[which], f"t{number}", number))
                said.append((who, f"t{number}@{self.groups[which].name}"))
            elif what == "r":
                turn.reply(self.people[who], m.Done(number))
            else:
                turn.cast(self.groups[which].audience, m.Presence("x", "online"))
            turns.append(turn)
        for who, writes in enumerate(self.let_go(turns, stored)):
            self.assertLessEqual(len(writes), 1)
            heard = b"".join(writes).decode()
            for group in ("#a", "#b"):
                expected = [text for sender, text in said if sender != who and text.endswith(group)]
                places = [heard.find(":" + text) for text in expected]
                self.assertEqual(places, sorted(places))
                self.assertNotIn(-1, places)
            for sender, text in said:
                self.assertEqual(heard.count(":" + text), int(sender != who))
