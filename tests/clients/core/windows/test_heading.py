"""Tests of clients.core.windows.heading: who can read a conversation is told in words."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core.view import Talk
from clients.core.windows.heading import heading, prompt


class HeadingTests(SynchronousTestCase):
    """Conversations of every kind."""

    def test_who_can_read_it(self) -> None:
        for talk, mark, words, alarm in (
            (Talk("dm:a:b", "@b", security="verified"), "[e2e+]", "verified, you compared", False),
            (Talk("dm:a:b", "@b", security="first-seen"), "[e2e]", "first seen, not compared yet", False),
            (
                Talk("dm:a:b", "@b", security="changed"),
                "[KEY!]",
                "KEY CHANGED, nothing is sent until you compare",
                True,
            ),
            (Talk("dm:a:b", "@b", security="plain"), "[PLAIN]", "not encrypted: the server can read this", True),
            (Talk("#g", "#g", encrypted=True), "[e2e]", "", False),
            (Talk("#lobby", "#lobby", security="plain"), "", "everybody here and the server read this", True),
        ):
            over = heading(talk, talk.to)
            self.assertEqual((over.mark, over.words, over.alarm), (mark, words, alarm), talk)

    def test_names_and_topics_are_inert(self) -> None:
        over = heading(Talk("#g", "#g", topic="due\n\x1b[2J"), "@\u202eevil")
        self.assertEqual((over.name, over.topic), ("@\\u202eevil", "due \\x1b[2J"))

    def test_nothing_known(self) -> None:
        self.assertEqual(heading(None, "#g"), ("#g", "", "", False, ""))


class PromptTests(SynchronousTestCase):
    """Before what one types."""

    def test_the_prompt_is_the_seeds(self) -> None:
        self.assertEqual(prompt(Talk("#lobby", "#lobby", security="plain"), "#lobby"), "You: ")
        self.assertEqual(prompt(None, "#hw3"), "You [hw3]: ")
        self.assertEqual(prompt(Talk("#hw3", "#hw3", security="plain"), "#hw3"), "[PLAIN] You [hw3]: ")
