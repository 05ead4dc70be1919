"""Bans and mutes: by name for accounts, by name or network for guests.

Rule: as of the package. Whom it is about is told why and until when.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from chatd.core import sanctions
from chatd.moderation import SanctionIs
from chatd.operations.service import Service


def ban(service: Service, whom: str, by: str, seconds: float = 0, reason: str = "") -> Deferred[SanctionIs]:
    """Keep somebody out (0 seconds: for ever), and put out who is here. Fails with Refused."""
    return _impose(service, "ban", whom, by, seconds, reason)


def mute(service: Service, whom: str, by: str, seconds: float = 0, reason: str = "") -> Deferred[SanctionIs]:
    """Let somebody say nothing, but to staff (0 seconds: for ever). Fails with Refused."""
    return _impose(service, "mute", whom, by, seconds, reason)


def _impose(service: Service, kind: str, whom: str, by: str, seconds: float, reason: str) -> Deferred[SanctionIs]:
    done = service.act(sanctions.impose, kind, whom, by, seconds, reason)
    return done.addCallback(lambda record: sanctions.shown(service.hub, record))


def unban(service: Service, whom: str) -> Deferred[SanctionIs]:
    """Let somebody in again. Fails with Refused `not-sanctioned`."""
    return _lift(service, "ban", whom)


def unmute(service: Service, whom: str) -> Deferred[SanctionIs]:
    """Let somebody speak again. Fails with Refused `not-sanctioned`."""
    return _lift(service, "mute", whom)


def _lift(service: Service, kind: str, whom: str) -> Deferred[SanctionIs]:
    done = service.act(sanctions.lift, kind, whom)
    return done.addCallback(lambda record: sanctions.shown(service.hub, record))


def bans(service: Service) -> list[SanctionIs]:
    """All bans and mutes, and the disabled accounts, the newest first."""
    return sanctions.listed(service.hub, service.now())
