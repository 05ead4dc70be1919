"""Invitations and codes: made, listed, taken back.

Rule: as of the package. A code is shown once, when it is made; what is kept of it is its identity, by which it is
listed and can be taken back.
"""

from __future__ import annotations

import msgspec
from twisted.internet.defer import Deferred, fail

from chatd.auth import make_invitation, read_invitation
from chatd.core import invitations, staff
from chatd.core.hub import Hub
from chatd.core.turn import Turn
from chatd.entries import InvitationSet
from chatd.operations.service import Refused, Service

IDENTITY_BYTES = 5
MOST = 1000


class Made(msgspec.Struct, frozen=True):
    """A new code. `until` in ms."""

    code: str
    identity: str
    uses: int
    until: int
    group: str = ""
    name: str = ""


class Offered(msgspec.Struct, frozen=True):
    """One that is known. `state`: open, used, ended or revoked; times in ms."""

    identity: str
    state: str
    uses: int
    used: int
    until: int
    group: str
    name: str
    by: str
    at: int


def new(service: Service, by: str, group: str = "", uses: int = 1, seconds: float = 14 * 86_400) -> Deferred[Made]:
    """A code with which so many may make an account, and come into the group. Fails with Refused."""
    return _make(service, by, seconds, uses, group=group)


def token(service: Service, name: str, by: str, seconds: float = 86_400) -> Deferred[Made]:
    """A code to hand over to the owner of an account: it adds a device, or sets a password anew; once.

    The one before is no longer good, and when it is used the account's password is. Fails with Refused.
    """
    return _make(service, by, seconds, 1, name=name)


def _make(service: Service, by: str, seconds: float, uses: int, group: str = "", name: str = "") -> Deferred[Made]:
    if not 60 <= seconds <= 400 * 86_400:
        return fail(Refused("bad-argument", "A code is good from a minute to 400 days."))
    identity = service.node.admission.random(IDENTITY_BYTES)
    until = int(service.wall() + seconds)
    code = make_invitation(service.node.admission.secret, identity, until)

    def offer(hub: Hub, turn: Turn) -> Made:
        into = hub.conversations.named(group) if group else None
        if group and (into is None or into is hub.lobby):
            raise Refused("no-such-group", f"There is no group {group!r}.")
        user = staff.account(hub, name) if name else None
        invitations.offer(hub, turn, identity.hex(), by, until * 1000, uses, into, user)
        return Made(code, identity.hex(), uses, until * 1000, into.name if into else "", user.name if user else "")

    return service.act(offer)


def listed(service: Service) -> list[Offered]:
    """Those that were made with anything to keep, the newest first. (`chatd-admin invite` keeps nothing.)"""
    found = sorted(service.hub.invitations.offers.values(), key=lambda offer: -offer.at)[:MOST]
    return [_offered(service.hub, offer, service.now()) for offer in found]


def _offered(hub: Hub, offer: InvitationSet, now: int) -> Offered:
    used = hub.invitations.uses(offer.invitation)
    ended = bool(offer.until) and now >= offer.until
    state = "revoked" if not offer.uses else "used" if used >= offer.uses else "ended" if ended else "open"
    group, user = hub.conversations.by_id.get(offer.conversation), hub.users.by_id.get(offer.user)
    return Offered(
        offer.invitation, state, offer.uses, used, offer.until, group.name if group else "", user.name if user else "",
        offer.by, offer.at,
    )  # fmt: skip


def revoke(service: Service, code: str, by: str) -> Deferred[Offered]:
    """Nobody uses this code (or the one of this identity) any more. Fails with Refused."""
    word = code.strip()
    identity = word if word in service.hub.invitations.offers else read_invitation(
        service.node.admission.secret, word, int(service.wall())
    )  # fmt: skip
    if identity is None:
        return fail(Refused("bad-invitation", "That is no code, or one that has ended, and no identity of one."))
    done = service.act(invitations.revoke, identity, by)
    return done.addCallback(lambda offer: _offered(service.hub, offer, service.now()))
