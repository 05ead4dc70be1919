"""What transfers do on this disk: whatever a file is called and whoever comes between.

Rule: `EXAMPLES=100000` tries so many names; a run of all tests fewer.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import tempfile

from twisted.trial.unittest import SynchronousTestCase

from clients.core import jobs as j
from clients.core.disk import carry_out
from clients.core.e2ee.stream import SEALED_CHUNK, Stream
from tests.clients.core.test_filenames import CORPUS
from tests.clients.core.test_transfer import cut

ID = bytes(range(16))
EXAMPLES = int(os.environ.get("EXAMPLES", "0")) or 1_000
PARTS = (
    "..", "/", "\\", "a", "b.pdf", ".", " ", "\n", "\0", "\x1b[2J", "con", "nul.txt", "~", "$HOME", "-rf", "\u202e",
    "\ud800", "é", "e\u0301", "x" * 300, "C:", ":", "|", "*", "?", ".part", " (2)", "a" * 255, "\uff0f", "\u2215",
    "COM1", "%2e%2e%2f",
)  # fmt: skip


def names(count: int) -> list[str]:
    """Names that nobody should have chosen: the corpus, and what chance makes of its parts."""
    chance = random.Random(4711)
    made = ["".join(chance.choices(PARTS, k=chance.randint(1, 5))) for _ in range(count)]
    return [*CORPUS, *made][:count]


class DiskCase(SynchronousTestCase):
    """A folder with something beside it that nobody may touch."""

    def setUp(self) -> None:
        quick = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # thousands of fsyncs
        self.root = tempfile.mkdtemp(dir=quick)
        self.addCleanup(shutil.rmtree, self.root)
        self.downloads = f"{self.root}/home/downloads"
        os.makedirs(self.downloads)
        for name in ("passwd", "home/.bashrc", "home/b.pdf"):
            with open(f"{self.root}/{name}", "w") as file:
                file.write("not yours")

    def trouble(self, job: j.Job, code: str) -> None:
        """A job that cannot be done."""
        outcome = carry_out(job)
        assert isinstance(outcome, j.Trouble), outcome
        self.assertEqual(outcome.code, code)

    def opened(self, name: str = "a.pdf", output: str = "", path: str = "", size: int = 5) -> j.Opened:
        """A file that begins to come."""
        outcome = carry_out(j.Open(ID, self.downloads, name, output, path, size))
        assert isinstance(outcome, j.Opened), outcome
        return outcome

    def got(self, data: bytes, name: str, output: str = "") -> str:
        """A whole file; where it lies."""
        path = self.opened(name, output, size=len(data)).path
        carry_out(j.Write(ID, path, 0, (data,)))
        done = carry_out(j.Finish(ID, path, name, output, len(data), hashlib.sha256(data).digest()))
        assert isinstance(done, j.Finished), (name, done)
        return done.path


class NameTests(DiskCase):
    """T28."""

    def test_nasty_names_T28(self) -> None:
        """T28: nothing outside, nothing overwritten, no dot file, no device, no folder, no link."""
        tried = names(EXAMPLES)
        for start in range(0, len(tried), 500):
            self.fetched(tried[start : start + 500])
            shutil.rmtree(self.downloads)
            os.mkdir(self.downloads)

    def fetched(self, tried: list[str]) -> None:
        """Files of all these names come."""
        lies: dict[str, bytes] = {}
        for number, name in enumerate(tried):
            data = b"%d" % number
            path = self.got(data, name)
            self.assertNotIn(path, lies, name)
            lies[path] = data
        found = {entry.path: entry for entry in os.scandir(self.downloads)}
        self.assertEqual(set(found), set(lies))
        for path, entry in found.items():
            self.assertTrue(entry.is_file(follow_symlinks=False), path)
            self.assertFalse(entry.name.startswith((".", "-")), path)
            with open(path, "rb") as file:
                self.assertEqual(file.read(), lies[path])
        self.assertEqual(sorted(os.listdir(self.root)), ["home", "passwd"])
        self.assertEqual(sorted(os.listdir(f"{self.root}/home")), [".bashrc", "b.pdf", "downloads"])
        for name in ("passwd", "home/.bashrc", "home/b.pdf"):
            with open(f"{self.root}/{name}") as text:
                self.assertEqual(text.read(), "not yours")

    def test_escaped_T28(self) -> None:
        """T28: the name of the seed."""
        self.assertEqual(self.got(b"x", "../escaped.txt"), f"{self.downloads}/escaped.txt")

    def test_links_that_wait_there_are_not_followed(self) -> None:
        for name in ("a.pdf", f"b.pdf.{ID.hex()[:8]}.part"):
            os.symlink(f"{self.root}/passwd", f"{self.downloads}/{name}")
        os.symlink(f"{self.root}/nowhere", f"{self.downloads}/c.pdf")
        self.assertEqual(self.got(b"x", "a.pdf"), f"{self.downloads}/a (2).pdf")
        self.assertEqual(self.got(b"x", "b.pdf"), f"{self.downloads}/b.pdf")
        self.assertEqual(self.got(b"x", "c.pdf"), f"{self.downloads}/c (2).pdf")
        self.assertFalse(os.path.exists(f"{self.root}/nowhere"))
        with open(f"{self.root}/passwd") as file:
            self.assertEqual(file.read(), "not yours")

    def test_a_part_that_became_a_link_in_between(self) -> None:
        path = self.opened().path
        os.unlink(path)
        os.symlink(f"{self.root}/passwd", path)
        self.trouble(j.Write(ID, path, 0, (b"x",)), "disk")
        self.trouble(j.Finish(ID, path, "a.pdf", "", 1, hashlib.sha256(b"x").digest()), "disk")
        self.trouble(j.Open(ID, self.downloads, "a.pdf", "", path, 5), "disk")
        os.unlink(path)
        os.link(f"{self.root}/passwd", path)  # no link of ours has two names
        self.trouble(j.Open(ID, self.downloads, "a.pdf", "", path, 5), "not-a-file")

    def test_where_it_is_wanted(self) -> None:
        os.mkdir(f"{self.root}/there")
        for output, expected in (
            (f"{self.root}/there", "there/a.pdf"), (f"{self.root}/there/", "there/a (2).pdf"),
            (f"{self.root}/there/b.txt", "there/b.txt"), (f"{self.root}/new/", "new/a.pdf"),
            (f"{self.root}/new/c.txt", "new/c.txt"),
        ):  # fmt: skip
            self.assertEqual(self.got(b"x", "a.pdf", output), f"{self.root}/{expected}")

    def test_for_nobody_else_and_not_to_be_run(self) -> None:
        self.assertEqual(os.stat(self.got(b"#!/bin/sh", "run.sh")).st_mode & 0o777, 0o600)


class ComingTests(DiskCase):
    """A file that comes."""

    def test_goes_on_where_it_was(self) -> None:
        path = self.opened(size=10).path
        carry_out(j.Write(ID, path, 0, (b"ab", b"cd")))
        self.assertEqual(self.opened(path=path, size=10), j.Opened(path, 4))
        carry_out(j.Write(ID, path, 4, (b"ef",)))
        self.assertEqual(self.opened(path=path, size=10).offset, 6)
        self.assertEqual(self.opened(path=path, size=5).offset, 0)  # more than it can be: from the beginning
        os.unlink(path)
        self.assertEqual(self.opened(path=path), j.Opened(path, 0))

    def test_not_what_was_sent_T29(self) -> None:
        """T29: a byte too few, one too many, another one: it gets no name, and goes."""
        right = hashlib.sha256(b"abcde").digest()
        for data in (b"abcd", b"abcdef", b"abcdX"):
            path = self.opened().path
            carry_out(j.Write(ID, path, 0, (data,)))
            self.trouble(j.Finish(ID, path, "a.pdf", "", 5, right), "FILE_CORRUPT")
            self.assertEqual(os.listdir(self.downloads), [])

    def test_of_an_encrypted_one_only_whole_chunks_count(self) -> None:
        stream = Stream(b"f" * 16, b"k" * 32, 200_000)
        job = j.Open(ID, self.downloads, "a", "", "", stream.sealed_size, stream)
        opened = carry_out(job)
        assert isinstance(opened, j.Opened)
        plain = os.urandom(200_000)
        chunks = [stream.seal(n, plain[n * 65_536 : (n + 1) * 65_536]) for n in range(stream.count)]
        self.assertEqual(
            carry_out(j.Write(ID, opened.path, 0, cut(chunks[0] + chunks[1], 50_000), stream)),
            j.Written(2 * SEALED_CHUNK),
        )
        with open(opened.path, "ab") as file:
            file.write(b"half a chunk")
        again = carry_out(j.Open(ID, self.downloads, "a", "", opened.path, stream.sealed_size, stream))
        self.assertEqual(again, j.Opened(opened.path, 2 * SEALED_CHUNK))
        self.trouble(j.Write(ID, opened.path, 2 * SEALED_CHUNK, (chunks[3],), stream), "FILE_CORRUPT")
        self.assertEqual(os.path.getsize(opened.path), 131_072)
        carry_out(j.Write(ID, opened.path, 2 * SEALED_CHUNK, cut(chunks[2] + chunks[3], 70), stream))
        cipher, good = hashlib.sha256(b"".join(chunks)).digest(), hashlib.sha256(plain).digest()
        wrong = j.Finish(ID, opened.path, "a", "", 200_000, good, stream, bytes(32))
        right = j.Finish(ID, opened.path, "a", "", 200_000, good, stream, cipher)
        shutil.copy(opened.path, opened.path + ".copy")
        self.trouble(wrong, "FILE_CORRUPT")
        os.rename(opened.path + ".copy", opened.path)
        self.assertEqual(carry_out(right), j.Finished(f"{self.downloads}/a"))

    def test_removed(self) -> None:
        path = self.opened().path
        for _ in range(2):
            self.assertEqual(carry_out(j.Remove(ID, path)), j.Removed())
        self.assertEqual(os.listdir(self.downloads), [])


class SendingTests(DiskCase):
    """A file that is sent."""

    def test_what_it_is(self) -> None:
        found = carry_out(j.Prepare(ID, f"{self.root}/home/b.pdf"))
        whole = hashlib.sha256(b"not yours").digest()
        path = f"{self.root}/home/b.pdf"
        self.assertEqual(found, j.Prepared("b.pdf", 9, whole, "application/pdf", path, 9, whole))
        self.assertEqual(carry_out(j.Read(ID, path, 4, 5, 2)), j.Pieces(4, (b"yo", b"ur", b"s")))
        self.trouble(j.Read(ID, path, 4, 6, 6), "changed")

    def test_what_is_no_file(self) -> None:
        os.mkfifo(f"{self.root}/pipe")
        for path, code in (
            (f"{self.root}/nothing", "no-such-file"), (f"{self.root}/passwd/x", "no-such-file"),
            (self.root, "not-a-file"), (f"{self.root}/pipe", "not-a-file"), ("/dev/zero", "not-a-file"),
        ):  # fmt: skip
            self.trouble(j.Prepare(ID, path), code)

    def test_encrypted_however_long_it_is(self) -> None:
        for size in (0, 1, 65_535, 65_536, 65_537, 262_143, 262_144, 262_145, 1_500_000):
            path, spool, plain = f"{self.root}/home/c", f"{self.root}/sending/{size}", os.urandom(size)
            with open(path, "wb") as file:
                file.write(plain)
            found = carry_out(j.Prepare(ID, path, spool, bytes(range(48))))
            assert isinstance(found, j.Prepared) and found.stream is not None
            with open(spool, "rb") as file:
                sealed = file.read()
            self.assertEqual(found.sha256, hashlib.sha256(plain).digest())
            self.assertEqual((found.blob_hash, found.blob_size), (hashlib.sha256(sealed).digest(), len(sealed)))
            places = [found.stream.place(index) for index in range(found.stream.count)]
            chunks = [found.stream.open(n, sealed[at : at + length]) for n, (at, length) in enumerate(places)]
            self.assertEqual(b"".join(chunks), plain)

    def test_encrypted_once_for_good(self) -> None:
        path, spool = f"{self.root}/home/b.pdf", f"{self.root}/sending/{ID.hex()}"
        found = carry_out(j.Prepare(ID, path, spool, bytes(range(48))))
        assert isinstance(found, j.Prepared) and found.stream is not None
        self.assertEqual((found.stream.fid, found.path, found.blob_size), (ID, spool, 65_552))
        with open(spool, "rb") as file:
            sealed = file.read()
        self.assertEqual(hashlib.sha256(sealed).digest(), found.blob_hash)
        self.assertEqual(found.stream.open(0, sealed), b"not yours")
        self.assertNotIn(b"not yours", sealed)
        self.trouble(j.Prepare(ID, path, spool, bytes(range(48))), "disk")  # never again under the same key
