"""What nearly every line is, in and out: a PRIVMSG of one plain line to one group.

Rule: only a short cut. What comes out of it is byte for byte what the long way makes (`messaging.say`, `Client.encode`,
`LineCodec.said`), and tests compare them; a line or event that is anything else goes the long way from its beginning.

In memory, with nothing else measured, a message from one line to the others' bytes costs 15 us the long way; here it
leaves out the tags, the label, the list of targets, and what makes lines safe where the text is seen to be so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatd import messages as m
from chatd.wire.irc import LINE_BYTES, escape

if TYPE_CHECKING:
    from chatd.ports.irc.client import Client
    from chatd.ports.irc.codec import LineCodec

OPENING: Final = b"PRIVMSG #"
LONGEST_OUT: Final = 100  # characters of text; longer ones may have to be cut, which is the long way's business


class Quick:
    """A message of which the core has not said yet whether it is kept."""

    __slots__ = ("id", "target", "text")

    def __init__(self, target: str, text: str, id: bytes) -> None:
        self.target = target
        self.text = text
        self.id = id


def take(client: Client, line: bytes) -> bool:
    """Deal with a line without CR LF; False: nothing was done, take the long way."""
    if line[:9] != OPENING or not client.inside or client.batches or len(line) > LINE_BYTES - 2:
        return False
    to, _, said = line[8:].partition(b" ")
    if said[:1] != b":" or len(said) < 2 or b"," in to or b"\0" in line:
        return False
    try:
        target, text = to.decode(), said[1:].decode()
    except UnicodeDecodeError:
        return False
    id = client.lookup.id()
    client.node.receive(client.session, m.Send(client.ref(Quick(target, text, id)), target, id, text))
    return True


def accepted(client: Client, quick: Quick, event: m.Accepted) -> bytes:
    """The core keeps it: the echo, for those who asked for one."""
    if "echo-message" not in client.caps:
        return b""
    echo = m.Message(quick.target, 0, event.at, client.name, quick.id, quick.text)
    return client.codec.encode(echo)


def encode(codec: LineCodec, event: Any) -> bytes:
    """A message of a group as its one line; nothing where it has to go the long way."""
    text, group = event.text, event.conversation
    if event.kind != "text" or event.tags or group[:1] != "#" or len(text) > LONGEST_OUT or not text.isprintable():
        return b""
    return f"{tags(codec, event)}:{codec.lookup.source(event.sender)} PRIVMSG {group} :{text}\r\n".encode()


def tags(codec: LineCodec, event: Any) -> str:
    """The tags of a message, as far as this codec's clients want them, with `@` and the space."""
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
