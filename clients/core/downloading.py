"""A file that comes down: opened, fetched, written, checked, named.

Rule: pure, as in `transfer.py`. How far it is, is what this disk has of it; pieces come in the order in which they were
asked for, and are written in that order.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from chatd import blobs as b
from chatd import messages as m
from clients.core import jobs as j
from clients.core import offers as o
from clients.core.e2ee.bodies import Manifest
from clients.core.e2ee.signed import decode
from clients.core.e2ee.stream import SEALED_CHUNK, Stream
from clients.core.intents import Intent
from clients.core.moving import MOVING, WAITING
from clients.core.offers import Kept
from clients.core.transfer import CORRUPT, GONE, PASSING, Desk, Moves, Transfer
from clients.core.window import PIECE


class Download(Transfer):
    """One file that comes down."""

    def __init__(self, kept: Kept, desk: Desk, intent: Intent | None = None) -> None:
        super().__init__(kept, desk, intent)
        self._stream = Stream.of(decode(kept.manifest, Manifest)) if kept.manifest else None
        self._opened = False
        self._fresh = True  # nothing has been asked on this line
        self._asked_to = self._got_to = 0
        self._waiting: deque[bytes] = deque()  # for the disk, as it came
        self._waiting_bytes = 0
        self._writing = 0
        self._most = PIECE
        self._running: j.Running | None = None

    def rest(self) -> None:
        """As promised in `transfer.py`, like the next three."""
        super().rest()
        self._fresh = True

    def go(self, now: float) -> Moves:
        """Do what can be done."""
        if self.busy or self.over or self.retry_at is not None:
            return self._ask(now) if self.busy and not self._fresh else Moves()
        if not self._opened:
            return self._open()
        if self._fresh:
            self._waiting.clear()
            self._waiting_bytes = 0
            self._asked_to = self._got_to = self.done
        if self.done == self.kept.blob_size:
            return self._finish()
        if not self.moving:
            return Moves()
        self._fresh = False
        return self._write() + self._ask(now)

    def _open(self) -> Moves:
        self.busy = True
        kept, downloads = self.kept, self._desk.downloads
        return Moves(
            jobs=[
                j.Open(
                    kept.offer.id, downloads, kept.offer.name, kept.output, kept.path, kept.blob_size, self._stream
                )
            ]
        )  # fmt: skip

    def _ask(self, now: float) -> Moves:
        """Ask for what fits the window; what the disk has not written yet counts, too."""
        moves, whole = Moves(), self.kept.blob_size
        room = self._window.size - self._flying() - self._writable() - self._writing
        while self.moving and self._asked_to < whole:
            length = min(self._window.piece, self._most, whole - self._asked_to)
            if room < length:
                break
            ref = self._ref(now, length)
            moves.commands.append(b.GetBlob(ref, self.kept.offer.id, self._asked_to, length))
            self._asked_to += length
            room -= length
        return moves

    def _writable(self) -> int:
        """Of what has come, how much can be written: of an encrypted file whole chunks."""
        size = self._waiting_bytes
        if self._stream is not None and self._got_to < self.kept.blob_size:
            size -= size % SEALED_CHUNK
        return size

    def _write(self) -> Moves:
        """Give the disk what has come."""
        size = self._writable()
        if not size:
            return Moves()
        data = self._take(size)
        self.busy, self._writing = True, size
        return Moves(jobs=[j.Write(self.kept.offer.id, self.kept.path, self.done, data, self._stream, self._running)])

    def _take(self, size: int) -> tuple[bytes, ...]:
        """So many bytes of what waits."""
        taken, waiting = [], self._waiting
        self._waiting_bytes -= size
        while size:
            piece = waiting.popleft()
            if len(piece) > size:
                waiting.appendleft(piece[size:])
                piece = piece[:size]
            taken.append(piece)
            size -= len(piece)
        return tuple(taken)

    def _finish(self) -> Moves:
        self.busy = True
        kept, offer = self.kept, self.kept.offer
        return Moves(
            jobs=[
                j.Finish(
                    offer.id, kept.path, offer.name, kept.output, offer.size, offer.sha256, self._stream,
                    kept.blob_hash, self._running,
                )
            ]
        )  # fmt: skip

    # ---- the disk ----

    def worked(self, now: float, outcome: j.Outcome) -> Moves:
        """The disk has done a job."""
        self.busy = False
        if isinstance(outcome, j.Opened):
            self._opened, self.done = True, outcome.offset
            self._running = None if outcome.offset else j.Running()  # what lies there already has to be read
            said = self.news(MOVING if self.moving else WAITING, now, first=True)
            return Moves([said], self._change(path=outcome.path)) + self.go(now)
        if isinstance(outcome, j.Written):
            self.done, self._writing = outcome.offset, 0
            return self._moved(now) + self.go(now)
        if isinstance(outcome, j.Finished):
            records = self._change(state=o.RECEIVED, path=outcome.path)
            self.rest()
            return Moves([self.news(o.RECEIVED, now)], records)
        if isinstance(outcome, j.Trouble):
            return self._troubled(outcome)
        return Moves()

    def _troubled(self, outcome: j.Trouble) -> Moves:
        """What is damaged is taken away; what is only not whole stays, for another try."""
        path = self.kept.path
        if outcome.code != CORRUPT:
            return self._fail(outcome.code, outcome.text)
        moves = self._fail(outcome.code, outcome.text, path="")
        if path:
            moves.jobs.append(j.Remove(self.kept.offer.id, path))
        return moves

    # ---- the server ----

    def answered(self, now: float, event: Any) -> Moves:
        """The server has answered."""
        if isinstance(event, m.Failed):
            if event.code in PASSING:
                return self._later(now, event.retry)
            text = GONE if event.code == "no-such-blob" else event.text
            return self._fail(event.code, text)
        if not isinstance(event, b.BlobData) or event.offset != self._got_to:
            return Moves()
        if not event.data or len(event.data) > self.kept.blob_size - self._got_to:
            return self._troubled(j.Trouble(CORRUPT, "It is not as long as it should be, and was not saved."))
        self._waiting.append(event.data)
        self._waiting_bytes += len(event.data)
        self._got_to += len(event.data)
        if self._got_to + self._flying() != self._asked_to:
            self._most = len(event.data)  # a server whose answers are smaller: ask anew from here
            self._asked.clear()
            self._asked_to = self._got_to
        return self.go(now)
