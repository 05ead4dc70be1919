"""The store that keeps nothing beyond the process: plain dicts, for tests and trials.

Rule: the same promises as every other store (but the power cut), checked by the same tests. Each change is written
down with what was there before, so that a commit which fails half-way can be undone.
"""

from __future__ import annotations

import itertools
import secrets
from bisect import bisect_left
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Final

import msgspec

from chatd.entries import (
    AccountSet,
    Append,
    BlobCommitted,
    BlobGone,
    BlobMade,
    BlobReaders,
    CertificateGone,
    CertificateSet,
    ConversationClosed,
    ConversationMade,
    ConversationRenamed,
    ConversationSet,
    CursorMoved,
    DeviceMade,
    Directory,
    Entry,
    Happened,
    InvitationSet,
    InvitationUsed,
    LogState,
    MarkerMoved,
    MaskGone,
    MaskSet,
    MemberGone,
    MemberSet,
    MetadataSet,
    NameKept,
    Redaction,
    ReportGone,
    ReportSet,
    RosterSet,
    Row,
    SanctionGone,
    SanctionSet,
    Stored,
    UserGone,
    UserMade,
    UserSet,
    VerifierSet,
)
from chatd.store import memory_sealed
from chatd.store.interface import StoreError, fitting
from chatd.store.memory_sealed import SealedTables

# What is kept as it is: by which of its fields, and where a directory has it
KEYS: Final[dict[type[Entry], tuple[str, ...]]] = {
    InvitationSet: ("invitation",),
    NameKept: ("key",),
    SanctionSet: ("kind", "user", "network"),
    RosterSet: ("user",),
    ReportSet: ("report",),
}
FIELDS: Final[dict[str, type[Entry]]] = {
    "offers": InvitationSet, "names": NameKept, "sanctions": SanctionSet, "roster": RosterSet, "reports": ReportSet,
}  # fmt: skip


