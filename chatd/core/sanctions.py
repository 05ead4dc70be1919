"""Sanctions: what staff have done about somebody. Banned and disabled people do not come in, muted ones say nothing.

Rule: an account is meant by its number, whatever it is called; guests are meant by the network they come from, which
therefore does not concern accounts (a school is one address). Each sanction ends at its time by itself, whether or not
anybody has looked; it is told to whom it is about, with why and until when.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from chatd import blobs, encryption
from chatd import messages as m
from chatd import moderation as o
from chatd import people as p
from chatd.core.limits import address_of, is_loopback, prefix
from chatd.core.turn import Command, Refused, Turn
from chatd.core.users import Session, User
from chatd.entries import Directory, SanctionGone, SanctionSet

if TYPE_CHECKING:
    from chatd.core.hub import Hub

KINDS: Final = ("ban", "mute", "disabled")
STAFF: Final = ("ta", "staff", "admin")
"""Who is muted may still write to these."""
SPEAKING: Final = frozenset((
    m.Send, m.SetTopic, p.Pass, p.SetNick, p.SetProfile, p.SetMetadata, o.Rename, o.Wallops,
    blobs.CreateBlob, encryption.PutMail,
))  # fmt: skip
"""What somebody who is muted may not do; `away` neither, with a text."""
MOST: Final = 10_000

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Key = tuple[str, int, str]


class Sanctions:
    """All that are in force, and some that have just ended."""

    def __init__(self) -> None:
        self.by_key: dict[Key, SanctionSet] = {}
        self._networks: dict[Key, Network] = {}

    def put(self, record: SanctionSet, user: User | None) -> None:
        """It holds from here on."""
        key = record.kind, record.user, record.network
        self.by_key[key] = record
        if user is not None:
            setattr(user, FIELDS[record.kind], record)
        else:
            self._networks[key] = ipaddress.ip_network(record.network)

    def take(self, record: SanctionSet, user: User | None) -> None:
        """It is over."""
        key = record.kind, record.user, record.network
        del self.by_key[key]
        self._networks.pop(key, None)
        if user is not None:
            setattr(user, FIELDS[record.kind], None)

    def of_guests(self, kind: str, host: str, now: int) -> SanctionSet | None:
        """What holds for guests from there; of several, the one that lasts longest."""
        address = address_of(host)
        if address is None:
            return None
        found = [
            self.by_key[key] for key, network in self._networks.items()
            if key[0] == kind and address in network and holds(self.by_key[key], now)
        ]  # fmt: skip
        return max(found, key=lambda record: record.until or 1 << 62, default=None)

    def over(self, now: int) -> list[SanctionSet]:
        """Those that have ended."""
        return [record for record in self.by_key.values() if not holds(record, now)]


FIELDS: Final = {"ban": "banned", "mute": "muted", "disabled": "disabled"}
"""Where an account has its own."""


def load(hub: Hub, directory: Directory) -> None:
    """Those that were kept."""
    for record in directory.sanctions:
        hub.sanctions.put(record, hub.users.by_id[record.user] if record.user else None)


def holds(record: SanctionSet | None, now: int) -> bool:
    """Whether it has not ended."""
    return record is not None and (not record.until or now < record.until)


def moment(at: int) -> str:
    """A time as it is told to people."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def told(record: SanctionSet) -> str:
    """What it says to whom it is about."""
    what = {"ban": "You are banned", "mute": "You are muted", "disabled": "This account is disabled"}[record.kind]
    until = f" until {moment(record.until)}" if record.until else ""
    return f"{what}{until}" + (f": {record.reason}" if record.reason else ". Ask your staff why.")


# ---- what they do ------------------------------------------------------------------------------------------------


def check_in(user: User, now: int) -> None:
    """May this account come in? Raises Refused `banned` or `disabled`."""
    for record in (user.disabled, user.banned):
        if record is not None and holds(record, now):
            raise _refused(record, "disabled" if record is user.disabled else "banned", now)


