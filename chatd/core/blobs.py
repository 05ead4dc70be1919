"""Blobs: who may upload how much, who may fetch what, and when it goes.

Rule: pure, like everything in the core. What a command's function returns is what `chatd.transfers` then has the disk
do; bytes never come here. Somebody who may not fetch a blob hears the same as where there is none. Members of a group
are looked at when they fetch. A blob goes by age, when its owner deletes it, when the message that offers it is taken
back (but who is fetching it then may finish), and when nobody is left who may fetch it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatd import blobs as b
from chatd.core import modes, sanctions
from chatd.core.turn import Refused, Turn
from chatd.core.users import Session, User
from chatd.entries import BlobCommitted, BlobGone, BlobMade, BlobReaders, Directory

if TYPE_CHECKING:
    from chatd.core.groups import Conversation
    from chatd.core.hub import Hub

ID_BYTES: Final = 16
HASH_BYTES: Final = 32
NAME_BYTES: Final = 255
TYPE_BYTES: Final = 100
DAY: Final = 86_400_000  # ms
FETCHING: Final = 60_000  # ms from a piece on, in which the next one is expected
LEAVING: Final = 3_600_000  # ms in which one that was taken back may still be fetched by who had begun
FETCHERS: Final = 50


class Blob:
    """One blob. `readers`: the words of `BlobMade`; `committed`: when it was whole (ms), 0 before; `written`: of an
    upload, as far as that is known here; `fetched`: who has lately fetched some of it, and when (ms)."""

    __slots__ = ("at", "committed", "fetched", "id", "name", "owner", "readers", "sha256", "size", "type", "written")

    def __init__(self, record: BlobMade, owner: User) -> None:
        self.id = record.blob
        self.owner = owner
        self.size = record.size
        self.at = record.at
        self.readers = tuple(record.readers.split())
        self.name = record.name
        self.type = record.type
        self.committed = record.committed
        self.sha256 = record.sha256
        self.written = record.size if record.committed else 0
        self.fetched: dict[int, int] = {}

    def fetch(self, who: int, now: int) -> None:
        """Somebody fetches some of it."""
        if len(self.fetched) >= FETCHERS:
            self.fetched = {one: at for one, at in self.fetched.items() if now - at < FETCHING}
        self.fetched[who] = now

    def fetches(self, who: int, now: int) -> bool:
        """Whether somebody is at it."""
        return now - self.fetched.get(who, -FETCHING) < FETCHING

    def busy(self, now: int) -> bool:
        """Whether anybody is at it."""
        return any(self.fetches(who, now) for who in self.fetched)


class Blobs:
    """All blobs of a node. `room`: bytes of the disk that may still be filled."""

    def __init__(self) -> None:
        self.by_id: dict[bytes, Blob] = {}
        self.of: dict[User, dict[bytes, Blob]] = {}
        self.open: dict[bytes, Blob] = {}  # uploads that are not whole
        self.leaving: dict[bytes, tuple[Blob, int]] = {}  # taken back (when), while somebody was fetching them
        self.room = 1 << 62

    def add(self, blob: Blob) -> None:
        """Put a blob in."""
        self.by_id[blob.id] = blob
        self.of.setdefault(blob.owner, {})[blob.id] = blob
        if not blob.committed:
            self.open[blob.id] = blob

    def remove(self, blob: Blob) -> None:
        """Take a blob out."""
        self.by_id.pop(blob.id, None)
        self.open.pop(blob.id, None)
        mine = self.of.get(blob.owner, {})
        mine.pop(blob.id, None)
        if not mine:
            self.of.pop(blob.owner, None)

    def used(self, user: User) -> int:
        """How many bytes an account has here, uploads at their full size."""
        return sum(blob.size for blob in self.of.get(user, {}).values())

    def promised(self) -> int:
        """How many bytes of uploads are still to come."""
        return sum(blob.size - blob.written for blob in self.open.values())


def load(hub: Hub, directory: Directory) -> None:
    """Put in what is kept."""
    for record in directory.blobs:
        hub.blobs.add(Blob(record, hub.users.by_id[record.user]))


# ---- commands ------------------------------------------------------------------------------------------------------


def create(hub: Hub, session: Session, command: b.CreateBlob, turn: Turn) -> Blob:
    """Begin an upload, or find the one that has been begun."""
    user = session.user
    assert user is not None
    if user.guest:
        raise Refused("guest", "Guests cannot send files; an account can.")
    blob = hub.blobs.by_id.get(command.id)
    if blob is not None:
        if blob.owner is not user or blob.size != command.size:
            raise Refused("bad-blob", "There is another file with this id; take another one.")
        return blob
    _check_sizes(hub, user, command)
    return _begin(hub, user, command, turn, [_reader(hub, user, word, turn.now) for word in command.to])


def deposit(hub: Hub, user: User, identity: bytes, size: int, name: str, kind: str, turn: Turn) -> Blob:
    """Begin an upload whose link only its owner is told (`draft/FILEHOST`). Raises Refused."""
    sanctions.check_voice(user, turn.now)
    own = f"@{user.id}"
    command = b.CreateBlob(0, identity, size, [own], name, kind)
    _check_sizes(hub, user, command)
    return _begin(hub, user, command, turn, [own])


def _begin(hub: Hub, user: User, command: b.CreateBlob, turn: Turn, readers: list[str]) -> Blob:
    whom = " ".join(dict.fromkeys(readers))
    record = BlobMade(command.id, user.id, command.size, turn.now, whom, command.name, command.type)
    blob = Blob(record, user)
    hub.blobs.add(blob)
    turn.keep(record)
    return blob


def _check_sizes(hub: Hub, user: User, command: b.CreateBlob) -> None:
    limits, blobs = hub.limits, hub.blobs
    if len(command.id) != ID_BYTES or command.size < 0:
        raise Refused("bad-blob", f"A file's id has {ID_BYTES} bytes, and its size is not below zero.")
    if not 0 < len(command.to) <= limits.file_readers:
        raise Refused("bad-argument", f"A file goes to at least one and at most {limits.file_readers}.")
    if len(command.name.encode()) > NAME_BYTES or len(command.type.encode()) > TYPE_BYTES:
        raise Refused("text-too-long", f"A file's name has at most {NAME_BYTES} bytes, its type {TYPE_BYTES}.")
    if command.size > limits.file_bytes:
        raise Refused("file-too-large", f"A file has at most {limits.file_bytes} bytes here.")
    mine = blobs.of.get(user, {})
    opened = sum(not blob.committed for blob in mine.values())
    if len(mine) >= limits.files or opened >= limits.uploads:
        raise Refused("quota-full", f"You have {len(mine)} files here, {opened} of them not whole; delete some.")
    if blobs.used(user) + command.size > limits.files_bytes:
        used, most = blobs.used(user), limits.files_bytes
        raise Refused(
            "quota-full", f"Your files have {used} of {most} bytes; there is no room for {command.size} more."
        )
    hub.check_space()
    if command.size > blobs.room - blobs.promised():
        raise Refused("storage-full", "The server's disk has no room for this file. Tell your admin.", retry=60.0)


def _reader(hub: Hub, user: User, word: str, now: int) -> str:
    """Who is meant, as it is kept: names change. Raises Refused."""
    if word.startswith("@"):
        peer = hub.users.find(word[1:])
        if peer.guest:
            raise Refused("guest", "Files for guests go to a group: they have no place where one could wait.")
        return f"@{peer.id}"
    if word.startswith("#"):
        group = hub.conversations.group(word, user)
        if group.member(user) is None:
            raise Refused("not-a-member", f"You are not a member of group {group.name[1:]!r}.")
        modes.check_talk(group, user, "", 0)
        return f"#{group.id}"
    if word.startswith("!"):
        circle = hub.sealed.circles.named(word)
        if circle is None or not circle.has(user):
            raise Refused("no-such-group", "There is no such encrypted group, or you are not in it.")
        return f"!{circle.gid.hex()}"
    raise Refused("no-such-group", "A file goes to @name, #group, or ! and the id of an encrypted group.")


def put(hub: Hub, session: Session, command: b.PutBlob, turn: Turn) -> Blob:
    """More bytes of one's own upload."""
    blob = _own(hub, session, command.id)
    most, end = hub.limits.file_chunk_bytes, command.offset + len(command.data)
    if not 0 < len(command.data) <= most or command.offset < 0 or end > blob.size or blob.committed:
        raise Refused("bad-blob", f"These are no bytes of this file, or more than {most} at once.")
    hub.check_space()
    return blob


