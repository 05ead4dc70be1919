"""A file that goes up: looked at, sent, committed, offered.

Rule: pure, as in `transfer.py`. Where it goes on after a cut is the server's word (`blobis`), so at most one window is
sent twice. The disk reads ahead while bytes are sent. What is encrypted is sealed on the way, and after a cut from the
beginning again: the same bytes, or it fails (`steps.py`).
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

import msgspec

from chatd import blobs as b
from chatd import messages as m
from chatd.wire.pack import Command
from clients.core import jobs as j
from clients.core import notices as n
from clients.core import offers as o
from clients.core import records as r
from clients.core.e2ee.bodies import Manifest
from clients.core.e2ee.signed import decode, encode
from clients.core.e2ee.stream import ID_BYTES, Stream
from clients.core.intents import Intent
from clients.core.moving import MOVING, WAITING
from clients.core.offers import Kept
from clients.core.outbox import Outgoing
from clients.core.steps import STEP
from clients.core.transfer import PASSING, STEPS, TRIES, Desk, Moves, Transfer

ASKED, FLOWING, COMMITTING = "asked", "flowing", "committing"
AGAIN: Final = frozenset({"bad-offset", "no-such-blob", "blob-incomplete"})
NONE_YET: Final = bytes(32)  # in place of a hash
READ: Final = 1_048_576  # bytes that are read at once


class Upload(Transfer):
    """One file that goes up."""

    stage = ""
    secret = b""  # of a file that is to be encrypted, until that is kept: its id and its key
    _sent_to = _read_to = 0  # bytes of the blob; what lies between is ready
    _running: j.Running | None = None
    _stream: Stream | None = None

    def __init__(self, kept: Kept, desk: Desk, intent: Intent | None = None) -> None:
        super().__init__(kept, desk, intent)
        self._ready: deque[memoryview] = deque()

    def rest(self) -> None:
        """As promised in `transfer.py`, like the next three."""
        super().rest()
        self.stage = ""
        self._ready.clear()

    def go(self, now: float) -> Moves:
        """Do what can be done."""
        if (self.busy and self.stage != FLOWING) or self.over or self.retry_at is not None:
            return Moves()
        if self.kept.state == o.PREPARING:
            return self._prepare()
        if not self.moving or self.kept.state != o.SENDING:
            return Moves()
        if not self.stage:
            return self._begin(now)
        return self._flow(now) if self.stage == FLOWING else Moves()

    def _prepare(self) -> Moves:
        self.busy = True
        return Moves(jobs=[j.Prepare(self.kept.offer.id, self.kept.output, hashes=False)])

    def _begin(self, now: float) -> Moves:
        """Ask how far it is; the server makes it where it does not know of it."""
        self.stage = ASKED
        kept = self.kept
        name, kind = ("", "") if kept.manifest else (kept.offer.name, kept.offer.type)
        ref, readers = self._ref(now), list(kept.readers or kept.to)
        return Moves(commands=[b.CreateBlob(ref, kept.offer.id, kept.blob_size, readers, name, kind)])

    def _flow(self, now: float) -> Moves:
        """Send what is ready, have more made ready meanwhile, and say in the end that it is whole."""
        moves = Moves(commands=self._put(now))
        if self.busy:
            return moves
        if self._has_more() and self._read_to - self._sent_to < (STEP if self._stream is not None else READ):
            self.busy = True
            moves.jobs.append(self._next())
        elif self.done == self.kept.blob_size:
            moves += self._commit(now)
        return moves

    def _put(self, now: float) -> list[Command]:
        """What is ready and fits the window."""
        commands: list[Command] = []
        room = self._window.size - self._flying()
        if room < min(self._window.enough, self._read_to - self._sent_to):
            return commands
        while self._ready:
            data = self._ready.popleft()
            size = min(self._window.piece, len(data))
            if size > room:
                self._ready.appendleft(data)
                break
            if size < len(data):
                self._ready.appendleft(data[size:])
            ref = self._ref(now, size)
            commands.append(b.PutBlob(ref, self.kept.offer.id, self._sent_to, bytes(data[:size])))
            self._sent_to += size
            room -= size
        return commands

    def _has_more(self) -> bool:
        """Whether there is anything to be read; of an encrypted file also for its hash alone."""
        if self._read_to < self.kept.blob_size:
            return True
        return self._stream is not None and not self.kept.blob_hash and self._unhashed()

    def _unhashed(self) -> bool:
        return self._running is None or self._running.length < self.kept.offer.size or not self._running.added

    def _next(self) -> j.Job:
        kept = self.kept
        if self._stream is not None and self._running is not None:
            return j.Seal(kept.offer.id, kept.path, self._steps(), self._read_to, self._stream, self._running)
        length = min(READ, kept.blob_size - self._read_to)
        return j.Read(kept.offer.id, kept.path, self._read_to, length, self._running)

    def _steps(self) -> str:
        """Where it is written down what was sealed."""
        return f"{self._desk.sending}/{self.kept.row}.{STEPS}"

    def _commit(self, now: float) -> Moves:
        """All of it is there: say its hash, which is known if all of it has gone by here."""
        moves = Moves()
        if not self.kept.blob_hash:
            if self._running is None or self._unhashed():
                self.busy = True
                return Moves(jobs=[j.Prepare(self.kept.offer.id, self.kept.output)])
            moves.records = self._known(*self._running.digests())
        self.stage = COMMITTING
        moves.commands = [b.CommitBlob(self._ref(now), self.kept.offer.id, self.kept.blob_hash)]
        return moves

    def _known(self, plain: bytes, blob: bytes) -> list[r.Record]:
        """The hashes of the file, and of what travelled if that is something else."""
        offer, manifest = msgspec.structs.replace(self.kept.offer, sha256=plain), self.kept.manifest
        if not manifest:
            return self._change(offer=offer, blob_hash=plain)
        whole = msgspec.structs.replace(decode(manifest, Manifest), plain_hash=plain, cipher_hash=blob)
        return self._change(offer=offer, blob_hash=blob, manifest=encode(whole))

    # ---- the disk ----

    def worked(self, now: float, outcome: j.Outcome) -> Moves:
        """The disk has done a job."""
        self.busy = False
        if isinstance(outcome, j.Prepared) and self.kept.state == o.SENDING:
            if outcome.size != self.kept.blob_size:
                return self._give_up("changed", "The file has changed while it was sent; try again.")
            return Moves(records=self._known(outcome.sha256, b"")) + self.go(now)
        if isinstance(outcome, j.Prepared):
            return self._prepared(now, outcome)
        if isinstance(outcome, j.Ready):
            if self.stage == FLOWING and outcome.offset == self._read_to:  # and not read for a line that is gone
                self._ready.extend([memoryview(outcome.data)] if outcome.data else [])
                self._read_to += len(outcome.data)
            return self.go(now)
        if isinstance(outcome, j.Trouble):
            return self._give_up(outcome.code, outcome.text)
        return Moves()

    def _prepared(self, now: float, found: j.Prepared) -> Moves:
        offer = msgspec.structs.replace(
            self.kept.offer, name=found.name, size=found.size, sha256=found.sha256, type=found.type
        )
        size, manifest = found.size, b""
        if self.secret:
            stream = Stream(self.secret[:ID_BYTES], self.secret[ID_BYTES:], size)
            size, manifest = stream.sealed_size, encode(stream.manifest(found.name, found.type, NONE_YET, NONE_YET))
        records = self._change(offer=offer, state=o.SENDING, path=found.path, blob_size=size, manifest=manifest)
        said = self.news(MOVING if self.moving else WAITING, now, first=True)
        return Moves([said], records) + self.go(now)

    # ---- the server ----

    def answered(self, now: float, event: Any) -> Moves:
        """The server has answered."""
        if isinstance(event, m.Failed):
            return self._refused(now, event)
        if not isinstance(event, b.BlobIs):
            return Moves()
        if event.committed and self.kept.blob_hash:
            self.done = self.kept.blob_size
            return self._offer()
        if self.stage == ASKED:
            self._goes_on(event.written)
        self.done = max(self.done, event.written)
        return self._moved(now) + self.go(now)

    def _goes_on(self, written: int) -> None:
        """The server has so much of it."""
        self.stage, self.done, self._sent_to, self._read_to = FLOWING, written, written, written
        manifest = self.kept.manifest
        self._stream = Stream.of(decode(manifest, Manifest)) if manifest else None
        self._running = j.Running() if manifest or not (written or self.kept.blob_hash) else None

    def _refused(self, now: float, event: m.Failed) -> Moves:
        if event.code in PASSING:
            return self._later(now, event.retry)
        if event.code in AGAIN and self.stage != ASKED and self.tries < TRIES:
            self.tries += 1
            return self._later(now, event.retry)
        if event.code == "blob-damaged" and self.tries < TRIES:
            self.tries += 1
            changed = [] if self.kept.manifest else self._change(state=o.PREPARING, blob_hash=b"")
            return Moves(records=changed) + self._later(now, event.retry)
        return self._give_up(event.code, event.text)

    def _give_up(self, code: str, text: str) -> Moves:
        """It will not be sent: nobody shall keep what is there of it."""
        if not self.kept.offer.name:  # it is not known what it is, so it is not listed either
            self.kept = msgspec.structs.replace(self.kept, state=o.FAILED)
            return Moves([n.Refused(code, text, intent=self.intent)])
        begun = self.moving and self.stage not in ("", ASKED)
        moves = self._fail(code, text)
        if begun:
            moves.commands.append(b.DeleteBlob(self._desk.ref(b""), self.kept.offer.id))
        return moves + self.cleared()

    def cleared(self) -> Moves:
        """What was written down for sending is no longer needed."""
        return Moves(jobs=[j.Remove(self.kept.offer.id, self._steps())] if self.kept.manifest else [])

    def _offer(self) -> Moves:
        """The server has all of it: say so to those it is for."""
        kept = self.kept
        records = self._change(state=o.OFFERING)
        says = [
            Outgoing(identity, to, o.sentence(kept.offer), kept.at)
            for identity, to in zip(kept.messages, kept.to, strict=True)
        ]
        self.rest()
        self.secret = b""
        return Moves(records=records, says=says)
