"""Talks: how much of them is remembered."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd.core.talks import AROUND, MESSAGES, Talks, is_kept
from chatd.core.users import User
from chatd.entries import UserMade
from chatd.people import Passing


def user(number: int) -> User:
    """Somebody; a guest if the number is negative."""
    name = f"u{abs(number)}"
    return User(UserMade(number, name, name, name, "student", 0), guest=number < 0)


def said(number: int, text: str = "x", at: int = 0) -> Passing:
    """Something that was said."""
    return Passing("u1", "u2", number.to_bytes(16, "big"), at, text)


class Remembering(SynchronousTestCase):
    """Talks."""

    def setUp(self) -> None:
        self.talks = Talks()
        self.alice, self.gast, self.lina = user(1), user(-2), user(-3)

    def test_both_find_it(self) -> None:
        self.talks.keep(self.alice, self.gast, said(1), 10_000)
        talk = self.talks.get(self.gast, self.alice)
        assert talk is not None
        self.assertIs(self.talks.get(self.alice, self.gast), talk)
        self.assertEqual((talk.name, talk.head, talk.floor, [row.seq for row in talk.rows]), ("dm:u1:u2", 1, 0, [1]))
        self.assertIsNone(self.talks.get(self.alice, self.lina))

    def test_the_oldest_of_many_goes(self) -> None:
        for number in range(MESSAGES + 5):
            self.talks.keep(self.alice, self.gast, said(number, at=number), 10**9)
        talk = self.talks.get(self.alice, self.gast)
        assert talk is not None
        self.assertEqual((talk.floor, talk.head, len(talk.rows)), (5, MESSAGES + 5, MESSAGES))
        self.assertEqual(talk.size, self.talks.size)
        self.assertEqual(talk.size, MESSAGES * (AROUND + 1))
        self.assertEqual([row.seq for row in talk.read(0, 0, 8, 2)], [6, 7])
        self.assertEqual([row.seq for row in talk.read_before(0, 8, 9)], [6, 7])
        self.assertEqual([talk.seq_at(0, at) for at in (0, 5, 7, 10**6)], [5, 5, 7, MESSAGES + 5])
        self.assertEqual((talk.find(0, said(7).id), talk.find(0, said(2).id)), ([8], []))
        self.assertEqual(talk.happenings(0, 0, 10, 10, True), [])

    def test_the_quietest_talk_goes_when_there_is_no_room(self) -> None:
        most = 2 * (AROUND + 100)
        for other in (self.gast, self.lina):
            self.talks.keep(self.alice, other, said(1, "x" * 100), most)
        self.talks.keep(self.alice, self.gast, said(2, "x" * 100), most)
        self.assertIsNone(self.talks.get(self.alice, self.lina))
        self.assertIsNotNone(self.talks.get(self.alice, self.gast))
        self.talks.keep(self.alice, self.lina, said(3, "x" * 10_000), most)
        self.assertEqual(self.talks.size, 0)

    def test_times_do_not_go_back(self) -> None:
        for at in (5, 3):
            self.talks.keep(self.alice, self.alice, said(at, at=at), 10_000)
        talk = self.talks.get(self.alice, self.alice)
        assert talk is not None
        self.assertEqual([row.at for row in talk.rows], [5, 5])

    def test_whose_words_go_to_a_mailbox(self) -> None:
        bob = user(4)
        self.assertEqual(
            [is_kept(self.alice, other) for other in (bob, self.alice, self.gast)] + [is_kept(self.gast, bob)],
            [True, False, False, False],
        )
