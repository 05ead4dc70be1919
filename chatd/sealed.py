"""What is kept of end-to-end encryption: entries, and the records that a store gives back.

Rule: as in `entries`. What is signed or encrypted is bytes.
"""

from __future__ import annotations

import msgspec

from chatd.entries import Entry


class ListMade(Entry, frozen=True):
    """The next signed list of somebody's devices; `chain` counts user keys from 1, `version` the lists under one."""

    user: int
    chain: int
    version: int
    blob: bytes


class KeysMade(Entry, frozen=True):
    """Signed one-time keys of a device, each with the number in it; and, where it is not empty, its fallback key, which
    nobody has been given yet; there is one of the two at least."""

    device: str
    keys: tuple[tuple[int, bytes], ...]
    fallback: bytes = b""


class KeysGone(Entry, frozen=True):
    """All one-time keys of a device up to this number have been given out; `fallback`: so has its fallback key."""

    device: str
    last: int
    fallback: bool = False


class Letter(msgspec.Struct, frozen=True, gc=False):
    """One ciphertext and whose mail it is in: (device, its seq there). Kept once, however many these are."""

    id: bytes
    type: str
    conversation: str
    commitment: bytes
    ciphertext: bytes
    sid: str
    tag: bytes
    to: tuple[tuple[str, int], ...]


class MailKept(Entry, frozen=True):
    """All letters of one command of a device. `counter`: its own, the highest one is remembered."""

    device: str
    sender: str
    id: bytes
    counter: int
    at: int
    state: str
    letters: tuple[Letter, ...]


class MailAcknowledged(Entry, frozen=True):
    """A device has its mail up to `seq`: that is deleted."""

    device: str
    seq: int


class Corresponded(Entry, frozen=True):
    """Two users (in ascending order) have exchanged mail."""

    low: int
    high: int


class DeviceEmptied(Entry, frozen=True):
    """A device is not listed any more: its mail and its keys are gone."""

    device: str


class DeviceGone(Entry, frozen=True):
    """A device is off the account, with everything that was its own."""

    device: str


class GroupSigned(Entry, frozen=True):
    """The next entry of a group's signed log."""

    group: bytes
    n: int
    blob: bytes


class GroupForgotten(Entry, frozen=True):
    """Nobody is in it any more: its log is gone, and whoever asks to be let in asks for nothing."""

    group: bytes


class Knocked(Entry, frozen=True):
    """Somebody wants to be let into a group."""

    group: bytes
    user: int
    at: int


class KnockGone(Entry, frozen=True):
    """They are in, or want it no longer."""

    group: bytes
    user: int


class ResetSet(Entry, frozen=True):
    """Somebody begins a new chain of lists at this time with this one; empty: they do not."""

    user: int
    blob: bytes
    at: int


class BackupSet(Entry, frozen=True):
    """What somebody keeps for the day on which all devices are lost; empty: nothing."""

    user: int
    blob: bytes


class TagKeyMade(Entry, frozen=True):
    """The key by which mail is tagged from this time on."""

    number: int
    key: bytes
    made: int


class TagKeyGone(Entry, frozen=True):
    """A key is too old to check reports with."""

    number: int


class DeviceKeysHeld(msgspec.Struct, frozen=True, gc=False):
    """What is there of a device's keys, in ascending order; `last`: the highest number given out, -1 for none."""

    device: str
    keys: tuple[tuple[int, bytes], ...]
    last: int
    fallback: bytes
    used: bool


class MailHeld(msgspec.Struct, frozen=True, gc=False):
    """How a device's mail stands. `waiting`: (seq, bytes) of what is not acknowledged, ascending.

    `counter`: the highest of what the device itself has sent.
    """

    device: str
    acknowledged: int
    counter: int
    waiting: tuple[tuple[int, int], ...]


class MailRow(msgspec.Struct, frozen=True, gc=False):
    """A letter as it lies in one device's mail."""

    seq: int
    id: bytes
    sending: bytes
    sender: str
    device: str
    type: str
    conversation: str
    commitment: bytes
    ciphertext: bytes
    sid: str
    at: int
    tag: bytes


class Sealed(msgspec.Struct, frozen=True):
    """Everything about encryption but the mail itself."""

    lists: list[ListMade] = []
    keys: list[DeviceKeysHeld] = []
    mail: list[MailHeld] = []
    corresponded: list[Corresponded] = []
    groups: list[GroupSigned] = []
    knocks: list[Knocked] = []
    resets: list[ResetSet] = []
    backups: list[BackupSet] = []
    tag_keys: list[TagKeyMade] = []
