"""MessagePack frames to and from the values of the vocabulary, which six files hold.

Rule: pure; no Twisted, no state. Whatever bytes come in, the answer is a value or BadFrame, never another exception.
A frame is four bytes of length (big-endian) and a payload; a payload is one MessagePack array opening with its tag.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final, get_args

import msgspec

from chatd import archive, blobs, encryption, messages, moderation, people

Command = messages.Command | moderation.Command | people.Command | archive.Command | encryption.Command | blobs.Command
Event = messages.Event | moderation.Event | people.Event | archive.Event | encryption.Event | blobs.Event

_encoder = msgspec.msgpack.Encoder()
_encode = _encoder.encode
_commands: msgspec.msgpack.Decoder[Command] = msgspec.msgpack.Decoder(Command)
_events: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event)
_opening: msgspec.msgpack.Decoder[list[msgspec.Raw]] = msgspec.msgpack.Decoder(list[msgspec.Raw])
_tag: msgspec.msgpack.Decoder[str] = msgspec.msgpack.Decoder(str)

_COMMAND_TAGS: Final = frozenset(kind.__struct_config__.tag for kind in get_args(Command))
_EVENT_TAGS: Final = frozenset(kind.__struct_config__.tag for kind in get_args(Event))

_length: Final = Struct(">I").unpack_from
_LENGTHS: Final = [size.to_bytes(4, "big") for size in range(1024)]

# A deep nest overflows msgspec's recursion guard, and text is checked apart: neither is one of its own errors.
_REFUSALS: Final = (msgspec.DecodeError, RecursionError, UnicodeDecodeError, OverflowError)


class BadFrame(Exception):
    """A payload that is no command or event. `code` is `malformed` or `unknown-command`."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def encode_command(value: Command) -> bytes:
    """The payload that carries a command."""
    return _encoder.encode(value)


def encode_event(value: Event) -> bytes:
    """The payload that carries an event."""
    return _encoder.encode(value)


def decode_command(payload: bytes) -> Command:
    """The command of a payload; BadFrame `unknown-command` where only its tag is unknown."""
    try:
        return _commands.decode(payload)
    except _REFUSALS as error:
        if _unknown_tag(payload, _COMMAND_TAGS):
            raise BadFrame("unknown-command", "unknown command") from None
        raise BadFrame("malformed", _reason(error)) from None


def whole_commands(data: bytes, start: int, most: int) -> tuple[list[Command], int]:
    """The commands of the frames that follow one another from `start`, and where the first begins that is not taken.

    That one is cut off by the end of the data, longer than `most` bytes, or no command; who wants to know looks again.
    """
    commands: list[Command] = []
    taken, first, size, decode = commands.append, start + 4, len(data), _commands.decode
    try:
        while first <= size:
            end = first + _length(data, first - 4)[0]
            if end > size or end - first > most:
                break
            taken(decode(data[first:end]))
            first = end + 4
    except _REFUSALS:
        pass
    return commands, first - 4


def decode_event(payload: bytes) -> Event | None:
    """The event of a payload; None where its tag is unknown (a newer server), which a client ignores."""
    try:
        return _events.decode(payload)
    except _REFUSALS as error:
        if _unknown_tag(payload, _EVENT_TAGS):
            return None
        raise BadFrame("malformed", _reason(error)) from None


def frame(payload: bytes) -> bytes:
    """A payload with its length before it, as it goes on the wire."""
    return len(payload).to_bytes(4, "big") + payload


def encode_frame(value: Event) -> bytes:
    """The frame that carries an event: `frame(encode_event(value))`, in a third of the time."""
    payload = _encode(value)
    size = len(payload)
    return (_LENGTHS[size] if size < 1024 else size.to_bytes(4, "big")) + payload


def encode_frames(values: Sequence[Event]) -> bytes:
    """The frames that carry several events."""
    if len(values) == 1:
        return encode_frame(values[0])
    parts: list[bytes] = []
    add = parts.append
    for value in values:
        payload = _encode(value)
        size = len(payload)
        add(_LENGTHS[size] if size < 1024 else size.to_bytes(4, "big"))
        add(payload)
    return b"".join(parts)


def _unknown_tag(payload: bytes, known: frozenset[str | int | None]) -> bool:
    """Whether the payload is well formed and opens with a tag that is not among the known ones."""
    try:
        return _tag.decode(_opening.decode(payload)[0]) not in known
    except (*_REFUSALS, IndexError):
        return False


def _reason(error: Exception) -> str:
    """What to say about a refusal: msgspec's own words name types and places, and at most a tag."""
    if isinstance(error, msgspec.ValidationError):
        return str(error)[:200]
    return "not a MessagePack array of this protocol"