def check_newcomer(hub: Hub, host: str, now: int) -> None:
    """May a guest, or a new account, come from there? Raises Refused `banned`."""
    record = hub.sanctions.of_guests("ban", host, now)
    if record is not None:
        raise _refused(record, "banned", now)


def check_peer(user: User, now: int) -> None:
    """May one write to this account? Raises Refused `disabled`."""
    if holds(user.disabled, now):
        raise Refused("disabled", f"{user.name}'s account is disabled; nothing was kept.")


def check_voice(user: User, now: int) -> None:
    """May this account say anything to anybody? Raises Refused `muted`."""
    if user.muted is not None and holds(user.muted, now):
        raise _refused(user.muted, "muted", now)


def check_speech(hub: Hub, session: Session, command: Command, now: int) -> None:
    """May somebody who is muted do this? Raises Refused `muted`."""
    user = session.user
    if user is None or user.muted is None or not holds(user.muted, now):
        return
    if isinstance(command, m.Away) and command.text:
        raise _refused(user.muted, "muted", now)
    if type(command) in SPEAKING and not _to_staff(hub, user, command):
        raise _refused(user.muted, "muted", now)


def _to_staff(hub: Hub, user: User, command: Command) -> bool:
    """Whether it is for staff only (and, of mail, for one's own devices)."""
    if isinstance(command, encryption.PutMail):
        names = {name for item in command.items for name, _ in item.to}
    elif isinstance(command, m.Send) and command.to.startswith("@"):
        names = {command.to[1:]}
    else:
        return False
    peers = [hub.users.get(name) for name in names]
    return all(peer is not None and (peer.role in STAFF or peer is user) for peer in peers)


def _refused(record: SanctionSet, code: str, now: int) -> Refused:
    return Refused(code, told(record), retry=(record.until - now) / 1000 if record.until else 0.0)


def enter(hub: Hub, session: Session, user: User, now: int) -> None:
    """Somebody is let in: a guest is muted as their network is."""
    if user.guest:
        user.muted = hub.sanctions.of_guests("mute", session.address[0], now)
    if user.muted is not None:
        session.metered = True  # only those are looked at (`Node.receive`), and the others' way is as short as before


# ---- making and lifting them -------------------------------------------------------------------------------------


def impose(hub: Hub, turn: Turn, kind: str, whom: str, by: str, seconds: float = 0, reason: str = "") -> SanctionSet:
    """Ban, mute or disable somebody: an account or a guest by name (with or without `@`), guests by an address or a
    network (CIDR). `seconds` 0: for ever. What was there of this kind is replaced. Raises Refused.
    """
    if kind not in KINDS:
        raise Refused("bad-argument", f"A sanction is one of {', '.join(KINDS)}.")
    if len(reason) > hub.limits.topic_chars:
        raise Refused("text-too-long", f"A reason has at most {hub.limits.topic_chars} characters.")
    if not 0 <= seconds < 10**9:
        raise Refused("bad-argument", "A time is from a second to thirty years, or none: for ever.")
    if len(hub.sanctions.by_key) >= MOST:
        raise Refused("list-full", f"There are {MOST} sanctions; lift some.")
    hub.check_space()
    user, network = subject(hub, whom)
    if kind == "disabled" and (user is None or user.guest):
        raise Refused("bad-argument", "Only accounts can be disabled; ban a guest.")
    number = user.id if user is not None and not user.guest else 0
    until = turn.now + int(seconds * 1000) if seconds else 0
    record = SanctionSet(kind, number, network, until, reason, by, turn.now)
    hub.sanctions.put(record, user if number else None)
    turn.keep(record)
    _carry_out(hub, turn, record, list(_people(hub, record)))
    return record


def lift(hub: Hub, turn: Turn, kind: str, whom: str) -> SanctionSet:
    """End a sanction; returns it. Raises Refused `not-sanctioned`."""
    user, network = subject(hub, whom)
    number = user.id if user is not None and not user.guest else 0
    record = hub.sanctions.by_key.get((kind, number, network))
    if record is None:
        raise Refused("not-sanctioned", f"There is no {kind} of {whom}.")
    _end(hub, turn, record)
    return record


