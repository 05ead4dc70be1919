"""What the server keeps for one, and cannot read: the user key under the recovery code, and behind it the book of one's
groups under the user key.

Rule: the code is shown once and kept nowhere, so what it opens is carried over as it is when the book changes; and only
where the server still has what this device knows of: another device may have made another code.
"""

from __future__ import annotations

from typing import Final

import msgspec

from chatd import encryption as e
from clients.core.e2ee import book
from clients.core.e2ee.keys import KEY_BYTES, NONCE_BYTES
from clients.core.e2ee.refusals import Refused
from clients.core.e2ee.signed import digest
from clients.core.secure.desk import Desk
from clients.core.secure.flows import Flow, ServerRefused, done, expect
from clients.core.secure.identity import READY, Identity

BOX_BYTES: Final = NONCE_BYTES + KEY_BYTES + 16  # one's user key, closed with AES-256-GCM
LINE: Final = "backup"
KEPT: Final = "backup"
MADE: Final = "recovery"  # a code was made, or used, on this device
MOST_TRIES: Final = 3


class Kept(msgspec.Struct, array_like=True, frozen=True):
    """What the server has of this device: `box` is what the code opens, `whole` and `book` are hashes."""

    box: bytes
    whole: bytes = b""
    book: bytes = b""


class Backup:
    """One account's, as a device with the user key sees to it."""

    def __init__(self, desk: Desk, identity: Identity) -> None:
        self._desk, self._identity = desk, identity

    def put(self, box: bytes) -> Flow[None]:
        """A new code has been made: what it opens takes the place of all that was. Raises ServerRefused."""
        yield from self._put(box, b"")

    def ask(self) -> Flow[bytes]:
        """What there is; empty for nothing. Raises ServerRefused."""
        return expect((yield e.AskBackup(0)), e.Backup).blob

    def opened(self, seed: bytes, blob: bytes) -> None:
        """The code has opened it: what the book says of groups is known here from now on."""
        batch = self._desk.batch()
        batch.put(KEPT, "", Kept(blob[:BOX_BYTES], digest(blob)))
        try:
            for page in book.opened(seed, blob[BOX_BYTES:]):
                book.note(batch, page)
        except Refused:
            pass  # none was kept, or the server has spoilt it: then the names are others' to say
        batch.commit()

    def refresh(self) -> None:
        """Something may have changed that belongs into the book."""
        batch = self._desk.batch()
        if self._identity.status != READY or batch.raw("uik", "") is None or batch.raw(MADE, "") is None:
            return
        kept = batch.get(KEPT, "", Kept)
        if kept is None or kept.book != digest(book.written(batch)):
            self._desk.flows.once_more(LINE, self._renew())

    def _renew(self) -> Flow[None]:
        desk = self._desk
        try:
            for _ in range(MOST_TRIES):
                kept = desk.batch().get(KEPT, "", Kept) or (yield from self._known())
                if kept is None or kept.book == digest(book.written(desk.batch())):
                    return
                try:
                    yield from self._put(kept.box, kept.whole)
                except ServerRefused as refused:
                    if refused.failed.code != "conflict":
                        raise
                    self._forget()
        except ServerRefused:
            return  # with the next change, or at the next login

    def _known(self) -> Flow[Kept | None]:
        """What is there, where this device does not know. Raises ServerRefused."""
        blob = yield from self.ask()
        if len(blob) < BOX_BYTES:
            return None
        return Kept(blob[:BOX_BYTES], digest(blob))

    def _put(self, box: bytes, before: bytes) -> Flow[None]:
        desk, batch = self._desk, self._desk.batch()
        seed, raw = batch.get("uik", "", bytes) or b"", book.written(batch)
        blob = box + book.seal(seed, raw, desk.entropy)
        done((yield e.PutBackup(0, blob, before)))
        batch = desk.batch()
        batch.put(KEPT, "", Kept(box, digest(blob), digest(raw)))
        batch.commit()

    def _forget(self) -> None:
        batch = self._desk.batch()
        batch.drop(KEPT, "")
        batch.commit()
