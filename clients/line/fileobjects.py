"""Files as fields of JSON objects.

Rule: pure. Names are as others gave them; where a file was saved is in `path`.
"""

from __future__ import annotations

from typing import Any

from clients.core.moving import Moving
from clients.core.offers import DOWN, Kept, Offer

Fields = dict[str, Any]


def about(offer: Offer) -> Fields:
    """A file."""
    fields: Fields = {"id": offer.id.hex(), "name": offer.name, "size": offer.size}
    if any(offer.sha256):  # of what is going up it is known at the end
        fields["sha256"] = offer.sha256.hex()
    return {**fields, "type": offer.type} if offer.type else fields


def moving(notice: Moving) -> Fields:
    """How one stands."""
    fields: Fields = {
        "file": about(notice.offer), "way": notice.way, "state": notice.state, "who": list(notice.who),
        "done": notice.done, "rate": round(notice.rate), "left": round(notice.left, 1) if notice.left >= 0 else None,
    }  # fmt: skip
    if notice.path and notice.way == DOWN:
        fields["path"] = notice.path
    if notice.code:
        fields |= {"code": notice.code, "text": notice.text}
    return fields


def kept(file: Kept) -> Fields:
    """One of the list."""
    fields: Fields = {"file": about(file.offer), "way": file.way, "state": file.state, "who": list(file.to)}
    fields["from"] = file.sender
    return {**fields, "path": file.path} if file.path and file.way == DOWN else fields
