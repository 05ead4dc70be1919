"""Who is here, who has an account, and putting somebody out.

Rule: as of the package. A list is bounded where it is made, so that ten thousand people cost what is shown of them.
"""

from __future__ import annotations

import msgspec
from twisted.internet.defer import Deferred

from chatd.core import sanctions
from chatd.core.users import Session, User
from chatd.operations.service import Service

MOST = 1000


class Present(msgspec.Struct, frozen=True):
    """Somebody who is here. Times are in ms, 0 where there is none."""

    name: str
    nick: str
    role: str
    state: str
    sessions: int
    addresses: list[str]
    since: int
    idle: int
    unread: int
    unsent: int
    tls: bool


class SessionIs(msgspec.Struct, frozen=True):
    """One live connection. `silent`: seconds since it was heard; `behind`: conversations it is fed from the disk."""

    name: str
    kind: str
    address: str
    port: int
    tls: bool
    device: str
    silent: int
    unsent: int
    hears: int
    behind: int
    waits: bool


class Account(msgspec.Struct, frozen=True):
    """An account, or a guest."""

    name: str
    role: str
    guest: bool
    state: str
    sessions: int
    devices: int
    groups: int
    unread: int
    password: bool
    certificates: int
    since: int
    away: str


def _fits(user: User, wanted: str) -> bool:
    """Whether a filter means somebody: part of the name or nick, the role, or the state."""
    return not wanted or wanted in user.key or wanted in user.nick.casefold() or wanted in (user.role, user.state)


def who(service: Service, wanted: str = "", most: int = MOST) -> tuple[list[Present], int]:
    """Who is here and fits a filter, in the order they came; at most so many, and how many there are."""
    found: list[Present] = []
    wanted, now, count = wanted.casefold().removeprefix("@"), service.now(), 0
    for user in service.hub.everyone.users:
        if _fits(user, wanted):
            count += 1
            if len(found) < most:
                found.append(_present(user, now))
    return found, count


def _present(user: User, now: int) -> Present:
    sessions = list(user.sessions)
    return Present(
        user.name, user.nick, "guest" if user.guest else user.role, user.state, len(sessions),
        sorted({session.address[0] for session in sessions}), user.since, max(0, now - user.active), user.waiting,
        sum(unsent(session) for session in sessions), all(session.secure for session in sessions),
    )  # fmt: skip


def unsent(session: Session) -> int:
    """Bytes that wait for a reader."""
    return int(getattr(session.link, "unsent", 0))


def sessions(service: Service, name: str) -> list[SessionIs]:
    """Somebody's connections. Raises Refused."""
    return [session_of(service, session) for session in service.user(name).sessions]


def session_of(service: Service, session: Session) -> SessionIs:
    """What there is to say of a connection."""
    return SessionIs(
        session.user.name if session.user is not None else "", "line" if session.line else "frames", *session.address,
        session.secure, session.device.id[:12] if session.device is not None else "",
        int(service.clock.seconds() - session.heard), unsent(session), len(session.live), len(session.behind),
        session.held is not None,
    )  # fmt: skip


def accounts(service: Service, wanted: str = "", most: int = MOST) -> Deferred[tuple[list[Account], int]]:
    """Accounts that fit a filter, by name; at most so many, and how many there are."""
    everybody = list(service.hub.users.by_id.values())
    found = service.read(_fitting, everybody, wanted.casefold().removeprefix("@"))
    return found.addCallback(lambda fitting: ([account_of(user) for user in fitting[:most]], len(fitting)))


def _fitting(everybody: list[User], wanted: str) -> list[User]:
    """On a reader's thread, for there may be ten thousand; it looks at names, roles and whether somebody is here."""
    return sorted((user for user in everybody if not user.guest and _fits(user, wanted)), key=lambda user: user.key)


def account_of(user: User) -> Account:
    """What there is to say of an account."""
    groups = sum(not conversation.direct for conversation in user.conversations.values())
    return Account(
        user.name, "guest" if user.guest else user.role, user.guest, user.state, len(user.sessions), len(user.devices),
        groups, user.waiting, bool(user.verifier), len(user.certificates), user.since, user.away,
    )  # fmt: skip


def account(service: Service, name: str) -> Account:
    """One of them, or a guest. Raises Refused."""
    return account_of(service.user(name))


def kick(service: Service, name: str, by: str, reason: str) -> Deferred[int]:
    """End all sessions of somebody, who is told why; how many there were. Fails with Refused."""
    user = service.user(name)
    count = len(user.sessions)
    return service.act(sanctions.kick, user.name, by, reason).addCallback(lambda _: count)
