"""What a node has in memory of encryption besides people and their devices, and how often somebody may ask for it.

Rule: nothing here can read what it holds. Rates are kept for everybody, on this machine too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from chatd import encryption as e
from chatd.core import circles, doors, identity, lists, mail, prekeys, reporting
from chatd.core.limits import DAY, Buckets, Limits
from chatd.core.signed import Verify
from chatd.core.tags import Tags
from chatd.core.turn import Refused
from chatd.core.users import Session, User
from chatd.sealed import Sealed

if TYPE_CHECKING:
    from chatd.core.hub import Hub

HOUR: Final = 3_600
BYTES: Final = 1_024  # of an answer, for one token


class Sealing:
    """One node's."""

    def __init__(self, verify: Verify, secret: bytes, limits: Limits) -> None:
        self.verify = verify
        self.secret = hashlib.blake2b(secret, digest_size=32, person=b"mail").digest()
        self.tags = Tags()
        self.circles = circles.Circles()
        self.knocks = doors.Knocks()
        self.offers: dict[User, dict[str, bytes]] = {}  # devices that want to be listed, as they signed themselves
        self.resets: dict[User, identity.Reset] = {}
        self.backups: dict[User, bytes] = {}
        self._pairs: dict[User, set[User]] = {}
        self._buckets = {
            "list": Buckets(limits.lists_made_per_hour / HOUR, limits.lists_made_burst),
            "keys": Buckets(limits.key_uploads_per_minute / 60, limits.key_uploads_burst),
            "claim": Buckets(limits.claims_per_minute / 60, limits.claims_burst),
            "key": Buckets(limits.keys_of_one_device_per_day / DAY, limits.keys_of_one_device_per_day),
            "door": Buckets(limits.doors_per_minute / 60, limits.doors_burst),
            "backup": Buckets(limits.backups_per_hour / HOUR, limits.backups_burst),
            "book": Buckets(limits.books_per_hour / HOUR, limits.books_burst),
            "entry": Buckets(limits.circle_entries_per_minute / 60, limits.circle_entries_burst),
            "ask": Buckets(limits.signed_kib_per_second, limits.signed_kib_burst),
        }

    def load(self, hub: Hub, found: Sealed) -> None:
        """Take in what the store gives back."""
        lists.load(hub, found.lists)
        prekeys.load(hub, found.keys)
        mail.load(hub, found.mail)
        identity.load(hub, found.resets, found.backups)
        self.circles.load(found.groups)
        doors.load(hub, found.knocks)
        self.tags.load(found.tag_keys)
        for pair in found.corresponded:
            low, high = hub.users.by_id.get(pair.low), hub.users.by_id.get(pair.high)
            if low is not None and high is not None:
                self.correspond(low, high)

    def forget(self, user: User) -> None:
        """An account is deleted."""
        for other in self._pairs.pop(user, ()):
            self._pairs[other].discard(user)
        self.knocks.forget(user)
        for mine in (self.offers, self.resets, self.backups):
            mine.pop(user, None)

    # ---- rates ----

    def spend(self, what: str, user: User, now: int, n: float = 1) -> None:
        """Count `n` of what somebody may do so often. Raises Refused `rate-limited`."""
        wait = self._buckets[what].take(str(user.id), now / 1000, n)
        if wait:
            raise Refused("rate-limited", f"That was too often; try again in {wait:.0f} s.", retry=wait)

    def spend_bytes(self, user: User, blobs: Iterable[bytes], now: int) -> None:
        """Count an answer by what it costs. Raises Refused."""
        self.spend("ask", user, now, max(1, sum(len(blob) for blob in blobs) / BYTES))

    def may(self, what: str, key: str, now: int) -> bool:
        """Whether one more is allowed; then it is counted."""
        return not self._buckets[what].take(key, now / 1000)

    # ---- who hears what ----

    @staticmethod
    def hear(hub: Hub, session: Session) -> None:
        """From its welcome on a session hears of encryption, if it understands it."""
        mail.hear(hub, session)
        identity.hear(hub, session)

    def correspond(self, one: User, other: User) -> bool:
        """Note that two people have exchanged mail; whether that is new."""
        known = self._pairs.setdefault(one, set())
        if other in known:
            return False
        known.add(other)
        self._pairs.setdefault(other, set()).add(one)
        return True

    def corresponding(self, user: User) -> Iterable[User]:
        """With whom somebody has exchanged mail."""
        return self._pairs.get(user, ())

    @staticmethod
    def sessions(user: User) -> list[Session]:
        """Somebody's sessions that understand encryption and have been welcomed."""
        return [session for session in user.sessions if session.feed is not None]


COMMANDS: Final[dict[type, Callable[[Hub, Session, Any, Any], Any]]] = {
    e.PutList: lists.put_list,
    e.AskLists: lists.ask_lists,
    e.PutKeys: prekeys.put_keys,
    e.AskKeys: prekeys.ask_keys,
    e.ClaimKeys: prekeys.claim_keys,
    e.PutMail: mail.put_mail,
    e.AcknowledgeMail: mail.acknowledge,
    e.AskOwnGroups: circles.ask_own_groups,
    e.AppendGroup: circles.append_group,
    e.AskGroup: circles.ask_group,
    e.AskDoor: doors.ask_door,
    e.Knock: doors.knock,
    e.AskKnocks: doors.ask_knocks,
    e.OfferDevice: identity.offer_device,
    e.AskOffers: identity.ask_offers,
    e.RemoveDevice: identity.remove_device,
    e.PutBackup: identity.put_backup,
    e.AskBackup: identity.ask_backup,
    e.AskModerators: reporting.ask_moderators,
    e.CheckReport: reporting.check_report,
}
