"""Capabilities (IRCv3 capability negotiation): what there is, with its value, and the command CAP.

Rule: a capability is here only when it is whole, and then a test in `tests/ports/irc` fails when it is broken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatd.ports.irc.client import Client, Facts
from chatd.ports.irc.out import Out
from chatd.ports.irc.registration import MECHANISMS
from chatd.wire.irc import Line
from chatd.wire.numerics import ERR_INVALIDCAPCMD, ERR_NEEDMOREPARAMS

Value = Callable[[Facts], str]

# Name to value, as CAP LS 302 shows it.
CAPABILITIES: Final[dict[str, Value]] = {
    **dict.fromkeys(
        (
            "account-notify", "account-tag", "away-notify", "batch", "cap-notify", "chghost", "draft/channel-rename",
            "draft/chathistory", "draft/event-playback", "draft/message-redaction", "draft/read-marker",
            "echo-message", "extended-join", "extended-monitor", "invite-notify", "labeled-response", "message-tags",
            "multi-prefix", "server-time", "setname", "standard-replies", "userhost-in-names",
        ),
        lambda facts: "",
    ),
    "draft/account-registration": lambda facts: "before-connect" if facts.early else "",
    **dict.fromkeys(
        ("draft/metadata-2", "draft/metadata-3"),
        lambda facts: (
            f"before-connect,max-subs={facts.followed},max-keys={facts.keys},max-value-bytes={facts.value_bytes}"
        ),
    ),
    "draft/multiline": lambda facts: f"max-bytes={facts.text_bytes},max-lines={facts.lines}",
    "sasl": lambda facts: ",".join(MECHANISMS),
}  # fmt: skip
IMPLICIT: Final = frozenset({"cap-notify"})  # CAP LS 302 asks for it too, and it cannot be taken back then
ROOM: Final = 400  # bytes of names in one line


def cap(client: Client, line: Line) -> None:
    """CAP LS, LIST, REQ, END."""
    verb = line.params[0].upper()
    function = VERBS.get(verb)
    if function is None:
        client.reply(ERR_INVALIDCAPCMD, line.params[0])
    else:
        function(client, line.params[1:])


def _say(client: Client, *params: str) -> None:
    client.say(Out(client.facts.name, "CAP", (client.nick, *params)))


def offered(client: Client) -> dict[str, str]:
    """What this client may ask for."""
    secure = bool(getattr(client.session, "secure", False))
    found = {name: value(client.facts) for name, value in CAPABILITIES.items()}
    if client.facts.sts_seconds and client.facts.sts_port:
        found["sts"] = f"duration={client.facts.sts_seconds}" if secure else f"port={client.facts.sts_port}"
    return found


def _ls(client: Client, params: list[str]) -> None:
    if not client.inside:
        client.negotiating = True
    version = int(params[0]) if params and params[0].isdigit() and len(params[0]) < 6 else 0
    client.cap_version = max(client.cap_version, version)
    modern = client.cap_version >= 302
    if modern:
        client.set_caps(client.caps | IMPLICIT)
    names = [f"{name}={value}" if value and modern else name for name, value in offered(client).items()
             if modern or name != "sts"]  # fmt: skip
    _list(client, "LS", names, modern)


def _list(client: Client, verb: str, names: list[str], several: bool) -> None:
    """Names in as many lines as they need; who knows no continuation gets one line."""
    lines: list[list[str]] = [[]]
    size = 0
    for name in names:
        if several and size + len(name) + 1 > ROOM:
            lines.append([])
            size = 0
        lines[-1].append(name)
        size += len(name) + 1
    for some in lines[:-1]:
        _say(client, verb, "*", " ".join(some))
    _say(client, verb, " ".join(lines[-1]))


def _current(client: Client, params: list[str]) -> None:
    _list(client, "LIST", sorted(client.caps), client.cap_version >= 302)


def _request(client: Client, params: list[str]) -> None:
    if not params:
        client.reply(ERR_NEEDMOREPARAMS, "CAP")
        return
    if not client.inside:
        client.negotiating = True
    wanted = params[-1].split()
    there = offered(client)
    caps = set(client.caps)
    for name in wanted:
        bare = name.removeprefix("-")
        if bare not in there or bare == "sts" or (name[0] == "-" and bare in IMPLICIT and client.cap_version >= 302):
            _say(client, "NAK", params[-1])
            return
        (caps.discard if name[0] == "-" else caps.add)(bare)
    _say(client, "ACK", params[-1])
    client.set_caps(frozenset(caps))


def _end(client: Client, params: list[str]) -> None:
    client.negotiating = False


VERBS: Final[dict[str, Callable[[Client, list[str]], None]]] = {
    "LS": _ls,
    "LIST": _current,
    "REQ": _request,
    "END": _end,
}
