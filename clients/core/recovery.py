"""The recovery code: 256 random bits that a person keeps on paper, and what the server keeps that they open.

Rule: pure. The code gives back one thing, the right to sign lists of devices; no message and no other key. It is shown
once and kept nowhere. It is written in base32 (RFC 4648) with a checksum of 24 bits, in fourteen groups of four.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from clients.core.e2ee.keys import KEY_BYTES, NONCE_BYTES, Entropy, derive, open_box, seal_box
from clients.core.e2ee.refusals import Refused

CHECK_BYTES: Final = 3
GROUP: Final = 4
LETTER_BITS: Final = 5
LETTERS: Final = (KEY_BYTES + CHECK_BYTES) * 8 // LETTER_BITS
ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
MISREAD: Final = str.maketrans("018", "OIB")  # digits that are not in the alphabet, and what they were read from
_ABOUT: Final = b"chatd/v1/recovery"


class WrongCode(Exception):
    """This is not the code; the text says what is wrong with it, as far as that can be told."""


def make(entropy: Entropy) -> str:
    """A new code, as it is shown."""
    secret = entropy(KEY_BYTES)
    letters = base64.b32encode(secret + _check(secret)).decode()
    return "-".join(letters[at : at + GROUP] for at in range(0, LETTERS, GROUP))


def close(code: str, seed: bytes, entropy: Entropy) -> bytes:
    """What the server keeps: the seed of the user key (AES-256-GCM). Raises WrongCode."""
    return seal_box(_key(code), entropy(NONCE_BYTES), seed, _ABOUT)


def open(code: str, blob: bytes) -> bytes:
    """The seed again. Raises WrongCode: a typo, or the code of somebody else, or of an earlier time."""
    key = _key(code)
    try:
        return open_box(key, blob, _ABOUT)
    except Refused:
        raise WrongCode("This code is written right, but it does not open what the server keeps for you.") from None


def secret(code: str) -> bytes:
    """The 256 bits of a code as somebody typed it: in any case, with or without what stands between the groups."""
    letters = "".join(letter for letter in code.upper().translate(MISREAD) if letter.isalnum())
    if len(letters) != LETTERS:
        raise WrongCode(f"A recovery code has {LETTERS} letters and digits; this one has {len(letters)}.")
    unknown = next((letter for letter in letters if letter not in ALPHABET), "")
    if unknown:
        raise WrongCode(f"There is no {unknown!a} in a recovery code.")
    bits = int.from_bytes(base64.b32decode(letters), "big")
    found = _checked(bits)
    if found is None:
        raise WrongCode(f"There is a typo in this code{_suspect(bits)}.")
    return found


def _key(code: str) -> bytes:
    return derive(secret(code), "recovery")


def _check(secret: bytes) -> bytes:
    return hashlib.sha256(b"chatd/v1/recovery-code\0" + secret).digest()[:CHECK_BYTES]


def _checked(bits: int) -> bytes | None:
    raw = bits.to_bytes(KEY_BYTES + CHECK_BYTES, "big")
    return raw[:KEY_BYTES] if raw[KEY_BYTES:] == _check(raw[:KEY_BYTES]) else None


def _suspect(bits: int) -> str:
    """Which group is wrong, where one other letter would make it right."""
    for at in range(LETTERS):
        for difference in range(1, 1 << LETTER_BITS):
            if _checked(bits ^ difference << LETTER_BITS * (LETTERS - 1 - at)) is not None:
                return f", probably in group {at // GROUP + 1}"
    return ""