def commit(hub: Hub, session: Session, command: b.CommitBlob, turn: Turn) -> Blob:
    """One's own upload is whole, if the disk says so, too."""
    blob = _own(hub, session, command.id)
    if len(command.sha256) != HASH_BYTES or (blob.committed and blob.sha256 != command.sha256):
        raise Refused("bad-blob", "That is not the SHA-256 of this file.")
    return blob


def get(hub: Hub, session: Session, command: b.GetBlob, turn: Turn) -> Blob:
    """Bytes of a blob, for those it was sent to, once it is whole."""
    user, blob = session.user, hub.blobs.by_id.get(command.id)
    if blob is None and command.id in hub.blobs.leaving:
        blob, _ = hub.blobs.leaving[command.id]
        allowed = user is not None and blob.fetches(user.id, turn.now)
    else:
        allowed = blob is not None and bool(blob.committed) and user is not None and may_fetch(hub, user, blob)
    if blob is None or user is None or not allowed:
        raise Refused("no-such-blob", "There is no such file, or not any more, or not for you.")
    if command.offset < 0 or command.length < 0:
        raise Refused("bad-blob", "A file has no bytes there.")
    blob.fetch(user.id, turn.now)
    return blob


def delete(hub: Hub, session: Session, command: b.DeleteBlob, turn: Turn) -> Blob:
    """One's own blob, whole or not, is no longer wanted."""
    blob = _own(hub, session, command.id)
    forget(hub, blob, turn)
    return blob


