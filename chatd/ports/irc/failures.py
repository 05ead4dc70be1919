"""From a refusal of the core to the reply that IRC has for it.

Rule: one table, by the line's command and the code, else by the code alone; where IRC has no number of its own a
standard reply (FAIL) says it in words. `context`: what the reply names, mostly the line's first parameter.
"""

from __future__ import annotations

from typing import Final

from chatd import messages as m
from chatd.ports.irc.client import Asked, Client
from chatd.ports.irc.out import Out
from chatd.wire import numerics as n

CODES: Final[dict[str, n.Numeric]] = {
    "no-such-group": n.ERR_NOSUCHCHANNEL,
    "not-a-member": n.ERR_NOTONCHANNEL,
    "no-such-user": n.ERR_NOSUCHNICK,
    "not-here": n.ERR_NOSUCHNICK,
    "user-not-in-group": n.ERR_USERNOTINCHANNEL,
    "already-in-group": n.ERR_USERONCHANNEL,
    "not-allowed": n.ERR_CHANOPRIVSNEEDED,
    "banned": n.ERR_BANNEDFROMCHAN,
    "invite-only": n.ERR_INVITEONLYCHAN,
    "encrypted-group": n.ERR_INVITEONLYCHAN,
    "bad-key": n.ERR_BADCHANNELKEY,
    "group-full": n.ERR_CHANNELISFULL,
    "account-needed": n.ERR_NEEDREGGEDNICK,
    "too-many-groups": n.ERR_TOOMANYCHANNELS,
    "not-operator": n.ERR_NOPRIVILEGES,
    "rate-limited": n.RPL_TRYAGAIN,
    "not-logged-in": n.ERR_NOTREGISTERED,
    "empty-text": n.ERR_NOTEXTTOSEND,
}
CANNOT_SEND: Final = frozenset(
    {"not-a-member", "no-external", "moderated", "announce-only", "muted", "banned", "no-ctcp", "slow-mode", "guest",
     "account-needed", "mailbox-full", "text-too-long", "storage-full", "encrypted-only"}
)  # fmt: skip


def failed(client: Client, asked: Asked | None, event: m.Failed) -> list[Out]:
    """A command did nothing."""
    if asked is None:
        return [client.failure("*", event.code.upper().replace("-", "_"), text=event.text, kind="NOTE")]
    command, params = asked.line.command, asked.line.params
    context = asked.about if isinstance(asked.about, str) and asked.about else (params[0] if params else "*")
    if command in ("PRIVMSG", "NOTICE", "TAGMSG", "BATCH") and event.code in CANNOT_SEND:
        numeric = n.ERR_CANNOTSENDTOCHAN if context[:1] == "#" else n.ERR_CANTSENDTOUSER
        if numeric is n.ERR_CANTSENDTOUSER and event.code == "account-needed":
            numeric = n.ERR_NEEDREGGEDNICK
        return [client.numeric(numeric, context, text=event.text)]
    found = CODES.get(event.code)
    if event.code == "not-operator" and context[:1] == "#":
        found = n.ERR_CHANOPRIVSNEEDED
    if found is None:
        return [client.failure(command, event.code.upper().replace("-", "_"), context, text=event.text)]
    if found is n.RPL_TRYAGAIN:
        return [client.numeric(found, command, text=event.text)]
    if found is n.ERR_NOPRIVILEGES:
        return [client.numeric(found)]
    return [
        client.numeric(found, context, text=event.text if event.code in ("not-allowed", "encrypted-group") else None)
    ]
