"""Tests of clients.core.editing: which message is meant, and when none is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from clients.core import editing
from clients.core import intents as i
from clients.core import notices as n
from clients.core.commands import parse
from clients.core.editing import Mine
from clients.core.outbox import Outgoing

FIRST, LAST = b"\x01\x92" + bytes(14), b"\x01\x92" + b"\xab" * 14
OWN = [Mine(FIRST, "see you at nine"), Mine(LAST, "he is late")]


def kept(id: bytes, text: str) -> n.Said:
    """A message of one's own, as the history has it."""
    return n.Said("#g", 1, 1, "alice", id, text, True)


class MineTests(SynchronousTestCase):
    """What one has said, as it is now."""

    def test_what_is_on_its_way_counts_where_it_goes(self) -> None:
        waiting = [
            Outgoing(b"3", "#G", "three", 1), Outgoing(b"4", "#h", "elsewhere", 1),
            Outgoing(b"5", "#g", "ONE", 1, b"1"), Outgoing(b"6", "#g", "THREE", 1, b"3"),
            Outgoing(b"7", "#g", "of one that is gone", 1, b"9"),
        ]  # fmt: skip
        own = editing.mine([kept(b"1", "one"), kept(b"2", "two")], waiting, "#g")
        self.assertEqual(own, [(b"1", "ONE"), (b"2", "two"), (b"3", "THREE")])


class ChangeTests(SynchronousTestCase):
    """`/edit`."""

    def changed(self, line: str, own: list[Mine] = OWN) -> Mine | n.Notice:
        """What follows from a line."""
        intent = parse(line)
        assert isinstance(intent, i.Edit)
        return editing.change(intent, own)

    def code(self, line: str, own: list[Mine] = OWN) -> str:
        """Why it was refused."""
        refused = self.changed(line, own)
        assert isinstance(refused, n.Refused)
        return refused.code

    def test_the_last_one_or_the_one_with_this_id(self) -> None:
        self.assertEqual(self.changed("/edit she is late"), Mine(LAST, "she is late"))
        self.assertEqual(self.changed("/edit 0192000000 see you at ten"), Mine(FIRST, "see you at ten"))
        self.assertEqual(self.changed("/edit 0192ABAB x"), Mine(LAST, "x"))

    def test_never_a_guess(self) -> None:
        self.assertEqual(self.code("/edit 01930000 x"), "no-such-message")
        self.assertEqual(self.code("/edit 0192abab x", [*OWN, Mine(LAST[:15] + b"x", "y")]), "no-such-message")
        self.assertEqual(self.code("/edit x", []), "nothing-to-edit")
        self.assertEqual(parse("/edit 0192abab"), i.Problem("usage", "Usage: /edit [ID] [text]"))

    def test_the_same_text_sends_nothing(self) -> None:
        same = self.changed("/edit  he is late ")
        self.assertIsInstance(same, n.Local)

    def test_alone_it_lists_what_may_be_typed(self) -> None:
        listed = self.changed("/edit")
        assert isinstance(listed, n.Local)
        self.assertEqual([line.partition("  ")[2] for line in listed.lines[1:]], [one.text for one in OWN])
        for line, one in zip(listed.lines[1:], OWN, strict=True):
            self.assertEqual(self.changed(f"/edit {line.split()[0]} anew"), Mine(one.id, "anew"))

    @given(some.text(min_size=1).filter(str.strip))
    def test_the_line_that_is_offered_means_the_last_one_as_it_is(self, text: str) -> None:
        self.assertIsInstance(self.changed(editing.typed([*OWN, Mine(b"\xff" * 16, text)]),
                                           [*OWN, Mine(b"\xff" * 16, text)]), n.Local)  # fmt: skip

    def test_a_text_that_looks_like_an_id(self) -> None:
        own = [*OWN, Mine(b"\xff" * 16, "20261123 is the day")]
        self.assertEqual(editing.typed(own), f"/edit {'ff' * 16} 20261123 is the day")
        self.assertEqual(editing.typed([]), "")


class ReplacedTests(SynchronousTestCase):
    """`s/old/new/`."""

    def replaced(self, line: str, own: list[Mine] = OWN) -> Mine | n.Notice | None:
        """What follows from a line."""
        intent = parse(line)
        assert isinstance(intent, i.Substitute) and intent.line == line
        return editing.replaced(intent, own)

    def test_in_the_last_one_once(self) -> None:
        self.assertEqual(self.replaced("s/he/she/"), Mine(LAST, "she is late"))
        self.assertEqual(self.replaced("s/ late//"), Mine(LAST, "he is"))

    def test_where_it_has_other_words_the_line_is_something_to_say(self) -> None:
        self.assertIsNone(self.replaced("s/nine/ten/"))
        self.assertIsNone(self.replaced("s/he/she/", []))

    def test_nothing_is_left_or_nothing_changes(self) -> None:
        self.assertIsInstance(self.replaced("s/he is late//"), n.Refused)
        self.assertIsInstance(self.replaced("s/he/he/"), n.Local)

    def test_only_a_line_of_exactly_this_form(self) -> None:
        for line in ("s/he/she", "s//x/", "s/a/b/g", " s/a/b/", "s/a/b/ ", "see s/a/b/", "s/a/b/c/", "s/a\nb/c/"):
            self.assertEqual(parse(line), i.Say(line), line)
