"""The audit log: every removed, changed, added or torn line is found, wherever a crash comes."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.console.audit import LONGEST, TORN, Audit, AuditError, Happened

SECRET = b"s" * 32


def happened(verb: str = "who", who: str = "miller", at: int = 1000) -> Happened:
    """Something to note."""
    return Happened(at, who, "staff", "SHA256:x", "127.0.0.1", verb, "done", {"user": "alice"})


class AuditScene(SynchronousTestCase):
    """A log with some lines."""

    def setUp(self) -> None:
        self.path, self.head = Path(self.mktemp()), Path(self.mktemp())

    def open(self, lines: int = 0, secret: bytes = SECRET) -> Audit:
        """The log, with so many more lines; what was said of it is in `problem`."""
        audit = Audit(self.path, self.head, secret)
        self.problem = audit.open(5000)
        for number in range(lines):
            audit.append(happened(f"verb-{number}"))
        self.addCleanup(audit.close)
        return audit

    def lines(self) -> list[bytes]:
        """The file's lines."""
        return self.path.read_bytes().splitlines(keepends=True)

    def put(self, lines: list[bytes]) -> None:
        """Write the file anew."""
        self.path.write_bytes(b"".join(lines))


class Whole(AuditScene):
    """What is written is found."""

    def test_nothing_is_wrong_with_what_was_written(self) -> None:
        self.assertEqual(self.open(5).verify(), [])
        again = self.open(2)
        self.assertEqual((self.problem, again.verify(), len(again.entries())), ("", [], 7))
        self.assertEqual([entry.n for entry in again.entries()], [1, 2, 3, 4, 5, 6, 7])
        self.assertEqual({path.stat().st_mode & 0o777 for path in (self.path, self.head)}, {0o600})

    def test_entries_of_one_operator_and_time(self) -> None:
        audit = self.open()
        for who, at in (("miller", 10), ("smith", 20), ("miller", 30)):
            audit.append(happened(who=who, at=at))
        self.assertEqual([entry.at for entry in audit.entries("miller")], [10, 30])
        self.assertEqual([entry.at for entry in audit.entries("", 20)], [20, 30])

    def test_what_is_far_too_long_is_noted_as_such(self) -> None:
        audit = self.open()
        audit.append(happened()._replace(said={"text": "x" * LONGEST}))
        self.assertIn("too-long", audit.entries()[0].said)
        self.assertEqual(audit.verify(), [])


