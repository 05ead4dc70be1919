"""Tests of `chatd.ports.irc.history`: CHATHISTORY and MARKREAD."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd.archive import Place
from chatd.ports.irc.history import milliseconds, place
from chatd.ports.irc.out import stamp
from tests.irc import IrcScene

CAPS = ("batch", "server-time", "message-tags", "echo-message", "draft/chathistory", "draft/read-marker")


class PlaceTests(SynchronousTestCase):
    """What a client calls a place."""

    def test_times_and_ids(self) -> None:
        self.assertEqual(milliseconds(stamp(1_800_000_000_007)), 1_800_000_000_007)
        self.assertEqual(place(f"timestamp={stamp(7)}"), Place(at=7))
        self.assertEqual(place("msgid=" + "0f" * 16), Place(id=bytes([15] * 16)))

    def test_what_is_none(self) -> None:
        for text in ("", "*", "msgid=", "msgid=zz" + "0" * 30, "timestamp=yesterday", "seq=1", "timestamp="):
            self.assertIsNone(place(text), text)


class PageTests(IrcScene):
    """Pages of a group."""

    def setUp(self) -> None:
        super().setUp()
        self.ann = self.guest("ann", *CAPS)
        self.ann.says("JOIN #x")
        self.ids = []
        for number in range(5):
            (line,) = self.ann.says(f"PRIVMSG #x :{number}")
            self.ids.append(line.partition("msgid=")[2].partition(" ")[0].partition(";")[0])
            self.house.advance(1)

    def page(self, line: str) -> list[str]:
        """The texts of a page, which is one batch."""
        first, *inner, last = self.ann.says("CHATHISTORY " + line)
        name = first.partition(" BATCH +")[2].partition(" ")[0]
        self.assertIn(f"BATCH +{name} chathistory #x", first)
        self.assertIn(f"BATCH -{name}", last)
        self.assertTrue(all(f"batch={name}" in one for one in inner))
        return [one.rpartition(":")[2] for one in inner]

    def test_every_way(self) -> None:
        middle = self.ids[2]
        self.assertEqual(self.page("LATEST #x * 2"), ["3", "4"])
        self.assertEqual(self.page(f"LATEST #x msgid={middle} 10"), ["3", "4"])
        self.assertEqual(self.page(f"BEFORE #x msgid={middle} 10"), ["0", "1"])
        self.assertEqual(self.page(f"AFTER #x msgid={middle} 1"), ["3"])
        self.assertEqual(self.page(f"AROUND #x msgid={middle} 3"), ["1", "2", "3"])
        self.assertEqual(self.page(f"BETWEEN #x msgid={self.ids[0]} msgid={self.ids[4]} 10"), ["1", "2", "3"])

    def test_refusals(self) -> None:
        for line, code in (
            ("LATEST #nowhere * 10", "INVALID_TARGET LATEST #nowhere"),
            ("LATEST #x", "INVALID_PARAMS LATEST"),
            ("SIDEWAYS #x * 10", "INVALID_PARAMS SIDEWAYS"),
            ("BEFORE #x yesterday 10", "INVALID_PARAMS BEFORE"),
            ("BEFORE #x msgid=" + "0" * 32 + " many", "INVALID_PARAMS BEFORE"),
        ):
            (answer,) = self.ann.says("CHATHISTORY " + line)
            self.assertIn(f"FAIL CHATHISTORY {code}", answer)

    def test_markers(self) -> None:
        when = stamp(int(self.house.wall() * 1000) - 2000)
        self.says(self.ann, "MARKREAD #x", ":test.example MARKREAD #x *")
        self.says(self.ann, f"MARKREAD #x timestamp={when}", f":test.example MARKREAD #x timestamp={when}")
        self.says(self.ann, "MARKREAD #x", f":test.example MARKREAD #x timestamp={when}")
        self.assertIn("FAIL MARKREAD NEED_MORE_PARAMS", self.ann.says("MARKREAD")[0])
        self.assertIn("FAIL MARKREAD INVALID_PARAMS", self.ann.says("MARKREAD #x timestamp=soon")[0])