class MemoryStore(SealedTables):
    """Keeps everything in dicts."""

    def __init__(self) -> None:
        super().__init__()
        self._epoch = secrets.token_hex(16)
        self._users: dict[int, UserMade] = {}
        self._taken: dict[Hashable, int] = {}  # keys, skeletons, group keys and pairs that must be unique
        self._devices: dict[str, DeviceMade] = {}
        self._conversations: dict[int, ConversationMade] = {}
        self._members: dict[tuple[int, int], MemberSet] = {}
        self._cursors: dict[tuple[str, int], int] = {}
        self._settings: dict[int, UserSet] = {}
        self._certificates: dict[str, CertificateSet] = {}
        self._masks: dict[tuple[int, str, str], MaskSet] = {}
        self._markers: dict[tuple[int, int], int] = {}
        self._metadata: dict[tuple[int, int, str], str] = {}
        self._invitations: dict[tuple[str, int], InvitationUsed] = {}
        self._plain: dict[type[Entry], dict[Any, Any]] = {kind: {} for kind in KEYS}
        self._blobs: dict[bytes, BlobMade] = {}
        self._logs: dict[int, LogState] = {}  # and of closed conversations, while there is something in them
        self._happenings: dict[int, Happened] = {}  # by number, in order of arrival
        self._numbers = itertools.count()
        self._rows: dict[tuple[int, int], Row] = {}
        self._groups: dict[tuple[int, int], tuple[int, int]] = {}  # (commit, conversation) to the seqs, as they came
        self._commits = 0
        self._firsts: dict[tuple[str, bytes], Stored] = {}

    def close(self) -> None:
        """Nothing to let go of."""

    def load(self) -> Directory:
        with self._lock:
            return Directory(
                epoch=self._epoch,
                users=_in_order(self._users),
                devices=_in_order(self._devices),
                conversations=_in_order(self._conversations),
                members=_in_order(self._members),
                logs=[self._logs[conversation] for conversation in sorted(self._conversations)],
                cursors=[CursorMoved(*key, seq) for key, seq in sorted(self._cursors.items())],
                settings=_in_order(self._settings),
                certificates=_in_order(self._certificates),
                masks=_in_order(self._masks),
                markers=[MarkerMoved(*key, at) for key, at in sorted(self._markers.items())],
                metadata=[MetadataSet(*key, value) for key, value in sorted(self._metadata.items())],
                invitations=_in_order(self._invitations),
                blobs=_in_order(self._blobs),
                **{field: _in_order(self._plain[kind]) for field, kind in FIELDS.items()},
                newest=max(self._logs, default=0),
            )

    # ---- commit ----

    def commit(self, entries: Sequence[Entry]) -> list[Stored]:
        stored = []
        with self._lock:
            self._undo = []
            self._commits += 1
            try:
                for entry in entries:
                    if type(entry) is Append:
                        stored.append(self._append(entry))
                    else:
                        WRITES[type(entry)](self, entry)
            except BaseException:
                self._undo_all()
                raise
        return stored

    def _append(self, entry: Append) -> Stored:
        _known(self._conversations, entry.conversation)
        first = self._firsts.get((entry.sender, entry.id))
        if first:
            return first
        log = self._logs[entry.conversation]
        seq = log.head + 1
        row = Row(seq, entry.at, entry.sender, entry.id, entry.body, entry.content, entry.tags)
        self._set(self._rows, (entry.conversation, seq), row)
        group = self._commits, entry.conversation
        self._set(self._groups, group, (self._groups.get(group, (seq, seq))[0], seq))
        self._set(self._firsts, (entry.sender, entry.id), Stored(seq, entry.at, True))
        self._set(self._logs, entry.conversation, LogState(entry.conversation, seq, entry.at, log.floor))
        return Stored(seq, entry.at)

    def _user_made(self, entry: UserMade) -> None:
        self._add(self._taken, ("key", entry.key), entry.user)
        self._add(self._taken, ("skeleton", entry.skeleton), entry.user)
        self._add(self._users, entry.user, entry)

    def _verifier_set(self, entry: VerifierSet) -> None:
        user = _known(self._users, entry.user)
        changed = msgspec.structs.replace(user, verifier=entry.verifier, scram=entry.scram)
        self._set(self._users, entry.user, changed)

    def _user_set(self, entry: UserSet) -> None:
        _known(self._users, entry.user)
        self._set(self._settings, entry.user, entry)

    def _certificate_set(self, entry: CertificateSet) -> None:
        _known(self._users, entry.user)
        if self._certificates.get(entry.fingerprint) != entry:
            self._add(self._certificates, entry.fingerprint, entry)

    def _certificate_gone(self, entry: CertificateGone) -> None:
        self._remove(self._certificates, entry.fingerprint)

    def _device_made(self, entry: DeviceMade) -> None:
        _known(self._users, entry.user)
        self._add(self._devices, entry.device, entry)

    def _conversation_made(self, entry: ConversationMade) -> None:
        for user in entry.users or ():
            _known(self._users, user)
        if entry.key:
            self._add(self._taken, ("group", entry.key), entry.conversation)
        if entry.users:
            self._add(self._taken, ("pair", *entry.users), entry.conversation)
        self._add(self._conversations, entry.conversation, entry)
        self._add(self._logs, entry.conversation, LogState(entry.conversation, 0, 0, 0))

    def _conversation_set(self, entry: ConversationSet) -> None:
        changed = {name: getattr(entry, name) for name in entry.__struct_fields__[1:]}
        made = msgspec.structs.replace(_known(self._conversations, entry.conversation), **changed)
        self._set(self._conversations, entry.conversation, made)

    def _conversation_renamed(self, entry: ConversationRenamed) -> None:
        old = self._group(entry.conversation)
        self._remove(self._taken, ("group", old.key))
        self._add(self._taken, ("group", entry.key), entry.conversation)
        made = msgspec.structs.replace(old, name=entry.name, key=entry.key)
        self._set(self._conversations, entry.conversation, made)

    def _conversation_closed(self, entry: ConversationClosed) -> None:
        closed = entry.conversation
        self._remove(self._taken, ("group", self._group(closed).key))
        self._remove(self._conversations, closed)
        # where a table's keys have the conversation
        tables: tuple[tuple[dict[Any, Any], int], ...] = (
            (self._members, 0), (self._cursors, 1), (self._masks, 0), (self._markers, 1), (self._metadata, 1),
        )  # fmt: skip
        for table, place in tables:
            for key in [key for key in table if key[place] == closed]:
                self._remove(table, key)
        if self._is_empty(closed):
            self._remove(self._logs, closed)

    def _group(self, conversation: int) -> ConversationMade:
        made: ConversationMade = _known(self._conversations, conversation)
        if made.users:
            raise StoreError(f"{conversation} is not a group")
        return made

    def _is_empty(self, conversation: int) -> bool:
        log = self._logs[conversation]
        return log.head == log.floor and all(one.conversation != conversation for one in self._happenings.values())

    def _mask_set(self, entry: MaskSet) -> None:
        _known(self._conversations, entry.conversation)
        self._set(self._masks, (entry.conversation, entry.mode, entry.mask), entry)

    def _mask_gone(self, entry: MaskGone) -> None:
        self._remove(self._masks, (entry.conversation, entry.mode, entry.mask))

    def _member_set(self, entry: MemberSet) -> None:
        _known(self._conversations, entry.conversation)
        _known(self._users, entry.user)
        self._set(self._members, (entry.conversation, entry.user), entry)

    def _member_gone(self, entry: MemberGone) -> None:
        self._remove(self._members, (entry.conversation, entry.user))
        for device in self._devices.values():
            if device.user == entry.user:
                self._remove(self._cursors, (device.device, entry.conversation))

    def _cursor_moved(self, entry: CursorMoved) -> None:
        _known(self._devices, entry.device)
        _known(self._conversations, entry.conversation)
        key = entry.device, entry.conversation
        if entry.seq > self._cursors.get(key, -1):
            self._set(self._cursors, key, entry.seq)

    def _marker_moved(self, entry: MarkerMoved) -> None:
        _known(self._users, entry.user)
        _known(self._conversations, entry.conversation)
        key = entry.user, entry.conversation
        if key not in self._markers or entry.at > self._markers[key]:
            self._set(self._markers, key, entry.at)

    def _metadata_set(self, entry: MetadataSet) -> None:
        key = entry.user, entry.conversation, entry.key
        if not entry.value:
            self._remove(self._metadata, key)
            return
        if bool(entry.user) == bool(entry.conversation):
            raise StoreError(f"{entry.key!r} belongs to an account, or to a group")
        _known(*((self._users, entry.user) if entry.user else (self._conversations, entry.conversation)))
        self._set(self._metadata, key, entry.value)

    def _happened(self, entry: Happened) -> None:
        _known(self._conversations, entry.conversation)
        self._set(self._happenings, next(self._numbers), entry)

    def _redaction(self, entry: Redaction) -> None:
        key = entry.conversation, entry.seq
        if key in self._rows:
            row = self._rows[key]
            self._set(self._rows, key, Row(row.seq, row.at, row.sender, row.id, entry.reason.encode(), "redacted"))

    def _invitation_used(self, entry: InvitationUsed) -> None:
        _known(self._users, entry.user)
        self._add(self._invitations, (entry.invitation, entry.user), entry)

    def _account_set(self, entry: AccountSet) -> None:
        user = _known(self._users, entry.user)
        for what in ("key", "skeleton"):
            self._remove(self._taken, (what, getattr(user, what)))
        for what in ("key", "skeleton"):
            self._add(self._taken, (what, getattr(entry, what)), entry.user)
        fields = {name: getattr(entry, name) for name in entry.__struct_fields__[1:]}
        self._set(self._users, entry.user, msgspec.structs.replace(user, **fields))
        former = self._plain[NameKept].get((entry.key,))
        if former is not None and former.user == entry.user:
            self._remove(self._plain[NameKept], (entry.key,))

    def _name_kept(self, entry: NameKept) -> None:
        for other in self._plain[NameKept].values():
            if other.key == entry.key and other.user != entry.user:
                raise StoreError(f"{entry.key!r} was another account's")
            if other.key != entry.key and other.skeleton == entry.skeleton:
                raise StoreError(f"{entry.skeleton!r} is in the store already")
        self._keep(entry)

    def _user_gone(self, entry: UserGone) -> None:
        self._verifier_set(VerifierSet(entry.user, "", ""))
        self._user_unsealed(entry.user)
        mine = {device.device for device in self._devices.values() if device.user == entry.user}
        tables: list[dict[Any, Any]] = [self._devices, self._certificates, self._settings]
        tables += [self._plain[kind] for kind in KEYS if kind is not ReportSet]
        for table in tables:
            for key in [key for key, kept in table.items() if kept.user == entry.user]:
                self._remove(table, key)
        by_owner: tuple[dict[Any, Any], ...] = (self._cursors, self._markers, self._metadata)
        for table in by_owner:
            for key in [key for key in table if key[0] == entry.user or key[0] in mine]:
                self._remove(table, key)

    def _sanction_set(self, entry: SanctionSet) -> None:
        if bool(entry.user) == bool(entry.network):
            raise StoreError("a sanction is about an account, or about a network")
        self._keep(entry)

    def _keep(self, entry: Any) -> None:
        """An entry that is kept as it is."""
        if getattr(entry, "user", 0):
            _known(self._users, entry.user)
        self._set(self._plain[type(entry)], _key(entry, type(entry)), entry)

    def _forget(self, entry: SanctionGone | ReportGone) -> None:
        kind = SanctionSet if isinstance(entry, SanctionGone) else ReportSet
        self._remove(self._plain[kind], _key(entry, kind))

    def _blob_made(self, entry: BlobMade) -> None:
        _known(self._users, entry.user)
        self._add(self._blobs, entry.blob, entry)

    def _blob_committed(self, entry: BlobCommitted) -> None:
        made = _known(self._blobs, entry.blob)
        made = msgspec.structs.replace(made, committed=entry.committed, sha256=entry.sha256)
        self._set(self._blobs, entry.blob, made)

    def _blob_readers(self, entry: BlobReaders) -> None:
        made = _known(self._blobs, entry.blob)
        self._set(self._blobs, entry.blob, msgspec.structs.replace(made, readers=entry.readers))

    def _blob_gone(self, entry: BlobGone) -> None:
        self._remove(self._blobs, entry.blob)

    # ---- read and purge ----

    def read(self, conversation: int, after: int, upto: int, limit: int) -> list[Row]:
        with self._lock:
            log = self._logs.get(conversation, LogState(conversation, 0, 0, 0))
            first, last = max(after, log.floor) + 1, min(upto, log.head)
            rows = [self._rows[conversation, seq] for seq in range(first, min(last, first + limit - 1) + 1)]
            return rows[: fitting(rows)]

    def read_before(self, conversation: int, before: int, limit: int) -> list[Row]:
        with self._lock:
            log = self._logs.get(conversation, LogState(conversation, 0, 0, 0))
            last = min(before - 1, log.head)
            first = max(last - limit, log.floor) + 1
            rows = [self._rows[conversation, seq] for seq in range(last, first - 1, -1)]
            return rows[: fitting(rows)][::-1]

    def find(self, conversation: int, id: bytes) -> list[int]:
        with self._lock:
            log = self._logs.get(conversation, LogState(conversation, 0, 0, 0))
            return [seq for seq in range(log.floor + 1, log.head + 1) if self._rows[conversation, seq].id == id]

    def locate(self, beginning: bytes, limit: int) -> list[tuple[int, int]]:
        with self._lock:
            found = [(row.id, place) for place, row in self._rows.items() if row.id.startswith(beginning)]
        return [place for _, place in sorted(found)[: max(limit, 0)]]

    def seq_at(self, conversation: int, at: int) -> int:
        with self._lock:
            log = self._logs.get(conversation, LogState(conversation, 0, 0, 0))
            seqs = range(log.floor + 1, log.head + 1)
            return log.floor + bisect_left(seqs, at, key=lambda seq: self._rows[conversation, seq].at)

    def happenings(self, conversation: int, after: int, before: int, limit: int, newest: bool) -> list[Happened]:
        with self._lock:
            found = [one for one in self._happenings.values() if one.conversation == conversation]
        found = sorted((one for one in found if after < one.at < before), key=lambda one: one.at)
        return found[max(len(found) - limit, 0) :] if newest else found[: max(limit, 0)]

    def purge(self, before: int, limit: int) -> list[LogState]:
        with self._lock:
            changed = self._purge_messages(before, limit) | self._purge_happenings(before, limit)
            states = [self._logs[conversation] for conversation in sorted(changed)]
            for conversation in changed - self._conversations.keys():
                if self._is_empty(conversation):
                    del self._logs[conversation]
            return states

    def _purge_messages(self, before: int, limit: int) -> set[int]:
        old: list[tuple[int, int]] = []
        for group, (first, last) in list(self._groups.items()):
            seqs = [(group[1], seq) for seq in range(first, last + 1)]
            if len(old) + len(seqs) > max(limit, len(seqs) if limit and not old else 0):
                break
            if self._rows[seqs[-1]].at >= before:
                break
            old += seqs
            del self._groups[group]
        for conversation, seq in old:
            row = self._rows.pop((conversation, seq))
            del self._firsts[row.sender, row.id]
            log = self._logs[conversation]
            self._logs[conversation] = LogState(conversation, log.head, log.at, seq)
        return {conversation for conversation, _ in old}

    def _purge_happenings(self, before: int, limit: int) -> set[int]:
        oldest = itertools.islice(self._happenings.items(), limit)
        old = list(itertools.takewhile(lambda item: item[1].at < before, oldest))
        for number, _ in old:
            del self._happenings[number]
        return {happened.conversation for _, happened in old}


