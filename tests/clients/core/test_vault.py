"""Tests of clients.core.vault: who opens the store's key, who does not, and what a person is told."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from clients.core import vault as v
from clients.core.e2ee.signed import decode, encode
from clients.core.ring import Ring, SystemRing
from clients.core.vault import EMPTY, KEYRING, PASSPHRASE, Costs, Opening, ProfileError, Vault, Wrapped
from tests.clients.core import rings


class Person:
    """Somebody at a terminal who types these, and reads what is told."""

    def __init__(self, *typed: str, ring: Ring | None = None) -> None:
        self.typed, self.told, self.asked = list(typed), [], 0  # type: ignore[var-annotated]
        self.ring = ring

    def opening(self, passphrase: str | None = None) -> Opening:
        """What this run knows."""
        return Opening(passphrase, self.answer, lambda: self.ring, self.told.append)

    def answer(self, question: str) -> str:
        """The next of what they type."""
        self.asked += 1
        return self.typed.pop(0)


def vault(opening: Opening | None = None) -> Vault:
    """One that has nothing yet."""
    return Vault(opening or Opening(), secrets.token_bytes, Costs(64, 1, 1))


def script(told: list[str], passphrase: str | None = None) -> Opening:
    """A run without a terminal."""
    return Opening(passphrase, tell=told.append)


class FirstTests(SynchronousTestCase):
    """A profile that is made."""

    def test_a_script_that_says_nothing_has_no_passphrase_and_is_told(self) -> None:
        told: list[str] = []
        made = vault(script(told))
        key, wrapped = made.make()
        self.assertEqual((made.way, len(told)), (EMPTY, 1))
        self.assertIn(v.OPEN_TO_ALL, told[0])
        self.assertEqual(vault(script(told)).open(wrapped), key)
        self.assertEqual(len(told), 1)
        self.assertIn(v.OPEN_TO_ALL, made.status())

    def test_at_a_face_it_can_wait(self) -> None:
        told: list[str] = []
        faced = Opening(tell=told.append, face=True)
        made = vault(faced)
        _, wrapped = made.make()
        self.assertEqual((told, made.remark()), ([], v.UNPROTECTED))
        for opening, remark in (
            (faced, v.UNPROTECTED),
            (Opening(""), ""),
            (Opening(), ""),
            (Opening("", face=True), ""),
        ):
            again = vault(opening)
            again.open(wrapped)
            self.assertEqual(again.remark(), remark)
        protected = vault(faced)
        protected.open(wrapped)
        protected.rewrap("words", lambda kept: None)
        self.assertEqual(protected.remark(), "")

    def test_an_empty_file_is_that_choice_and_needs_no_word(self) -> None:
        told: list[str] = []
        made = vault(script(told, ""))
        made.make()
        self.assertEqual((made.way, told), (EMPTY, []))

    def test_a_passphrase_of_a_file(self) -> None:
        made = vault(Opening("words"))
        key, wrapped = made.make()
        self.assertEqual(made.way, PASSPHRASE)
        self.assertNotIn(key, wrapped)
        self.assertEqual(vault(Opening("words")).open(wrapped), key)

    def test_what_a_try_costs(self) -> None:
        """RFC 9106, section 4, the second choice; and the costs of the day it was made are the ones it opens by."""
        made = Vault(Opening("words"), secrets.token_bytes)
        key, wrapped = made.make()
        found = decode(wrapped, Wrapped)
        self.assertEqual((found.memory, found.passes, found.lanes), (64 * 1024, 3, 4))
        self.assertEqual(vault(Opening("words")).open(wrapped), key)

    def test_the_keyring_for_somebody_at_a_terminal(self) -> None:
        person = Person(ring=rings.MemoryRing())
        made = vault(person.opening())
        key, wrapped = made.make()
        self.assertEqual((made.way, person.told, person.asked), (KEYRING, [], 0))
        self.assertEqual(vault(person.opening()).open(wrapped), key)
        self.assertNotIn(key, wrapped)

    def test_not_the_keyring_for_a_script(self) -> None:
        made = vault(Opening(ring=rings.MemoryRing))
        made.make()
        self.assertEqual(made.way, EMPTY)

    def test_a_keyring_that_does_not_work_is_done_without(self) -> None:
        for backend in (rings.LockedBackend(), rings.SilentBackend(), rings.ForgetfulBackend()):
            person = Person(ring=SystemRing(backend, 0.05))
            made = vault(person.opening())
            made.make()
            self.assertEqual((made.way, len(person.told)), (EMPTY, 2))


class OpenTests(SynchronousTestCase):
    """A profile that is there."""

    def setUp(self) -> None:
        self.key, self.wrapped = vault(Opening("caf\u00e9")).make()

    def refused(self, opening: Opening, wrapped: bytes = b"") -> ProfileError:
        """Why it does not open."""
        error: ProfileError = self.assertRaises(ProfileError, vault(opening).open, wrapped or self.wrapped)
        return error

    def test_wrong(self) -> None:
        for opening in (Opening("other"), Opening(""), Person("a", "b", "c").opening()):
            refused = self.refused(opening)
            self.assertEqual((str(refused), refused.code), ("Wrong passphrase.", "STORE_LOCKED"))

    def test_three_tries_at_a_terminal(self) -> None:
        person = Person("a", "b", "cafe\u0301")
        self.assertEqual(vault(person.opening()).open(self.wrapped), self.key)
        self.assertEqual((person.asked, person.told), (3, ["Wrong passphrase."] * 2))
        person = Person("a", "b", "c", "caf\u00e9")
        self.refused(person.opening())
        self.assertEqual(person.asked, 3)

    def test_a_file_is_tried_once_and_nobody_asked(self) -> None:
        person = Person("caf\u00e9")
        self.refused(person.opening("other"))
        self.assertEqual(person.asked, 0)

    def test_without_a_way_to_ask(self) -> None:
        refused = self.refused(Opening())
        self.assertEqual(refused.code, "STORE_LOCKED")
        self.assertIn("--passphrase-file", str(refused))

    def test_a_passphrase_that_was_not_needed_is_told(self) -> None:
        told: list[str] = []
        key, wrapped = vault().make()
        self.assertEqual(vault(script(told, "words")).open(wrapped), key)
        self.assertIn("no passphrase", told[0])
        self.assertEqual(vault(script(told, "")).open(wrapped), key)
        self.assertEqual(len(told), 1)

    def test_a_keyring_that_cannot(self) -> None:
        ring = rings.MemoryRing()
        _, wrapped = vault(Person(ring=ring).opening()).make()
        ((name, secret),) = ring.kept.items()
        self.assertIn("there is none", str(self.refused(Opening(), wrapped)))
        for other in ("", "junk", secret[:-4] + "AAA="):
            ring.kept[name] = other
            self.assertEqual(self.refused(Person(ring=ring).opening(), wrapped).code, "STORE_LOCKED")
        ring.kept.clear()
        self.assertIn("has no key", str(self.refused(Person(ring=ring).opening(), wrapped)))
        for backend in (rings.LockedBackend(), rings.SilentBackend()):
            refused = self.refused(Person(ring=SystemRing(backend, 0.05)).opening(), wrapped)
            self.assertEqual(refused.code, "STORE_LOCKED")

    def test_changed_by_somebody(self) -> None:
        _, empty = vault().make()
        found = decode(empty, Wrapped)
        changes: list[dict[str, Any]] = [
            {"way": "other"}, {"id": b"x" * 16}, {"id": b""}, {"box": bytes(60)}, {"memory": 1 << 30}, {"passes": 0},
            {"lanes": 65}, {"box": bytes(1000)},
        ]  # fmt: skip
        for change in changes:
            other = encode(msgspec.structs.replace(found, **change))
            self.assertEqual(self.refused(Opening(), other).code, "STORE_TAMPERED", change)
        for junk in (b"\xc0", b"\x91\x01", bytes(100)):
            self.assertEqual(self.refused(Opening(), junk).code, "STORE_TAMPERED")


class RewrapTests(SynchronousTestCase):
    """Another way to open it."""

    def setUp(self) -> None:
        self.person = Person(ring=rings.MemoryRing())
        self.vault = vault(self.person.opening())
        self.key, self.wrapped = self.vault.make()

    def keep(self, wrapped: bytes) -> None:
        """As the history would; before anything else is forgotten."""
        self.wrapped = wrapped
        self.before = dict(self.person.ring.kept)  # type: ignore[union-attr]

    def test_the_same_key_by_another_way_only(self) -> None:
        old = self.wrapped
        self.vault.rewrap("words", self.keep)
        self.assertEqual((self.vault.way, len(self.before), self.person.ring.kept), (PASSPHRASE, 1, {}))  # type: ignore[union-attr]
        self.assertEqual(vault(Opening("words")).open(self.wrapped), self.key)
        self.assertRaises(ProfileError, vault(self.person.opening()).open, old)
        self.vault.rewrap("", self.keep)
        self.assertEqual((self.vault.way, vault().open(self.wrapped)), (EMPTY, self.key))
        self.vault.rewrap(None, self.keep)
        self.assertEqual(vault(self.person.opening()).open(self.wrapped), self.key)

    def test_what_is_not_kept_changes_nothing(self) -> None:
        def full(wrapped: bytes) -> None:
            raise ProfileError("The disk is full.")

        self.assertRaises(ProfileError, self.vault.rewrap, "words", full)
        self.assertEqual((self.vault.way, vault(self.person.opening()).open(self.wrapped)), (KEYRING, self.key))

    def test_no_keyring_to_go_to(self) -> None:
        self.person.ring = None
        self.assertIn("no keyring", str(self.assertRaises(ProfileError, self.vault.rewrap, None, self.keep)))
        self.person.ring = SystemRing(rings.LockedBackend())
        self.assertRaises(ProfileError, self.vault.rewrap, None, self.keep)
        self.assertEqual(self.vault.way, KEYRING)
