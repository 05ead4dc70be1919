"""The eight bytes that tell whether a stored segment is what was written.

Rule: made when a segment is written and compared each time it is read. SQLite's own `integrity_check` does not see a
flipped bit in a body; this does. The segment's place in its log goes in before its data, so that a segment which is
found elsewhere is as wrong as a changed one.
"""

from __future__ import annotations

from hashlib import blake2b
from struct import Struct

_PLACE = Struct("<qq").pack
_STEP = 1920  # from 2,048 bytes on hashlib lets Python's GIL go, and beside a busy reactor has to wait for it again


def segment_checksum(conversation: int, first: int, data: bytes) -> bytes:
    """BLAKE2b, 8 bytes, over one segment and its place in its log."""
    made = blake2b(_PLACE(conversation, first) + data[:_STEP], digest_size=8)
    if len(data) > _STEP:
        view = memoryview(data)
        for start in range(_STEP, len(data), _STEP):
            made.update(view[start : start + _STEP])
    return made.digest()
