"""Of the node: uploads and downloads, between the hub that says who may and the folder that has the bytes.

Rule: the disk is asked off the reactor, and nothing but the transfers of the same session waits for it: its chat goes
on. What a session may have waiting here is bounded; beyond it the session is not read from, which a client that keeps
to its window never meets. Who does not read is given nothing more. A commit is answered when it is durable.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd import blobs as b
from chatd import messages as m
from chatd.core import blobs
from chatd.core.blobs import Blob
from chatd.core.groups import Conversation
from chatd.core.talks import Talk
from chatd.core.turn import Refused, Turn
from chatd.core.users import Session
from chatd.entries import Row
from chatd.files import BadBlob, Folder, refused
from chatd.journal import Run
from chatd.wire.offer import offered

if TYPE_CHECKING:
    from chatd.node import Node

BATCH_BYTES: Final = 600_000  # that the disk is asked for, or given, at once
LEAST_COST: Final = 1024  # of a command that has no bytes
BROWSERS: Final = 0  # who fetches by a link; no user has this id
log = Logger()


class Wanted(NamedTuple):
    """A command that the hub has allowed."""

    command: Any
    blob: Blob
    cost: int


class Lane:
    """The transfers of one session, one after another. `load`: the bytes that wait."""

    __slots__ = ("busy", "load", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[Wanted] = deque()
        self.busy = False
        self.load = 0

    def batch(self) -> list[Wanted]:
        """What the disk shall do next."""
        batch, size = [self.waiting.popleft()], 0
        size = batch[0].cost
        while self.waiting and size + self.waiting[0].cost <= BATCH_BYTES:
            batch.append(self.waiting.popleft())
            size += batch[-1].cost
        return batch


class Transfers:
    """What a node does with files."""

    def __init__(self, node: Node, folder: Folder, run: Run) -> None:
        self._node = node
        self._folder = folder
        self._run = run
        self._lanes: dict[Session, Lane] = {}

    def ask(self, session: Session, command: Any, turn: Turn) -> None:
        """Somebody asks for something: the disk does it when what the hub noted is durable."""
        blob = self._node.hub.apply(session, command, turn)
        if blob is not None:
            turn.then(self._line_up, session, command, blob)

    def forget(self, session: Session) -> None:
        """A session is gone."""
        lane = self._lanes.pop(session, None)
        for wanted in lane.waiting if lane is not None else ():
            if type(wanted.command) is b.DeleteBlob:
                self._remove(wanted.blob)

    def room(self, session: Session) -> None:
        """A session has taken everything that was sent to it."""
        lane = self._lanes.get(session)
        if lane is not None:
            self._go_on(session, lane)

    # ---- for browsers ----

    def linked(self, identity: bytes) -> Blob | None:
        """The file of this id, if it is whole and was sent in clear."""
        blob = self._node.hub.blobs.by_id.get(identity)
        return blob if blob is not None and blob.committed and blob.name else None

    def read(self, identity: bytes, offset: int, length: int) -> Deferred[bytes]:
        """Bytes of it."""
        known = self._node.hub.blobs
        blob = known.by_id.get(identity) or known.leaving.get(identity, (None,))[0]
        if blob is not None:
            blob.fetch(BROWSERS, self._node.turn().now)
        return self._run(self._folder.get, identity, offset, length)

    # ---- one session's ----

    def _line_up(self, session: Session, command: Any, blob: Blob) -> None:
        if session.over:
            if type(command) is b.DeleteBlob:
                self._remove(blob)
            return
        lane = self._lanes.get(session)
        if lane is None:
            lane = self._lanes[session] = Lane()
        limits = self._node.limits
        wanted = Wanted(command, blob, _cost(command, limits.file_chunk_bytes))
        lane.waiting.append(wanted)
        lane.load += wanted.cost
        if lane.load > limits.file_window_bytes:
            session.link.hold("files")
        self._go_on(session, lane)

    def _go_on(self, session: Session, lane: Lane) -> None:
        if lane.busy or not lane.waiting or session.over or session.link.paused:
            return
        lane.busy = True
        batch = lane.batch()
        most = self._node.limits.file_chunk_bytes
        done = self._run(carry_out, self._folder, batch, most)
        done.addCallbacks(self._done, self._broken, (session, lane, batch), {}, (session,))

    def _done(self, outcomes: list[Any], session: Session, lane: Lane, batch: list[Wanted]) -> None:
        lane.busy = False
        lane.load -= sum(wanted.cost for wanted in batch)
        turn, data = self._node.turn(), []
        for wanted, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, BadBlob):
                refusal = Refused(outcome.code, str(outcome))
                self._node.hub.refuse(session, wanted.command.ref, refusal, turn)
            elif type(wanted.command) is b.GetBlob:
                found = b.BlobData(wanted.command.ref, wanted.blob.id, wanted.command.offset, outcome)
                data.append(session.link.encode(found))
                if wanted.blob.id in self._node.hub.blobs.leaving:
                    self._ends(session, wanted.blob, wanted.command.offset + len(outcome), turn)
            else:
                TELL[type(wanted.command)](self._node, session, wanted, outcome, turn)
        if session.over:
            return
        for one in data:
            session.link.write(one)
        if lane.load <= self._node.limits.file_window_bytes // 2:
            session.link.release("files")
        self._go_on(session, lane)

    def _ends(self, session: Session, blob: Blob, at: int, turn: Turn) -> None:
        """Somebody has fetched so much of what was taken back; it may be all."""
        if at >= blob.size and session.user is not None:
            blob.fetched.pop(session.user.id, None)
            self._see_off(turn.now)

    def _broken(self, failure: Failure, session: Session) -> None:
        log.failure("a transfer has failed", failure)
        session.link.abort()

    # ---- what goes ----

    def sweep(self, now: int) -> None:
        """Let go of what is too old, and of what nobody is left to fetch."""
        hub, turn = self._node.hub, self._node.turn()
        for blob in blobs.outdated(hub, now):
            self.let_go(blob, turn)
        self._see_off(now)

    def withdraw(self, conversation: Conversation | Talk, row: Row, turn: Turn) -> None:
        """A message is taken back: so is the file that it offers, if it is its sender's."""
        offer = offered(row.tags)
        if offer is None or isinstance(conversation, Talk):
            return
        blob = blobs.withdraw(self._node.hub, offer.id, conversation, row.sender, turn)
        if blob is not None:
            turn.then(self._remove, blob)

    def _see_off(self, now: int) -> None:
        """Take away the bytes of what was taken back, where nobody fetches it any more."""
        for blob in blobs.left(self._node.hub, now):
            self._remove(blob)

    def let_go(self, blob: Blob, turn: Turn) -> None:
        """Keep a blob no longer, and take its bytes away when that is on disk."""
        blobs.forget(self._node.hub, blob, turn)
        turn.then(self._remove, blob)

    def _remove(self, blob: Blob) -> None:
        self._run(self._folder.remove, blob.id).addErrback(_cannot_remove)

    def collect(self) -> None:
        """At start: take away bytes that nobody knows of."""
        kept = {blob.id: bool(blob.committed) for blob in self._node.hub.blobs.by_id.values()}
        for name in self._folder.collect(kept):
            log.info("took away the file {name}, which nobody knows of", name=name)


