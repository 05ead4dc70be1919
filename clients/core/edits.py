"""Edits in open conversations: a message with a tag that says of which earlier one it is the new text.

Rule: pure. The tag is client-only, so that whoever knows nothing of edits sees one more message. It counts where the
earlier message is there and of the same sender in the same conversation; else it is an ordinary message, everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from chatd.messages import Message
from clients.core import records as r

TAG: Final = "+chatd/edit"
ID_BYTES: Final = 16
REDACTED: Final = "redacted"


def tags(id: bytes) -> str:
    """The tag of a message that is the new text of another; none for no id."""
    return f"{TAG}={id.hex()}" if id else ""


def edited(text: str) -> bytes:
    """Of which message these tags make a new text; empty for none, and for what makes no sense."""
    for tag in text.split(";"):
        key, _, value = tag.partition("=")
        if key == TAG:
            return _id(value)
    return b""


def _id(value: str) -> bytes:
    try:
        found = bytes.fromhex(value) if len(value) == 2 * ID_BYTES else b""
    except ValueError:
        return b""
    return found if len(found) == ID_BYTES else b""


def among(records: Iterable[r.Record], conversation: str, id: bytes, sender: str) -> bool:
    """Did they say this there, as far as these records know, which are still to be kept?"""
    return any(
        isinstance(one, r.KeepMessage) and (one.id, one.conversation, one.sender) == (id, conversation, sender)
        for one in records
    )


def folded(page: Iterable[Message]) -> list[Message]:
    """A part of a conversation's log, oldest first: new texts in the place of the old ones, where those are in it."""
    found: dict[tuple[str, bytes], Message] = {}
    for one in page:
        place = (one.sender, edited(one.tags))
        if one.kind != REDACTED and place in found and found[place].kind != REDACTED:
            found[place] = msgspec.structs.replace(found[place], text=one.text, tags=tags(place[1]))
        else:
            plain = msgspec.structs.replace(one, tags="") if place[1] else one
            found[(one.sender, one.id)] = plain
    return list(found.values())
