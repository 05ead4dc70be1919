"""The vocabulary of the wire: what a new value has to keep to, so that old readers and writers go on."""

from __future__ import annotations

from typing import get_args

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd.wire.pack import Command, Event
from tests.vocabulary import VocabularyTests


class Vocabulary(VocabularyTests, SynchronousTestCase):
    """The first one."""

    vocabulary = m

    def test_no_tag_is_in_two_vocabularies(self) -> None:
        tags = [kind.__struct_config__.tag for kind in (*get_args(Command), *get_args(Event))]
        self.assertEqual(len(tags), len(set(tags)))

    def test_what_is_added_later_is_ignored_and_what_was_left_out_has_its_default(self) -> None:
        short = msgspec.msgpack.encode(["join", 1, "hw3"])
        later = msgspec.msgpack.encode(["join", 1, "hw3", True, False, "", "next year"])
        for payload in (short, later):
            self.assertEqual(msgspec.msgpack.decode(payload, type=m.Command), m.Join(1, "hw3"))
