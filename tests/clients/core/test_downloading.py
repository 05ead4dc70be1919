"""A file that comes down, step by step."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from chatd import blobs as b
from chatd import messages as m
from clients.core import jobs as j
from clients.core import offers as o
from clients.core.downloading import Download
from clients.core.transfer import CORRUPT, Moves
from clients.core.window import MOST
from tests.clients.core.test_transfer import KEPT, desk

SIZE = 3_000_000


class DownloadTests(SynchronousTestCase):
    """The server and the disk are the test."""

    def setUp(self) -> None:
        offer = msgspec.structs.replace(KEPT.offer, size=SIZE)
        self.download = Download(msgspec.structs.replace(KEPT, offer=offer, blob_size=SIZE), desk())
        self.download.moving = True

    def opened(self, offset: int = 0) -> Moves:
        """The disk has a place for it."""
        (job,) = self.download.go(0.0).jobs
        self.assertEqual(job, j.Open(b"i" * 16, "downloads", "a", "", "", SIZE))
        return self.download.worked(0.0, j.Opened("/d/a.part", offset))

    def answer(self, command: object, length: int | None = None, now: float = 0.001) -> Moves:
        """The server gives what is asked for, or less."""
        assert isinstance(command, b.GetBlob), command
        if not self.download.hears(command.ref, now, None):
            return Moves()
        data = bytes(command.length if length is None else length)
        return self.download.answered(now, b.BlobData(command.ref, b"i" * 16, command.offset, data))

    def run_through(self, moves: Moves, most: int = 1 << 30) -> list[j.Job]:
        """Until the disk is to finish; its jobs."""
        jobs: list[j.Job] = []
        while True:
            flying = sum(command.length for command in moves.commands if isinstance(command, b.GetBlob))
            self.assertLessEqual(flying, MOST)
            commands, work = moves.commands, moves.jobs
            moves = Moves()
            for command in commands:
                assert isinstance(command, b.GetBlob)
                moves += self.answer(command, min(command.length, most))
            for job in work:
                jobs.append(job)
                if isinstance(job, j.Finish):
                    return jobs
                assert isinstance(job, j.Write)
                moves += self.download.worked(0.001, j.Written(job.offset + job.size))

    def test_all_the_way(self) -> None:
        *writes, finish = self.run_through(self.opened())
        at = 0
        for write in writes:
            assert isinstance(write, j.Write)
            self.assertEqual(write.offset, at)
            at += write.size
        self.assertEqual(at, SIZE)
        running = self.download._running
        self.assertEqual(finish, j.Finish(b"i" * 16, "/d/a.part", "a", "", SIZE, bytes(32), running=running))
        self.assertEqual(self.download.kept.state, o.WANTED)  # until the disk has said so
        self.download.worked(0.0, j.Finished("/d/a"))
        self.assertEqual((self.download.kept.state, self.download.kept.path), (o.RECEIVED, "/d/a"))

    def test_goes_on_where_the_disk_is(self) -> None:
        (first, *_) = self.opened(1_000_000).commands
        assert isinstance(first, b.GetBlob)
        self.assertEqual(first.offset, 1_000_000)

    def test_a_server_whose_answers_are_smaller(self) -> None:
        jobs = self.run_through(self.opened(), most=10_000)
        self.assertEqual(sum(job.size for job in jobs if isinstance(job, j.Write)), SIZE)

    def test_after_a_cut_it_waits_for_the_disk_and_asks_from_there(self) -> None:
        (first, *_) = self.opened().commands
        (write,) = self.answer(first).jobs
        assert isinstance(write, j.Write)
        self.download.rest()
        self.download.moving = True
        self.assertEqual(self.download.go(0.0), Moves())
        moves = self.download.worked(0.0, j.Written(write.size))
        (again, *_) = moves.commands
        assert isinstance(again, b.GetBlob)
        self.assertEqual(again.offset, write.size)

    def test_nothing_more_comes(self) -> None:
        (first, *_) = self.opened().commands
        moves = self.answer(first, 0)
        self.assertEqual((self.download.kept.state, self.download.kept.path), (o.FAILED, ""))
        self.assertEqual(moves.jobs, [j.Remove(b"i" * 16, "/d/a.part")])

    def test_refusals(self) -> None:
        for code, state in (("no-such-blob", o.FAILED), ("rate-limited", o.WANTED)):
            self.setUp()
            (first, *_) = self.opened().commands
            assert isinstance(first, b.GetBlob)
            self.assertTrue(self.download.hears(first.ref, 0.0, None))
            self.download.answered(0.0, m.Failed(first.ref, code, "why"))
            self.assertEqual((self.download.kept.state, self.download.kept.path), (state, "/d/a.part"))

    def test_damaged_goes_and_a_full_disk_keeps_what_there_is(self) -> None:
        for code, path in ((CORRUPT, ""), ("disk-full", "/d/a.part")):
            self.setUp()
            (first, *_) = self.opened().commands
            self.answer(first)
            moves = self.download.worked(0.0, j.Trouble(code, "why"))
            self.assertEqual((self.download.kept.state, self.download.kept.path), (o.FAILED, path))
            self.assertEqual(len(moves.jobs), not path)
