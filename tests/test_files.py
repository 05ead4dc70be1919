"""The folder of blobs."""

from __future__ import annotations

import errno
import hashlib
import os

from twisted.trial.unittest import SynchronousTestCase

from chatd import files
from chatd.files import BadBlob, Folder

ID = bytes(range(16))
TEXT = b"the bytes of a file" * 100
HASH = hashlib.sha256(TEXT).digest()


class OneFolder(SynchronousTestCase):
    """An empty folder."""

    def setUp(self) -> None:
        self.path = self.mktemp()
        os.mkdir(self.path)
        self.folder = Folder(self.path)

    def refused(self, code: str, *call: object) -> None:
        """A call that the disk does not carry out."""
        function, *arguments = call
        assert callable(function)
        error = self.assertRaises(BadBlob, function, *arguments)
        self.assertEqual(error.code, code)

    def filled(self, blob: bytes = ID) -> None:
        """A whole blob."""
        self.folder.begin(blob, len(TEXT))
        self.folder.put(blob, 0, TEXT)
        self.folder.commit(blob, len(TEXT), HASH)


class FolderTests(OneFolder):
    """What a node does with it."""

    def test_there_and_back(self) -> None:
        self.assertEqual(self.folder.begin(ID, len(TEXT)), 0)
        self.assertEqual(self.folder.put(ID, 0, TEXT[:7]), 7)
        self.refused("no-such-blob", self.folder.get, ID, 0, 9)
        self.assertEqual(self.folder.put(ID, 7, TEXT[7:]), len(TEXT))
        self.folder.commit(ID, len(TEXT), HASH)
        self.assertEqual(os.listdir(self.path), [ID.hex()])
        self.assertEqual(self.folder.get(ID, 3, 5), TEXT[3:8])
        self.assertEqual(self.folder.get(ID, len(TEXT) - 1, 99), TEXT[-1:])
        self.assertEqual(self.folder.get(ID, 1 << 40, 9), b"")

    def test_for_nobody_else(self) -> None:
        self.filled()
        self.assertEqual(os.stat(self.folder.whole(ID)).st_mode & 0o777, 0o600)

    def test_grows_at_its_end_only(self) -> None:
        self.folder.begin(ID, 100)
        self.folder.put(ID, 0, b"abc")
        for offset in (0, 2, 4, 50):
            self.refused("bad-offset", self.folder.put, ID, offset, b"x")
        self.assertEqual(self.folder.begin(ID, 100), 3)
        self.assertEqual(self.folder.part(ID).read_bytes(), b"abc")

    def test_more_than_it_can_be_begins_again(self) -> None:
        self.folder.part(ID).write_bytes(b"abcdef")
        self.assertEqual(self.folder.begin(ID, 5), 0)

    def test_not_whole(self) -> None:
        self.folder.begin(ID, 5)
        self.folder.put(ID, 0, b"abcd")
        self.refused("blob-incomplete", self.folder.commit, ID, 5, HASH)
        self.assertEqual(self.folder.begin(ID, 5), 4)

    def test_another_hash_begins_again(self) -> None:
        self.folder.begin(ID, 4)
        self.folder.put(ID, 0, b"abcd")
        self.refused("blob-damaged", self.folder.commit, ID, 4, HASH)
        self.assertEqual(os.listdir(self.path), [])
        self.refused("no-such-blob", self.folder.put, ID, 4, b"x")

    def test_committed_twice(self) -> None:
        """The server was killed between the new name and its row."""
        self.filled()
        self.assertEqual(self.folder.begin(ID, len(TEXT)), len(TEXT))
        self.folder.commit(ID, len(TEXT), HASH)
        self.assertEqual(os.listdir(self.path), [ID.hex()])

    def test_whole_blobs_do_not_change(self) -> None:
        self.filled()
        self.refused("no-such-blob", self.folder.put, ID, len(TEXT), b"more")
        self.assertEqual(self.folder.whole(ID).read_bytes(), TEXT)

    def test_unknown(self) -> None:
        self.refused("no-such-blob", self.folder.put, ID, 0, b"x")
        self.refused("no-such-blob", self.folder.commit, ID, 0, HASH)
        self.refused("no-such-blob", self.folder.get, ID, 0, 1)
        self.folder.remove(ID)

    def test_removed(self) -> None:
        self.filled()
        self.folder.begin(bytes(16), 1)
        self.folder.remove(ID)
        self.folder.remove(bytes(16))
        self.assertEqual(os.listdir(self.path), [])

    def test_no_link_is_followed(self) -> None:
        outside = self.mktemp()
        with open(outside, "wb") as file:
            file.write(b"secret")
        os.symlink(os.path.abspath(outside), self.folder.part(ID))
        os.symlink(os.path.abspath(outside), self.folder.whole(bytes(16)))
        for call in (
            lambda: self.folder.begin(ID, 100),
            lambda: self.folder.put(ID, 6, b"x"),
            lambda: self.folder.commit(ID, 6, hashlib.sha256(b"secret").digest()),
            lambda: self.folder.get(bytes(16), 0, 6),
        ):
            error = self.assertRaises(OSError, call)
            self.assertEqual(error.errno, errno.ELOOP)
        with open(outside, "rb") as file:
            self.assertEqual(file.read(), b"secret")

    def test_collect(self) -> None:
        self.filled()
        self.folder.begin(bytes(16), 1)
        self.folder.part(ID).write_bytes(b"left over")
        for name in ("README", "0" * 31, "0" * 33, "0" * 32 + ".PART", "Z" * 32):
            (self.folder.path / name).write_bytes(b"somebody else's")
        self.assertEqual(self.folder.collect({ID: True, bytes(16): False}), [ID.hex() + ".part"])
        self.assertEqual(sorted(self.folder.collect({})), [bytes(16).hex() + ".part", ID.hex()])
        self.assertEqual(len(os.listdir(self.path)), 5)

    def test_errors_of_the_disk(self) -> None:
        self.assertEqual(files.refused(OSError(errno.ENOSPC, "x")).code, "storage-full")
        self.assertEqual(files.refused(OSError(errno.EDQUOT, "x")).code, "storage-full")
        self.assertEqual(files.refused(OSError(errno.EIO, "x")).code, "storage-failed")
