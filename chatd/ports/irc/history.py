"""The past: CHATHISTORY (draft/chathistory, with event playback) and MARKREAD (draft/read-marker).

Rule: paging is the core's; this says it in IRC's words. A page is one batch; what else happened comes in it only for
those who asked for event playback.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from chatd import archive
from chatd import messages as m
from chatd.archive import Place
from chatd.ports.irc.client import Asked, Client, Rendered
from chatd.ports.irc.codec import LineCodec, joining, marker
from chatd.ports.irc.out import Out, stamp
from chatd.wire.irc import Line, Text

PLAYBACK: Final = "draft/event-playback"
WAYS: Final = {"LATEST": 1, "BEFORE": 1, "AFTER": 1, "AROUND": 1, "BETWEEN": 2}
WRONG: Final = "INVALID_PARAMS"


# ---- CHATHISTORY ----------------------------------------------------------------------------------------------------


def chathistory(client: Client, line: Line) -> None:
    """CHATHISTORY verb ..."""
    verb = line.params[0].upper()
    if verb == "TARGETS":
        _targets(client, line.params[1:])
    elif verb not in WAYS:
        client.fail("CHATHISTORY", WRONG, line.params[0][:32], text="Unknown subcommand.")
    elif len(line.params) < 3 + WAYS[verb]:
        client.fail("CHATHISTORY", WRONG, verb, text="Missing parameters.")
    else:
        _browse(client, verb, line.params[1], line.params[2:])


def _browse(client: Client, verb: str, target: str, params: list[str]) -> None:
    places = [place(text) for text in params[: WAYS[verb]]]
    if verb == "LATEST" and params[0] == "*":
        places = [Place()]
    if None in places or not params[-1].isdecimal() or len(params[-1]) > 9:
        client.fail("CHATHISTORY", WRONG, verb, *params[:1], text="That is no place in a conversation.")
        return
    found = [one for one in places if one is not None]
    to = target if target[:1] == "#" else "@" + target
    fields = (found[0], found[1] if len(found) > 1 else Place(), int(params[-1]), PLAYBACK in client.caps)
    client.ask(archive.Browse, to, verb.lower(), *fields, about=(verb, target), then=_pages)


def place(text: str) -> Place | None:
    """`timestamp=...` or `msgid=...`; None for anything else."""
    kind, _, value = text.partition("=")
    if kind == "msgid" and len(value) == 32:
        try:
            return Place(id=bytes.fromhex(value))
        except ValueError:
            return None
    at = milliseconds(value) if kind == "timestamp" else None
    return Place(at=at) if at is not None else None


def milliseconds(text: str) -> int | None:
    """The time of an IRCv3 timestamp; None for anything else."""
    try:
        when = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return max(0, round(when.timestamp() * 1000))


def _pages(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    verb, target = asked.about
    if isinstance(event, m.Failed):
        code = {"bad-place": WRONG, "no-such-message": WRONG, "rate-limited": "MESSAGE_ERROR"}.get(event.code)
        if code is None:
            return [client.failure("CHATHISTORY", "INVALID_TARGET", verb, target, text=event.text)]
        return [client.failure("CHATHISTORY", code, verb, target, text=event.text)]
    if not isinstance(event, archive.Pages):
        return None
    lines: list[tuple[int, int, list[Out]]] = []
    for message in event.messages:
        lines.append((message.at, 1, client.codec.message(message)))
    for happening in event.events:
        lines.append((happening.at, 0, happened(client.codec, event.conversation, happening)))
    lines.sort(key=lambda item: item[:2])
    return batched(client, target, [out for _, _, outs in lines for out in outs])


def batched(client: Client, target: str, outs: list[Out]) -> list[Out]:
    """Lines as one chathistory batch; a batch within it says that it belongs to it."""
    if "batch" not in client.caps:
        return outs
    name = client.batch_name()
    inner = [out if "batch" in out.tags else out._replace(tags={**out.tags, "batch": name}) for out in outs]
    server = client.facts.name
    return [Out(server, "BATCH", ("+" + name, "chathistory", target)), *inner, Out(server, "BATCH", ("-" + name,))]


def happened(heard: LineCodec, conversation: str, event: archive.Happening) -> list[Out]:
    """What happened, as it was heard then (`core.archive` says what its text holds)."""
    source, text = heard.lookup.source(event.sender), event.text
    first, _, rest = text.partition(" ")
    reason = (Text(rest),) if rest else ()
    outs: list[Out] = []
    if event.kind == "joined":
        outs = joining(heard, event.sender, conversation)
    elif event.kind == "left":
        outs = [Out(source, "PART", (conversation, *((Text(text),) if text else ())))]
    elif event.kind == "quit":
        outs = [Out(source, "QUIT", (Text(text),))]
    elif event.kind == "kicked":
        outs = [Out(source, "KICK", (conversation, heard.nick(first), Text(rest or event.sender)))]
    elif event.kind == "topic":
        outs = [Out(source, "TOPIC", (conversation, Text(text)))]
    elif event.kind == "modes":
        outs = [Out(source, "MODE", (conversation, *text.split(" ")))]
    elif event.kind == "nick":
        outs = [Out(source, "NICK", (Text(text),))]
    elif event.kind == "redacted":
        outs = [Out(source, "REDACT", (conversation, first, *reason))]
    elif event.kind == "renamed":
        outs = [Out(source, "RENAME", (conversation, first, Text(rest)))]
    elif event.kind == "passed":
        to = conversation if conversation[:1] == "#" else heard.peer(conversation, event.sender)
        return heard.said(m.Message(to, 0, event.at, event.sender, event.id, "", "tags", text), to)
    tags = heard.tags(event.sender, event.at, event.id)
    return [out._replace(tags=tags) for out in outs]


def _targets(client: Client, params: list[str]) -> None:
    places = [place(text) for text in params[:2]]
    if len(params) < 3 or None in places or not params[2].isdecimal() or len(params[2]) > 9:
        client.fail("CHATHISTORY", WRONG, "TARGETS", text="TARGETS takes two timestamps and a number.")
        return
    first, second = sorted(one.at for one in places if one is not None)
    client.ask(archive.Targets, first, second, int(params[2]), then=_target_list)


def _target_list(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if not isinstance(event, archive.TargetList):
        return None
    server = client.facts.name
    outs = []
    for conversation, at in event.targets:
        shown = conversation if conversation[:1] == "#" else client.codec.peer(conversation, client.name)
        outs.append(Out(server, "CHATHISTORY", ("TARGETS", shown, stamp(at))))
    if "batch" not in client.caps:
        return outs
    name = client.batch_name()
    inner = [out._replace(tags={"batch": name}) for out in outs]
    opening = Out(server, "BATCH", ("+" + name, "draft/chathistory-targets"))
    return [opening, *inner, Out(server, "BATCH", ("-" + name,))]


# ---- MARKREAD -------------------------------------------------------------------------------------------------------


def markread(client: Client, line: Line) -> None:
    """MARKREAD target [timestamp=...]."""
    if not line.params or not line.params[0]:
        client.fail("MARKREAD", "NEED_MORE_PARAMS", text="MARKREAD takes a target.")
        return
    target = line.params[0]
    at = 0
    if len(line.params) > 1:
        kind, _, value = line.params[1].partition("=")
        found = milliseconds(value) if kind == "timestamp" else None
        if found is None:
            client.fail("MARKREAD", WRONG, target, text="That is no timestamp.")
            return
        at = found
    client.ask(archive.Mark, target if target[:1] == "#" else "@" + target, at, about=target, then=_marked)


def _marked(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if isinstance(event, m.Failed):
        return [client.failure("MARKREAD", WRONG, asked.about, text=event.text)]
    if isinstance(event, archive.Marked):
        return [marker(client, asked.about, event.at)]
    return None


def marked(client: Client, asked: Asked | None, event: archive.Marked) -> list[Out]:
    """Another client of one's own has read on."""
    if "draft/read-marker" not in client.caps:
        return []
    name = event.conversation
    return [marker(client, name if name[:1] == "#" else client.codec.peer(name, client.name), event.at)]


COMMANDS: dict[str, tuple[Callable[[Client, Line], None], int]] = {
    "CHATHISTORY": (chathistory, 1),
    "MARKREAD": (markread, 0),
}
REPLIES: dict[type, Rendered] = {archive.Marked: marked}
