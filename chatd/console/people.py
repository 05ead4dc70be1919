"""Verbs about people: who is here, who has an account, putting somebody out.

Rule: as of `verbs`. Addresses are shown as the role may see them: helpers none, staff the network, admins all of it.
"""

from __future__ import annotations

from typing import Final

from twisted.internet.defer import Deferred

from chatd.console.shown import moment, span
from chatd.console.verbs import Answer, Argument, Call, Operator, Value, Verb
from chatd.operations import people

MOST: Final = 200


def address(operator: Operator, text: str) -> str:
    """An address as this role may see it."""
    if operator.may("admin"):
        return text
    if not operator.may("staff"):
        return ""
    if ":" in text:
        return ":".join(text.split(":")[:3]) + ":*"
    return ".".join(text.split(".")[:2]) + ".*" if "." in text else text


def more(count: int, rows: int, note: str = "") -> str:
    """How many of how many there are."""
    return f"{rows} of {count}; a filter finds others, --most shows more." if count > rows else note


def who(call: Call) -> Deferred[Answer]:
    """Who is here."""
    found, count = people.who(call.service, call["filter"] or "", call["most"] or MOST)
    return call.service.read(_who, found, count, call.operator, bool(call["verbose"]))


def _who(found: list[people.Present], count: int, operator: Operator, verbose: bool) -> Answer:
    """On a reader's thread: a thousand rows take some milliseconds."""
    rows: list[dict[str, Value]] = []
    for one in found:
        row: dict[str, Value] = {"name": one.name, "role": one.role, "state": one.state}
        if verbose:
            row |= {
                "nick": one.nick, "sessions": one.sessions, "tls": one.tls, "since": moment(one.since),
                "unsent": one.unsent, "from": " ".join(sorted({address(operator, text) for text in one.addresses})),
            }  # fmt: skip
        rows.append(row | {"idle": span(one.idle / 1000), "unread": one.unread})
    return Answer(rows, more(count, len(rows), f"{count} here." if count != 1 else "One here."))


def sessions(call: Call) -> Answer:
    """Somebody's connections."""
    found = people.sessions(call.service, call["user"])
    rows: list[dict[str, Value]] = [
        {
            "kind": one.kind, "from": address(call.operator, one.address), "port": one.port, "tls": one.tls,
            "device": one.device, "silent": span(one.silent), "unsent": one.unsent, "hears": one.hears,
            "behind": one.behind, "waits": one.waits,
        }
        for one in found
    ]  # fmt: skip
    return Answer(rows, "" if rows else f"{call['user']} is not here.")


def user_show(call: Call) -> Answer:
    """One account."""
    return Answer([_account(people.account(call.service, call["user"]))], details=True)


def user_list(call: Call) -> Deferred[Answer]:
    """All accounts, or some."""
    found = people.accounts(call.service, call["filter"] or "", call["most"] or MOST)
    return found.addCallback(lambda listed: call.service.read(_accounts, *listed))


def _accounts(found: list[people.Account], count: int) -> Answer:
    rows = [_account(one) for one in found]
    for row in rows:
        del row["guest"], row["away"], row["certificates"]
    return Answer(rows, more(count, len(rows), f"{count} accounts."))


def _account(one: people.Account) -> dict[str, Value]:
    return {
        "name": one.name, "role": one.role, "guest": one.guest, "state": one.state, "sessions": one.sessions,
        "devices": one.devices, "groups": one.groups, "unread": one.unread, "password": one.password,
        "certificates": one.certificates, "since": moment(one.since), "away": one.away,
    }  # fmt: skip


def kick(call: Call) -> Deferred[Answer]:
    """Put somebody out."""
    done = people.kick(call.service, call["user"], call.operator.name, call["why"] or "")
    return done.addCallback(
        lambda count: Answer([{"kicked": call["user"], "sessions": count}], f"{call['user']} is out, and was told why.")
    )


USER: Final = Argument("user", "user", "whose")
FILTER: Final = Argument("filter", "word", "part of a name, a role or a state", False)
SHOW: Final = Argument("--most", "number", f"at most so many ({MOST})", False)
VERBS: Final = (
    Verb("who", "ta", who, "who is here", "who student --verbose",
         (FILTER, Argument("--verbose", "flag", "addresses, sessions, queues, TLS", False), SHOW)),
    Verb("sessions", "staff", sessions, "somebody's connections", "sessions @alice", (USER,)),
    Verb("user show", "ta", user_show, "one account", "user show @alice", (USER,)),
    Verb("user list", "ta", user_list, "accounts, by name", "user list staff", (FILTER, SHOW)),
    Verb("kick", "staff", kick, "end all of somebody's connections; they are told why",
         'kick @alice "that is not how we talk here"',
         (USER, Argument("why", "text", "what they are told", False)), changes=True, destructive=True),
)  # fmt: skip
