"""Tests of clients.core.secure.overlay: what was written is seen at once, and becomes one record."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core import records as r
from clients.core.e2ee.batch import MemoryStorage
from clients.core.secure.overlay import Overlay


class OverlayTests(SynchronousTestCase):
    """In front of a disk with two rows."""

    def setUp(self) -> None:
        self.disk = MemoryStorage({("t", "a"): b"1", ("t", "b"): b"2"})
        self.overlay = Overlay(self.disk)

    def test_what_is_written_is_read_and_not_on_the_disk(self) -> None:
        self.overlay.write({("t", "a"): b"new", ("t", "c"): b"3", ("t", "b"): None})
        self.assertEqual(self.overlay.rows("t"), ["a", "c"])
        self.assertEqual([self.overlay.read("t", row) for row in "abc"], [b"new", None, b"3"])
        self.assertEqual(self.disk.rows("t"), ["a", "b"])

    def test_it_becomes_one_record_once(self) -> None:
        self.overlay.write({("t", "a"): b"x"})
        self.overlay.write({("t", "a"): b"y", ("u", "z"): None})
        self.assertEqual(self.overlay.take(), [r.KeepRows({("t", "a"): b"y", ("u", "z"): None})])
        self.assertEqual(self.overlay.take(), [])

    def test_until_it_is_kept_it_is_read_from_memory(self) -> None:
        self.overlay.write({("t", "a"): b"x"})
        [kept] = self.overlay.take()
        self.assertEqual(self.overlay.read("t", "a"), b"x")
        assert isinstance(kept, r.KeepRows)
        self.disk.write(kept.changes)
        self.overlay.kept()
        self.disk.write({("t", "a"): b"later"})
        self.assertEqual(self.overlay.read("t", "a"), b"later")

    def test_what_was_not_taken_is_not_forgotten(self) -> None:
        self.overlay.write({("t", "a"): b"x"})
        self.overlay.kept()
        self.assertEqual(self.overlay.read("t", "a"), b"x")

    def test_rows_by_how_they_open(self) -> None:
        self.overlay.write({("t", "ab"): b""})
        self.assertEqual(self.overlay.rows("t", "a"), ["a", "ab"])
