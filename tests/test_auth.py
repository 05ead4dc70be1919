"""Credentials: only the right signature, password, token and code pass, and junk is answered, never raised."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import vodozemac
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, execute
from twisted.trial.unittest import SynchronousTestCase

from chatd import scram
from chatd.auth import (
    BadPassword,
    Busy,
    Passwords,
    check_signature,
    device_id,
    make_invitation,
    make_token,
    read_invitation,
    read_token,
    scram_of_nobody,
)
from chatd.messages import LOGIN_LABEL, SIGNUP_LABEL

SECRET, CHALLENGE, BINDING, CURVE = b"s" * 32, b"c" * 32, b"b" * 32, b"k" * 32
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
DEVICE = device_id(PUBLIC, CURVE)


class Devices(SynchronousTestCase):
    """Ids and signatures."""

    def right(self) -> list[Any]:
        text = LOGIN_LABEL + CHALLENGE + BINDING + DEVICE.encode() + b"\0" + "Zoë".encode()
        return [LOGIN_LABEL, CHALLENGE, BINDING, PUBLIC, DEVICE, "Zoë", KEY.sign(text)]

    def test_id_is_made_of_the_keys(self) -> None:
        digest = hashlib.sha256(b"device\0" + PUBLIC + CURVE).digest()[:10]
        self.assertEqual(DEVICE, base64.b32encode(digest).decode().lower())
        self.assertRegex(DEVICE, r"\A[a-z2-7]{16}\Z")
        self.assertNotEqual(device_id(CURVE, PUBLIC), DEVICE)

    def test_right_signature(self) -> None:
        self.assertTrue(check_signature(*self.right()))

    def test_without_tls_there_is_no_binding(self) -> None:
        text = SIGNUP_LABEL + CHALLENGE + DEVICE.encode() + b"\0alice"
        self.assertTrue(check_signature(SIGNUP_LABEL, CHALLENGE, b"", PUBLIC, DEVICE, "alice", KEY.sign(text)))

    def test_vodozemac_signs_alike(self) -> None:
        account = vodozemac.Account()
        public = base64.b64decode(account.ed25519_key.to_base64() + "=")
        device = device_id(public, account.curve25519_key.to_bytes())
        text = LOGIN_LABEL + CHALLENGE + BINDING + device.encode() + b"\0alice"
        signature = base64.b64decode(account.sign(text).to_base64() + "==")
        self.assertTrue(check_signature(LOGIN_LABEL, CHALLENGE, BINDING, public, device, "alice", signature))

    def test_each_part_counts(self) -> None:
        wrong = [SIGNUP_LABEL, b"x" * 32, b"x" * 32, CURVE, "a" * 16, "zoë", b"x" * 64]
        for index, part in enumerate(wrong):
            parts = self.right()
            parts[index] = part
            self.assertFalse(check_signature(*parts), index)

    @given(st.binary(max_size=70), st.binary(max_size=40), st.text(), st.text(st.characters()), st.binary(max_size=40))
    def test_junk_is_false(self, signature: bytes, key: bytes, device: str, name: str, challenge: bytes) -> None:
        self.assertFalse(check_signature(LOGIN_LABEL, challenge, BINDING, key, device, name, signature))
        self.assertFalse(
            check_signature(LOGIN_LABEL, CHALLENGE, BINDING, PUBLIC, device, name, signature[:64].ljust(64))
        )
        self.assertFalse(check_signature(LOGIN_LABEL, CHALLENGE, BINDING, PUBLIC, DEVICE, "\ud800", b"x" * 64))


class Secrets(SynchronousTestCase):
    """Passwords, hashed at once instead of on threads."""

    def setUp(self) -> None:
        self.passwords = Passwords(execute)
        self.verifier, self.scram = self.successResultOf(self.passwords.hash("correct horse"))

    def verified(self, verifier: str, password: str) -> bool:
        return bool(self.successResultOf(self.passwords.verify(verifier, password)))

    def test_right_and_wrong(self) -> None:
        self.assertTrue(self.verifier.startswith("$argon2id$v=19$m=19456,t=2,p=1$"))
        self.assertTrue(self.verified(self.verifier, "correct horse"))
        for password in ("Correct horse", "correct horse ", "", "x" * 2_000, "\x00" * 9, "\ud800" * 9):
            self.assertFalse(self.verified(self.verifier, password))

    def test_one_form_for_what_looks_the_same(self) -> None:
        verifiers = self.successResultOf(self.passwords.hash("Zoë s\u00a0password"))
        self.assertTrue(self.verified(verifiers.argon2, "Zoe\u0308 s password"))

    def test_scram_is_hashed_with_it(self) -> None:
        """Each time with another salt, and as SCRAM's clients prepare it."""
        kept = scram.read(self.scram)
        assert kept is not None
        self.assertEqual((kept.iterations, len(kept.salt)), (scram.ITERATIONS, 16))
        self.assertEqual(scram.derive(b"correct horse", kept.salt, kept.iterations), kept)
        self.assertNotEqual(self.successResultOf(self.passwords.hash("correct horse")).scram, self.scram)
        kept = scram.read(self.successResultOf(self.passwords.hash("\ufb01ne  Zoe\u0308")).scram)
        assert kept is not None
        self.assertEqual(scram.derive("fine  Zo\u00eb".encode(), kept.salt, kept.iterations), kept)

    def test_scram_of_nobody(self) -> None:
        """Looks like anybody's, is always the same, and belongs to this server."""
        kept = scram_of_nobody(SECRET, "nobody")
        self.assertEqual(kept, scram_of_nobody(SECRET, "nobody"))
        self.assertEqual(scram.read(kept.text()), kept)
        self.assertEqual(kept.iterations, scram.ITERATIONS)
        others = [scram_of_nobody(SECRET, "somebody"), scram_of_nobody(b"other", "nobody")]
        self.assertEqual(len({kept.salt, *(other.salt for other in others)}), 3)

    def test_nobody_and_no_password(self) -> None:
        for password in ("correct horse", ""):
            self.assertFalse(self.verified("", password))

    def test_damaged_verifiers(self) -> None:
        for verifier in ("nonsense", self.verifier[:-9], "$argon2id$v=19$m=19456,t=2,p=1$!$!", "$argon2id$", "\u20ac"):
            self.assertFalse(self.verified(verifier, "correct horse"))

    def test_what_cannot_be_a_password(self) -> None:
        for password, words in (
            ("short", "too short"),
            ("é" * 600, "too long"),
            ("x" * 1_025, "too long"),
            ("tab\tand bell\a", "invisible character"),
            ("", "too short"),
        ):
            failure = self.failureResultOf(self.passwords.hash(password), BadPassword)
            self.assertIn(words, failure.getErrorMessage())

    def test_other_costs_are_seen(self) -> None:
        self.assertFalse(self.passwords.needs_rehash(self.verifier, self.scram))
        self.assertFalse(self.passwords.needs_rehash("", ""))
        old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("correct horse")
        self.assertTrue(self.passwords.needs_rehash(old, self.scram))
        self.assertTrue(self.verified(old, "correct horse"))
        for for_scram in ("", "nonsense", scram.derive(b"correct horse", b"s" * 16, 4096).text()):
            self.assertTrue(self.passwords.needs_rehash(self.verifier, for_scram))

    def test_how_short_is_a_setting(self) -> None:
        passwords = Passwords(execute, shortest=3)
        self.successResultOf(passwords.hash("abc"))
        self.assertEqual(passwords.checked("abc"), "abc")
        self.assertIn("3 characters", str(self.assertRaises(BadPassword, passwords.checked, "ab")))

    def test_time_tells_nothing(self) -> None:
        """Whoever asks, Argon2 is run once with the same costs: for a user, for nobody, for a damaged verifier."""
        asked = Hasher()
        self.passwords._hasher = asked
        for verifier in (self.verifier, "", "nonsense"):
            asked.costs.clear()
            self.assertFalse(self.verified(verifier, "wrong password"))
            self.assertEqual(asked.costs, ["$argon2id$v=19$m=19456,t=2,p=1"])


