"""Tests of clients.core.forms: the parts that several forms share. What each form means is in test_commands."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from clients.core import forms
from clients.core import intents as i

EVERY = (
    forms.edit, forms.substitute,
    forms.group, forms.group_text, forms.message, forms.join, forms.part, forms.invite, forms.kick, forms.mode,
    forms.ban(True), forms.one_mode(True, "o"), forms.with_word("k"), forms.with_word("f"), forms.rename, forms.bans,
    forms.role, forms.topic, forms.announce, forms.members, forms.whois, forms.history, forms.ignore, forms.unignore,
    forms.explain, forms.setting, forms.focus, forms.search,
)  # fmt: skip


class FormTests(SynchronousTestCase):
    """Names, and whatever else is typed."""

    def test_a_group_with_or_without_its_mark(self) -> None:
        self.assertEqual((forms.group_name("g"), forms.group_name("#g")), ("#g", "#g"))

    def test_a_target(self) -> None:
        self.assertEqual([forms.target(word) for word in ("@bob", "#g", "g")], ["@bob", "#g", "#g"])

    def test_a_command_without_words_takes_none(self) -> None:
        form = forms.only(i.ListPeople())
        self.assertEqual((form("  "), form("everybody")), (i.ListPeople(), None))

    def test_open_stands_in_front(self) -> None:
        self.assertEqual(forms.group("--open g"), i.JoinGroup("#g", open=True))
        self.assertEqual(forms.group("g --open"), i.Tell(("#g",), "--open"))

    @given(some.text())
    def test_whatever_is_typed_is_an_intent_or_none(self, words: str) -> None:
        for form in EVERY:
            made = form(words)
            self.assertTrue(made is None or isinstance(made, i.Intent))
