"""What every vocabulary of the wire keeps to, so that old readers and writers go on. A test of one is a subclass.

Rule: `vocabulary` is the module; its `Command` and `Event` name all of its values that go on the wire by themselves.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, get_args

from chatd import encryption, messages

if TYPE_CHECKING:
    from twisted.trial.unittest import SynchronousTestCase as Base
else:
    Base = object

PROTOCOL = Path(__file__).resolve().parent.parent / "docs" / "protocol.md"
WITHOUT_REF = (messages.Hello, messages.Acknowledge, encryption.AcknowledgeMail)


class VocabularyTests(Base):
    """All commands and events of one vocabulary."""

    vocabulary: ModuleType

    @property
    def commands(self) -> tuple[type[Any], ...]:
        """What a client may ask."""
        return get_args(self.vocabulary.Command)

    @property
    def values(self) -> tuple[type[Any], ...]:
        """Commands and events."""
        return (*self.commands, *get_args(self.vocabulary.Event))

    def test_each_has_a_tag_of_its_own(self) -> None:
        tags = [kind.__struct_config__.tag for kind in self.values]
        self.assertEqual(len(tags), len(set(tags)))
        for tag in tags:
            self.assertRegex(tag, r"\A[a-z]+\Z")

    def test_every_value_is_a_command_or_an_event(self) -> None:
        mine = vars(self.vocabulary).values()
        values = {kind for kind in mine if isinstance(kind, type) and issubclass(kind, messages.Value)}
        self.assertEqual({kind for kind in values if kind.__module__ == self.vocabulary.__name__} - {messages.Value},
                         set(self.values))  # fmt: skip

    def test_nothing_can_be_changed(self) -> None:
        for kind in self.values:
            self.assertTrue(kind.__struct_config__.frozen, kind)
            self.assertTrue(kind.__struct_config__.array_like, kind)

    def test_a_question_has_its_ref_first(self) -> None:
        for kind in self.commands:
            if kind not in WITHOUT_REF:
                self.assertEqual(kind.__struct_fields__[0], "ref", kind)

    def test_the_protocol_names_each(self) -> None:
        named = set(re.findall(r"`([a-z]+)`|\[\"([a-z]+)\"", PROTOCOL.read_text("utf-8")))
        words = {one or other for one, other in named}
        self.assertEqual({kind.__struct_config__.tag for kind in self.values} - words, set())
