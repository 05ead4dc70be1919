"""What belongs to a person and to a device for encryption, in memory: lists, keys, mail.

Rule: values that change by the few methods here; who may change them is decided in `lists`, `prekeys` and `mail`.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import deque
from typing import TYPE_CHECKING

from chatd.core.signed import NOTHING, DeviceList, ListedDevice, Signed, digest, read

if TYPE_CHECKING:
    from chatd.core.users import Device

MOST_UNREAD = 100  # a device


class Chain:
    """The lists under one user key. `number` counts these from 1; `version` and `hash` are the newest list's."""

    __slots__ = ("blobs", "devices", "hash", "number", "uik", "version")

    def __init__(self, number: int, uik: bytes) -> None:
        self.number = number
        self.uik = uik
        self.version = 0
        self.hash = NOTHING
        self.devices: frozenset[str] = frozenset()
        self.blobs: list[bytes] = []

    def add(self, blob: bytes, signed: Signed, listed: DeviceList) -> None:
        """The next list, which has been checked."""
        self.version, self.hash = listed.version, digest(signed.raw)
        self.devices = frozenset(read(one.raw, ListedDevice).device for one in listed.devices)
        self.blobs.append(blob)


class Prekeys:
    """One device's. `last`: the highest number given out; `used`: the fallback key has been given out."""

    __slots__ = ("fallback", "keys", "last", "used")

    def __init__(self) -> None:
        self.keys: dict[int, bytes] = {}  # by number, ascending
        self.last = -1
        self.fallback = b""
        self.used = False

    def clear(self) -> None:
        """They are of no use any more; what was given out stays given out."""
        self.keys.clear()
        self.fallback, self.used = b"", False


class Unread:
    """Something said to a group that nobody has acknowledged yet; by whom, and the id of their sending."""

    __slots__ = ("device", "heard", "sending")

    def __init__(self, device: Device, sending: bytes) -> None:
        self.device, self.sending = device, sending
        self.heard = False


class Box:
    """How one device's mail stands. `head`: the newest seq; `told`: the newest that is on disk.

    `counter`: the highest of what the device itself has sent; `size`: bytes that wait; `unread`: the newest group
    messages among these, in memory only.
    """

    __slots__ = ("acknowledged", "counter", "head", "seqs", "size", "sizes", "told", "unread")

    def __init__(self) -> None:
        self.acknowledged = self.head = self.told = self.counter = self.size = 0
        self.seqs = array("q")  # what waits, ascending: 16 bytes each
        self.sizes = array("q")
        self.unread: deque[tuple[int, Unread]] = deque(maxlen=MOST_UNREAD)

    def add(self, size: int) -> int:
        """The seq of one more item."""
        self.head += 1
        self.seqs.append(self.head)
        self.sizes.append(size)
        self.size += size
        return self.head

    def heard(self, seq: int) -> list[Unread]:
        """Of what is up to there, that of which it is news that somebody has it."""
        found: list[Unread] = []
        while self.unread and self.unread[0][0] <= seq:
            _, unread = self.unread.popleft()
            if not unread.heard:
                unread.heard = True
                found.append(unread)
        return found

    def drop(self, seq: int) -> None:
        """What is up to there waits no longer."""
        count = bisect_right(self.seqs, seq)
        self.size -= sum(self.sizes[:count])
        del self.seqs[:count], self.sizes[:count]
        self.acknowledged = max(self.acknowledged, seq)


class Feed:
    """How far a session has been sent its device's mail. `live`: it hears it as it comes; `reading`: a page is read."""

    __slots__ = ("live", "reading", "sent")

    def __init__(self, sent: int) -> None:
        self.sent = sent
        self.live = False
        self.reading = False
