"""Tests of clients.core.modes: what is typed becomes the right changes, and changes become sentences."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from chatd.core import modes as core
from chatd.core.groups import ROLES
from chatd.moderation import ModeChange
from clients.core import modes


def change(text: str, argument: str = "") -> ModeChange:
    """`+o` with its argument."""
    return ModeChange(text[0] == "+", text[1], argument)


class TypedTests(SynchronousTestCase):
    """From letters to changes."""

    def test_letters_and_their_words(self) -> None:
        for typed, made in (
            ("+m", [change("+m")]),
            ("+mo-v bob carol", [change("+m"), change("+o", "bob"), change("-v", "carol")]),
            ("+o @bob -m", [change("+o", "bob"), change("-m")]),
            ("+klf word 9 30", [change("+k", "word"), change("+l", "9"), change("+f", "30")]),
            ("-klf", [change("-k"), change("-l"), change("-f")]),
            ("+b -m", [change("+b", "-m")]),
            ("-b+e a!*@* @x", [change("-b", "a!*@*"), change("+e", "@x")]),
            ("+z", [change("+z")]),
        ):
            self.assertEqual(modes.changes(typed.split()), tuple(made), typed)

    def test_what_is_missing_or_left_over(self) -> None:
        for typed in ("", "+", "+o", "m", "+m bob", "-k word", "+bo x", "bob +o"):
            self.assertIsNone(modes.changes(typed.split()), typed)

    def test_a_name_is_the_account_and_the_nick_and_a_mask_is_itself(self) -> None:
        self.assertEqual(modes.masks("bob"), ("a:bob", "bob"))
        self.assertEqual(modes.masks("@bob"), ("a:bob", "bob"))
        for mask in ("bob!*@*", "*@host", "b?b", "b*", "m:bob", "a:bob", "~account:bob", "@"):
            self.assertEqual(modes.masks(mask), (mask,))

    @given(some.lists(some.tuples(some.booleans(), some.sampled_from("imsnkobv")), min_size=1, max_size=8))
    def test_what_is_written_is_read_again(self, wanted: list[tuple[bool, str]]) -> None:
        made = tuple(ModeChange(on, letter, "x" if modes.takes(letter, on) else "") for on, letter in wanted)
        self.assertEqual(modes.changes(modes.letters(made).split()), made)


class ShownTests(SynchronousTestCase):
    """From changes to sentences."""

    def test_sentences(self) -> None:
        for made, told in (
            ([change("+f", "30")], "+f 30 (30 seconds between two messages)"),
            ([change("-f")], "-f (no waiting between messages)"),
            ([change("-k", "*")], "-k (no key is needed)"),
            (
                [change("+m"), change("-t")],
                "+m-t (only those with a voice speak; no longer: only operators set the topic)",
            ),
            ([change("+b", "m:bob!*@*")], "+b m:bob!*@* (bob!*@* may not speak)"),
            ([change("-b", "a:bob")], "-b a:bob (no longer: a:bob is banned)"),
            ([change("+o", "bob"), change("+o", "zoe")], "+oo bob zoe (bob is op; zoe is op)"),
            ([change("+z")], "+z"),
        ):
            self.assertEqual(modes.sentence(made), told)

    def test_every_mode_of_a_group_has_words_and_takes_what_it_takes_there(self) -> None:
        for letter in core._TAKES:
            self.assertTrue(modes.meaning(ModeChange(True, letter, "x")), letter)
        lists_and_members = {*"beI", *ROLES}
        self.assertEqual({one for one in core._TAKES if modes.takes(one, False)}, lists_and_members)
        self.assertEqual({one for one in core._TAKES if modes.takes(one, True)}, {*lists_and_members, *"klf"})
        self.assertEqual(modes.MEMBERS, ROLES)
