"""Tests of chatd.wire.pack: every value survives the wire, and no bytes raise anything but BadFrame."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from chatd import messages
from chatd.messages import Command, Event, Failed, Ping, Pong
from chatd.wire import pack


def _values(kind: type[Any]) -> some.SearchStrategy[Any]:
    """Any value of one struct, made from its field types."""
    fields = {field.name: _fields(field.type) for field in msgspec.structs.fields(kind)}
    return some.builds(kind, **fields)


def _fields(kind: Any) -> some.SearchStrategy[Any]:
    """Any value of one field's type."""
    arguments = get_args(kind)
    if kind is int:
        return some.integers(0, 2**53)
    if kind is str:
        return some.text()
    if kind is float:
        return some.floats(allow_nan=False)
    if getattr(kind, "__origin__", None) is list:
        return some.lists(_fields(arguments[0]), max_size=4)
    if getattr(kind, "__origin__", None) is tuple:
        return some.tuples(*(_fields(argument) for argument in arguments))
    if arguments:
        return some.one_of(*(_fields(argument) for argument in arguments))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _values(kind)
    return some.from_type(kind)


def _any_of(union: Any) -> some.SearchStrategy[Any]:
    """Any value of any member of a union."""
    return some.one_of(*(_values(kind) for kind in get_args(union)))


COMMANDS = _any_of(Command)
EVENTS = _any_of(Event)

REFUSED = {
    "nothing": b"",
    "no array": b"\xc0",
    "a map": b"\x81\xa4ping\x01",
    "empty array": b"\x90",
    "tag is no string": b"\x91\x01",
    "tag is not UTF-8": b"\x91\xa2\xff\xfe",
    "too short": b"\x91\xa4ping",
    "wrong type": b"\x92\xa4ping\xa3one",
    "text is not UTF-8": b"\x92\xa4ping\xa2\xff\xff",
    "a byte that means nothing": b"\x92\xa4ping\xc1",
    "something after it": b"\x92\xa4ping\x01\xff",
    "lengths that lie": b"\xdd\xff\xff\xff\xff\xa4ping\x01",
    "a nest": b"\x91" * 100_000,
    "a nest after a known tag": b"\x93\xa4ping\x01" + b"\x91" * 100_000,
    "a nest after an unknown tag": b"\x92\xa2zz" + b"\x91" * 100_000,
    "a nest of maps": b"\x81\xa1a" * 50_000,
}


class RoundTripTests(SynchronousTestCase):
    """What is written can be read."""

    @given(COMMANDS)
    def test_commands(self, value: Any) -> None:
        self.assertEqual(pack.decode_command(pack.encode_command(value)), value)

    @given(EVENTS)
    def test_events(self, value: Any) -> None:
        self.assertEqual(pack.decode_event(pack.encode_event(value)), value)

    @given(some.text())
    def test_T21_any_text_survives(self, text: str) -> None:
        value = messages.Send(1, "@bob", b"i" * 16, text)
        self.assertEqual(pack.decode_command(pack.encode_command(value)), value)

    def test_every_tag_is_one_kind(self) -> None:
        for union in (Command, Event):
            tags = [kind.__struct_config__.tag for kind in get_args(union)]
            self.assertEqual(len(tags), len(set(tags)))

    def test_frame(self) -> None:
        self.assertEqual(pack.frame(b"abc"), b"\0\0\0\x03abc")

    def test_an_events_frame_whatever_its_length(self) -> None:
        for size in (0, 1, 900, *range(1000, 1030), 70_000):
            event = Failed(1, "code", "x" * size)
            self.assertEqual(pack.encode_frame(event), pack.frame(pack.encode_event(event)))


