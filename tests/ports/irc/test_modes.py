"""Tests of `chatd.ports.irc.modes`: letters to changes and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from chatd.moderation import ModeChange
from chatd.ports.irc.modes import MOST, read, written
from tests.irc import IrcScene


class LetterTests(SynchronousTestCase):
    """Pure reading and writing."""

    def test_arguments_go_to_those_that_take_them(self) -> None:
        changes, asked = read("+ok-l+v", ["bob", "secret", "ann"])
        self.assertEqual(
            changes,
            [ModeChange(True, "o", "bob"), ModeChange(True, "k", "secret"), ModeChange(False, "l"),
             ModeChange(True, "v", "ann")],
        )  # fmt: skip
        self.assertEqual(asked, [])

    def test_a_list_without_an_argument_is_asked_for(self) -> None:
        self.assertEqual(read("b", []), ([], ["b"]))
        self.assertEqual(read("+beb", []), ([], ["b", "e"]))
        self.assertEqual(read("+mb", ["*!*@x"]), ([ModeChange(True, "m"), ModeChange(True, "b", "*!*@x")], []))

    def test_no_more_than_that(self) -> None:
        changes, _ = read("+" + "i" * 500, [])
        self.assertEqual(len(changes), MOST)

    @given(some.text("+-imnstklbeIovqahfzZ", max_size=20), some.lists(some.text("ab1*", min_size=1), max_size=8))
    def test_what_is_written_means_the_same(self, letters: str, arguments: list[str]) -> None:
        changes, _ = read(letters, arguments)
        whole = [change for change in changes if change.argument or change.mode not in "klbeIovqahf"]
        again = written(whole, lambda name: name)
        self.assertEqual(read(again[0], again[1:])[0], whole)


class GroupTests(IrcScene):
    """MODE of a group."""

    def test_show_change_refuse(self) -> None:
        ann, bob = self.guest("ann"), self.guest("bob")
        ann.says("JOIN #x")
        bob.says("JOIN #x")
        self.ignores(ann, bob)
        self.says(ann, "MODE #x", ":test.example 324 ann #x +nt", ":test.example 329 ann #x *")
        self.says(ann, "MODE #x +lv-n 5 bob", ":ann!~ann@* MODE #x +lv-n 5 bob")
        self.hears(bob, ":ann!~ann@* MODE #x +lv-n 5 bob")
        self.says(bob, "MODE #x +m", ":test.example 482 bob #x :...")
        self.says(ann, "MODE #x +z", ":test.example 472 ann z :is unknown mode char to me")
        self.says(ann, "MODE #x +o nobody", ":test.example 401 ann nobody :No such nick/channel")
        self.says(ann, "MODE #x +b evil!*@*", ":ann!~ann@* MODE #x +b evil!*@*")
        self.says(
            ann,
            "MODE #x b",
            ":test.example 367 ann #x evil!*@* ann!~ann@* *",
            ":test.example 368 ann #x :End of channel ban list",
        )

    def test_ones_own(self) -> None:
        ann = self.guest("ann")
        self.says(ann, "MODE ann", ":test.example 221 ann +...")
        self.says(ann, "MODE ann +B", ":ann!~ann@* MODE ann +B")
        self.says(ann, "MODE ann +o")
        self.says(ann, "MODE nobody +i", ":test.example 401 ann nobody :No such nick/channel")
        self.guest("bob")
        self.ignores(ann)
        self.says(ann, "MODE bob +i", ":test.example 502 ann :Cannot change mode for other users")
