"""Masks: their one form, whom they mean, and that they never take long."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.core import masks
from chatd.core.masks import BadMask
from chatd.core.users import User
from chatd.entries import UserMade

MOST = 60


def user(name: str, ident: str = "chat", host: str = "school.example", guest: bool = False) -> User:
    """Somebody who is seen like this."""
    someone = User(UserMade(1, name, name.lower(), name.lower(), "student", 0), guest, host)
    someone.look(ident=ident)
    return someone


def plain(pattern: str, text: str) -> bool:
    """What `fits` should say, the slow way."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return plain(pattern[1:], text) or bool(text and plain(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and plain(pattern[1:], text[1:])


class Forms(SynchronousTestCase):
    """One form for each mask."""

    def test_what_is_left_out_is_anything(self) -> None:
        for text, mask in (
            ("bob", "bob!*@*"), ("BOB!*@*", "bob!*@*"), ("bob!", "bob!*@*"), ("*@school", "*!*@school"),
            ("bob!~b", "bob!~b@*"), ("bob!b@h", "bob!b@h"), ("@h", "*!*@h"), ("!@", "*!*@*"), ("b?b*", "b?b*!*@*"),
            ("Straße", "strasse!*@*"), ("\uff22ob", "bob!*@*"),
        ):  # fmt: skip
            self.assertEqual(masks.normal(text, MOST), mask)

    def test_extended_ones(self) -> None:
        for text, mask in (
            ("a:Bob", "a:bob"), ("~account:bob", "a:bob"), ("m:bob", "m:bob!*@*"), ("~mute:*@h", "m:*!*@h"),
            ("m:a:bob", "m:a:bob"), ("M:A:b*", "m:a:b*"), ("*!*@fe80::1", "*!*@fe80::1"),
        ):  # fmt: skip
            self.assertEqual(masks.normal(text, MOST), mask)
            self.assertEqual(masks.mutes(mask), mask.startswith("m:"))

    def test_what_is_none(self) -> None:
        for text in ("", "a b", "a,b", "x\ny", "a\0", "a:", "a:b!c", "m:", "m:m:bob", "q:bob", ":bob", "fe80::1",
                     "x" * (MOST + 1), "x" * (MOST - 1), "m:" + "x" * (MOST - 3), "\u3000", "a\u00a0b"):  # fmt: skip
            self.assertRaises(BadMask, masks.normal, text, MOST)

    @given(st.text(max_size=20))
    def test_the_one_form_is_its_own(self, text: str) -> None:
        try:
            mask = masks.normal(text, MOST)
        except BadMask:
            return
        self.assertEqual(masks.normal(mask, MOST), mask)


class Meaning(SynchronousTestCase):
    """Whom a mask means."""

    def test_by_any_part_in_any_letters(self) -> None:
        bob = user("Bob", "~bert", "Host.School.Example")
        for text in ("bob", "B?b", "*!~bert@*", "*!*@*.school.EXAMPLE", "b*b!*t@host*", "*", "?ob!?????@*"):
            self.assertTrue(masks.means(masks.normal(text, MOST), bob), text)
        for text in ("bo", "bobb", "*!bert@*", "*!*@school.example", "bob!*@host", "?bob", "a:*x"):
            self.assertFalse(masks.means(masks.normal(text, MOST), bob), text)

    def test_accounts(self) -> None:
        bob, guest = user("Bob"), user("Bob", guest=True)
        bob.look("robert")
        for text, account in (("a:bob", True), ("a:B*", True), ("m:a:bob", True), ("a:robert", False)):
            self.assertEqual(masks.means(masks.normal(text, MOST), bob), account)
            self.assertFalse(masks.means(masks.normal(text, MOST), guest))
        self.assertTrue(masks.means("robert!*@*", bob))

    def test_one_of_several(self) -> None:
        self.assertTrue(masks.any_means(["x!*@*", "m:bob!*@*"], user("bob")))
        self.assertFalse(masks.any_means(["x!*@*"], user("bob")))
        self.assertFalse(masks.any_means([], user("bob")))

    def test_what_means_something_in_patterns_means_itself(self) -> None:
        for text in ("a[b]", "a.b", "a|b", "a\\b", "(a+)$", "^a{2}"):
            self.assertTrue(masks.fits(text, text))
            self.assertFalse(masks.fits(text, "ab"))
        self.assertTrue(masks.fits("\\?", "\\x"))

    @given(st.text("ab?*", max_size=8), st.text("ab", max_size=10))
    def test_as_by_the_slow_way(self, pattern: str, text: str) -> None:
        self.assertEqual(masks.fits(pattern, text), plain(pattern, text))

    def test_none_takes_long(self) -> None:
        before = time.perf_counter()
        for pattern in ("*a" * 90 + "b", "*" * 190, "*?" * 90, "?*" * 90 + "b", "*ab" * 60):
            masks.fits(pattern, "a" * 400)
        self.assertLess(time.perf_counter() - before, 0.5)
