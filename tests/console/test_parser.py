"""Lines to verbs and values: quotes, options anywhere, what is wrong is said."""

from __future__ import annotations

import string
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.console.commands import TABLE
from chatd.console.parser import LONGEST, duration, parse, split
from chatd.console.verbs import USAGE, Argument, Trouble


def told(line: str) -> str:
    """What is wrong with a line."""
    try:
        parse(line, TABLE)
    except Trouble as trouble:
        assert trouble.status == USAGE
        return trouble.text
    raise AssertionError(f"{line!r} is right")


class Right(SynchronousTestCase):
    """Lines that mean something."""

    def values(self, line: str) -> tuple[str, dict[str, Any]]:
        """The verb and what it is given."""
        found = parse(line, TABLE)
        return found.verb.name, dict(found.values)

    def test_names_with_and_without_their_signs(self) -> None:
        for line in ("group add #hw3 @alice", "group add hw3 alice", "  group   add '#hw3'  \"@alice\" "):
            self.assertEqual(self.values(line), ("group add", {"group": "#hw3", "user": "alice"}))

    def test_options_stand_anywhere(self) -> None:
        wanted = ("announce", {"text": "the room is A12", "group": "#hw3", "json": True})
        for line in (
            "announce --json --group hw3 the room is A12", "announce the room --group=#hw3 is A12 --json",
        ):  # fmt: skip
            self.assertEqual(self.values(line), wanted)
        self.assertEqual(self.values("announce -- --group of two")[1], {"text": "--group of two"})

    def test_the_rest_of_a_line_is_one_text(self) -> None:
        self.assertEqual(self.values('kick alice "that is  not" how')[1]["why"], "that is  not how")
        self.assertEqual(self.values("kick alice é 🦉 \\' \\;")[1]["why"], "é 🦉 ' \\;")

    def test_an_apostrophe_is_no_quote(self) -> None:
        self.assertEqual(self.values("announce Thursday's lab, isn't it")[1]["text"], "Thursday's lab, isn't it")
        self.assertEqual(split("a'b'c \\'tis say=\"x\" --say='back at ten' --x=y'z \\\\ a\\ b"),
                         ["a'b'c", "'tis", 'say="x"', "--say=back at ten", "--x=y'z", "\\", "a b"])  # fmt: skip

    def test_the_longest_name_is_the_verb(self) -> None:
        self.assertEqual(self.values("audit verify")[0], "audit verify")
        self.assertEqual(self.values("audit --by x")[0], "audit")

    def test_a_question_mark_asks_for_help(self) -> None:
        for line in ("kick?", "help kick"):
            self.assertEqual(self.values(line), ("help", {"verb": "kick"}))
        self.assertEqual(self.values("group add?"), ("help", {"verb": "group add"}))

    def test_times(self) -> None:
        self.assertEqual([duration(text) for text in ("90", "90s", "10m", "2h", "7d", "1w")],
                         [90, 90, 600, 7200, 604_800, 604_800])  # fmt: skip
        for text in ("", "0", "m", "-1m", "1.5h", "11000w", "10 m", "1M", "٣m"):
            self.assertRaises(Trouble, duration, text)

    def test_what_is_said_without_what_was_piped(self) -> None:
        parsed = parse("roster sync --dry-run", TABLE)
        parsed = parsed._replace(values={**parsed.values, "input": "secret,list"})
        self.assertEqual(parsed.told, {"dry-run": True, "input": "11 characters"})


class Wrong(SynchronousTestCase):
    """Lines that mean nothing say what to do."""

    def test_each_mistake_in_its_words(self) -> None:
        for line, words in (
            ("", "There is no verb ''"),
            ("annonce hi", "Did you mean announce?"),
            ("group", "group what? One of: group list, group show"),
            ("group ad #x @y", "group what?"),
            ("kick", "kick needs USER. It is typed so: kick USER [WHY]"),
            ("who a b", "That is too much: 'b'"),
            ("who --vrbose", "Did you mean --verbose?"),
            ("who --json=1", "--json takes no value"),
            ("who --most", "--most needs a value"),
            ("who --most many", "--most is a number"),
            ("group role #a @b boss", "role is one of member, owner"),
            ("watch --for never", "A time is a number"),
            ('announce "hi', "A quote does not end"),
            ("announce " + "x" * LONGEST, "A line has at most"),
        ):
            self.assertIn(words, told(line))

    def test_a_line_of_anything_is_understood_or_refused(self) -> None:
        @given(st.text(max_size=60) | st.lists(st.sampled_from([*TABLE, "@a", "#b", "--json", "'", "\\", "10m", "--"]))
               .map(" ".join))  # fmt: skip
        def anything(line: str) -> None:
            try:
                parse(line, TABLE)
            except Trouble as trouble:
                assert trouble.text and trouble.status == USAGE

        anything()

    def test_words_come_back_as_they_were_quoted(self) -> None:
        @given(st.lists(st.text(string.printable + "é🦉", max_size=10), max_size=5), st.sampled_from("'\""))
        def there_and_back(words: list[str], sign: str) -> None:
            quoted = [word.replace("\\", "\\\\").replace(sign, "\\" + sign) for word in words]
            assert split(" ".join(f"{sign}{word}{sign}" for word in quoted)) == words

        there_and_back()


class TableTests(SynchronousTestCase):
    """The rows themselves."""

    def test_every_example_is_understood(self) -> None:
        for verb in TABLE.values():
            line = verb.example.removeprefix("ssh HOST ").partition(" <")[0]
            self.assertEqual(parse(line, TABLE).verb.name, verb.name, line)

    def test_kinds_are_known(self) -> None:
        kinds = {"user", "group", "text", "word", "number", "duration", "flag"}
        for verb in TABLE.values():
            for argument in verb.arguments:
                self.assertIn(argument.kind, kinds, verb.name)
                self.assertTrue(argument.help)
            plain = [one for one in verb.arguments if not one.name.startswith("--")]
            self.assertTrue(all(one.kind != "text" for one in plain[:-1]), verb.name)
            self.assertFalse([one for one in verb.arguments if one.name.startswith("--") and one.required], verb.name)

    def test_usage_says_how_it_is_typed(self) -> None:
        self.assertEqual(TABLE["group role"].usage, "group role GROUP USER " + "|".join(
            ("member", "owner", "admin", "op", "halfop", "voice")
        ))  # fmt: skip
        self.assertEqual(Argument("x", "word", "y").required, True)
