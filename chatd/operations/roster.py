"""The class's list, and the sheet of codes to hand out.

Rule: as of the package. The codes of a new account are shown when it is made, and again on the sheet for as long as
nobody has used them.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any

import msgspec
from twisted.internet.defer import Deferred, fail, inlineCallbacks
from twisted.internet.task import deferLater

from chatd.auth import make_invitation
from chatd.core import invitations, roster
from chatd.core.hub import Hub
from chatd.core.turn import Turn
from chatd.courtesy import REST, resting
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
    """Bring accounts, groups and roles to what the CSV file says (`chatd.core.roster`), part by part.

    The file is read off the reactor and all of it checked before anything is done. Fails with Refused, whose `near` are
    the problems by line.
    """
    if len(text) > MOST_BYTES:
        return fail(Refused("text-too-long", f"A list has at most {MOST_BYTES} characters."))
    return _sync(service, text, by, dry_run, adopt, drop)


@inlineCallbacks
def _sync(
    service: Service, text: str, by: str, dry_run: bool, adopt: bool, drop: bool
) -> Generator[Deferred[Any], Any, Synced]:  # fmt: skip
    people, problems = yield service.read(roster.parse, text, partial(resting, every=roster.PARSED))
    found = yield service.in_turns(roster.planning(service.hub, people, problems, service.now(), adopt, drop))
    synced: Synced = yield service.read(_checked, found)
    if dry_run:
        return synced
    tickets: list[Ticket] = []
    admission = service.node.admission
    took = 0.0
    for done, part in enumerate(found.parts()):
        if done:
            yield deferLater(service.clock, max(REST, took))  # half of the time is others'
        began = service.clock.seconds()
        try:
            tickets += yield service.act(_carry_out, part, by, admission.secret, admission.random)
        except Refused as refusal:
            text = f"{done * roster.PART} of {len(found.changes)} things are done: {refusal.text} Do it again."
            raise Refused("bad-roster", text) from None
        took = service.clock.seconds() - began
    return msgspec.structs.replace(synced, tickets=tickets, dry=False)


def carry_out(
    hub: Hub, turn: Turn, text: str, by: str, secret: bytes, random: invitations.Random, adopt: bool, drop: bool
) -> Synced:  # fmt: skip
    """Plan and do it at once, where no server runs. Raises Refused, and then nothing was done."""
    found = roster.plan(hub, text, turn.now, adopt, drop)
    synced = _checked(found)
    return msgspec.structs.replace(synced, tickets=_carry_out(hub, turn, found, by, secret, random), dry=False)


def _carry_out(
    hub: Hub, turn: Turn, found: roster.Plan, by: str, secret: bytes, random: invitations.Random
) -> list[Ticket]:  # fmt: skip
    until = turn.now // 1000 + CODE_DAYS * 86_400
    codes = roster.carry_out(hub, turn, found, by, until * 1000, lambda: random(5).hex())
    return [_ticket(secret, code.name, code.full_name, code.identity, until * 1000) for code in codes]


def planned(hub: Hub, text: str, now: int, adopt: bool, drop: bool) -> Synced:
    """What the list would change. Raises Refused, whose `near` are the problems."""
    return _checked(roster.plan(hub, text, now, adopt, drop))


def _checked(found: roster.Plan) -> Synced:
    if found.problems:
        count = len(found.problems)
        raise Refused(
            "bad-roster", f"Nothing was changed: {count} problem{'s' * (count > 1)} in the list.", near=found.problems
        )
    changes = [(change.what, change.name, change.words) for change in found.changes]
    return Synced(changes, found.groups, [], len(found.people), True)


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
