"""A file that goes up, step by step."""

from __future__ import annotations

import hashlib

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from chatd import blobs as b
from chatd import messages as m
from chatd.wire.pack import Command
from clients.core import jobs as j
from clients.core import offers as o
from clients.core.intents import SendFile
from clients.core.moving import Moving
from clients.core.notices import Refused
from clients.core.offers import Kept, Offer
from clients.core.transfer import TRIES, Moves, keep
from clients.core.uploading import Upload
from clients.core.window import MOST
from tests.clients.core.test_transfer import desk

ID = b"i" * 16
SIZE = 3_000_000


class UploadTests(SynchronousTestCase):
    """The server and the disk are the test."""

    def setUp(self) -> None:
        kept = Kept(Offer(ID, "", 0, bytes(32)), o.UP, o.PREPARING, ("#a",), "me", 1, output="x", messages=(b"m" * 16,))
        self.upload = Upload(kept, desk(), SendFile(("#a",), "x"))
        self.upload.moving = True
        self.sent: list[Command] = []

    def prepared(self, size: int = SIZE) -> Moves:
        """The disk has looked at it."""
        (job,) = self.upload.go(0.0).jobs
        self.assertEqual(job, j.Prepare(ID, "x", hashes=False))
        return self.upload.worked(0.0, j.Prepared("a.bin", size, bytes(32), "", "/x"))

    def begun(self, written: int = 0) -> Moves:
        """The server has said how far it is."""
        (create,) = self.prepared().commands
        assert isinstance(create, b.CreateBlob)
        self.assertTrue(self.upload.hears(create.ref, 0.0, None))
        return self.upload.answered(0.0, b.BlobIs(create.ref, ID, SIZE, written, False))

    def read(self, moves: Moves, now: float = 0.0) -> Moves:
        """The disk reads what is wanted."""
        (job,) = moves.jobs
        assert isinstance(job, j.Read)
        if job.running is not None:
            job.running.add(bytes(job.length), b"")
        return self.upload.worked(now, j.Ready(job.offset, bytes(job.length)))

    def test_all_the_way(self) -> None:
        moves, written, puts = self.read(self.begun()), 0, 0
        while self.upload.kept.state == o.SENDING:
            while moves.jobs:
                moves = Moves(commands=moves.commands) + self.read(Moves(jobs=moves.jobs), 0.001)
            commands = list(moves.commands)
            flying = sum(len(command.data) for command in commands if isinstance(command, b.PutBlob))
            self.assertLessEqual(flying, MOST)
            moves = Moves()
            for command in commands:
                self.assertTrue(self.upload.hears(command.ref, 0.001, None))  # type: ignore[union-attr]
                if isinstance(command, b.PutBlob):
                    self.assertEqual(command.offset, written)
                    written += len(command.data)
                    puts += 1
                    moves += self.upload.answered(0.001, b.BlobIs(command.ref, ID, SIZE, written, False))
                else:
                    assert isinstance(command, b.CommitBlob), command
                    self.assertEqual((written, command.sha256), (SIZE, hashlib.sha256(bytes(SIZE)).digest()))
                    moves += self.upload.answered(0.001, b.BlobIs(command.ref, ID, SIZE, written, True))
        self.assertGreater(puts, 20)
        (said,) = moves.says
        self.assertEqual((said.id, said.to, said.text), (b"m" * 16, "#a", "File: a.bin (3.0 MB)"))

    def test_goes_on_where_the_server_is(self) -> None:
        (job,) = self.begun(1_000_000).jobs
        assert isinstance(job, j.Read)
        self.assertEqual(job.offset, 1_000_000)

    def test_what_was_read_for_another_line_is_not_sent(self) -> None:
        (job,) = self.begun(1_000_000).jobs
        self.upload.rest()
        self.upload.moving = True
        self.assertEqual(
            self.upload.worked(0.0, j.Ready(1_000_000, b"x")).commands[0],
            b.CreateBlob(2, ID, SIZE, ["#a"], "a.bin"),
        )
        del job

    def test_whole_already(self) -> None:
        (create,) = self.prepared().commands
        self.upload.kept = msgspec.structs.replace(self.upload.kept, blob_hash=b"h" * 32)
        self.assertTrue(self.upload.hears(create.ref, 0.0, None))  # type: ignore[union-attr]
        self.assertEqual(len(self.upload.answered(0.0, b.BlobIs(1, ID, SIZE, SIZE, True)).says), 1)

    def test_the_hash_of_what_went_by_here_or_of_what_is_read_once_more(self) -> None:
        for gone_by in (True, False):
            self.setUp()
            self.upload.go(0.0)
            (create,) = self.upload.worked(0.0, j.Prepared("a", 5, bytes(32), "", "/x")).commands
            self.upload.hears(create.ref, 0.0, None)  # type: ignore[union-attr]
            moves = self.upload.answered(0.0, b.BlobIs(1, ID, 5, 0 if gone_by else 5, False))
            (job,) = moves.jobs
            if gone_by:
                assert isinstance(job, j.Read) and job.running is not None
                job.running.add(b"hello", b"hello")
                (put,) = self.upload.worked(0.0, j.Ready(0, b"hello")).commands
                self.upload.hears(put.ref, 0.0, None)  # type: ignore[union-attr]
                moves = self.upload.answered(0.0, b.BlobIs(2, ID, 5, 5, False))
            else:
                self.assertEqual(job, j.Prepare(ID, "x"))
                whole = hashlib.sha256(b"hello").digest()
                moves = self.upload.worked(0.0, j.Prepared("a", 5, whole, "", "/x"))
            (commit,) = moves.commands
            assert isinstance(commit, b.CommitBlob)
            self.assertEqual(commit.sha256, hashlib.sha256(b"hello").digest())
            self.assertEqual(self.upload.kept.offer.sha256, commit.sha256)
            self.assertEqual(moves.records[-1], keep(self.upload.kept))  # before it is sent

    def test_it_has_another_size_now(self) -> None:
        self.upload.go(0.0)
        (create,) = self.upload.worked(0.0, j.Prepared("a", 5, bytes(32), "", "/x")).commands
        self.upload.hears(create.ref, 0.0, None)  # type: ignore[union-attr]
        self.upload.answered(0.0, b.BlobIs(1, ID, 5, 5, False))
        self.upload.worked(0.0, j.Prepared("a", 6, b"h" * 32, "", "/x"))
        self.assertEqual(self.upload.kept.state, o.FAILED)

    def test_it_is_not_there(self) -> None:
        self.upload.go(0.0)
        moves = self.upload.worked(0.0, j.Trouble("no-such-file", "There is no file x."))
        (refused,) = moves.notices
        assert isinstance(refused, Refused)
        self.assertEqual((refused.intent, moves.records), (SendFile(("#a",), "x"), []))

    def test_refusals(self) -> None:
        """Some pass, some mean to begin anew, others are the end: then nothing of it is to stay there."""
        for code, state, deletes in (
            ("rate-limited", o.SENDING, 0), ("bad-offset", o.SENDING, 0), ("blob-damaged", o.PREPARING, 0),
            ("storage-full", o.FAILED, 1), ("no-such-blob", o.SENDING, 0),
        ):  # fmt: skip
            self.setUp()
            (put, *_) = self.read(self.begun()).commands
            assert isinstance(put, b.PutBlob)
            self.assertTrue(self.upload.hears(put.ref, 0.0, None))
            moves = self.upload.answered(0.0, m.Failed(put.ref, code, "why"))
            self.assertEqual(self.upload.kept.state, state, code)
            self.assertEqual(sum(isinstance(command, b.DeleteBlob) for command in moves.commands), deletes)
            self.assertEqual(self.upload.retry_at is None, state == o.FAILED)

    def test_refused_before_it_was_begun(self) -> None:
        (create,) = self.prepared().commands
        self.assertTrue(self.upload.hears(create.ref, 0.0, None))  # type: ignore[union-attr]
        moves = self.upload.answered(0.0, m.Failed(1, "quota-full", "why"))
        (told,) = moves.notices
        assert isinstance(told, Moving)
        self.assertEqual((told.state, told.code, moves.commands), (o.FAILED, "quota-full", []))

    def test_not_for_ever(self) -> None:
        self.prepared()
        for turn in range(TRIES + 1):
            self.upload.retry_at, self.upload.moving = None, True
            self.upload.go(0.0)
            self.upload.stage = "flowing"
            self.upload._refused(0.0, m.Failed(1, "bad-offset", "why"))
            self.assertEqual(self.upload.kept.state, o.FAILED if turn == TRIES else o.SENDING)
