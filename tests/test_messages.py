"""The vocabulary of the wire: what a new value has to keep to, so that old readers and writers go on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m

COMMANDS, EVENTS = get_args(m.Command), get_args(m.Event)
PROTOCOL = Path(__file__).resolve().parent.parent / "docs" / "protocol.md"


class Vocabulary(SynchronousTestCase):
    """All commands and events."""

    def test_each_has_a_tag_of_its_own(self) -> None:
        tags = [kind.__struct_config__.tag for kind in (*COMMANDS, *EVENTS)]
        self.assertEqual(len(tags), len(set(tags)))
        for tag in tags:
            self.assertRegex(tag, r"\A[a-z]+\Z")

    def test_every_value_is_a_command_or_an_event(self) -> None:
        values = {kind for kind in vars(m).values() if isinstance(kind, type) and issubclass(kind, m.Value)}
        self.assertEqual(values - {m.Value}, {*COMMANDS, *EVENTS})

    def test_nothing_can_be_changed(self) -> None:
        for kind in (*COMMANDS, *EVENTS):
            self.assertTrue(kind.__struct_config__.frozen, kind)
            self.assertTrue(kind.__struct_config__.array_like, kind)

    def test_a_question_has_its_ref_first(self) -> None:
        for kind in COMMANDS:
            if kind not in (m.Hello, m.Acknowledge):
                self.assertEqual(kind.__struct_fields__[0], "ref", kind)

    def test_the_protocol_names_each(self) -> None:
        text = PROTOCOL.read_text()
        named = set(re.findall(r"`([a-z]+)`|\[\"([a-z]+)\"", text))
        words = {one or other for one, other in named}
        missing = {kind.__struct_config__.tag for kind in (*COMMANDS, *EVENTS)} - words
        self.assertEqual(missing, set())

    def test_what_is_added_later_is_ignored_and_what_was_left_out_has_its_default(self) -> None:
        wire = msgspec.msgpack.encode(["join", 1, "hw3"])
        later = msgspec.msgpack.encode(["join", 1, "hw3", True, False, "a field of next year"])
        for payload in (wire, later):
            self.assertEqual(msgspec.msgpack.decode(payload, type=m.Command), m.Join(1, "hw3"))