class Hasher(PasswordHasher):
    """Notes with which costs it has hashed."""

    def __init__(self) -> None:
        super().__init__()
        self.costs: list[str] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Any:
        """Note the costs of what is a verifier."""
        try:
            return super().verify(hash, password)
        except VerifyMismatchError:
            self.costs.append(str(hash).rsplit("$", 2)[0])
            raise


class Queue(SynchronousTestCase):
    """How many passwords may wait."""

    def setUp(self) -> None:
        self.waiting: list[Callable[[], None]] = []
        self.passwords = Passwords(self.later, limit=3)

    def later(self, function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        self.waiting.append(lambda: done.callback(True))
        return done

    def test_bounded_and_says_when(self) -> None:
        started = [self.passwords.verify("", "some password") for _ in range(3)]
        failure = self.failureResultOf(self.passwords.verify("", "some password"), Busy)
        self.assertGreater(failure.value.retry, 0)
        self.failureResultOf(self.passwords.hash("some password"), Busy)
        self.waiting.pop(0)()
        self.assertTrue(self.successResultOf(started[0]))
        self.assertNoResult(self.passwords.verify("", "some password"))
        self.failureResultOf(self.passwords.verify("", "some password"), Busy)

    def test_a_failure_gives_its_place_back(self) -> None:
        def broken(*_: Any) -> Deferred[Any]:
            done: Deferred[Any] = Deferred()
            done.errback(MemoryError())
            return done

        passwords = Passwords(broken, limit=1)
        for _ in range(3):
            self.failureResultOf(passwords.verify("", "some password"), MemoryError)


class Tokens(SynchronousTestCase):
    """Session tokens."""

    def test_until_it_ends(self) -> None:
        token = make_token(SECRET, DEVICE, 1_000)
        self.assertEqual(read_token(SECRET, token, 999), DEVICE)
        self.assertIsNone(read_token(SECRET, token, 1_000))
        self.assertIsNone(read_token(b"other", token, 0))
        self.assertLess(len(token), 64)

    def test_every_bit_counts(self) -> None:
        token = make_token(SECRET, DEVICE, 1_000)
        for bit in range(len(token) * 8):
            forged = bytearray(token)
            forged[bit // 8] ^= 1 << bit % 8
            self.assertIsNone(read_token(SECRET, bytes(forged), 0))
        for size in range(len(token)):
            self.assertIsNone(read_token(SECRET, token[:size], 0))
        self.assertIsNone(read_token(SECRET, token + b"x", 0))

    @given(st.binary(max_size=100))
    def test_junk_is_none(self, token: bytes) -> None:
        self.assertIsNone(read_token(SECRET, token, 0))


class Invitations(SynchronousTestCase):
    """Invitation codes."""

    def test_easy_to_type(self) -> None:
        code = make_invitation(SECRET, b"\x01\x02\x03\x04\x05", 1_000)
        self.assertRegex(code, r"\A([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}\Z")
        sloppy = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
        for typed in (code, code.lower(), code.replace("-", ""), sloppy, f" {code} "):
            self.assertEqual(read_invitation(SECRET, typed, 999), "0102030405")

    def test_until_it_ends(self) -> None:
        code = make_invitation(SECRET, b"one", 1_000)
        self.assertIsNone(read_invitation(SECRET, code, 1_000))
        self.assertIsNone(read_invitation(b"other", code, 0))

    def test_slips_of_the_finger(self) -> None:
        code = make_invitation(SECRET, b"12345", 1_000).replace("-", "")
        for at in range(len(code)):
            wrong = "Z" if code[at] != "Z" else "Y"
            self.assertIsNone(read_invitation(SECRET, code[:at] + wrong + code[at + 1 :], 0))
            self.assertIsNone(read_invitation(SECRET, code[:at] + code[at + 1 :], 0))
            swapped = code[:at] + code[at : at + 2][::-1] + code[at + 2 :]
            self.assertEqual(read_invitation(SECRET, swapped, 0), b"12345".hex() if swapped == code else None)

    @given(st.binary(min_size=1, max_size=16), st.integers(1, (1 << 32) - 1))
    def test_any_identity(self, identity: bytes, expires: int) -> None:
        code = make_invitation(SECRET, identity, expires)
        self.assertEqual(read_invitation(SECRET, code, expires - 1), identity.hex())

    @given(st.text(max_size=100) | st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ-", max_size=100))
    def test_junk_is_none(self, code: str) -> None:
        self.assertIsNone(read_invitation(SECRET, code, 0))

    def test_impossible_ones(self) -> None:
        self.assertRaises(ValueError, make_invitation, SECRET, b"", 1_000)
        self.assertRaises(ValueError, make_invitation, SECRET, b"x" * 17, 1_000)
        self.assertRaises(ValueError, make_invitation, SECRET, b"x", 1 << 32)

    def test_a_code_is_no_token(self) -> None:
        code = make_invitation(SECRET, b"12345", 1_000)
        self.assertIsNone(read_token(SECRET, code.encode(), 0))
        self.assertIsNone(read_invitation(SECRET, make_token(SECRET, DEVICE, 1_000).hex(), 0))
