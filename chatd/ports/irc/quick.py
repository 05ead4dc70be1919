"""What nearly every line is, in and out: a PRIVMSG of one plain line to one group.

Rule: only a short cut. What comes out of it is byte for byte what the long way makes (`messaging.say`, `Client.encode`,
`LineCodec.said`), and tests compare them; a line or event that is anything else goes the long way from its beginning.

In memory, with nothing else measured, a message from one line to the others' bytes costs 15 us the long way; here it
leaves out the tags, the label, the list of targets, and what makes lines safe where the text is seen to be so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from chatd import messages as m
from chatd.wire.irc import LINE_BYTES, escape

if TYPE_CHECKING:
    from chatd.ports.irc.client import Client
    from chatd.ports.irc.codec import LineCodec

OPENING: Final = b"PRIVMSG #"
LONGEST_OUT: Final = 100  # characters of text; longer ones may have to be cut, which is the long way's business


def command(client: Client, line: bytes) -> m.Send | None:
    """What a line without CR LF asks of the core; None: nothing was done, take the long way."""
    if line[:9] != OPENING or len(line) > LINE_BYTES - 2:
        return None
    to, _, said = line[8:].partition(b" ")
    if said[:1] != b":" or len(said) < 2 or b"," in to or b"\0" in line or b"\r" in line:
        return None
    try:
        target, text = to.decode(), said[1:].decode()
    except UnicodeDecodeError:
        return None
    sent = m.Send(client.next_ref(), target, client.lookup.id(), text)
    client.asked[sent.ref] = sent
    return sent


def commands(client: Client, lines: Sequence[bytes | None], first: int, last: int) -> list[m.Send]:
    """What these lines ask, up to one that has to go the long way; they may still end in CR."""
    found: list[m.Send] = []
    if client.inside and not client.batches:
        for number in range(first, last):
            line = lines[number]
            sent = command(client, line.rstrip(b"\r")) if line is not None else None
            if sent is None:
                break
            found.append(sent)
    return found


def accepted(client: Client, sent: m.Send, event: m.Accepted) -> bytes:
    """The core keeps it: the echo, for those who asked for one."""
    if "echo-message" not in client.caps:
        return b""
    echo = m.Message(sent.to, 0, event.at, client.name, sent.id, sent.text)
    return client.codec.encode(echo)


def all_accepted(client: Client, events: Sequence[Any]) -> bool:
    """Whether these say no more than that the core keeps what was sent here, and nobody wants an echo: that is all."""
    asked = client.asked
    if "echo-message" in client.caps:
        return False
    for event in events:
        if type(event) is not m.Accepted or type(asked.get(event.ref)) is not m.Send:
            return False
    for event in events:
        asked.pop(event.ref, None)
    return True


def encode(codec: LineCodec, events: Sequence[Any]) -> bytes:
    """Messages to groups as a line each; nothing where one of them has to go the long way."""
    sender = group = opening = ""
    lines = []
    for event in events:
        text = event.text
        if event.kind != "text" or event.tags or len(text) > LONGEST_OUT or not text.isprintable():
            return b""
        if event.sender != sender or event.conversation != group:
            sender, group = event.sender, event.conversation
            if group[:1] != "#":
                return b""
            opening = f":{codec.lookup.source(sender)} PRIVMSG {group} :"
        lines.append(f"{tags(codec, event)}{opening}{text}\r\n")
    return "".join(lines).encode()


def tags(codec: LineCodec, event: Any) -> str:
    """The tags of a message, as far as this codec's clients want them, with `@` and the space."""
    if not codec.tagged:
        return ""
    caps = codec.caps
    found = []
    if "server-time" in caps:
        found.append("time=" + codec.stamp(event.at))
    if "message-tags" in caps:
        found.append("msgid=" + event.id.hex())
    user = codec.lookup.user(event.sender)
    if user is not None:
        if "account-tag" in caps and not user.guest:
            found.append("account=" + escape(user.name))
        if "message-tags" in caps and user.bot:
            found.append("bot")
    return "@" + ";".join(found) + " " if found else ""
