"""Tests of clients.line.editor: bytes of a terminal become what was meant, and the row fits."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from clients.line.editor import HISTORY, NEWLINE_MARK, Editor, Key, width

PRINTABLE = some.text(some.characters(exclude_categories=["Cc", "Cs"]))


def typed(*pieces: str | bytes) -> Editor:
    """An editor that was fed these."""
    editor = Editor()
    for piece in pieces:
        editor.feed(piece if isinstance(piece, bytes) else piece.encode())
    return editor


class EditingTests(SynchronousTestCase):
    """Each key."""

    def text(self, keys: str) -> str:
        """What is left of these keys, with a bar where the cursor is."""
        editor = typed(keys)
        return editor.text[: editor.at] + "|" + editor.text[editor.at :]

    def test_keys(self) -> None:
        for keys, left in {
            "abc": "abc|",
            "abc\x7f": "ab|",
            "abc\x08": "ab|",
            "\x7f": "|",
            "abc\x1b[D": "ab|c",
            "abc\x1b[D\x1b[Dx": "ax|bc",
            "abc\x01": "|abc",
            "abc\x1b[H\x05": "abc|",
            "abc\x1bOH\x1b[3~": "|bc",
            "abc\x01\x04": "|bc",
            "one two\x17": "one |",
            "one two  \x17": "one |",
            "one two\x15": "|",
            "one two\x01\x1b[C\x0b": "o|",
            "one two\x1bb": "one |two",
            "one two\x01\x1b[1;5C": "one| two",
            "e\u0301x\x7f\x7f": "|",
            "a日本\x7f": "a日|",
            "a\tb": "ab|",
            "a\x1b[99;99~b\x1b[?25hc": "abc|",
            "a\x1bxb": "ab|",
            "a\x9bb\x00c": "abc|",
        }.items():
            with self.subTest(keys):
                self.assertEqual(self.text(keys), left)

    def test_enter(self) -> None:
        self.assertEqual(Editor().feed(b"one\rtwo\rthr"), [Key("line", "one"), Key("line", "two")])

    def test_meanings(self) -> None:
        self.assertEqual([key.kind for key in Editor().feed(b"\x03\x04\x1a\x0c")],
                         ["interrupt", "end", "suspend", "clear"])  # fmt: skip

    def test_history(self) -> None:
        editor = typed("one\rtwo\rdraft")
        seen = []
        for key in ("\x1b[A", "\x10", "\x1b[A", "\x1b[B", "\x0e", "\x1b[B"):
            editor.feed(key.encode())
            seen.append(editor.text)
        self.assertEqual(seen, ["two", "one", "one", "two", "draft", "draft"])

    def test_history_has_an_end(self) -> None:
        editor = typed("".join(f"{number}\r" for number in range(HISTORY + 50)))
        self.assertEqual(len(editor._history), HISTORY)

    def test_what_is_hidden_is_not_remembered(self) -> None:
        editor = Editor()
        editor.hidden = True
        editor.feed(b"secret")
        self.assertEqual(editor.row("New password: ", 80), ("New password: ", 14))
        self.assertEqual(editor.feed(b"\r"), [Key("line", "secret")])
        editor.hidden = False
        editor.feed(b"\x1b[A")
        self.assertEqual(editor.text, "")

    def test_a_paste_is_one_text(self) -> None:
        editor = Editor()
        self.assertEqual(editor.feed(b"a\x1b[200~one\r\ntwo\n\x1b[2Jthree\n\x1b[201~b"), [])
        self.assertEqual(editor.text, "aone\ntwo\n[2Jthreeb")
        self.assertEqual(editor.feed(b"\r"), [Key("line", "aone\ntwo\n[2Jthreeb")])

    def test_a_paste_that_nobody_wants_is_dropped(self) -> None:
        editor = typed("\x1b[200~", "x" * 1_000_001, "\x1b[201~", "ok")
        self.assertEqual(editor.text, "ok")


class PropertyTests(SynchronousTestCase):
    """Whatever is typed."""

    @given(PRINTABLE, some.lists(some.integers(1, 5)))
    def test_T21_text_survives_however_it_is_cut(self, text: str, cuts: list[int]) -> None:
        editor, data = Editor(), text.encode()
        for cut in cuts:
            editor.feed(data[:cut])
            data = data[cut:]
        editor.feed(data)
        self.assertEqual(editor.feed(b"\r"), [Key("line", text)])

    @given(some.lists(some.binary()))
    def test_no_bytes_break_it(self, pieces: list[bytes]) -> None:
        editor = Editor()
        for piece in pieces:
            editor.feed(piece)
            self.assertTrue(0 <= editor.at <= len(editor.text))
            self.assertFalse([c for c in editor.text if unicodedata.category(c) == "Cc" and c != "\n"])

    @given(some.text(some.sampled_from("ab日e\u0301\n👩")), some.integers(10, 40), some.integers(0, 30))
    def test_the_row_fits_and_has_the_cursor_in_it(self, text: str, columns: int, steps: int) -> None:
        editor = Editor()
        editor._insert(text)
        editor.feed(b"\x1b[D" * steps)
        row, column = editor.row("You: ", columns)
        self.assertTrue(width(row) < columns, (row, columns))
        self.assertTrue(5 <= column < columns)
        self.assertNotIn("\n", row)

    def test_a_newline_is_seen(self) -> None:
        editor = Editor()
        editor._insert("a\nb")
        self.assertEqual(editor.row("You: ", 80)[0], f"You: a{NEWLINE_MARK}b")
