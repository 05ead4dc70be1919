"""Credentials: device ids and signatures, passwords, session tokens, invitations.

Rule: nothing here knows a user or a store. What a stranger sends is answered with True, False or None, never with an
exception, and in a time that tells nothing; only what an honest user should be told raises. Times are int seconds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import unicodedata
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from twisted.internet.defer import Deferred, fail, succeed

from chatd import scram
from chatd.messages import DEVICE_LABEL

Run = Callable[..., "Deferred[Any]"]
"""Runs a function with arguments elsewhere: `run(function, *arguments)`; two threads of their own in the server."""

# ---- devices ---------------------------------------------------------------------------------------------------


def device_id(ed25519: bytes, curve25519: bytes) -> str:
    """The id that these public keys make: 16 characters of lower-case base32 (docs/protocol.md, Start)."""
    digest = hashlib.sha256(DEVICE_LABEL + ed25519 + curve25519).digest()
    return base64.b32encode(digest[:10]).decode("ascii").lower()


def check_signature(
    label: bytes, challenge: bytes, binding: bytes, ed25519: bytes, device: str, name: str, signature: bytes
) -> bool:
    """Whether the key has signed this login or sign-up over this challenge and channel. Never raises."""
    if len(ed25519) != 32 or len(signature) != 64 or len(challenge) != 32 or len(binding) not in (0, 32):
        return False
    try:
        text = label + challenge + binding + device.encode("ascii") + b"\0" + name.encode()
        Ed25519PublicKey.from_public_bytes(ed25519).verify(signature, text)
    except (InvalidSignature, ValueError):  # a UnicodeEncodeError is a ValueError
        return False
    return True


def verified(ed25519: bytes, text: bytes, signature: bytes) -> bool:
    """Whether the key has signed this text. Never raises."""
    try:
        Ed25519PublicKey.from_public_bytes(ed25519).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True


# ---- passwords -------------------------------------------------------------------------------------------------

PASSWORD_BYTES: Final = 1_024
"""Far above any passphrase; what is longer is an attack on the hashing threads."""
SALT_BYTES: Final = 16


class BadPassword(ValueError):
    """This cannot be a password; the text says in one sentence why."""


class Busy(Exception):
    """Too many passwords wait to be hashed. Try again after `retry` seconds."""

    retry: Final = 5.0


class Verifiers(NamedTuple):
    """What is kept of a password: Argon2id's PHC string, and what SCRAM checks a proof by."""

    argon2: str
    scram: str


NO_PASSWORD: Final = Verifiers("", "")