class Tampered(AuditScene):
    """What somebody does to the file is found."""

    def test_a_removed_line_wherever_it_was(self) -> None:
        for gone in range(5):
            self.setUp()
            self.open(5)
            self.put([line for number, line in enumerate(self.lines()) if number != gone])
            self.assertTrue(Audit(self.path, self.head, SECRET).verify(), gone)

    def test_the_last_lines_and_all_of_them(self) -> None:
        audit = self.open(5)
        kept = self.lines()
        self.put(kept[:3])
        self.assertEqual(audit.verify(), ["the last entries are missing: 4 to 5"])
        self.put([])
        self.assertEqual(audit.verify(), ["the last entries are missing: 1 to 5"])
        self.path.unlink()
        self.assertEqual(audit.verify(), ["the last entries are missing: 1 to 5"])

    def test_lines_that_are_missing_stay_missing_after_a_restart(self) -> None:
        self.open(5)
        self.put(self.lines()[:3])
        again = self.open(1)
        self.assertIn("ends at 3, and 5 was remembered", self.problem)
        self.assertTrue(again.verify())
        self.assertEqual(again.entries()[-1].n, 6)

    def test_a_changed_byte_wherever_it_is(self) -> None:
        self.open(3)
        whole = self.path.read_bytes()

        @given(st.integers(0, len(whole) - 1), st.integers(1, 255))
        def changed(place: int, by: int) -> None:
            other = bytearray(whole)
            other[place] ^= by
            self.path.write_bytes(other)
            assert Audit(self.path, self.head, SECRET).verify()

        changed()

    def test_the_last_lines_end_is_part_of_it(self) -> None:
        self.open(2)
        whole = self.path.read_bytes()
        for end in (b" ", b"", b"\r\n", b"\n\n"):
            self.path.write_bytes(whole[:-1] + end)
            self.assertTrue(Audit(self.path, self.head, SECRET).verify(), end)

    def test_lines_in_another_order_and_twice(self) -> None:
        audit = self.open(4)
        one, two, three, four = self.lines()
        for lines in ([one, three, two, four], [one, two, two, three, four], [two, one, three, four]):
            self.put(lines)
            self.assertTrue(audit.verify())

    def test_a_line_of_an_earlier_log_of_this_server(self) -> None:
        """It has the right mark and the right number, and does not fit the line before it."""
        self.open(3)
        here = self.lines()
        self.path, self.head = Path(self.mktemp()), Path(self.mktemp())
        audit = self.open()
        for number in range(3):
            audit.append(happened(f"other-{number}"))
        there = self.lines()
        self.put([there[0], here[1], there[2]])
        self.assertIn("entry 2 does not fit the one before it", audit.verify())

    def test_who_has_not_the_secret_writes_no_line_that_fits(self) -> None:
        self.open(2)
        forger = Audit(self.path, Path(self.mktemp()), b"other" * 8)
        forger.open(1)
        forger.append(happened("kick"))
        forger.close()
        self.assertIn("not written by this server", Audit(self.path, self.head, SECRET).verify()[0])

    def test_without_the_head_one_does_not_know(self) -> None:
        audit = self.open(3)
        for content in (b"", b"[]", b'[3,"x","y"]'):
            self.head.write_bytes(content)
            self.assertIn("is missing or not this server's", audit.verify()[0])


class Crashed(AuditScene):
    """A kill -9 between any two bytes."""

    def test_within_a_line_it_is_cut_off_and_said(self) -> None:
        self.open(3)
        whole, head = self.path.read_bytes(), self.head.read_bytes()
        start = whole.rstrip(b"\n").rfind(b"\n") + 1
        for place in range(start + 1, len(whole)):
            two = Path(self.mktemp())
            self.path, before = two, self.path
            audit = Audit(two, Path(self.mktemp()), SECRET)
            audit.open(0)
            audit.append(happened("verb-0"))
            audit.append(happened("verb-1"))
            audit.close()
            two.write_bytes(two.read_bytes() + whole[start:place])
            again = Audit(two, audit._head_path, SECRET)
            self.assertEqual(again.open(0), "")
            self.assertEqual([entry.verb for entry in again.entries()], ["verb-0", "verb-1", TORN])
            self.assertEqual(again.verify(), [])
            again.close()
            self.path = before
        self.assertEqual(self.head.read_bytes(), head)

    def test_between_line_and_head_the_line_counts(self) -> None:
        audit = self.open(3)
        before = self.head.read_bytes()
        audit.append(happened("last"))
        self.head.write_bytes(before)
        again = self.open(1)
        self.assertEqual((self.problem, again.verify(), len(again.entries())), ("", [], 5))

    def test_before_the_first_head(self) -> None:
        self.open(1)
        self.head.unlink()
        self.assertEqual((self.open(1).verify(), self.problem), ([], ""))


class Broken(AuditScene):
    """A log that cannot be written."""

    def test_a_full_disk_leaves_no_torn_line(self) -> None:
        audit = self.open(2)
        assert audit._file is not None
        os.close(audit._file)
        audit._file = os.open(self.path, os.O_RDONLY)
        self.assertRaises(AuditError, audit.append, happened())
        self.assertEqual(self.open(1).verify(), [])

    def test_another_file_in_its_place_is_not_touched(self) -> None:
        self.path.write_bytes(b"dear diary\n")
        self.assertRaises(AuditError, self.open)
        self.assertEqual(self.path.read_bytes(), b"dear diary\n")
        self.path.unlink()
        self.path.symlink_to("elsewhere")
        self.assertRaises(AuditError, self.open)
        self.assertRaises(AuditError, Audit(self.path, self.head, SECRET).append, happened())
