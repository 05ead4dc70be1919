"""The words of the table."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd.console.verbs import ROLES, Answer, Argument, Trouble, Verb
from tests.console.kit import operator


class VerbTests(SynchronousTestCase):
    """Values."""

    def test_each_role_may_what_those_before_it_may(self) -> None:
        for mine, role in enumerate(ROLES):
            self.assertEqual([operator(role).may(other) for other in ROLES], [at <= mine for at in range(len(ROLES))])

    def test_usage(self) -> None:
        arguments = (Argument("user", "user", "x"), Argument("kind", "word", "x", False, ("a", "b")),
                     Argument("--for", "duration", "x", False), Argument("--all", "flag", "x", False))  # fmt: skip
        verb = Verb("try", "ta", lambda call: Answer(), "x", "try @a", arguments)
        self.assertEqual(verb.usage, "try USER [a|b] [--for DURATION] [--all]")

    def test_a_trouble_has_its_words(self) -> None:
        self.assertEqual((Trouble("no", 5, ["yes"]).text, str(Trouble("no")), Trouble("no").status), ("no", "no", 1))
