"""What is said: PRIVMSG, NOTICE, TAGMSG, REDACT, and messages of several lines (draft/multiline).

Rule: what is said to a group or between accounts is kept and told `accepted`; a guest's private words, words to a
group's operators (STATUSMSG) and TAGMSG are passed on and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatd import messages as m
from chatd import moderation, people
from chatd.ports.irc import codec, failures, services
from chatd.ports.irc.channels import SIGNS
from chatd.ports.irc.client import Asked, Client, Rendered, Response
from chatd.ports.irc.codec import CONCAT, CUTS, LineCodec
from chatd.ports.irc.out import Out
from chatd.wire import numerics as n
from chatd.wire.irc import Line, Text, parse_tags, write_tags

MOST_TARGETS: Final = 10
MULTILINE: Final = "draft/multiline"
LETTERS: Final = {sign: letter for letter, sign in SIGNS.items()}
COMMAND_OF: Final = {"text": "PRIVMSG", "notice": "NOTICE", "tags": "TAGMSG"}
KIND_OF: Final = {command: kind for kind, command in COMMAND_OF.items()}
ID_DIGITS: Final = 32


class Said:
    """What was said: for the echo, and for what refuses it."""

    __slots__ = ("id", "kind", "tags", "target", "text")

    def __init__(self, target: str, kind: str, text: str, tags: str, id: bytes) -> None:
        self.target = target
        self.kind = kind
        self.text = text
        self.tags = tags
        self.id = id


# ---- PRIVMSG, NOTICE, TAGMSG ----------------------------------------------------------------------------------------


def say(client: Client, line: Line) -> None:
    """PRIVMSG and NOTICE, or a line of a batch."""
    params = line.params
    if "batch" in line.tags and MULTILINE in client.caps:
        _add_line(client, line)
    elif not params or not params[0]:
        if line.command != "NOTICE":
            client.reply(n.ERR_NORECIPIENT, text=f"{n.ERR_NORECIPIENT.text} ({line.command})")
    elif len(params) < 2 or not params[1]:
        if line.command != "NOTICE":
            client.reply(n.ERR_NOTEXTTOSEND)
    else:
        _to_all(client, line, params[1], client_tags(client, line))


def tagmsg(client: Client, line: Line) -> None:
    """TAGMSG: tags without a text."""
    if not line.params or not line.params[0]:
        client.reply(n.ERR_NORECIPIENT, text=f"{n.ERR_NORECIPIENT.text} (TAGMSG)")
    elif "message-tags" in client.caps:
        tags = client_tags(client, line)
        if tags:
            _to_all(client, line, "", tags)


def client_tags(client: Client, line: Line) -> str:
    """The tags that a client may put on what it says."""
    if not line.tags or "message-tags" not in client.caps:
        return ""
    return write_tags({key: value for key, value in line.tags.items() if key[0] == "+" and len(key) > 1})


def _to_all(client: Client, line: Line, text: str, tags: str) -> None:
    targets = list(dict.fromkeys(line.params[0].split(",")))
    if len(targets) > MOST_TARGETS:
        client.reply(n.ERR_TOOMANYTARGETS, line.params[0][:64])
        return
    kind = KIND_OF.get(line.command, "text")
    for target in targets:
        if target:
            say_to(client, target, kind, text, tags)


def say_to(client: Client, target: str, kind: str, text: str, tags: str) -> None:
    """Say something to one target."""
    bare = target.lstrip("".join(LETTERS))
    said = Said(target, kind, text, tags, client.lookup.id())
    if bare[:1] == "#" and bare != target:
        letter = min((LETTERS[sign] for sign in target[: -len(bare)]), key="vhoaq".index)
        client.ask(people.Pass, bare, said.id, text, kind, tags, letter, about=said, then=_said)
    elif target[:1] == "#":
        make = people.Pass if kind == "tags" else m.Send
        client.ask(make, target, said.id, text, kind, tags, about=said, then=_said)
    elif services.known(target):
        if kind == "text":
            services.serve(client, target, text)
    else:
        user = client.lookup.user(target)
        kept = kind != "tags" and client.account and (user is None or not user.guest) and not _is_me(client, user)
        client.ask(m.Send if kept else people.Pass, "@" + target, said.id, text, kind, tags, about=said, then=_said)


def _is_me(client: Client, user: object) -> bool:
    return user is not None and getattr(user, "name", "") == client.name


def _said(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    said = asked.about
    if isinstance(event, m.Failed):
        asked.about = said.target
        if said.kind == "notice":
            return []  # RFC 2812, section 3.3.2: nothing answers a notice
        return failures.failed(client, asked, event)
    if not isinstance(event, (m.Accepted, people.Passed)):
        return None
    outs = []
    if "echo-message" in client.caps:
        echo = m.Message(said.target, 0, event.at, client.name, said.id, said.text, said.kind, said.tags)
        outs = client.codec.said(echo, said.target)
    return [*outs, *_absence(client, said, event)]


def slowly(sent: m.Send, response: Response) -> Asked:
    """What the long way would have asked: the core has something else to say to it than that it is kept."""
    response.waiting += 1
    said = Said(sent.to, "text", sent.text, "", sent.id)
    return Asked(Line("PRIVMSG", [sent.to, sent.text]), response, said, _said)


def _absence(client: Client, said: Said, event: m.Accepted | people.Passed) -> list[Out]:
    """That somebody is away, or not here at all and gets it later."""
    if said.target[:1] in "#~&@%+" or said.kind != "text":
        return []
    user = client.lookup.user(said.target)
    if user is None:
        return []
    if user.away:
        return [client.numeric(n.RPL_AWAY, user.nick, text=Text(user.away))]
    if not user.sessions:
        return [client.numeric(n.RPL_AWAY, user.nick, text="is not here; your message is kept until they return")]
    return []


def passing(heard: LineCodec, event: people.Passing) -> list[Out]:
    """Something said that is kept nowhere."""
    command = COMMAND_OF.get(event.kind, "PRIVMSG")
    if command == "TAGMSG" and "message-tags" not in heard.caps:
        return []
    to = SIGNS.get(event.least, "") + event.to if event.to[:1] == "#" else heard.nick(event.to)
    return heard.said(m.Message(to, 0, event.at, event.sender, event.id, event.text, event.kind, event.tags), to)


# ---- several lines as one message (draft/multiline) ------------------------------------------------------------


class Multiline:
    """A batch that has been opened: its lines so far. `dropped`: refused, and what still comes of it is not heard."""

    def __init__(self, opening: Line, target: str) -> None:
        self.opening = opening
        self.target = target
        self.lines: list[tuple[str, bool]] = []
        self.kind = ""
        self.size = 0
        self.dropped = False


def batch(client: Client, line: Line) -> None:
    """BATCH +ref draft/multiline target; BATCH -ref."""
    name = line.params[0]
    if name[:1] == "-":
        opened = client.batches.pop(name[1:], None)
        if opened is None:
            client.fail("BATCH", "INVALID_BATCH", text="There is no such batch.")
        elif not opened.dropped:
            _close(client, opened)
    elif MULTILINE not in client.caps or name[:1] != "+" or len(line.params) < 3 or line.params[1] != MULTILINE:
        client.fail("BATCH", "INVALID_BATCH", text="Only draft/multiline is taken, by those who asked for it.")
    elif any(not opened.dropped for opened in client.batches.values()):
        client.fail("BATCH", "MULTILINE_INVALID", text="One batch at a time.")
    else:
        client.batches.clear()
        client.batches[name[1:]] = Multiline(line, line.params[2])
        client.put_off()


def _add_line(client: Client, line: Line) -> None:
    opened = client.batches.get(line.tags["batch"])
    if opened is None:
        _drop(client, "MULTILINE_INVALID", text="That is not the batch you opened.")
        return
    if opened.dropped:
        return
    target, text = (*line.params[:2], "", "")[:2]
    kind, concat = KIND_OF.get(line.command, "text"), CONCAT in line.tags
    opened.lines.append((text, concat))
    opened.size += len(text.encode()) + 1
    if target != opened.target:
        _drop(client, "MULTILINE_INVALID_TARGET", opened.target, target or "*", text="A batch has one target.")
    elif opened.kind not in ("", kind):
        _drop(client, "MULTILINE_INVALID", text="A batch is of one command.")
    elif concat and not text:
        _drop(client, "MULTILINE_INVALID", text="There is nothing to append.")
    elif opened.size > client.facts.text_bytes:
        _drop(client, "MULTILINE_MAX_BYTES", str(client.facts.text_bytes), text="That is too long.")
    elif len(opened.lines) > client.facts.lines:
        _drop(client, "MULTILINE_MAX_LINES", str(client.facts.lines), text="Those are too many lines.")
    opened.kind = kind


def _drop(client: Client, code: str, *context: str, text: str) -> None:
    """Refuse what has been opened; what still comes of it is not heard."""
    for opened in client.batches.values():
        opened.dropped = True
    client.fail("BATCH", code, *context, text=text)


def _close(client: Client, opened: Multiline) -> None:
    text, cuts = "", []
    for number, (part, concat) in enumerate(opened.lines):
        if number and concat:
            cuts.append(len(text))
        elif number:
            text += "\n"
        text += part
    client.answer(opened.opening)
    if not text.strip("\n"):
        client.fail("BATCH", "MULTILINE_INVALID", text="There is nothing to send.")
        return
    tags = parse_tags(client_tags(client, opened.opening))
    if cuts:
        tags[CUTS] = ",".join(map(str, cuts))
    say_to(client, opened.target, opened.kind or "text", text, write_tags(tags))


# ---- REDACT (draft/message-redaction) ----------------------------------------------------------------------------

REDACT_FAILS: Final = {
    "no-such-message": "UNKNOWN_MSGID",
    "not-allowed": "REDACT_FORBIDDEN",
    "not-operator": "REDACT_FORBIDDEN",
}


def redact(client: Client, line: Line) -> None:
    """REDACT target msgid :why."""
    target, digits = line.params[:2]
    try:
        id = bytes.fromhex(digits) if len(digits) == ID_DIGITS else b""
    except ValueError:
        id = b""  # no message has it; but first it is said whether there is a target
    to = target if target[:1] == "#" else "@" + target
    client.ask(moderation.Redact, to, id, line.params[2] if len(line.params) > 2 else "", then=_redacted)


def _redacted(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if not isinstance(event, m.Failed):
        return None
    target, digits = asked.line.params[0], asked.line.params[1][:64]
    code = REDACT_FAILS.get(event.code)
    if code is None:
        return [client.failure("REDACT", "INVALID_TARGET", target, text=event.text)]
    return [client.failure("REDACT", code, target, digits, text=event.text)]


def redacted(heard: LineCodec, event: moderation.Redacted) -> list[Out]:
    """A message was taken back."""
    if "draft/message-redaction" not in heard.caps:
        return []
    to = event.conversation if event.conversation[:1] == "#" else heard.peer(event.conversation, event.by)
    reason = (Text(event.reason),) if event.reason else ()
    tags = heard.tags(event.by, event.at, event.noted)
    return [Out(heard.lookup.source(event.by), "REDACT", (to, event.id.hex(), *reason), tags)]


COMMANDS: dict[str, tuple[Callable[[Client, Line], None], int]] = {
    "BATCH": (batch, 1),
    "NOTICE": (say, 0),
    "PRIVMSG": (say, 0),
    "REDACT": (redact, 2),
    "TAGMSG": (tagmsg, 0),
}
REPLIES: dict[type, Rendered] = {
    m.Failed: failures.failed,
    people.Passing: lambda client, asked, event: passing(client.codec, event),
    moderation.Redacted: lambda client, asked, event: redacted(client.codec, event),
}
codec.RENDERERS[people.Passing] = passing
codec.RENDERERS[moderation.Redacted] = redacted
