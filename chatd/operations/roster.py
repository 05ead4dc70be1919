"""The class's list, and the sheet of codes to hand out.

Rule: as of the package. The codes of a new account are shown when it is made, and again on the sheet for as long as
nobody has used them.
"""

from __future__ import annotations

import msgspec
from twisted.internet.defer import Deferred, fail, succeed

from chatd.auth import make_invitation
from chatd.core import invitations, roster
from chatd.core.hub import Hub
from chatd.core.turn import Turn
from chatd.operations.service import Refused, Service

CODE_DAYS = 180
MOST_BYTES = 5 * 1024 * 1024


class Ticket(msgspec.Struct, frozen=True):
    """What one person is handed. `until` in ms."""

    name: str
    full_name: str
    code: str
    until: int


class Synced(msgspec.Struct, frozen=True):
    """What a list changed, or would change: what, who, in which way; and the new codes."""

    changes: list[tuple[str, str, str]]
    groups: list[str]
    tickets: list[Ticket]
    people: int
    dry: bool


def sync(
    service: Service, text: str, by: str, dry_run: bool = False, adopt: bool = False, drop: bool = False
) -> Deferred[Synced]:  # fmt: skip
    """Bring accounts, groups and roles to what the CSV file says (`chatd.core.roster`), all or nothing.

    Fails with Refused, whose `near` are the problems by line.
    """
    if len(text) > MOST_BYTES:
        return fail(Refused("text-too-long", f"A list has at most {MOST_BYTES} characters."))
    if dry_run:
        try:
            return succeed(planned(service.hub, text, service.now(), adopt, drop)[1])
        except Refused:
            return fail()
    admission = service.node.admission
    return service.act(carry_out, text, by, admission.secret, admission.random, adopt, drop)


def carry_out(
    hub: Hub, turn: Turn, text: str, by: str, secret: bytes, random: invitations.Random, adopt: bool, drop: bool
) -> Synced:  # fmt: skip
    """Plan and do it. Raises Refused, and then nothing was done."""
    found, synced = planned(hub, text, turn.now, adopt, drop)
    until = turn.now // 1000 + CODE_DAYS * 86_400
    codes = roster.carry_out(hub, turn, found, by, until * 1000, lambda: random(5).hex())
    tickets = [_ticket(secret, code.name, code.full_name, code.identity, until * 1000) for code in codes]
    return msgspec.structs.replace(synced, tickets=tickets, dry=False)


def planned(hub: Hub, text: str, now: int, adopt: bool, drop: bool) -> tuple[roster.Plan, Synced]:
    """What the list would change. Raises Refused, whose `near` are the problems."""
    found = roster.plan(hub, text, now, adopt, drop)
    if found.problems:
        count = len(found.problems)
        raise Refused(
            "bad-roster", f"Nothing was changed: {count} problem{'s' * (count > 1)} in the list.", near=found.problems
        )
    changes = [(change.what, change.name, change.words) for change in found.changes]
    return found, Synced(changes, found.groups, [], len(found.people), True)


def _ticket(secret: bytes, name: str, full_name: str, identity: str, until: int) -> Ticket:
    return Ticket(name, full_name, make_invitation(secret, bytes.fromhex(identity), until // 1000), until)


def waiting(hub: Hub, secret: bytes, now: int) -> list[Ticket]:
    """The codes that open an account and that nobody has used, by name."""
    found = []
    for offer in hub.invitations.offers.values():
        user = hub.users.by_id.get(offer.user)
        if user is not None and invitations.usable(hub, offer, now):
            found.append(_ticket(secret, user.name, user.realname, offer.invitation, offer.until))
    return sorted(found, key=lambda ticket: ticket.name)


def sheet(service: Service) -> list[Ticket]:
    """All codes of accounts that wait for somebody."""
    return waiting(service.hub, service.node.admission.secret, service.now())


def printed(tickets: list[Ticket], host: str) -> list[str]:
    """A sheet to print and cut: one ticket a paragraph."""
    lines: list[str] = []
    for ticket in tickets:
        lines += [
            f"{ticket.full_name or ticket.name}", f"    name  {ticket.name}", f"    code  {ticket.code}",
            f"    chat --invitation {ticket.code} {ticket.name}@{host}", "- " * 39,
        ]  # fmt: skip
    return lines
