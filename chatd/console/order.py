"""Verbs of order: who may not come in or speak, invitations and codes, accounts, the class's list, draining.

Rule: as of `verbs`. A code is in the answer once and in no log.
"""

from __future__ import annotations

from typing import Final

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatd.console.parser import DURATION, duration
from chatd.console.people import USER
from chatd.console.shown import moment
from chatd.console.verbs import POLICY, Answer, Argument, Call, Trouble, Value, Verb
from chatd.courtesy import resting
from chatd.moderation import SanctionIs
from chatd.operations import accounts, invitations, order, roster
from chatd.operations.service import Refused

ROWS: Final = 200  # that are made in one go
ROLES: Final = ("student", "ta", "staff", "admin")


def _reason(call: Call) -> tuple[float, str]:
    """`[10m] "why"`: for how long (0: for ever), and why."""
    words: str = call["why"] or ""
    if call["for"] is not None:
        return call["for"], words
    first, _, rest = words.partition(" ")
    if DURATION.fullmatch(first) and not first.isdigit():
        return duration(first), rest
    return 0.0, words


def _sanction(one: SanctionIs) -> dict[str, Value]:
    until = moment(one.until) if one.until else "for ever"
    return {
        "kind": one.kind, "who": one.name or one.network, "until": until, "why": one.reason, "by": one.by,
        "at": moment(one.at),
    }  # fmt: skip


def _whom(call: Call) -> str:
    """An address or network as it is; anything else is a name."""
    word: str = call["user"]
    return word if "/" in word or word.count(".") == 3 or ":" in word else "@" + word


def _told(done: Deferred[SanctionIs], what: str) -> Deferred[Answer]:
    return done.addCallback(lambda one: Answer([_sanction(one)], f"{one.name or one.network} {what}."))


def ban(call: Call) -> Deferred[Answer]:
    """Keep somebody out."""
    seconds, why = _reason(call)
    return _told(order.ban(call.service, _whom(call), call.operator.name, seconds, why), "is banned, and was told why")


def mute(call: Call) -> Deferred[Answer]:
    """Let somebody say nothing."""
    seconds, why = _reason(call)
    return _told(order.mute(call.service, _whom(call), call.operator.name, seconds, why), "is muted, and was told why")


def unban(call: Call) -> Deferred[Answer]:
    """Let somebody in again."""
    return _told(order.unban(call.service, _whom(call)), "may come in again")


def unmute(call: Call) -> Deferred[Answer]:
    """Let somebody speak again."""
    return _told(order.unmute(call.service, _whom(call)), "may speak again")


def bans(call: Call) -> Answer:
    """All of them."""
    rows = [_sanction(one) for one in order.bans(call.service)]
    return Answer(rows, "" if rows else "Nobody is banned or muted.")


# ---- codes -----------------------------------------------------------------------------------------------------


def _made(one: invitations.Made) -> Answer:
    row: dict[str, Value] = {
        "code": one.code, "identity": one.identity, "for": one.name or one.group or "anybody", "uses": one.uses,
        "until": moment(one.until),
    }  # fmt: skip
    return Answer([row], "The code is shown this once; hand it over by another way than the chat.", details=True)


def invite_new(call: Call) -> Deferred[Answer]:
    """A code for new accounts."""
    seconds = call["for"] or 14 * 86_400.0
    return invitations.new(
        call.service, call.operator.name, call["group"] or "", call["uses"] or 1, seconds
    ).addCallback(_made)  # fmt: skip


def invite_list(call: Call) -> Answer:
    """Those that were made."""
    rows: list[dict[str, Value]] = [
        {
            "identity": one.identity, "state": one.state, "used": f"{one.used} of {one.uses}",
            "for": one.name or one.group or "anybody", "until": moment(one.until), "by": one.by,
        }
        for one in invitations.listed(call.service)
    ]  # fmt: skip
    return Answer(rows, "" if rows else "None.")


def invite_revoke(call: Call) -> Deferred[Answer]:
    """Take one back."""
    done = invitations.revoke(call.service, call["code"], call.operator.name)
    return done.addCallback(lambda one: Answer([{"identity": one.identity, "state": one.state}], "It is good no more."))


