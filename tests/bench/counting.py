"""What the load generator makes of the bytes it gets, without decoding them.

Rule: pure. The hot loop counts marks (the tag of a frame, the end of a line); it is right wherever the network cuts
the stream, as long as a mark overlaps neither itself nor anything else that is sent.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

ACCEPTED = b"\xa8accepted"  # the tags as MessagePack writes them: a length and the letters
MESSAGE = b"\xa7message"
NEWLINE = b"\n"
ID_BYTES = 16
TIME_BYTES = 6  # an id opens with its time, the rest is random
RANDOM_BYTES = ID_BYTES - TIME_BYTES


class Tally:
    """How often a mark has come by in a stream that arrives in pieces."""

    __slots__ = ("_keep", "_rest", "mark")

    def __init__(self, mark: bytes) -> None:
        self.mark = mark
        self._keep = len(mark) - 1
        self._rest = b""

    def feed(self, data: bytes) -> int:
        """How many marks end in this piece."""
        if not self._keep:
            return data.count(self.mark)
        data = self._rest + data
        self._rest = data[-self._keep :]
        return data.count(self.mark)


class Frames:
    """A stream as frames: four bytes of length, then so many bytes."""

    def __init__(self) -> None:
        self.rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The payloads that are complete with this piece."""
        data = self.rest + data
        start = 0
        while len(data) - start >= 4:
            end = start + 4 + int.from_bytes(data[start : start + 4], "big")
            if end > len(data):
                break
            yield data[start + 4 : end]
            start = end
        self.rest = data[start:]


def last_seq(data: bytes, conversation: str) -> int:
    """The seq of the last message of a conversation that shows whole in these bytes; 0 if none does."""
    opening = MESSAGE + msgspec.msgpack.encode(conversation)
    at = data.rfind(opening)
    number = data[at + len(opening) :][:5]
    if at < 0 or len(number) < 5:
        return 0
    first, sizes = number[0], {0xCC: 1, 0xCD: 2, 0xCE: 4}
    if first < 0x80:
        return first
    return int.from_bytes(number[1 : 1 + sizes.get(first, 0)], "big")


class Stock:
    """Messages that differ in their id only, ready to be sent: `head`, sixteen bytes of id, `tail`, and again.

    An id has the time of its sending, as a client's has, and each is above the one before, as RFC 9562 (6.2) wants it.
    """

    __slots__ = ("_between", "_head", "_last", "_next", "_random", "_tail")

    def __init__(self, head: bytes, tail: bytes) -> None:
        self._head = head
        self._tail = tail
        self._between = tail + head
        self._last = 0
        self._random: list[bytes] = []
        self._next = 0

    @property
    def left(self) -> int:
        """For how many ids there are random bytes."""
        return len(self._random) - self._next

    def refill(self, more: bytes) -> None:
        """More random bytes."""
        fresh = [more[i : i + RANDOM_BYTES] for i in range(0, len(more), RANDOM_BYTES)]
        self._random = self._random[self._next :] + fresh
        self._next = 0

    def take(self, count: int, now: bytes) -> bytes:
        """The next messages, one after the other; `now` opens their ids. There must be enough random bytes."""
        start = self._next
        self._next = start + count
        self._last = max(self._last + 1, int.from_bytes(now, "big"))
        now = self._last.to_bytes(TIME_BYTES, "big")
        return self._head + now + (self._between + now).join(sorted(self._random[start : self._next])) + self._tail
