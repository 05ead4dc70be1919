"""Taking one message's text out of the SQLite file for ever.

Rule: the message's segment is written anew, with another checksum, at its place; the message keeps its seq, its sender
and its id, so that a repeat is still known as one. What it was overwritten with zeros in the file; the write-ahead log
may have it until the next checkpoints, and an older backup has it for good.
"""

from __future__ import annotations

from typing import Final

from chatd.entries import Redaction
from chatd.store.checksum import segment_checksum
from chatd.store.connection import Connection
from chatd.store.segments import rows_of, without_text

SEGMENT_OF: Final = """
SELECT place, first, last, data, checksum FROM segment
WHERE conversation = ?1 AND first = (SELECT max(first) FROM segment WHERE conversation = ?1 AND first <= ?2)
    AND last >= ?2"""
REWRITE: Final = "UPDATE segment SET data = ?2, checksum = ?3 WHERE place = ?1"
ZEROS: Final = "PRAGMA secure_delete = ON"
NO_ZEROS: Final = "PRAGMA secure_delete = OFF"  # what is purged need not be written twice


def redact(writer: Connection, entry: Redaction) -> None:
    """Within a transaction. What is purged already needs nothing; what is damaged is never given out anyway."""
    for place, first, last, data, checksum in writer.execute(SEGMENT_OF, (entry.conversation, entry.seq)).fetchall():
        if rows_of(entry.conversation, first, last, data, checksum) is None:
            continue
        changed = without_text(data, entry.seq - first, entry.reason)
        writer.execute(ZEROS).fetchall()
        try:
            writer.execute(REWRITE, (place, changed, segment_checksum(entry.conversation, first, changed)))
        finally:
            writer.execute(NO_ZEROS).fetchall()