def expire(hub: Hub, turn: Turn) -> None:
    """Forget those that have ended, and tell who was muted."""
    for record in hub.sanctions.over(turn.now):
        _end(hub, turn, record)


def listed(hub: Hub, now: int) -> list[o.SanctionIs]:
    """All that are in force, the newest first."""
    found = sorted((one for one in hub.sanctions.by_key.values() if holds(one, now)), key=lambda one: -one.at)
    return [shown(hub, one) for one in found]


def shown(hub: Hub, one: SanctionSet) -> o.SanctionIs:
    """As it is told to staff."""
    name = hub.users.by_id[one.user].name if one.user else ""
    return o.SanctionIs(one.kind, name, one.network, one.until, one.reason, one.by, one.at)


def subject(hub: Hub, whom: str) -> tuple[User | None, str]:
    """Whom a name means, and the network that stands for a guest; or a network alone. Raises Refused."""
    if not whom.startswith("@") and hub.users.get(whom) is None:
        try:
            return None, str(ipaddress.ip_network(whom, strict=False))
        except ValueError:
            pass
    user = hub.users.find(whom.removeprefix("@"))
    if not user.guest:
        return user, ""
    host = next((session.address[0] for session in user.sessions), "")
    if address_of(host) is None:
        raise Refused("not-here", f"{user.name} is a guest, and not here: name the address.")
    return user, str(ipaddress.ip_network(prefix(host)))


def _end(hub: Hub, turn: Turn, record: SanctionSet) -> None:
    hub.sanctions.take(record, hub.users.by_id.get(record.user))
    turn.keep(SanctionGone(record.kind, record.user, record.network))
    if record.kind != "mute":
        return
    for user in _people(hub, record):
        user.muted = None
        for session in user.sessions:
            session.metered = not is_loopback(session.address[0])
            turn.reply(session, m.Notice("unmuted", "You may speak again."))


def _people(hub: Hub, record: SanctionSet) -> Iterator[User]:
    """Whom it is about, of those who are here."""
    if record.user:
        user = hub.users.by_id[record.user]
        if user.sessions:
            yield user
        return
    network = ipaddress.ip_network(record.network)
    for user in list(hub.users.by_id.values()):
        if user.guest and any(address_of(session.address[0]) in network for session in user.sessions):
            yield user


def _carry_out(hub: Hub, turn: Turn, record: SanctionSet, people: list[User]) -> None:
    text = told(record)
    for user in people:
        if record.kind != "mute":
            word = FIELDS[record.kind]
            put_out(hub, turn, user, m.Bye(word, text), f"{word.title()} by {record.by}")
            continue
        user.muted = record
        for session in user.sessions:
            session.metered = True
            turn.reply(session, m.Notice("muted", text + " You may still write to staff."))
    if record.kind == "disabled":
        for session in hub.everyone.sessions:
            session.known.clear()  # or they would write on without looking


def kick(hub: Hub, turn: Turn, whom: str, by: str, reason: str = "") -> int:
    """Put somebody off the service; they may come back. Returns how many sessions ended. Raises Refused."""
    user = hub.users.find(whom.removeprefix("@"))
    if not user.sessions:
        raise Refused("not-here", f"{user.nick} is not here.")
    why = f"Killed ({by} ({reason or 'no reason'}))"
    return put_out(hub, turn, user, m.Bye("killed", why), why)


def put_out(hub: Hub, turn: Turn, user: User, event: m.Bye, reason: str) -> int:
    """End all sessions of somebody, who is told by `event`; others hear the reason. Returns how many there were."""
    sessions = list(user.sessions)
    for session in sessions:
        hub.depart(session, False, turn, reason)
        turn.then(hub.outside.end, session, event)
    return len(sessions)
