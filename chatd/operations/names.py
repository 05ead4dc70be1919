"""Names that begin with something: what Tab offers."""

from __future__ import annotations

from heapq import nsmallest

from chatd.operations.service import Service

MOST = 100


def beginning(service: Service, kind: str, text: str) -> list[str]:
    """The first names of people (`user`) or groups (`group`, without #) that begin so, in whatever letters; sorted."""
    hub, wanted = service.hub, text.casefold()
    if kind == "user":
        found = [user.name for key, user in hub.users.by_key.items() if key.startswith(wanted)]
    elif kind == "group":
        found = [g.name.removeprefix("#") for key, g in hub.conversations.groups.items() if key[1:].startswith(wanted)]
    else:
        return []
    return nsmallest(MOST, set(found))
