"""What the store of plain dicts keeps of encryption: lists, keys, groups' logs, and mail.

Rule: as in `memory`, whose base this is: every change can be undone.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any, Final

from chatd.entries import Entry
from chatd.sealed import (
    BackupSet,
    Corresponded,
    DeviceEmptied,
    DeviceGone,
    DeviceKeysHeld,
    GroupForgotten,
    GroupSigned,
    KeysGone,
    KeysMade,
    Knocked,
    KnockGone,
    Letter,
    ListMade,
    MailAcknowledged,
    MailHeld,
    MailKept,
    MailRow,
    ResetSet,
    Sealed,
    TagKeyGone,
    TagKeyMade,
)
from chatd.store.interface import PAGE_BYTES, StoreError

_NOTHING: Final = object()


class SealedTables:
    """Dicts that can be undone, and those about encryption."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # readers are on other threads
        self._undo: list[tuple[dict[Any, Any], Any, Any]] = []
        self._users: dict[int, Any] = {}
        self._devices: dict[str, Any] = {}
        self._cursors: dict[tuple[str, int], int] = {}
        self._lists: dict[tuple[int, int, int], ListMade] = {}
        self._one_time: dict[tuple[str, int], bytes] = {}
        self._key_states: dict[str, tuple[int, bytes, bool]] = {}
        self._boxes: dict[str, tuple[int, int]] = {}  # acknowledged, counter
        self._sent: dict[tuple[str, bytes], tuple[int, str]] = {}
        self._letters: dict[int, tuple[MailKept, Letter]] = {}  # by number, in order of arrival
        self._deliveries: dict[tuple[str, int], int] = {}
        self._corresponded: dict[tuple[int, int], Corresponded] = {}
        self._signed_groups: dict[tuple[bytes, int], GroupSigned] = {}
        self._knocks: dict[tuple[bytes, int], Knocked] = {}
        self._resets: dict[int, ResetSet] = {}
        self._backups: dict[int, BackupSet] = {}
        self._tag_keys: dict[int, TagKeyMade] = {}
        self._letter_numbers = itertools.count(1)

    # ---- changes ----

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

    def _undo_all(self) -> None:
        for table, key, before in reversed(self._undo):
            if before is _NOTHING:
                del table[key]
            else:
                table[key] = before

    def _known(self, table: dict[Any, Any], key: Any) -> Any:
        if key not in table:
            raise StoreError(f"{key!r} is not in the store")
        return table[key]

    # ---- entries ----

    def _list_made(self, entry: ListMade) -> None:
        self._known(self._users, entry.user)
        self._add(self._lists, (entry.user, entry.chain, entry.version), entry)

    def _keys_made(self, entry: KeysMade) -> None:
        self._known(self._devices, entry.device)
        for number, blob in entry.keys:
            if (entry.device, number) not in self._one_time:
                self._set(self._one_time, (entry.device, number), blob)
        if entry.fallback:
            last, _, _ = self._key_states.get(entry.device, (-1, b"", False))
            self._set(self._key_states, entry.device, (last, entry.fallback, False))

    def _keys_gone(self, entry: KeysGone) -> None:
        self._known(self._devices, entry.device)
        last, fallback, used = self._key_states.get(entry.device, (-1, b"", False))
        self._set(self._key_states, entry.device, (max(last, entry.last), fallback, used or entry.fallback))
        self._forget_keys(entry.device, entry.last)

    def _forget_keys(self, device: str, upto: int) -> None:
        for key in [key for key in self._one_time if key[0] == device and key[1] <= upto]:
            self._remove(self._one_time, key)

    def _mail_kept(self, entry: MailKept) -> None:
        self._known(self._devices, entry.device)
        self._set(self._sent, (entry.device, entry.id), (entry.at, entry.state))
        acknowledged, counter = self._boxes.get(entry.device, (0, 0))
        self._set(self._boxes, entry.device, (acknowledged, max(counter, entry.counter)))
        for letter in entry.letters:
            number = next(self._letter_numbers)
            self._set(self._letters, number, (entry, letter))
            for device, seq in letter.to:
                self._known(self._devices, device)
                self._add(self._deliveries, (device, seq), number)

    def _mail_acknowledged(self, entry: MailAcknowledged) -> None:
        self._known(self._devices, entry.device)
        acknowledged, counter = self._boxes.get(entry.device, (0, 0))
        self._set(self._boxes, entry.device, (max(acknowledged, entry.seq), counter))
        self._forget_mail(entry.device, entry.seq)

    def _forget_mail(self, device: str, upto: int) -> None:
        for key in [key for key in self._deliveries if key[0] == device and key[1] <= upto]:
            number = self._deliveries[key]
            self._remove(self._deliveries, key)
            if number not in self._deliveries.values():
                self._remove(self._letters, number)

    def _corresponded_made(self, entry: Corresponded) -> None:
        self._known(self._users, entry.low)
        self._known(self._users, entry.high)
        self._set(self._corresponded, (entry.low, entry.high), entry)

    def _device_emptied(self, entry: DeviceEmptied | DeviceGone) -> None:
        self._forget_mail(entry.device, 2**63)
        self._forget_keys(entry.device, 2**63)
        if entry.device in self._key_states:
            last, _, _ = self._key_states[entry.device]
            self._set(self._key_states, entry.device, (last, b"", False))

    def _device_gone(self, entry: DeviceGone) -> None:
        self._device_emptied(entry)
        for key in [key for key in self._cursors if key[0] == entry.device]:
            self._remove(self._cursors, key)
        for sent in [key for key in self._sent if key[0] == entry.device]:
            self._remove(self._sent, sent)
        for table in (self._key_states, self._boxes, self._devices):
            self._remove(table, entry.device)

    def _user_unsealed(self, user: int) -> None:
        """An account is deleted."""
        for device in [device for device, made in self._devices.items() if made.user == user]:
            self._device_gone(DeviceGone(device))
        for key in [key for key in self._lists if key[0] == user]:
            self._remove(self._lists, key)
        for pair in [pair for pair in self._corresponded if user in pair]:
            self._remove(self._corresponded, pair)
        for knock in [key for key in self._knocks if key[1] == user]:
            self._remove(self._knocks, knock)
        for table in (self._resets, self._backups):
            self._remove(table, user)

    def _group_signed(self, entry: GroupSigned) -> None:
        self._add(self._signed_groups, (entry.group, entry.n), entry)

    def _group_forgotten(self, entry: GroupForgotten) -> None:
        for key in [key for key in self._signed_groups if key[0] == entry.group]:
            self._remove(self._signed_groups, key)
        for knock in [key for key in self._knocks if key[0] == entry.group]:
            self._remove(self._knocks, knock)

    def _knocked(self, entry: Knocked) -> None:
        self._known(self._users, entry.user)
        if (entry.group, entry.user) not in self._knocks:
            self._set(self._knocks, (entry.group, entry.user), entry)

    def _knock_gone(self, entry: KnockGone) -> None:
        self._remove(self._knocks, (entry.group, entry.user))

    def _by_user(self, entry: ResetSet | BackupSet) -> None:
        self._known(self._users, entry.user)
        table: dict[int, Any] = self._resets if isinstance(entry, ResetSet) else self._backups
        if entry.blob:
            self._set(table, entry.user, entry)
        else:
            self._remove(table, entry.user)

    def _tag_key_made(self, entry: TagKeyMade) -> None:
        self._add(self._tag_keys, entry.number, entry)

    def _tag_key_gone(self, entry: TagKeyGone) -> None:
        self._remove(self._tag_keys, entry.number)

    # ---- reading ----

    def load_sealed(self) -> Sealed:
        """Everything about encryption but the mail."""
        with self._lock:
            return Sealed(
                lists=[self._lists[key] for key in sorted(self._lists)],
                keys=self._keys_held(),
                mail=self._mail_held(),
                corresponded=[self._corresponded[key] for key in sorted(self._corresponded)],
                groups=[self._signed_groups[key] for key in sorted(self._signed_groups)],
                knocks=[self._knocks[key] for key in sorted(self._knocks)],
                resets=[self._resets[key] for key in sorted(self._resets)],
                backups=[self._backups[key] for key in sorted(self._backups)],
                tag_keys=[self._tag_keys[key] for key in sorted(self._tag_keys)],
            )

    def _keys_held(self) -> list[DeviceKeysHeld]:
        devices = sorted({device for device, _ in self._one_time} | self._key_states.keys())
        return [
            DeviceKeysHeld(
                device,
                tuple((key[1], self._one_time[key]) for key in sorted(self._one_time) if key[0] == device),
                *self._key_states.get(device, (-1, b"", False)),
            )
            for device in devices
        ]

    def _mail_held(self) -> list[MailHeld]:
        waiting: dict[str, list[tuple[int, int]]] = {}
        for (device, seq), number in sorted(self._deliveries.items()):
            waiting.setdefault(device, []).append((seq, len(self._letters[number][1].ciphertext)))
        return [
            MailHeld(device, *self._boxes.get(device, (0, 0)), tuple(waiting.get(device, ())))
            for device in sorted(self._boxes.keys() | waiting.keys())
        ]

    def read_mail(self, device: str, after: int, upto: int, limit: int) -> list[MailRow]:
        """A page of a device's mail."""
        rows: list[MailRow] = []
        size = 0
        with self._lock:
            for key in sorted(key for key in self._deliveries if key[0] == device and after < key[1] <= upto):
                if size >= PAGE_BYTES or len(rows) >= limit:
                    break
                kept, letter = self._letters[self._deliveries[key]]
                size += len(letter.ciphertext)
                rows.append(MailRow(
                    key[1], letter.id, kept.id, kept.sender, kept.device, letter.type, letter.conversation,
                    letter.commitment, letter.ciphertext, letter.sid, kept.at, letter.tag,
                ))  # fmt: skip
        return rows

    def sent_mail(self, device: str, id: bytes) -> tuple[int, str] | None:
        """What was answered to this mail of a device."""
        with self._lock:
            return self._sent.get((device, id))

    def purge_mail(self, before: int, limit: int) -> tuple[list[MailAcknowledged], bool]:
        """Take out old mail."""
        with self._lock:
            old = list(itertools.takewhile(lambda item: item[1][0].at < before, self._letters.items()))[:limit]
            numbers = {number for number, _ in old}
            gone: dict[str, int] = {}
            for (device, seq), number in sorted(self._deliveries.items()):
                if number in numbers:
                    gone[device] = seq
            for device, seq in gone.items():
                self._mail_acknowledged(MailAcknowledged(device, seq))
            for number in numbers:
                self._letters.pop(number, None)
            forgotten = sorted(key for key, (at, _) in self._sent.items() if at < before)[:limit]
            for key in forgotten:
                del self._sent[key]
            return [MailAcknowledged(*one) for one in sorted(gone.items())], bool(old) or len(forgotten) == limit


WRITES: Final[dict[type[Entry], Callable[[Any, Any], None]]] = {
    ListMade: SealedTables._list_made,
    KeysMade: SealedTables._keys_made,
    KeysGone: SealedTables._keys_gone,
    MailKept: SealedTables._mail_kept,
    MailAcknowledged: SealedTables._mail_acknowledged,
    Corresponded: SealedTables._corresponded_made,
    DeviceEmptied: SealedTables._device_emptied,
    DeviceGone: SealedTables._device_gone,
    GroupSigned: SealedTables._group_signed,
    GroupForgotten: SealedTables._group_forgotten,
    Knocked: SealedTables._knocked,
    KnockGone: SealedTables._knock_gone,
    ResetSet: SealedTables._by_user,
    BackupSet: SealedTables._by_user,
    TagKeyMade: SealedTables._tag_key_made,
    TagKeyGone: SealedTables._tag_key_gone,
}
