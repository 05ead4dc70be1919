"""Accounts: REGISTER (draft/account-registration), and what tells a client that it is logged in.

Rule: the account is the core's; a name needs a password here because an IRC client has no device of ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatd import messages as m
from chatd import people
from chatd.ports.irc.client import Asked, Client, Rendered
from chatd.ports.irc.out import Out
from chatd.wire import numerics as n
from chatd.wire.irc import Line

FAILS: Final = {
    "name-taken": "USERNAME_EXISTS",
    "name-owned": "ACCOUNT_EXISTS",
    "account-exists": "ACCOUNT_EXISTS",
    "bad-name": "BAD_ACCOUNT_NAME",
    "bad-account-name": "BAD_ACCOUNT_NAME",
    "weak-password": "WEAK_PASSWORD",
    "already": "ALREADY_AUTHENTICATED",
    "tls-needed": "TLS_NEEDED",
    "invitation-needed": "INVITATION_NEEDED",
    "bad-invitation": "INVALID_INVITATION",
    "registration-closed": "REGISTRATION_CLOSED",
}


def register(client: Client, line: Line) -> None:
    """REGISTER account|* email|* password; where an invitation is needed, its code stands in the place of the mail."""
    account, mail, password = line.params[:3]
    nick = client.nick if client.inside else client.wanted.get("nick", client.refused_nick)
    name = nick if account == "*" else account
    if client.account:
        client.fail("REGISTER", "ALREADY_AUTHENTICATED", name or account, text="You have an account.")
    elif not (client.inside or client.facts.early):
        client.fail("REGISTER", "COMPLETE_CONNECTION_REQUIRED", account, text="Come in first, then register.")
    elif not name:
        client.fail("REGISTER", "NEED_NICK", account, text="Say NICK first.")
    elif nick and name.lower() != nick.lower():
        client.fail("REGISTER", "ACCOUNT_NAME_MUST_BE_NICK", account, text="An account is registered under its nick.")
    else:
        invitation = "" if mail == "*" or "@" in mail else mail
        client.ask(people.Register, name, password, invitation, about=name, then=_registered)


def _registered(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    name = asked.about
    if isinstance(event, m.Failed):
        code = FAILS.get(event.code, "TEMPORARILY_UNAVAILABLE")
        return [client.failure("REGISTER", code, name or "*", text=event.text)]
    if not isinstance(event, people.Proved):
        return None
    return [
        Out(client.facts.name, "REGISTER", ("SUCCESS", event.name, "Your account is registered.")),
        *logged_in(client, event.name),
    ]


def logged_in(client: Client, account: str) -> list[Out]:
    """It has been proved whose account this is."""
    client.account = account
    source = client.me() if client.inside else f"{client.wanted.get('nick', '*')}!*@*"
    if client.when_logged_in is not None:
        client.when_logged_in()
    return [client.numeric(n.RPL_LOGGEDIN, source, account, text=n.RPL_LOGGEDIN.text.format(account))]


COMMANDS: dict[str, tuple[Callable[[Client, Line], None], int, bool]] = {"REGISTER": (register, 3, True)}
REPLIES: dict[type, Rendered] = {}
