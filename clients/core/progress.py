"""What is said of files: an offer, how far one is, what became of it, the list.

Rule: pure. Names and reasons come from others: a name is shown as it would be saved, everything is made inert.
"""

from __future__ import annotations

from typing import Final

from clients.core import inert
from clients.core import offers as o
from clients.core.filenames import leaf
from clients.core.moving import MOVING, WAITING, Files, Moving
from clients.core.offers import Kept, Offer, amount, span
from clients.core.style import Style, clock

EVERY: Final = 3.0  # seconds between two lines about one file
DIGITS: Final = 8  # of an id, as people are shown it
STATES: Final = {
    o.PREPARING: "being read", o.SENDING: "on its way up", o.OFFERING: "on its way up", o.SENT: "sent",
    o.OFFERED: "offered", o.WANTED: "on its way down", o.RECEIVED: "received", o.DECLINED: "declined",
    o.FAILED: "failed",
}  # fmt: skip


class Every:
    """Of what is told of a file while it moves, a line every few seconds; the first one after so long, too."""

    def __init__(self) -> None:
        self._told: dict[bytes, float] = {}

    def due(self, notice: Moving) -> bool:
        """Whether to tell this; what is not about moving always is."""
        if notice.state != MOVING:
            self._told.pop(notice.offer.id, None)
            return True
        before = self._told.setdefault(notice.offer.id, notice.at)
        if notice.at - before < EVERY:
            return False
        self._told[notice.offer.id] = notice.at
        return True


def short(offer: Offer) -> str:
    """The id as one types it."""
    return offer.id.hex()[:DIGITS]


def name(offer: Offer) -> str:
    """The name as it would be saved."""
    return inert.name(leaf(offer.name))


def offered(offer: Offer, own: bool) -> str:
    """What stands for the text of a message that offers a file."""
    how = "" if own else f"  -  /get {short(offer)}"
    return f"File: {name(offer)} ({amount(offer.size)}){how}"


def shown(notice: Moving, style: Style) -> list[str]:
    """A line about a file on its way, or at its end."""
    text = f"{name(notice.offer)}: {_state(notice)}"
    kind = {o.FAILED: "bad", o.SENT: "good", o.RECEIVED: "good"}.get(notice.state, "faint")
    return [style.paint(kind, text)]


def _state(notice: Moving) -> str:
    size = amount(notice.offer.size)
    if notice.state == WAITING:
        return f"{amount(notice.done)} of {size}; goes on when the server is back."
    if notice.state == MOVING:
        return f"{_share(notice)}{_way(notice)}{_rate(notice)}"
    if notice.state == o.SENT:
        return f"sent to {', '.join(map(inert.name, notice.who))} ({size})."
    if notice.state == o.RECEIVED:
        return f"received ({size}), saved as {inert.line(notice.path)}"
    if notice.state == o.FAILED:
        return f"{inert.line(notice.text)}" + (f" (at {_share(notice)})" if notice.done else "")
    if notice.state == o.DECLINED and notice.way == o.UP:
        return "taken back; who has not fetched it cannot any more."
    return f"{STATES.get(notice.state, notice.state)}."


def _share(notice: Moving) -> str:
    """How much of it."""
    if not notice.offer.size:
        return "0 bytes"
    return f"{amount(notice.done)} of {amount(notice.offer.size)} ({100 * notice.done // notice.offer.size} %)"


def _way(notice: Moving) -> str:
    return " sent" if notice.way == o.UP else " fetched"


def _rate(notice: Moving) -> str:
    if notice.rate <= 0:
        return ""
    return f", {amount(notice.rate)}/s" + (f", {span(notice.left)} left" if notice.left >= 0 else "")


def listed(notice: Files, style: Style) -> list[str]:
    """The answer to `/files`."""
    if not notice.files:
        return ["No files."]
    return [_row(kept, style) for kept in notice.files]


def _row(kept: Kept, style: Style) -> str:
    offer = kept.offer
    whom = "to " + ", ".join(map(inert.name, kept.to)) if kept.way == o.UP else "from " + inert.name(kept.sender)
    where = f" as {inert.line(kept.path)}" if kept.state == o.RECEIVED else ""
    why = f": {inert.line(kept.why)}" if kept.state == o.FAILED and kept.why else ""
    state = STATES.get(kept.state, kept.state)
    return (
        f"{short(offer)}  {clock(kept.at, style.now)}  {name(offer)} ({amount(offer.size)}) {whom}, {state}{where}{why}"
    )
