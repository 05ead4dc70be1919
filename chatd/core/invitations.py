"""Invitations: codes by which a new account may be made, or by which an account of the class's list becomes somebody's.

Rule: that a code is ours and not too old is read from the code itself (`chatd.auth`); here is what is known of it
besides: how often it may be used, and was; the group it leads to; the account it opens. A code of which nothing else
is known makes one account. `identity` is the part of a code that is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from chatd.core import membership, sanctions
from chatd.core.groups import Conversation
from chatd.core.turn import Refused, Turn
from chatd.core.users import User
from chatd.entries import Directory, InvitationSet, InvitationUsed

if TYPE_CHECKING:
    from chatd.core.hub import Hub

MOST_USES = 10_000
Random = Callable[[int], bytes]


class Invitations:
    """What is known of them."""

    def __init__(self, directory: Directory) -> None:
        self.offers: dict[str, InvitationSet] = {}
        self._of: dict[int, dict[str, None]] = {}  # codes made for an account, in order
        for offer in directory.offers:
            self.make(offer)
        self.used: dict[str, set[int]] = {}
        for used in directory.invitations:
            self.note(used)

    def make(self, offer: InvitationSet) -> None:
        """It is known from here on, or known to be otherwise."""
        self.offers[offer.invitation] = offer
        if offer.user:
            self._of.setdefault(offer.user, {})[offer.invitation] = None

    def of(self, user: int) -> list[InvitationSet]:
        """Those that open this account, or did."""
        return [self.offers[identity] for identity in self._of.get(user, ())]

    def note(self, used: InvitationUsed) -> None:
        """Somebody has used one."""
        self.used.setdefault(used.invitation, set()).add(used.user)

    def forget(self, user: int) -> None:
        """An account is gone, and what would open it."""
        for identity in self._of.pop(user, ()):
            del self.offers[identity]

    def uses(self, identity: str) -> int:
        """How often it was used."""
        return len(self.used.get(identity, ()))


def pending(hub: Hub, user: User) -> bool:
    """Whether this is an account that nobody has made theirs yet: no device and no password prove it."""
    return not (user.guest or user.devices or user.verifier or user.certificates)


def check(hub: Hub, identity: str, now: int) -> InvitationSet:
    """What a code of ours is good for now. Raises Refused `bad-invitation`, or what keeps the account out."""
    offer = hub.invitations.offers.get(identity) or InvitationSet(identity, 1, 0, 0, 0, "", 0)
    if hub.invitations.uses(identity) >= offer.uses or (offer.until and now >= offer.until):
        raise Refused("bad-invitation", "That invitation is mistyped, used up or too old.")
    if offer.user:
        sanctions.check_in(hub.users.by_id[offer.user], now)
    return offer


def use(hub: Hub, offer: InvitationSet, user: User, turn: Turn) -> None:
    """It has been used by this account, which comes into the group, if it leads to one that is still there."""
    used = InvitationUsed(offer.invitation, user.id, turn.now)
    hub.invitations.note(used)
    turn.keep(used)
    group = hub.conversations.by_id.get(offer.conversation)
    if group is not None and group.member(user) is None:
        membership.enrol(hub, turn, group, user)


# ---- what staff do -----------------------------------------------------------------------------------------------


def offer(
    hub: Hub, turn: Turn, identity: str, by: str, until: int, uses: int = 1, group: Conversation | None = None,
    user: User | None = None,
) -> InvitationSet:  # fmt: skip
    """Make one known (`until`: as the code says, in ms). For an account, its earlier ones are taken back.

    Raises Refused.
    """
    if not 1 <= uses <= MOST_USES:
        raise Refused("bad-argument", f"A code may be used from once to {MOST_USES} times.")
    if user is not None and (user.guest or uses != 1):
        raise Refused("bad-argument", "A code for an account is for one that there is, and good once.")
    hub.check_space()
    if user is not None:
        for old in hub.invitations.of(user.id):
            if usable(hub, old, 0):
                _keep(hub, turn, msgspec.structs.replace(old, uses=0))
    made = InvitationSet(
        identity, uses, until, group.id if group is not None else 0, user.id if user is not None else 0, by, turn.now
    )
    _keep(hub, turn, made)
    return made


def revoke(hub: Hub, turn: Turn, identity: str, by: str) -> InvitationSet:
    """Nobody uses this one any more. Raises Refused where that is so already."""
    old = hub.invitations.offers.get(identity) or InvitationSet(identity, 1, 0, 0, 0, by, turn.now)
    if hub.invitations.uses(identity) >= old.uses:
        raise Refused("bad-invitation", "That invitation is used up, or taken back, already.")
    revoked = msgspec.structs.replace(old, uses=0, by=by, at=turn.now)
    _keep(hub, turn, revoked)
    return revoked


def usable(hub: Hub, offer: InvitationSet, now: int) -> bool:
    """Whether it still does something."""
    return hub.invitations.uses(offer.invitation) < offer.uses and (not offer.until or now < offer.until)


def waiting(hub: Hub, user: User, now: int) -> bool:
    """Whether there is a code that still opens this account."""
    return any(usable(hub, offer, now) for offer in hub.invitations.of(user.id))


def _keep(hub: Hub, turn: Turn, offer: InvitationSet) -> None:
    hub.invitations.make(offer)
    turn.keep(offer)
