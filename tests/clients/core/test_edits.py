"""Tests of clients.core.edits: what a tag says, and what it counts for."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from chatd.messages import Message
from clients.core import edits
from clients.core import records as r
from tests.clients.kit import message

FIRST, OTHER = (1).to_bytes(16, "big"), (2).to_bytes(16, "big")


def anew(seq: int, text: str, of: bytes, sender: str = "bob", kind: str = "text") -> Message:
    """A message that says of another one what it says from now on."""
    return msgspec.structs.replace(message("#g", seq, sender, text), tags=edits.tags(of), kind=kind)


class TagTests(SynchronousTestCase):
    """The tag."""

    def test_there_and_back(self) -> None:
        self.assertEqual(edits.edited(edits.tags(FIRST)), FIRST)
        self.assertEqual(edits.edited("+typing=active;" + edits.tags(FIRST) + ";+x"), FIRST)
        self.assertEqual(edits.tags(b""), "")

    def test_what_makes_no_sense_is_none(self) -> None:
        for value in ("", "00", "zz" * 16, "00" * 17, "0 " * 16, "é" * 32):
            self.assertEqual(edits.edited(f"{edits.TAG}={value}"), b"", value)

    @given(some.text())
    def test_whatever_it_holds(self, text: str) -> None:
        self.assertIn(len(edits.edited(f"{edits.TAG}={text}")), (0, edits.ID_BYTES))


class AmongTests(SynchronousTestCase):
    """What is about to be kept."""

    def test_the_same_sender_in_the_same_conversation(self) -> None:
        kept = [r.KeepCursor("#g", 1), r.KeepMessage("#g", 1, 1, "bob", FIRST, "hi", False)]
        self.assertTrue(edits.among(kept, "#g", FIRST, "bob"))
        for asked in (("#h", FIRST, "bob"), ("#g", OTHER, "bob"), ("#g", FIRST, "mallory")):
            self.assertFalse(edits.among(kept, *asked), asked)


class PageTests(SynchronousTestCase):
    """A part of the log."""

    def texts(self, *page: Message) -> list[tuple[int, str, bool]]:
        """Each message that is left: its seq, what it says, and whether that is a new text of its own."""
        return [(one.seq, one.text, edits.edited(one.tags) == one.id) for one in edits.folded(page)]

    def test_the_last_text_stands_where_the_first_was(self) -> None:
        page = (message("#g", 1), message("#g", 2), anew(3, "ho", FIRST), anew(4, "hu", FIRST))
        self.assertEqual(self.texts(*page), [(1, "hu", True), (2, "hi", False)])

    def test_anything_else_is_an_ordinary_message(self) -> None:
        for last in (anew(3, "x", FIRST, "mallory"), anew(3, "x", b"?" * 16), anew(3, "x", (3).to_bytes(16, "big"))):
            self.assertEqual(self.texts(message("#g", 1), last), [(1, "hi", False), (3, "x", False)])
            self.assertEqual(edits.folded([last])[0].tags, "")

    def test_what_was_taken_away_comes_not_back(self) -> None:
        gone = msgspec.structs.replace(message("#g", 1), kind="redacted", text="")
        self.assertEqual(self.texts(gone, anew(3, "x", FIRST)), [(1, "", False), (3, "x", False)])
        self.assertEqual(self.texts(message("#g", 1), anew(3, "", FIRST, kind="redacted"))[0], (1, "hi", False))