WRITES: Final[dict[type[Entry], Callable[[MemoryStore, Any], None]]] = {
    UserMade: MemoryStore._user_made,
    VerifierSet: MemoryStore._verifier_set,
    UserSet: MemoryStore._user_set,
    CertificateSet: MemoryStore._certificate_set,
    CertificateGone: MemoryStore._certificate_gone,
    DeviceMade: MemoryStore._device_made,
    ConversationMade: MemoryStore._conversation_made,
    ConversationSet: MemoryStore._conversation_set,
    ConversationRenamed: MemoryStore._conversation_renamed,
    ConversationClosed: MemoryStore._conversation_closed,
    MaskSet: MemoryStore._mask_set,
    MaskGone: MemoryStore._mask_gone,
    MemberSet: MemoryStore._member_set,
    MemberGone: MemoryStore._member_gone,
    CursorMoved: MemoryStore._cursor_moved,
    MarkerMoved: MemoryStore._marker_moved,
    MetadataSet: MemoryStore._metadata_set,
    Happened: MemoryStore._happened,
    Redaction: MemoryStore._redaction,
    InvitationUsed: MemoryStore._invitation_used,
    InvitationSet: MemoryStore._keep,
    AccountSet: MemoryStore._account_set,
    NameKept: MemoryStore._name_kept,
    UserGone: MemoryStore._user_gone,
    SanctionSet: MemoryStore._sanction_set,
    SanctionGone: MemoryStore._forget,
    RosterSet: MemoryStore._keep,
    ReportSet: MemoryStore._keep,
    ReportGone: MemoryStore._forget,
    BlobMade: MemoryStore._blob_made,
    BlobCommitted: MemoryStore._blob_committed,
    BlobReaders: MemoryStore._blob_readers,
    BlobGone: MemoryStore._blob_gone,
    **memory_sealed.WRITES,
}


def _known(table: dict[Any, Any], key: Any) -> Any:
    if key not in table:
        raise StoreError(f"{key!r} is not in the store")
    return table[key]


def _key(entry: Entry, kind: type[Entry]) -> tuple[Any, ...]:
    return tuple(getattr(entry, field) for field in KEYS[kind])


def _in_order(table: dict[Any, Any]) -> list[Any]:
    return [table[key] for key in sorted(table)]
