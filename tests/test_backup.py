"""Copies of a data folder: whole, verified, and good for a new start. (`test_admin.py` has the verbs and the load.)"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import threading
import time
from pathlib import Path

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from chatd import backup
from chatd.courtesy import PIECE, Pace
from chatd.data import DataFolder
from chatd.entries import BlobCommitted, BlobGone, BlobMade
from chatd.store.sqlite import SqliteStore
from chatd.store.verify import verify
from tests.store.contract import PEOPLE, message

CONTENT = b"what was handed in" * 100
BLOB = b"b" * 16


class BackupTests(SynchronousTestCase):
    """A server's folder with something of everything."""

    def setUp(self) -> None:
        self.data = self.mktemp()
        self.folder = DataFolder(self.data)
        self.folder.acquire()
        self.addCleanup(self.folder.release)
        self.store = SqliteStore(self.folder.database)
        self.addCleanup(self.store.close)
        self.store.commit([*PEOPLE, *(message(number) for number in range(1, 21))])
        self.keep(BLOB)
        (Path(self.folder.files) / f"{'c' * 32}.part").write_bytes(b"half of it")
        (Path(self.folder.tls) / "key.pem").write_text("a key")
        (Path(self.folder.console) / "authorized_keys").write_text("a line")
        (Path(self.data) / "audit.head").write_text("the newest mark")
        self.secret = self.folder.secret()
        self.out = self.mktemp()

    def keep(self, blob: bytes, content: bytes = CONTENT) -> Path:
        """A file that was handed in."""
        path = Path(self.folder.files) / blob.hex()
        path.write_bytes(content)
        made = BlobMade(blob, 1, len(content), 5, "@2")
        self.store.commit([made, BlobCommitted(blob, 6, hashlib.sha256(content).digest())])
        return path

    def test_all_of_it_and_nothing_half(self) -> None:
        made = backup.back_up(self.data, self.out)
        here = {path.relative_to(self.out).as_posix() for path in Path(self.out).rglob("*") if path.is_file()}
        names = {
            "chat.db",
            "secret",
            "audit.head",
            "manifest.json",
            "tls/key.pem",
            "console/authorized_keys",
            f"files/{BLOB.hex()}",
        }
        self.assertEqual(here, names)
        self.assertEqual(backup.check(self.out).problems, [])
        self.assertEqual((made.found.counts["message"], made.size > len(CONTENT)), (20, True))
        self.assertEqual(list(Path(self.out).parent.glob("*.part")), [])
        self.assertApproximates(backup.last(self.data), time.time(), 60)
        self.assertEqual(os.stat(Path(self.data) / backup.NOTE).st_mode & 0o777, 0o644)

    def test_back_again_under_another_epoch(self) -> None:
        backup.back_up(self.data, self.out)
        data = self.mktemp()
        self.assertEqual(backup.restore(self.out, data).problems, [])
        folder = DataFolder(data)
        store = SqliteStore(folder.database)
        self.addCleanup(store.close)
        self.assertNotEqual(store.load().epoch, self.store.load().epoch)
        self.assertEqual(len(store.read(10, 0, 99, 99)), 20)
        self.assertEqual((folder.secret(), (Path(folder.files) / BLOB.hex()).read_bytes()), (self.secret, CONTENT))
        self.assertEqual((Path(folder.tls) / "key.pem").read_text(), "a key")
        self.assertEqual(backup.missing(folder.database, folder.files), [])
        folder.acquire()
        folder.release()

    def test_mail_on_its_way_and_keys_that_are_good_once_are_left_out(self) -> None:
        marker = b"ciphertext of something private"
        with contextlib.closing(sqlite3.connect(self.folder.database, isolation_level=None)) as connection:
            letter = "INSERT INTO letter VALUES (1, x'01', x'02', 'alice', 'phone', 'olm0', '', x'', ?, '', 5, x'')"
            connection.execute(letter, (marker,))
            connection.execute("INSERT INTO delivery VALUES ('phone', 1, 1, 9)")
            connection.execute("INSERT INTO one_time_key VALUES ('phone', 1, ?)", (marker,))
        self.assertIn(marker, Path(self.folder.database + "-wal").read_bytes())
        backup.back_up(self.data, self.out)
        for path in Path(self.out).rglob("*"):
            self.assertFalse(path.is_file() and marker in path.read_bytes(), path)
        data = self.mktemp()
        self.assertEqual(backup.restore(self.out, data).problems, [])
        found = verify(DataFolder(data).database)
        self.assertEqual((found.problems, found.counts["message"]), ([], 20))

    def test_what_somebody_has_changed_is_seen(self) -> None:
        backup.back_up(self.data, self.out)
        for name, change, word in (
            (f"files/{BLOB.hex()}", b"another", "is not what was written"), ("secret", None, "is missing"),
            ("more", b"new", "was not there"), ("manifest.json", b"{}", "is no backup"),
            ("manifest.json", b"[]", "is no backup"), ("manifest.json", b'{"format": 2, "files": {}}', "has format 2"),
        ):  # fmt: skip
            path = Path(self.out) / name
            before = path.read_bytes() if path.exists() else None
            path.unlink() if change is None else path.write_bytes(change)
            problem = backup.check(self.out).problems[0]
            self.assertIn(word, problem)
            data = self.mktemp()
            self.assertTrue(backup.restore(self.out, data).problems)
            self.assertFalse(os.path.exists(data))
            path.unlink(missing_ok=True) if before is None else path.write_bytes(before)
        self.assertEqual(backup.check(self.out).problems, [])
        self.assertTrue(backup.check(self.mktemp()).problems)

    def test_a_database_alone(self) -> None:
        backup.back_up(self.data, self.out)
        data = self.mktemp()
        self.assertEqual(backup.restore(os.path.join(self.out, "chat.db"), data).problems, [])
        self.assertIn("is missing", backup.missing(DataFolder(data).database, DataFolder(data).files)[0])

    def test_a_file_that_is_missing_or_damaged(self) -> None:
        path = Path(self.folder.files) / BLOB.hex()
        path.write_bytes(b"x" * len(CONTENT))
        self.assertEqual(backup.missing(self.folder.database, self.folder.files), [f"file {BLOB.hex()} is damaged"])
        path.unlink()
        self.assertEqual(backup.missing(self.folder.database, self.folder.files), [f"file {BLOB.hex()} is missing"])
        with self.assertRaisesRegex(backup.BadBackup, "files are missing"):
            backup.back_up(self.data, self.out)
        self.assertEqual([os.path.exists(self.out), os.path.exists(self.out + ".part")], [False, False])

    def test_a_file_that_is_deleted_while_the_copy_is_made(self) -> None:
        """The database's copy still names it."""
        part = Path(self.mktemp())
        part.mkdir()
        backup.copy_database(self.folder.database, part / "chat.db", Pace())
        self.store.commit([BlobGone(BLOB)])
        backup._forget_deleted(self.folder, part)
        self.assertEqual(backup.missing(str(part / "chat.db"), str(part)), [])

    def test_no_link_is_followed(self) -> None:
        (Path(self.folder.console) / "link").symlink_to("/etc/passwd")
        backup.back_up(self.data, self.out)
        self.assertFalse((Path(self.out) / "console" / "link").exists())

    def test_what_cannot_be(self) -> None:
        os.mkdir(self.out)
        with self.assertRaisesRegex(backup.BadBackup, "is there already"):
            backup.back_up(self.data, self.out)
        with self.assertRaisesRegex(backup.BadBackup, "no database"):
            backup.back_up(self.mktemp(), self.mktemp())
        with self.assertRaisesRegex(backup.BadBackup, "not empty"):
            backup.restore(self.out, self.data)
        with open(Path(self.folder.files) / ("d" * 32), "wb") as large:  # a hole: as long as the disk is, and no longer
            large.truncate(1 << 43)
        with self.assertRaisesRegex(backup.BadBackup, "MiB free"):
            backup.back_up(self.data, self.mktemp())

    def test_old_ones_go(self) -> None:
        many = Path(self.mktemp())
        for number in range(4):
            backup.back_up(self.data, str(many / f"copy-{number}"))
        (many / "a-folder-of-something-else").mkdir()
        self.assertEqual([Path(path).name for path in backup.make_room(str(many), 2)], ["copy-0", "copy-1"])
        self.assertEqual(
            sorted(path.name for path in many.iterdir()), ["a-folder-of-something-else", "copy-2", "copy-3"]
        )

    def test_what_was_never_ended_goes_after_a_day(self) -> None:
        many = Path(self.mktemp())
        for name in ("copy-0", "new.part", "old.part", "old.part/files"):
            (many / name).mkdir(parents=True)
        (many / "old.part" / "manifest.json").write_text("{}")
        os.utime(many / "old.part", (0, 0))
        self.assertEqual(backup.make_room(str(many), 1), [])
        self.assertEqual(sorted(path.name for path in many.iterdir()), ["copy-0", "new.part"])

    def test_it_is_written_and_removed_piece_by_piece(self) -> None:
        """Between two rests no more than some pieces come to the disk, and no more than a cut leaves it."""
        for number in range(21, 200):
            large = msgspec.structs.replace(message(number), body=b"%05d" % number * 10_000)
            self.store.commit([large])
        self.keep(b"g" * 16, b"x" * (3 * PIECE + 1))
        sizes: dict[int, int] = {}
        steps: list[int] = []

        def sync(descriptor: int) -> None:
            about = os.fstat(descriptor)
            before, sizes[about.st_ino] = sizes.get(about.st_ino, 0), about.st_size
            steps.append(about.st_size - before)

        pace = Pace(lambda _: None, sync)
        made = backup.back_up(self.data, str(Path(self.out) / "a"), pace)
        self.assertGreater(made.size, 10_000_000)
        self.assertLess(max(steps), 2 * 1024 * 1024)
        steps.clear()
        with open(Path(made.path) / "files" / (b"g" * 16).hex(), "ab") as file:
            file.truncate(3 * backup.CUT + 1)
        backup.make_room(self.out, 0, Pace(lambda _: None, sync))
        self.assertEqual([sorted(steps)[0], os.listdir(self.out)], [-backup.CUT, []])

    def test_the_note_of_the_newest(self) -> None:
        self.assertEqual(backup.last(self.data), 0)
        for text in ("", "[]", '{"made": "x"}', "null"):
            (Path(self.data) / backup.NOTE).write_text(text)
            self.assertEqual(backup.last(self.data), 0)

    def test_twenty_under_load(self) -> None:
        """Each opens, verifies, and holds everything acknowledged before its start; files come and go meanwhile."""
        accepted, stop = [20], threading.Event()

        def load() -> None:
            blobs: list[bytes] = []
            while not stop.is_set():
                numbers = range(accepted[0] + 1, accepted[0] + 21)
                accepted[0] = self.store.commit([message(number) for number in numbers])[-1].seq
                blobs.append(hashlib.sha256(b"%d" % accepted[0]).digest()[:16])
                self.keep(blobs[-1], b"%d" % accepted[0])
                if len(blobs) > 7:
                    gone = blobs.pop(0)
                    self.store.commit([BlobGone(gone)])
                    (Path(self.folder.files) / gone.hex()).unlink()

        thread = threading.Thread(target=load)
        thread.start()
        try:
            for number in range(20):
                before = accepted[0]
                out = f"{self.out}-{number}"
                counts = backup.back_up(self.data, out).found.counts
                self.assertGreaterEqual(counts["message"], before)
                self.assertEqual(backup.check(out).problems, [])
                self.assertEqual(json.loads((Path(out) / "manifest.json").read_text())["counts"], counts)
        finally:
            stop.set()
            thread.join()
        self.assertGreater(accepted[0], 400)