def user_passwd(call: Call) -> Deferred[Answer]:
    """A code for the owner of an account."""
    return invitations.token(call.service, call["user"], call.operator.name, call["for"] or 86_400.0).addCallback(_made)


# ---- accounts --------------------------------------------------------------------------------------------------


def user_add(call: Call) -> Deferred[Answer]:
    """Make an account."""
    return accounts.add(call.service, call["name"], call.operator.name, call["role"] or "student").addCallback(_made)


def user_disable(call: Call) -> Deferred[Answer]:
    """Put an account away."""
    done = accounts.disable(call.service, call["user"], call.operator.name, call["why"] or "")
    return done.addCallback(
        lambda _: Answer([{"disabled": call["user"]}], "Nobody comes in as it; `user enable` undoes it.")
    )


def user_enable(call: Call) -> Deferred[Answer]:
    """Take it up again."""
    done = accounts.enable(call.service, call["user"])
    return done.addCallback(lambda _: Answer([{"enabled": call["user"]}]))


def user_rename(call: Call) -> Deferred[Answer]:
    """Give it another name."""
    done = accounts.rename(call.service, call["user"], call["name"], call.operator.name)
    return done.addCallback(
        lambda one: Answer([{"was": call["user"], "name": one.name}], f"{call['user']} is {one.name}.")
    )


def user_role(call: Call) -> Deferred[Answer]:
    """Make somebody something."""
    done = accounts.role(call.service, call["user"], call["role"])
    return done.addCallback(lambda one: Answer([{"name": one.name, "role": one.role}], f"{one.name} is {one.role}."))


def user_delete(call: Call) -> Deferred[Answer]:
    """Delete it."""
    done = accounts.delete(call.service, call["user"], call.operator.name)
    return done.addCallback(lambda name: Answer([{"deleted": call["user"], "stands-for-it": name}]))


# ---- the class's list, and draining ------------------------------------------------------------------------------


def roster_sync(call: Call) -> Deferred[Answer]:
    """Bring accounts and groups to what a list says."""
    if call["input"] is None:
        raise Trouble("The list comes by the standard input: ssh HOST roster sync --dry-run < class.csv")
    done = roster.sync(
        call.service, call["input"], call.operator.name, bool(call["dry-run"]), bool(call["adopt"]), bool(call["drop"])
    )  # fmt: skip
    return done.addCallbacks(lambda found: call.service.read(_synced, found), _problems)


def _problems(failure: Failure) -> Answer:
    """What is wrong with the list, line by line."""
    failure.trap(Refused)
    error = failure.value
    assert isinstance(error, Refused)
    if error.code != "bad-roster":
        failure.raiseException()
    return Answer([{"problem": problem} for problem in error.near], error.text, POLICY)


def _synced(found: roster.Synced) -> Answer:
    codes = {ticket.name: ticket.code for ticket in found.tickets}
    rows: list[dict[str, Value]] = [
        {"what": what, "who": who, "how": how, "code": codes.pop(who, "")}
        for what, who, how in resting(found.changes, ROWS)
    ]
    rows += [{"what": "code", "who": name, "how": "", "code": code} for name, code in codes.items()]
    what = "would change" if found.dry else "changed"
    return Answer(rows, f"{found.people} people in the list; {len(found.changes)} things {what}.")


def roster_codes(call: Call) -> Answer:
    """Codes that nobody has used."""
    rows: list[dict[str, Value]] = [
        {"name": one.name, "full-name": one.full_name, "code": one.code, "until": moment(one.until)}
        for one in roster.sheet(call.service)
    ]
    return Answer(rows, "" if rows else "Every account has its owner.")


def drain(call: Call) -> Answer:
    """Let everybody go."""
    told = call.service.drain.begin(call["in"] or 0.0, call["say"] or "")
    return Answer([{"state": call.service.drain.state, "sessions": told}], "`undrain` takes it back.")


def undrain(call: Call) -> Answer:
    """Take it back."""
    return Answer([{"was": call.service.drain.undo(), "state": call.service.drain.state}])


def shutdown(call: Call) -> Answer:
    """Let everybody go, and stop."""
    told = call.service.drain.begin(call["in"] or 0.0, call["say"] or "", True)
    return Answer(
        [{"state": call.service.drain.state, "sessions": told}], "Then the server stops; `undrain` takes it back."
    )


