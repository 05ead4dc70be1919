"""PRIVMSG and what is like it.

Rule: what is said to a group or to an account is kept and told `accepted`; a guest's private words, status messages and
TAGMSG are passed on and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Callable

from chatd import messages as m
from chatd import people
from chatd.ports.irc import failures
from chatd.ports.irc.client import Asked, Client, Rendered
from chatd.ports.irc.out import Out, stamp
from chatd.wire import numerics as n
from chatd.wire.irc import Line, Text, write_tags

MOST_TARGETS = 10


class Said:
    """What was said: for the echo, and for what refuses it."""

    __slots__ = ("id", "kind", "tags", "target", "text")

    def __init__(self, target: str, kind: str, text: str, tags: str, id: bytes) -> None:
        self.target = target
        self.kind = kind
        self.text = text
        self.tags = tags
        self.id = id


def say(client: Client, line: Line) -> None:
    """PRIVMSG and NOTICE."""
    params = line.params
    if not params or not params[0]:
        client.reply(n.ERR_NORECIPIENT, text=f"{n.ERR_NORECIPIENT.text} ({line.command})")
    elif len(params) < 2 or not params[1]:
        client.reply(n.ERR_NOTEXTTOSEND)
    else:
        tags = client_tags(client, line)
        targets = list(dict.fromkeys(params[0].split(",")))
        if len(targets) > MOST_TARGETS:
            client.reply(n.ERR_TOOMANYTARGETS, params[0][:64])
            return
        for target in targets:
            say_to(client, target, "notice" if line.command == "NOTICE" else "text", params[1], tags)


def client_tags(client: Client, line: Line) -> str:
    """The tags that a client may put on what it says."""
    if not line.tags or "message-tags" not in client.caps:
        return ""
    return write_tags({key: value for key, value in line.tags.items() if key[0] == "+"})


def say_to(client: Client, target: str, kind: str, text: str, tags: str) -> None:
    """Say something to one target."""
    said = Said(target, kind, text, tags, client.lookup.id())
    if target[:1] == "#":
        client.ask(m.Send, target, said.id, text, kind, tags, about=said, then=_said)
        return
    person = client.lookup.person(target)
    kept = client.account and person is not None and person.account and person.account != client.account
    if person is not None and not kept:
        client.ask(people.Pass, "@" + target, said.id, text, kind, tags, about=said, then=_said)
    else:
        client.ask(m.Send, "@" + target, said.id, text, kind, tags, about=said, then=_said)


def _said(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    said = asked.about
    if isinstance(event, m.Failed):
        asked.about = said.target
        if asked.line.command == "NOTICE":
            return []  # RFC 2812, section 3.3.2: nothing answers a notice
        return failures.failed(client, asked, event)
    at = event.at if isinstance(event, (m.Accepted, people.Passed)) else 0
    outs = []
    if "echo-message" in client.caps:
        command = "NOTICE" if said.kind == "notice" else "PRIVMSG"
        tags = client.codec.tags(client.name, at, said.id, said.tags)
        outs.append(Out(client.me(), command, (said.target, Text(said.text)), tags))
    return outs


COMMANDS: dict[str, tuple[Callable[[Client, Line], None], int]] = {"PRIVMSG": (say, 0), "NOTICE": (say, 0)}
REPLIES: dict[type, Rendered] = {m.Failed: failures.failed}
_ = stamp
