"""Everything there is in a house, as plain values that can be compared: the store's contents, and the hub's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatd.core.groups import Conversation
from chatd.core.users import User

if TYPE_CHECKING:
    from tests.kit import House


def state_of(house: House) -> dict[str, Any]:
    """The store's contents and what the hub has in memory, as plain values that can be compared."""
    directory = house.store.load()
    hub = house.node.hub
    return {
        "stored": directory,
        "sealed": house.store.load_sealed(),
        "encrypted": {user.id: _belongings(user) for user in hub.users.by_id.values()},
        "rows": {log.conversation: house.store.read(log.conversation, 0, log.head, 10_000) for log in directory.logs},
        "users": {user.id: _user(user) for user in hub.users.by_id.values()},
        "names": [sorted(hub.users.by_key), sorted(hub.users.by_skeleton), sorted(hub.users.devices)],
        "shown": sorted(hub.users.shown),
        "lasting": sorted(user.name for user in hub.users.lasting),
        "watched": {s.address: (sorted(s.watching), sorted(s.following)) for s in hub.everyone.sessions},
        "parlour": sorted(user.name for user in hub.parlour.users),
        "conversations": {c.id: _conversation(c) for c in hub.conversations.by_id.values()},
        "groups": [sorted(hub.conversations.groups), sorted(hub.group_skeletons), sorted(hub.conversations.direct)],
        "invitations": [dict(hub.invitations.offers), {code: set(who) for code, who in hub.invitations.used.items()}],
        "sanctions": dict(hub.sanctions.by_key),
        "roster": dict(hub.roster),
        "reports": dict(hub.reports),
        "everyone": {user.name: count for user, count in hub.everyone.users.items()},
    }


def _user(user: User) -> dict[str, Any]:
    devices = {device.id: (dict(device.cursors), device.session is not None) for device in user.devices.values()}
    said = (user.name, user.role, user.verifier, user.away, user.waiting, len(user.sessions))
    looks = (user.source, user.realname, user.bot, user.invisible, user.wallops, user.operator, user.always_on)
    alias = user.alias.key if user.alias is not None else ""
    return {
        "said": said, "devices": devices, "in": sorted(user.conversations), "looks": looks, "alias": alias,
        "metadata": dict(user.metadata), "markers": [user.markers.get(c.marked) for c in user.conversations.values()],
    }  # fmt: skip


def _belongings(user: User) -> dict[str, Any]:
    devices = {
        device.id: (list(device.prekeys.keys), device.prekeys.last, device.prekeys.fallback, device.prekeys.used,
                    device.box.acknowledged, device.box.head, device.box.told, device.box.counter, device.box.size)
        for device in user.devices.values()
    }  # fmt: skip
    return {"devices": devices, "chains": [(c.uik, c.version, c.hash, sorted(c.devices)) for c in user.chains]}


def _conversation(c: Conversation) -> dict[str, Any]:
    members = {x.user.name: (x.role + x.modes, x.since, x.acked, x.waiting) for x in c.members.values()}
    said = (c.name, c.head, c.at, c.floor, c.modes, c.slow, c.password, c.limit, c.topic, c.topic_by, c.topic_at)
    audience = sorted(user.name for user in c.audience.users)
    pending = [(first, last) for first, last, _ in c.pending]
    return {
        "said": said, "members": members, "audience": audience, "pending": pending, "metadata": dict(c.metadata),
        "masks": {mode: sorted(masks) for mode, masks in c.masks.items()}, "spoke": dict(c.spoke),
    }  # fmt: skip
