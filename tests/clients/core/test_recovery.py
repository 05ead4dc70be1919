"""Tests of clients.core.recovery: what is typed is checked, and only the right code opens."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from clients.core import recovery
from clients.core.recovery import ALPHABET, LETTERS, WrongCode

ENTROPY = random.Random(1).randbytes
CODE = recovery.make(ENTROPY)
SEED = b"s" * 32


class CodeTests(SynchronousTestCase):
    """What a person writes down."""

    def wrong(self, code: str) -> str:
        """What is said of a code."""
        return str(self.assertRaises(WrongCode, recovery.secret, code))

    def test_as_it_is_shown(self) -> None:
        self.assertRegex(CODE, r"^([A-Z2-7]{4}-){13}[A-Z2-7]{4}$")
        self.assertEqual(len(recovery.secret(CODE)), 32)
        self.assertNotEqual(recovery.make(ENTROPY), CODE)

    def test_as_it_is_typed(self) -> None:
        right = recovery.secret(CODE)
        sloppy = CODE.lower().replace("-", " ").replace("o", "0").replace("i", "1").replace("b", "8")
        for typed in (CODE.replace("-", ""), CODE.lower(), f"  {CODE}\n", sloppy):
            self.assertEqual(recovery.secret(typed), right)

    @settings(max_examples=30)
    @given(st.integers(0, LETTERS - 1), st.sampled_from(ALPHABET))
    def test_a_wrong_letter_is_found(self, at: int, letter: str) -> None:
        letters = CODE.replace("-", "")
        if letters[at] != letter:
            typed = letters[:at] + letter + letters[at + 1 :]
            self.assertEqual(self.wrong(typed), f"There is a typo in this code, probably in group {at // 4 + 1}.")

    @settings(max_examples=10)
    @given(st.randoms(use_true_random=False))
    def test_several_are_found_too(self, chance: random.Random) -> None:
        letters = list(CODE.replace("-", ""))
        chance.shuffle(letters)
        if "".join(letters) != CODE.replace("-", ""):
            self.assertIn("typo", self.wrong("".join(letters)))

    @given(st.text(max_size=80))
    def test_whatever_is_typed(self, code: str) -> None:
        self.assertTrue(self.wrong(code))

    def test_what_is_wrong_is_told(self) -> None:
        self.assertIn("this one has 55", self.wrong(CODE[:-1]))
        self.assertIn("There is no '9'", self.wrong("9" + CODE[1:]))


class BlobTests(SynchronousTestCase):
    """What the server keeps."""

    def test_it_opens_by_the_code_only(self) -> None:
        blob = recovery.close(CODE, SEED, ENTROPY)
        self.assertNotIn(SEED, blob)
        self.assertNotIn(recovery.secret(CODE), blob)
        self.assertEqual(recovery.open(CODE.lower(), blob), SEED)
        self.assertNotEqual(recovery.close(CODE, SEED, ENTROPY), blob)
        wrong = (
            (recovery.make(ENTROPY), blob),
            (CODE, blob[:-1]),
            (CODE, b""),
            (CODE, blob[:-1] + bytes([blob[-1] ^ 1])),
        )
        for code, other in wrong:
            self.assertIn("does not open", str(self.assertRaises(WrongCode, recovery.open, code, other)))
        self.assertRaises(WrongCode, recovery.open, CODE[:-1], blob)
