"""Accounts: made, disabled, renamed, deleted; their roles.

Rule: as of the package. Nobody chooses a password for somebody else: `invitations.token` gives a code to hand over.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred, fail

from chatd.core import sanctions, staff
from chatd.operations.invitations import Made, token
from chatd.operations.people import Account, account_of
from chatd.operations.service import Refused, Service

CODE_SECONDS = 30 * 86_400


def add(service: Service, name: str, by: str, role: str = "student") -> Deferred[Made]:
    """Make an account that waits for somebody with the code. Fails with Refused."""
    done = service.act(staff.add, name.removeprefix("@"), role)
    return done.addCallback(lambda user: token(service, user.name, by, CODE_SECONDS))


def disable(service: Service, name: str, by: str, reason: str = "") -> Deferred[None]:
    """Put an account away: nobody comes in as it, or writes to it. Fails with Refused."""
    try:
        user = staff.account(service.hub, name)
    except Refused:
        return fail()
    return service.act(sanctions.impose, "disabled", "@" + user.name, by, 0, reason).addCallback(_nothing)


def enable(service: Service, name: str) -> Deferred[None]:
    """Take it up again. Fails with Refused."""
    return service.act(sanctions.lift, "disabled", "@" + name.removeprefix("@")).addCallback(_nothing)


def rename(service: Service, name: str, new: str, by: str) -> Deferred[Account]:
    """Give an account another name; its sessions end and come back. The old one stays its own. Fails with Refused."""
    return service.act(staff.rename, name, new.removeprefix("@"), by).addCallback(account_of)


def role(service: Service, name: str, role: str) -> Deferred[Account]:
    """Make somebody a student, ta, staff or admin. Fails with Refused."""
    return service.act(staff.set_role, name, role).addCallback(account_of)


def delete(service: Service, name: str, by: str) -> Deferred[str]:
    """Delete an account with its devices, groups and mail; what it said stays with others. Fires with what stands for
    it; fails with Refused."""
    return service.act(staff.delete, name, by)


def _nothing(_: object) -> None:
    return None