class RefusalTests(SynchronousTestCase):
    """What is no value is refused by a code, whatever it is."""

    def test_malformed_commands(self) -> None:
        for name, payload in REFUSED.items():
            with self.subTest(name):
                refused = self.assertRaises(pack.BadFrame, pack.decode_command, payload)
                self.assertEqual(refused.code, "malformed")

    def test_malformed_events(self) -> None:
        for name, payload in REFUSED.items():
            with self.subTest(name):
                payload = payload.replace(b"ping", b"pong")
                refused = self.assertRaises(pack.BadFrame, pack.decode_event, payload)
                self.assertEqual(refused.code, "malformed")

    def test_unknown_command(self) -> None:
        refused = self.assertRaises(pack.BadFrame, pack.decode_command, b"\x92\xa3zap\x01")
        self.assertEqual(refused.code, "unknown-command")

    def test_an_event_is_no_command(self) -> None:
        refused = self.assertRaises(pack.BadFrame, pack.decode_command, pack.encode_event(Pong(1, 2)))
        self.assertEqual(refused.code, "unknown-command")

    def test_unknown_event(self) -> None:
        self.assertIsNone(pack.decode_event(b"\x92\xa3zap\x01"))

    def test_reason_is_short(self) -> None:
        refused = self.assertRaises(pack.BadFrame, pack.decode_event, msgspec.msgpack.encode(["pong", "x" * 9999]))
        self.assertTrue(len(str(refused)) <= 200)

    @given(some.binary())
    def test_any_bytes(self, payload: bytes) -> None:
        for decode in (pack.decode_command, pack.decode_event):
            try:
                decode(payload)
            except pack.BadFrame as refused:
                self.assertIn(refused.code, ("malformed", "unknown-command"))

    @given(COMMANDS, some.data())
    def test_truncated(self, value: Any, data: some.DataObject) -> None:
        payload = pack.encode_command(value)
        cut = data.draw(some.integers(0, len(payload) - 1))
        refused = self.assertRaises(pack.BadFrame, pack.decode_command, payload[:cut])
        self.assertEqual(refused.code, "malformed")


class FramesTests(SynchronousTestCase):
    """Frames that come together."""

    @given(some.lists(COMMANDS, max_size=5), some.binary(max_size=40), some.data())
    def test_those_before_the_first_that_is_cut_off(
        self, values: list[Any], junk: bytes, data: some.DataObject
    ) -> None:
        frames = [pack.frame(pack.encode_command(value)) for value in values]
        last = pack.frame(pack.encode_command(data.draw(COMMANDS)))
        taken = junk + b"".join(frames)
        sent = taken + last[: data.draw(some.integers(0, len(last) - 1))]
        self.assertEqual(pack.whole_commands(sent, len(junk), 1 << 20), (values, len(taken)))

    @given(
        some.lists(COMMANDS, max_size=3), some.sampled_from(sorted(REFUSED.values())), some.lists(COMMANDS, max_size=3)
    )
    def test_those_before_the_first_that_is_no_command(self, before: list[Any], bad: bytes, after: list[Any]) -> None:
        frames = [pack.frame(pack.encode_command(value)) for value in before]
        sent = b"".join([*frames, pack.frame(bad), *(pack.frame(pack.encode_command(value)) for value in after)])
        self.assertEqual(pack.whole_commands(sent, 0, 1 << 20), (before, sum(map(len, frames))))

    def test_those_before_the_first_that_is_too_long(self) -> None:
        short, long = pack.frame(pack.encode_command(Ping(1))), pack.frame(pack.encode_command(Ping(1 << 40)))
        self.assertEqual(pack.whole_commands(short + long + short, 0, len(short) - 4), ([Ping(1)], len(short)))
        self.assertEqual(pack.whole_commands(short + long + short, 0, len(long) - 4)[1], len(short + long + short))

    @given(some.lists(EVENTS, max_size=4))
    def test_events_one_behind_the_other(self, values: list[Any]) -> None:
        frames = [pack.frame(pack.encode_event(value)) for value in values]
        self.assertEqual(pack.encode_frames(values), b"".join(frames))
        self.assertEqual([pack.encode_frame(value) for value in values], frames)


class NegotiationTests(SynchronousTestCase):
    """Newer writers add at the end, older ones leave out."""

    @given(COMMANDS)
    def test_elements_beyond_the_known_ones_are_ignored(self, value: Any) -> None:
        array = msgspec.msgpack.decode(pack.encode_command(value))
        self.assertEqual(pack.decode_command(msgspec.msgpack.encode([*array, "new", {"a": [1]}])), value)

    def test_trailing_defaults_may_be_left_out(self) -> None:
        short = msgspec.msgpack.encode(["join", 7, "#g1"])
        self.assertEqual(pack.decode_command(short), messages.Join(7, "#g1", create=True, private=False))
        short = msgspec.msgpack.encode(["failed", 7, "no-such-user", "who?"])
        self.assertEqual(pack.decode_event(short), messages.Failed(7, "no-such-user", "who?", [], 0.0))

    def test_ping_as_bytes(self) -> None:
        self.assertEqual(pack.encode_command(Ping(1)), b"\x92\xa4ping\x01")
