"""Of the node: files that come by HTTP (`draft/FILEHOST`), from people whose IRC client uploads them and says the link.

Rule: as in `transfers`. Who it is, is proved by the account's password, hashed off the reactor and counted by the same
throttle as SASL. A file counts in the account's quota, and is answered when it is durable; one that does not become
whole is taken away. What is refused is an `m.Failed`, whose code is of docs/protocol.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd import auth
from chatd import messages as m
from chatd.core import blobs, sanctions
from chatd.core.blobs import ID_BYTES, Blob
from chatd.core.turn import Refused, Turn
from chatd.core.users import User
from chatd.credentials import account
from chatd.files import BadBlob, Folder, refused
from chatd.journal import Run
from chatd.wire.offer import path_of

if TYPE_CHECKING:
    from chatd.node import Node

WRONG: Final = m.Failed(0, "sasl-failed", "Unknown name or wrong password, or the account has none.")
GONE: Final = m.Failed(0, "no-such-blob", "The file was taken away while it came.")
BUSY: Final = m.Failed(0, "busy", "The server has too much to do; try again in a few seconds.", retry=5.0)
log = Logger()


class Caller(NamedTuple):
    """Somebody who has no session."""

    address: tuple[str, int]


class Coming:
    """One file on its way in."""

    def __init__(self, blob: Blob) -> None:
        self.blob = blob
        self.hash = hashlib.sha256()
        self.written = 0


class FileHost:
    """Uploads by HTTP. `links`: the address before /files/..."""

    def __init__(self, node: Node, folder: Folder, run: Run, random: Callable[[int], bytes], links: str = "") -> None:
        self.links = links
        self._node, self._folder, self._run, self._random = node, folder, run, random

    def enter(self, name: str, password: str, host: str) -> Deferred[User | m.Failed]:
        """Whose name and password these are."""
        admission, caller, now = self._node.admission, Caller((host, 0)), self._node.turn().now
        try:
            admission.throttle.check(name, caller, now)
        except Refused as refusal:
            return succeed(_failed(refusal))
        user = account(self._node.hub, name)
        admission.throttle.guess(name, caller, now)  # until the password is known to be right
        checked = admission.passwords.verify(user.verifier if user is not None else "", password)
        return checked.addCallbacks(self._entered, _unhashed, (user, name, password, caller))

    def _entered(self, right: bool, user: User | None, name: str, password: str, caller: Caller) -> User | m.Failed:
        admission, now = self._node.admission, self._node.turn().now
        if not right or user is None:
            admission.throttle.wrong(caller, now)
            return WRONG
        admission.throttle.right(name, caller)
        admission.renew(user, password)
        try:
            sanctions.check_in(user, now)
        except Refused as refusal:
            return _failed(refusal)
        return user

    def begin(self, user: User, size: int, name: str, kind: str) -> Coming | m.Failed:
        """A place for a file."""
        try:
            return Coming(
                blobs.deposit(self._node.hub, user, self._random(ID_BYTES), size, name, kind, self._node.turn())
            )
        except Refused as refusal:
            return _failed(refusal)

    def put(self, coming: Coming, data: bytes) -> Deferred[m.Failed | None]:
        """The next bytes."""
        return self._run(_put, self._folder, coming, data).addCallbacks(self._written, _broken, (coming,))

    def _written(self, _: None, coming: Coming) -> None:
        coming.blob.written = coming.written

    def finish(self, coming: Coming) -> Deferred[str | m.Failed]:
        """All bytes are there: the file's link, when that is durable."""
        done: Deferred[str | m.Failed] = Deferred()
        committing = self._run(_commit, self._folder, coming)
        committing.addCallbacks(self._committed, _broken, (coming, done))
        committing.addCallback(lambda failed: done.callback(failed) if failed is not None else None)
        return done

    def _committed(self, digest: bytes, coming: Coming, done: Deferred[str | m.Failed]) -> m.Failed | None:
        turn, blob = self._node.turn(), coming.blob
        if blob.id not in self._node.hub.blobs.by_id:  # its owner has deleted it meanwhile
            self._let_go(blob, turn)
            return GONE
        blobs.committed(self._node.hub, blob, digest, turn)
        turn.then(done.callback, self.links + path_of(blob))
        return None

    def abandon(self, coming: Coming) -> None:
        """It will not be whole."""
        if not coming.blob.committed and coming.blob.id in self._node.hub.blobs.by_id:
            self._let_go(coming.blob, self._node.turn())

    def _let_go(self, blob: Blob, turn: Turn) -> None:
        assert self._node.transfers is not None
        self._node.transfers.let_go(blob, turn)


def _failed(refusal: Refused) -> m.Failed:
    return m.Failed(0, refusal.code, refusal.text, refusal.near, refusal.retry)


def _unhashed(failure: Failure) -> m.Failed:
    if not failure.check(auth.Busy):
        log.failure("a password could not be checked", failure)
    return BUSY


def _broken(failure: Failure) -> m.Failed:
    error = failure.value
    if isinstance(error, OSError):
        log.error("a file could not be written: {error}", error=str(error))
        error = refused(error)
    if not isinstance(error, BadBlob):
        log.failure("an upload has failed", failure)
        return m.Failed(0, "storage-failed", "The server has failed; tell your admin.")
    return m.Failed(0, error.code, str(error))


# ---- on a thread of the folder's -------------------------------------------------------------------------------------


def _put(folder: Folder, coming: Coming, data: bytes) -> None:
    if not coming.written:
        folder.begin(coming.blob.id, coming.blob.size)
    coming.hash.update(data)
    coming.written = folder.put(coming.blob.id, coming.written, data)


def _commit(folder: Folder, coming: Coming) -> bytes:
    if not coming.written:
        folder.begin(coming.blob.id, coming.blob.size)
    digest = coming.hash.digest()
    folder.commit(coming.blob.id, coming.blob.size, digest)
    return digest