class Passwords:
    """Argon2id off the reactor, at most `limit` at a time (waiting ones included).

    m = 19 MiB, t = 2, p = 1 is OWASP's choice for servers: 25 ms, against 155 ms and 64 MiB of the library's default,
    which would be minutes for a school that comes in at eight, and for a stranger a way to use up the memory. Devices
    log in by signature; this is for SASL and for linking a second device only.
    """

    def __init__(self, run: Run, limit: int = 64, shortest: int = 8) -> None:
        self._run = run
        self._limit = limit
        self._shortest = shortest
        self._waiting = 0
        self._hasher = _hasher()
        self._nobody = _verifier_of_nobody(self._hasher)

    def hash(self, password: str) -> Deferred[Verifiers]:
        """Both verifiers of a new password. Fails with BadPassword or Busy."""
        try:
            text = self.checked(password)
        except BadPassword as error:
            return fail(error)
        return self._off(self._hashed, text)

    def checked(self, password: str) -> str:
        """A new password as it will be hashed. Raises BadPassword."""
        return _prepared(password, self._shortest)

    def verify(self, verifier: str, password: str) -> Deferred[bool]:
        """Whether the password fits. An empty verifier (no such user, or no password) is never right and takes as long.

        Fails with Busy.
        """
        try:
            text = _prepared(password, 0)
        except BadPassword:
            return succeed(False)
        return self._off(self._fits, verifier, text)

    def needs_rehash(self, verifier: str, for_scram: str) -> bool:
        """Whether a verifier was made with other costs: hash the password again when it has been right."""
        kept = scram.read(for_scram)
        try:
            other = self._hasher.check_needs_rehash(verifier)
        except InvalidHashError:
            return False
        return other or kept is None or kept.iterations != scram.ITERATIONS

    def _off(self, function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        if self._waiting >= self._limit:
            return fail(Busy("Too many passwords are being checked at the moment; try again in a few seconds."))
        self._waiting += 1
        return self._run(function, *arguments).addBoth(self._one_less)

    def _one_less(self, result: Any) -> Any:
        self._waiting -= 1
        return result

    def _hashed(self, text: str) -> Verifiers:
        for_scram = scram.derive(scram.prepare(text), os.urandom(SALT_BYTES))
        return Verifiers(self._hasher.hash(text.encode()), for_scram.text())

    def _fits(self, verifier: str, text: str) -> bool:
        try:
            return self._hasher.verify(verifier or self._nobody, text.encode())
        except Argon2Error:  # it does not fit
            return False
        except ValueError:  # a damaged verifier (InvalidHashError): as slow as a wrong password
            return bool(verifier) and self._fits("", text)


def make_verifier(password: str) -> str:
    """Argon2id's verifier of a new password, here and now. Raises BadPassword."""
    return _hasher().hash(_prepared(password, 8).encode())


def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def _prepared(password: str, shortest: int) -> str:
    """What is hashed: any space is a space, composed, nothing invisible (RFC 8265, 4.2). Raises BadPassword."""
    if len(password) > PASSWORD_BYTES:
        raise BadPassword(f"That password is too long: {PASSWORD_BYTES} bytes at most.")
    if len(password) < shortest:
        raise BadPassword(f"That password is too short: {shortest} characters at least; some words do best.")
    kinds = [unicodedata.category(char) for char in password]
    if any(kind[0] == "C" for kind in kinds):
        raise BadPassword("That password has a control or an invisible character: use only what can be seen.")
    seen = "".join(" " if kind == "Zs" else char for char, kind in zip(password, kinds, strict=True))
    text = unicodedata.normalize("NFC", seen)
    if len(text.encode()) > PASSWORD_BYTES:
        raise BadPassword(f"That password is too long: {PASSWORD_BYTES} bytes at most.")
    return text


def _verifier_of_nobody(hasher: PasswordHasher) -> str:
    """A verifier that no password fits, with the costs of a real one, made without hashing."""
    salt, digest = (base64.b64encode(os.urandom(n)).decode().rstrip("=") for n in (hasher.salt_len, hasher.hash_len))
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${digest}"


def scram_of_nobody(secret: bytes, name: str) -> scram.Verifier:
    """What SCRAM is told of an account that is not there, or has no password: the same at each asking, and no proof
    fits it. Who asks cannot tell it from a real one."""
    salt, keys = _mac(secret, b"scram-salt", name.encode(), SALT_BYTES), _mac(secret, b"scram-keys", name.encode(), 64)
    return scram.Verifier(scram.ITERATIONS, salt, keys[:32], keys[32:])


# ---- tokens ----------------------------------------------------------------------------------------------------
#
# A token is the version, the end, the device and a MAC. Nothing is stored, so a storm of reconnecting clients asks no
# database and hashes no password; a token is good until it ends or its device is removed from the account.

_TOKEN_VERSION: Final = b"\x01"
_TOKEN_MAC: Final = 32


def make_token(secret: bytes, device: str, expires: int) -> bytes:
    """What lets this device resume until `expires`."""
    body = _TOKEN_VERSION + expires.to_bytes(8, "big") + device.encode("ascii")
    return body + _mac(secret, b"token", body, _TOKEN_MAC)


def read_token(secret: bytes, token: bytes, now: int) -> str | None:
    """The device of a token that we made and that has not ended, else None. Never raises."""
    body, mac = token[:-_TOKEN_MAC], token[-_TOKEN_MAC:]
    if not hmac.compare_digest(mac, _mac(secret, b"token", body, _TOKEN_MAC)) or body[:1] != _TOKEN_VERSION:
        return None
    return body[9:].decode("ascii") if now < int.from_bytes(body[1:9], "big") else None


# ---- invitations -----------------------------------------------------------------------------------------------
#
# A code is the identity, the end (4 bytes) and a MAC (8 bytes), in Crockford's base32: no I, L, O, U, small letters
# and hyphens do not matter, O is read as 0, I and L as 1. The MAC finds forgeries and slips of the finger alike. That a
# code is used once is the business of who knows the identities that were used.

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS: Final = str.maketrans("OIL", "011", "- ")
_CODE_MAC: Final = 8
_CODE_CHARS: Final = 80


def make_invitation(secret: bytes, identity: bytes, expires: int) -> str:
    """A code to hand out, in groups of four; `identity` has 1 to 16 bytes (5 are plenty). Raises ValueError."""
    if not 1 <= len(identity) <= 16 or not 0 <= expires < 1 << 32:
        raise ValueError("an invitation has an identity of 1 to 16 bytes and ends before 2106")
    body = identity + expires.to_bytes(4, "big")
    code = _to_base32(body + _mac(secret, b"invitation", body, _CODE_MAC))
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def read_invitation(secret: bytes, code: str, now: int) -> str | None:
    """The identity (hex) of a code that we made and that has not ended, else None. Never raises."""
    if len(code) > _CODE_CHARS:
        return None
    data = _from_base32(code.upper().translate(_READ_AS))
    body, mac = data[:-_CODE_MAC], data[-_CODE_MAC:]
    if len(body) < 5 or not hmac.compare_digest(mac, _mac(secret, b"invitation", body, _CODE_MAC)):
        return None
    return body[:-4].hex() if now < int.from_bytes(body[-4:], "big") else None


def _to_base32(data: bytes) -> str:
    bits = -(-len(data) * 8 // 5) * 5
    number = int.from_bytes(data, "big") << (bits - len(data) * 8)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(bits - 5, -5, -5))


def _from_base32(text: str) -> bytes:
    """The bytes of such a text; empty for what is none (also where bits are left over that are not zero)."""
    number = 0
    for char in text:
        digit = _ALPHABET.find(char)
        if digit < 0:
            return b""
        number = number << 5 | digit
    size, rest = divmod(len(text) * 5, 8)
    return (number >> rest).to_bytes(size, "big") if not number & ((1 << rest) - 1) else b""


def _mac(secret: bytes, purpose: bytes, data: bytes, size: int) -> bytes:
    """Keyed BLAKE2b (RFC 7693) under a key of its own for each purpose, so that no code is ever good as a token."""
    key = hashlib.blake2b(secret, digest_size=32, person=purpose).digest()
    return hashlib.blake2b(data, key=key, digest_size=size, person=purpose).digest()
