"""All files of one account on this device: which of them move, what is asked of them, what is kept.

Rule: pure; every method answers with Moves, which the App carries out: show, keep in one transaction, send, and have
the disk do its jobs. `Sent` is said when the server has agreed on size and hash and has the message that offers the
file, `received` when this disk has it under its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from chatd import blobs as b
from clients.core import intents as i
from clients.core import jobs as j
from clients.core import notices as n
from clients.core import offers as o
from clients.core import records as r
from clients.core.downloading import Download
from clients.core.e2ee.bodies import Manifest
from clients.core.e2ee.refusals import Refused
from clients.core.e2ee.signed import decode, encode
from clients.core.e2ee.stream import Stream
from clients.core.moving import MOVING, WAITING, Files
from clients.core.offers import Kept, Offer
from clients.core.transfer import Desk, Moves, Transfer, keep
from clients.core.uploading import Upload

MOST_AT_ONCE: Final = 2  # their windows are half of what a server lets one session have waiting
ID, SECRET = 16, 48  # bytes: an id, and behind it a key
MOST_KEPT: Final = 2_000  # rows
LEAST_ID: Final = 4  # digits by which a file may be meant


def spoken_of(manifest: Manifest) -> Offer:
    """The file that an encrypted message speaks of, as a face is told."""
    return Offer(manifest.fid, manifest.name, manifest.size, manifest.plain_hash, manifest.mime)


class Transfers:
    """Everything about files. `ref` numbers commands of the connection."""

    def __init__(
        self, rows: Iterable[Kept], ref: Callable[[], int], entropy: Callable[[int], bytes], downloads: str,
        sending: str,
    ) -> None:  # fmt: skip
        self.kept: dict[bytes, Kept] = {kept.offer.id: kept for kept in rows}
        self.tags: dict[bytes, str] = {}  # of the messages that offer files, in open conversations
        self._manifests: dict[bytes, bytes] = {}  # and in encrypted ones
        self._desk = Desk(self._number, entropy, downloads, sending)
        self._ref = ref
        self._refs: dict[int, bytes] = {}
        self._online = False
        self._active: dict[bytes, Transfer] = {}
        self._messages: dict[bytes, bytes] = {}  # of those that are not accepted yet: to the file
        self._heard: set[bytes] = set()  # files of which some, but not all of those they are for have heard
        for kept in self.kept.values():
            if kept.state in o.UNDER_WAY:
                self._active[kept.offer.id] = self._made(kept)
            if kept.state == o.OFFERING:
                self._note(kept)

    def _number(self, id: bytes) -> int:
        ref = self._ref()
        self._refs[ref] = id
        return ref

    def _made(self, kept: Kept, intent: i.Intent | None = None) -> Transfer:
        return (Upload if kept.way == o.UP else Download)(kept, self._desk, intent)

    def _note(self, kept: Kept) -> None:
        for identity in kept.messages:
            self._messages[identity] = kept.offer.id
            if kept.manifest:
                self._manifests[identity] = kept.manifest
            else:
                self.tags[identity] = o.tags(kept.offer)

    def enclosed(self, identity: bytes) -> list[Manifest]:
        """What goes into an encrypted message besides its text."""
        manifest = self._manifests.get(identity)
        return [decode(manifest, Manifest)] if manifest is not None else []

    def arrived(self, manifest: Manifest, conversation: str, sender: str, at: int) -> list[r.Record]:
        """An encrypted message speaks of a file: what is kept of that."""
        return self.offered(spoken_of(manifest), conversation, sender, at, encode(manifest))

    # ---- what a person wants ----

    def send(
        self, now: float, intent: i.SendFile, me: str, at: int, ids: tuple[bytes, ...], readers: tuple[str, ...] = ()
    ) -> Moves:  # fmt: skip
        """Send a file, its offers being messages with these ids; the same one that was begun earlier goes on.

        `readers`: it is to be encrypted, and the server knows so whom it is for.
        """
        for transfer in self._active.values():
            kept = transfer.kept
            if (kept.way, kept.to, kept.output) == (o.UP, intent.to, intent.path):
                return self._joined(now, transfer, intent)
        secret = self._desk.entropy(SECRET)
        offer = Offer(secret[:ID], "", 0, bytes(32))
        kept = Kept(offer, o.UP, o.PREPARING, intent.to, me, at, output=intent.path, messages=ids, readers=readers)
        transfer = self._active[offer.id] = Upload(kept, self._desk, intent)
        transfer.secret = secret if readers else b""
        return self._after(transfer, self._fill(now))

    def fetch(self, now: float, intent: i.GetFile) -> Moves:
        """Fetch a file that was offered, also one that was fetched before."""
        found = self.find(intent.id)
        if isinstance(found, n.Refused):
            return Moves([msgspec.structs.replace(found, intent=intent)])
        if found.way != o.DOWN:
            return Moves([n.Refused("bad-argument", "That is a file of your own.", intent=intent)])
        id = found.offer.id
        if id in self._active:
            return self._joined(now, self._active[id], intent)
        path = found.path if found.state == o.FAILED else ""
        kept = msgspec.structs.replace(found, state=o.WANTED, output=intent.output, path=path, why="")
        transfer = self._active[id] = self._made(kept, intent)
        moves = Moves(records=[keep(kept)]) + self._fill(now)
        return self._after(transfer, moves)

    def _joined(self, now: float, transfer: Transfer, intent: i.Intent) -> Moves:
        """It is on its way already."""
        transfer.intent = intent
        return Moves([transfer.news(MOVING if transfer.moving else WAITING, now, first=True)])

    def decline(self, now: float, intent: i.DeclineFile) -> Moves:
        """Do not fetch a file, or stop: what is there of it goes. One's own is taken back, also when it was sent."""
        found = self.find(intent.id)
        if isinstance(found, n.Refused):
            return Moves([msgspec.structs.replace(found, intent=intent)])
        transfer = self._active.pop(found.offer.id, None) or self._made(found)
        kept = transfer.kept
        if kept.state in (o.RECEIVED, o.OFFERING):
            return Moves([n.Refused("bad-argument", "That file has arrived already.", intent=intent)])
        if kept.state == o.SENT and not self._online:
            return Moves(
                [n.Refused("not-connected", "Not connected to the server right now; try again.", intent=intent)]
            )
        moves = Moves([transfer.news(o.DECLINED)])
        if kept.way == o.UP and (transfer.moving or kept.state == o.SENT):
            moves.commands.append(b.DeleteBlob(self._number(b""), kept.offer.id))
        if kept.path and kept.way == o.DOWN:
            moves.jobs.append(j.Remove(kept.offer.id, kept.path))
        if isinstance(transfer, Upload):
            moves += transfer.cleared()
        transfer.kept = msgspec.structs.replace(kept, state=o.DECLINED, path="")
        moves.records.append(keep(transfer.kept))
        return self._after(transfer, moves) + self._fill(now)

    def listed(self) -> Moves:
        """What there is, the oldest first."""
        return Moves([Files(tuple(sorted(self.kept.values(), key=lambda kept: kept.at)))])

    def find(self, word: str) -> Kept | n.Refused:
        """The file that is meant: by its id or the first digits of it, or by its name if only one has it."""
        digits = word.lower()
        found = [kept for kept in self.kept.values() if len(digits) >= LEAST_ID and kept.row.startswith(digits)]
        found = found or [kept for kept in self.kept.values() if kept.offer.name == word]
        if len(found) == 1:
            return found[0]
        if not found:
            return n.Refused("no-such-file", f"There is no file {word!r} here; /files lists them.")
        near = tuple(kept.row[:8] for kept in found[:3])
        return n.Refused("no-such-file", f"{word!r} means more than one file: give the first digits of its id.", near)

    # ---- what comes in ----

    def offered(self, offer: Offer, conversation: str, sender: str, at: int, manifest: bytes = b"") -> list[r.Record]:
        """Somebody offers a file: keep that, with the message. `manifest`: of an encrypted one."""
        if offer.id in self.kept:
            return []
        kept = Kept(offer, o.DOWN, o.OFFERED, (conversation,), sender, at, blob_size=offer.size)
        if manifest:
            about = decode(manifest, Manifest)
            try:
                size = Stream.of(about).sealed_size
            except Refused:
                return []  # no file can be as this one says; what is asked for is not here
            kept = msgspec.structs.replace(kept, blob_size=size, blob_hash=about.cipher_hash, manifest=manifest)
        self.kept[offer.id] = kept
        return [keep(kept), *self._forget_oldest()]

    def _forget_oldest(self) -> list[r.Record]:
        """Rows are for what somebody may still want; who offers thousands does not fill this disk."""
        if len(self.kept) <= MOST_KEPT:
            return []
        oldest = next((kept for kept in self.kept.values() if kept.offer.id not in self._active), None)
        if oldest is None:
            return []
        del self.kept[oldest.offer.id]
        return [r.KeepRows({(o.TABLE, oldest.row): None})]

    def wants(self, event: Any) -> bool:
        """Whether this is the answer to something asked here."""
        return getattr(event, "ref", 0) in self._refs

    def received(self, now: float, event: Any) -> Moves:
        """The server has answered."""
        transfer = self._active.get(self._refs.pop(event.ref))
        if transfer is None or not transfer.hears(event.ref, now, event):
            return Moves()
        return self._after(transfer, transfer.answered(now, event)) + self._fill(now)

    def worked(self, now: float, job: j.Job, outcome: j.Outcome) -> Moves:
        """The disk has done a job."""
        transfer = self._active.get(job.id)
        if transfer is None:
            path = getattr(outcome, "path", "")
            return Moves(jobs=[j.Remove(job.id, path)] if isinstance(outcome, j.Opened) else [])
        return self._after(transfer, transfer.worked(now, outcome)) + self._fill(now)

    def accepted(self, identity: bytes) -> Moves:
        """A message has been accepted; perhaps one that offers a file."""
        id = self._taken(identity)
        self._heard.add(id)
        return self._sent(id)

    def _taken(self, identity: bytes) -> bytes:
        """This message is no longer on its way; the file that it offers."""
        self.tags.pop(identity, None)
        self._manifests.pop(identity, None)
        return self._messages.pop(identity, b"")

    def _sent(self, id: bytes) -> Moves:
        """If all messages that offer this file have left, it is sent."""
        transfer = self._active.get(id)
        if not isinstance(transfer, Upload) or id in self._messages.values():
            return Moves()
        self._heard.discard(id)
        transfer.done = transfer.kept.blob_size
        transfer.kept = msgspec.structs.replace(transfer.kept, state=o.SENT)
        moves = Moves([transfer.news(o.SENT)], [keep(transfer.kept)]) + transfer.cleared()
        return self._after(transfer, moves)

    def refused(self, identity: bytes, code: str, text: str) -> Moves:
        """A message was not taken: if it offers a file, nobody hears of that one (of several readers, this one)."""
        id = self._taken(identity)
        transfer = self._active.get(id)
        if not isinstance(transfer, Upload) or id in self._messages.values() or id in self._heard:
            return self._sent(id)
        transfer.kept = msgspec.structs.replace(transfer.kept, state=o.FAILED, why=text)
        moves = Moves([transfer.news(o.FAILED, code=code, text=text)], [keep(transfer.kept)]) + transfer.cleared()
        if self._online:
            moves.commands.append(b.DeleteBlob(self._number(b""), id))
        return self._after(transfer, moves)

    # ---- the line, and time ----

    def online(self, now: float) -> Moves:
        """There is a line: everything goes on."""
        self._online = True
        return self._fill(now)

    def lost(self, now: float) -> Moves:
        """The line is gone."""
        self._online = False
        self._refs.clear()
        moves = Moves()
        for transfer in self._active.values():
            if transfer.moving:
                moves.notices.append(transfer.news(WAITING, now))
            transfer.rest()
        return moves

    def idle(self) -> bool:
        """Nothing is on its way."""
        return not self._active

    def deadline(self) -> float | None:
        """When `tick` has something to do."""
        return min((one.retry_at for one in self._active.values() if one.retry_at is not None), default=None)

    def tick(self, now: float) -> Moves:
        """Time has passed."""
        for transfer in self._active.values():
            if transfer.retry_at is not None and now >= transfer.retry_at:
                transfer.retry_at = None
        return self._fill(now)

    def _after(self, transfer: Transfer, moves: Moves) -> Moves:
        """Note what a transfer has come to."""
        id = transfer.kept.offer.id
        if transfer.kept.offer.name:
            self.kept[id] = transfer.kept
        if transfer.kept.state == o.OFFERING and moves.says:
            self._note(transfer.kept)
        if transfer.over:
            self._active.pop(id, None)
        return moves

    def _fill(self, now: float) -> Moves:
        """Let those move whose turn it is."""
        moves = Moves()
        turn = [transfer for transfer in self._active.values() if transfer.has_turn][:MOST_AT_ONCE]
        for transfer in turn:
            if self._online and not transfer.moving and transfer.retry_at is None:
                transfer.moving = True
            moves += self._after(transfer, transfer.go(now))
        return moves
