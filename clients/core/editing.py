"""What `/edit` and `s/old/new/` do: which message of one's own is meant, and what it says from now on.

Rule: pure. What is meant is never guessed: where nothing fits, nothing is edited, and it is said why.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from clients.core import forms as f
from clients.core import inert
from clients.core import intents as i
from clients.core import notices as n
from clients.core.outbox import Outgoing

MOST: Final = 200  # messages of one's own that are looked at
MOST_LISTED: Final = 10
SHORTEST: Final = 8  # characters of an id
SHOWN_TEXT: Final = 60
NOTHING: Final = "You have said nothing here that could be edited."
SAME: Final = "That is what it says already; nothing was sent."
EMPTY: Final = "Nothing would be left of your message; it stays as it is."


class Mine(NamedTuple):
    """A message of one's own, and what it says now."""

    id: bytes
    text: str


def mine(kept: Iterable[n.Said], waiting: Iterable[Outgoing], to: str) -> list[Mine]:
    """Those of one conversation, oldest first: what is kept, and what is still on its way there."""
    texts = {said.id: said.text for said in kept}
    for item in waiting:
        if item.to.casefold() == to.casefold() and (not item.edits or item.edits in texts):
            texts[item.edits or item.id] = item.text
    return [Mine(id, text) for id, text in texts.items()]


def typed(own: list[Mine]) -> str:
    """The line that edits the last one, to be worked on; empty where there is none."""
    if not own:
        return ""
    id, text = own[-1]
    words = text.strip()
    return f"/edit {words}" if f.edit(words) == i.Edit(words) else f"/edit {id.hex()} {words}"


def change(intent: i.Edit, own: list[Mine]) -> Mine | n.Notice:
    """What is to be said, as the new text of which message; or why there is nothing to say."""
    if not own:
        return n.Refused("nothing-to-edit", NOTHING, intent=intent)
    if not intent.text:
        return n.Local(tuple(_listed(own)), intent)
    meant = [one for one in own if one.id.hex().startswith(intent.id)] if intent.id else own[-1:]
    if len(meant) != 1:
        which = "more than one message" if meant else "no message"
        text = f"There is {which} of yours here whose id begins with {intent.id}. /edit alone shows them."
        return n.Refused("no-such-message", text, intent=intent)
    if meant[0].text.strip() == intent.text.strip():
        return n.Local((SAME,), intent)
    return Mine(meant[0].id, intent.text)


def replaced(intent: i.Substitute, own: list[Mine]) -> Mine | n.Notice | None:
    """The last message with other words in it; None where it does not have these: then the line is something to say."""
    if not own or intent.old not in own[-1].text:
        return None
    text = own[-1].text.replace(intent.old, intent.new, 1)
    if not text.strip():
        return n.Refused("usage", EMPTY, intent=intent)
    return n.Local((SAME,), intent) if text == own[-1].text else Mine(own[-1].id, text)


def _listed(own: list[Mine]) -> list[str]:
    """The last ones, each with as much of its id as tells it from all others."""
    ids = [one.id.hex() for one in own]
    lines = [f"{_unique(one.id.hex(), ids)}  {inert.line(one.text)[:SHOWN_TEXT]}" for one in own[-MOST_LISTED:]]
    return ["What you said here; /edit ID text changes it:", *lines]


def _unique(id: str, ids: list[str]) -> str:
    for length in range(SHORTEST, len(id)):
        if sum(other.startswith(id[:length]) for other in ids) == 1:
            return id[:length]
    return id
