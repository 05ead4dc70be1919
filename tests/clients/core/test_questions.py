"""Tests of clients.core.questions: one question at a time, and what its answer does."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from clients.core import intents as i
from clients.core import notices as n
from clients.core.questions import Questions


class RecordingApp:
    """Notes what it is asked to do."""

    def __init__(self) -> None:
        self.done: list[Any] = []

    def name(self, name: str) -> None:
        """A name was given."""
        self.done.append(name)

    def trust(self, yes: bool) -> None:
        """The certificate was judged."""
        self.done.append(yes)

    def act(self, *intents: i.Intent) -> None:
        """Something is wanted."""
        self.done += intents


class QuestionsTests(SynchronousTestCase):
    """Notices in, answers out."""

    def setUp(self) -> None:
        self.said: list[tuple[str, bool]] = []
        self.app: Any = RecordingApp()
        self.questions = Questions(lambda text, problem: self.said.append((text, problem)))

    def answers(self, *texts: str) -> list[str]:
        """Answer one after the other; the prompts that were open."""
        prompts = []
        for text in texts:
            assert self.questions.open is not None
            prompts.append(self.questions.open.prompt)
            self.questions.answer(self.app, text)
        return prompts

    def test_a_name(self) -> None:
        self.assertTrue(self.questions.raised(n.AskName()))
        self.answers(" ", "alice ")
        self.assertEqual(self.app.done, ["alice"])
        self.assertIsNone(self.questions.open)
        self.questions.raised(n.AskName("name-taken", "x"))
        self.questions.raised(n.AskName("bad-name", "A name has letters."))
        self.assertEqual(self.said, [
            ("CREATING NEW ID:", False), ("A username is needed.", True), ("Username already taken!", True),
            ("A name has letters.", True),
        ])  # fmt: skip

    def test_a_certificate_takes_yes_or_no(self) -> None:
        self.assertFalse(self.questions.raised(n.AskTrust("host:1", "ab")))
        self.answers("maybe", "YES")
        self.questions.raised(n.AskTrust("host:1", "ab"))
        self.answers("n")
        self.assertEqual(self.app.done, [True, False])

    def test_a_password_twice_and_the_one_before(self) -> None:
        self.questions.raised(n.AskPassword())
        self.assertEqual(self.answers("one", "other"), ["New password: ", "Again: "])
        self.assertEqual(self.app.done, [])
        self.questions.raised(n.AskPassword())
        self.answers("one", "one")
        self.assertEqual(self.app.done, [i.ChangePassword("one")])
        refused = n.Refused("login-refused", "x", intent=i.ChangePassword("one"))
        self.assertTrue(self.questions.raised(refused))
        assert self.questions.open is not None
        self.assertTrue(self.questions.open.hidden)
        self.answers("before")
        self.assertEqual(self.app.done[1:], [i.ChangePassword("one", "before")])
        self.assertFalse(self.questions.raised(n.Refused("login-refused", "x", intent=i.ChangePassword("one", "b"))))

    def test_a_password_may_be_left_alone(self) -> None:
        self.questions.raised(n.AskPassword())
        self.questions.drop()
        self.assertIsNone(self.questions.open)
        self.questions.raised(n.AskName())
        self.questions.drop()
        self.assertIsNotNone(self.questions.open)

    def test_other_notices_are_no_questions(self) -> None:
        self.assertFalse(self.questions.raised(n.Local(("x",))))
        self.assertFalse(self.questions.raised(n.Refused("x", "y")))
