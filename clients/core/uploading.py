"""A file that goes up: looked at, sent, committed, offered.

Rule: pure, as in `transfer.py`. Where it goes on after a cut is the server's word (`blobis`), so at most one window is
sent twice. What is encrypted was made once and lies in a spool until it is offered.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from chatd import blobs as b
from chatd import messages as m
from clients.core import jobs as j
from clients.core import notices as n
from clients.core import offers as o
from clients.core import records as r
from clients.core.e2ee.signed import encode
from clients.core.moving import MOVING, WAITING
from clients.core.outbox import Outgoing
from clients.core.transfer import PASSING, TRIES, Moves, Transfer

ASKED, FLOWING, COMMITTING = "asked", "flowing", "committing"
AGAIN: Final = frozenset({"bad-offset", "no-such-blob", "blob-incomplete"})
MOST_READ: Final = 262_144


class Upload(Transfer):
    """One file that goes up."""

    stage = ""
    secret = b""  # of a file that is to be encrypted, until it is: its id and its key
    _read_to = 0
    _running: j.Running | None = None

    def rest(self) -> None:
        """As promised in `transfer.py`, like the next three."""
        super().rest()
        self.stage = ""

    def go(self, now: float) -> Moves:
        """Do what can be done."""
        if self.busy or self.over or self.retry_at is not None:
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
        kept = self.kept
        if not self.secret:
            return Moves(jobs=[j.Prepare(kept.offer.id, kept.output, hashes=False)])
        spool = f"{self._desk.spool}/{kept.row}"
        return Moves(jobs=[j.Prepare(kept.offer.id, kept.output, spool, self.secret)])

    def _begin(self, now: float) -> Moves:
        """Ask how far it is; the server makes it where it does not know of it."""
        self.stage = ASKED
        kept = self.kept
        name, kind = ("", "") if kept.manifest else (kept.offer.name, kept.offer.type)
        ref, readers = self._ref(now), list(kept.readers or kept.to)
        return Moves(commands=[b.CreateBlob(ref, kept.offer.id, kept.blob_size, readers, name, kind)])

    def _flow(self, now: float) -> Moves:
        """Read what fits the window, or say that it is whole."""
        if self.done == self.kept.blob_size:
            return self._commit(now)
        room = min(self._window.size - self._flying(), self.kept.blob_size - self._read_to, MOST_READ)
        if room < min(self._window.enough, self.kept.blob_size - self._read_to) or room <= 0:
            return Moves()
        self.busy = True
        kept, piece = self.kept, self._window.piece
        return Moves(jobs=[j.Read(kept.offer.id, kept.path, self._read_to, room, piece, self._running)])

    def _commit(self, now: float) -> Moves:
        """All of it is there: say its hash, which is known if all of it has gone by here."""
        moves = Moves()
        if not self.kept.blob_hash:
            if self._running is None or self._running.length != self.kept.blob_size:
                self.busy = True
                return Moves(jobs=[j.Prepare(self.kept.offer.id, self.kept.output)])
            moves.records = self._known(self._running.digests()[0])
        self.stage = COMMITTING
        moves.commands = [b.CommitBlob(self._ref(now), self.kept.offer.id, self.kept.blob_hash)]
        return moves

    def _known(self, whole: bytes) -> list[r.Record]:
        """The hash of a file that is not encrypted."""
        offer = msgspec.structs.replace(self.kept.offer, sha256=whole)
        return self._change(offer=offer, blob_hash=whole)

    # ---- the disk ----

    def worked(self, now: float, outcome: j.Outcome) -> Moves:
        """The disk has done a job."""
        self.busy = False
        if isinstance(outcome, j.Prepared) and self.kept.state == o.SENDING:
            if outcome.blob_size != self.kept.blob_size:
                return self._give_up("changed", "The file has changed while it was sent; try again.")
            return Moves(records=self._known(outcome.blob_hash)) + self.go(now)
        if isinstance(outcome, j.Prepared):
            return self._prepared(now, outcome)
        if isinstance(outcome, j.Pieces):
            return self._pieces(now, outcome) + self.go(now)
        if isinstance(outcome, j.Trouble):
            return self._give_up(outcome.code, outcome.text)
        return Moves()

    def _prepared(self, now: float, found: j.Prepared) -> Moves:
        offer = msgspec.structs.replace(
            self.kept.offer, name=found.name, size=found.size, sha256=found.sha256, type=found.type
        )
        manifest = b""
        if found.stream is not None:
            manifest = encode(found.stream.manifest(found.name, found.type, found.sha256, found.blob_hash))
        records = self._change(
            offer=offer, state=o.SENDING, path=found.path, blob_size=found.blob_size, blob_hash=found.blob_hash,
            manifest=manifest,
        )  # fmt: skip
        said = self.news(MOVING if self.moving else WAITING, now, first=True)
        return Moves([said], records) + self.go(now)

    def _pieces(self, now: float, found: j.Pieces) -> Moves:
        """Send what was read, unless it was read for a line that is gone."""
        if self.stage != FLOWING or found.offset != self._read_to:
            return Moves()
        moves = Moves()
        for data in found.data:
            moves.commands.append(b.PutBlob(self._ref(now, len(data)), self.kept.offer.id, self._read_to, data))
            self._read_to += len(data)
        return moves

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
            self.stage, self.done, self._read_to = FLOWING, event.written, event.written
            self._running = None if event.written or self.kept.blob_hash else j.Running()
        self.done = max(self.done, event.written)
        return self._moved(now) + self.go(now)

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
        """What was made for sending is no longer needed."""
        kept = self.kept
        return Moves(jobs=[j.Remove(kept.offer.id, kept.path)] if kept.manifest and kept.path else [])

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
