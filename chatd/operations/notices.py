"""What the server says to everybody, and what it says to those who come.

Rule: as of the package. An announcement is heard by who is there; it is kept nowhere.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from chatd import messages as m
from chatd.core.hub import Hub
from chatd.core.turn import Refused, Turn
from chatd.operations.groups import _group
from chatd.operations.service import Service


def announce(service: Service, text: str, group: str = "") -> Deferred[int]:
    """Say something to everybody who is here, or to who hears a group; how many people that is. Fails with Refused."""
    return service.act(_announce, text, group)


def _announce(hub: Hub, turn: Turn, text: str, group: str) -> int:
    if not text.strip():
        raise Refused("empty-text", "There is nothing to say.")
    if len(text.encode()) > hub.limits.text_bytes:
        raise Refused("text-too-long", f"A message has at most {hub.limits.text_bytes} bytes.")
    audience = _group(hub, group).audience if group else hub.everyone
    turn.cast(audience, m.Notice("announcement", text))
    return len(audience.users)


def message_of_the_day(service: Service) -> list[str]:
    """The lines that those who come by IRC are shown."""
    return list(service.settings().message_of_the_day())