def _own(hub: Hub, session: Session, identity: bytes) -> Blob:
    blob = hub.blobs.by_id.get(identity)
    if blob is None or blob.owner is not session.user:
        raise Refused("no-such-blob", "You have no such file here; begin again.")
    return blob


# ---- what is known of a blob ---------------------------------------------------------------------------------------


def may_fetch(hub: Hub, user: User, blob: Blob) -> bool:
    """Whether this user may fetch a blob now."""
    return blob.owner is user or any(_means(hub, word, user) for word in blob.readers)


def _means(hub: Hub, word: str, user: User) -> bool:
    if word.startswith("@"):
        return word == f"@{user.id}"
    if word.startswith("!"):
        circle = hub.sealed.circles.named(word)
        return circle is not None and circle.has(user)
    group = hub.conversations.by_id.get(int(word[1:]))
    return group is not None and group.member(user) is not None


def _is_there(hub: Hub, word: str) -> bool:
    """Whether there is anybody whom this word could mean."""
    if word.startswith("@"):
        return int(word[1:]) in hub.users.by_id
    if word.startswith("!"):
        return hub.sealed.circles.named(word) is not None
    return int(word[1:]) in hub.conversations.by_id


def until(hub: Hub, blob: Blob) -> int:
    """When it goes by age (ms)."""
    days = hub.limits.file_days if blob.committed else hub.limits.upload_days
    return (blob.committed or blob.at) + days * DAY


def standing(hub: Hub, blob: Blob, ref: int) -> b.BlobIs:
    """How it stands, as its owner is told."""
    return b.BlobIs(ref, blob.id, blob.size, blob.written, bool(blob.committed), until(hub, blob))


# ---- what comes of what the disk has done --------------------------------------------------------------------------


def committed(hub: Hub, blob: Blob, sha256: bytes, turn: Turn) -> None:
    """The bytes are on the disk: keep that."""
    if not blob.committed:
        blob.committed, blob.sha256, blob.written = turn.now, sha256, blob.size
        hub.blobs.open.pop(blob.id, None)
        turn.keep(BlobCommitted(blob.id, turn.now, sha256))


def forget(hub: Hub, blob: Blob, turn: Turn) -> None:
    """It is no longer kept."""
    hub.blobs.remove(blob)
    turn.keep(BlobGone(blob.id))


def withdraw(hub: Hub, identity: bytes, conversation: Conversation, sender: str, turn: Turn) -> Blob | None:
    """A message of `sender` that offered a blob is taken back. Returns the blob if its bytes are to go now.

    Only its owner's messages count, whatever others say they offer. What was sent to others besides stays for them.
    """
    blob = hub.blobs.by_id.get(identity)
    if blob is None or hub.users.get(sender) is not blob.owner:
        return None
    to = f"@{conversation.peer(blob.owner).user.id}" if conversation.direct else f"#{conversation.id}"
    readers = tuple(word for word in blob.readers if word != to)
    if len(readers) == len(blob.readers):
        return None
    if readers:
        blob.readers = readers
        turn.keep(BlobReaders(blob.id, " ".join(readers)))
        return None
    forget(hub, blob, turn)
    if not blob.busy(turn.now):
        return blob
    hub.blobs.leaving[blob.id] = blob, turn.now
    return None


def left(hub: Hub, now: int) -> list[Blob]:
    """What was taken back and nobody fetches any more: their bytes are to go, and are forgotten here."""
    found = [blob for blob, at in hub.blobs.leaving.values() if now - at >= LEAVING or not blob.busy(now)]
    for blob in found:
        del hub.blobs.leaving[blob.id]
    return found


def outdated(hub: Hub, now: int) -> list[Blob]:
    """What is too old, and what nobody is left to fetch."""
    return [
        blob
        for blob in hub.blobs.by_id.values()
        if now >= until(hub, blob) or not any(_is_there(hub, word) for word in blob.readers)
    ]
