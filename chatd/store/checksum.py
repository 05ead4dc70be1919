"""The eight bytes that tell whether a stored message is what was written.

Rule: made when a row is written and compared each time it is read. SQLite's own `integrity_check` does not see a
flipped bit in a body; this does. Every field of the row goes in, each text with its length, so that no two rows
share the same input.
"""

from __future__ import annotations

from hashlib import blake2b
from struct import Struct

_NUMBERS = Struct("<qqqIII").pack


def row_checksum(conversation: int, seq: int, at: int, sender: str, id: bytes, content: str, body: bytes) -> bytes:
    """BLAKE2b, 8 bytes, over one message and its place in its log."""
    who = sender.encode()
    kind = content.encode()
    numbers = _NUMBERS(conversation, seq, at, len(who), len(kind), len(id))
    return blake2b(b"".join((numbers, who, kind, id, body)), digest_size=8).digest()