WHOM: Final = Argument("user", "user", "whom: a name, or an address or network for the guests from there")
WHY: Final = Argument("why", "text", "a time (10m; none: for ever), and what they are told", False)
FOR: Final = Argument("--for", "duration", "for how long", False)
LATER: Final = (
    Argument("--in", "duration", "when (at once)", False),
    Argument("--say", "word", "a line that people are told", False),
)
VERBS: Final = (
    Verb("ban", "staff", ban, "keep somebody out for a while; they are told why", 'ban @alice 2h "cool down"',
         (WHOM, WHY, FOR), changes=True, destructive=True),
    Verb("mute", "ta", mute, "let somebody write to staff only for a while; they are told why",
         'mute @alice 10m "one at a time"', (WHOM, WHY, FOR), changes=True),
    Verb("unban", "staff", unban, "let somebody in again", "unban @alice", (WHOM,), changes=True),
    Verb("unmute", "ta", unmute, "let somebody speak again", "unmute @alice", (WHOM,), changes=True),
    Verb("bans", "ta", bans, "who is banned, muted or disabled, until when, and why", "bans"),
    Verb("invite new", "staff", invite_new, "a code with which new accounts are made",
         "invite new --group hw3 --uses 30 --for 7d",
         (Argument("--group", "group", "they come into this group", False),
          Argument("--uses", "number", "how many accounts (1)", False), FOR), changes=True),
    Verb("invite list", "staff", invite_list, "the codes that were made, without the codes", "invite list"),
    Verb("invite revoke", "staff", invite_revoke, "take a code back", "invite revoke 1f2e3d4c5b",
         (Argument("code", "word", "the code, or its identity"),), changes=True),
    Verb("user passwd", "admin", user_passwd, "a code with which its owner adds a device or sets a password",
         "user passwd @alice --token",
         (USER, Argument("--token", "flag", "as it is always: nobody chooses a password for others", False), FOR),
         changes=True),
    Verb("user add", "admin", user_add, "make an account, and a code for its owner", "user add alice --role ta",
         (Argument("name", "word", "what it is to be called"),
          Argument("--role", "word", "student, if nothing is said", False, ROLES)), changes=True),
    Verb("user disable", "admin", user_disable, "put an account away: nobody comes in as it or writes to it",
         "user disable @alice left the class", (USER, Argument("why", "text", "what is told", False)), changes=True,
         destructive=True),
    Verb("user enable", "admin", user_enable, "take it up again", "user enable @alice", (USER,), changes=True),
    Verb("user rename", "admin", user_rename, "give an account another name", "user rename @alice alice2",
         (USER, Argument("name", "word", "the new one")), changes=True, destructive=True),
    Verb("user role", "admin", user_role, "make somebody a student, ta, staff or admin", "user role @alice ta",
         (USER, Argument("role", "word", "what they are to be", choices=ROLES)), changes=True),
    Verb("user delete", "admin", user_delete, "delete an account with its devices, groups and mail",
         "user delete @alice", (USER,), changes=True, destructive=True),
    Verb("roster sync", "admin", roster_sync, "accounts, groups and staff as a CSV file says, as often as one likes",
         "ssh HOST roster sync --dry-run < class.csv", (
             Argument("--dry-run", "flag", "only say what would change", False),
             Argument("--adopt", "flag", "take accounts that people have made themselves", False),
             Argument("--drop", "flag", "put those away who are in the list no more", False)),
         changes=True, deadline=300.0, most=10_000, reads=True),
    Verb("roster codes", "admin", roster_codes, "the codes that nobody has used yet", "roster codes --json"),
    Verb("drain", "admin", drain, "let everybody go after a while, and nobody in; the server stays up",
         'drain --in 60s --say "back at ten"', LATER, changes=True, destructive=True),
    Verb("undrain", "admin", undrain, "take `drain` or `shutdown` back", "undrain", changes=True),
    Verb("shutdown", "admin", shutdown, "let everybody go after a while, and stop the server",
         "shutdown --in 60s", LATER, changes=True, destructive=True),
)  # fmt: skip