def _cannot_remove(failure: Failure) -> None:
    log.error("a file cannot be taken away: {error}", error=failure.getErrorMessage())


def _cost(command: Any, most: int) -> int:
    if type(command) is b.PutBlob:
        return LEAST_COST + len(command.data)
    return LEAST_COST + (min(command.length, most) if type(command) is b.GetBlob else 0)


# ---- what is said when the disk has done it --------------------------------------------------------------------------


def _tell_written(node: Node, session: Session, wanted: Wanted, written: int, turn: Turn) -> None:
    wanted.blob.written = max(wanted.blob.written, written) if type(wanted.command) is b.PutBlob else written
    turn.reply(session, blobs.standing(node.hub, wanted.blob, wanted.command.ref))


def _tell_committed(node: Node, session: Session, wanted: Wanted, outcome: None, turn: Turn) -> None:
    if wanted.blob.id not in node.hub.blobs.by_id:  # another device has deleted it meanwhile
        refusal = Refused("no-such-blob", "You have no such file here; begin again.")
        node.hub.refuse(session, wanted.command.ref, refusal, turn)
        assert node.transfers is not None
        turn.then(node.transfers._remove, wanted.blob)
        return
    blobs.committed(node.hub, wanted.blob, wanted.command.sha256, turn)
    turn.reply(session, blobs.standing(node.hub, wanted.blob, wanted.command.ref))


def _tell_deleted(node: Node, session: Session, wanted: Wanted, outcome: None, turn: Turn) -> None:
    turn.reply(session, m.Done(wanted.command.ref))


TELL: Final[dict[type, Callable[[Node, Session, Wanted, Any, Turn], None]]] = {
    b.CreateBlob: _tell_written,
    b.PutBlob: _tell_written,
    b.CommitBlob: _tell_committed,
    b.DeleteBlob: _tell_deleted,
}


# ---- on a thread of the folder's -------------------------------------------------------------------------------------


def carry_out(folder: Folder, batch: list[Wanted], most: int) -> list[Any]:
    """Do what is wanted, in order; a BadBlob where that could not be."""
    return list(_outcomes(folder, batch, most))


def _outcomes(folder: Folder, batch: list[Wanted], most: int) -> Iterator[Any]:
    for wanted in batch:
        try:
            yield WORK[type(wanted.command)](folder, wanted.command, wanted.blob, most)
        except BadBlob as error:
            yield error
        except OSError as error:
            log.error("a file could not be read or written: {error}", error=str(error))
            yield refused(error)


def _begin(folder: Folder, command: b.CreateBlob, blob: Blob, most: int) -> int:
    return blob.size if blob.committed else folder.begin(blob.id, blob.size)


def _commit(folder: Folder, command: b.CommitBlob, blob: Blob, most: int) -> None:
    if not blob.committed:
        folder.commit(blob.id, blob.size, command.sha256)


WORK: Final[dict[type, Callable[[Folder, Any, Blob, int], Any]]] = {
    b.CreateBlob: _begin,
    b.PutBlob: lambda folder, command, blob, most: folder.put(blob.id, command.offset, command.data),
    b.CommitBlob: _commit,
    b.GetBlob: lambda folder, command, blob, most: folder.get(blob.id, command.offset, min(command.length, most)),
    b.DeleteBlob: lambda folder, command, blob, most: folder.remove(blob.id),
}
