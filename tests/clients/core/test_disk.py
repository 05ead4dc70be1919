"""What transfers do on this disk: whatever a file is called and whoever comes between.

Rule: `EXAMPLES=100000` tries so many names; a run of all tests fewer.
"""

from __future__ import annotations

import hashlib
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile

import msgspec
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from clients.core import jobs as j
from clients.core.disk import carry_out
from clients.core.e2ee.stream import SEALED_CHUNK, Stream
from clients.core.steps import STEP
from tests.clients.core.test_filenames import CORPUS
from tests.clients.core.test_transfer import cut
from tests.tidy import ROOT

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
        self.assertEqual(found, j.Prepared("b.pdf", 9, whole, "application/pdf", path))
        self.assertEqual(carry_out(j.Read(ID, path, 4, 5)), j.Ready(4, b"yours"))
        self.trouble(j.Read(ID, path, 4, 6), "changed")

    def test_what_is_no_file(self) -> None:
        os.mkfifo(f"{self.root}/pipe")
        for path, code in (
            (f"{self.root}/nothing", "no-such-file"), (f"{self.root}/passwd/x", "no-such-file"),
            (self.root, "not-a-file"), (f"{self.root}/pipe", "not-a-file"), ("/dev/zero", "not-a-file"),
        ):  # fmt: skip
            self.trouble(j.Prepare(ID, path), code)


class SealingTests(DiskCase):
    """A file that is sent encrypted."""

    def file(self, plain: bytes) -> Stream:
        """One with these bytes."""
        with open(f"{self.root}/home/c", "wb") as file:
            file.write(plain)
        return Stream(bytes(16), bytes(32), len(plain))

    def seal(self, stream: Stream, offset: int = 0, steps: str = "steps") -> j.Seal:
        """What there is of it from here on."""
        return j.Seal(ID, f"{self.root}/home/c", f"{self.root}/sending/{steps}", offset, stream, j.Running())

    def sealed(self, job: j.Seal) -> bytes:
        """All of that, step by step."""
        found = b""
        while len(found) < job.stream.sealed_size - job.offset:
            outcome = carry_out(msgspec.structs.replace(job, offset=job.offset + len(found)))
            assert isinstance(outcome, j.Ready), outcome
            self.assertTrue(outcome.data)
            found += outcome.data
        return found

    def test_however_long_it_is_and_from_wherever(self) -> None:
        for size in (0, 1, 65_535, 65_536, 65_537, STEP - 1, STEP, STEP + 1, 2 * STEP + 70_000):
            plain = os.urandom(size)
            job = self.seal(stream := self.file(plain), steps=str(size))
            sealed = self.sealed(job)
            self.assertEqual(len(sealed), stream.sealed_size)
            hashes = hashlib.sha256(plain).digest(), hashlib.sha256(sealed).digest()
            self.assertEqual(job.running.digests(), hashes)
            places = [stream.place(index) for index in range(stream.count)]
            chunks = [stream.open(n, sealed[at : at + length]) for n, (at, length) in enumerate(places)]
            self.assertEqual(b"".join(chunks), plain)
            for offset in (1, len(sealed) // 2, len(sealed) - 1):
                again = self.seal(stream, offset, str(size))
                self.assertEqual((self.sealed(again), again.running.digests()), (sealed[offset:], hashes))
            last = self.seal(stream, len(sealed), str(size))
            self.assertEqual((carry_out(last), last.running.digests()), (j.Ready(len(sealed), b""), hashes))

    def test_never_otherwise_than_before(self) -> None:
        """Whatever of the file changed meanwhile: no key serves two texts. What was never sealed may change."""
        plain = os.urandom(3 * STEP)
        stream = self.file(plain)
        first = carry_out(self.seal(stream))
        assert isinstance(first, j.Ready)
        for at, offset in ((0, 0), (STEP - 1, 0), (0, len(first.data)), (STEP - 1, len(first.data))):
            self.file(plain[:at] + bytes([plain[at] ^ 1]) + plain[at + 1 :])
            self.trouble(self.seal(stream, offset), "changed")
        self.file(plain[:STEP] + bytes(2 * STEP))
        self.assertEqual(carry_out(self.seal(stream)), first)
        other = self.sealed(self.seal(stream))
        self.assertEqual(other[: len(first.data)], first.data)
        self.file(plain)
        self.trouble(self.seal(stream, len(first.data)), "changed")

    def test_what_nobody_knows_any_more_is_not_sealed_again(self) -> None:
        stream = self.file(bytes(2 * STEP))
        self.trouble(self.seal(stream, 1), "changed")
        self.trouble(self.seal(stream, stream.sealed_size), "changed")

    def test_shorter_longer_and_gone(self) -> None:
        stream = Stream(bytes(16), bytes(32), 100)
        for plain in (bytes(99), bytes(101)):
            self.file(plain)
            self.trouble(self.seal(stream), "changed")
        os.unlink(f"{self.root}/home/c")
        self.trouble(self.seal(stream), "no-such-file")

    def test_nothing_of_the_file_is_written_down(self) -> None:
        stream = self.file(b"not yours" * 1000)
        sealed = self.sealed(self.seal(stream))
        with open(f"{self.root}/sending/steps", "rb") as file:
            self.assertEqual(file.read(), hashlib.sha256(sealed).digest())


class MemoryTests(SynchronousTestCase):
    """What the pieces of a file cost the system."""

    FAULTS = """if True:
        import resource, sys
        from clients.core.disk import keep_memory
        if sys.argv[1] == "kept":
            keep_memory()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(50):
            bytes(1_500_000).replace(bytes(1), bytes([1]), 1)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
    """

    def faults(self, word: str) -> int:
        """How many pages a new interpreter was given for fifty pieces."""
        command = [sys.executable, "-c", self.FAULTS, word]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT)
        self.assertEqual(done.stderr, "")
        return int(done.stdout)

    def test_a_piece_lies_where_the_last_one_lay(self) -> None:
        if platform.libc_ver()[0] != "glibc":
            raise SkipTest("this is about glibc")
        kept, usual = self.faults("kept"), self.faults("not")
        self.assertLess(kept * 5, usual)
