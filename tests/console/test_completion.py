"""What Tab offers: verbs of the role, options, names, choices."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd.console.commands import TABLE
from chatd.console.completion import MOST, complete
from tests.console.kit import operator

PEOPLE = {"user": ["albert", "alice", "bob"], "group": ["hw1", "hw3", "lobby"]}


def offered(before: str, role: str = "debug") -> list[str]:
    """What Tab offers behind this."""
    _, found = complete(
        before, operator(role), TABLE, lambda kind, text: [name for name in PEOPLE[kind] if name.startswith(text)]
    )
    return [one.text for one in found]


class CompletionTests(SynchronousTestCase):
    """One line each."""

    def test_verbs_and_their_second_words(self) -> None:
        self.assertEqual(offered("wh"), ["who"])
        self.assertEqual(offered("gr"), ["group"])
        self.assertEqual(offered("group "), ["list", "show", "add", "remove", "role"])
        self.assertEqual(offered("group re"), ["remove"])
        self.assertIn("verify", offered("audit "))

    def test_only_what_the_role_may(self) -> None:
        self.assertEqual(offered("ki", "ta"), [])
        self.assertEqual(offered("ki", "staff"), ["kick"])
        self.assertEqual(offered("group ", "ta"), ["list", "show"])
        self.assertEqual(offered("kick al", "ta"), [])

    def test_names_with_or_without_their_signs(self) -> None:
        self.assertEqual(offered("kick al"), ["albert", "alice"])
        self.assertEqual(offered("kick @al"), ["@albert", "@alice"])
        self.assertEqual(offered("group add "), ["hw1", "hw3", "lobby"])
        self.assertEqual(offered("group add #hw"), ["#hw1", "#hw3"])
        self.assertEqual(offered("group add #hw1 b"), ["bob"])
        self.assertEqual(offered("group add #hw1 bob "), [])

    def test_options_and_their_values(self) -> None:
        self.assertEqual(offered("who --v"), ["--verbose"])
        self.assertIn("--json", offered("who --"))
        self.assertEqual(offered("announce --group hw"), ["hw1", "hw3"])
        self.assertEqual(offered("watch --type m"), ["message"])
        self.assertEqual(offered("group --yes"), [])
        self.assertEqual(offered("group role --json #hw1 bob o"), ["owner", "op"])
        self.assertEqual(offered("announce --group hw1 --js"), ["--json"])

    def test_help_explains_verbs(self) -> None:
        self.assertEqual(offered("help ki"), ["kick"])
        self.assertEqual(offered("help group r"), ["remove", "role"])

    def test_an_open_quote_offers_nothing(self) -> None:
        self.assertEqual(offered("kick 'al"), [])

    def test_what_is_offered_is_bounded(self) -> None:
        _, found = complete("kick ", operator(), TABLE, lambda kind, text: [str(n) for n in range(1000)])
        self.assertEqual(len(found), MOST)
