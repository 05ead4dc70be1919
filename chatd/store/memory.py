"""The store that keeps nothing beyond the process: plain dicts, for tests and trials.

Rule: the same promises as every other store (but the power cut), checked by the same tests. Each change is written
down with what was there before, so that a commit which fails half-way can be undone.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Final

from chatd.entries import (
    Append,
    ConversationMade,
    ConversationSet,
    CursorMoved,
    DeviceMade,
    Directory,
    Entry,
    InvitationUsed,
    LogState,
    MemberGone,
    MemberSet,
    Row,
    Stored,
    UserMade,
    VerifierSet,
)
from chatd.store.interface import StoreError, fitting

_NOTHING: Final = object()


class MemoryStore:
    """Keeps everything in dicts."""

    def __init__(self) -> None:
        self._epoch = secrets.token_hex(16)
        self._lock = threading.Lock()  # readers are on other threads
        self._users: dict[int, UserMade] = {}
        self._taken: dict[Hashable, int] = {}  # keys, skeletons, group keys and pairs that must be unique
        self._devices: dict[str, DeviceMade] = {}
        self._conversations: dict[int, ConversationMade] = {}
        self._members: dict[tuple[int, int], MemberSet] = {}
        self._cursors: dict[tuple[str, int], int] = {}
        self._invitations: dict[str, InvitationUsed] = {}
        self._logs: dict[int, LogState] = {}
        self._rows: dict[tuple[int, int], Row] = {}
        self._groups: dict[tuple[int, int], tuple[int, int]] = {}  # (commit, conversation) to the seqs, as they came
        self._commits = 0
        self._firsts: dict[tuple[str, bytes], Stored] = {}
        self._undo: list[tuple[dict[Any, Any], Any, Any]] = []

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
                logs=_in_order(self._logs),
                cursors=[CursorMoved(*key, seq) for key, seq in sorted(self._cursors.items())],
                invitations=_in_order(self._invitations),
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
                for table, key, before in reversed(self._undo):
                    if before is _NOTHING:
                        del table[key]
                    else:
                        table[key] = before
                raise
        return stored

    def _set(self, table: dict[Any, Any], key: Any, value: Any) -> None:
        self._undo.append((table, key, table.get(key, _NOTHING)))
        table[key] = value

    def _add(self, table: dict[Any, Any], key: Any, value: Any) -> None:
        if key in table:
            raise StoreError(f"{key!r} is in the store already")
        self._set(table, key, value)

    def _remove(self, table: dict[Any, Any], key: Any) -> None:
        if key in table:
            self._undo.append((table, key, table.pop(key)))

    def _append(self, entry: Append) -> Stored:
        first = self._firsts.get((entry.sender, entry.id))
        if first:
            return first
        log = _known(self._logs, entry.conversation)
        seq = log.head + 1
        row = Row(seq, entry.at, entry.sender, entry.id, entry.body, entry.content)
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
        fields = user.name, user.key, user.skeleton, user.role, user.created
        self._set(self._users, entry.user, UserMade(entry.user, *fields, entry.verifier))

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
        self._set(self._logs, entry.conversation, LogState(entry.conversation, 0, 0, 0))

    def _conversation_set(self, entry: ConversationSet) -> None:
        old = _known(self._conversations, entry.conversation)
        fields = (entry.modes, entry.password, entry.limit, entry.topic, entry.topic_by, entry.topic_at)
        made = ConversationMade(old.conversation, old.name, old.key, old.users, old.created, *fields)
        self._set(self._conversations, entry.conversation, made)

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

    def _invitation_used(self, entry: InvitationUsed) -> None:
        _known(self._users, entry.user)
        self._add(self._invitations, entry.invitation, entry)

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

    def purge(self, before: int, limit: int) -> list[LogState]:
        with self._lock:
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
            return [self._logs[conversation] for conversation in sorted({key[0] for key in old})]


WRITES: Final[dict[type[Entry], Callable[[MemoryStore, Any], None]]] = {
    UserMade: MemoryStore._user_made,
    VerifierSet: MemoryStore._verifier_set,
    DeviceMade: MemoryStore._device_made,
    ConversationMade: MemoryStore._conversation_made,
    ConversationSet: MemoryStore._conversation_set,
    MemberSet: MemoryStore._member_set,
    MemberGone: MemoryStore._member_gone,
    CursorMoved: MemoryStore._cursor_moved,
    InvitationUsed: MemoryStore._invitation_used,
}


def _known(table: dict[Any, Any], key: Any) -> Any:
    if key not in table:
        raise StoreError(f"{key!r} is not in the store")
    return table[key]


def _in_order(table: dict[Any, Any]) -> list[Any]:
    return [table[key] for key in sorted(table)]
