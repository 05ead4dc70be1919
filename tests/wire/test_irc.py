"""Tests of `chatd.wire.irc`: lines in, lines out."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as some
from parser_tests import data as known
from twisted.trial.unittest import SynchronousTestCase

from chatd.wire import irc

TEXT = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"))
WORDS = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0 :"), min_size=1)


def cases(name: str) -> list[dict[str, Any]]:
    """The CC0 cases of the IRC parser tests."""
    return list(getattr(known, name)["tests"])


class ParseTests(SynchronousTestCase):
    """Bytes to lines."""

    def test_known_lines(self) -> None:
        for case in cases("msg_split"):
            atoms = case["atoms"]
            line = irc.parse(case["input"].encode())
            wanted = irc.Line(
                atoms["verb"].upper(), atoms.get("params", []), atoms.get("tags", {}), atoms.get("source", "")
            )
            self.assertEqual(line, wanted, case["input"])

    def test_nothing(self) -> None:
        for data in (b"", b"   "):
            self.assertIsNone(irc.parse(data))

    def test_refused(self) -> None:
        for data, code in (
            (b"PRIVMSG #a :\xff", "not-utf8"),
            (b"@a=\xff PING", "not-utf8"),
            (b"PING \0", "malformed"),
            (b":only.source", "malformed"),
            (b"@tag", "malformed"),
            (b" :x", "malformed"),
            (b"X" + b" y" * 65, "malformed"),
            (b"x" * 511, "too-long"),
            (b"@" + b"a" * 4095 + b" PING", "tags-too-long"),
        ):
            with self.assertRaises(irc.BadLine) as caught:
                irc.parse(data)
            self.assertEqual(caught.exception.code, code, data[:20])

    def test_the_longest(self) -> None:
        line = irc.parse(b"@" + b"a" * 4094 + b" PING " + b"x" * 505)
        assert line is not None
        self.assertEqual((line.command, len(line.params[0]), len(next(iter(line.tags)))), ("PING", 505, 4094))

    @given(some.binary(max_size=600))
    def test_any_bytes(self, data: bytes) -> None:
        try:
            irc.parse(data)
        except irc.BadLine:
            pass


class WriteTests(SynchronousTestCase):
    """Lines to bytes."""

    def test_known_lines(self) -> None:
        for case in cases("msg_join"):
            atoms = case["atoms"]
            tags = irc.write_tags(atoms.get("tags", {}))
            line = irc.write(atoms.get("source", ""), atoms["verb"], atoms.get("params", []), tags)
            self.assertIn(line.decode().removesuffix("\r\n"), case["matches"])

    @given(TEXT, WORDS, TEXT)
    def test_one_line_for_any_text(self, last: str, middle: str, value: str) -> None:
        data = irc.write("server", "NOTICE", [middle, last], irc.write_tags({"key": value}))
        self.assertEqual((data.count(b"\r"), data.count(b"\n"), data.count(b"\0")), (1, 1, 0))
        if len(data) < irc.LINE_BYTES:
            line = irc.parse(data[:-2])
            assert line is not None
            self.assertEqual((line.params, line.tags), ([middle, last], {"key": value}))

    @given(some.text(max_size=40))
    def test_what_ends_a_line_goes_and_nothing_else(self, text: str) -> None:
        self.assertEqual(irc.inert(text), text.replace("\r", " ").replace("\n", " ").replace("\0", ""))

    def test_attacks_stay_in_their_line(self) -> None:
        self.assertEqual(irc.write("s", "X", ["a b", ":c", "", "d\r\nQUIT\0"]), b":s X a_b *:c * :d  QUIT\r\n")

    @given(TEXT, some.integers(8, 100))
    def test_pieces_fit_and_nothing_is_lost(self, text: str, room: int) -> None:
        parts, whole = list(irc.cut(text, room)), list(irc.cut(text, room, whole=True))
        self.assertTrue(all(len(part.encode()) <= room for part in parts + whole))
        self.assertEqual("".join(parts).replace(" ", ""), text.replace(" ", ""))
        self.assertEqual("".join(whole), text)

    def test_pieces_end_at_words(self) -> None:
        self.assertEqual(list(irc.cut("to be or not to", 8)), ["to be or", "not to"])
        self.assertEqual(list(irc.cut("to be or not to", 8, whole=True)), ["to be ", "or not ", "to"])
        self.assertEqual(list(irc.cut("äöüäöü", 8)), ["äöüä", "öü"])
        self.assertEqual(list(irc.cut("", 8)), [""])
