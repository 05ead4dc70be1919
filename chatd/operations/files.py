"""Files that people have sent: whose, how large, for whom, until when; never what they are called or what is in them.

Rule: as of the package. What is removed is gone from the disk when that is durable.
"""

from __future__ import annotations

from heapq import nlargest

import msgspec
from twisted.internet.defer import Deferred

from chatd.core import blobs
from chatd.core.blobs import Blob
from chatd.core.hub import Hub
from chatd.core.turn import Refused, Turn
from chatd.operations.service import Service

MOST = 1000
SHORTEST = 6  # digits of an id that are enough, where they fit one file only


class FileIs(msgspec.Struct, frozen=True):
    """A file. Times in ms; `written`: of an upload that is not whole."""

    id: str
    owner: str
    to: list[str]
    bytes: int
    written: int
    whole: bool
    at: int
    until: int


class Quota(msgspec.Struct, frozen=True):
    """What somebody's files take of what they may."""

    name: str
    files: int
    most_files: int
    bytes: int
    most_bytes: int


def files(service: Service, owner: str = "", most: int = MOST) -> tuple[list[FileIs], int]:
    """The largest files, of one account where that is said; at most so many, and how many there are. Raises Refused."""
    hub = service.hub
    found = hub.blobs.of.get(service.user(owner), {}) if owner else hub.blobs.by_id
    largest = nlargest(most, found.values(), key=lambda blob: (blob.size, blob.id))
    return [_shown(hub, blob) for blob in largest], len(found)


def _shown(hub: Hub, blob: Blob) -> FileIs:
    return FileIs(
        blob.id.hex(), blob.owner.name, [_reader(hub, word) for word in blob.readers], blob.size, blob.written,
        bool(blob.committed), blob.at, blobs.until(hub, blob),
    )  # fmt: skip


def _reader(hub: Hub, word: str) -> str:
    """Whom a reader's word means now."""
    if word.startswith("@"):
        user = hub.users.by_id.get(int(word[1:]))
        return f"@{user.name}" if user is not None else "(gone)"
    if word.startswith("#"):
        group = hub.conversations.by_id.get(int(word[1:]))
        return group.name if group is not None else "(gone)"
    return "(an encrypted group)"


def quotas(service: Service, name: str = "", most: int = MOST) -> list[Quota]:
    """Who has the most here, or how it stands with one account. Raises Refused."""
    hub = service.hub
    whose = [service.user(name)] if name else nlargest(most, hub.blobs.of, key=hub.blobs.used)
    return [
        Quota(
            user.name, len(hub.blobs.of.get(user, {})), hub.limits.files, hub.blobs.used(user), hub.limits.files_bytes
        )
        for user in whose
    ]


def remove(service: Service, identity: str) -> Deferred[FileIs]:
    """Take a file away, named by its id or the first digits of it. Fails with Refused."""
    return service.act(_remove, service, identity.lower())


def _remove(hub: Hub, turn: Turn, service: Service, identity: str) -> FileIs:
    fitting = [blob for blob in hub.blobs.by_id.values() if blob.id.hex().startswith(identity)]
    if len(identity) < SHORTEST or not fitting:
        raise Refused("no-such-blob", f"There is no such file; `files list` has their ids ({SHORTEST} digits will do).")
    if len(fitting) > 1:
        raise Refused("bad-argument", f"{len(fitting)} files begin so; say more of the id.")
    (blob,) = fitting
    shown = _shown(hub, blob)
    if service.node.transfers is not None:
        service.node.transfers.let_go(blob, turn)
    else:
        blobs.forget(hub, blob, turn)
    return shown
